"""Posts: listed, shown, and sent in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from monitor.domain.judgement import Band
from monitor.ports import Call, Splits
from monitor.store import listing
from monitor.store.engine import Connection
from monitor.store.listing import WantedPosts
from monitor.web.api.once import OneCall
from monitor.web.api.params import (
    LARGEST,
    Cursor,
    Limit,
    Line,
    Number,
    Reader,
    Sender,
    Typed,
    search_of,
)
from monitor.web.api.shapes import Page, Post, Received, following
from monitor.web.intake import keep
from monitor.web.site import Here

router = APIRouter(tags=["posts"])


class Asked(BaseModel):
    """Which posts."""

    model_config = ConfigDict(extra="forbid")

    brand: Line | None = None
    network: Line | None = None
    band: Band | None = None
    own: bool | None = Field(default=None, description="The brand's own, or none of them.")
    case: int | None = Field(
        default=None, ge=1, le=LARGEST, description="Those of that case's thread."
    )
    q: Typed = None
    cursor: Cursor = None
    limit: Limit = 50

    def wanted(self) -> WantedPosts:
        """The same for the store."""
        plain = self.model_dump(exclude={"cursor", "limit", "q"})
        return WantedPosts(**plain, said=search_of(self.q))


@router.get("/posts")
def list_posts(_: Reader, here: Here, asked: Annotated[Asked, Query()]) -> Page[Post]:
    """List posts, those that were stored last first. One that two brands are named in comes twice."""
    before = None if asked.cursor is None else int(asked.cursor)
    with here.database.reading() as conn:
        its = here.brand_names(conn)
        found = listing.posts_page(conn, asked.wanted(), its, before=before, limit=asked.limit)
    return Page(items=[Post.of(row) for row in found.rows], next=following(found))


@router.get("/posts/{post_id}")
def show_post(_: Reader, here: Here, post_id: Number) -> list[Post]:
    """One post, once for each brand that it is about."""
    with here.database.reading() as conn:
        rows = listing.post_of(conn, post_id, here.brand_names(conn))
    if not rows:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no post {post_id}")
    return [Post.of(row) for row in rows]


@router.post("/sources/{name}/posts", status_code=HTTPStatus.ACCEPTED, response_model=Received)
def send(
    who: Sender,
    call: OneCall,
    name: Annotated[str, Path(min_length=1, max_length=100, description="As configured.")],
    items: Annotated[
        dict[str, Any] | list[dict[str, Any]],
        Body(description="As the source's `items` and `mapping` in the config read it."),
    ],
) -> Response:
    """Send posts, deletions and answers to a `webhook` source, by a token in the place of a signature.

    They are kept before this is answered, and read when it is the source's turn. What is sent twice is
    one. A flawed item is kept, counted and told as rejected.
    """
    door = call.site.doors.get(name)
    if not isinstance(door, Splits) or not call.site.is_all_in_sight(name):
        raise HTTPException(HTTPStatus.NOT_FOUND, f"nothing can be sent to {name!r} here")

    def do(conn: Connection, now: datetime) -> Mapping[str, Any]:
        told = Call({}, {}, json.dumps(items).encode(), now)
        return keep(conn, name, door, door.split(told), now)

    return call.once(who.name, do, HTTPStatus.ACCEPTED)
