"""`cases answer`: answer a customer on the network, or say what became of an answer in doubt."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.acting import by_option
from monitor.cli.opening import Opened, opened
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.domain.reply import ReplyState
from monitor.render.reply_words import why_cancelled
from monitor.render.words import cut, local_time, plain

if TYPE_CHECKING:
    from monitor.domain.reply import Draft, Outgoing
    from monitor.ports import Desk
    from monitor.store.engine import Database

_EXCERPT = 60
_STDIN = "-"


@click.command(short_help="Answer it on the network.")
@click.argument("case", type=int)
@click.argument("text", required=False)
@click.option(
    "--post", type=int, help="Answer that post; default: the newest that may be answered."
)
@click.option(
    "--anyway", is_flag=True, help="Although somebody else has it, or the network may not allow it."
)
@click.option("--dry-run", is_flag=True, help="Show what would be posted, where, and as whom.")
@click.option("--resend", type=int, metavar="N", help="Post answer N (again): it is not there.")
@click.option("--posted", type=int, metavar="N", help="Answer N is there: somebody has looked.")
@click.option("--cancel", type=int, metavar="N", help="Never post answer N.")
@by_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def answer(ctx: click.Context, /, case: int, text: str | None, **said: Any) -> None:
    r"""Answer the customer in the brand's name: `run` posts TEXT (`-`: read it) and the wait ends.

    An answer of which nobody knows whether it was posted is looked for, and in the end asked about;
    it is never posted again by itself. `cases show` tells what became of each answer.

    \b
    Examples:
      complaint-monitor cases answer 12 "Sorry! It left today, by courier." --dry-run
      complaint-monitor cases answer 12 "Sorry! It left today, by courier."
      complaint-monitor cases answer 12 - --by ana < answer.txt
      complaint-monitor cases answer 12 --posted 3
      complaint-monitor cases answer 12 --resend 3
    """
    decisions = [name for name in ("resend", "posted", "cancel") if said[name] is not None]
    if len(decisions) + (text is not None) != 1:
        raise ConfigError("give the answer's text, or one of --resend, --posted and --cancel")
    if decisions:
        _refuse_of_texts(decisions[0], said)
    words = sys.stdin.read() if text == _STDIN else text
    with opened(ctx) as its:
        zone = ZoneInfo(its.settings.timezone)
        if words is not None and said["dry_run"]:
            _show_draft(_drafted(its, case, words, said), said["by"], as_json=said["as_json"])
            return
        if words is not None:
            one = _accepted(its, case, words, said)
        else:
            one = _decided(its, case, decisions[0], said[decisions[0]])
    if said["as_json"]:
        print_json(one)
    else:
        click.echo(plain(_as_words(one, zone)))


def _refuse_of_texts(decision: str, said: dict[str, Any]) -> None:
    """What is said of a text to be written would be silently ignored: a rehearsal would be none."""
    given = {"--post": said["post"] is not None, "--anyway": said["anyway"]}
    given |= {"--dry-run": said["dry_run"]}
    for option, is_given in given.items():
        if is_given:
            raise ConfigError(f"{option} goes with an answer's text, not with --{decision}")


def print_answers(answers: Sequence[Outgoing], zone: ZoneInfo) -> None:
    """The answers to a case, as `cases show` lists them."""
    if not answers:
        return
    click.echo("\nanswers")
    rows = [
        (
            one.number,
            local_time(one.sent_at or one.tried_at or one.written_at, zone),
            one.by,
            one.state.value,
            _what_of(one),
            cut(one.text or "(erased)", _EXCERPT),
        )
        for one in answers
    ]
    print_table(("", "at", "by", "state", "what of it", "text"), rows)


def _drafted(its: Opened, case: int, text: str, said: dict[str, Any]) -> Draft:
    from monitor.stages import answer as stage

    with its.database.reading() as conn:
        return stage.draft(
            conn,
            _desks(its),
            case,
            text,
            approved=its.settings.answers.approved(),
            by=said["by"],
            post=said["post"],
            anyway=said["anyway"],
        )


def _accepted(its: Opened, case: int, text: str, said: dict[str, Any]) -> Outgoing:
    from monitor.stages import answer as stage

    return stage.answer(
        its.database,
        _desks(its),
        case,
        text,
        approved=its.settings.answers.approved(),
        by=said["by"],
        now=utc_now(),
        post=said["post"],
        anyway=said["anyway"],
    )


def _decided(its: Opened, case: int, what: str, number: int) -> Outgoing:
    from monitor.stages import answer as stage

    database: Database = its.database
    match what:
        case "resend":
            rules = its.settings.answers.approved()
            return stage.resend(database, _desks(its), case, number, approved=rules)
        case "posted":
            return stage.posted(database, case, number, now=utc_now())
        case _:
            return stage.cancel(database, case, number)


def _desks(its: Opened) -> tuple[Desk, ...]:
    from monitor.wiring import Application

    application = Application(its.settings)
    try:
        return application.desks
    finally:
        application.close()


def _show_draft(one: Draft, by: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": True, "by": by, "draft": one})
        return
    length = f", {one.length.used} of {one.length.most} characters" if one.length else ""
    where = f" ({one.to_url})" if one.to_url else ""
    click.echo(
        f"on {one.network}{f' as {one.author}' if one.author else ''}, by {plain(by)}{length}"
    )
    click.echo(plain(f"under post {one.post}{where}"))
    click.echo("")
    click.echo("\n".join(map(plain, one.text.split("\n"))))  # its lines are posted as lines
    click.echo("\nnothing is posted: --dry-run")


def _as_words(one: Outgoing, zone: ZoneInfo) -> str:
    match one.state:
        case ReplyState.PENDING:
            return (
                f"answer {one.number} to case {one.case_id} is written: `complaint-monitor run` posts "
                f"it on {one.network}, and `cases show {one.case_id}` tells what became of it"
            )
        case ReplyState.SENT:
            at = local_time(one.sent_at, zone) if one.sent_at else "some time"
            return (
                f"answer {one.number} counts as posted at {at}; the wait ends when {one.source} brings "
                f"it, or with `cases link` or `cases answered`"
            )
        case _:
            return f"answer {one.number} is not posted: {_what_of(one)}"


def _what_of(one: Outgoing) -> str:
    if one.state is ReplyState.CANCELLED:
        return why_cancelled(one)
    return one.problem or one.url or ""
