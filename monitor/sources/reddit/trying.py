"""Whether the token may do what is asked of it: its account, its scopes, and one thing of every stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.domain.finding import Finding, Standing
from monitor.fetching import CallError
from monitor.sources.reddit.calls import Calls
from monitor.sources.reddit.listing import Listing

_NEEDED = {"submissions": "read", "comments": "read", "search": "read"}
_NEEDED |= {"mentions": "privatemessages", "inbox": "privatemessages"}
_SCOPE_OF_OWN = "history"
_COSTS = {
    "read": "nothing of it is seen",
    "privatemessages": "who calls or answers the account is not seen there; or set inbox = false",
    _SCOPE_OF_OWN: "a complaint that you answered stays unanswered here",
}


def findings(
    calls: Calls, account: str | None, listings: Mapping[str, Listing]
) -> Iterator[Finding]:
    """What the token may do. Raises CallError: there is no log-in."""
    granted = calls.scopes()
    yield _login(calls, account, granted)
    yield Finding(f"scopes: {'everything' if '*' in granted else ', '.join(sorted(granted))}")
    for name, listing in listings.items():
        yield _stream(calls, name, listing, granted)
    if account and not granted & {"submit", "*"}:
        said = "scope submit is missing: no answer can be sent from here; authorize anew"
        yield Finding(said, Standing.LACKS)
    if calls.quota.left is not None:
        left, span = calls.quota.left
        yield Finding(f"calls: {left} are left for the next {span.total_seconds():.0f} s")


def _login(calls: Calls, account: str | None, granted: frozenset[str]) -> Finding:
    if account is None:
        return Finding("log-in: works, without an account: what is public can be read")
    if not granted & {"identity", "*"}:
        said = f"log-in: works; whether as u/{account}, the scope identity would tell"
        return Finding(said, Standing.LACKS)
    try:
        me = calls.get("api/v1/me")
    except CallError as error:
        return Finding(f"log-in: {error}", Standing.FAILS)
    name = me.get("name") if isinstance(me, dict) else None
    if not isinstance(name, str) or name.casefold() != account.casefold():
        said = f"log-in: the token is that of u/{name}, not of u/{account}: it would answer as u/{name}"
        return Finding(said, Standing.FAILS)
    return Finding(f"log-in: works, as u/{name}")


def _stream(calls: Calls, name: str, listing: Listing, granted: frozenset[str]) -> Finding:
    needed = _NEEDED.get(name, _SCOPE_OF_OWN)
    if not granted & {needed, "*"}:
        said = f"{name}: the token lacks the scope {needed}: {_COSTS[needed]}; authorize anew"
        return Finding(said, Standing.FAILS)
    try:
        next(listing.pages(calls, 1))
    except CallError as error:
        return Finding(f"{name}: {error}", Standing.FAILS)
    return Finding(f"{name}: can be read")
