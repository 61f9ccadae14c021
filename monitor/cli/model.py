"""`model`: what judges the posts. Measuring is in `measuring`, teaching in `teaching`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.acting import by_option
from monitor.cli.comparing import COMPARING
from monitor.cli.fitting import FITTING, only_shipped
from monitor.cli.measuring import MEASURING, json_option
from monitor.cli.opening import Opened, opened
from monitor.cli.printing import print_json, print_table, tell
from monitor.cli.teaching import TEACHING, taught
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.render.words import local_time

if TYPE_CHECKING:
    from monitor.learning.revisions import Revision
    from monitor.store.calibrations import Calibrated


@click.group(short_help="What judges: measure it, teach it, look at what it lets pass.")
def model() -> None:
    """Measure, teach, calibrate and change what judges the posts."""


for _command in (*TEACHING, *MEASURING, *FITTING, *COMPARING):
    model.add_command(_command)


@model.command(short_help="Which model judges, from which scores on, and who said so.")
@json_option
@click.pass_context
def show(ctx: click.Context, as_json: bool) -> None:
    r"""Show which model judges, its thresholds, those of calibrated sources, and what staff taught.

    \b
    Example:
      complaint-monitor model show
    """
    from monitor.domain.correction import counted
    from monitor.judging import InForce
    from monitor.store import calibrations

    with opened(ctx) as its:
        classifier = InForce(its.settings.classifier, its.database)
        limits = its.settings.thresholds(lambda: classifier.thresholds)
        zone = ZoneInfo(its.settings.timezone)
        with its.database.reading() as conn:
            adopted = next(iter(calibrations.adoptions(conn)), None)
            own = calibrations.in_force(conn, classifier.model)
            others = calibrations.of_other_models(conn, classifier.model)
        corrections, stale = taught(its)
        name = classifier.model
    said = counted(corrections)
    if as_json:
        print_json(
            {
                "model": name,
                "thresholds": limits,
                "adopted": adopted._asdict() if adopted else None,
                "calibrations": own,
                "calibrations_of_other_models": others,
                "corrections": {
                    how: {"complaints": yes, "others": no} for how, (yes, no) in said.items()
                },
                "corrections_of_edited_posts": stale,
            }
        )
        return
    click.echo(f"model     {name}")
    if adopted is not None:
        click.echo(f"adopted   {local_time(adopted.at, zone)} by {adopted.by}")
    click.echo(f"alert     from {limits.alert:.2f}")
    click.echo(f"review    from {limits.review:.2f}")
    click.echo(f"question  from {limits.question:.2f}")
    _print_calibrations(own, zone)
    for one in others:
        click.echo(
            f"{one.source}: its calibration is of {one.model}'s scores and counts no more; "
            "calibrate it again"
        )
    click.echo("\nwhat staff said")
    print_table(
        ("by", "complaints", "others"), [(how.value, *numbers) for how, numbers in said.items()]
    )
    if stale:
        click.echo(f"left out: {stale} said of words that were edited since")


def _print_calibrations(found: list[Calibrated], zone: ZoneInfo) -> None:
    if not found:
        click.echo("calibrated: no source; these thresholds hold for all")
        return
    click.echo("\ncalibrated")
    print_table(
        ("source", "alert", "review", "precision", "recall", "complaints", "others", "at", "by"),
        [
            (
                one.source,
                one.alert,
                one.review,
                _between(one.figures["precision"]),
                _between(one.figures["recall"]),
                one.figures["complaints"],
                one.figures["others"],
                local_time(one.at, zone),
                one.by,
            )
            for one in found
        ],
    )


def _between(figure: dict[str, float]) -> str:
    return f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"


@model.command("list", short_help="The models that there are, and which were adopted when.")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    r"""List the revisions that `model retrain` made, and what was adopted when and by whom.

    \b
    Example:
      complaint-monitor model list
    """
    from monitor.classifiers import weights
    from monitor.learning import revisions
    from monitor.store import calibrations

    with opened(ctx) as its:
        made = revisions.found(weights.beside(its.database.path))
        with its.database.reading() as conn:
            adopted = calibrations.adoptions(conn)
        zone = ZoneInfo(its.settings.timezone)
    if as_json:
        print_json(
            {
                "revisions": [_as_object(one) for one in made],
                "adopted": [one._asdict() for one in adopted],
            }
        )
        return
    if made:
        print_table(
            ("model", "made", "by", "from", "corrections", "folder"),
            [_row(one, zone) for one in made],
        )
    else:
        click.echo("no revision yet: `complaint-monitor model retrain` makes one")
    if adopted:
        click.echo("\nadopted")
        print_table(
            ("at", "model", "by"),
            [(local_time(one.at, zone), one.model, one.by) for one in adopted],
        )


def _row(one: Revision, zone: ZoneInfo) -> tuple[object, ...]:
    origin = one.origin
    number = origin.complaints + origin.others
    at = local_time(origin.made_at, zone)
    return one.card.model, at, origin.by, origin.base, number, one.folder


def _as_object(one: Revision) -> dict[str, Any]:
    return {
        "model": one.card.model,
        "folder": one.folder,
        "thresholds": one.card.thresholds,
        **one.origin.model_dump(mode="json"),
    }


@model.command(short_help="Let a revision judge from now on.")
@click.argument("revision")
@by_option
@click.pass_context
def adopt(ctx: click.Context, revision: str, by: str) -> None:
    r"""Let a REVISION of `model list`, or `shipped`, judge from now on; a `run` under way takes it up.

    What was judged stays as it is. Calibrations of sources rest on a model's scores and count no more:
    calibrate them again.

    \b
    Example:
      complaint-monitor model adopt 970c0b10
    """
    from monitor.classifiers import weights
    from monitor.learning import revisions

    with opened(ctx) as its:
        only_shipped(its)
        if revision == "shipped":
            _adopt_shipped(its, by)
            return
        made = revisions.found(weights.beside(its.database.path))
        wanted = revision.rpartition("@")[2]
        found = next((one for one in made if one.card.revision == wanted), None)
        if found is None:
            known = ", ".join(one.card.revision for one in made) or "none"
            raise ConfigError(f"there is no revision {revision}; there are: {known}, shipped")
        weights.verify(found.folder, found.card)
        _adopt(its, found.card.model, found.folder.absolute(), by, utc_now())
        if its.database.path is None:
            tell(f"copy {found.folder.absolute()} to each machine that judges (docs/model.md)")


@model.command(short_help="Let the model before judge again.")
@by_option
@click.pass_context
def rollback(ctx: click.Context, by: str) -> None:
    r"""Let the model that judged before the last adoption judge again: a revision, or the shipped one.

    Each further call goes back one adoption more, until the shipped one judges.

    \b
    Example:
      complaint-monitor model rollback
    """
    from monitor.store import calibrations

    with opened(ctx) as its:
        with its.database.reading() as conn:
            adopted = calibrations.adoptions(conn)
        if not adopted:
            raise ConfigError("nothing was adopted: there is no model to go back to")
        way = calibrations.way_here(adopted)
        if len(way) == 1:
            raise ConfigError(
                "the model of the config judges again: there is no model before it to go back to"
            )
        before = way[-2]
        if before is None:
            _adopt_shipped(its, by)
        else:
            _adopt(its, before.model, before.folder, by, utc_now())


def _adopt_shipped(its: Opened, by: str) -> None:
    from monitor.judging import classifier_of

    _adopt(its, classifier_of(its.settings.classifier).model, None, by, utc_now())


def _adopt(its: Opened, name: str, folder: Path | None, by: str, now: datetime) -> None:
    from monitor.store import calibrations

    with its.database.writing() as conn:
        calibrations.adopt(conn, calibrations.Adopted(now, by, name, folder))
        lost = calibrations.of_other_models(conn, name)
    click.echo(f"{name} judges from now on")
    for one in lost:
        tell(f"{one.source}: its calibration was of {one.model}; calibrate it again")
