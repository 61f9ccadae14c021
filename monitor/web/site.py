"""What the pages are made from, handed to every part that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from monitor.clock import utc_now
from monitor.ports import Clock
from monitor.settings import Settings
from monitor.store.engine import Database


@dataclass(frozen=True, slots=True)
class Site:
    """One installation as it is seen by HTTP."""

    settings: Settings
    database: Database
    clock: Clock = utc_now


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


Here = Annotated[Site, Depends(_site)]
"""A parameter of this type is given the site."""
