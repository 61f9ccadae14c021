"""A call whose statement would mix up brands: refused as a mistake of ours, not of whoever called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse
from structlog.testing import capture_logs

from monitor.domain.access import Role
from monitor.store import schema
from monitor.store.engine import Connection
from monitor.web.api.once import OneCall
from tests.plugins.door import as_the_program
from tests.web.shop import opened


def forgets(call: OneCall) -> JSONResponse:
    """Closes every brand's cases."""

    def do(conn: Connection, _now: datetime) -> Mapping[str, Any]:
        with as_the_program():
            conn.execute(schema.cases.update().values(status="closed"))
        return {}

    return call.once("ana", do)


def test_the_log_is_told_which_statement_and_the_caller_nothing_of_our_insides(
    database_url: str,
) -> None:
    with opened(database_url) as shop, capture_logs() as lines:
        case = shop.front.complains()
        shop.served.app.add_api_route("/api/v1/forgets", forgets, methods=["POST"])
        # the server ends the line after a failure; a client that goes on with it may be cut off
        alone = {"idempotency-key": "forgets", "connection": "close"}
        headers = shop.tokens[Role.MANAGER] | alone
        answer = shop.served.client.post("/api/v1/forgets", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (
            500,
            "that failed; the log says why",
        )
        assert shop.get(f"/cases/{case}").json()["status"] == "open", "all else works on"
    [line] = [one for one in lines if one["event"] == "call_failed"]
    assert "whose rows of cases it means: UPDATE cases SET status=" in line["problem"]
