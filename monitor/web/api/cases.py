"""Cases: listed, shown with all that is known, and opened by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from monitor.domain.case import Status
from monitor.domain.identity import Brand as OfBrand
from monitor.domain.storable import can_be_kept
from monitor.stages import by_hand
from monitor.store import answers, cards, listing, outbox
from monitor.store import cases as stored
from monitor.store.calls import Within
from monitor.store.engine import Connection
from monitor.store.listing import WantedCases, WantedPosts
from monitor.web.api.once import OneCall, require_case
from monitor.web.api.params import (
    Agent,
    CaseId,
    Cursor,
    Limit,
    Line,
    Reader,
    Text,
    Typed,
    search_of,
)
from monitor.web.api.shapes import (
    AnswerInWords,
    CaseLine,
    CaseWhole,
    Event,
    Opened,
    Page,
    Post,
    SeverityWord,
    Told,
    following,
    severity_of,
)
from monitor.web.site import Here, Site

router = APIRouter(tags=["cases"])

THREAD = 100
"""Posts of a case's thread that come with it."""


class Asked(BaseModel):
    """Which cases."""

    model_config = ConfigDict(extra="forbid")

    brand: Line | None = None
    network: Line | None = None
    status: Status | None = None
    severity: SeverityWord | None = None
    topic: Line | None = None
    owner: Line | None = Field(default=None, description="Whoever has it.")
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] | None = None
    confirmed: bool | None = Field(default=None, description="Sure, or waiting for a person's yes.")
    q: Typed = None
    cursor: Cursor = None
    limit: Limit = 50

    def wanted(self) -> WantedCases:
        """The same for the store."""
        plain = self.model_dump(exclude={"cursor", "limit", "severity", "q"})
        severity = severity_of(self.severity)
        return WantedCases(**plain, severity=severity, said=search_of(self.q))


@router.get("/cases")
def list_cases(_: Reader, here: Here, asked: Annotated[Asked, Query()]) -> Page[CaseLine]:
    """List cases, the newest first."""
    before, limit = None if asked.cursor is None else int(asked.cursor), asked.limit
    with here.database.reading() as conn:
        its = here.brand_names(conn)
        found = listing.cases_page(conn, asked.wanted(), its, before=before, limit=limit)
    return Page(items=[CaseLine.of(row) for row in found.rows], next=following(found))


@router.get("/cases/{case_id}")
def show_case(_: Reader, here: Here, case_id: CaseId) -> CaseWhole:
    """One case: as it stands, its history, its thread, its answers, and who was told what."""
    with here.database.reading() as conn:
        require_case(here, conn, case_id)
        row = listing.case(conn, case_id)
        return CaseWhole.with_card(
            row, cards.card(conn, case_id, here.clock(), None), **_more(here, conn, case_id)
        )


def _more(here: Site, conn: Connection, case_id: int) -> dict[str, Any]:
    history = stored.history(conn, case_id)
    notes = stored.notes(conn, history)
    wanted, its = WantedPosts(case=case_id), here.brand_names(conn)
    thread = listing.posts_page(conn, wanted, its, before=None, limit=THREAD)
    return {
        "history": [Event.of(one, notes) for one in history],
        "answers": [AnswerInWords.of(one) for one in answers.of_case(conn, case_id)],
        "told": [Told.of(one) for one in outbox.case_notices(conn, case_id)],
        "thread": [Post.of(one) for one in thread.rows],
    }


class Heard(BaseModel):
    """What a customer said, where no source brought it."""

    model_config = ConfigDict(extra="forbid")

    brand: Line | None = Field(default=None, description="Default: the only one there is.")
    text: Text
    url: Annotated[str, Field(pattern=r"^https?://[^\s\x00]+$", max_length=2000)] | None = None
    author: Line | None = Field(default=None, description="The customer's handle, number or name.")
    said_at: AwareDatetime | None = Field(default=None, description="Default: now.")
    severity: SeverityWord | None = Field(default=None, description="Default: what the words say.")


@router.post("/cases", status_code=HTTPStatus.CREATED, response_model=Opened)
def open_case(who: Agent, call: OneCall, heard: Heard) -> Response:
    """Open a case by hand, for what no source brought."""

    def do(conn: Connection, now: datetime) -> Mapping[str, Any]:
        settings = call.site.settings
        brand = _brand(call.site, heard.brand)
        said_at = heard.said_at or now
        if not can_be_kept(said_at):
            raise HTTPException(HTTPStatus.CONFLICT, f"{said_at} is no time that can be kept")
        post = by_hand.heard(
            brand, heard.text, url=heard.url, author=heard.author, posted_at=min(said_at, now)
        )
        number = by_hand.open_case(
            Within(conn),
            brand,
            post,
            rules=settings.targets(),
            lexicon=settings.lexicon(),
            severity=severity_of(heard.severity),
            by=who.name,
            now=now,
        )
        return {"case": number}

    return call.once(who.name, do, HTTPStatus.CREATED)


def _brand(site: Site, name: str | None) -> OfBrand:
    known = site.brands
    found = [one for one in known if name in (None, one.name)]
    if len(found) == 1:
        return found[0].brand()
    names = ", ".join(one.name for one in known)
    raise HTTPException(HTTPStatus.CONFLICT, f"say whom it is about: brand, one of {names}")
