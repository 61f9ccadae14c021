"""`policy explain`: the whole future of a case, or of a text that nobody wrote yet."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.acting import moment
from monitor.cli.opening import opened, settings_of
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.judgement import Severity
from monitor.domain.rota import Staff
from monitor.render.policy_words import not_for
from monitor.render.tongue import ENGLISH, LANGUAGES, Tongue, tongue
from monitor.render.words import local_time

if TYPE_CHECKING:
    from monitor.policies.explaining import Explained, Judging
    from monitor.settings import Settings


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
        from monitor.policies.explaining import of_case

        with opened(ctx) as its, its.database.reading() as conn:
            zone = ZoneInfo(its.settings.timezone)
            people, now = its.settings.staff(), utc_now()
            found = of_case(conn, case, people, zone=zone, now=now, say_in=say_in)
    else:
        settings = settings_of(ctx)
        zone = ZoneInfo(settings.timezone)
        found = _post(settings, said, zone, say_in)
    if as_json:
        print_json(_as_object(found, zone, say_in))
    else:
        _print(found, zone, say_in)


def _post(settings: Settings, said: dict[str, Any], zone: ZoneInfo, say_in: Tongue) -> Explained:
    from monitor.policies.explaining import Said, of_post

    now = moment(said["at"], settings.timezone) if said["at"] else utc_now()
    brand = said["brand"] or settings.brand_names[0]
    settings_brand(settings, brand)
    asked = Said(
        brand=brand,
        network=said["network"],
        text=said["text"],
        severity=Severity[said["severity"].upper()] if said["severity"] else None,
        topics=tuple(said["topics"]),
        language=said["language"],
        followers=said["followers"],
    )

    def judging() -> Judging:
        from monitor.judging import judge_of

        judge = judge_of(settings)
        return lambda post: judge.judge([post])[0]

    staff = _staff(settings)
    return of_post(settings, asked, staff=staff, judging=judging, zone=zone, now=now, say_in=say_in)


def settings_brand(settings: Settings, name: str) -> None:
    """Raises click.UsageError: there is no such brand."""
    if name not in settings.brand_names:
        known = ", ".join(settings.brand_names)
        raise click.UsageError(f"--brand {name}: there is no such brand; known: {known}")


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


def _print(found: Explained, zone: ZoneInfo, say_in: Tongue) -> None:
    click.echo(found.headline)
    for line in found.lines:
        click.echo(f"  {line}")
    for name, because in found.passed_over:
        said = say_in('"{name}" is not for it: {why}', name=name, why=not_for(because, say_in))
        click.echo(f"  {said}")
    click.echo(f"  {found.holds(zone, say_in)}")
    click.echo(f"\n{say_in('what comes, if nobody does anything and nothing arrives')}:")
    rows = [
        (local_time(one.at, zone, say_in), one.step, one.whom, one.why)
        for one in found.foretold(zone, say_in)
    ]
    if rows:
        print_table((say_in("when"), say_in("step"), say_in("whom"), say_in("why")), rows)
    else:
        click.echo(f"  {say_in('nothing more falls due')}")


def _as_object(found: Explained, zone: ZoneInfo, say_in: Tongue) -> dict[str, Any]:
    return {
        "about": found.headline,
        "remarks": found.lines,
        "policy": found.rule.name,
        "due_at": found.due_at,
        "not_for_it": [
            {"policy": name, "because": not_for(said, say_in)} for name, said in found.passed_over
        ],
        "ahead": [
            {
                "at": one.at,
                "step": one.step,
                "whom": one.audience,
                "told": one.is_told,
                "reason": one.reason,
                "why": one.why,
            }
            for one in found.foretold(zone, say_in)
        ],
    }
