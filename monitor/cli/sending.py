"""What report and digest share: which brand, where the result goes, and the mail that carries it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli.printing import tell
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError
from monitor.domain.notice import Digest, Document, Notice, NoticeKind, Reason, Receipt

if TYPE_CHECKING:
    from monitor.cli.opening import Opened
    from monitor.settings import Settings
    from monitor.store.engine import Database

EMAIL = "email"

Command = TypeVar("Command", bound=Callable[..., Any])


def written_as(*formats: str, mailed: str = "Mail it") -> Callable[[Command], Command]:
    """The options that say how the result is written, and where it goes."""
    ways = (
        click.option(
            "--format",
            "format_",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="How it is written.",
        ),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option(
            "--output", type=click.Path(path_type=Path, dir_okay=False), help="To this file."
        ),
        click.option(
            "--email",
            is_flag=False,
            flag_value="",
            metavar="[TO]",
            help=f"{mailed}: to an address, or to whom the config names.",
        ),
    )

    def decorated(command: Command) -> Command:
        for way in reversed(ways):
            command = way(command)
        return command

    return decorated


def brand_of(settings: Settings, asked: str | None) -> str:
    """The brand that was asked for, or the only one.

    Raises:
        ConfigError: there is none of that name, or several to choose from.

    """
    known = settings.brand_names
    if asked is None and len(known) == 1:
        return known[0]
    if asked is None:
        raise ConfigError(f"say which brand: --brand with one of {', '.join(known)}")
    if asked not in known:
        raise ConfigError(f"--brand {asked}: there is no such brand; known: {', '.join(known)}")
    return asked


def number_of(database: Database, brand: str) -> int:
    """The brand's row. Raises ConfigError: nothing was ever read for it."""
    from monitor.store import brands

    with database.reading() as conn:
        known = {name: number for number, name in brands.names(conn).items()}
    if brand in known:
        return known[brand]
    raise ConfigError(
        f"nothing was read for {brand} yet: `complaint-monitor run` or `complaint-monitor import`"
    )


def number_if_named(its: Opened, brand: str | None) -> int | None:
    """The row of a brand that the command line names; None: it names none, and all are meant."""
    return None if brand is None else number_of(its.database, brand_of(its.settings, brand))


def give(text: str | bytes, output: Path | None) -> None:
    """Write the text to a file, or print it. Raises ConfigError: the file cannot be written."""
    if output is None:
        click.echo(text, nl=isinstance(text, str) and not text.endswith("\n"))
        return
    try:
        _write(text, output)
    except OSError as error:
        raise ConfigError(f"--output {output}: {error.strerror or error}") from error
    tell(f"{output}: written")


def _write(text: str | bytes, output: Path) -> None:
    """All of it or nothing: half a report looks like a whole one. CSV has line ends of its own."""
    content = text if isinstance(text, bytes) else text.encode()
    if output.exists() and not output.is_file():  # a pipe, a device: it is not replaced
        output.write_bytes(content)
        return
    whole = output.resolve()
    part = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(whole)
    finally:
        part.unlink(missing_ok=True)


def mail(
    settings: Settings, to: str, *, kind: NoticeKind, brand: str, content: Digest | Document
) -> None:
    """Send it by the config's first notifier of `use = "email"`; `to` may be empty: its recipients.

    Raises:
        ConfigError: there is no such notifier.
        SendError: the mail did not leave.

    """
    called = next((one.called for one in settings.notifiers if one.use == EMAIL), None)
    if called is None:
        raise ConfigError('--email needs a [[notifiers]] with use = "email" in the config')
    receipt = _sent(settings, called, to, kind=kind, brand=brand, content=content)
    tell(f"mailed to {receipt.place}")


def send(
    settings: Settings, audience: str, *, kind: NoticeKind, brand: str, content: Digest | Document
) -> None:
    """Send it to an audience as the config writes them: `slack`, `slack:leads`.

    Raises:
        ConfigError: no notifier is called so.
        SendError: it did not leave.

    """
    called, target = _door(settings, audience)
    _sent(settings, called, target, kind=kind, brand=brand, content=content)
    tell(f"told {audience}")


def spoken_at(settings: Settings, audience: str) -> str | None:
    """The language of that audience; None: its notifier does not tell. Raises ConfigError like `send`."""
    from monitor.ports import Speaks
    from monitor.wiring import Application

    called, target = _door(settings, audience)
    application = Application(settings)
    try:
        its = application.notifiers[called]
        return its.language(target) if isinstance(its, Speaks) else None
    finally:
        application.close()


def _door(settings: Settings, audience: str) -> tuple[str, str]:
    """The notifier's name, and the place behind it. Raises ConfigError: there is no such notifier."""
    called, _, target = audience.partition(":")
    known = [one.called for one in settings.notifiers]
    if called not in known:
        named = ", ".join(known)
        raise ConfigError(f"--tell {audience}: no notifier is called {called}; known: {named}")
    return called, target


def _sent(
    settings: Settings,
    called: str,
    target: str,
    *,
    kind: NoticeKind,
    brand: str,
    content: Digest | Document,
) -> Receipt:
    from monitor.wiring import Application

    now = utc_now()
    about = f"{kind} {brand} {called} {target} {now.isoformat()}"
    digest = hashlib.sha256(about.encode()).hexdigest()[:16]
    notice = Notice(
        key=f"{kind}:requested:{digest}",
        kind=kind,
        audience=target,
        reason=Reason.REQUESTED,
        brand=brand,
        content=content,
        written_at=now,
    )
    application = Application(settings)
    try:
        return application.notifiers[called].send(notice, None)
    finally:
        application.close()
