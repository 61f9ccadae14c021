"""What people do to a case: the same functions behind the command line, Slack's buttons and the page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from monitor.domain.case import Case, Status
from monitor.domain.errors import PhrasedError
from monitor.domain.event import (
    STAFF,
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    Assigned,
    Channel,
    Claimed,
    Confirmed,
    ContactNoted,
    DismissalReason,
    Dismissed,
    Event,
    Snoozed,
    Undone,
)
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.rota import Recipient
from monitor.domain.storable import storable
from monitor.store import brands, cases, mentions, outbox, sight, waits
from monitor.store.cases import Fact
from monitor.store.engine import Connection, Transactions


class ActionError(PhrasedError):
    """The action makes no sense for the case as it stands; the text says what to do instead."""


def claim(database: Transactions, case_id: int, *, by: str, now: datetime) -> Case:
    """Say "I am answering this", so that two do not answer at once: the second is refused."""

    def made(case: Case, _: Connection) -> Event:
        claimed = _of_open(case, Claimed())
        if case.claimed and case.owner != by:
            at = max(one.at for one in case.records if isinstance(one.event, Claimed))
            raise ActionError(
                "{name} is answering since {since} UTC; assign it to take it over.",
                name=case.owner,
                since=_minute(at),
            )
        return claimed

    return _act(database, case_id, by, now, made)


def assign(database: Transactions, case_id: int, to: str, *, by: str, now: datetime) -> Case:
    """Give the case to a person; what the one before had acknowledged counts no more."""
    if not to.strip():
        raise ActionError("A case is given to somebody: say to whom.")
    return _act(database, case_id, by, now, lambda case, _: _of_open(case, Assigned(to)))


def hand_over(
    database: Transactions,
    brands: Collection[int],
    is_theirs: Callable[[str], bool],
    to: str,
    *,
    by: str,
    now: datetime,
    tell: Recipient | None = None,
) -> tuple[int, ...]:
    """Give all open cases of a person to another one, as at the end of a shift: all of them, or none.

    Args:
        database: where the cases are.
        brands: of which brands.
        is_theirs: whether a name is that person's.
        to: who has them from now on.
        by: who says so.
        now: when.
        tell: the place where that one alone reads, to be told which they are: of whoever sleeps, later.

    Returns:
        The cases' numbers.

    """
    if not to.strip():
        raise ActionError("Cases are given to somebody: say to whom.")
    if is_theirs(to):
        raise ActionError("{name} has them already: say who is to have them.", name=to)
    given = []
    with database.writing() as conn:
        for number in waits.of_somebody(conn, brands):
            cases.lock(conn, number)
            case = cases.load(conn, number)
            if case.open_wait is not None and case.owner is not None and is_theirs(case.owner):
                cases.append(conn, number, [Fact(now, Assigned(to), by)], now=now)
                given.append(number)
        if not given:
            raise ActionError("There is nothing to hand over: that person has no open case.")
        if tell is not None and by != to:
            _tell_of(conn, given, tell, by, now)
    return tuple(given)


def _tell_of(conn: Connection, given: list[int], tell: Recipient, by: str, now: datetime) -> None:
    """In the transaction that gives them: told once, and of no more than what was given."""
    if tell.held_back is not None:
        for number in given:
            _hold_back(conn, number, tell.audience, tell.held_back, now)
        return
    planned = Planned(
        _handover(conn, given[-1], tell.audience),
        NoticeKind.WAITING,
        tell.audience,
        Reason.HANDED_OVER,
        due_at=now,
    )
    said = {"cases": given, "by": by}
    outbox.write(conn, [planned], brand_id=None, case_id=None, now=now, payload=said)


def _hold_back(conn: Connection, case_id: int, audience: str, why: Reason, now: datetime) -> None:
    """The summary at the end of the quiet hours names the case, if it is open still."""
    row, its = cases.row(conn, case_id), cases.load(conn, case_id).open_wait
    planned = Planned(
        _handover(conn, case_id, audience),
        NoticeKind.WAITING,
        audience,
        why,
        due_at=now,
        wait=its.number if its else None,
        suppressed=True,
    )
    brand_id = row.brand_id if row else None
    outbox.write(conn, [planned], brand_id=brand_id, case_id=case_id, now=now)


def _handover(conn: Connection, case_id: int, audience: str) -> str:
    """The key of a handover, by the last case that it gave."""
    last = cases.load(conn, case_id).seq
    return f"{NoticeKind.WAITING}:{Reason.HANDED_OVER}:{case_id}:{last}:{audience}"


def acknowledge(database: Transactions, case_id: int, *, by: str, now: datetime) -> Case:
    """Stop the repeats of the current step for as long as the rule allows. The clock goes on."""

    def made(case: Case, conn: Connection) -> Event:
        wait = case.open_wait
        if wait is None:
            raise _not_open(case)
        until = now + cases.kept_rule(conn, wait.rule).acknowledged_for
        return Acknowledged(until, wait.number, case.level, wait.rule)

    return _act(database, case_id, by, now, made)


def snooze(
    database: Transactions,
    case_id: int,
    span: timedelta,
    *,
    by: str,
    now: datetime,
    why: str | None,
) -> Case:
    """No step until then. Beyond the due time only with a reason, which is kept as a note."""

    def made(case: Case, conn: Connection) -> Event:
        wait = case.open_wait
        if wait is None:
            raise _not_open(case)
        if span <= timedelta(0):
            raise ActionError("A snooze needs a time to come, for example 30m.")
        if now + span >= wait.due_at and not why:
            raise ActionError(
                "That is beyond the due time ({due} UTC): give a reason.", due=_minute(wait.due_at)
            )
        kept = cases.keep_note(conn, case_id, why, by=by, at=now) if why else None
        return Snoozed(now + span, wait.number, kept)

    return _act(database, case_id, by, now, made)


def confirm(database: Transactions, case_id: int, *, by: str, now: datetime) -> Case:
    """Say that an unconfirmed case is a complaint: from now on it counts and alerts."""

    def made(case: Case, _: Connection) -> Event:
        wait = case.open_wait
        if wait is None:
            raise _not_open(case)
        if case.is_confirmed(wait):
            raise ActionError("The case is confirmed already.")
        return Confirmed()

    return _act(database, case_id, by, now, made)


def dismiss(
    database: Transactions,
    case_id: int,
    *,
    by: str,
    now: datetime,
    duplicate_of: int | None = None,
) -> Case:
    """Say that what is known of the case is no complaint, or the same as another one. It can be undone."""
    with database.writing() as conn:
        original = None if duplicate_of is None else _survivor(conn, duplicate_of)
        for one in sorted({case_id, original or case_id}):
            # both: else two could be dismissed at one moment as duplicates of each other
            cases.lock(conn, one)
        case = _case(conn, case_id)
        if case.status is Status.DISMISSED:
            raise ActionError("The case is dismissed already.")
        event = Dismissed(DismissalReason.NOT_A_COMPLAINT, case.asks)
        if original is not None:
            _require_original(conn, case_id, original)
            event = Dismissed(DismissalReason.DUPLICATE, case.asks, original)
        return cases.append(conn, case_id, [Fact(now, event, by)], now=now)


def _survivor(conn: Connection, case_id: int) -> int:
    """The case, or the one that it became part of in the end."""
    _brand_of(conn, case_id)
    into = cases.load(conn, case_id).merged_into
    return case_id if into is None else _survivor(conn, into)


def _require_original(conn: Connection, case_id: int, original: int) -> None:
    """Somebody must be told of the other case, or this one would be lost."""
    if original == case_id:
        raise ActionError("A case is not a duplicate of itself.")
    if _brand_of(conn, original) != _brand_of(conn, case_id):
        raise ActionError(
            "Case {number} is another brand's: name one of the same brand.", number=original
        )
    if _case(conn, original).status is Status.DISMISSED:
        raise ActionError(
            "Case {number} is dismissed: nobody would be told of either."
            " Name another, or undo that dismissal first.",
            number=original,
        )


def answered_elsewhere(
    database: Transactions,
    case_id: int,
    channel: Channel,
    *,
    by: str,
    now: datetime,
    answered_at: datetime,
    text: str | None = None,
) -> Case:
    """Record an answer in another place (phone, e-mail, direct message), at its own time."""
    with database.writing() as conn:
        cases.lock(conn, case_id)
        case = _case(conn, case_id)
        wait = case.open_wait
        if wait is None:
            raise _not_open(case)
        if not wait.started_at <= answered_at <= now:
            raise ActionError(
                "The answer's time must lie between the complaint ({began} UTC) and now.",
                began=_minute(wait.started_at),
            )
        kept = None
        if text:
            kept = cases.keep_note(conn, case_id, text, by=by, at=now)
        fact = Fact(answered_at, AnsweredElsewhere(channel, kept), by)
        return cases.append(conn, case_id, [fact], now=now)


def note_contact(
    database: Transactions, case_id: int, channel: Channel, address: str, *, by: str, now: datetime
) -> Case:
    """Keep how the customer wants to be reached. The address is kept as a note, and purged as one."""

    def made(_: Case, conn: Connection) -> Event:
        kept = storable(address).strip()
        if not kept:
            raise ActionError("Say how the customer is reached: a number, an address.")
        return ContactNoted(channel, cases.keep_note(conn, case_id, kept, by=by, at=now))

    return _act(database, case_id, by, now, made)


def link_answer(
    database: Transactions, case_id: int, post_id: int, *, by: str, now: datetime
) -> Case:
    """Say that a brand post answers this customer where the network does not."""
    with database.writing() as conn:
        cases.lock(conn, case_id)
        case = _case(conn, case_id)
        answer = mentions.load(conn, _brand_of(conn, case_id), post_id)
        if answer is None or not answer.own or answer.gone_at is not None:
            raise ActionError("Post {number} is none of the brand's own.", number=post_id)
        first = case.open_wait or next(iter(case.waits), None)
        if first is not None and answer.post.posted_at < first.started_at:
            raise ActionError(
                "Post {number} is older than the complaint ({began} UTC): it answers nothing of it.",
                number=post_id,
                began=_minute(first.started_at),
            )
        fact = Fact(answer.post.posted_at, Answered(post_id), by)
        return cases.append(conn, case_id, [fact], now=now)


def undo(
    database: Transactions,
    case_id: int,
    *,
    by: str,
    now: datetime,
    seq: int | None = None,
    may: Callable[[Event], None] | None = None,
) -> Case:
    """Take back what a person did: the last such record, or the one with `seq`.

    `may` is shown what would be taken back, and raises MonitorError if that is not the person's to do.
    """
    with database.writing() as conn:
        cases.lock(conn, case_id)
        case = _case(conn, case_id)
        done = [
            one
            for one in case.records
            if isinstance(one.event, STAFF)
            or (isinstance(one.event, Answered) and one.by != "settle")
        ]
        chosen = [one for one in done if seq is None or one.seq == seq]
        if not chosen:
            raise ActionError("There is nothing that a person did, or it is undone already.")
        last = chosen[-1]
        if may is not None:
            may(last.event)
        return cases.append(conn, case_id, [Fact(now, Undone(last.seq), by)], now=now)


def _act(
    database: Transactions,
    case_id: int,
    by: str,
    now: datetime,
    made: Callable[[Case, Connection], Event],
) -> Case:
    with database.writing() as conn:
        cases.lock(conn, case_id)
        event = made(_case(conn, case_id), conn)
        return cases.append(conn, case_id, [Fact(now, event, by)], now=now)


def _case(conn: Connection, case_id: int) -> Case:
    """The case, if people can act on it."""
    _brand_of(conn, case_id)
    case = cases.load(conn, case_id)
    if case.merged_into is not None:
        raise ActionError(
            "Case {number} is part of case {into} now: act on that one.",
            number=case_id,
            into=case.merged_into,
        )
    return case


def _brand_of(conn: Connection, case_id: int) -> int:
    row = cases.row(conn, case_id)
    if row is None or not _is_in_sight(conn, row.brand_id):
        raise ActionError(
            "There is no case {number}; `complaint-monitor cases list` shows them.", number=case_id
        )
    return int(row.brand_id)


def _is_in_sight(conn: Connection, brand_id: int) -> bool:
    """What is written is not shadowed: a number alone must not tell that another brand has such a case."""
    names = sight.names()
    return names is None or brands.names(conn)[brand_id] in names


def _of_open(case: Case, event: Event) -> Event:
    if case.open_wait is None:
        raise _not_open(case)
    return event


def _not_open(case: Case) -> ActionError:
    return ActionError("The case is {status}: nobody waits in it.", status=case.status)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
