"""The review: cases that wait for a person's yes, and the sample of what was let pass. One key each."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from monitor.domain.access import Principal
from monitor.domain.correction import Said
from monitor.domain.errors import MonitorError, StoreError
from monitor.stages import by_hand
from monitor.store import posts, queue, samples
from monitor.store.queue import State, Wanted
from monitor.web import acts, looks
from monitor.web.access import needs, visits
from monitor.web.site import Site

AT_ONCE = 20
"""Of each kind."""
KEYS = {
    "c": (Said.COMPLAINT, "Complaint"),
    "q": (Said.QUESTION, "Question"),
    "p": (Said.PRAISE, "Praise"),
    "o": (Said.OTHER, "None of these"),
}
"""What one key says of a post that was let pass."""
router = APIRouter(include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=acts.MOST)]
Agent = Annotated[Principal, Depends(needs(acts.ROLE))]


@router.get("/review")
def shown(request: Request, _: Agent) -> Response:
    """What waits for a look. The model's score is not shown: who knows it agrees with it."""
    return _page(request)


def _page(request: Request, wrong: str | None = None) -> Response:
    site: Site = request.app.state.site
    now = site.clock()
    with site.database.reading() as conn:
        names = site.brand_names(conn)
        unsure = Wanted(state=State.UNCONFIRMED)
        lines = queue.page(conn, names, unsure, now, limit=AT_ONCE + 1)
        number = queue.count(conn, names, unsure, now)
        waiting = [(brand, one) for brand in names for one in samples.waiting(conn, brand)]
        words = posts.load_posts(conn, [one.post_id for _, one in waiting[:AT_ONCE]])
    return looks.answered(
        request,
        "review",
        HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
        lines=lines[:AT_ONCE],
        number=number,
        counted=queue.COUNTED,
        waiting=[(brand, one, words[one.post_id]) for brand, one in waiting[:AT_ONCE]],
        sampled=len(waiting),
        brand_names=names,
        keys=KEYS,
        now=now,
        wrong=wrong,
    )


@router.post("/review/{brand}/{post}")
async def label(request: Request, brand: Number, post: Number, who: Agent) -> Response:
    """Keep what a person says that the post is."""
    said = await visits.form(request)
    try:
        word = Said(said.get("said", ""))
    except ValueError:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "say what the post is") from None
    site: Site = request.app.state.site
    try:
        await run_in_threadpool(_say, site, brand, post, word, who)
    except StoreError:
        raise  # no conflict: `problems` says it, without our insides
    except MonitorError as error:
        return await run_in_threadpool(_page, request, looks.tongue_of(request).why(error))
    return RedirectResponse("/review#sample", HTTPStatus.SEE_OTHER)


def _say(site: Site, brand: int, post: int, said: Said, who: Principal) -> None:
    with site.database.reading() as conn:
        if brand not in site.brand_names(conn):
            raise by_hand.NothingSaidError("There is no such brand.")
        if samples.has(conn, brand, post, looked_at=True):
            return  # sent twice: the first one holds
    told = by_hand.Told(said=said, by=who.name, reviewed=True)
    settings = site.settings
    by_hand.say(
        site.database,
        brand,
        post,
        told,
        rules=settings.targets(),
        lexicon=settings.lexicon(),
        now=site.clock(),
    )
