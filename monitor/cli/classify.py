"""`classify`: what the monitor thinks of a text, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from monitor.cli.opening import settings_or_own
from monitor.cli.printing import print_json
from monitor.clock import utc_now
from monitor.domain.errors import JudgementError
from monitor.domain.judgement import Band, Judgement, Verdict
from monitor.domain.post import Post, PostKey
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.judging import Judge

WORDS = 8
"""Words that moved the score, printed."""
MEASURED = ("en", "ro")
"""The languages for which the shipped model's figures stand."""


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
@click.option("--explain", is_flag=True, help="With --jsonl: the words that moved each score, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def classify(
    ctx: click.Context, text: str | None, jsonl: bool, batch: int, explain: bool, as_json: bool
) -> None:
    r"""Judge a TEXT as a customer's post, and say why. Needs no config file.

    With --jsonl, lines {"text": …} are read from standard input and one verdict line each is written,
    in order: complaint (whether it would alert), score, band and model; for a line that can't be
    read, or that the model gives no score: error. Those are counted in the end, on standard error.
    --explain measures which words moved a score by judging the text without each of its
    first 40 words: some forty times slower.

    \b
    Examples:
      complaint-monitor classify "Still no refund after three weeks. Great service!"
      complaint-monitor classify --json "Mulțumesc, a ajuns coletul"
      complaint-monitor classify --jsonl < posts.jsonl > verdicts.jsonl
    """
    from monitor.judging import judge_of

    if jsonl == (text is not None):
        raise click.UsageError("give a text, or --jsonl and lines on standard input")
    judge = judge_of(settings_or_own(ctx))
    if text is None:
        _judge_lines(judge, batch, explain=explain)
        return
    post = _post(text)
    [(judged, told)] = judge.judge([post])
    words = moved_by(judge, post)
    if as_json:
        print_json({**_line(judged, told), **_more(judged, told), "words": words})
    else:
        _explain(judge, judged, told, words)


def _judge_lines(judge: Judge, batch: int, *, explain: bool) -> None:
    """Answer each line of standard input, and say how many have no verdict."""
    said = without = 0
    for lines in _batches(sys.stdin.buffer, batch):
        for verdict in _verdicts(judge, lines, explain=explain):
            said += 1
            without += "band" not in verdict
            print_json(verdict, line=True)
        sys.stdout.flush()
    if without:
        click.echo(f"{without} of {said} lines have no verdict: `error` says why", err=True)


def _batches(file: BinaryIO, size: int) -> Iterator[list[bytes]]:
    while lines := list(islice(file, size)):
        yield lines


def _verdicts(judge: Judge, lines: Sequence[bytes], *, explain: bool) -> Iterator[dict[str, Any]]:
    """One verdict a line, in order; a line that gets none costs the others nothing."""
    read = [_text(line) for line in lines]
    judged = iter(judge.judge_each([_post(one) for one in read if isinstance(one, str)]))
    for one in read:
        if isinstance(one, dict):
            yield one
            continue
        said = next(judged)
        if isinstance(said, JudgementError):
            yield {"error": said.what}
        else:
            yield _line(*said) | (_words(judge, one) if explain else {})


def _words(judge: Judge, text: str) -> dict[str, Any]:
    """The words that moved the score, or why that can't be told: without one of them there may be none."""
    try:
        return {"words": moved_by(judge, _post(text))}
    except JudgementError as error:
        return {"words": [], "error": f"without one of its words, {error.what}"}


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


def moved_by(judge: Judge, post: Post) -> list[tuple[str, float]]:
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
        click.echo(f"  words     {in_words(words)}")
    click.echo(f"  language  {_language(judged)}")
    click.echo(f"  model     {judged.model}")


def in_words(words: Sequence[tuple[str, float]]) -> str:
    """The words that moved a score, for people."""
    return ", ".join(f"{plain(word)} {by:+.2f}" for word, by in words)


def _language(judged: Judgement) -> str:
    if judged.language is None:
        return "not told: the score may mean less"
    if judged.language not in MEASURED:
        return f"{judged.language}: the shipped model is measured on {' and '.join(MEASURED)}"
    return judged.language
