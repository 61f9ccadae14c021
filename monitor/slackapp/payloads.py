"""The shape of what Slack brings: what has another one is refused before anybody takes it apart.

Only what we read is looked at; whatever else Slack says may change. As in Slack's reference: interaction
payloads (`block_actions`, `view_submission`), slash commands, the event `app_home_opened`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

import structlog
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from slack_bolt.middleware import Middleware
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse

from monitor.domain.errors import PhrasedError
from monitor.domain.storable import storable
from monitor.render.slack_forms import origin_of

_log = structlog.get_logger(__name__)
_OF_THE_LIBRARY = ("url_verification",)
"""What Bolt answers by itself: Slack asks whether the address is ours."""
_NUMBER = re.compile(r"[0-9]{1,18}")


class UnreadableError(PhrasedError):
    """What was pressed, chosen or typed is none of what can be there."""

    def __init__(self) -> None:
        super().__init__("That cannot be read: look again, and press once more.")


class UnknownShapeError(Exception):
    """Slack brought something that we can't read; the text names the fields, and repeats nothing of them."""


def _ours(metadata: str) -> str:
    """What Slack kept with a modal for us; the Home tab has none."""
    if metadata:
        try:
            origin_of(metadata)
        except (LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(type(error).__name__) from error
    return metadata


def _whole(text: str) -> str:
    """Neither NUL nor half a character: no database keeps them, no answer of ours can say them."""
    if storable(text) != text:
        raise ValueError
    return text


_Text: TypeAlias = Annotated[str, AfterValidator(_whole)]


class _User(BaseModel):
    id: _Text
    team_id: _Text | None = None
    username: _Text | None = None
    name: _Text | None = None


class _Named(BaseModel):
    id: _Text | None = None


class _Container(BaseModel):
    channel_id: _Text | None = None


class _Option(BaseModel):
    value: _Text = ""


class _Action(BaseModel):
    action_id: _Text
    action_ts: _Text | None = None
    value: _Text | None = None
    selected_option: _Option | None = None


class _Field(BaseModel):
    value: _Text | None = None
    selected_user: _Text | None = None
    selected_option: _Option | None = None
    selected_date_time: int | None = None


class _State(BaseModel):
    values: dict[_Text, dict[_Text, _Field]] = {}


class _View(BaseModel):
    id: _Text
    type: _Text | None = None
    hash: _Text = ""
    callback_id: _Text | None = None
    private_metadata: Annotated[_Text, AfterValidator(_ours)] = ""
    state: _State | None = None


class _Sent(_View):
    """A modal that is sent off is one of ours."""

    callback_id: _Text
    private_metadata: Annotated[_Text, AfterValidator(_ours), Field(min_length=1)]
    state: _State


class _Interaction(BaseModel):
    user: _User
    team: _Named | None = None
    enterprise: _Named | None = None
    trigger_id: _Text | None = None
    channel: _Named | None = None
    container: _Container | None = None
    view: _View | None = None


class _Pressed(_Interaction):
    actions: Annotated[list[_Action], Field(min_length=1)]


class _SentOff(_Interaction):
    view: _Sent


class _Command(BaseModel):
    command: _Text
    user_id: _Text
    user_name: _Text | None = None
    channel_id: _Text
    trigger_id: _Text
    team_id: _Text | None = None
    text: _Text = ""


class _Event(BaseModel):
    type: _Text
    user: _Text
    user_team: _Text | None = None


class _CameHome(BaseModel):
    team_id: _Text | None = None
    event: _Event


class LookedOver(Middleware):
    """Lets through what is signed and has the shape that Slack says: nobody behind it asks again.

    A class, for what the library hands to a function it takes out of the payload first.
    """

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,
        next: Callable[[], BoltResponse],  # noqa: A002
    ) -> BoltResponse:
        """Of what has another shape, Slack says to the person that it was not done."""
        del resp
        if req.body.get("type") in _OF_THE_LIBRARY or "ssl_check" in req.body:
            return next()
        shape = _shape(req.body)
        if shape is None:
            _log.info("slack_not_taken")
            return BoltResponse(status=404)
        try:
            _require(shape, req.body)
        except UnknownShapeError as error:
            _log.warning(
                "slack_unreadable", kind=req.body.get("type", "command"), fields=str(error)
            )
            return BoltResponse(status=400)
        return next()


def _require(shape: type[BaseModel], body: Mapping[str, Any]) -> None:
    """Return if it has the shape.

    Raises:
        UnknownShapeError: it has not.

    """
    try:
        shape.model_validate(body, strict=True)
    except ValidationError as error:
        where = (".".join(map(str, one["loc"])) for one in error.errors(include_input=False))
        raise UnknownShapeError(", ".join(sorted(set(where)))) from None


def _shape(body: Mapping[str, Any]) -> type[BaseModel] | None:
    event = body.get("event")
    match body.get("type"):
        case "block_actions":
            return _Pressed
        case "view_submission":
            return _SentOff
        case "event_callback":
            is_home = isinstance(event, Mapping) and event.get("type") == "app_home_opened"
            return _CameHome if is_home else None
        case None if "command" in body:
            return _Command
        case _:
            return None


def number(said: str) -> int:
    """A number of ours, as a button or a field holds it. Raises UnreadableError."""
    if not _NUMBER.fullmatch(said):
        raise UnreadableError
    return int(said)
