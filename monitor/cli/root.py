"""The commands' names, and the group that imports a command's module when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import click

from monitor import __version__
from monitor.domain.errors import MonitorError

CONFIG_VARIABLE = "COMPLAINT_MONITOR_CONFIG"

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("monitor.cli.demo:demo", "Watch a day of an invented shop, without any set-up."),
    "init": ("monitor.cli.init:init", "Write a config file, asking what it needs."),
    "check": ("monitor.cli.check:check", "Name every mistake of the config, then try everything."),
    "sources": ("monitor.cli.sources:sources", "What can be read, and what each source needs."),
    "run": ("monitor.cli.run:run", "Watch, and tell people, until stopped."),
    "worker": ("monitor.cli.worker:worker", "Do a share of the work, beside other workers."),
    "web": ("monitor.cli.web:web", "Serve the web page, and take in what others send."),
    "user": ("monitor.cli.users:user", "Who may use the page."),
    "token": ("monitor.cli.users:token", "By what programs come in."),
    "import": ("monitor.cli.importing:import_", "Read posts from files, once."),
    "classify": ("monitor.cli.classify:classify", "Judge a text, or lines of JSON."),
    "model": (
        "monitor.cli.model:model",
        "What judges: measure it, teach it, look at what it lets pass.",
    ),
    "rejects": (
        "monitor.cli.rejects:rejects",
        "What sources brought and could not be read.",
    ),
    "coverage": ("monitor.cli.coverage:coverage", "What was looked at, and what could not be."),
    "filtered": (
        "monitor.cli.filtered:filtered",
        "Posts that were set aside, and by which rule.",
    ),
    "cases": ("monitor.cli.cases:cases", "List, show, open and work on cases."),
    "policy": (
        "monitor.cli.policy:policy",
        "What the policies will do, would have done, and who is on call.",
    ),
    "templates": (
        "monitor.cli.templates:templates",
        "The approved answers, and what is wrong with them.",
    ),
    "slack": ("monitor.cli.slack:slack", "The Slack app: its manifest, a check, serving it."),
    "digest": ("monitor.cli.digest:digest", "Show or send what is unanswered."),
    "report": (
        "monitor.cli.report:report",
        "Figures of a period: terminal, HTML, PDF, CSV or JSON.",
    ),
    "restate": (
        "monitor.cli.restating:restate",
        "A report that was told, old and new figures, and why they moved.",
    ),
    "notify": ("monitor.cli.notify:notify", "Send a test alert."),
    "replay": ("monitor.cli.replay:replay", "Compare every case with its history."),
    "keep": ("monitor.cli.keep:keep", "Purge what was kept long enough; what was purged and why."),
    "erase": ("monitor.cli.erase:erase", "Erase a person: words, names, and notes about them."),
    "migrate-to": (
        "monitor.cli.moving:migrate_to",
        "Move a SQLite installation to PostgreSQL.",
    ),
    "db": ("monitor.cli.db:db", "Upgrade or back up the database."),
}
"""Name: where the command is, and what `--help` says of it without importing it."""

USAGE_STATUS = 2
"""Exit status of an error that a person has to mend."""


class Refusal(click.ClickException):
    """An error in words for the person at the terminal: no traceback, exit status 2."""

    exit_code = USAGE_STATUS

    def show(self, file: Any = None) -> None:
        """Print it on standard error, whatever click would choose."""
        click.echo(f"complaint-monitor: {self.message}", file=file, err=True)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that `--help` is quick."""

    commands_by_name: ClassVar[Mapping[str, tuple[str, str]]] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_by_name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_by_name:
            return None
        module, _, attribute = self.commands_by_name[cmd_name][0].partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        _keep_lines(found)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in self.commands_by_name.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MonitorError as error:
            raise Refusal(str(error)) from error


def _keep_lines(command: click.Command) -> None:
    r"""Make `\b` of a raw docstring the character by which click leaves a paragraph's lines alone."""
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _keep_lines(one)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `complaint-monitor demo`; then `complaint-monitor init`.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar=CONFIG_VARIABLE,
    default=Path("config.toml"),
    show_default=True,
    show_envvar=True,
    help="The config: a file, or a folder of .toml files.",
)
@click.version_option(__version__, prog_name="complaint-monitor")
@click.pass_context
def cli(ctx: click.Context, config: Path) -> None:
    """Watch what customers say in public, and see to it that no complaint goes unanswered."""
    ctx.obj = config
