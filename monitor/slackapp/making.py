"""Makes the app out of what the config says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from monitor.ports import Secrets
from monitor.secrets import for_header
from monitor.settings.slack import SlackAppTable
from monitor.slackapp.door import Door
from monitor.slackapp.serving import Http, Serving, Socket
from monitor.slackapp.workplace import Workplace


def serving(
    table: SlackAppTable,
    place: Workplace,
    secrets: Secrets,
    *,
    base_url: str,
    timeout: int,
    report: Callable[[str], None],
) -> Serving:
    """The app, as the config wants it served.

    Raises:
        ConfigError: a secret is missing, or nobody may listen there.

    """
    if table.mode == "http":
        door = Door(place, signing_secret=for_header(secrets, table.signing_secret))
        return Http(door, table.host, table.port)
    token = partial(for_header, secrets, table.app_token)
    return Socket(Door(place), token, base_url=base_url, timeout=timeout, report=report)
