"""`import`: posts from files, once, and what they turn out to be. Nobody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

import click

from monitor.cli.opening import alone_on, settings_of
from monitor.cli.printing import bar, print_json, tell
from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Band
from monitor.domain.post import Cursor, Page, Rejected, Stream
from monitor.ports import Source
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.runner import Stage
    from monitor.store.posts import Counts
    from monitor.wiring import Application

SHOWN = 20
"""Rejected rows that are printed a file; `--json` has them all."""


@dataclass(slots=True)
class _File:
    """What became of one file."""

    name: str
    counts: Counts
    rejected: list[Rejected] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the posts turned out to be; `problem`: why some are not judged."""

    bands: dict[Band | None, int]
    problem: str | None = None


class _Watched:
    """A source whose rejected rows are also shown at once."""

    def __init__(self, source: Source, rejected: list[Rejected]) -> None:
        self._source = source
        self._rejected = rejected

    def streams(self) -> Sequence[Stream]:
        return self._source.streams()

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        for page in self._source.pages(stream, since):
            self._rejected.extend(one for one in page.items if isinstance(one, Rejected))
            yield page


class _Counted:
    """A stage that says how many posts it has done."""

    name: ClassVar[str] = "classify"

    def __init__(self, stage: Stage, advance: Callable[[int], object]) -> None:
        self._stage = stage
        self._advance = advance

    def due(self, now: datetime, /) -> Sequence[str]:
        return self._stage.due(now)

    def handle(self, item: str, now: datetime, /) -> None:
        self._stage.handle(item, now)
        self._advance(item.count(",") + 1)


@click.command("import", short_help="Read posts from files, once.")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--brand", "brands", multiple=True, help="Whose posts; default: the only brand.")
@click.option("--network", default=None, help="The network of rows that name none.")
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="FIELD=HEADER",
    help="Our field and the file's own name for it, such as text=Comment. May be repeated.",
)
@click.option("--assume-now", is_flag=True, help="A row without a time was posted just now.")
@click.option("--timezone", default=None, help="IANA zone of times that name none.")
@click.option("--format", type=click.Choice(["auto", "csv", "jsonl"]), help="Of the files.")
@click.option("--encoding", default=None, help="Of the files, if not UTF-8.")
@click.option("--delimiter", default=None, help="Between the columns, if it is not found out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    brands: tuple[str, ...],
    mapping: tuple[str, ...],
    as_json: bool,
    **said: Any,
) -> None:
    r"""Read posts from CSV or JSONL files, judge them and open cases. Nobody is told.

    Only a text and a time are required. Reading a file again stores nothing twice. What is printed
    adds up: read = stored + duplicate + rejected; complaints are those of the stored posts.

    \b
    Examples:
      complaint-monitor import posts.csv
      complaint-monitor import reviews.csv --network reviews --map text=Comment --map author=User
      complaint-monitor import old/*.jsonl --assume-now --json
    """
    from monitor.store import cross_brand
    from monitor.wiring import Application

    settings = settings_of(ctx)
    chosen = {key: value for key, value in said.items() if value}
    chosen["mapping"] = dict(_pair(one) for one in mapping)
    application = Application(settings)
    try:
        wanted = _brands(application, brands)
        with alone_on(application.database):
            with application.database.reading() as conn:
                newest = cross_brand.newest_post(conn)
            read = [_read(application, path, wanted, chosen) for path in files]
            found = _judge(application, newest)
    finally:
        application.close()
    _print(read, found, as_json=as_json)
    if found.problem or any(one.problem for one in read):
        ctx.exit(1)


def _pair(text: str) -> tuple[str, str]:
    ours, sign, theirs = text.partition("=")
    if not (ours and sign and theirs):
        raise ConfigError(f"--map {text}: write FIELD=HEADER, such as text=Comment")
    return ours.strip(), theirs.strip()


def _brands(application: Application, names: Sequence[str]) -> tuple[Any, ...]:
    known = {one.name: one.brand() for one in application.settings.brands}
    for name in names:
        if name not in known:
            raise ConfigError(f"--brand {name}: there is no such brand; known: {', '.join(known)}")
    if not names and len(known) > 1:
        raise ConfigError(f"say whose posts they are: --brand, one of {', '.join(known)}")
    return tuple(known[name] for name in names or known)


def _read(
    application: Application, path: str, brands: tuple[Any, ...], said: dict[str, Any]
) -> _File:
    from monitor import registry
    from monitor.stages.intake import Feed, Intake
    from monitor.store.posts import Counts

    cls = registry.load(registry.SOURCES, "files")
    options = registry.options(cls, {"path": path, **said}, "import")
    source: Any = registry.build(cls, options, secrets=application.secrets, clock=application.clock)
    now = application.clock()
    one = _File(path, Counts())
    # a name of its own for each import, so that a file that is read again is read, and counted, again
    name = f"import {Path(path).name} {now.isoformat()}"
    feed = Feed(name, _Watched(source, one.rejected), brands, once=True)
    intake = Intake(application.database, [feed])
    with ExitStack() as stack:
        show = bar(stack, f"reading {plain(Path(path).name)}")

        def on_page(counts: Counts) -> None:
            one.counts += counts
            show(*source.progress())

        for key in intake.begin(now):
            look = intake.look(key, now, on_page)
            one.problem = str(look.problem) if look.problem else None
    return one


def _judge(application: Application, newest: int) -> _Found:
    from monitor.runner import Runner
    from monitor.store import cross_brand

    with application.database.reading() as conn:
        waiting = cross_brand.unjudged(conn)
    with ExitStack() as stack:
        show = bar(stack, "judging") if waiting else None
        done = 0

        def advance(number: int) -> None:
            nonlocal done
            done += number
            if show is not None:
                show(done, waiting)

        classify, *others = application.judging()
        runner = Runner(
            [_Counted(classify, advance), *others], application.database, clock=application.clock
        )
        result = runner.until_idle(Event())
    with application.database.reading() as conn:
        bands = cross_brand.found_after(conn, newest)
    failed = sum(result.failed.values())
    problem = f"{failed} could not be judged yet: see the log" if failed else None
    return _Found(bands, result.broken or problem)


def _print(read: Sequence[_File], found: _Found, *, as_json: bool) -> None:
    from monitor.store.posts import Counts

    total = sum((one.counts for one in read), Counts())
    if as_json:
        print_json(_as_object(read, total, found))
        return
    for one in read:
        for row in one.rejected[:SHOWN]:
            tell(plain(f"{row.where}: {row.reason}"))
        if len(one.rejected) > SHOWN:
            tell(
                f"{plain(one.name)}: {len(one.rejected) - SHOWN} more rejected: --json has them all"
            )
        if one.problem:
            tell(plain(one.problem))
    click.echo(
        f"read {total.read} = stored {total.stored} + duplicate {total.duplicate}"
        f" + rejected {total.rejected}"
    )
    if total.unnamed:
        click.echo(f"not kept, as they name none of the brands: {total.unnamed}")
    bands = found.bands
    click.echo(
        f"complaints {bands[Band.ALERT]}, unsure (for people to confirm) {bands[Band.REVIEW]}"
        f", neither {bands[Band.PASS]}"
    )
    if bands[None]:
        click.echo(f"not judged yet {bands[None]}")
    if found.problem:
        tell(plain(found.problem))


def _as_object(read: Sequence[_File], total: Counts, found: _Found) -> dict[str, Any]:
    return {
        **_numbers(total),
        "complaints": found.bands[Band.ALERT],
        "unsure": found.bands[Band.REVIEW],
        "unjudged": found.bands[None],
        "problem": found.problem,
        "files": [
            {"file": one.name, **_numbers(one.counts), "problem": one.problem, "rows": one.rejected}
            for one in read
        ],
    }


def _numbers(counts: Counts) -> dict[str, int]:
    return {
        "read": counts.read,
        "stored": counts.stored,
        "duplicate": counts.duplicate,
        "rejected": counts.rejected,
        "edited": counts.edited,
        "deleted": counts.deleted,
        "unnamed": counts.unnamed,
    }
