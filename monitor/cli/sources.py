"""`sources`: what can be read, what each source can do besides, and what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import click

from monitor.cli.printing import print_json, print_table
from monitor.domain.errors import ConfigError

if TYPE_CHECKING:
    from monitor.ports import About

_PAGES = PurePosixPath("docs")


@dataclass(frozen=True, slots=True)
class Offered:
    """An installed plug-in. Without `about` it tells nothing, or `problem` says what loading it takes."""

    name: str
    extra: str | None
    answers: bool = False
    finds_answers: bool = False
    looks_up_again: bool = False
    about: About | None = None
    problem: str | None = None


@click.command(short_help="What can be read, and what each source needs.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def sources(names: tuple[str, ...], as_json: bool) -> None:
    r"""List every source that is installed and what it can do; with NAMEs, all that is known of these.

    Needs no config. Which of them your config names, and whether they work, is told by `check`.

    \b
    Examples:
      complaint-monitor sources
      complaint-monitor sources mastodon reddit
      complaint-monitor sources --json
    """
    from monitor import registry

    known = registry.names(registry.SOURCES)
    for name in names:
        if name not in known:
            raise ConfigError(f"no source is called {name}; known: {', '.join(known)}")
    found = [offered(name) for name in names or known]
    if as_json:
        print_json(found)
    elif names:
        click.echo("\n\n".join(_all(one) for one in found))
    else:
        _print_table(found)


def offered(name: str) -> Offered:
    """What the class of an installed source tells of itself."""
    from monitor import registry
    from monitor.ports import About, Refreshes, Replies

    extra = registry.extra_of(registry.SOURCES, name)
    try:
        cls = registry.load(registry.SOURCES, name)
    except ConfigError as error:
        return Offered(name, extra, problem=str(error))
    about = getattr(cls, "about", None)
    about = about if isinstance(about, About) else None
    answers = issubclass(cls, Replies)
    return Offered(
        name=name,
        answers=answers,
        finds_answers=answers and about is not None and about.finds_replies,
        looks_up_again=issubclass(cls, Refreshes),
        extra=extra or getattr(cls, "extra", None),
        about=about,
    )


def _print_table(found: Sequence[Offered]) -> None:
    headers = ("source", "answers", "finds its answers", "looks up again", "extra", "reads")
    rows = [
        (
            one.name,
            *(_said(one, power) for power in (one.answers, one.finds_answers, one.looks_up_again)),
            one.extra or "-",
            one.about.reads if one.about else one.problem or "(it does not say)",
        )
        for one in found
    ]
    print_table(headers, rows)
    click.echo("\nAll of one: complaint-monitor sources NAME")


def _said(one: Offered, power: bool) -> str:
    if one.problem is not None:
        return "?"
    return "yes" if power else "-"


def _all(one: Offered) -> str:
    """One source, a line for each thing that is known."""
    if one.about is None:
        return f"{one.name}\n  {one.problem or 'it says nothing of itself'}"
    about = one.about
    answers = "yes" if one.answers else f"no: {about.cannot_reply_because or 'it does not say why'}"
    if one.answers:
        answers += (
            "; whether one arrived can be looked up"
            if one.finds_answers
            else "; whether one arrived can't be looked up"
        )
    lines = {
        "reads": about.reads,
        "answers": answers,
        "looks up": "whether a post still stands" if one.looks_up_again else "no",
        "rights": about.rights,
        "limits": about.limits,
        "cost": about.cost,
        "needs": f'pip install "complaint-monitor[{one.extra}]"' if one.extra else "nothing more",
        "page": str(_PAGES / about.page),
    }
    width = max(map(len, lines))
    shown = "\n".join(f"  {word.ljust(width)}  {said}" for word, said in lines.items())
    return f"{one.name}: {about.title}\n{shown}"
