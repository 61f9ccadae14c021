"""`model compare`: what another model would have decided otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import click

from monitor.cli.measuring import bar, chosen, json_option, label_option
from monitor.cli.opening import Opened, opened
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.judgement import Band, Judgement, Thresholds
from monitor.render.words import cut, plain

if TYPE_CHECKING:
    from monitor.domain.lexicon import Lexicon
    from monitor.domain.post import Post
    from monitor.ports import Classifier

_EXCERPT = 60
_BANDS = (Band.ALERT, Band.REVIEW, Band.PASS)


class Changed(NamedTuple):
    """A post of which two models decide otherwise."""

    post_id: int
    network: str
    before: Band
    score_before: float
    after: Band
    score_after: float
    text: str


@click.command(short_help="What another model would have decided otherwise.")
@click.argument("new")
@click.option("--old", help="Against which; default: what judges now.")
@label_option
@click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="Days back."
)
@click.option(
    "--limit", type=click.IntRange(0), default=50, show_default=True, help="Posts to list."
)
@json_option
@click.pass_context
def compare(
    ctx: click.Context,
    new: str,
    old: str | None,
    labels: Sequence[str],
    days: int,
    limit: int,
    as_json: bool,
) -> None:
    r"""Judge the posts of the last days with two models, and list those they decide otherwise.

    Each with its own thresholds, where [classifier.thresholds] says nothing, and the word rules;
    calibrations of sources are left aside.

    \b
    Examples:
      complaint-monitor model compare 970c0b10
      complaint-monitor model compare 970c0b10 --old shipped --days 7 --json
    """
    now = utc_now()
    models = [chosen(ctx, name, labels) for name in (old, new)]
    with opened(ctx) as its:
        numbers, purged, posts = _recent(its, timedelta(days=days), now)
        lexicon = its.settings.lexicon()
    before, after = (_verdicts(classifier, limits, posts, lexicon) for classifier, limits in models)
    all_ = list(zip(numbers, posts, before, after, strict=True))
    pairs = [(number, post, old_, new_) for number, post, old_, new_ in all_ if old_ and new_]
    unscored = [number for number, _, old_, new_ in all_ if not (old_ and new_)]
    matrix = Counter((old_[1], new_[1]) for _, _, old_, new_ in pairs)
    changed = [
        _changed(number, post, old_, new_)
        for number, post, old_, new_ in pairs
        if old_[1] is not new_[1]
    ]
    changed.sort(key=lambda one: -abs(one.score_after - one.score_before))
    names = [classifier.model for classifier, _ in models]
    if as_json:
        print_json(
            {
                "old": names[0],
                "new": names[1],
                "posts": len(pairs),
                "purged": purged,
                "unscored": unscored,
                "changed": len(changed),
                "bands": {f"{was}>{is_}": number for (was, is_), number in matrix.items()},
                "posts_changed": [one._asdict() for one in changed[:limit]],
            }
        )
        return
    _print_compared(names, len(pairs), purged, matrix, changed, limit)
    if unscored:
        click.echo(
            f"left out: {len(unscored)} to which one of them gives no score that is a number: "
            f"{', '.join(map(str, unscored))}"
        )


def _changed(
    number: int, post: Post, old: tuple[Judgement, Band], new: tuple[Judgement, Band]
) -> Changed:
    return Changed(
        number,
        post.key.network,
        old[1],
        old[0].complaint,
        new[1],
        new[0].complaint,
        f"{post.title or ''} {post.text}".strip(),
    )


def _recent(its: Opened, span: timedelta, now: datetime) -> tuple[list[int], int, list[Post]]:
    """Customers' posts that came since, those whose words are purged only counted."""
    from monitor.store import cross_brand, posts

    with its.database.reading() as conn:
        numbers = cross_brand.customers_posts(conn, now - span)
        words = posts.load_posts(conn, numbers)
    kept = [one for one in numbers if one in words]
    return kept, len(numbers) - len(kept), [words[one] for one in kept]


def _verdicts(
    classifier: Classifier, limits: Thresholds, posts: Sequence[Post], lexicon: Lexicon
) -> list[tuple[Judgement, Band] | None]:
    """What each post would be judged and decided; None: the model gives it no score."""
    from monitor.classifiers import apart
    from monitor.domain.verdict import verdict
    from monitor.learning.evaluation import BATCH

    found: list[tuple[Judgement, Band] | None] = []
    with bar(classifier.model, len(posts)) as done:
        for start in range(0, len(posts), BATCH):
            batch = posts[start : start + BATCH]
            found += [
                (said, verdict(post, said, limits, lexicon).band)
                if isinstance(said, Judgement)
                else None
                for post, said in zip(batch, apart.judged(classifier, batch), strict=True)
            ]
            done(len(batch))
    return found


def _print_compared(
    names: Sequence[str],
    number: int,
    purged: int,
    matrix: Counter[tuple[Band, Band]],
    changed: Sequence[Changed],
    limit: int,
) -> None:
    click.echo(f"{names[0]} against {names[1]} on {number} posts; {purged} more are purged")
    print_table(
        ("was", *(f"now {one}" for one in _BANDS)),
        [(was, *(matrix[was, is_] for is_ in _BANDS)) for was in _BANDS],
    )
    if not changed:
        click.echo("nothing would have been decided otherwise")
        return
    click.echo(f"\n{len(changed)} would have been decided otherwise")
    print_table(
        ("post", "network", "was", "now", "text"),
        [
            (
                one.post_id,
                one.network,
                f"{one.before} {one.score_before:.2f}",
                f"{one.after} {one.score_after:.2f}",
                cut(plain(one.text).replace("\n", " "), _EXCERPT),
            )
            for one in changed[:limit]
        ],
    )
    if len(changed) > limit:
        click.echo(f"{len(changed) - limit} more: --limit {len(changed)}")


COMPARING: Sequence[click.Command] = (compare,)
