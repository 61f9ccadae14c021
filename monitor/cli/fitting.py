"""`model calibrate`, `model retrain`: thresholds and head from what staff said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.acting import by_option
from monitor.cli.measuring import corrected, json_option, posts_of
from monitor.cli.opening import Opened, opened
from monitor.cli.printing import print_json, print_table, tell
from monitor.cli.teaching import taught
from monitor.clock import utc_now
from monitor.domain.correction import Correction
from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Thresholds

_RECENT = timedelta(days=30)

if TYPE_CHECKING:
    from monitor.ports import Classifier
    from monitor.store.calibrations import Calibrated


@click.command(short_help="Fit a source's thresholds to what staff said.")
@click.argument("source")
@click.option("--undo", is_flag=True, help="Back to the model's own thresholds.")
@by_option
@json_option
@click.pass_context
def calibrate(ctx: click.Context, source: str, undo: bool, by: str, as_json: bool) -> None:
    r"""Fit the thresholds of a SOURCE to what staff said of its posts; no other source changes.

    Alert: best macro-F1 with a precision of .85 or more; review: 95 % of the complaints, from .01 on.
    Needs 50 complaints and 50 posts that are none. Posts judged from then on are held against them.

    \b
    Examples:
      complaint-monitor model calibrate reddit
      complaint-monitor model calibrate reddit --undo
    """
    from monitor.store import calibrations

    with opened(ctx) as its:
        known = sorted({one.called for one in its.settings.sources})
        if source not in known:
            raise ConfigError(
                f"there is no source {source}; there are: {', '.join(known) or 'none'}"
            )
        made = _calibrated(its, source, by, undo=undo)
        if not undo:
            _tell_share(its, made)
        with its.database.writing() as conn:
            calibrations.keep(conn, made)
    if as_json:
        print_json(made)
    elif undo:
        click.echo(f"{source}: the thresholds of {made.model} hold again")
    else:
        _print_calibrated(made.source, made.figures)


def _calibrated(its: Opened, source: str, by: str, *, undo: bool) -> Calibrated:
    from monitor.judging import InForce
    from monitor.learning import fitting
    from monitor.store.calibrations import Calibrated

    classifier = InForce(its.settings.classifier, its.database)
    limits = its.settings.thresholds(lambda: classifier.thresholds)
    now = utc_now()
    model = classifier.model
    if undo:
        return Calibrated(
            source=source, model=model, at=now, by=by, alert=None, review=None, figures={}
        )
    import numpy as np

    found = [one for one in taught(its)[0] if source in one.sources]
    scored = _scored(its, classifier, found)
    fitted = fitting.fit(
        np.array([score for _, score in scored], dtype=float),
        np.array([one.is_complaint for one, _ in scored], dtype=bool),
        np.array([one.weight for one, _ in scored], dtype=float),
        limits,
    )
    return Calibrated(
        source=source,
        model=model,
        at=now,
        by=by,
        alert=fitted.alert.value,
        review=fitted.review.value,
        figures=fitted.figures(),
    )


def _tell_share(its: Opened, made: Calibrated) -> None:
    """How much work the thresholds would have made of the last 30 days' posts."""
    from monitor.store import calibrations

    general = Thresholds(1.0, 1.0)
    with its.database.reading() as conn:
        asked, n = calibrations.asked_about(
            conn, made.source, made.model, made.at - _RECENT, made.over(general)
        )
    share = f" ({asked / n:.1%})" if n else ""
    tell(f"{asked} of the {n} posts{share} of the last 30 days would go to review")


def _scored(
    its: Opened, classifier: Classifier, found: Sequence[Correction]
) -> list[tuple[Correction, float]]:
    """With this model's score: the one that was kept, else a new one where the words are."""
    known = [
        (one, one.judged.complaint)
        for one in found
        if one.judged is not None and one.judged.model == classifier.model
    ]
    have = {id(one) for one, _ in known}
    rest = [one for one in found if id(one) not in have]
    words = posts_of(its, rest)
    again = [one for one in rest if one.post_id in words]
    judged = classifier.classify([words[one.post_id] for one in again]) if again else []
    lost = len(rest) - len(again)
    if lost:
        tell(f"left out: {lost} that another model judged and whose words are purged")
    return [*known, *((one, it.complaint) for one, it in zip(again, judged, strict=True))]


def _print_calibrated(source: str, figures: Any) -> None:
    def said(name: str) -> str:
        one = figures[name]
        return f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"

    click.echo(
        f"{source}: fitted on {figures['complaints']} complaints and {figures['others']} others"
    )
    click.echo(f"  alert from   {said('alert')}")
    click.echo(f"  review from  {said('review')}")
    click.echo(f"  precision    {said('precision')}, before {said('precision_before')}")
    click.echo(f"  recall       {said('recall')}, before {said('recall_before')}")
    click.echo("95 % intervals; measured on the posts that it was fitted on")


@click.command(short_help="Fit the model's head to what staff said: a new revision.")
@by_option
@json_option
@click.pass_context
def retrain(ctx: click.Context, by: str, as_json: bool) -> None:
    r"""Make a new revision of the model from staff's corrections and the texts it learned from.

    Takes some minutes and needs no torch. It judges nothing before `model adopt`; look at
    `model compare` first.

    \b
    Example:
      complaint-monitor model retrain
    """
    from monitor.classifiers import weights
    from monitor.learning import revisions

    with opened(ctx) as its:
        only_shipped(its)
        rows, _ = corrected(its)
        own = its.settings.classifier.options.get("folder")
        base = weights.find([Path(str(own))] if own else weights.installed())
        into = weights.beside(its.database.path)
        made = revisions.retrain(base, into, rows, by=by, now=utc_now(), say=tell)
    if as_json:
        print_json({"model": made.card.model, "folder": made.folder, **made.origin.model_dump()})
        return
    origin = made.origin
    click.echo(
        f"{made.card.model} from {origin.base}: {origin.complaints} complaints, {origin.others} "
        f"others, {origin.stock} texts of the stock"
    )
    print_table(
        ("measured on", "n", "before", "after"),
        [(one.what, one.n, one.before, one.after) for one in origin.figures],
    )
    click.echo(f"in {made.folder}")
    click.echo(f"next: complaint-monitor model compare {made.card.revision}")


def only_shipped(its: Opened) -> None:
    """Raises ConfigError where the config names a model of another make."""
    from monitor.judging import SHIPPED

    if its.settings.classifier.use != SHIPPED:
        raise ConfigError(
            f"[classifier] use is {its.settings.classifier.use}: only the shipped model can be "
            "retrained and its revisions adopted"
        )


FITTING: Sequence[click.Command] = (calibrate, retrain)
