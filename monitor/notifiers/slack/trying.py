"""Whether the app may do its work: its token, its scopes, and every channel that the config names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from slack_sdk.web import SlackResponse

from monitor.domain.errors import SendError
from monitor.domain.finding import Finding, Standing
from monitor.notifiers.slack.scopes import cost_of, is_vital, missing
from monitor.notifiers.slack.wire import RefusedError, Wire

_TO_DO = "add it to the app and install it again"


def findings(wire: Wire, channels: Iterable[str]) -> Iterator[Finding]:
    """Log in and look at every channel; nobody is told anything. Raises SendError: no log-in."""
    answer = wire.call("auth.test", "", lambda client: client.auth_test())
    granted = _scopes(answer)
    yield Finding(f"token: works, as {_named(answer, 'user')} in {_named(answer, 'team')}")
    if granted is None:
        yield Finding("scopes: Slack does not say what the app may do", Standing.LACKS)
    else:
        yield Finding(f"scopes: {', '.join(sorted(granted)) or 'none'}")
    lacking: dict[str, None] = {}
    for channel in dict.fromkeys(channels):
        try:
            info = _info(wire, channel)
        except SendError as error:
            if not (isinstance(error, RefusedError) and error.name == "missing_scope"):
                yield Finding(str(error), Standing.FAILS)
                continue
            info = {"is_private": channel.startswith("G"), "is_im": channel.startswith("D")}
        lacking |= dict.fromkeys(missing(granted, info))
        yield from _channel(wire, channel, info)
    for scope in lacking:
        standing = Standing.FAILS if is_vital(scope) else Standing.LACKS
        yield Finding(f"scope {scope} is missing: {cost_of(scope)}; {_TO_DO}", standing)


def _channel(wire: Wire, channel: str, info: Mapping[str, Any]) -> Iterator[Finding]:
    called = f"#{info['name']} ({channel})" if info.get("name") else channel
    if "id" not in info:
        yield Finding(f"{called}: nothing can be seen of it", Standing.LACKS)
        return
    is_outside = info.get("is_member") is False and not info.get("is_im")
    if info.get("is_archived"):
        said = f"{called} is archived: unarchive it or name another one"
        yield Finding(said, Standing.FAILS)
    if is_outside:
        yield Finding(f"the app is not in {called}: /invite it there", Standing.FAILS)
    if info.get("is_archived") or is_outside:
        return
    try:
        wire.call(
            "conversations.history",
            channel,
            lambda client: client.conversations_history(
                channel=channel, limit=1, include_all_metadata=True
            ),
        )
    except SendError as error:
        said = f"{called}: its history can't be read ({error}): {cost_of('history')}"
        yield Finding(said, Standing.LACKS)
    else:
        yield Finding(f"{called}: found, the app is in it, its history can be read")


def _info(wire: Wire, channel: str) -> Mapping[str, Any]:
    answer = wire.call(
        "conversations.info", channel, lambda client: client.conversations_info(channel=channel)
    )
    found: Mapping[str, Any] = answer.get("channel") or {}
    return {"id": channel, **found}


def _named(answer: SlackResponse, what: str) -> str:
    return str(answer.get(what) or answer.get(f"{what}_id") or "?")


def _scopes(answer: SlackResponse) -> frozenset[str] | None:
    """What the app was granted; None if the answer does not say."""
    lower = {name.lower(): value for name, value in answer.headers.items()}
    said = lower.get("x-oauth-scopes")
    return None if said is None else frozenset(one.strip() for one in str(said).split(",") if one)
