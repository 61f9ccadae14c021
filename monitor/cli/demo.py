"""`demo`: a day of an invented shop, without any set-up."""

from __future__ import annotations

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
def demo(speed: float, output: Path, keep: bool) -> None:
    r"""Play a day of an invented shop through the real monitor, and watch it work.

    Posts and reviews in English and Romanian come in, complaints become cases and alerts, staff
    answer late or never. It ends by itself, with a digest and a report. Needs no config, no token.

    \b
    Examples:
      complaint-monitor demo
      complaint-monitor demo --speed 30
      complaint-monitor demo --keep --output shop
    """
    from monitor.cli.playing import play

    with _folder(output, keep=keep) as folder:
        page = play(folder, output, speed)
    if page is not None:
        _say_what_next(page, output if keep else None)


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
