"""Compares what was written to the feed with what the team heard and what the database says.

Shares no code with the product: plain SQL, the journal's lines, and the rules of the game written
down a second time, as simply as they can be said.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.chaos.feed import Feed, Said
from tests.chaos.installation import STEPS

MARK = re.compile(r"k\d{5}")
TOLD_ALERT = ("answered", "withdrawn", "absorbed")
"""Reasons for which the alert of a wait that ended may have been left out."""


class Rows(Protocol):
    """What both drivers can do."""

    def execute(self, sql: str, /) -> Any: ...


@dataclass
class Verdict:
    """What was found. All three lists are empty, or something is broken."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    stored: int = 0
    waits: int = 0
    unanswered: int = 0
    alerts: int = 0
    escalations: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Alerts that were not sent, by reason."""
    looked_for: int = 0
    """Notices that were being sent when the program died: looked for before they were sent again."""
    possibly_repeated: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.wrong)


@dataclass(frozen=True, slots=True)
class Expected:
    """A wait as the rules make it. `outcome` None: nobody answered."""

    first: Said
    outcome: str | None
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox."""

    key: str
    state: str
    reason: str
    repeated: bool
    attempts: int


def opened(database: str) -> Any:
    """A connection that only looks, closed by `with`."""
    if database.startswith("sqlite:///"):
        path = Path(database.removeprefix("sqlite:///"))
        return closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30))
    return psycopg.connect(database.replace("+psycopg", ""), autocommit=True)


def unfinished(rows: Rows, lines: int) -> dict[str, int]:
    """What still has to be done, by name; empty when everything is at rest."""
    (read,) = rows.execute("SELECT coalesce(sum(read), 0) FROM coverage").fetchone()
    left = {"lines to read": lines - int(read)}
    questions = {
        "posts to judge": "SELECT count(*) FROM post WHERE to_judge",
        "mentions under way": "SELECT count(*) FROM mention WHERE next IS NOT NULL",
        "steps to come": "SELECT count(*) FROM cases WHERE next_action_at IS NOT NULL",
        "notices to send": "SELECT count(*) FROM notice WHERE state = 'pending'",
    }
    left |= {name: int(rows.execute(sql).fetchone()[0]) for name, sql in questions.items()}
    return {name: number for name, number in left.items() if number}


def check(rows: Rows, feed: Feed, journal: Path) -> Verdict:
    """Everything but `replay --check`, on a database at rest."""
    found = Verdict()
    heard = _heard(journal, found)
    _check_rest(rows, feed, found)
    _check_posts(rows, feed, found)
    notices = _notices(rows)
    _check_journal(heard, notices, found)
    expected = _expected(rows, feed)
    _check_waits(rows, expected, heard, notices, found)
    _check_steps_once(rows, found)
    return found


# ------------------------------------------------------------------------------------ one by one


def _heard(journal: Path, found: Verdict) -> list[dict[str, Any]]:
    heard = []
    lines = journal.read_bytes().splitlines() if journal.exists() else []
    for line in lines:
        try:
            heard.append(json.loads(line))
        except ValueError:
            found.wrong.append(f"a torn line in the journal: {line[:60]!r}")
    return heard


def _check_rest(rows: Rows, feed: Feed, found: Verdict) -> None:
    for name, number in unfinished(rows, feed.lines).items():
        kind = found.doubled if number < 0 else found.lost
        kind.append(f"{name}: {number}")
    for stage, item, reason in rows.execute("SELECT stage, item, reason FROM failure").fetchall():
        found.wrong.append(f"set back: {stage} {item}: {reason}")
    for place, reason in rows.execute("SELECT place, reason FROM reject").fetchall():
        found.lost.append(f"rejected: {place}: {reason}")
    sums = "SELECT sum(stored), sum(duplicate), sum(deleted) FROM coverage"
    ledger = tuple(map(int, rows.execute(sums).fetchone()))
    truth = (len(feed.said), feed.repeated + feed.deletions, feed.deletions)
    if ledger != truth:
        found.wrong.append(f"the ledger says stored, duplicate, deleted {ledger}, not {truth}")


def _check_posts(rows: Rows, feed: Feed, found: Verdict) -> None:
    stored = rows.execute("SELECT external_id, text IS NULL, gone_at IS NOT NULL FROM post")
    counted: Counter[str] = Counter()
    state = {}
    for external_id, purged, gone in stored.fetchall():
        counted[external_id] += 1
        state[external_id] = (bool(purged), bool(gone))
    found.stored = sum(counted.values())
    for one in feed.said:
        if counted[one.id] != 1:
            kind = found.doubled if counted[one.id] else found.lost
            kind.append(f"post {one.mark} is stored {counted[one.id]} times")
            continue
        deleted = one.deleted_at is not None
        if state[one.id] != (deleted, deleted):
            found.wrong.append(f"post {one.mark}: purged, gone = {state[one.id]}, not {deleted}")
    if found.stored > len(feed.said):
        found.doubled.append(f"{found.stored - len(feed.said)} posts that nobody wrote")


def _notices(rows: Rows) -> dict[str, Notice]:
    sql = "SELECT key, state, reason, possibly_repeated, attempts FROM notice"
    return {key: Notice(key, *rest) for key, *rest in rows.execute(sql).fetchall()}


def _check_journal(heard: list[dict[str, Any]], notices: dict[str, Notice], found: Verdict) -> None:
    """Every line is a notice that the database holds as sent, and the other way round; each once."""
    counted = Counter(one["key"] for one in heard)
    marked = {one["key"] for one in heard if one["possibly_repeated"]}
    marked |= {one.key for one in notices.values() if one.repeated}
    found.possibly_repeated = len(marked)
    found.looked_for = sum(one.attempts > 1 for one in notices.values())
    for key, number in counted.items():
        if number > 1 and key not in marked:
            found.doubled.append(f"notice {key} is in the journal {number} times")
        if key not in notices or notices[key].state != "sent":
            found.wrong.append(f"notice {key} was told, but is {notices.get(key)}")
    for one in notices.values():
        if one.state == "sent" and not counted[one.key]:
            found.lost.append(f"notice {one.key} is said to be sent, and is not in the journal")
        if one.state == "failed":
            found.lost.append(f"notice {one.key} failed")
    for once in ("digest", "backlog"):
        if sum(one["kind"] == once for one in heard) > _days(once):
            found.doubled.append(f"the {once} came more than once")
    found.alerts = sum(one["kind"] == "alert" for one in heard)
    found.escalations = sum(one["kind"] == "escalation" for one in heard)


def _days(kind: str) -> int:
    return 2 if kind == "digest" else 1  # a run may go past midnight


def _expected(rows: Rows, feed: Feed) -> dict[str, Expected]:
    """The waits that must be, by the id of the post at which each begins."""
    sql = (
        "SELECT p.external_id, m.band, m.asks FROM mention m JOIN post p ON p.id = m.post_id"
        " WHERE m.asks IS NOT NULL"
    )
    asks = {key: (band, kind) for key, band, kind in rows.execute(sql).fetchall()}
    people: dict[tuple[str, str], list[tuple[Any, int, Said]]] = defaultdict(list)
    for one in feed.said:
        if one.to is None:
            if one.id in asks:
                people[one.thread, one.customer].append((one.at, 0, one))
                if one.deleted_at is not None:
                    people[one.thread, one.customer].append((one.deleted_at, 2, one))
        elif one.deleted_at is None:
            people[one.thread, one.to.customer].append((one.at, 1, one))
    found = {}
    for facts in people.values():
        for wait in _waits(sorted(facts, key=lambda fact: fact[:2]), asks):
            found[wait.first.id] = wait
    return found


def _waits(
    facts: Iterable[tuple[Any, int, Said]], asks: dict[str, tuple[str, str]]
) -> Iterator[Expected]:
    """*Case and wait*: from the earliest unanswered ask to the first answer or the last deletion."""
    asked: list[Said] = []
    standing: set[str] = set()
    complained = False

    def ended(outcome: str | None) -> Expected:
        sure = any(asks[one.id][0] == "alert" for one in asked)
        return Expected(asked[0], outcome, sure)

    for _, order, one in facts:
        match order:
            case 0:
                complained |= asks[one.id][1] == "complaint"
                if complained:
                    asked.append(one)
                    standing.add(one.id)
                continue
            case 1:
                outcome = "answered"
            case _:
                standing.discard(one.id)
                outcome = "withdrawn"
        if asked and (outcome == "answered" or not standing):
            yield ended(outcome)
            asked, standing = [], set()
    if asked:
        yield ended(None)


def _check_waits(
    rows: Rows,
    expected: dict[str, Expected],
    heard: list[dict[str, Any]],
    notices: dict[str, Notice],
    found: Verdict,
) -> None:
    sql = (
        "SELECT p.external_id, w.case_id, w.number, w.outcome, w.confirmed,"
        " w.started_at < b.first_run_at FROM wait w JOIN post p ON p.id = w.first_post_id"
        " JOIN brand b ON b.id = w.brand_id"
    )
    seen: Counter[str] = Counter()
    told = _Told(heard)
    for first, case, number, outcome, confirmed, is_old in rows.execute(sql).fetchall():
        seen[first] += 1
        wait = expected.get(first)
        if wait is None or (wait.outcome, wait.confirmed) != (outcome, bool(confirmed)):
            found.wrong.append(f"wait {case}.{number} is {outcome}, {confirmed}; expected {wait}")
            continue
        found.waits += 1
        found.unanswered += outcome is None
        _check_alert(f"{case}:{number}", wait, told, notices, found, is_old=bool(is_old))
        if outcome is None and wait.confirmed and not is_old:
            _check_steps(f"{case}:{number}", wait, told, notices, found)
    for first, wait in expected.items():
        if seen[first] != 1:
            kind = found.doubled if seen[first] else found.lost
            kind.append(f"the wait from {wait.first.mark} is there {seen[first]} times")


class _Told:
    """The journal, by key and by the mark that the words bear."""

    def __init__(self, heard: list[dict[str, Any]]) -> None:
        self.keys = Counter(one["key"] for one in heard)
        self.marks = Counter(
            mark.group()
            for one in heard
            if one["kind"] == "alert" and (mark := MARK.search(one["text"]))
        )


def _check_alert(
    name: str,
    wait: Expected,
    told: _Told,
    notices: dict[str, Notice],
    found: Verdict,
    *,
    is_old: bool,
) -> None:
    mark = wait.first.mark
    times = told.keys[f"alert:{name}"]
    in_words = told.marks[mark]
    row = notices.get(f"alert:{name}")
    if times > 1 or in_words > 1:
        found.doubled.append(f"{mark} (wait {name}) was alerted {max(times, in_words)} times")
    if times:
        if not wait.confirmed or is_old:
            found.wrong.append(f"{mark} (wait {name}) should not alert")
        if wait.first.deleted_at is None and not in_words:
            found.lost.append(f"{mark} (wait {name}): its alert does not show it")
        return
    if is_old or not wait.confirmed:
        reason = "before_first_run" if wait.confirmed else "unconfirmed"
        row = row if wait.confirmed else notices.get(f"unconfirmed:{name}")
    elif wait.outcome is None:
        found.lost.append(f"{mark} (wait {name}) is unanswered, and nobody was told: {row}")
        return
    else:
        reason = row.reason if row else wait.outcome
    if wait.outcome is None and (row is None or row.reason != reason):
        found.wrong.append(f"{mark} (wait {name}) was not told for no reason: {row}")
    if row is not None and row.reason not in (reason, *TOLD_ALERT):
        found.wrong.append(f"{mark} (wait {name}) was not told for a wrong reason: {row}")
    found.left_out[reason] += 1


def _check_steps(
    name: str, wait: Expected, told: _Told, notices: dict[str, Notice], found: Verdict
) -> None:
    """Nobody answered, and its time is over: every step has its row, and the last one was told."""
    for step in STEPS:
        key = f"step:{name}:{step}"
        row = notices.get(key)
        if row is None:
            found.lost.append(f"{wait.first.mark} (wait {name}): step {step} never fired")
        elif row.state == "suppressed" and row.reason not in ("superseded", *TOLD_ALERT):
            found.wrong.append(f"{wait.first.mark}: step {step} left out: {row}")
    last = f"step:{name}:{STEPS[-1]}"
    row = notices.get(last)
    if told.keys[last] != 1 and (row is None or row.reason not in TOLD_ALERT):
        found.lost.append(f"{wait.first.mark} (wait {name}): the last step was never told: {row}")


def _check_steps_once(rows: Rows, found: Verdict) -> None:
    sql = "SELECT case_id, data FROM case_event WHERE kind = 'Escalated'"
    fired: Counter[tuple[int, int, str]] = Counter()
    for case, data in rows.execute(sql).fetchall():
        said = json.loads(data) if isinstance(data, str) else data
        fired[case, said["wait"], said["step"]] += 1
    for which, number in fired.items():
        if number > 1:
            found.doubled.append(f"(case, wait, step) {which} fired {number} times")
