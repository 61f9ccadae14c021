"""What Meta tells by a webhook: that something is to be looked at. What it says of it is not believed.

Meta asks once whether the address is ours (a word that it was told, and a challenge to be repeated), and
signs every call with the app's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor.domain.errors import CallError, Refusal
from monitor.ports import Call, Letter

SIGNATURE = "x-hub-signature-256"


def greet(call: Call, word: str) -> str:
    """The challenge, if whoever asks knows the word. Raises CallError."""
    said = call.asked.get("hub.verify_token")
    if call.asked.get("hub.mode") != "subscribe" or said is None:
        raise CallError("Meta asks with hub.mode=subscribe", Refusal.NOT_ASKED)
    if not hmac.compare_digest(said.encode(), word.encode()):
        raise CallError("the verify token is wrong", Refusal.WRONG_SIGNATURE)
    return call.asked.get("hub.challenge", "")


def take(
    call: Call,
    app_secret: str,
    account: str,
    is_wanted: Callable[[str, Mapping[str, Any]], bool],
) -> list[Letter]:
    """Every change of the account that is wanted, as a letter.

    Raises:
        CallError: Meta did not sign it.

    """
    given = call.headers.get(SIGNATURE)
    if given is None:
        raise CallError("not signed", Refusal.NOT_SIGNED)
    if not hmac.compare_digest(given.encode(), sign(call.body, app_secret).encode()):
        raise CallError(
            "the signature is wrong: is it the secret of this app?", Refusal.WRONG_SIGNATURE
        )
    try:
        return list(_letters(json.loads(call.body), account, is_wanted))
    except (ValueError, RecursionError) as error:
        return [_letter({"unreadable": call.body.decode(errors="replace")}, f"no JSON: {error}")]


def sign(body: bytes, app_secret: str) -> str:
    """The signature, as the header says it."""
    return f"sha256={hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()}"


def _letters(
    said: Any, account: str, is_wanted: Callable[[str, Mapping[str, Any]], bool]
) -> Iterator[Letter]:
    entries = said.get("entry") if isinstance(said, dict) else None
    if not isinstance(entries, list):
        yield _letter({"unreadable": said}, "it has no entries")
        return
    for entry in entries:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(changes, list):
            yield _letter({"unreadable": entry}, "an entry without changes")
            continue
        if str(entry.get("id")) != account:
            continue  # another page or account of the same app: its own source has its own address
        for change in changes:
            field = change.get("field") if isinstance(change, dict) else None
            value = change.get("value") if isinstance(change, dict) else None
            if not isinstance(field, str) or not isinstance(value, dict):
                yield _letter({"unreadable": change}, "a change without field or value")
            elif is_wanted(field, value):
                yield _letter({"field": field, "value": value, "time": entry.get("time")})


def _letter(said: Mapping[str, Any], flaw: str | None = None) -> Letter:
    written = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return Letter(hashlib.sha256(written.encode()).hexdigest(), written, flaw)
