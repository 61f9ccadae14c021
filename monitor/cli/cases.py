"""`cases`: list, show and open cases. What people do to them is in `acting`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.acting import ACTIONS, by_option, moment
from monitor.cli.answering import answer, print_answers
from monitor.cli.finding import search
from monitor.cli.opening import Opened, make, opened, settings_of
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Severity
from monitor.render.words import cut, duration, local_time, not_judged, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.domain.digest import Unanswered
    from monitor.domain.event import Record
    from monitor.domain.identity import Brand
    from monitor.domain.notice import CaseCard
    from monitor.domain.reply import Outgoing
    from monitor.settings import Settings
    from monitor.store.outbox import Entry

_EXCERPT = 60


@click.group(short_help="List, show, open and work on cases.")
def cases() -> None:
    """List, show, open and work on cases."""


for _action in (*ACTIONS, answer, search):
    cases.add_command(_action)


@cases.command("list", short_help="What is open, first due first.")
@click.option("--brand", help="Of one brand alone.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Lines a brand."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def list_(ctx: click.Context, brand: str | None, limit: int, as_json: bool) -> None:
    r"""List the open cases, first due first.

    \b
    Examples:
      complaint-monitor cases list
      complaint-monitor cases list --brand Bufnivo --limit 500 --json
    """
    from monitor.store import brands, waits

    now = utc_now()
    with opened(ctx) as its, its.database.reading() as conn:
        known = {name: number for number, name in brands.names(conn).items()}
        if brand is not None and brand not in known:
            raise ConfigError(f"--brand {brand}: there is no such brand; known: {', '.join(known)}")
        wanted = [brand] if brand else sorted(known)
        found = {one: waits.open_list(conn, known[one], now, limit=limit + 1) for one in wanted}
        unjudged = sum(waits.unjudged(conn, known[one]) for one in wanted)
    lines = [(name, one) for name, open_ in found.items() for one in open_[:limit]]
    if as_json:
        print_json([_as_object(name, one) for name, one in lines])
        return
    if not lines:
        click.echo(not_judged(unjudged) if unjudged else "nobody waits for an answer")
        return
    print_table(
        ("case", "due", "severity", "network", "has it", "post"),
        [_row(one, now) for _, one in lines],
    )
    if any(len(one) > limit for one in found.values()):
        click.echo(f"there are more: --limit {limit * 10} shows them")


def _row(one: Unanswered, now: datetime) -> tuple[object, ...]:
    line = one.line
    late = "late by" if one.due_at < now else "in"
    due = f"{late} {duration(abs(one.due_at - now))}" if one.confirmed else "unconfirmed"
    text = cut(plain(line.title or line.text or "(purged)").replace("\n", " "), _EXCERPT)
    return line.case_id, due, line.severity.word, line.network, line.owner or "-", text


def _as_object(brand: str, one: Unanswered) -> dict[str, Any]:
    line = one.line
    return {
        "case": line.case_id,
        "brand": brand,
        "network": line.network,
        "severity": line.severity,
        "topics": line.topics,
        "confirmed": one.confirmed,
        "owner": line.owner,
        "author": line.author,
        "title": line.title,
        "text": line.text,
        "url": line.url,
        "waiting_since": line.waiting_since,
        "waited": line.waited,
        "due_at": one.due_at,
    }


@cases.command(short_help="One case with its history.")
@click.argument("case", type=int)
@click.option("--why", is_flag=True, help="Which words of the first post moved its score.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def show(ctx: click.Context, case: int, why: bool, as_json: bool) -> None:
    r"""Show a case: what was said, where it stands, all that happened, and what was told to whom.

    \b
    Examples:
      complaint-monitor cases show 12
      complaint-monitor cases show 12 --why
    """
    with opened(ctx) as its:
        card, history, notices, notes, replies = _gather(its, case)
        zone = ZoneInfo(its.settings.timezone)
        words = _moved_by(its, case) if why else []
    if as_json:
        events = [{**_fields(one), "kind": type(one.event).__name__} for one in history]
        said = {"card": card, "history": events, "notices": notices, "notes": notes}
        print_json(said | {"answers": replies} | ({"words": words} if why else {}))
        return
    _print_card(card, zone)
    if why:
        from monitor.cli.classify import in_words

        click.echo(
            f"  {'words':<9} {in_words(words) or 'not told: purged, or the model cannot say'}"
        )
    click.echo("\nhistory")
    print_table(
        ("", "at", "what", "by"),
        [(one.seq, local_time(one.at, zone), _what(one, notes, zone), one.by) for one in history],
    )
    print_answers(replies, zone)
    if notices:
        click.echo("\ntold")
        print_table(
            ("at", "kind", "whom", "state", "reason"),
            [
                (
                    local_time(one.sent_at or one.due_at, zone),
                    one.kind,
                    one.audience,
                    one.state,
                    one.problem or one.reason,
                )
                for one in notices
            ],
        )


def _moved_by(its: Opened, case: int) -> list[tuple[str, float]]:
    """What moved the score of the post that opened the case, by the model that judges now."""
    from monitor.cli.classify import moved_by
    from monitor.judging import judge_of
    from monitor.store import cases as stored
    from monitor.store import posts

    with its.database.reading() as conn:
        row = stored.row(conn, case)
        found = posts.load_posts(conn, [] if row is None else [row.root_post_id])
    judge = judge_of(its.settings)
    return [moved for post in found.values() for moved in moved_by(judge, post)]


def _gather(
    its: Opened, case: int
) -> tuple[CaseCard, tuple[Record, ...], list[Entry], dict[int, str], list[Outgoing]]:
    from monitor.stages.act import ActionError
    from monitor.store import answers, cards, outbox
    from monitor.store import cases as stored

    with its.database.reading() as conn:
        if stored.row(conn, case) is None:
            raise ActionError(
                f"There is no case {case}; `complaint-monitor cases list` shows them."
            )
        card = cards.card(conn, case, utc_now(), None)
        notices, history = outbox.case_notices(conn, case), stored.history(conn, case)
        replies = answers.of_case(conn, case)
        return card, history, notices, stored.notes(conn, history), replies


def _fields(one: Record) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "at": one.at,
        "recorded_at": one.recorded_at,
        "by": one.by,
        "event": one.event,
    }


def _what(one: Record, notes: Mapping[int, str], zone: ZoneInfo) -> str:
    told = type(one.event).__name__
    details = [
        f"{name} {local_time(value, zone) if isinstance(value, datetime) else value}"
        for name in ("to", "until", "channel", "reason", "step", "seq", "into")
        if (value := getattr(one.event, name, None)) is not None
    ]
    note = getattr(one.event, "note", None)
    if note is not None:
        details.append(plain(notes.get(note, "(purged)")))
    return f"{told} ({', '.join(details)})" if details else told


def _print_card(card: CaseCard, zone: ZoneInfo) -> None:
    click.echo(
        f"case {card.case_id}: {card.status}, {card.severity.word}, {card.brand} on {card.network}"
    )
    due = local_time(card.due_at, zone) if card.due_at else "-"
    said = {
        "author": card.author,
        "title": card.title,
        "text": card.text if card.text is not None else "(purged)",
        "rating": card.rating,
        "link": card.url,
        "posted": local_time(card.posted_at, zone),
        "due": due,
        "waited": duration(card.waited) if card.waited is not None else None,
        "answered": local_time(card.answered_at, zone) if card.answered_at else None,
        "answer": card.answer_text,
        "topics": ", ".join(card.topics),
        "why": card.why,
        "has it": card.owner,
        "reach by": card.contact,
    }
    for name, value in said.items():
        if value:
            click.echo(f"  {name:<9} {plain(str(value))}")


@cases.command("open", short_help="Open a case by hand.")
@click.argument("what", metavar="URL|TEXT")
@click.option("--text", help="What the customer says there, if WHAT is an address.")
@click.option("--author", help="The customer's handle, number or name.")
@click.option("--brand", help="Whom it is about; default: the only brand.")
@click.option("--at", help="When it was said, such as 2026-05-04T09:30; default: now.")
@click.option(
    "--severity",
    type=click.Choice([one.word for one in Severity]),
    help="Default: what the words say.",
)
@by_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def open_(ctx: click.Context, /, what: str, by: str, as_json: bool, **said: str | None) -> None:
    r"""Open a case by hand, from an address or from what the customer said.

    \b
    Examples:
      complaint-monitor cases open https://forum.example/t/81 --author ana --text "No parcel yet"
      complaint-monitor cases open "Called: charged twice" --author "0712 000 111" --severity high
    """
    from monitor.stages import by_hand
    from monitor.store import maintenance
    from monitor.store.engine import Database

    settings = settings_of(ctx)
    brand = _brand(settings, said["brand"])
    now = utc_now()
    post = by_hand.heard(
        brand,
        said["text"] or what,
        url=what if what.startswith(("https://", "http://")) else None,
        author=said["author"],
        posted_at=min(moment(said["at"], settings.timezone), now) if said["at"] else now,
    )
    severity = said["severity"]
    database = Database(settings.database)
    try:
        if database.path is not None and not database.path.exists():
            make(database)
        maintenance.require_current(database)
        case_id = by_hand.open_case(
            database,
            brand,
            post,
            rules=settings.targets(),
            lexicon=settings.lexicon(),
            severity=Severity[severity.upper()] if severity else None,
            by=by,
            now=now,
        )
    finally:
        database.close()
    if as_json:
        print_json({"case": case_id})
    else:
        click.echo(f"case {case_id} is open")


def _brand(settings: Settings, name: str | None) -> Brand:
    known = ", ".join(settings.brand_names)
    if name is None and len(settings.brands) > 1:
        raise ConfigError(f"say whom it is about: --brand, one of {known}")
    found = next((one for one in settings.brands if name in (None, one.name)), None)
    if found is None:
        raise ConfigError(f"--brand {name}: there is no such brand; known: {known}")
    return found.brand()
