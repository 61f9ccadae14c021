"""The rules of the game, written down a second time, as simply as they can be said.

What people said, and which of it is stored, make the waits that there must be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from tests.chaos.found import Rows, Verdict, moment
from tests.chaos.people import Said

ASKS = {
    "complaint": ("alert", "complaint"),
    "unsure": ("review", "complaint"),
    "question": ("pass", "question"),
    "praise": ("pass", None),
    "other": ("pass", None),
}
"""What `tests.chaos.words` makes of what people say: the band, and what they ask for."""

_Fact: TypeAlias = tuple[datetime, int, Said]
"""When, what (0: asked, 1: answered, 2: deleted), and the post."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database has of a post."""

    number: int
    posted_at: datetime
    seen_at: datetime
    claimed_at: datetime | None
    is_purged: bool
    gone_at: datetime | None
    band: str | None
    asks: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """A wait as the rules make it. `outcome` None: nobody answered.

    `starts`: when it may begin; an edited post asks from its edit on, if its first words were seen.
    `asked`: the posts that it waits for, and when each asked: written or edited.
    """

    first: Said
    starts: frozenset[datetime]
    asked: tuple[tuple[datetime, Said], ...]
    outcome: str | None
    ended_at: datetime | None
    answer: Said | None
    confirmed: bool

    @property
    def asked_at(self) -> frozenset[datetime]:
        """When the posts that it waits for were written or edited."""
        return frozenset(when for at, one in self.asked for when in (at, one.at))

    def seen_at(self, there: Mapping[tuple[str, str], Stored]) -> frozenset[datetime]:
        """When the product, by its own word, first saw that they ask; not before an edit that it saw."""
        found = ((at, there[one.network, one.id].seen_at) for at, one in self.asked)
        return frozenset(when for at, seen in found for when in (seen, max(seen, at)))


def stored_posts(rows: Rows, found: Verdict) -> dict[tuple[str, str], Stored]:
    """By network and id. A post that is there twice is told of."""
    sql = (
        "SELECT p.network, p.external_id, p.id, p.posted_at, p.first_seen_at, p.claimed_at,"
        " p.text IS NULL, p.gone_at,"
        " m.band, m.asks FROM post p LEFT JOIN mention m ON m.post_id = p.id"
    )
    there: dict[tuple[str, str], Stored] = {}
    for network, own, number, at, *more, purged, gone, band, asks in rows.execute(sql).fetchall():
        found.stored += 1
        if (network, own) in there:
            found.doubled.append(f"post {network} {own} is stored twice")
        posted_at, (seen_at, claimed_at) = moment(at), map(moment, more)
        assert posted_at is not None
        assert seen_at is not None
        there[network, own] = Stored(
            number, posted_at, seen_at, claimed_at, bool(purged), moment(gone), band, asks
        )
    return there


def judged_as_said(
    said: Sequence[Said],
    there: Mapping[tuple[str, str], Stored],
    found: Verdict,
    *,
    was_behind: bool = False,
) -> None:
    """What is stored bears the network's time, and is judged by its words.

    `was_behind`: the program's clock was for a while. Nothing is posted in the future: what was seen
    before its time bears the moment at which it was seen, and the network's time beside it.
    """
    for one in said:
        row = there.get((one.network, one.id))
        if row is None:
            continue
        is_early = (row.posted_at, row.claimed_at) == (row.seen_at, one.at) and row.seen_at < one.at
        if row.posted_at != one.at and not (was_behind and is_early):
            found.wrong.append(f"post {one.mark} was posted at {row.posted_at}, not {one.at}")
        if one.says == "answer" or (row.band is None and row.gone_at is not None):
            continue
        if (row.band, row.asks) != ASKS[one.says]:
            judged = f"{row.band}, {row.asks}"
            found.wrong.append(f"post {one.mark} is a {one.says}, and judged as {judged}")


def expected_waits(
    said: Sequence[Said], there: Mapping[tuple[str, str], Stored]
) -> dict[int, Expected]:
    """The waits that must be, by the number of the post at which each begins."""
    people: dict[tuple[str, ...], list[_Fact]] = defaultdict(list)
    for one in said:
        row = there.get((one.network, one.id))
        if row is None:
            continue
        if one.to is None:
            of_one = people[one.network, one.thread, one.customer]
            if row.band is not None and ASKS[one.says][1] is not None:
                of_one.append((one.edited_at or row.posted_at, 0, one))
                if row.gone_at is not None:
                    of_one.append((row.gone_at, 2, one))
        elif row.gone_at is None and (one.network, one.to.id) in there:
            # no answer comes before what it answers, whatever the clock was when it was seen
            at = max(row.posted_at, there[one.network, one.to.id].posted_at)
            people[one.network, one.to.thread, one.to.customer].append((at, 1, one))
    return {
        there[wait.first.network, wait.first.id].number: wait
        for facts in people.values()
        for wait in _waits(sorted(facts, key=lambda fact: fact[:2]))
    }


def _waits(facts: Iterable[_Fact]) -> Iterator[Expected]:
    """*Case and wait*: from the earliest unanswered ask to the first answer or the last deletion."""
    asked: list[tuple[datetime, Said]] = []
    standing: set[str] = set()
    complained = False

    def ended(outcome: str | None, at: datetime | None, answer: Said | None) -> Expected:
        sure = any(ASKS[one.says][0] == "alert" for _, one in asked)
        return Expected(asked[0][1], _starts(*asked[0]), tuple(asked), outcome, at, answer, sure)

    for at, order, one in facts:
        if order == 0:
            complained |= ASKS[one.says][1] == "complaint"
            if complained:
                asked.append((at, one))
                standing.add(one.id)
            continue
        standing.discard(one.id)
        if asked and (order == 1 or not standing):
            outcome, answer = ("answered", one) if order == 1 else ("withdrawn", None)
            yield ended(outcome, at, answer)
            asked, standing = [], set()
    if asked:
        yield ended(None, None, None)


def _starts(at: datetime, first: Said) -> frozenset[datetime]:
    if first.edited_at is None:
        return frozenset([at])
    if first.said_before in ("complaint", "unsure"):
        return frozenset([first.at])
    return frozenset([first.at, first.edited_at])


def differs(wait: Expected, row: Mapping[str, Any]) -> str | None:
    """What a stored wait says that the rules do not; None: nothing."""
    said = {
        "outcome": (row["outcome"], wait.outcome),
        "confirmed": (row["confirmed"], wait.confirmed),
        "ended_at": (row["ended_at"], wait.ended_at),
        "answer": (row["answer"], wait.answer.id if wait.answer else None),
    }
    wrong = [f"{name} {has}, not {must}" for name, (has, must) in said.items() if has != must]
    if row["started_at"] not in wait.starts:
        wrong.append(f"started_at {row['started_at']}, not {sorted(map(str, wait.starts))}")
    return "; ".join(wrong) or None
