"""Whether the token may do what is asked of it, and whether the account is told of everybody who names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor.domain.finding import Finding, Standing
from monitor.fetching import CallError
from monitor.sources.mastodon.calls import Calls
from monitor.sources.mastodon.options import Options

_SCOPES = {"mentions": "read:notifications", "tag": "read:statuses", "search": "read:search"}
_SCOPE_OF_OWN = "read:statuses"
_FORBIDDEN, _INVALID = 403, (400, 422)
_FILTERS = {
    "for_not_following": "people whom it does not follow",
    "for_not_followers": "people who do not follow it",
    "for_new_accounts": "new accounts",
    "for_private_mentions": "private mentions",
    "for_limited_accounts": "accounts that moderators limited",
}


def findings(
    calls: Calls, options: Options, streams: Mapping[str, Callable[[], object]]
) -> Iterator[Finding]:
    """What the token may do. `streams` each read one page. Raises CallError: there is no log-in."""
    me = calls.ask(lambda client: client.account_verify_credentials())
    name = me.get("acct") if isinstance(me, dict) else None
    if not isinstance(name, str):
        raise CallError("the server answers to the log-in with something that makes no sense")
    yield _log_in(f"{name}@{options.host}", options.account)
    for name, read in streams.items():
        yield _stream(name, read)
    yield from _filters(calls)
    yield (
        _writing(calls)
        if options.answers
        else Finding("answers: typed on Mastodon, and seen there")
    )
    if calls.quota.left is not None:
        left, span = calls.quota.left
        yield Finding(f"calls: {left} are left for the next {span.total_seconds():.0f} s")


def _log_in(handle: str, account: str) -> Finding:
    if handle.casefold() == account.casefold():
        return Finding(f"log-in: works, as @{handle}")
    said = (
        f"log-in: the token is that of @{handle}, not of @{account}: it would answer as @{handle}"
    )
    return Finding(said, Standing.FAILS)


def _stream(name: str, read: Callable[[], object]) -> Finding:
    try:
        read()
    except CallError as error:
        scope = _SCOPES.get(name.partition("-")[0], _SCOPE_OF_OWN)
        lacking = f" (it needs the scope {scope})" if error.status == _FORBIDDEN else ""
        return Finding(f"{name}: {error}{lacking}", Standing.FAILS)
    return Finding(f"{name}: can be read")


def _filters(calls: Calls) -> Iterator[Finding]:
    """Mastodon keeps back notifications, strangers' private ones from the start: customers are strangers."""
    try:
        policy: Any = calls.ask(lambda client: client.notifications_policy())
    except CallError:
        return  # servers older than 4.3 and other kinds have none
    told = policy if isinstance(policy, dict) else {}
    kept = [words for name, words in _FILTERS.items() if told.get(name) in ("filter", "drop")]
    if kept:
        said = (
            f"mentions: the account keeps back those of {', '.join(kept)}: they are not seen here"
        )
        yield Finding(f"{said}; set them to accept (docs/sources/mastodon.md)", Standing.LACKS)


def _writing(calls: Calls) -> Finding:
    """Offer an empty post, which no server takes: who may not write at all is told that instead."""
    try:
        calls.ask(lambda client: client.status_post(""))
    except CallError as error:
        if error.status in _INVALID:
            return Finding("answers: can be posted (an empty one was offered, and not taken)")
        said = "no answer can be sent from here: give the token the scope write:statuses"
        return Finding(f"answers: {error}; {said}", Standing.LACKS)
    return Finding("answers: can be posted")
