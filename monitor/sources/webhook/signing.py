"""Who sent a call, and when: HMAC-SHA256 over the time, a full stop and the body, byte for byte."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import timedelta

from monitor.domain.errors import CallError, Refusal
from monitor.ports import Call

TIME, SIGNATURE = "x-monitor-timestamp", "x-monitor-signature"
_SECONDS = re.compile(r"\d{1,12}", re.ASCII)
_MOST = 8
"""Signatures that one call may bear: a sender that changes its secret signs with both."""


def check(call: Call, secrets: Sequence[str], window: timedelta) -> None:
    """Let the call pass if one of the secrets signed it, and its time is within `window` of ours.

    Raises:
        CallError: it is refused, with what the sender may know.

    """
    said, given = call.headers.get(TIME), call.headers.get(SIGNATURE)
    if said is None or given is None:
        raise CallError(
            f"not signed: send the headers {TIME.title()} and {SIGNATURE.title()}",
            Refusal.NOT_SIGNED,
        )
    if not _SECONDS.fullmatch(said):
        raise CallError(
            f"{TIME.title()} has to be whole seconds since 1970 (UTC)", Refusal.WRONG_TIME
        )
    if not _is_signed(call.body, said, given, secrets):
        raise CallError(
            "the signature is wrong: is the secret the same, and the body signed byte for byte?",
            Refusal.WRONG_SIGNATURE,
        )
    # after the signature: nobody else learns what time it is here
    if abs(call.at.timestamp() - int(said)) > window.total_seconds():
        raise CallError(
            f"signed {said}, which is too long ago or ahead: here it is {call.at.timestamp():.0f}; "
            "sign anew at each try, by a clock that is right",
            Refusal.WRONG_TIME,
        )


def sign(body: bytes, at: str, secret: str) -> str:
    """The signature, as the header says it. `at`: seconds since 1970, in figures."""
    made = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"


def _is_signed(body: bytes, at: str, given: str, secrets: Sequence[str]) -> bool:
    """Compared in constant time, each secret with each signature, whatever fits first."""
    signatures = [one.strip().encode() for one in given.split(",")[:_MOST]]
    found = False
    for secret in secrets:
        right = sign(body, at, secret).encode()
        for one in signatures:
            found |= hmac.compare_digest(right, one)
    return found
