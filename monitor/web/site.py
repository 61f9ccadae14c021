"""What the pages are made from, handed to every part that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from monitor.clock import utc_now
from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Verdict
from monitor.domain.post import Post
from monitor.ports import Clock, Desk, Receives, Secrets
from monitor.settings import BrandTable, Settings
from monitor.settings.narrowing import narrowed
from monitor.store import brands, cases, sight
from monitor.store.engine import Connection, Database
from monitor.web.refusals import Refusals


def _nobody(_: Post) -> tuple[Judgement, Verdict]:
    raise ClassifierError("nothing here judges texts")


@dataclass(frozen=True, slots=True)
class Site:
    """One installation as it is seen by HTTP."""

    config: Settings
    database: Database
    doors: Mapping[str, Receives]
    """The sources that are told what is new, by configured name."""
    clock: Clock = utc_now
    desks: Callable[[], Sequence[Desk]] = tuple
    """The sources that can answer."""
    secrets: Secrets | None = None
    judge: Callable[[Post], tuple[Judgement, Verdict]] = _nobody
    """What is said of a text: the model in force with its thresholds and the word rules."""
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def zone(self) -> ZoneInfo:
        """In which times are shown."""
        return ZoneInfo(self.settings.timezone)

    @property
    def settings(self) -> Settings:
        """The config, without the brands that whoever is here is not let in for."""
        seen = sight.names()
        return self.config if seen is None else narrowed(self.config, seen)

    @property
    def brands(self) -> Sequence[BrandTable]:
        """Its brands."""
        seen = sight.names()
        return [one for one in self.config.brands if seen is None or one.name in seen]

    def brand_names(self, conn: Connection) -> dict[int, str]:
        """Their names by their numbers: others are not there for whoever is here."""
        wanted = {one.name for one in self.brands}
        return {number: name for number, name in brands.names(conn).items() if name in wanted}

    def is_all_in_sight(self, source: str) -> bool:
        """Whether a source's posts can be of no brand but those that whoever is here is let in for."""
        its = {
            one.name
            for table in self.config.sources
            if table.called == source
            for one in self.config.brands_of(table)
        }
        return its <= {one.name for one in self.brands}

    def has_case(self, conn: Connection, case_id: int) -> bool:
        """Whether there is such a case, of one of these brands."""
        row = cases.row(conn, case_id)
        return row is not None and row.brand_id in self.brand_names(conn)


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


Here = Annotated[Site, Depends(_site)]
"""A parameter of this type is given the site."""
