"""What people do to a case: the same as the buttons in Slack, by the same functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from monitor.domain.case import Case
from monitor.domain.event import Channel
from monitor.stages import act
from monitor.store.engine import Connection, Transactions
from monitor.web.access import Principal
from monitor.web.api.once import OneCall, Told
from monitor.web.api.params import LARGEST, Agent, CaseId, Line, Text
from monitor.web.api.shapes import CaseState

router = APIRouter(prefix="/cases/{case_id}", tags=["acts"])

_LONGEST_SNOOZE = 366 * 86_400


class _Asking(BaseModel):
    model_config = ConfigDict(extra="forbid")


class To(_Asking):
    """Whom a case is given to."""

    to: Line


class Snooze(_Asking):
    """For how long no step is taken."""

    seconds: int = Field(ge=1, le=_LONGEST_SNOOZE)
    why: Text | None = Field(default=None, description="Needed beyond the due time.")


class Duplicate(_Asking):
    """Which case it is the same as."""

    of: int = Field(ge=1, le=LARGEST)


class Elsewhere(_Asking):
    """Where, and when, the customer was answered."""

    channel: Channel
    at: AwareDatetime | None = Field(default=None, description="Default: now.")
    note: Text | None = None


class Contact(_Asking):
    """How the customer wants to be reached."""

    channel: Channel
    address: Line


class Link(_Asking):
    """Which post of the brand's answers the customer."""

    post: int = Field(ge=1, le=LARGEST)


class Undo(_Asking):
    """Which entry of the history is taken back."""

    seq: int | None = Field(default=None, ge=1, le=2**31 - 1, description="Default: the last.")


class _Plain(Protocol):
    def __call__(
        self, database: Transactions, case_id: int, /, *, by: str, now: datetime
    ) -> Case: ...


@router.post("/claim", response_model=CaseState)
def claim(who: Agent, call: OneCall, case_id: CaseId) -> Response:
    """Say "I am answering this", so that two do not answer at once."""
    return _plainly(act.claim, who, call, case_id)


@router.post("/acknowledge", response_model=CaseState)
def acknowledge(who: Agent, call: OneCall, case_id: CaseId) -> Response:
    """Stop the repeats of the current step for as long as the policy allows. The clock goes on."""
    return _plainly(act.acknowledge, who, call, case_id)


@router.post("/confirm", response_model=CaseState)
def confirm(who: Agent, call: OneCall, case_id: CaseId) -> Response:
    """Say that an unconfirmed case is a complaint."""
    return _plainly(act.confirm, who, call, case_id)


@router.post("/dismiss", response_model=CaseState)
def dismiss(who: Agent, call: OneCall, case_id: CaseId) -> Response:
    """Say that the case is no complaint. It can be undone."""
    return _plainly(act.dismiss, who, call, case_id)


@router.post("/duplicate", response_model=CaseState)
def duplicate(who: Agent, call: OneCall, case_id: CaseId, asked: Duplicate) -> Response:
    """Say that the case is the same as another one of the brand's. It can be undone."""

    def do(its: Transactions, now: datetime) -> Case:
        return act.dismiss(its, case_id, by=who.name, now=now, duplicate_of=asked.of)

    return _act(who, call, case_id, do)


@router.post("/assign", response_model=CaseState)
def assign(who: Agent, call: OneCall, case_id: CaseId, asked: To) -> Response:
    """Give the case to a person."""

    def do(its: Transactions, now: datetime) -> Case:
        return act.assign(its, case_id, asked.to, by=who.name, now=now)

    return _act(who, call, case_id, do)


@router.post("/snooze", response_model=CaseState)
def snooze(who: Agent, call: OneCall, case_id: CaseId, asked: Snooze) -> Response:
    """Take no step for a while. Beyond the due time only with a reason."""
    span = timedelta(seconds=asked.seconds)

    def do(its: Transactions, now: datetime) -> Case:
        return act.snooze(its, case_id, span, by=who.name, now=now, why=asked.why)

    return _act(who, call, case_id, do)


@router.post("/answered-elsewhere", response_model=CaseState)
def answered_elsewhere(who: Agent, call: OneCall, case_id: CaseId, asked: Elsewhere) -> Response:
    """Say that the customer was answered by phone, mail, … Counted, in a column of its own."""

    def do(its: Transactions, now: datetime) -> Case:
        return act.answered_elsewhere(
            its,
            case_id,
            asked.channel,
            by=who.name,
            now=now,
            answered_at=asked.at or now,
            text=asked.note,
        )

    return _act(who, call, case_id, do)


@router.post("/contact", response_model=CaseState)
def contact(who: Agent, call: OneCall, case_id: CaseId, asked: Contact) -> Response:
    """Keep how the customer wants to be reached; it is purged with the notes."""

    def do(its: Transactions, now: datetime) -> Case:
        return act.note_contact(its, case_id, asked.channel, asked.address, by=who.name, now=now)

    return _act(who, call, case_id, do)


@router.post("/link", response_model=CaseState)
def link(who: Agent, call: OneCall, case_id: CaseId, asked: Link) -> Response:
    """Say that one of the brand's posts answers the customer, where the network does not tell."""

    def do(its: Transactions, now: datetime) -> Case:
        return act.link_answer(its, case_id, asked.post, by=who.name, now=now)

    return _act(who, call, case_id, do)


@router.post("/undo", response_model=CaseState)
def undo(who: Agent, call: OneCall, case_id: CaseId, asked: Undo | None = None) -> Response:
    """Take back what a person did: the last of it, or the entry `seq`."""

    def do(its: Transactions, now: datetime) -> Case:
        seq = asked.seq if asked else None
        return act.undo(its, case_id, by=who.name, now=now, seq=seq)

    return _act(who, call, case_id, do)


def _plainly(do: _Plain, who: Principal, call: Told, case_id: int) -> Response:
    return _act(who, call, case_id, lambda its, now: do(its, case_id, by=who.name, now=now))


def _act(
    who: Principal, call: Told, case_id: int, do: Callable[[Transactions, datetime], Case]
) -> Response:
    def done(conn: Connection, now: datetime) -> Mapping[str, Any]:
        case = do(call.within(conn, case_id), now)
        return CaseState.of(case_id, case).model_dump(mode="json")

    return call.once(who.name, done)
