"""`policy explain`: the whole future of a case, or of a text that nobody wrote yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.acting import moment
from monitor.cli.opening import opened, settings_of
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.case import Case, apply, fold
from monitor.domain.escalation import Watched
from monitor.domain.escalation_ahead import Told, ahead
from monitor.domain.event import Ask, AskKind, Confirmed, Opened, Record
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import Planned
from monitor.domain.phrase import Phrase
from monitor.domain.policy import Rule, Subject, first_match
from monitor.domain.rota import Staff
from monitor.render.policy_words import why
from monitor.render.tongue import ENGLISH, LANGUAGES, Tongue, tongue
from monitor.render.words import duration, local_time

if TYPE_CHECKING:
    from monitor.cli.opening import Opened as OpenedShop
    from monitor.settings import Settings

JUDGED = {
    Band.ALERT: "judged a complaint",
    Band.REVIEW: "judged unsure: nobody is told before somebody confirms it; below, as if at once",
    Band.PASS: "judged no complaint: it opens no case; below, as if it were one",
}
"""What the model finds of a text."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What is said of a case, or of a text: the rule, what it passed over, and all that is ahead."""

    headline: str
    rule: Rule
    due_at: datetime
    case: Case
    staff: Staff
    ahead: tuple[Told, ...]
    lines: tuple[str, ...] = ()
    passed_over: tuple[tuple[str, tuple[Phrase, ...]], ...] = ()


@click.command(short_help="The whole future of a case or a text: each step, when, to whom, why.")
@click.argument("case", type=int, required=False)
@click.option("--text", help="What a customer might write, judged by the model.")
@click.option("--brand", help="Whom it is about; default: the first brand.")
@click.option("--network", default="x", show_default=True, help="Where it is said.")
@click.option(
    "--severity",
    type=click.Choice([one.word for one in Severity]),
    help="Default: what the words say.",
)
@click.option(
    "--topic", "topics", multiple=True, help="Default: what the words say; several times."
)
@click.option("--in", "language", help="Its language, two letters; default: what the model finds.")
@click.option("--followers", type=click.IntRange(0), help="How many follow the author.")
@click.option("--at", help="When it is said, such as 2026-05-04T23:30; default: now.")
@click.option(
    "--language", "spoken", type=click.Choice(LANGUAGES), default=ENGLISH, help="Of words."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def explain(
    ctx: click.Context, /, case: int | None, spoken: str, as_json: bool, **said: Any
) -> None:
    r"""Print the whole future of a CASE, or of a post that nobody wrote yet: each step, when, to whom, why.

    A step that will not be told is printed with its reason: quiet hours, an acknowledgement, a snooze,
    nobody on call. Of a post, also which policies are not for it, and why. Without --text nothing is
    judged, and the post has the severity and topics that are given. Nothing is stored, nobody is told.

    \b
    Examples:
      complaint-monitor policy explain 12
      complaint-monitor policy explain --text "Still no refund" --network reddit
      complaint-monitor policy explain --severity critical --at 2026-05-04T23:30
      complaint-monitor policy explain 12 --language ro
    """
    about_a_post = said["text"] is not None or said["severity"] is not None
    if (case is None) != about_a_post:
        raise click.UsageError(
            "say what to explain, one of: a case's number; --text; --severity, for any such post"
        )
    say_in = tongue(spoken)
    if case is not None:
        with opened(ctx) as its:
            settings, found = its.settings, _case(its, case, utc_now(), say_in)
    else:
        settings = settings_of(ctx)
        found = _post(settings, said, say_in)
    zone = ZoneInfo(settings.timezone)
    if as_json:
        print_json(_as_object(found, zone, say_in))
    else:
        _print(found, zone, say_in)


def _case(its: OpenedShop, number: int, now: datetime, say_in: Tongue) -> Explained:
    from monitor.stages.act import ActionError
    from monitor.store import cases, foretelling

    with its.database.reading() as conn:
        row = cases.row(conn, number)
        if row is None:
            raise ActionError(
                "There is no case {number}; `complaint-monitor cases list` shows them.",
                number=number,
            )
        case = cases.load(conn, number)
        wait = case.open_wait
        if wait is None:
            raise ActionError(
                "Case {number} is {status}: nothing of it is ahead. "
                "`complaint-monitor cases show {number}` says what was told.",
                number=number,
                status=case.status,
            )
        rule = cases.kept_rule(conn, wait.rule)
        watched = foretelling.watched(conn, row.brand_id)
        staff = foretelling.staff(conn, its.settings.staff())
        asked = case
        if not case.is_confirmed(wait):
            asked = apply(case, Record(case.seq, now, now, "explain", Confirmed()))
        told = ahead(asked, case_id=number, rule=rule, watched=watched, staff=staff, now=now)
        zone = ZoneInfo(its.settings.timezone)
        return Explained(
            say_in(
                "case {number}: {severity}, on {network}, waits since {time}",
                number=number,
                severity=say_in(wait.severity.word),
                network=row.network,
                time=local_time(wait.started_at, zone, say_in),
            ),
            rule,
            wait.due_at,
            case,
            staff,
            tuple(told),
            tuple(_standing(case, now, zone, say_in)),
        )


def _standing(case: Case, now: datetime, zone: ZoneInfo, say_in: Tongue) -> Iterator[str]:
    """What people did that bears on what is ahead."""
    wait = case.open_wait
    if wait is not None and not case.is_confirmed(wait):
        yield say_in(
            "unconfirmed: nobody is told before somebody confirms it; below, as if that were now"
        )
    if case.owner:
        has_it = "{name} is answering" if case.claimed else "{name} has it"
        yield f"{say_in(has_it, name=case.owner)}: {say_in('the steps go on')}"
    seen, snoozed = case.acknowledged_until, case.snoozed_until
    if seen and seen > now:
        yield say_in(
            "acknowledged until {time}: repeats of what was reached pause",
            time=local_time(seen, zone, say_in),
        )
    if snoozed and snoozed > now:
        yield say_in(
            "snoozed until {time}: no step before then", time=local_time(snoozed, zone, say_in)
        )


def _post(settings: Settings, said: dict[str, Any], say_in: Tongue) -> Explained:
    now = moment(said["at"], settings.timezone) if said["at"] else utc_now()
    brand = said["brand"] or settings.brand_names[0]
    settings_brand(settings, brand)
    subject = Subject(
        brand=brand,
        network=said["network"].lower(),
        severity=Severity[(said["severity"] or "normal").upper()],
        topics=tuple(said["topics"]),
        language=said["language"],
        followers=said["followers"],
    )
    lines: tuple[str, ...] = ()
    if said["text"] is not None:
        subject, lines = _judged(settings, said, subject, now, say_in)
    rules = settings.targets()
    rule = first_match(rules, subject)
    over = [(one.name, one.match.against(subject)) for one in rules[: rules.index(rule)]]
    staff = _staff(settings)
    case = _opened(subject, rule, now)
    always = Watched(since=now)
    told = ahead(case, case_id=0, rule=rule, watched=always, staff=staff, now=now)
    topics = ", ".join(subject.topics)
    headline = say_in(
        "a post of {time} on {network}: {severity}",
        time=local_time(now, ZoneInfo(settings.timezone), say_in),
        network=subject.network,
        severity=say_in(subject.severity.word),
    )
    headline += say_in(", about {topics}", topics=topics) if topics else ""
    return Explained(headline, rule, rule.due(now), case, staff, tuple(told), lines, tuple(over))


def settings_brand(settings: Settings, name: str) -> None:
    """Raises click.UsageError: there is no such brand."""
    if name not in settings.brand_names:
        known = ", ".join(settings.brand_names)
        raise click.UsageError(f"--brand {name}: there is no such brand; known: {known}")


def _judged(
    settings: Settings, said: dict[str, Any], subject: Subject, now: datetime, say_in: Tongue
) -> tuple[Subject, tuple[str, ...]]:
    """The subject with what the words say where the command line says nothing."""
    from monitor.domain.post import Post, PostKey
    from monitor.judging import judge_of

    key = PostKey(subject.network, "text")
    post = Post(key=key, thread=key.external_id, text=said["text"], posted_at=now)
    [(judged, told)] = judge_of(settings).judge([post])
    found = replace(
        subject,
        severity=subject.severity if said["severity"] else told.severity,
        topics=subject.topics or told.topics,
        language=subject.language or judged.language,
    )
    means = say_in(JUDGED[told.band])
    chance = say_in.number(f"{judged.complaint:.2f}")
    return found, (f"{means} ({chance}): {told.reason}",)


def _staff(settings: Settings) -> Staff:
    """The people, and who is on call as the database knows it; without a database nobody is."""
    from monitor.domain.errors import StoreError
    from monitor.store import maintenance, rotas
    from monitor.store.engine import Database

    def on_call(name: str, at: datetime) -> tuple[str, ...]:
        database = Database(settings.database)
        try:
            if database.path is not None and not database.path.exists():
                return ()
            maintenance.require_current(database)
            with database.reading() as conn:
                return rotas.on_call(conn, name, at)
        except StoreError:
            return ()
        finally:
            database.close()

    return Staff(settings.staff(), on_call)


def _opened(subject: Subject, rule: Rule, now: datetime) -> Case:
    """The case that such a post would open."""
    ask = Ask(
        post=0,
        kind=AskKind.COMPLAINT,
        band=Band.ALERT,
        severity=subject.severity,
        topics=subject.topics,
        first_seen_at=now,
        due_at=rule.due(now),
        rule=rule.digest,
    )
    return fold([Record(1, now, now, "explain", Opened(ask))])


def _print(found: Explained, zone: ZoneInfo, say_in: Tongue) -> None:
    click.echo(found.headline)
    for line in found.lines:
        click.echo(f"  {line}")
    for name, because in found.passed_over:
        why_not = say_in('"{policy}" is not for it', policy=name)
        click.echo(f"  {why_not}: {_listed(because, say_in)}")
    holds = say_in(
        '"{policy}" holds: an answer within {target}, due {due}',
        policy=found.rule.name,
        target=duration(found.rule.target, say_in),
        due=local_time(found.due_at, zone, say_in),
    )
    click.echo(f"  {holds}")
    click.echo(f"\n{say_in('what comes, if nobody does anything and nothing arrives')}:")
    rows = list(_rows(found, zone, say_in))
    if rows:
        head = (say_in("when"), say_in("step"), say_in("whom"), say_in("why"))
        print_table(head, rows)
    else:
        click.echo(f"  {say_in('nothing more falls due')}")


def _listed(because: Sequence[Phrase], say_in: Tongue) -> str:
    return say_in(", and ").join(map(say_in.of, because))


def _rows(found: Explained, zone: ZoneInfo, say_in: Tongue) -> Iterator[Sequence[str]]:
    shown = _why(found, zone, say_in)
    for told in found.ahead:
        for one in told.firing.notices:
            step = told.firing.event.step
            yield (
                local_time(told.at, zone, say_in),
                step,
                _whom(found.staff, one.audience),
                shown(one, told),
            )


def _whom(staff: Staff, audience: str) -> str:
    person = staff.person_at(audience)
    return f"{person.name} ({audience})" if person else audience


def _why(found: Explained, zone: ZoneInfo, say_in: Tongue) -> Callable[[Planned, Told], str]:
    return partial(
        why, rule=found.rule, case=found.case, staff=found.staff, zone=zone, say_in=say_in
    )


def _as_object(found: Explained, zone: ZoneInfo, say_in: Tongue) -> dict[str, Any]:
    shown = _why(found, zone, say_in)
    return {
        "about": found.headline,
        "remarks": found.lines,
        "policy": found.rule.name,
        "due_at": found.due_at,
        "not_for_it": [
            {"policy": name, "because": _listed(said, say_in)} for name, said in found.passed_over
        ],
        "ahead": [
            {
                "at": told.at,
                "step": told.firing.event.step,
                "whom": one.audience,
                "told": not one.suppressed,
                "reason": one.reason,
                "why": shown(one, told),
            }
            for told in found.ahead
            for one in told.firing.notices
        ],
    }
