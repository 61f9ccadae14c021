"""What the site does beside answering: it notes that it listens, and what it refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import FastAPI

from monitor.domain.errors import StoreError
from monitor.store import inbox
from monitor.web.site import Site

log = structlog.get_logger()

EVERY = 20.0
"""Seconds between two notes."""


@asynccontextmanager
async def watching(app: FastAPI) -> AsyncIterator[None]:
    """From the start to the end of the serving."""
    notes = asyncio.create_task(_note_again_and_again(app))
    try:
        yield
    finally:
        notes.cancel()
        with suppress(asyncio.CancelledError):
            await notes
        await asyncio.to_thread(note, app.state.site)


async def _note_again_and_again(app: FastAPI) -> None:
    await asyncio.to_thread(wake, app.state.site)
    while True:
        await asyncio.to_thread(note, app.state.site)  # asked each time: the config may be another
        await asyncio.sleep(EVERY)


def wake(site: Site) -> None:
    """Let the streams be read that rest because nobody listened."""
    now = site.clock()
    try:
        with site.database.writing() as conn:
            inbox.listen(conn, sorted(site.doors), now)
            for name, door in site.doors.items():
                inbox.wake(conn, name, door.reading_stream(), now)
    except StoreError as error:
        log.warning("nothing_woken", problem=str(error))


def note(site: Site) -> None:
    """Write it down now; if the database cannot be used, the next time."""
    counted = site.refusals.taken()
    now = site.clock()
    try:
        with site.database.writing() as conn:
            inbox.listen(conn, sorted(site.doors), now)
            for (source, reason), number in counted.items():
                inbox.refuse(conn, source, reason, number, now)
    except StoreError as error:
        site.refusals.put_back(counted)
        log.warning("nothing_noted", problem=str(error))
