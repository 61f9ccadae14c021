"""What people said of verdicts: kept outright, and read from what they did to cases.

Only numbers and names of staff are here: the words are the post's, and go with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.correction import Correction, How, Said, latest
from monitor.domain.event import (
    AskKind,
    Confirmed,
    DismissalReason,
    Dismissed,
    FollowedUp,
    Opened,
    Undone,
)
from monitor.domain.judgement import Judgement
from monitor.domain.wait import Outcome
from monitor.store import by_hand, samples
from monitor.store.bulk import among
from monitor.store.codec import decode
from monitor.store.schema import (
    case_event,
    case_post,
    cases,
    correction,
    judgement,
    mention,
    post,
    sighting,
    stream,
    wait,
)

PIPELINE = "triage"
"""Who opens a case, and complains in it, where no person said so."""
_SAYING = (Opened, FollowedUp, Confirmed, Dismissed, Undone)


def keep(
    conn: Connection,
    brand_id: int,
    post_id: int,
    said: Said,
    *,
    by: str,
    now: datetime,
    reviewed: bool,
) -> None:
    """Keep what a person said of a post. What was said before stays; the last counts.

    `reviewed`: it came up in the weekly sample. A post that a person picked is no random find, also
    if it is part of the sample; but what is said after the review corrects that.
    """
    reviewed = samples.has(conn, brand_id, post_id, looked_at=not reviewed)
    conn.execute(
        correction.insert().values(
            brand_id=brand_id, post_id=post_id, at=now, by=by, said=said.value, reviewed=reviewed
        )
    )


def take_back(conn: Connection, brand_id: int, post_id: int) -> int:
    """Forget all that was said outright of a post. Returns how many entries there were."""
    its = (correction.c.brand_id == brand_id) & (correction.c.post_id == post_id)
    return conn.execute(correction.delete().where(its)).rowcount


def is_taught() -> sa.ColumnElement[bool]:
    """Whether a person said something of a `post`, outright or by an act on its case."""
    outright = sa.exists().where(correction.c.post_id == post.c.id)
    kinds = [Dismissed.__name__, Confirmed.__name__]
    by_act = sa.exists().where(
        case_post.c.post_id == post.c.id,
        case_event.c.case_id == case_post.c.case_id,
        case_event.c.kind.in_(kinds),
    )
    return outright | by_act


def of_brand(conn: Connection, brand_id: int) -> tuple[list[Correction], int]:
    """The last thing said of each post, and of how many it was said before an edit changed the words."""
    told = {
        (one.brand_id, one.post_id): one
        for one in latest(
            [*_tacit(conn, brand_id), *_by_acts(conn, brand_id), *_outright(conn, brand_id)]
        )
    }
    numbers = {post_id for _, post_id in told}
    judged, edited = _judged(conn, numbers), _edited(conn, numbers)
    brought_by = _sources(conn, brand_id, numbers)
    weights = samples.weights(conn, brand_id)
    found = []
    stale = 0
    for one in told.values():
        at, judgement_ = judged.get(one.post_id, (None, None))
        # an answer's time is the network's, and may lie before we judged
        tacit = one.how is How.ANSWERED
        if at is None or (one.post_id in edited if tacit else at > one.at):
            stale += 1
            continue
        weight = weights.get(one.post_id, 1.0) if one.how is How.REVIEWED else 1.0
        found.append(
            Correction(
                brand_id=brand_id,
                post_id=one.post_id,
                said=one.said,
                how=one.how,
                by=one.by,
                at=one.at,
                judged=judgement_,
                sources=brought_by.get(one.post_id, ()),
                weight=weight,
            )
        )
    return found, stale


def _outright(conn: Connection, brand_id: int) -> Iterator[Correction]:
    rows = conn.execute(sa.select(correction).where(correction.c.brand_id == brand_id))
    for row in rows:
        how = How.REVIEWED if row.reviewed else How.CORRECTED
        yield _bare(brand_id, row.post_id, Said(row.said), how, row.by, row.at)


def _bare(brand_id: int, post_id: int, said: Said, how: How, by: str, at: datetime) -> Correction:
    return Correction(
        brand_id=brand_id,
        post_id=post_id,
        said=said,
        how=how,
        by=by,
        at=at,
        judged=None,
        sources=(),
    )


def _by_acts(conn: Connection, brand_id: int) -> Iterator[Correction]:
    """From the history of the brand's cases; what was undone was never said."""
    histories: dict[int, dict[int, Any]] = defaultdict(dict)
    rows = conn.execute(
        sa.select(case_event)
        .join(cases, cases.c.id == case_event.c.case_id)
        .where(cases.c.brand_id == brand_id, cases.c.merged_into.is_(None))
        .where(case_event.c.kind.in_([one.__name__ for one in _SAYING]))
        .order_by(case_event.c.case_id, case_event.c.seq)
    )
    for row in rows:
        event = decode(row.kind, row.data)
        if isinstance(event, Undone):
            histories[row.case_id].pop(event.seq, None)
        else:
            histories[row.case_id][row.seq] = (event, row.by, row.recorded_at)
    complaints = _complaints(conn, brand_id)
    for case_id, records in histories.items():
        for event, by, at in records.values():
            yield from _said(brand_id, event, by, at, complaints.get(case_id, {}))


def _said(
    brand_id: int, event: Any, by: str, at: datetime, complaints: Mapping[int, datetime]
) -> Iterator[Correction]:
    match event:
        case Opened(ask) | FollowedUp(ask) if by != PIPELINE:
            if ask.kind is AskKind.COMPLAINT:  # questions join a case without anybody's saying so
                yield _bare(brand_id, ask.post, Said.COMPLAINT, How.OPENED, by, at)
        case Confirmed():
            for post_id, seen_at in complaints.items():
                if seen_at < at:  # one that a person brings is seen as it is said
                    yield _bare(brand_id, post_id, Said.COMPLAINT, How.CONFIRMED, by, at)
        case Dismissed(DismissalReason.NOT_A_COMPLAINT):
            for post_id in event.asks:
                if post_id in complaints:  # a question in the case was never said to be one
                    yield _bare(brand_id, post_id, Said.NOT_A_COMPLAINT, How.DISMISSED, by, at)
        case _:
            return


def _complaints(conn: Connection, brand_id: int) -> Mapping[int, Mapping[int, datetime]]:
    """By case, the posts in it that triage took for complaints, with when each was first seen."""
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    rows = conn.execute(
        sa.select(case_post.c.case_id, post.c.id, post.c.first_seen_at)
        .join(cases, (cases.c.id == case_post.c.case_id) & (cases.c.brand_id == brand_id))
        .join(post, post.c.id == case_post.c.post_id)
        .join(mention, (mention.c.post_id == post.c.id) & (mention.c.brand_id == brand_id))
        .where(mention.c.asks == AskKind.COMPLAINT.value)
    )
    for case_id, post_id, seen_at in rows:
        found[case_id][post_id] = seen_at
    return found


def _tacit(conn: Connection, brand_id: int) -> Iterator[Correction]:
    """An answer on the network to what nobody dismissed: it was worth one."""
    rows = conn.execute(
        sa.select(wait.c.first_post_id, wait.c.ended_at)
        .join(
            mention, (mention.c.post_id == wait.c.first_post_id) & (mention.c.brand_id == brand_id)
        )
        .where(
            wait.c.brand_id == brand_id,
            wait.c.outcome == Outcome.ANSWERED.value,
            wait.c.confirmed,
            wait.c.dismissed.is_(None),
            mention.c.asks == AskKind.COMPLAINT.value,
        )
    )
    for post_id, at in rows:
        yield _bare(brand_id, post_id, Said.COMPLAINT, How.ANSWERED, "", at)


def _judged(
    conn: Connection, numbers: Collection[int]
) -> dict[int, tuple[datetime, Judgement | None]]:
    """When and how the classifier judged the words that posts have now."""
    return {
        row.post_id: (
            row.judged_at,
            None
            if row.model == by_hand.CERTAIN.model
            else Judgement(
                row.complaint, row.question, row.praise, row.other, row.language, row.model
            ),
        )
        for row in conn.execute(
            sa.select(judgement).where(among(conn, judgement.c.post_id, numbers))
        )
    }


def _edited(conn: Connection, numbers: Collection[int]) -> set[int]:
    """Those that said something else before, as far as that is still known."""
    past = sa.select(post.c.id).where(among(conn, post.c.id, numbers), post.c.past.is_not(None))
    return set(conn.scalars(past))


def _sources(
    conn: Connection, brand_id: int, numbers: Collection[int]
) -> dict[int, tuple[str, ...]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = conn.execute(
        sa.select(sighting.c.post_id, stream.c.source)
        .join(stream, stream.c.id == sighting.c.stream_id)
        .where(sighting.c.brand_id == brand_id, among(conn, sighting.c.post_id, numbers))
    )
    for post_id, source in rows:
        found[post_id].add(source)
    return {post_id: tuple(sorted(names)) for post_id, names in found.items()}
