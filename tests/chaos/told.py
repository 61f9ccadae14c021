"""Compares what the team heard, by whatever way, with the outbox and with the waits that there must be."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.found import Rows, Verdict, moment
from tests.chaos.installation import STEPS
from tests.chaos.rules import Expected, Stored, differs

MARK = re.compile(r"k\d{5}")
TOLD_ALERT = ("answered", "withdrawn", "absorbed")
"""Reasons for which the alert of a wait that ended may have been left out."""
DONE = "☑️"
NAMED = re.compile(
    rf"(?P<sign>{DONE}|▫️) case (?P<case>\d+) · (?P<said>.*?)(?=(?:{DONE}|▫️) case \d+ · |$)",
    re.DOTALL,
)
SUMMED_UP = "SELECT max(written_at) FROM notice WHERE kind = 'backlog'"
AT_ONCE = ("alert", "unconfirmed")
"""Steps that are due when the post is seen."""
JUDGED_WITHIN = timedelta(seconds=20)
"""So long may a post that was read wait for its verdict: it is known only then."""
OFTEN = {"digest": 2, "backlog": 1}
"""How often a run tells of these at most: it may go past midnight."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A notice as it reached the team, and what it said then."""

    key: str
    text: str
    says_repeated: bool
    edits: tuple[str, ...] = ()
    """What it said afterwards, edited in place."""

    @property
    def kind(self) -> str:
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Line:
    """A case as a storm's message names it: whether as done, and the mark of its complaint."""

    is_done: bool
    mark: str


def named_in(text: str) -> dict[int, Line]:
    """The cases that a message of a storm names."""
    return {
        int(found["case"]): Line(found["sign"] == DONE, said_mark(found["said"]))
        for found in NAMED.finditer(text)
    }


@dataclass(frozen=True, slots=True)
class Gathered:
    """An alarm that is told by name: in which message, and where that stands."""

    key: str
    case: int
    message: str
    place: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox."""

    key: str
    kind: str
    state: str
    reason: str
    repeated: bool
    attempts: int

    @property
    def is_taken_back_in_doubt(self) -> bool:
        """A step that was sent, may not be looked up, and is not sent again: an answer came. It says so."""
        ended = self.state == "suppressed" and self.reason == "answered"
        return ended and self.kind == "escalation" and bool(self.repeated)


def said_mark(text: str) -> str:
    """The complaint that a message is about; empty: none."""
    found = MARK.search(text)
    return found.group() if found else ""


class Told:
    """Notices by key, on both sides: what was heard (once, or why not), and the rows."""

    def __init__(self, rows: Rows, heard: Sequence[Heard]) -> None:
        sql = "SELECT key, kind, state, reason, possibly_repeated, attempts FROM notice"
        self.notices = {one[0]: Notice(*one) for one in rows.execute(sql).fetchall()}
        self.times = Counter(one.key for one in heard)
        self.repeated = {one.key for one in heard if one.says_repeated}
        self.repeated |= {one.key for one in self.notices.values() if one.repeated}
        self.alerts: defaultdict[str, set[str]] = defaultdict(set)
        """Keys of the alerts that show a mark."""
        self.shown: defaultdict[str, set[str]] = defaultdict(set)
        """The same, with what was edited in later: an earlier post of the customer that came late."""
        for one in heard:
            if one.kind == "alert":
                for said in (one.text, *one.edits):
                    self.shown[said_mark(said)].add(one.key)
                self.alerts[said_mark(one.text)].add(one.key)
        self.gathered = {one.key: one for one in _gathered(rows)}
        self._name({one.key: one for one in heard})

    def _name(self, messages: Mapping[str, Heard]) -> None:
        """What a storm's message names was heard with it, and shows what that says of it."""
        for one in self.gathered.values():
            message = messages.get(one.message)
            says = [] if message is None else [message.text, *message.edits]
            lines = [named_in(text).get(one.case) for text in says]
            if not lines or lines[0] is None:
                continue
            self.times[one.key] += 1
            if one.key.startswith("alert:"):
                self.alerts[lines[0].mark].add(one.key)
                for line in filter(None, lines):
                    self.shown[line.mark].add(one.key)

    def check(self, found: Verdict, *, unheard: frozenset[str] = frozenset()) -> None:
        """What was heard is what the outbox says was sent, and the other way round; each once.

        `unheard`: kinds that are no message of their own.
        """
        found.possibly_repeated = len(self.repeated)
        found.again = sum(one.attempts > 1 for one in self.notices.values())
        for key, times in self.times.items():
            row = self.notices.get(key)
            if key in self.gathered:
                if times > 1:
                    found.doubled.append(f"notice {key} was named, and told by itself, too")
                continue
            if times > 1 and key not in self.repeated:
                found.doubled.append(f"notice {key} was heard {times} times")
            if row is None or not (row.state == "sent" or row.is_taken_back_in_doubt):
                found.wrong.append(f"notice {key} was told, but is {row}")
            elif times > row.attempts:
                found.doubled.append(f"notice {key} was heard {times} times, more often than tried")
        for row in self.notices.values():
            if row.state == "sent" and not self.times[row.key] and row.kind not in unheard:
                found.lost.append(f"notice {row.key} is said to be sent, and nobody heard it")
            if row.state == "failed":
                found.lost.append(f"notice {row.key} failed")
        for key, one in self.gathered.items():
            if not self.times[key]:
                found.lost.append(f"notice {key} is said to be named in {one.message}, and is not")
        found.gathered = len(self.gathered)
        kinds = Counter(row.kind for row in self.notices.values() if self.times[row.key])
        for kind, most in OFTEN.items():
            if kinds[kind] > most:
                found.doubled.append(f"the {kind} came {kinds[kind]} times")
        found.alerts, found.escalations = kinds["alert"], kinds["escalation"]


def _gathered(rows: Rows) -> Iterator[Gathered]:
    sql = (
        "SELECT a.key, a.case_id, m.key, m.place, m.name FROM notice a"
        " LEFT JOIN notice m ON m.id = a.under WHERE a.reason = 'gathered'"
    )
    for key, case, message, place, name in rows.execute(sql).fetchall():
        yield Gathered(key, case, message or "nothing", (place, name))


def check_waits(
    rows: Rows, there: Mapping[tuple[str, str], Stored], told: Told, found: Verdict
) -> None:
    """The waits are those that must be, and of each the team heard what it must."""
    sql = (
        "SELECT w.first_post_id, w.case_id, w.number, w.outcome, w.confirmed, w.started_at,"
        " w.ended_at, a.external_id, b.first_run_at, w.first_seen_at FROM wait w"
        " JOIN brand b ON b.id = w.brand_id"
        " LEFT JOIN post a ON a.id = w.answer_post_id"
    )
    expected, seen = found.expected, Counter[int]()
    names = ("outcome", "confirmed", "started_at", "ended_at", "answer")
    (summed_up,) = rows.execute(SUMMED_UP).fetchone()
    for first, case, number, outcome, confirmed, *times, answer, began, seen_at in rows.execute(
        sql
    ):
        seen[first] += 1
        wait, name = expected.get(first), f"{case}:{number}"
        started_at, ended_at = map(moment, times)
        row = dict(
            zip(names, (outcome, bool(confirmed), started_at, ended_at, answer), strict=True)
        )
        difference = "nobody asked" if wait is None else differs(wait, row)
        if wait is None or difference is not None:
            found.wrong.append(f"wait {name} of {wait and wait.first.mark}: {difference}")
            continue
        found.waits += 1
        found.unanswered += outcome is None
        began_at = moment(began)
        is_old = None not in (started_at, began_at) and started_at < began_at  # type: ignore[operator]
        gone = there[wait.first.network, wait.first.id].gone_at is not None
        may_alert = not is_old or _is_news(moment(seen_at), moment(summed_up))
        _check_alert(name, wait, told, found, is_old=is_old, may_alert=may_alert, is_gone=gone)
        if outcome is None and wait.confirmed and not is_old:
            _check_steps(name, wait, told, found)
    for first, wait in expected.items():
        if seen[first] != 1:
            kind = found.doubled if seen[first] else found.lost
            kind.append(f"the wait from {wait.first.mark} is there {seen[first]} times")


def _is_news(seen_at: datetime | None, summed_up_at: datetime | None) -> bool:
    """Whether what is older than the first run may be told: the one summary may not have known it."""
    known = None not in (seen_at, summed_up_at)
    return known and seen_at > summed_up_at - JUDGED_WITHIN  # type: ignore[operator]


def _check_alert(
    name: str,
    wait: Expected,
    told: Told,
    found: Verdict,
    *,
    is_old: bool,
    may_alert: bool,
    is_gone: bool,
) -> None:
    mark, key = wait.first.mark, f"alert:{name}"
    row = told.notices.get(key)
    if len(told.alerts[mark]) > 1:
        found.doubled.append(f"{mark} (wait {name}) was alerted as {sorted(told.alerts[mark])}")
    if told.times[key]:
        if not wait.confirmed or not may_alert:
            found.wrong.append(f"{mark} (wait {name}) should not alert")
        if not is_gone and key not in told.shown[mark]:
            found.lost.append(f"{mark} (wait {name}): its alert does not show it")
        return
    if is_old or not wait.confirmed:
        reason = "before_first_run" if wait.confirmed else "unconfirmed"
        row = row if wait.confirmed else told.notices.get(f"unconfirmed:{name}")
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


def _check_steps(name: str, wait: Expected, told: Told, found: Verdict) -> None:
    """Nobody answered, and its time is over: every step has its row, and the last one was told."""
    for step in STEPS:
        row = told.notices.get(f"step:{name}:{step}")
        if row is None:
            found.lost.append(f"{wait.first.mark} (wait {name}): step {step} never fired")
        elif row.state == "suppressed" and row.reason not in (
            "superseded",
            "gathered",
            *TOLD_ALERT,
        ):
            found.wrong.append(f"{wait.first.mark}: step {step} left out: {row}")
    last = f"step:{name}:{step}"
    row = told.notices.get(last)
    if not told.times[last] and (row is None or row.reason not in TOLD_ALERT):
        found.lost.append(f"{wait.first.mark} (wait {name}): the last step was never told: {row}")


def check_steps(rows: Rows, there: Mapping[tuple[str, str], Stored], found: Verdict) -> None:
    """No step fired twice for a wait, none before its time, and each bears the time at which it fell due.

    For an alert that is the moment at which its post was seen, whatever the clock was then: seen while that
    was ahead, it may be told, by a clock that is right again, before that moment.
    """
    sql = "SELECT case_id, number, first_post_id, first_seen_at FROM wait"
    waits = {
        (case, number): (found.expected.get(first), moment(seen_at))
        for case, number, first, seen_at in rows.execute(sql).fetchall()
    }
    sql = "SELECT case_id, data, at, recorded_at FROM case_event WHERE kind = 'Escalated'"
    fired: Counter[tuple[int, int, str]] = Counter()
    for case, data, *times in rows.execute(sql).fetchall():
        said = json.loads(data) if isinstance(data, str) else data
        number, step = said["wait"], said["step"]
        fired[case, number, step] += 1
        due_at, fired_at = map(moment, times)
        assert due_at is not None
        assert fired_at is not None
        wait, seen_at = waits.get((case, number), (None, None))
        if wait is not None and step in AT_ONCE:
            if due_at not in (seen := wait.seen_at(there)):
                when = sorted(map(str, seen))
                found.wrong.append(f"wait {case}:{number}: {step} was due at {due_at}; seen {when}")
        elif fired_at < due_at:
            found.wrong.append(f"wait {case}:{number}: {step} fired at {fired_at}, due {due_at}")
        if wait is None or seen_at is None or step not in STEPS:
            continue
        if due_at - STEPS[step] not in wait.asked_at:
            asked = sorted(map(str, wait.asked_at))
            found.wrong.append(f"wait {case}:{number}: {step} was due at {due_at}; asked {asked}")
        found.longest = max(found.longest, fired_at - max(due_at, seen_at))
    for which, number in fired.items():
        if number > 1:
            found.doubled.append(f"(case, wait, step) {which} fired {number} times")


def check_nothing_set_aside(rows: Rows, found: Verdict) -> None:
    """No item failed for good, and none could not be read."""
    for stage, item, reason in rows.execute("SELECT stage, item, reason FROM failure").fetchall():
        found.wrong.append(f"set back: {stage} {item}: {reason}")
    for place, reason in rows.execute("SELECT place, reason FROM reject").fetchall():
        found.lost.append(f"rejected: {place}: {reason}")
