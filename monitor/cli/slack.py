"""`slack`: the app's manifest, a check of everything that it needs, and serving it by itself."""

from __future__ import annotations

import json

import click

from monitor.cli.check import Tried, print_tried, try_out
from monitor.cli.opening import opened, settings_of
from monitor.cli.printing import tell
from monitor.domain.errors import ConfigError
from monitor.ports import TriesOut


@click.group(short_help="The Slack app: its manifest, a check, serving it.")
def slack() -> None:
    """The Slack app: its manifest, a check, serving it."""


@slack.command(short_help="Print the app's manifest.")
@click.option("--url", help="Where Slack reaches the app, https://…; default: Socket Mode.")
@click.option("--command", default="/complaints", show_default=True, help="The command's name.")
def manifest(url: str | None, command: str) -> None:
    r"""Print the manifest from which Slack makes the app, as JSON. Needs no config.

    \b
    Examples:
      complaint-monitor slack manifest
      complaint-monitor slack manifest --url https://hooks.shop.example/slack/events
    """
    from monitor.slackapp.manifest import manifest as made

    if url is not None and not url.startswith("https://"):
        raise ConfigError(f"--url {url}: Slack calls https:// addresses only")
    click.echo(json.dumps(made(command, request_url=url), indent=2))


@slack.command(short_help="Try everything that the app needs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    r"""Try tokens, scopes, channels, their history, groups, and how what is pressed comes in.

    Nobody is told anything. Exit status 1: something does not work.

    \b
    Example:
      complaint-monitor slack check
    """
    from monitor.wiring import Application

    application = Application(settings_of(ctx))
    try:
        app = application.slack_app()
        tried: list[Tried] = []
        table = application.settings.slack_app
        if table is not None:
            notifier = application.notifiers[table.notifier]
            if isinstance(notifier, TriesOut):
                tried += try_out(f"notifier {table.notifier}", notifier)
        tried += try_out("slack app", app)
    finally:
        application.close()
    print_tried(ctx, tried, as_json=as_json)


@slack.command(short_help="Serve the app by itself, until stopped.")
@click.pass_context
def serve(ctx: click.Context) -> None:
    r"""Do what is pressed in Slack, in a process of its own; `run` does it, too, unless with_run = false.

    SIGTERM or Ctrl-C ends it. Any number may run; each thing that is pressed is done once. A changed
    config is taken up by itself, at once after SIGHUP.

    \b
    Example:
      complaint-monitor slack serve
    """
    from monitor import log
    from monitor.cli.reloading import Reload, asked_by_signal, looked_for, watch_of
    from monitor.cli.run import stopped_by_signals
    from monitor.wiring import Application

    watch = watch_of(ctx)
    with opened(ctx) as its:
        settings = its.settings
    application = Application(settings)
    log.configure(
        level=settings.log.level, format=settings.log.format, hide=application.secrets.hide
    )
    try:
        app = application.slack_app().serving()
        with stopped_by_signals() as stop, asked_by_signal(watch):
            app.start()
            tell("complaint-monitor: what is pressed in Slack is done")
            reload = Reload(application, watch, lambda its: app.adopt(its.slack_app().place))
            with watch, looked_for(reload):
                stop.wait()
            app.stop()
        tell("complaint-monitor: stopped")
    finally:
        application.close()
