"""`/readyz`: whether it can do its work, and if not why, in words that give nothing away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from monitor.domain.errors import StoreError
from monitor.store import gauges, maintenance
from monitor.store.gauges import Queue, StreamState
from monitor.web.site import Here, Site

log = structlog.get_logger()

LATE = timedelta(minutes=15)
"""So long after its time a look, or a notice, is late: a restart or a slow network is no trouble yet."""

router = APIRouter(include_in_schema=False)


class Trouble(StrEnum):
    """What is not as it should be."""

    DATABASE = "database_out_of_reach"
    """It does not answer."""
    VERSION = "database_of_another_version"
    """Its tables were made by another version of the program, by another program, or are not there."""
    ALL_SOURCES = "all_sources_failing"
    """No stream is read: `run` does not work, or every source fails."""
    SOURCE = "source_failing"
    """One stream or more fails; the others are read."""
    NOT_LOOKED = "source_not_looked_at"
    """The time of a look passed, and nobody looked."""
    OUTBOX = "outbox_late"
    """A notice waits longer than it should: nobody is told of anything, or a notifier is down."""


_ENOUGH_TO_FAIL = (Trouble.DATABASE, Trouble.VERSION, Trouble.ALL_SOURCES, Trouble.OUTBOX)
"""The others are told, and it is ready all the same: the rest of the work goes on."""


@router.get("/readyz")
def readyz(here: Here) -> JSONResponse:
    """200 if it can do its work, else 503; in both cases what is wrong with what."""
    checks = _checks(here)
    failed = [one for troubles in checks.values() for one in troubles if one in _ENOUGH_TO_FAIL]
    said: dict[str, Any] = {"ready": not failed, "checks": {k: list(v) for k, v in checks.items()}}
    return JSONResponse(said, HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK)


def _checks(here: Site) -> dict[str, Sequence[Trouble]]:
    """The troubles of each part. What cannot be asked, as the database is gone, is not there."""
    try:
        with here.database.reading() as conn:
            if not maintenance.is_current(conn):
                return {"database": [Trouble.VERSION]}
            now = here.clock()
            streams, queue = gauges.streams(conn), gauges.outbox(conn, now)
    except StoreError as error:
        log.warning("not_ready", trouble=Trouble.DATABASE.value, problem=str(error))
        return {"database": [Trouble.DATABASE]}
    return {
        "database": [],
        "sources": of_sources(streams, now),
        "outbox": of_outbox(queue, now),
    }


def of_sources(streams: Sequence[StreamState], now: datetime) -> list[Trouble]:
    """What is wrong with the streams that are read."""
    failing = [one for one in streams if one.failing_since is not None]
    late = [one for one in streams if now - one.next_look_at > LATE and one not in failing]
    if streams and len(failing) + len(late) == len(streams):
        return [Trouble.ALL_SOURCES]
    found = [(Trouble.SOURCE, failing), (Trouble.NOT_LOOKED, late)]
    return [trouble for trouble, of_them in found if of_them]


def of_outbox(queue: Queue, now: datetime) -> list[Trouble]:
    """What is wrong with what waits to be sent."""
    is_late = queue.oldest_at is not None and now - queue.oldest_at > LATE
    return [Trouble.OUTBOX] if is_late else []
