"""What was looked at, how far, and what could not be: "0 complaints" and "could not look" differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.clock import CLOCKS_DIFFER
from monitor.domain.coverage import Blind, blind
from monitor.domain.errors import SourceError
from monitor.domain.notice import SourceHealth
from monitor.domain.post import Cost, Cursor, Page, Rejected, Stream, StreamKind
from monitor.domain.storable import storable
from monitor.store import bulk, ledger, silences, watching
from monitor.store.cross_brand import Why, across
from monitor.store.posts import Counts
from monitor.store.schema import coverage, reject, stream, stream_brand, stream_network

TOLD_SINCE = timedelta(days=1)
"""How long gaps and rejected items are told of."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
_DOUBLINGS = 6
"""As many reach the longest pause: without a limit, 2 to the power of a year's failures overflows."""

_SHOWS_ANSWERS = stream.c.kind.in_([StreamKind.OWN.value, StreamKind.ALL.value])
_IS_READ = stream.c.next_poll_at.is_not(None)
# one that is told of in every look until it closes counts once
_GAP = sa.func.coalesce(coverage.c.gap_from, sa.cast(coverage.c.id, sa.Text))
_GAPS = (
    sa.select(sa.func.count(sa.distinct(_GAP)))
    .where(coverage.c.stream_id == stream.c.id, coverage.c.gap.is_not(None))
    .where(coverage.c.ended_at.between(sa.bindparam("since"), sa.bindparam("until")))
    .scalar_subquery()
)
_REJECTED = (
    sa.select(sa.func.count())
    .where(reject.c.stream_id == stream.c.id)
    .where(reject.c.at.between(sa.bindparam("since"), sa.bindparam("until")))
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream was read: to which cursor, and in a finished look until when."""

    cursor: Cursor | None
    read_through: datetime | None


@dataclass(frozen=True, slots=True)
class Spell:
    """A row of failed looks without one that succeeded: since when, how many, and whether for good."""

    since: datetime
    failures: int
    permanent: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that could not be read: which streams brought it, where, why, how it begins, and when."""

    source: str
    streams: tuple[str, ...]
    place: str
    reason: str
    sample: str
    at: datetime


def ensure_stream(
    conn: Connection,
    source: str,
    one: Stream,
    brand_ids: Iterable[int],
    now: datetime,
    *,
    options: str | None = None,
) -> int:
    """The stream's row, made at first sight, its brands, and due at once if it was not to be read.

    A stream that failed for good is tried again: this is called when a program starts, and the
    configuration may have been mended. So is one that rests by other `options` (a fingerprint; None:
    they are not known here) than now: with more to spend, or another search, there may be no reason to.
    What the network itself said is waited out in any case.
    """
    key = (stream.c.source == source) & (stream.c.name == one.name)
    told: dict[str, Any] = {"network": one.network, "kind": one.kind.value}
    found = conn.execute(sa.select(stream).where(key)).one_or_none()
    if found is None:
        told |= {"added_at": now, "next_poll_at": now, "planned_at": now, "options": options}
        values = {"source": source, "name": one.name, **told}
        made = conn.execute(stream.insert().values(values).returning(stream.c.id))
        number: int = made.scalar_one()
    else:
        number = found.id
        is_changed = options is not None and found.options != options
        if found.next_poll_at is None or found.permanent or is_changed:
            told |= _at_once(found, now)
        if is_changed:
            told["options"] = options
        conn.execute(stream.update().where(key).values(told))
    ids = list(brand_ids)
    links = stream_brand.c.stream_id == number
    conn.execute(stream_brand.delete().where(links, stream_brand.c.brand_id.not_in(ids)))
    rows = [{"stream_id": number, "brand_id": brand_id} for brand_id in ids]
    bulk.insert_missing(conn, stream_brand, rows)
    return number


def _at_once(found: sa.Row[Any], now: datetime) -> dict[str, Any]:
    """Or as soon as the network allows, unless a clock said so that has since been set back."""
    is_of_now = found.planned_at is not None and found.planned_at <= now + CLOCKS_DIFFER
    until = found.rests_until if is_of_now else None
    return {"next_poll_at": max(until or now, now), "planned_at": now, "rests_until": until}


def retire_others(conn: Connection, numbers: Collection[int]) -> None:
    """Streams that are configured no longer are read no longer."""
    others = stream.update().where(stream.c.id.not_in(list(numbers))).values(next_poll_at=None)
    conn.execute(across(others, Why.CONFIGURED))


def _if_read(at: datetime | None) -> Any:
    """When to look again: never, if the stream was retired while the look was under way."""
    return None if at is None else sa.case((_IS_READ, sa.literal(at, stream.c.next_poll_at.type)))


def due(conn: Connection, now: datetime) -> list[int]:
    """The streams to be read, the longest waiting first.

    What was planned further ahead than clocks differ, was so by one that has since been set back: it is due.
    """
    # ranges that end on both sides, and ordered here: else a planner reads all streams through
    ever = datetime.min.replace(year=1970, tzinfo=now.tzinfo)
    planned = stream.c.next_poll_at.between(ever, now)
    set_back = (stream.c.planned_at > now + CLOCKS_DIFFER) & _IS_READ
    query = sa.select(stream.c.next_poll_at, stream.c.id).where(planned | set_back)
    rows = conn.execute(across(query, Why.DUE))
    return [number for _, number in sorted(map(tuple, rows))]


def place(conn: Connection, number: int) -> Place:
    """How far the stream was read."""
    columns = sa.select(stream.c.cursor, stream.c.polled_at)
    return Place(*conn.execute(columns.where(stream.c.id == number)).one())


def record_page(
    conn: Connection, number: int, page: Page, counts: Counts, *, since: datetime, until: datetime
) -> None:
    """A page stored: the cursor moves on in the same transaction, and the ledger gets its line.

    `since` and `until` are the range that the look covers: from where the last one ended.
    """
    conn.execute(stream.update().where(stream.c.id == number).values(cursor=page.cursor))
    networks = {one.key.network for one in page.items if not isinstance(one, Rejected)}
    rows = [{"stream_id": number, "network": one} for one in sorted(networks)]
    bulk.insert_missing(conn, stream_network, rows)
    ledger.enter(conn, number, page, counts, since=since, until=until)


def record_end(
    conn: Connection,
    number: int,
    began_at: datetime,
    next_poll_at: datetime | None,
    *,
    with_gap: bool = False,
) -> datetime | None:
    """A look came to its end: what was there when it began was read, unless `with_gap`.

    `next_poll_at` None: there will be no other look. Returns since when the stream had failed.
    """
    its_row = stream.c.id == number
    failing_since: datetime | None = conn.scalar(sa.select(stream.c.failing_since).where(its_row))
    read = {} if with_gap else {"polled_at": began_at}
    conn.execute(
        stream.update()
        .where(its_row)
        .values(
            next_poll_at=_if_read(next_poll_at),
            planned_at=began_at,
            failing_since=None,
            failures=0,
            problem=None,
            permanent=False,
            rests_until=None,
            **read,
        )
    )
    if next_poll_at is not None:
        watching.looked(conn, number, began_at, next_poll_at - began_at)
    if failing_since is not None:
        watching.mended(conn, number, failing_since, began_at)
    return failing_since


def record_failure(
    conn: Connection,
    number: int,
    error: SourceError,
    now: datetime,
    *,
    again: bool = True,
    options: str | None = None,
) -> Spell:
    """A look failed: since when, how often, why. Without `again` there will be no other look.

    `options` are those of the look: if others are in force by now, those are tried soon.
    """
    troubles = sa.select(stream.c.failures, stream.c.failing_since, stream.c.options)
    failures, since, in_force = conn.execute(troubles.where(stream.c.id == number)).one()
    pause = min(FIRST_PAUSE * 2 ** min(failures, _DOUBLINGS), LONGEST_PAUSE)
    if error.permanent:
        pause = LONGEST_PAUSE
    rest, of_network = error.retry_after, None if error.out_of_budget else error.retry_after
    if options != in_force:
        pause, rest = FIRST_PAUSE, of_network
    spell = Spell(since or now, failures + 1, error.permanent)
    problem = storable(str(error)[:1000])
    if again:
        watching.failed(conn, number, spell.since, spell.failures, problem)
    conn.execute(
        stream.update()
        .where(stream.c.id == number)
        .values(
            failing_since=spell.since,
            failures=spell.failures,
            problem=problem,
            permanent=spell.permanent,
            next_poll_at=_if_read(now + max(pause, rest or pause) if again else None),
            planned_at=now,
            rests_until=None if of_network is None else now + of_network,
        )
    )
    return spell


def read_through(conn: Connection, brand_id: int) -> dict[str, datetime]:
    """By network, until when the brand's own posts are known: an earlier silence is proved.

    That is the beginning of the last look that came to its end without a gap, of the least read of
    the streams that show answers and are of the network, or brought posts of it. A network of which one such
    stream was never read to its end is not in the answer, unless that came later than another: then what
    the others proved before stands, until it came. Streams that nobody reads any more (a
    file imported once) count only where there is no other.
    """
    its = sa.select(stream_brand.c.stream_id).where(stream_brand.c.brand_id == brand_id)
    networks = sa.union(
        sa.select(stream.c.id.label("stream_id"), stream.c.network).where(stream.c.id.in_(its)),
        sa.select(stream_network).where(stream_network.c.stream_id.in_(its)),
    ).subquery()
    rows = conn.execute(
        sa.select(networks.c.network.label("of"), stream, _IS_READ.label("is_read"))
        .join(networks, networks.c.stream_id == stream.c.id)
        .where(stream.c.id.in_(its), _SHOWS_ANSWERS)
    ).all()
    first = watching.first_at(conn, {row.id for row in rows})
    found: dict[str, datetime] = {}
    for network in {row.of for row in rows}:
        through = _through([row for row in rows if row.of == network], first)
        if through is not None:
            found[network] = through
    return found


def _through(rows: list[sa.Row[Any]], first: Mapping[int, datetime]) -> datetime | None:
    read = [row for row in rows if row.is_read]
    known = [row for row in read if row.polled_at]
    if not read:
        return max((row.polled_at for row in rows if row.polled_at), default=None)
    began = min((first[row.id] for row in known if row.id in first), default=None)
    through: list[datetime] = [row.polled_at for row in known]
    for row in read:
        if row.polled_at is None:
            if began is None or row.added_at is None or row.added_at <= began:
                return None
            through.append(row.added_at)
    return min(through)


def spent(conn: Connection) -> dict[str, Cost]:
    """What reading took so far, by source."""
    columns = (sa.func.sum(coverage.c.calls), sa.func.sum(coverage.c.micros))
    query = sa.select(stream.c.source, *columns).join(stream, stream.c.id == coverage.c.stream_id)
    query = query.group_by(stream.c.source).order_by(stream.c.source)
    rows = conn.execute(across(query, Why.OPERATION))
    return {source: Cost(int(calls), int(micros)) for source, calls, micros in rows}


def health(
    conn: Connection, brand_id: int, now: datetime, *, since: datetime | None = None
) -> list[SourceHealth]:
    """How the brand's streams fared at `now`, so far as the rows still tell, and what was missed.

    What was missed is told from `since` on, by default of the last day.

    Those that nobody reads any more are there only where there is no other, and never as failing:
    whoever imported the wrong file was told so then.
    """
    since = now - TOLD_SINCE if since is None else since
    rows = conn.execute(
        sa.select(stream, _GAPS.label("gaps"), _REJECTED.label("rejected"))
        .join(stream_brand, stream_brand.c.stream_id == stream.c.id)
        .where(stream_brand.c.brand_id == brand_id)
        .order_by(stream.c.source, stream.c.name),
        {"since": since, "until": now},
    ).all()
    read = [row for row in rows if row.next_poll_at is not None]
    failing = {row.id for row in read if row.failing_since and row.failing_since <= now}
    looked = _looked(conn, [row.id for row in read], since, now)
    first = watching.first_at(conn, [row.id for row in read])
    through = {row.id: min(row.polled_at, now) for row in read if row.polled_at}
    silent = silences.silent(conn, through)
    return [
        SourceHealth(
            source=row.source,
            stream=row.name,
            network=row.network,
            read_through=row.polled_at,
            failing_since=row.failing_since if row.id in failing else None,
            problem=row.problem if row.id in failing else None,
            gaps=row.gaps,
            rejected=row.rejected,
            blind=looked.get(row.id, ()),
            silence=silent.get(row.id),
            watched_since=first.get(row.id),
        )
        for row in read or rows
    ]


def failing(conn: Connection, now: datetime) -> list[tuple[str, str, str | None]]:
    """Source, stream and problem of those that are read for some brand and cannot be at `now`."""
    is_a_brand_s = sa.exists().where(stream_brand.c.stream_id == stream.c.id)
    query = (
        sa.select(stream.c.source, stream.c.name, stream.c.problem)
        .where(_IS_READ, stream.c.failing_since <= now, is_a_brand_s)
        .order_by(stream.c.source, stream.c.name)
    )
    return list(map(tuple, conn.execute(across(query, Why.OPERATION))))


def _looked(
    conn: Connection, numbers: Collection[int], since: datetime, until: datetime
) -> dict[int, tuple[Blind, ...]]:
    """When nobody looked at the streams."""
    watches = watching.watches(conn, numbers, since)
    outages = watching.outages(conn, numbers, since, until)
    return {one: blind(found, outages.get(one, ()), since, until) for one, found in watches.items()}


def is_looked_at(conn: Connection, brand_id: int) -> bool:
    """Whether each of the brand's streams that are read had its first look, were it a failed one."""
    never = stream.c.polled_at.is_(None) & stream.c.failing_since.is_(None)
    waiting = (
        sa.select(stream.c.id)
        .join(stream_brand, stream_brand.c.stream_id == stream.c.id)
        .where(stream_brand.c.brand_id == brand_id, _IS_READ, never)
    )
    return conn.execute(waiting.limit(1)).one_or_none() is None


def unread(conn: Connection, source: str | None = None) -> list[Unread]:
    """The items of all sources, or of one, that could not be read, the latest first.

    An item is there once, with all streams of its source that brought it.
    """
    query = (
        sa.select(
            *(stream.c.source, stream.c.name, reject.c.place),
            *(reject.c.reason, reject.c.sample, reject.c.at),
        )
        .join(stream, stream.c.id == reject.c.stream_id)
        .order_by(reject.c.id.desc())
    )
    if source is not None:
        query = query.where(stream.c.source == source)
    found: dict[tuple[str, str, str], Unread] = {}
    for source_, name, place, reason, sample, at in conn.execute(across(query, Why.SHOWN)):
        item = (source_, place, reason)
        latest = found.get(item, Unread(source_, (), place, reason, sample, at))
        found[item] = replace(latest, streams=(name, *latest.streams))
    return list(found.values())


def sources(conn: Connection) -> list[str]:
    """The names of all sources that were ever configured."""
    query = sa.select(stream.c.source).distinct().order_by(stream.c.source)
    return list(conn.scalars(across(query, Why.OPERATION)))
