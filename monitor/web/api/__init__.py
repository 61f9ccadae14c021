"""The REST API, under /api/v1: what people see and do, for programs. docs/api.md is for who calls it.

params, shapes        | once                   | cases, acts, posts,   | contract
what may be asked,    | whatever is POSTed is  | numbers, ledger:      | all of it as
and what is answered  | done once under a key  | one file a subject    | OpenAPI 3.1
"""

from __future__ import annotations

from fastapi import APIRouter

from monitor.web.api import acts, answers, cases, contract, ledger, numbers, posts

PREFIX = "/api/v1"

router = APIRouter(prefix=PREFIX, generate_unique_id_function=lambda route: route.name)
for part in (cases, acts, answers, posts, numbers, ledger):
    router.include_router(part.router)
router.include_router(contract.router)

__all__ = ["PREFIX", "router"]
