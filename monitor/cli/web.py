"""`web`: serve what is reached by HTTP."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import click

from monitor import __version__
from monitor.cli.opening import opened, settings_of
from monitor.cli.printing import tell
from monitor.domain.errors import ConfigError

if TYPE_CHECKING:
    from types import ModuleType


@click.command(short_help="Serve the web page, and take in what others send.")
@click.option("--host", help="The address to listen at; default: [web] host, 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Default: [web] port, 8321; 0: any that is free."
)
@click.pass_context
def web(ctx: click.Context, host: str | None, port: int | None) -> None:
    r"""Serve the web page until stopped. `run` goes on beside it, as a process of its own.

    Only this machine can reach it, unless --host or [web] host says otherwise. To be reached from
    outside, put a server with TLS (nginx, Caddy) before it and name its host in [web] hosts.
    SIGTERM or Ctrl-C ends it; calls under way are finished. A changed config is taken up by itself, at
    once after SIGHUP; but [web] host, port, hosts and most_bytes take a restart. It needs the extra:

    \b
      pip install "complaint-monitor[web]"

    \b
    Examples:
      complaint-monitor web
      complaint-monitor web --port 8000
      curl http://127.0.0.1:8321/healthz
    """
    from monitor import log
    from monitor.cli.reloading import Reload, asked_by_signal, looked_for, watch_of
    from monitor.wiring import Application

    module, serving = served_by()
    watch = watch_of(ctx)
    with opened(ctx) as its:
        del its  # there is a database, and its tables are of this version
    settings = settings_of(ctx)
    application = Application(settings)
    log.configure(
        level=settings.log.level, format=settings.log.format, hide=application.secrets.hide
    )
    try:
        at = host if host is not None else settings.web.host
        with serving.listen(at, settings.web.port if port is None else port) as listener:
            app = module.create(application.site())
            reload = Reload(application, watch, lambda its: module.take_up(app, its.site()))
            with watch, asked_by_signal(watch), looked_for(reload):
                _say_where(at, listener.getsockname()[1])
                serving.serve(app, listener)
    finally:
        application.close()
    tell("complaint-monitor: stopped")


def served_by() -> tuple[ModuleType, ModuleType]:
    """The page and what serves it. Raises ConfigError: they are not installed, and what to do."""
    try:
        from monitor.web import app, serving
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the web page needs the Python module {error.name}: "
            'pip install "complaint-monitor[web]"'
        ) from error
    return app, serving


def _say_where(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    tell(f"complaint-monitor {__version__} serves http://{shown}:{port}")
    if not _is_loopback(host):
        tell(
            "complaint-monitor: WARNING: other machines can reach it, without TLS: "
            "put a server that speaks HTTPS before it"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
