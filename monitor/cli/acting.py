"""What people do to a case: one small command each, over the same functions as buttons and pages."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.printing import print_json
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.domain.event import Channel
from monitor.render.words import local_time, plain

if TYPE_CHECKING:
    from monitor.domain.case import Case
    from monitor.store.engine import Database

by_option = click.option(
    "--by",
    default=getpass.getuser,
    show_default="the user who is logged in",
    help="Who does it.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def moment(text: str, timezone: str) -> datetime:
    """A time in UTC; one without a zone is in the config's own. Raises ConfigError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no time: write 2026-05-04T09:30") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def _acting(function: Callable[..., None]) -> Callable[..., None]:
    """The arguments that all of them take."""
    passed: Callable[..., None] = click.pass_context(function)
    return click.argument("case", type=int)(by_option(_json_option(passed)))


def _do(
    ctx: click.Context, case: int, as_json: bool, done: Callable[[Any, Database], Case]
) -> None:
    """Open the database, let `done` act on it with the functions of `stages.act`, show the case."""
    from monitor.stages import act

    with opened(ctx) as its:
        after = done(act, its.database)
        timezone = its.settings.timezone
    if as_json:
        print_json(_as_object(case, after))
    else:
        click.echo(plain(_as_words(case, after, ZoneInfo(timezone))))


def _as_object(number: int, case: Case) -> dict[str, Any]:
    wait = case.open_wait
    return {
        "case": number,
        "status": case.status,
        "severity": case.severity,
        "owner": case.owner,
        "claimed": case.claimed,
        "confirmed": wait is None or case.is_confirmed(wait),
        "acknowledged_until": case.acknowledged_until,
        "snoozed_until": case.snoozed_until,
        "due_at": wait.due_at if wait else None,
        "seq": case.seq,
    }


def _as_words(number: int, case: Case, zone: ZoneInfo) -> str:
    parts = [f"case {number}: {case.status.value}"]
    if case.owner:
        parts.append(f"{case.owner} {'is answering' if case.claimed else 'has it'}")
    if case.acknowledged_until:
        parts.append(f"acknowledged until {local_time(case.acknowledged_until, zone)}")
    if case.snoozed_until:
        parts.append(f"no step before {local_time(case.snoozed_until, zone)}")
    if case.open_wait:
        parts.append(f"due {local_time(case.open_wait.due_at, zone)}")
    return ", ".join(parts)


@click.command(short_help="Say that you are answering it.")
@_acting
def claim(ctx: click.Context, case: int, by: str, as_json: bool) -> None:
    r"""Say "I am answering this", so that two do not answer at once.

    \b
    Example:
      complaint-monitor cases claim 12
    """
    _do(ctx, case, as_json, lambda act, db: act.claim(db, case, by=by, now=utc_now()))


@click.command(short_help="Stop the repeats for a while.")
@_acting
def ack(ctx: click.Context, case: int, by: str, as_json: bool) -> None:
    r"""Acknowledge: the repeats of the current step pause as long as the policy allows. The clock goes on.

    \b
    Example:
      complaint-monitor cases ack 12 --by ana
    """
    _do(ctx, case, as_json, lambda act, db: act.acknowledge(db, case, by=by, now=utc_now()))


@click.command(short_help="Give it to somebody.")
@_acting
@click.argument("person")
def assign(ctx: click.Context, case: int, person: str, by: str, as_json: bool) -> None:
    r"""Give the case to a person.

    \b
    Example:
      complaint-monitor cases assign 12 ana
    """
    _do(ctx, case, as_json, lambda act, db: act.assign(db, case, person, by=by, now=utc_now()))


@click.command(short_help="Give all of one person's to another.")
@by_option
@_json_option
@click.argument("person")
@click.argument("to")
@click.pass_context
def handover(ctx: click.Context, person: str, to: str, by: str, as_json: bool) -> None:
    r"""Give all open cases that PERSON has to somebody else, as at the end of a shift: all, or none.

    Whom [people.NAME] in the config knows by that name is told which they are, where they alone read;
    in quiet hours, when these end.

    \b
    Example:
      complaint-monitor cases handover ana dan
    """
    from monitor.stages import act
    from monitor.store import brands

    with opened(ctx) as its:
        with its.database.reading() as conn:
            known = brands.names(conn)
        receiver, now = its.settings.staff().get(to), utc_now()
        numbers = act.hand_over(
            its.database,
            known,
            lambda owner: owner == person,
            to,
            by=by,
            now=now,
            tell=receiver.told_at(now) if receiver else None,
        )
    if as_json:
        print_json({"from": person, "to": to, "cases": list(numbers)})
    else:
        named = ", ".join(map(str, numbers))
        click.echo(plain(f"{len(numbers)} from {person} to {to}: {named}"))


@click.command(short_help="No step for a while.")
@click.option("--why", help="The reason; needed if it goes beyond the due time.")
@_acting
@click.argument("time", metavar="SPAN")
def snooze(
    ctx: click.Context, case: int, time: str, why: str | None, by: str, as_json: bool
) -> None:
    r"""Take no further step for a SPAN such as 90m or 2h. The clock goes on.

    \b
    Examples:
      complaint-monitor cases snooze 12 30m
      complaint-monitor cases snooze 12 1d --why "waits for the courier"
    """
    from monitor.settings.spans import span

    try:
        length = span(time)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    _do(
        ctx,
        case,
        as_json,
        lambda act, db: act.snooze(db, case, length, by=by, now=utc_now(), why=why),
    )


@click.command(short_help="Say that it is no complaint.")
@click.option("--duplicate-of", type=int, help="It is the same as that case.")
@_acting
def dismiss(
    ctx: click.Context, case: int, duplicate_of: int | None, by: str, as_json: bool
) -> None:
    r"""Say that the case is no complaint, or the same as another one. It can be undone.

    \b
    Examples:
      complaint-monitor cases dismiss 12
      complaint-monitor cases dismiss 12 --duplicate-of 9
    """
    _do(
        ctx,
        case,
        as_json,
        lambda act, db: act.dismiss(db, case, by=by, now=utc_now(), duplicate_of=duplicate_of),
    )


@click.command(short_help="Say that it is a complaint.")
@_acting
def confirm(ctx: click.Context, case: int, by: str, as_json: bool) -> None:
    r"""Say that an unconfirmed case is a complaint: from now on it counts and alerts.

    \b
    Example:
      complaint-monitor cases confirm 12
    """
    _do(ctx, case, as_json, lambda act, db: act.confirm(db, case, by=by, now=utc_now()))


@click.command(short_help="Take back what a person did.")
@click.option("--seq", type=int, help="Which entry of the history; default: the last.")
@_acting
def undo(ctx: click.Context, case: int, seq: int | None, by: str, as_json: bool) -> None:
    r"""Take back the last thing that a person did to the case, or the entry --seq of its history.

    \b
    Examples:
      complaint-monitor cases undo 12
      complaint-monitor cases undo 12 --seq 3
    """
    _do(ctx, case, as_json, lambda act, db: act.undo(db, case, by=by, now=utc_now(), seq=seq))


@click.command(short_help="Say that it was answered in another place.")
@click.option(
    "--channel",
    type=click.Choice([one.value for one in Channel]),
    default=Channel.PHONE.value,
    show_default=True,
    help="Where.",
)
@click.option("--at", help="When, such as 2026-05-04T09:30; default: now.")
@click.option("--text", help="A note of what was said.")
@_acting
def answered(
    ctx: click.Context,
    case: int,
    channel: str,
    at: str | None,
    text: str | None,
    by: str,
    as_json: bool,
) -> None:
    r"""Say that the customer was answered in another place. Counted, in a column of its own.

    \b
    Example:
      complaint-monitor cases answered 12 --channel phone --at 2026-05-04T09:30
    """
    with opened(ctx) as its:
        timezone = its.settings.timezone
    now = utc_now()
    answered_at = moment(at, timezone) if at else now
    _do(
        ctx,
        case,
        as_json,
        lambda act, db: act.answered_elsewhere(
            db, case, Channel(channel), by=by, now=now, answered_at=answered_at, text=text
        ),
    )


@click.command(short_help="Keep how the customer wants to be reached.")
@click.option(
    "--channel",
    type=click.Choice([one.value for one in Channel]),
    default=Channel.PHONE.value,
    show_default=True,
    help="How.",
)
@_acting
@click.argument("address")
def contact(
    ctx: click.Context, case: int, address: str, channel: str, by: str, as_json: bool
) -> None:
    r"""Keep how the customer wants to be reached; the card shows it, and it is purged with the notes.

    \b
    Example:
      complaint-monitor cases contact 12 "0712 000 111" --channel phone
    """
    _do(
        ctx,
        case,
        as_json,
        lambda act, db: act.note_contact(db, case, Channel(channel), address, by=by, now=utc_now()),
    )


@click.command(short_help="Say which post answers it.")
@_acting
@click.argument("post", type=int)
def link(ctx: click.Context, case: int, post: int, by: str, as_json: bool) -> None:
    r"""Say that the brand's own POST (its number) answers the customer, where the network does not tell.

    \b
    Example:
      complaint-monitor cases link 12 345
    """
    _do(ctx, case, as_json, lambda act, db: act.link_answer(db, case, post, by=by, now=utc_now()))


ACTIONS: Sequence[click.Command] = (
    claim,
    ack,
    assign,
    handover,
    snooze,
    dismiss,
    confirm,
    undo,
    answered,
    link,
    contact,
)
