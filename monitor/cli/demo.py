"""`demo`: a day of an invented shop, without any set-up."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from monitor.domain.errors import ConfigError

SPEED = 60
"""Simulated minutes a second: the day in less than half a minute."""


@click.command(short_help="Watch a day of an invented shop, without any set-up.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=SPEED,
    show_default=True,
    help="Simulated minutes a second.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("complaint-monitor-demo"),
    show_default=True,
    help="The folder of the report.",
)
@click.option("--keep", is_flag=True, help="Keep config and database there too, to look around.")
@click.option(
    "--web/--no-web",
    default=None,
    help="Serve the web page afterwards, until Ctrl-C. Default: so at a terminal; else it is tried out.",
)
def demo(speed: float, output: Path, keep: bool, web: bool | None) -> None:
    r"""Play a day of an invented shop through the real monitor, and watch it work.

    Posts and reviews in English and Romanian come in, complaints become cases and alerts, staff
    answer late or never. It ends with a digest and a report, then shows the web page of it all, to
    this machine alone, with a link that signs in. Without a terminal it opens every page itself, and
    ends. Needs no config, no token.

    \b
    Examples:
      complaint-monitor demo
      complaint-monitor demo --no-web
      complaint-monitor demo --speed 30
      complaint-monitor demo --keep --output shop
    """
    from monitor.cli import demo_page
    from monitor.cli.playing import played
    from monitor.cli.web import served_by

    is_watched = sys.stdin.isatty() and sys.stdout.isatty()
    if web:
        served_by()
    with _folder(output, keep=keep) as folder, played(folder, output, speed) as done:
        if done is None:
            return
        _say_what_next(done.report, output if keep else None)
        if web is False:
            return
        try:
            served_by()
        except ConfigError as error:
            click.echo(f"\nNo page is shown: {error}")
            return
        if web or is_watched:
            demo_page.show(done)
        else:
            demo_page.try_out(done)


@contextmanager
def _folder(output: Path, *, keep: bool) -> Iterator[Path]:
    """Where the demo works: beside the report, or out of sight and gone afterwards."""
    output.mkdir(parents=True, exist_ok=True)
    if not keep:
        with tempfile.TemporaryDirectory(prefix="complaint-monitor-demo-") as name:
            yield Path(name)
        return
    if (output / "config.toml").exists():
        raise ConfigError(f"{output} holds an earlier demo: delete it, or name another --output")
    yield output.absolute()


def _say_what_next(page: Path, kept: Path | None) -> None:
    click.echo(f"The same as a page, with charts: {page.absolute()}\n")
    click.echo("What to do next:")
    if kept is not None:
        command = f"complaint-monitor --config {kept / 'config.toml'}"
        click.echo(f"  {command} cases list       look around in the demo's cases")
    else:
        click.echo("  complaint-monitor demo --keep        the same, kept to look around in")
    click.echo('  complaint-monitor classify "…"       what it thinks of a text of yours')
    click.echo("  complaint-monitor init               a config of your own")
