"""What a trial of the configuration found out (`check`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How it is with one thing that was tried."""

    WELL = "ok"
    LACKS = "lacks"
    """It works, but for something that is missing."""
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found out, in a sentence: what may be done, or what is missing and what for."""

    said: str
    standing: Standing = Standing.WELL
