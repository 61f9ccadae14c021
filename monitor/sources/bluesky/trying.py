"""Whether the app password works, what the account keeps from being seen, and a look at every stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.domain.errors import SourceError
from monitor.domain.finding import Finding, Standing
from monitor.fetching import Listing
from monitor.sources.bluesky.calls import Calls
from monitor.sources.bluesky.options import Options

_KEPT_BACK = {
    "app.bsky.graph.getMutes": ("mutes", "muted"),
    "app.bsky.graph.getBlocks": ("blocks", "blocked"),
}
_TOLD_OF = ("mention", "reply", "quote")


def findings(calls: Calls, options: Options, listings: Mapping[str, Listing]) -> Iterator[Finding]:
    """What may be read, and as whom. Raises SourceError: there is no log-in."""
    yield _log_in(calls.get("com.atproto.server.getSession"), options.account)
    if calls.session.unkept is not None:
        why = f"log-in: cannot be kept, so every start takes one of the day's 300: {calls.session.unkept}"
        yield Finding(why, Standing.LACKS)
    for name, listing in listings.items():
        try:
            listing.leaf(0, None)
        except SourceError as error:
            yield Finding(f"{name}: {error}", Standing.FAILS)
        else:
            yield Finding(f"{name}: can be read")
    yield from _kept_back(calls)
    yield Finding(
        "answers: an app password may always write; nothing was written to try it"
        if options.answers
        else "answers: typed on Bluesky, and seen there"
    )
    yield Finding(f"calls: {calls.budget.left} of the budget are left now")


def _log_in(said: Mapping[str, Any], account: str) -> Finding:
    handle = said.get("handle")
    if said.get("active") is False:
        status = said.get("status")
        return Finding(f"log-in: the account is not active ({status})", Standing.FAILS)
    if not isinstance(handle, str) or handle.casefold() != account.casefold():
        words = f"log-in: works, but the account is called {handle} now: set account to that"
        return Finding(words, Standing.FAILS)
    return Finding(f"log-in: works, as @{handle}")


def _kept_back(calls: Calls) -> Iterator[Finding]:
    """Nothing is shown of people whom somebody muted or blocked once; nor, if so set, of strangers."""
    for method, (inside, called) in _KEPT_BACK.items():
        try:
            found = calls.get(method, limit=100).get(inside)
        except SourceError:
            continue  # a server that has none
        if isinstance(found, list) and found:
            words = f"mentions: {len(found)} accounts are {called}, and what they say is not seen"
            yield Finding(words, Standing.LACKS)
    try:
        wanted: Any = calls.get("app.bsky.notification.getPreferences").get("preferences")
    except SourceError:
        return
    told = wanted if isinstance(wanted, dict) else {}
    few = [name for name in _TOLD_OF if _is_of_few(told.get(name))]
    if few:
        words = (
            f"mentions: the account wants to hear only of people it follows ({', '.join(few)}): "
            "set its notifications to everyone"
        )
        yield Finding(words, Standing.LACKS)


def _is_of_few(preference: Any) -> bool:
    return isinstance(preference, dict) and preference.get("include") == "follows"
