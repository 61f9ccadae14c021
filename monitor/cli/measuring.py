"""`model eval`, `model drift`: what the model is worth on what it meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import compress
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import Opened, opened, settings_or_own
from monitor.cli.printing import is_terminal, print_json, print_table
from monitor.cli.teaching import taught
from monitor.clock import utc_now
from monitor.domain.correction import Correction
from monitor.domain.errors import ClassifierError, ConfigError
from monitor.domain.judgement import Thresholds
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.domain.chance import Between
    from monitor.domain.post import Post
    from monitor.learning.evaluation import Figures
    from monitor.learning.metrics import Floats
    from monitor.learning.texts import Labelled
    from monitor.ports import Classifier
    from monitor.settings import ClassifierTable

_NO_SAMPLE = (
    "These are no random posts: what nobody saw is not among them. `complaint-monitor report` "
    "estimates what is missed."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="THEIRS=OURS",
    help="What a label of a foreign model means: NEGATIVE=complaint.",
)


@click.command("eval", short_help="How good it is, on corrections or labelled texts.")
@click.option(
    "--texts",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSONL or CSV with text and label; default: staff's corrections.",
)
@click.option(
    "--classifier",
    "name",
    help="A revision, a folder, a plug-in or a Hugging Face name; default: what judges now.",
)
@label_option
@json_option
@click.pass_context
def eval_(
    ctx: click.Context,
    files: Sequence[Path],
    name: str | None,
    labels: Sequence[str],
    as_json: bool,
) -> None:
    r"""Measure a classifier on what staff said of posts, or on labelled texts, with 95 % intervals.

    Texts need no config and no database. A label is complaint, question, praise, other,
    not_a_complaint, or yes or no. A text to which the classifier gives no score is named and left out.

    \b
    Examples:
      complaint-monitor model eval
      complaint-monitor model eval --texts ours.jsonl --classifier models/my-bert --label LABEL_1=complaint
    """
    from monitor.learning.evaluation import evaluate

    if files:
        from monitor.learning import texts

        rows = [one for path in files for one in texts.read(path)]
        classifier, limits = chosen(ctx, name, labels)
        notes: list[str] = []
    else:
        with opened(ctx) as its:
            rows, notes = corrected(its)
        classifier, limits = chosen(ctx, name, labels)
    rows, found, unscored = _scored(classifier, rows)
    figures = evaluate(rows, found, limits)
    if as_json:
        said = {"model": classifier.model, "thresholds": limits, "figures": figures}
        print_json({**said, "unscored": unscored})
        return
    click.echo(
        f"{classifier.model}: alert from {limits.alert:.2f}, review from {limits.review:.2f}"
    )
    _print_figures(figures)
    for note in notes:
        click.echo(note)
    if unscored:
        click.echo(f"left out: {len(unscored)} to which it gives no score that is a number")
    for place in unscored:
        click.echo(f"no score: {plain(place)}", err=True)


def _scored(
    classifier: Classifier, rows: Sequence[Labelled]
) -> tuple[list[Labelled], Floats, list[str]]:
    """Those that the classifier gives a score, with P(complaint) of each, and where the others stand.

    Raises:
        ClassifierError: it gives none a score.

    """
    from monitor.learning.evaluation import judge

    with bar("judging", len(rows)) as done:
        found = judge(classifier, [one.text for one in rows], done)
    has_score = [not isnan(one) for one in found]
    if not any(has_score):
        raise ClassifierError(
            f"{classifier.model} gives none of the {len(rows)} texts a score that is a number: are "
            "its weights whole?"
        )
    unscored = [row.place for row in compress(rows, map(isnan, found))]
    return list(compress(rows, has_score)), found[has_score], unscored


def chosen(
    ctx: click.Context, name: str | None, labels: Sequence[str]
) -> tuple[Classifier, Thresholds]:
    """The classifier that a person names (None: what judges now), with the thresholds it would judge by.

    Those are its own where `[classifier.thresholds]` says nothing, as when it is adopted.
    """
    from monitor.classifiers.weights import beside
    from monitor.judging import classifier_of, own_thresholds, table_in_force
    from monitor.store.engine import Database

    settings = settings_or_own(ctx)
    if name is None:
        table = table_in_force(settings)
    else:
        pairs = dict(_pair(one) for one in labels)
        table = _named(name, pairs, beside(Database(settings.database).path))
    classifier = classifier_of(table)
    return classifier, settings.thresholds(lambda: own_thresholds(classifier))


def _named(name: str, labels: Mapping[str, str], models: Path) -> ClassifierTable:
    """A classifier by what a person calls it.

    A revision of `models`, a folder with a model of ours, a plug-in or package.module:Class, else a
    folder or name in the Hugging Face layout, with its labels as our classes.
    """
    from monitor import registry
    from monitor.classifiers.weights import CARD
    from monitor.judging import SHIPPED
    from monitor.settings import ClassifierTable

    for folder in (models / name.rpartition("@")[2], Path(name)):
        if (folder / CARD).is_file():
            return ClassifierTable.model_validate({"use": SHIPPED, "folder": folder})
    if name in registry.names(registry.CLASSIFIERS) or ":" in name:
        return ClassifierTable(use=name)
    said = {"use": "transformers", "name": name, "labels": dict(labels)}
    return ClassifierTable.model_validate(said)


def _pair(text: str) -> tuple[str, str]:
    theirs, is_one, ours = text.rpartition("=")
    if not is_one or not theirs:
        raise click.UsageError(f"--label {text}: write NEGATIVE=complaint")
    return theirs, ours.strip().lower()


def corrected(its: Opened) -> tuple[list[Labelled], list[str]]:
    """Corrections whose words are kept, and what is to be said beside the figures."""
    from monitor.learning.texts import Labelled

    found, stale = taught(its)
    words = _words(its, found)
    rows = [
        Labelled(
            words[one.post_id],
            one.said,
            {"by": one.how.value, "source": ", ".join(one.sources), "language": _language(one)},
            one.weight,
            place=f"post {one.post_id}",
        )
        for one in found
        if one.post_id in words
    ]
    if not rows:
        raise ConfigError(
            "staff have said of no post what it is whose words are kept: `complaint-monitor model "
            "review` shows some, and --texts measures on a file"
        )
    notes = [_NO_SAMPLE]
    if len(found) > len(rows):
        notes.append(f"left out: {len(found) - len(rows)} whose words are purged")
    if stale:
        notes.append(f"left out: {stale} said of words that were edited since")
    return rows, notes


def _language(one: Correction) -> str:
    return (one.judged.language if one.judged else None) or "not told"


def _words(its: Opened, found: Sequence[Correction]) -> dict[int, str]:
    """What the model is shown of the posts whose words are kept."""
    from monitor.classifiers import text

    return {number: text.of_post(one) for number, one in posts_of(its, found).items()}


def posts_of(its: Opened, found: Sequence[Correction]) -> dict[int, Post]:
    """The posts that they are about, whose words are kept, by number."""
    from monitor.store import posts

    with its.database.reading() as conn:
        return posts.load_posts(conn, [one.post_id for one in found])


def _print_figures(figures: Sequence[Figures]) -> None:
    print_table(
        (
            *("by", "texts", "n", "complaints", "precision", "recall", "found with review"),
            *("false alerts", "macro-F1", "AUC", "calibration error"),
        ),
        [
            (
                one.by,
                one.name,
                one.n,
                one.complaints,
                *(_between(it) for it in (one.precision, one.recall, one.found, one.false_alerts)),
                one.macro_f1 or "-",
                one.auc or "-",
                f"{one.calibration_error:.3f}",
            )
            for one in figures
        ],
    )


def _between(figure: Between | None) -> str:
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]" if figure else "-"


@click.command(short_help="Whether scores and languages are what they were.")
@json_option
@click.pass_context
def drift(ctx: click.Context, as_json: bool) -> None:
    r"""Compare scores and languages of the last week with the four weeks before.

    `run` looks once a day and tells the operators once a week of an index from 0.25 on.

    \b
    Example:
      complaint-monitor model drift
    """
    from monitor.stages.watch import drifts

    with opened(ctx) as its, its.database.reading() as conn:
        found = drifts(conn, utc_now())
    if as_json:
        print_json(found)
        return
    for one in found:
        if one.index is None:
            click.echo(
                f"{one.what}: too few posts to say: {one.n} in a week, {one.n_before} in the four before"
            )
            continue
        state = "not what they were" if one.is_alarming else "as they were"
        click.echo(
            f"{one.what}: {state}, index {one.index:.3f} ({one.n} posts, {one.n_before} before)"
        )
        for name, before, now in one.most:
            click.echo(f"  {plain(name)}: {before:.1%} before, {now:.1%} now")


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere: call with how many more are done."""
    if not is_terminal() or not total:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)


MEASURING: Sequence[click.Command] = (eval_, drift)
