"""`classify`: what the monitor thinks of a text, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
from click.core import ParameterSource

from monitor.cli.opening import config_path, settings_of
from monitor.cli.printing import print_json
from monitor.clock import utc_now
from monitor.domain.judgement import Band, Judgement, Verdict
from monitor.domain.post import Post, PostKey
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.wiring import Judge

WORDS = 8
"""Words that moved the score, printed."""


@click.command(short_help="Judge a text, or lines of JSON.")
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help='Read {"text": …} lines, write one verdict line each.')
@click.option(
    "--batch",
    type=click.IntRange(1, 4096),
    default=256,
    show_default=True,
    help="Lines judged together; 1 answers each line before it reads the next.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def classify(ctx: click.Context, text: str | None, jsonl: bool, batch: int, as_json: bool) -> None:
    r"""Judge a TEXT as a customer's post, and say why. Needs no config file.

    With --jsonl, lines {"text": …} are read from standard input and one verdict line each is written,
    in order: complaint (whether it would alert), score, band and model; for a line that can't be
    read: error.

    \b
    Examples:
      complaint-monitor classify "Still no refund after three weeks. Great service!"
      complaint-monitor classify --json "Mulțumesc, a ajuns coletul"
      complaint-monitor classify --jsonl < posts.jsonl > verdicts.jsonl
    """
    from monitor.wiring import judge_of

    if jsonl == (text is not None):
        raise click.UsageError("give a text, or --jsonl and lines on standard input")
    judge = judge_of(_settings(ctx))
    if text is None:
        for lines in _batches(sys.stdin.buffer, batch):
            for verdict in _verdicts(judge, lines):
                print_json(verdict, line=True)
            sys.stdout.flush()
        return
    post = _post(text)
    [(judged, told)] = judge.judge([post])
    words = _words(judge, post)
    if as_json:
        print_json({**_line(judged, told), **_more(judged, told), "words": words})
    else:
        _explain(judge, judged, told, words)


def _settings(ctx: click.Context) -> Settings:
    """The config's; without a config file (and none named), the program's own."""
    from monitor import log
    from monitor.settings import BrandTable, Settings

    named = ctx.find_root().get_parameter_source("config") is not ParameterSource.DEFAULT
    if named or Path(config_path(ctx)).exists():
        return settings_of(ctx)
    log.configure(level="warning")
    return Settings(brands=(BrandTable(name="any"),))


def _batches(file: BinaryIO, size: int) -> Iterator[list[bytes]]:
    while lines := list(islice(file, size)):
        yield lines


def _verdicts(judge: Judge, lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """One verdict a line, in order; a line that can't be read costs the others nothing."""
    read = [_text(line) for line in lines]
    judged = iter(judge.judge([_post(one) for one in read if isinstance(one, str)]))
    for one in read:
        yield one if isinstance(one, dict) else _line(*next(judged))


def _text(line: bytes) -> str | dict[str, Any]:
    """The text of a line, or what is wrong with it."""
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return {"error": f"not a line of JSON: {error}"}
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str):
        return {"error": 'there is no "text" that is a string'}
    return text


def _post(text: str) -> Post:
    key = PostKey("classify", "text")
    return Post(key=key, thread=key.external_id, text=text, posted_at=utc_now())


def _line(judged: Judgement, told: Verdict) -> dict[str, Any]:
    return {
        "complaint": told.band is Band.ALERT,
        "score": round(judged.complaint, 4),
        "band": told.band,
        "model": judged.model,
    }


def _more(judged: Judgement, told: Verdict) -> dict[str, Any]:
    return {
        "question": round(judged.question, 4),
        "praise": round(judged.praise, 4),
        "other": round(judged.other, 4),
        "language": judged.language,
        "asks": told.asks,
        "severity": told.severity,
        "topics": told.topics,
        "reason": told.reason,
    }


def _words(judge: Judge, post: Post) -> list[tuple[str, float]]:
    """The words that moved the score most, if the classifier can tell."""
    explain = getattr(judge.classifier, "explain", None)
    return [] if explain is None else [(word, round(by, 3)) for word, by in explain(post)[:WORDS]]


_MEANS = {
    Band.ALERT: "a complaint: it opens a case and people are told",
    Band.REVIEW: "unsure: people are asked to confirm it",
    Band.PASS: "no complaint: it is let pass",
}


def _explain(
    judge: Judge, judged: Judgement, told: Verdict, words: Sequence[tuple[str, float]]
) -> None:
    limits = judge.thresholds
    click.echo(f"{told.band.value}: {_MEANS[told.band]}")
    click.echo(
        f"  score     {judged.complaint:.2f}   (alert from {limits.alert:.2f}, "
        f"review from {limits.review:.2f})"
    )
    click.echo(
        f"  else      question {judged.question:.2f}, praise {judged.praise:.2f}, "
        f"other {judged.other:.2f}"
    )
    click.echo(f"  severity  {told.severity.word}")
    click.echo(f"  topics    {', '.join(told.topics) or 'none'}")
    click.echo(f"  because   {plain(told.reason)}")
    if words:
        moved = ", ".join(f"{plain(word)} {by:+.2f}" for word, by in words)
        click.echo(f"  words     {moved}")
    click.echo(f"  language  {judged.language or 'not told'}")
    click.echo(f"  model     {judged.model}")
