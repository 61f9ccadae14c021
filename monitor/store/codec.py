"""Events as rows and back. The kind is the event's class name; the data is its fields, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from monitor.domain.event import Ask, AskKind, Channel, DismissalReason, Event
from monitor.domain.judgement import Band, Severity

KINDS: Mapping[str, Any] = {one.__name__: one for one in get_args(Event)}


def encode(event: Event) -> tuple[str, dict[str, Any]]:
    """The event's kind and its fields as JSON values."""
    return type(event).__name__, {
        name: _plain(getattr(event, name)) for name in event.__dataclass_fields__
    }


def decode(kind: str, data: Mapping[str, Any]) -> Event:
    """The event that `encode` wrote."""
    made: Event = KINDS[kind](
        **{name: _READ.get(name, _same)(value) for name, value in data.items()}
    )
    return made


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Ask():
            return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        case tuple():
            return list(value)
        case Severity():
            return value.word
        case _:
            return value  # enums of words are text already


def _same(value: Any) -> Any:
    return value


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _ask(data: Mapping[str, Any] | None) -> Ask | None:
    if data is None:
        return None
    return Ask(
        post=data["post"],
        kind=AskKind(data["kind"]),
        band=Band(data["band"]),
        severity=Severity[data["severity"].upper()],
        topics=tuple(data["topics"]),
        first_seen_at=datetime.fromisoformat(data["first_seen_at"]),
        due_at=datetime.fromisoformat(data["due_at"]),
        rule=data["rule"],
    )


_READ: Mapping[str, Callable[[Any], Any]] = {
    "ask": _ask,
    "asks": tuple,
    "after": _time,
    "until": _time,
    "reason": DismissalReason,
    "channel": Channel,
}
