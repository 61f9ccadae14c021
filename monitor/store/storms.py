"""Storms: which alarms wait, which of them are named together, and what is said of them when it is told.

A storm is one notice that stands for all. Under it are notices that name some cases each: of an alarm
that one of these tells, `under` says which, its state is `suppressed` and its reason `gathered`. What
names a case once is never changed, so that nothing is left out by who sends it meanwhile: it is taken
back whole and written anew, or it is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.judgement import Severity
from monitor.domain.notice import NoticeKind, NoticeState, Planned, Reason
from monitor.domain.storm import Alarm, Common, Gathering, Group, NamedCase, RollUp, Storm
from monitor.store import cards, leases, outbox
from monitor.store.bulk import among
from monitor.store.cases import survivors
from monitor.store.cross_brand import Why, across
from monitor.store.schema import author, brand, cases, notice, post, storm, wait

MOST = 25
"""Cases that one message names: Slack lets no message be longer."""

CALLED = "called"
"""The key of a storm's payload that says whom its message calls."""

_IS_PENDING = leases.is_pending(notice)
_UNTRIED = sa.and_(
    _IS_PENDING, notice.c.attempted_at.is_(None), notice.c.possibly_repeated.is_(False)
)
_ALARMS = (NoticeKind.ALERT.value, NoticeKind.ESCALATION.value)
_CALLS = (Reason.OPENED.value, Reason.STEP_DUE.value, Reason.NOBODY_ON_CALL.value)
"""Why an alarm is told that may be told with others; what became graver is told by itself."""
_TOLD = (NoticeState.PENDING.value, NoticeState.SENT.value)


class Place(NamedTuple):
    """One brand's alarms of one kind to one audience."""

    brand_id: int
    kind: NoticeKind
    audience: str


def places(conn: Connection, since: datetime, least: int) -> list[Place]:
    """Where alarms wait that nobody tried to tell yet, and a storm may begin or go on.

    With those told after `since` there are `least` at least, or a storm goes on that something joined after
    `since`. All places are asked at once: thousands of brands may have an alarm that waits.
    """
    at = (notice.c.brand_id, notice.c.kind, notice.c.audience)
    waiting = (
        sa.select(*at, sa.func.count().label("number"))
        .where(_UNTRIED, notice.c.kind.in_(_ALARMS), notice.c.reason.in_(_CALLS))
        .where(notice.c.brand_id.is_not(None), notice.c.case_id.is_not(None))
        .group_by(*at)
        .subquery()
    )
    query = sa.select(waiting.c.brand_id, waiting.c.kind, waiting.c.audience).where(
        sa.or_(waiting.c.number + _told_at(waiting.c, since) >= least, _goes_on(waiting.c, since))
    )
    return [
        Place(one.brand_id, NoticeKind(one.kind), one.audience)
        for one in conn.execute(across(query, Why.DUE))
    ]


def _told_at(place: Any, since: datetime) -> sa.ColumnElement[int]:
    """How many of a place's alarms were written after `since` and taken up to be told."""
    here = (notice.c.brand_id == place.brand_id) & (notice.c.audience == place.audience)
    return (
        sa.select(sa.func.count())
        .select_from(notice)
        .where(here, notice.c.kind == place.kind, notice.c.reason.in_(_CALLS))
        .where(notice.c.written_at > since, notice.c.state.in_(_TOLD), sa.not_(_UNTRIED))
        .scalar_subquery()
    )


def _goes_on(place: Any, since: datetime) -> sa.ColumnElement[bool]:
    here = (storm.c.brand_id == place.brand_id) & (storm.c.audience == place.audience)
    return sa.exists().where(here, storm.c.kind == place.kind, storm.c.last_at > since)


def alarms(conn: Connection, place: Place, since: datetime) -> list[Alarm]:
    """The place's alarms that were written after `since`, and those that wait for longer.

    Not those that a storm names: where theirs goes on, what follows joins it however few they are.
    """
    columns = (
        notice.c.id,
        notice.c.written_at,
        notice.c.step,
        _UNTRIED.label("waits"),
        cases.c.thread,
        wait.c.topics,
        wait.c.severity,
    )
    of_wait = (wait.c.case_id == notice.c.case_id) & (wait.c.number == notice.c.wait)
    found = (
        sa.select(*columns)
        .join(cases, cases.c.id == notice.c.case_id)
        .outerjoin(wait, of_wait)
        .where(notice.c.brand_id == place.brand_id, notice.c.audience == place.audience)
        .where(notice.c.kind == place.kind.value)
    )
    called = found.where(notice.c.reason.in_(_CALLS))
    recent = called.where(notice.c.written_at > since, notice.c.state.in_(_TOLD))
    waiting = called.where(_UNTRIED)
    rows = {one.id: one for query in (recent, waiting) for one in conn.execute(query)}
    return [_alarm(rows[number]) for number in sorted(rows)]


def _alarm(row: sa.Row[Any]) -> Alarm:
    return Alarm(
        notice=row.id,
        written_at=row.written_at,
        waits=row.waits,
        severity=Severity(row.severity) if row.severity is not None else Severity.NORMAL,
        thread=row.thread,
        topics=tuple(row.topics.split(",")) if row.topics else (),
        step=row.step,
    )


def opened(conn: Connection, place: Place, since: datetime) -> Mapping[Group, int]:
    """The place's storms that something joined after `since`, by what is common: the latest of each."""
    query = (
        sa.select(storm.c.common, storm.c.name, storm.c.notice_id)
        .where(storm.c.brand_id == place.brand_id, storm.c.last_at > since)
        .where(storm.c.audience == place.audience, storm.c.kind == place.kind.value)
        .order_by(storm.c.notice_id)
    )
    return {Group(Common(one.common), one.name): one.notice_id for one in conn.execute(query)}


# ------------------------------------------------------------------------------------- what is written


def write(conn: Connection, place: Place, one: Gathering, now: datetime) -> None:
    """Name these alarms together under their storm, with those that were to be named and are not yet."""
    taken = _take(conn, one.alarms)
    if not taken:
        return
    number = one.storm or _begin(conn, place, one, now)
    conn.execute(sa.update(storm).where(storm.c.notice_id == number).values(last_at=now))
    again = _take_back(conn, number)
    ids = sorted({*taken, *again})
    for start in range(0, len(ids), MOST):
        _name(conn, place, number, ids[start : start + MOST], now)
    if one.storm is not None:
        _edit(conn, place, number, now)


def _take(conn: Connection, ids: Collection[int]) -> list[int]:
    """Of these alarms those that nobody took up to send; nobody will any more."""
    taken = {"state": NoticeState.SUPPRESSED.value, "reason": Reason.GATHERED.value}
    query = sa.update(notice).where(among(conn, notice.c.id, ids), _UNTRIED).values(taken)
    return list(conn.scalars(query.returning(notice.c.id)))


def _begin(conn: Connection, place: Place, one: Gathering, now: datetime) -> int:
    number = _written(conn, place, NoticeKind.STORM, now, None)
    conn.execute(
        storm.insert().values(
            notice_id=number,
            brand_id=place.brand_id,
            audience=place.audience,
            kind=place.kind.value,
            common=one.group.common.value,
            name=one.group.name,
            alone=one.alone,
            opened_at=now,
            last_at=now,
        )
    )
    return number


def _take_back(conn: Connection, number: int) -> list[int]:
    """The alarms of the last message that was not full and that nobody took up to send."""
    query = (
        sa.select(notice.c.id)
        .where(outbox.under(number), _UNTRIED, notice.c.kind == NoticeKind.ROLL_UP.value)
        .order_by(notice.c.id.desc())
    )
    last = conn.scalars(query.limit(1)).first()
    members = [] if last is None else list(conn.scalars(_members(last)))
    if last is None or len(members) == MOST:
        return []
    taken = {"state": NoticeState.SUPPRESSED.value, "reason": Reason.SUPERSEDED.value}
    mine = sa.update(notice).where(notice.c.id == last, _UNTRIED).values(taken)
    return members if conn.execute(mine).rowcount else []


def _name(conn: Connection, place: Place, number: int, some: Sequence[int], now: datetime) -> None:
    made = _written(conn, place, NoticeKind.ROLL_UP, now, number)
    conn.execute(sa.update(notice).where(among(conn, notice.c.id, some)).values(under=made))


def _edit(conn: Connection, place: Place, number: int, now: datetime) -> None:
    """The storm's own message says how many there are; one that waits still, when it is sent."""
    if conn.scalar(sa.select(_UNTRIED).where(notice.c.id == number)):
        return
    outbox.supersede_updates(conn, outbox.under(number))
    _written(conn, place, NoticeKind.UPDATE, now, number)


def _written(
    conn: Connection, place: Place, kind: NoticeKind, now: datetime, under: int | None
) -> int:
    key = f"{kind}:{uuid4().hex}"
    reason = Reason.CHANGED if kind is NoticeKind.UPDATE else Reason.STORM
    planned = Planned(key, kind, place.audience, reason, due_at=now, under=under)
    outbox.write(conn, [planned], brand_id=place.brand_id, case_id=None, now=now)
    number: int = conn.execute(sa.select(notice.c.id).where(notice.c.key == key)).scalar_one()
    return number


def _members(number: int) -> sa.Select[Any]:
    gathered = notice.c.reason == Reason.GATHERED.value
    return sa.select(notice.c.id).where(outbox.under(number), gathered).order_by(notice.c.id)


# ---------------------------------------------------------------------------------------- what is told


def told(conn: Connection, number: int) -> Storm:
    """The storm whose message that notice is."""
    its = _storm(conn, number)
    named = notice.alias("named")
    waits = (wait.c.case_id == named.c.case_id) & (wait.c.number == named.c.wait)
    rows = conn.execute(
        sa.select(named.c.case_id, (wait.c.case_id.is_not(None) & wait.c.ended_at.is_(None)))
        .select_from(notice)
        .join(named, named.c.under == notice.c.id)
        .outerjoin(wait, waits)
        .where(outbox.under(number), notice.c.kind == NoticeKind.ROLL_UP.value)
        .where(named.c.under.is_not(None), named.c.reason == Reason.GATHERED.value)
    ).all()
    now = survivors(conn, {case_id for case_id, _ in rows})
    merged = {into for case_id, into in now.items() if case_id != into}
    still = {now[case_id] for case_id, is_open in rows if is_open} | _open_of(conn, merged)
    return Storm(
        brand=its.brand_name,
        group=Group(Common(its.common), its.name),
        since=its.opened_at,
        until=its.last_at,
        alone=its.alone + _alone_since(conn, its),
        cases=len(set(now.values())),
        open=len(still),
    )


def _open_of(conn: Connection, case_ids: Collection[int]) -> set[int]:
    """Those of the cases in which somebody waits."""
    its = sa.select(wait.c.case_id).where(among(conn, wait.c.case_id, case_ids))
    return set(conn.scalars(its.where(wait.c.ended_at.is_(None))))


def _alone_since(conn: Connection, its: sa.Row[Any]) -> int:
    """How many of the group were told by themselves since the storm began: what is grave passes through."""
    place = Place(its.brand_id, NoticeKind(its.kind), its.audience)
    group = Group(Common(its.common), its.name)
    return sum(
        its.opened_at < one.written_at <= its.last_at
        and not one.may_be_named
        and group in one.groups()
        for one in alarms(conn, place, its.opened_at)
    )


def named(conn: Connection, number: int) -> RollUp:
    """The cases that the notice names, as they stand."""
    under = sa.select(notice.c.under).where(notice.c.id == number, notice.c.under.is_not(None))
    parent = conn.execute(under).scalar_one()
    its = _storm(conn, parent)
    alarm = notice.alias("alarm")
    first = sa.func.coalesce(wait.c.first_post_id, cases.c.root_post_id)
    rows = conn.execute(
        sa.select(
            cases.c.id,
            cases.c.network,
            sa.func.coalesce(wait.c.severity, cases.c.severity).label("severity"),
            cases.c.status,
            post.c.title,
            post.c.text,
            author.c.handle,
            author.c.name,
            post.c.url,
            cases.c.owner,
            post.c.posted_at,
        )
        .select_from(alarm)
        .join(cases, cases.c.id == alarm.c.case_id)
        .outerjoin(wait, (wait.c.case_id == cases.c.id) & (wait.c.number == alarm.c.wait))
        .join(post, post.c.id == first)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(alarm.c.under == number, alarm.c.under.is_not(None))
        .where(alarm.c.reason == Reason.GATHERED.value)
        .order_by(alarm.c.id)
    )
    return RollUp(
        brand=its.brand_name,
        group=Group(Common(its.common), its.name),
        cases=tuple(_named_case(one) for one in rows),
    )


def _named_case(row: Any) -> NamedCase:
    return NamedCase(
        row.id,
        row.network,
        Severity(row.severity),
        row.status,
        row.title,
        row.text,
        f"@{row.handle.lstrip('@')}" if row.handle else row.name,
        row.url,
        row.owner,
        row.posted_at,
    )


def _storm(conn: Connection, number: int) -> sa.Row[Any]:
    query = sa.select(storm, brand.c.name.label("brand_name"))
    return conn.execute(
        query.join(brand, brand.c.id == storm.c.brand_id).where(storm.c.notice_id == number)
    ).one()


def called(conn: Connection, number: int, *, as_attempted: bool = False) -> tuple[str, ...]:
    """The people whom the policies of a storm's cases name, each once; or those whom it called before."""
    said = _said(conn, notice.c.id == number) if as_attempted else {}
    return tuple(said[CALLED]) if CALLED in said else _people(conn, outbox.under(number))


def called_late(conn: Connection, number: int) -> tuple[str, ...]:
    """The people of the cases that the notice names whom no message of the storm called before it."""
    its = sa.select(notice.c.under).where(notice.c.id == number).scalar_subquery()
    sent = notice.c.state == NoticeState.SENT.value
    said = _said(conn, (notice.c.id == its) & sent)
    earlier = notice.c.under.is_not(None) & (notice.c.under == its) & (notice.c.id < number) & sent
    before = {*said.get(CALLED, ()), *_people(conn, earlier)}
    return tuple(one for one in _people(conn, notice.c.id == number) if one not in before)


def _said(conn: Connection, which: sa.ColumnElement[bool]) -> Mapping[str, Any]:
    return conn.scalar(sa.select(notice.c.payload).where(which)) or {}


def keep_called(conn: Connection, number: int, people: Sequence[str]) -> None:
    """Whom the storm's message calls, now that it leaves; who joins later is called below it."""
    said = {CALLED: list(people)}
    conn.execute(sa.update(notice).where(notice.c.id == number).values(payload=said))


def _people(conn: Connection, which: sa.ColumnElement[bool]) -> tuple[str, ...]:
    """Those whom these messages' cases call: by one alarm of each rule and step."""
    alarm = notice.alias("alarm")
    one_each = (
        sa.select(sa.func.min(alarm.c.id))
        .select_from(notice)
        .join(alarm, alarm.c.under == notice.c.id)
        .join(wait, (wait.c.case_id == alarm.c.case_id) & (wait.c.number == alarm.c.wait))
        .where(which, alarm.c.under.is_not(None))
        .where(alarm.c.reason == Reason.GATHERED.value)
        .group_by(alarm.c.step, wait.c.rule)
    )
    ids = list(conn.scalars(one_each))
    query = sa.select(notice.c.case_id, notice.c.wait, notice.c.step).order_by(notice.c.id)
    alarms_of = conn.execute(query.where(notice.c.id.in_(ids))).all()
    every = (cards.named(conn, one.case_id, one.wait, one.step) for one in alarms_of)
    return tuple(dict.fromkeys(name for names in every for name in names))


def lock(conn: Connection, place: Place) -> None:
    """Of two that gather for one brand the second waits until the first is done (SQLite: all do)."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.select(brand.c.id).where(brand.c.id == place.brand_id).with_for_update())
