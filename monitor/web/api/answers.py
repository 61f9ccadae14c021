"""Answers that leave from here: written, and what is to become of one in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.reply import Outgoing
from monitor.stages import answer as stage
from monitor.store.engine import Connection, Transactions
from monitor.web.access import Principal
from monitor.web.api.once import OneCall, Told
from monitor.web.api.params import LARGEST, Agent, CaseId, Number, Text
from monitor.web.api.shapes import Answer

router = APIRouter(prefix="/cases/{case_id}/answers", tags=["answers"])


class Written(BaseModel):
    """An answer to be posted in the brand's name."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    post: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST,
        description="To which post of the customer's; default: the newest that may be answered.",
    )
    anyway: bool = Field(
        default=False,
        description="Although somebody else is answering, or the network is said not to allow it.",
    )


@router.post("", status_code=HTTPStatus.ACCEPTED, response_model=Answer)
def write(who: Agent, call: OneCall, case_id: CaseId, written: Written) -> Response:
    """Accept an answer: `complaint-monitor run` posts it. The case is claimed for whoever writes it."""

    def do(its: Transactions, now: datetime) -> Outgoing:
        return stage.answer(
            its,
            call.site.desks(),
            case_id,
            written.text,
            approved=call.site.settings.answers.approved(),
            by=who.name,
            now=now,
            post=written.post,
            anyway=written.anyway,
        )

    return _about(who, call, case_id, do, HTTPStatus.ACCEPTED)


@router.post("/{number}/resend", response_model=Answer)
def resend(who: Agent, call: OneCall, case_id: CaseId, number: Number) -> Response:
    """Have it posted (again): somebody has looked, and it is not there; or what refused it is mended."""

    def do(its: Transactions, _: datetime) -> Outgoing:
        rules = call.site.settings.answers.approved()
        return stage.resend(its, call.site.desks(), case_id, number, approved=rules)

    return _about(who, call, case_id, do)


@router.post("/{number}/posted", response_model=Answer)
def posted(who: Agent, call: OneCall, case_id: CaseId, number: Number) -> Response:
    """Say that an answer in doubt is there."""
    return _about(who, call, case_id, lambda its, now: stage.posted(its, case_id, number, now=now))


@router.post("/{number}/cancel", response_model=Answer)
def cancel(who: Agent, call: OneCall, case_id: CaseId, number: Number) -> Response:
    """Never post it."""
    return _about(who, call, case_id, lambda its, _: stage.cancel(its, case_id, number))


def _about(
    who: Principal,
    call: Told,
    case_id: int,
    do: Callable[[Transactions, datetime], Outgoing],
    status: int = HTTPStatus.OK,
) -> Response:
    def done(conn: Connection, now: datetime) -> Mapping[str, Any]:
        return Answer.of(do(call.within(conn, case_id), now)).model_dump(mode="json")

    return call.once(who.name, done, status)
