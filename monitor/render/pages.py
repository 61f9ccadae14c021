"""Pages from templates. Everything that is not marked safe is escaped: people write what they like."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def page(template: str, **content: object) -> str:
    """The template of that name, filled in."""
    return _environment().get_template(template).render(**content)


def web(url: str | None) -> str | None:
    """The address, if it is one of the web: a link runs what its scheme says."""
    return url if url and url.lower().startswith(("https://", "http://")) else None


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("monitor.render", "templates"),
        autoescape=True,
        auto_reload=False,  # they come with the program: nobody changes them under it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
