"""What the pages are made from, handed to every part that asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from monitor.clock import utc_now
from monitor.ports import Clock, Desk, Receives
from monitor.settings import Settings
from monitor.store.engine import Database
from monitor.web.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Site:
    """One installation as it is seen by HTTP."""

    settings: Settings
    database: Database
    doors: Mapping[str, Receives]
    """The sources that are told what is new, by configured name."""
    desks: Sequence[Desk] = ()
    """The sources that can answer."""
    clock: Clock = utc_now
    refusals: Refusals = field(default_factory=Refusals)


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


Here = Annotated[Site, Depends(_site)]
"""A parameter of this type is given the site."""
