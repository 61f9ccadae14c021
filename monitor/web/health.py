"""Whether the process is alive, for whoever restarts it if it is not."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> dict[str, bool]:
    """It answers, so it is. Asks nothing of the database: a restart would not mend that."""
    return {"alive": True}
