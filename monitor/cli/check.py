"""`check`: every mistake of the config with its line, then everything tried that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import click

from monitor.cli.opening import config_path, settings_of
from monitor.cli.printing import print_json
from monitor.clock import utc_now
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.finding import Standing
from monitor.domain.post import Gone, Post, PostKey, Rejected, StreamKind
from monitor.ports import TriesOut
from monitor.render.words import plain

if TYPE_CHECKING:
    from monitor.rotas.reading import RotaReader
    from monitor.stages.intake import Feed
    from monitor.store.engine import Connection
    from monitor.wiring import Application


_T = TypeVar("_T")
_LATELY = timedelta(days=7)
_SHOWN = {Standing.WELL: "ok  ", Standing.LACKS: "LACK", Standing.FAILS: "FAIL"}


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried: what came of it, and how it is with it."""

    what: str
    said: str
    standing: Standing = Standing.WELL


@click.command(short_help="Name every mistake of the config, then try everything.")
@click.option("--offline", is_flag=True, help="Read the config only, try nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(ctx: click.Context, offline: bool, as_json: bool) -> None:
    r"""Name every mistake of the config with its line; then try database, weights, sources, notifiers.

    Each token says what it may do, and what is missing. Nothing is stored and nobody is told. Exit
    status 2: the config has mistakes; 1: something does not work; 0 if only a right is missing
    (LACK) without which the rest goes on.

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
    print_tried(ctx, tried, as_json=as_json)


def print_tried(ctx: click.Context, tried: Sequence[Tried], *, as_json: bool) -> None:
    """Print what was tried; end with status 1 if something does not work."""
    works = all(one.standing is not Standing.FAILS for one in tried)
    if as_json:
        print_json({"ok": works, "tried": tried})
    else:
        for one in tried:
            click.echo(f"{_SHOWN[one.standing]}  {one.what}: {plain(one.said)}")
    if not works:
        ctx.exit(1)


def try_all(application: Application) -> Iterator[Tried]:
    """Everything that the config names, one after the other."""
    yield _try("database", lambda: _database(application))
    yield _try("classifier", lambda: _classifier(application))
    for feed in application.feeds:
        what = f"source {feed.name}"
        if isinstance(feed.source, TriesOut):
            yield from try_out(what, feed.source)
        else:
            yield _try(what, partial(_source, feed))
    if not application.feeds:
        none = "there are none: nothing is watched; see [[sources]]"
        yield Tried("sources", none, Standing.FAILS)
    yield from _unseen_answers(application.feeds)
    yield from _sent_to_us(application)
    for name, notifier in application.notifiers.items():
        what = f"notifier {name}"
        if isinstance(notifier, TriesOut):
            yield from try_out(what, notifier)
        else:
            none = "nothing to try; `complaint-monitor notify --test` sends a message"
            yield Tried(what, none)
    for name, (reader, _) in application.rotas.items():
        yield _try(f"rota {name}", partial(_rota, reader))
    if application.settings.slack_app is not None:
        yield from _slack_app(application)
    yield from _one_way(application)
    yield from _held_up(application)
    yield from _undecided(application)
    yield _try("items", lambda: _set_aside(application))


def _rota(reader: RotaReader) -> str:
    from monitor.rotas.shifts import on_call

    now = utc_now()
    shifts = reader.read(now)
    names = ", ".join(on_call(shifts, now)) or "nobody"
    return f"{names} on call now, {len(shifts)} shifts known; see `complaint-monitor policy rota`"


def _try(what: str, do: Callable[[], str]) -> Tried:
    try:
        return Tried(what, do())
    except MonitorError as error:
        return Tried(what, str(error), Standing.FAILS)


def try_out(what: str, plug_in: TriesOut) -> Iterator[Tried]:
    """A line for each thing that it finds, and one for what ends its trial."""
    try:
        for found in plug_in.try_out():
            yield Tried(what, found.said, found.standing)
    except MonitorError as error:
        yield Tried(what, str(error), Standing.FAILS)


def _slack_app(application: Application) -> Iterator[Tried]:
    try:
        app = application.slack_app()
    except MonitorError as error:
        yield Tried("slack app", str(error), Standing.FAILS)
    else:
        yield from try_out("slack app", app)


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
    from monitor.judging import adopted_of

    adopted_of(application.settings.classifier, application.database)  # whether it is here
    limits = application.thresholds
    key = PostKey("check", "text")
    post = Post(key=key, thread="text", text="My parcel never arrived.", posted_at=utc_now())
    [judged] = application.classifier.classify([post])
    return f"{judged.model}, alert from {limits.alert:.2f}, review from {limits.review:.2f}"


def _source(feed: Feed) -> str:
    """The first page of every stream: nothing of it is kept."""
    items: list[Post | Gone | Rejected] = []
    for stream in feed.source.streams():
        page = next(iter(feed.source.pages(stream, None)), None)
        items += page.items if page is not None else ()
    bad = [one for one in items if isinstance(one, Rejected)]
    said = f"{len(items)} items on the first page"
    if bad:
        said += f", {len(bad)} of them unreadable; {bad[0].where}: {bad[0].reason}"
    return said


def _unseen_answers(feeds: Sequence[Feed]) -> Iterator[Tried]:
    """Networks of which no stream brings a brand's own posts: there its answers end no wait."""
    read: dict[tuple[str, str], set[StreamKind]] = {}
    for feed in feeds:
        with suppress(MonitorError):  # told by its own trial
            for stream in feed.source.streams():
                for brand in feed.brands:
                    read.setdefault((brand.name, stream.network), set()).add(stream.kind)
    for (name, network), kinds in sorted(read.items()):
        if not kinds & {StreamKind.OWN, StreamKind.ALL}:
            said = (
                f"{name}'s answers on {network} are not seen: name its accounts in the source, "
                "or have a webhook told them (tells_answers)"
            )
            yield Tried("answers", said, Standing.LACKS)


def _sent_to_us(application: Application) -> Iterator[Tried]:
    """What was sent and nobody reads, and the calls that were refused lately."""
    from monitor.store import inbox

    since = (application.clock() - _LATELY).date()
    waiting = dict(_asked(application, lambda conn: tuple(inbox.unread(conn).items())))
    refused = _asked(application, lambda conn: inbox.refused_since(conn, since))
    names = {feed.name for feed in application.feeds}
    for name, number in sorted(waiting.items()):
        if name not in names:
            said = f"{number} items wait for a source {name}, which the config does not name (any more)"
            yield Tried("intake", said, Standing.LACKS)
    for one in refused:
        where = f"to {one.source}" if one.source else "to names that no source has"
        calls = "1 call" if one.number == 1 else f"{one.number} calls"
        yield Tried("intake", f"{one.day}: {calls} {where} refused: {one.what}")


def _asked(application: Application, ask: Callable[[Connection], Sequence[_T]]) -> Sequence[_T]:
    """What the database answers; nothing, where its own trial tells why it cannot be asked."""
    from monitor.store import maintenance

    database = application.database
    if database.path is not None and not database.path.exists():
        return ()
    try:
        with database.reading() as conn:
            return ask(conn) if maintenance.is_current(conn) else ()
    except StoreError:
        return ()


def _held_up(application: Application) -> Iterator[Tried]:
    """Notices that were tried in vain, by whom they are for."""
    from monitor.store import outbox

    for one in _asked(application, outbox.held_up):
        notices = "1 notice waits" if one.number == 1 else f"{one.number} notices wait"
        said = f"{notices} for {one.audience} since {one.since:%Y-%m-%d %H:%M} UTC: {one.problem}"
        yield Tried("notices", said, Standing.LACKS)


def _undecided(application: Application) -> Iterator[Tried]:
    """Posts of brands that the config does not name: nobody decides on them."""
    from monitor.store import cross_brand

    names = set(application.settings.brand_names)
    for one in _asked(application, cross_brand.undecided):
        if one.brand not in names:
            posts = "1 post waits" if one.number == 1 else f"{one.number} posts wait"
            since = f"since {one.since:%Y-%m-%d %H:%M} UTC"
            said = f"{posts} for {one.brand}, which the config does not name (any more), {since}"
            yield Tried("brands", said, Standing.LACKS)


def _one_way(application: Application) -> Iterator[Tried]:
    """Whether the operators hear of a notifier's trouble by that notifier alone, though there is another."""
    use = {one.called: one.use for one in application.settings.notifiers}
    names = list(use)

    def way_to(audience: str) -> str:
        name = audience.partition(":")[0]
        return name if name in use else names[0]

    way = way_to(application.operators)
    told = {way_to(rule.audience) for rule in application.settings.targets()}
    if len(names) > 1 and way in told and use[way] != "console":  # the terminal is always there
        others = " or ".join(f'"{one}"' for one in names if one != way)
        said = (
            f"trouble with {way} is told by {way} alone: [operators] tell = {others} would be heard"
        )
        yield Tried("operators", said, Standing.LACKS)


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
