"""`check`: every mistake of the config with its line, then everything tried that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import config_path, settings_of
from monitor.cli.printing import print_json
from monitor.clock import utc_now
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.ports import Notifier, TriesOut
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.stages.intake import Feed
    from monitor.wiring import Application


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried: what came of it, and whether all is well with it."""

    what: str
    said: str
    is_well: bool = True


@click.command(short_help="Name every mistake of the config, then try everything.")
@click.option("--offline", is_flag=True, help="Read the config only, try nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(ctx: click.Context, offline: bool, as_json: bool) -> None:
    r"""Name every mistake of the config with its line; then try database, weights, sources, notifiers.

    Nothing is stored and nobody is told. Exit status 2: the config has mistakes; 1: something does
    not work.

    \b
    Examples:
      complaint-monitor check
      complaint-monitor --config other.toml check --offline
    """
    from monitor.wiring import Application

    settings = settings_of(ctx)
    tried = [Tried("config", str(config_path(ctx)))]
    if not offline:
        application = Application(settings)
        try:
            tried.extend(try_all(application))
        finally:
            application.close()
    if as_json:
        print_json({"ok": all(one.is_well for one in tried), "tried": tried})
    else:
        for one in tried:
            click.echo(f"{'ok  ' if one.is_well else 'FAIL'}  {one.what}: {plain(one.said)}")
    if not all(one.is_well for one in tried):
        ctx.exit(1)


def try_all(application: Application) -> Iterator[Tried]:
    """Everything that the config names, one after the other."""
    yield _try("database", lambda: _database(application))
    yield _try("classifier", lambda: _classifier(application))
    for feed in application.feeds:
        yield _try(f"source {feed.name}", partial(_source, feed))
    if not application.feeds:
        yield Tried("sources", "there are none: nothing is watched; see [[sources]]", is_well=False)
    for name, notifier in application.notifiers.items():
        yield _try(f"notifier {name}", partial(_notifier, notifier))
    yield _try("items", lambda: _set_aside(application))


def _try(what: str, do: Callable[[], str]) -> Tried:
    try:
        return Tried(what, do())
    except MonitorError as error:
        return Tried(what, str(error), is_well=False)


def _database(application: Application) -> str:
    from monitor.store import maintenance

    database = application.database
    if database.path is not None and not database.path.exists():
        return f"{database.path.absolute()} is not there yet; `complaint-monitor run` makes it"
    maintenance.require_current(database)
    with database.writing():
        pass
    return database.url.render_as_string(hide_password=True)


def _classifier(application: Application) -> str:
    limits = application.thresholds
    key = PostKey("check", "text")
    post = Post(key=key, thread="text", text="My parcel never arrived.", posted_at=utc_now())
    [judged] = application.classifier.classify([post])
    return f"{judged.model}, alert from {limits.alert:.2f}, review from {limits.review:.2f}"


def _source(feed: Feed) -> str:
    """The first page of every stream: nothing of it is kept."""
    if isinstance(feed.source, TriesOut):
        feed.source.try_out()
        return "its credentials work"
    items: list[Post | Gone | Rejected] = []
    for stream in feed.source.streams():
        page = next(iter(feed.source.pages(stream, None)), None)
        items += page.items if page is not None else ()
    bad = [one for one in items if isinstance(one, Rejected)]
    said = f"{len(items)} items on the first page"
    if bad:
        said += f", {len(bad)} of them unreadable; {bad[0].where}: {bad[0].reason}"
    return said


def _notifier(notifier: Notifier) -> str:
    if isinstance(notifier, TriesOut):
        notifier.try_out()
        return "it can be used; `complaint-monitor notify --test` sends a message"
    return "nothing to try; `complaint-monitor notify --test` sends a message"


def _set_aside(application: Application) -> str:
    from monitor.store import failures, maintenance

    database = application.database
    if database.path is not None and not database.path.exists():
        return "none yet"
    if maintenance.current_revision(database) is None:
        raise StoreError("the database has no tables yet: complaint-monitor db upgrade")
    with database.reading() as conn:
        aside = failures.set_aside(conn)
    if aside:
        lines = "; ".join(f"{one.stage} {one.item}: {one.reason}" for one in aside)
        raise StoreError(
            f"{len(aside)} set aside after failing again and again: {lines}; "
            "when the cause is mended: complaint-monitor db retry"
        )
    return "none is set aside"
