"""A workspace of Slack's on this machine, and the notifier that talks to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from monitor import registry
from monitor.domain.notice import Notice
from monitor.notifiers.slack import Slack
from monitor.notifiers.slack.lookup import EVENT, identity
from monitor.ports import Secrets
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel, Message
from tests.given import Given
from tests.notifiers.sample import NOW

CARE, LEADS = "C0CARE0001", "G0LEADS001"
ANA, HELPERS = "U0ANA00001", "S0HELPERS1"


def workspace(clock: Callable[[], int] = time.time_ns) -> SlackServer:
    channels = [Channel(CARE, "care"), Channel(LEADS, "leads", is_private=True)]
    return SlackServer(channels, clock=clock)


def slack(server: SlackServer, secrets: Secrets | None = None, /, **table: Any) -> Slack:
    """The notifier as the wiring makes it, a thousand times as fast as Slack allows."""
    said = {
        "channel": CARE,
        "targets": {"leads": LEADS},
        "people": {"ana": ANA, "helpers": HELPERS},
        "per_second": 1000,
        "base_url": server.url,
        "timeout": 5,
        **table,
    }
    cls = registry.load(registry.NOTIFIERS, "slack")
    options = registry.options(cls, said, "notifiers.slack")
    secrets = secrets or Given({"slack": TOKEN})
    made = registry.build(cls, options, secrets=secrets, clock=lambda: NOW)
    assert isinstance(made, Slack)
    return made


def mark(notice: Notice, part: int = 1) -> dict[str, Any]:
    """The metadata of the notice's message."""
    return {"event_type": EVENT, "event_payload": {**identity(notice), "part": part}}


def strings(value: Any) -> list[str]:
    """All texts in a block."""
    match value:
        case str():
            return [value]
        case Mapping():
            return [text for one in value.values() for text in strings(one)]
        case list() | tuple():
            return [text for one in value for text in strings(one)]
        case _:
            return []


def shown(message: Message) -> str:
    return json.dumps(message.blocks, ensure_ascii=False)
