"""The demo's web page: on this machine alone, of the demo's own database, while the demo goes on."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from monitor.clock import utc_now
from monitor.domain.access import Role
from monitor.domain.errors import MonitorError

if TYPE_CHECKING:
    from monitor.cli.playing import Played
    from monitor.web.welcome import Welcome

_NAME = "demo"
_HOST = "127.0.0.1"


class PageError(MonitorError):
    """The page does not answer as it should."""


def show(played: Played) -> None:
    """Serve the page until Ctrl-C, while the demo's clock goes on at the pace of the real one."""
    from monitor.cli.run import stopped_by_signals

    password = _add_user(played)
    with stopped_by_signals() as stop, _served(played) as (url, welcome):
        click.echo(
            f"\nThe web page, for this machine alone: {url}{welcome.path}\n"
            f"  That link signs in once; after it: name {_NAME}, password {password}\n"
            "  The day goes on meanwhile: what you do there is done, and Slack shows it here.\n"
            "  Ctrl-C ends it."
        )
        played.go_on(stop)
    click.echo("\nstopped")


def try_out(played: Played) -> None:
    """Serve the page, open each one of the menu as a browser would, say how they answer, and end.

    Raises:
        PageError: one does not.

    """
    import httpx

    from monitor.web.looks import MENU

    _add_user(played)
    with _served(played) as (url, welcome), httpx.Client(base_url=url, trust_env=False) as client:
        client.headers["accept"] = "text/html"
        said = client.get(welcome.path, follow_redirects=True, timeout=60)
        statuses = {"/": said.status_code}
        statuses |= {one.path: client.get(one.path, timeout=60).status_code for one in MENU}
    told = ", ".join(f"{path} {status}" for path, status in statuses.items())
    if set(statuses.values()) != {httpx.codes.OK.value}:
        raise PageError(f"the web page at {url} does not answer as it should: {told}")
    click.echo(
        f"\nThe web page answered at {url}, signed in by a link that held once: {told}.\n"
        "Nobody is at a terminal, so it ended again: `complaint-monitor demo --web` serves it until Ctrl-C."
    )


def _add_user(played: Played) -> str:
    """The demo's user, who may see everything; returns the password."""
    from monitor.store import users
    from monitor.web.access import passwords

    password = secrets.token_hex(8)
    kept = passwords.hashed(password, _NAME)
    with played.application.database.writing() as conn:
        users.add(conn, _NAME, Role.ADMIN, kept, by=_NAME, at=utc_now())
    return password


@contextmanager
def _served(played: Played) -> Iterator[tuple[str, Welcome]]:
    """The page is served beside, until the end of the block."""
    from monitor.web import app, serving
    from monitor.web.welcome import Welcome

    welcome = Welcome(_NAME)
    made = app.create(played.application.site())
    made.include_router(welcome.router())
    with serving.listen(_HOST, 0) as listener:
        server = serving.server(made)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://{_HOST}:{listener.getsockname()[1]}", welcome
        finally:
            server.should_exit = True
            thread.join()
