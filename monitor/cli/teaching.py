"""`model correct`, `model review`: what people say of verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.acting import by_option
from monitor.cli.opening import Opened, opened
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.correction import Correction, Said
from monitor.domain.errors import ConfigError
from monitor.render.words import cut, local_time, plain

if TYPE_CHECKING:
    from monitor.domain.post import Post

_EXCERPT = 70
_KEYS = {"c": Said.COMPLAINT, "q": Said.QUESTION, "p": Said.PRAISE, "o": Said.OTHER}


@dataclass(frozen=True, slots=True)
class Shown:
    """A post of the sample with what is needed to say what it is."""

    brand_id: int
    brand: str
    post_id: int
    week: str
    seen_at: datetime
    post: Post


def brand_ids(its: Opened) -> dict[str, int]:
    """The configured brands that have posts."""
    from monitor.store import brands

    with its.database.reading() as conn:
        known = {name: number for number, name in brands.names(conn).items()}
    return {name: known[name] for name in its.settings.brand_names if name in known}


def taught(its: Opened) -> tuple[list[Correction], int]:
    """What was said last of each post of all brands, and how much of it was of other words."""
    from monitor.store import corrections

    found: list[Correction] = []
    stale = 0
    with its.database.reading() as conn:
        for number in brand_ids(its).values():
            some, old = corrections.of_brand(conn, number)
            found += some
            stale += old
    return found, stale


@click.command(short_help="Say what a post is.")
@click.argument("post", type=int)
@click.argument("said", type=click.Choice([one.value for one in Said]), required=False)
@click.option("--brand", help="For which brand; default: the only one.")
@click.option("--take-back", is_flag=True, help="Forget what was said of it here.")
@by_option
@click.pass_context
def correct(
    ctx: click.Context, post: int, said: str | None, brand: str | None, take_back: bool, by: str
) -> None:
    r"""Say what a POST (its number) is, against or with the model. A missed complaint opens a case.

    Dismissing, confirming and opening cases by hand say so, too; this is for what has no case.

    \b
    Examples:
      complaint-monitor model correct 345 complaint
      complaint-monitor model correct 345 --take-back
    """
    from monitor.store import corrections

    if take_back == (said is not None):
        raise click.UsageError("say what it is, or --take-back")
    with opened(ctx) as its:
        known = brand_ids(its)
        name = brand or next(iter(known), "")
        if name not in known or (brand is None and len(known) > 1):
            raise ConfigError(f"say for which brand: --brand, one of {', '.join(known) or 'none'}")
        if said is not None:
            click.echo(_say(its, known[name], post, Said(said), by))
            return
        with its.database.writing() as conn:
            number = corrections.take_back(conn, known[name], post)
    click.echo(f"post {post}: {number} entries forgotten")


def _say(its: Opened, brand_id: int, post_id: int, said: Said, by: str) -> str:
    from monitor.stages import by_hand

    settings = its.settings
    case_id = by_hand.say(
        its.database,
        brand_id,
        post_id,
        said,
        rules=settings.targets(),
        lexicon=settings.lexicon(),
        by=by,
        now=utc_now(),
    )
    told = f"post {post_id}: {said.value.replace('_', ' ')}"
    if case_id is None:
        return told
    if said is Said.COMPLAINT:
        return f"{told}; case {case_id}"
    return (
        f"{told}; case {case_id} is about it: `complaint-monitor cases dismiss {case_id}` ends it"
    )


@click.command(short_help="Look at the weekly sample of what was let pass.")
@click.option("--list", "only_list", is_flag=True, help="Only list what waits for a look.")
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Posts at most."
)
@click.option("--json", "as_json", is_flag=True, help="List it as a JSON array.")
@by_option
@click.pass_context
def review(ctx: click.Context, only_list: bool, limit: int, as_json: bool, by: str) -> None:
    r"""Look at posts that were let pass, and say of each what it is; so misses are measured.

    The sample is drawn at random each week ([review] weekly). A complaint among them opens a case at
    once. `complaint-monitor report` prints how many were missed by this measure.

    \b
    Examples:
      complaint-monitor model review
      complaint-monitor model review --list --json
    """
    with opened(ctx) as its:
        zone = ZoneInfo(its.settings.timezone)
        waiting = _waiting(its)
        shown = waiting[:limit]
        if as_json:
            print_json([_as_object(one) for one in shown])
        elif only_list or not shown:
            _list(shown, zone)
        else:
            _ask(its, shown, zone, by)
    if not as_json and len(waiting) > len(shown):
        click.echo(f"{len(waiting) - len(shown)} more wait")


def _waiting(its: Opened) -> list[Shown]:
    from monitor.store import posts, samples

    found = []
    with its.database.reading() as conn:
        for name, number in brand_ids(its).items():
            waiting = samples.waiting(conn, number)
            words = posts.load_posts(conn, [one.post_id for one in waiting])
            found += [
                Shown(number, name, one.post_id, one.week, one.first_seen_at, words[one.post_id])
                for one in waiting
            ]
    return found


def _as_object(one: Shown) -> dict[str, object]:
    return {
        "post": one.post_id,
        "brand": one.brand,
        "week": one.week,
        "network": one.post.key.network,
        "seen_at": one.seen_at,
        "title": one.post.title,
        "text": one.post.text,
        "url": one.post.url,
    }


def _list(shown: Sequence[Shown], zone: ZoneInfo) -> None:
    if not shown:
        click.echo("nothing waits for a look")
        return
    print_table(
        ("post", "week", "network", "seen", "text"),
        [
            (
                one.post_id,
                one.week,
                one.post.key.network,
                local_time(one.seen_at, zone),
                cut(plain(_words(one)).replace("\n", " "), _EXCERPT),
            )
            for one in shown
        ],
    )


def _ask(its: Opened, shown: Sequence[Shown], zone: ZoneInfo, by: str) -> None:
    """The score is not shown: who knows what the model thinks agrees with it."""
    choice = click.Choice([*_KEYS, "s", "x"])
    for number, one in enumerate(shown, 1):
        network = one.post.key.network
        click.echo(
            f"\n{number} of {len(shown)}: {one.brand} on {network}, {local_time(one.seen_at, zone)}"
        )
        click.echo(plain(_words(one)))
        if one.post.url:
            click.echo(plain(one.post.url))
        key = click.prompt("c)omplaint q)uestion p)raise o)ther s)kip x) stop", type=choice)
        if key == "x":
            break
        if key in _KEYS:
            click.echo(_say(its, one.brand_id, one.post_id, _KEYS[key], by))


def _words(one: Shown) -> str:
    return f"{one.post.title}\n{one.post.text}" if one.post.title else one.post.text


TEACHING: Sequence[click.Command] = (correct, review)
