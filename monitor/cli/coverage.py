"""`coverage`: what was looked at, what could not be, and what that cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.opening import opened
from monitor.cli.periods import since_moment, since_option
from monitor.cli.printing import print_json, print_table
from monitor.cli.sending import number_if_named
from monitor.clock import utc_now
from monitor.render.words import WHY, duration, local_time, plain

if TYPE_CHECKING:
    from monitor.store.ledger import Kept

_MICROS = 1_000_000


@click.command(short_help="What was looked at, and what could not be.")
@click.option("--brand", help="Of one brand alone; default: all.")
@since_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def coverage(ctx: click.Context, brand: str | None, since: str, as_json: bool) -> None:
    r"""Tell of each stream when it was looked at, when nobody looked and why, gaps, calls and money.

    A gap is what a network or a quota cut off: it was not read and will not be. What came while
    nobody looked was read afterwards, late, unless a gap says otherwise.

    \b
    Examples:
      complaint-monitor coverage
      complaint-monitor coverage --since 2026-10-01 --brand Bufnivo
      complaint-monitor coverage --since 24h --json
    """
    from monitor.store import ledger

    with opened(ctx) as its:
        zone, now = ZoneInfo(its.settings.timezone), utc_now()
        begin = since_moment(since, zone, now=now)
        number = number_if_named(its, brand)
        with its.database.reading() as conn:
            found = ledger.kept(conn, begin, now, brand_id=number)
    if as_json:
        print_json({"since": begin, "until": now, "streams": found})
    elif not found:
        click.echo("nothing was ever looked at: `complaint-monitor run` does")
    else:
        click.echo(f"from {local_time(begin, zone)} to {local_time(now, zone)}\n")
        _print_table(found, zone, begin)
        for line in _told(found, zone):
            click.echo(line)


def _print_table(found: Sequence[Kept], zone: ZoneInfo, since: datetime) -> None:
    headers = ("stream", "looks", "read", "new", "unreadable", "calls", "money", "watched", "up to")
    print_table(
        headers,
        [
            (
                f"{one.source}/{one.stream}",
                # a watch that began before counts with the looks that it had then
                sum(watch.looks for watch in one.watches),
                one.sums["read"],
                one.sums["stored"],
                one.sums["rejected"],
                one.sums["calls"],
                f"{one.sums['micros'] / _MICROS:.3f}" if one.sums["micros"] else "-",
                _watched(one, since),
                local_time(one.read_through, zone) if one.read_through else "never",
            )
            for one in found
        ],
    )


def _watched(one: Kept, since: datetime) -> str:
    """How much of the time somebody looked."""
    if not one.watches or one.watched_since is None:
        return "-"
    end = max((one.watches[-1].ended_at, *(hole.until for hole in one.blind)))
    whole = end - max(since, one.watched_since)
    missed = sum((hole.lasted.total_seconds() for hole in one.blind), 0.0)
    if not whole:
        return "once"
    # rounded down: 100 % is said only of what is
    return f"{int(100 * (1 - missed / whole.total_seconds()))} %"


def _told(found: Sequence[Kept], zone: ZoneInfo) -> Iterator[str]:
    """What is not as it should be, stream by stream."""
    for one in found:
        lines = list(_troubles(one, zone))
        if lines:
            yield f"\n{plain(one.source)}/{plain(one.stream)}"
            yield from (f"  {line}" for line in lines)
    if all(not list(_troubles(one, zone)) for one in found):
        yield "\nall of it could be looked at"


def _troubles(one: Kept, zone: ZoneInfo) -> Iterator[str]:
    if not one.is_read:
        yield "it is configured no longer"
    if one.failing_since is not None:
        yield (
            f"could not be read since {local_time(one.failing_since, zone)}: {plain(one.problem or '')}"
        )
    if one.silence is not None:
        yield (
            f"nothing new since {local_time(one.silence.since, zone)}; before, it was never silent "
            f"for longer than {duration(one.silence.usual)}"
        )
    for hole in one.blind:
        why = f"{WHY[hole.why]}: {plain(hole.problem)}" if hole.problem else WHY[hole.why]
        begin, end = local_time(hole.since, zone), local_time(hole.until, zone)
        yield f"nobody looked for {duration(hole.lasted)}, from {begin} to {end}: {why}"
    for gap in one.gaps:
        told = (f" from {plain(gap.from_)}" if gap.from_ else "") + (
            f" to {plain(gap.to)}" if gap.to else ""
        )
        yield f"gap{told}: {plain(gap.reason)} (told {local_time(gap.last_at, zone)})"
