"""Reads the story: who says what, when after what, and what is true of it. No clock, no seed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from monitor.simulator.shop import BRAND_HANDLES

DAY_STARTS = timedelta(hours=8)
"""The story's own zero is Monday, 08:00."""

_DAYS = {"sat": -2, "sun": -1, "mon": 0, "tue": 1}
_MOMENT = re.compile(r"(sat|sun|mon|tue) (\d\d):(\d\d)")
_SPAN = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)?")


class Label(StrEnum):
    """What a post really is. BRAND: the shop's own words; AUTOMATIC: its machine's."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    PRAISE = "praise"
    OTHER = "other"
    BRAND = "brand"
    AUTOMATIC = "automatic"


class Severity(StrEnum):
    """How grave a complaint really is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What the author turns the post into, and how long after posting it."""

    after: timedelta
    text: str
    rating: int | None
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One post of the story with all that is said in reply to it.

    `path` names it for good ("x/3/0": first reply to x's fourth post), so that the jitter of one
    post does not change when another is added. `after` counts from Monday 08:00 for a root, else
    from the post replied to. `indexed_after`: how long the network hides it. `top_level`: a reply
    that names no parent, only the thread.
    """

    path: str
    network: str
    name: str | None
    after: timedelta
    by: str | None
    text: str
    title: str | None
    rating: int | None
    lang: str
    label: Label
    severity: Severity | None
    via: str | None
    top_level: bool
    indexed_after: timedelta | None
    edit: Edit | None
    deleted_after: timedelta | None
    repost_of: str | None
    tells: tuple[str, ...]
    replies: tuple[Line, ...]

    @property
    def is_brand(self) -> bool:
        return self.label in (Label.BRAND, Label.AUTOMATIC)


@cache
def read_story() -> tuple[Line, ...]:
    """Every root post of the story, network by network, each with its replies within."""
    return tuple(
        _line(table, f"{network}/{index}", network, parent_lang="en")
        for network in BRAND_HANDLES
        for index, table in enumerate(_tables(network))
    )


def _tables(network: str) -> list[dict[str, Any]]:
    text = files(__package__).joinpath("story", f"{network}.toml").read_text("utf-8")
    posts: list[dict[str, Any]] = tomllib.loads(text)["post"]
    return posts


def _line(table: Mapping[str, Any], path: str, network: str, parent_lang: str) -> Line:
    lang = table.get("lang", parent_lang)
    by = table.get("by")
    replies = enumerate(table.get("reply", ()))
    return Line(
        path=path,
        network=network,
        name=table.get("name"),
        after=_moment(table["at"]) if "at" in table else span(table["after"]),
        by=by,
        text=table["text"].strip(),
        title=table.get("title"),
        rating=table.get("rating"),
        lang=lang,
        label=Label(table.get("label", "brand" if by in BRAND_HANDLES[network] else "other")),
        severity=Severity(table["severity"]) if "severity" in table else None,
        via=table.get("via"),
        top_level=table.get("top_level", False),
        indexed_after=span(table["indexed_after"]) if "indexed_after" in table else None,
        edit=_edit(table["edit"]) if "edit" in table else None,
        deleted_after=span(table["deleted_after"]) if "deleted_after" in table else None,
        repost_of=table.get("repost_of"),
        tells=tuple(table.get("tells", ())),
        replies=tuple(_line(reply, f"{path}/{i}", network, lang) for i, reply in replies),
    )


def _edit(table: Mapping[str, Any]) -> Edit:
    return Edit(
        after=span(table["after"]),
        text=table["text"].strip(),
        rating=table.get("rating"),
        label=Label(table["label"]),
    )


def _moment(written: str) -> timedelta:
    """`mon 09:12` as the time since Monday 08:00."""
    match = _MOMENT.fullmatch(written)
    if not match:
        raise ValueError(f"not a moment of the story: {written!r}")
    day, hour, minute = match.groups()
    return timedelta(days=_DAYS[day], hours=int(hour), minutes=int(minute)) - DAY_STARTS


def span(written: str) -> timedelta:
    """`1d 2h 30m`, any part optional, as a timedelta."""
    match = _SPAN.fullmatch(written)
    if not match or not written:
        raise ValueError(f"not a span of the story: {written!r}")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
