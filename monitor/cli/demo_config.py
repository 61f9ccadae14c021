"""The config of the demo's shop, as a person would write it, and the secrets that go with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.secrets import variable_of
from monitor.simulator import networks, reddit, shop, slack
from monitor.simulator.networks import Networks

ZONE = "Europe/Bucharest"
_EVERY = "10m"
"""Of the simulated day: a sixth of a second."""
_OVERLAP = "3h"
"""One of the story's posts is indexed nearly so late."""

SECRETS: Mapping[str, str] = {
    variable_of("x_token"): networks.X_TOKEN,
    variable_of("reddit_client_secret"): networks.REDDIT_SECRET,
    variable_of("reddit_refresh_token"): networks.REDDIT_REFRESH,
    variable_of("slack"): slack.TOKEN,
}
"""As environment variables. They open the simulated networks and nothing else."""

_POLICIES = """\
[[policies]]
name = "grave"
match = { severities = ["high", "critical"] }
target = "1h"
calendar = "office"
tell = "slack:care"
steps = [
  { name = "due soon", before_due = "15m" },
  { name = "overdue", after_due = "0m", tell = "slack:leads" },
]

[[policies]]
name = "everything else"
target = "4h"
calendar = "office"
tell = "slack:care"
steps = [
  { name = "overdue", after_due = "0m", tell = "slack:leads" },
]
"""


def config_text(folder: Path, its: Networks) -> str:
    """The shop's config; `folder` is where its database is."""
    identities = "\n".join(
        f"  {{ network = {_text(network)}, handle = {_text(handle)} }},"
        for network, handles in shop.BRAND_HANDLES.items()
        for handle in handles
    )
    sources = "\n".join((*_x(its), _reddit(its), *_files(its)))
    return f"""\
database = {_text(f"sqlite:///{folder / 'complaint-monitor.db'}")}
timezone = {_text(ZONE)}

[calendars.office]
weekly = {{ mon-fri = ["09:00-18:00"] }}

[[brands]]
name = {_text(shop.NAME)}
terms = [{_text(shop.NAME)}]
identities = [
{identities}
]
automatic_apps = [{", ".join(map(_text, shop.AUTOMATIC_APPS))}]
automatic_patterns = [{", ".join(map(_text, shop.AUTOMATIC_PATTERNS))}]

{sources}
{_POLICIES}
[[notifiers]]
use = "slack"
channel = {_text(networks.CHANNELS["care"])}
base_url = {_text(its.slack.url)}
per_second = 1000

[notifiers.targets]
{_targets()}

[digest]
at = "08:30"
calendar = "office"
tell = "slack:care"

[keep]
look_up_every = "3h"
"""


def _x(its: Networks) -> Iterator[str]:
    """An account a source; one of them searches, too."""
    for handle, number in its.x_accounts.items():
        searches = f"query = {_text(shop.NAME)}\n" if handle == shop.BRAND_HANDLES["x"][0] else ""
        yield (
            f'[[sources]]\nuse = "x"\nname = {_text(f"x-{handle}")}\naccount = {_text(number)}\n'
            f"handle = {_text(handle)}\n{searches}"
            f"overlap = {_text(_OVERLAP)}\nevery = {_text(_EVERY)}\nbase_url = {_text(its.x.url)}\n"
        )


def _reddit(its: Networks) -> str:
    return (
        f'[[sources]]\nuse = "reddit"\nclient_id = {_text(networks.REDDIT_CLIENT)}\n'
        f'username = {_text(its.reddit_account)}\nrefresh_token = "reddit_refresh_token"\n'
        f"subreddits = [{_text(reddit.SUBREDDIT)}]\nterms = [{_text(shop.NAME)}]\ninbox = false\n"
        f"every = {_text(_EVERY)}\nbase_url = {_text(its.reddit.url)}\n"
    )


def _files(its: Networks) -> Iterator[str]:
    for network, path in its.feed.paths.items():
        yield (
            f'[[sources]]\nuse = "files"\nname = {_text(network)}\nnetwork = {_text(network)}\n'
            f"path = {_text(str(path))}\nfollow = true\n"
        )


def _targets() -> str:
    return "\n".join(f"{name} = {_text(number)}" for name, number in networks.CHANNELS.items())


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
