"""`templates`: the store of approved answers: what is in it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import settings_of
from monitor.cli.printing import print_json, print_table
from monitor.domain.errors import ConfigError
from monitor.ports import DescribesReplies
from monitor.render.words import cut, plain

if TYPE_CHECKING:
    from monitor.domain.reply import Length
    from monitor.settings import Settings

_EXCERPT = 60
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(short_help="The approved answers, and what is wrong with them.")
def templates() -> None:
    """The approved answers, and what is wrong with them."""


@templates.command("list", short_help="All of them.")
@_json
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    r"""List the approved answers by topic and language.

    \b
    Example:
      complaint-monitor templates list
    """
    store = settings_of(ctx).answers.approved()
    found = sorted(store.templates, key=lambda one: (one.topic, one.language, one.name))
    if as_json:
        print_json(found)
    elif not found:
        click.echo("there are none: write [[answers.templates]] in the config")
    else:
        rows = [
            (one.topic, one.language, one.name, cut(plain(one.text), _EXCERPT)) for one in found
        ]
        print_table(("topic", "language", "name", "text"), rows)


@templates.command(short_help="One of them, whole.")
@click.argument("name")
@_json
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    r"""Show an approved answer as it is written.

    \b
    Example:
      complaint-monitor templates show "late parcel"
    """
    found = settings_of(ctx).answers.approved().named(name)
    if found is None:
        raise ConfigError(f'no template is called "{name}"; `complaint-monitor templates list`')
    if as_json:
        print_json(found)
    else:
        click.echo(f"{found.name}: {found.topic}, {found.language}\n")
        click.echo("\n".join(map(plain, found.text.split("\n"))))


@templates.command(short_help="Name every flaw of every one.")
@_json
@click.pass_context
def lint(ctx: click.Context, as_json: bool) -> None:
    r"""Name every flaw: unknown fields, length, forbidden words, more than one message, two for one topic.

    Lengths are measured as the networks of the configured sources count. Exit status 1: there are flaws;
    a missing translation alone is none.

    \b
    Example:
      complaint-monitor templates lint
    """
    settings = settings_of(ctx)
    store = settings.answers.approved()
    found = store.lint(_measures(settings))
    if as_json:
        rows = [{"template": one.template, "flaw": one.flaw, "said": one.said} for one in found]
        print_json({"templates": len(store.templates), "remarks": rows})
    else:
        for one in found:
            click.echo(f"{one.template}: {one.flaw}: {plain(one.said)}")
        click.echo(f"{len(store.templates)} templates, {len(found)} remarks")
    if any(one.is_grave for one in found):
        ctx.exit(1)


def _measures(settings: Settings) -> Mapping[str, Callable[[str], Length]]:
    """How the networks that can be answered from here count."""
    from monitor.wiring import Application

    application = Application(settings)
    try:
        sources = {one.name: one.source for one in application.desks}
    finally:
        application.close()
    return {
        name: source.reply_length
        for name, source in sources.items()
        if isinstance(source, DescribesReplies)
    }
