"""What goes wrong on the way to X, Reddit and Slack, by chance and seed; each fault strikes one call."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from monitor.simulator import slack as of_slack
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.serving import Fault
from monitor.simulator.slack import SlackServer
from monitor.simulator.x_http import XServer

X = {
    "drop": "dropped before it was accepted",
    "drop after": "dropped after it was accepted",
    "429": "429 without Retry-After",
    "429 retry-after": "429 with Retry-After",
    "500": "5xx",
    "503": "5xx",
    "truncated after": "truncated",
    "html": "truncated",
    "slow": "slow",
    "stall after": "slow",
}
REDDIT = {
    "drop": "dropped before it was accepted",
    "drop after": "dropped after it was accepted",
    "429": "429 without Retry-After",
    "429 retry": "429 with Retry-After",
    "500": "5xx",
    "503": "5xx",
    "truncated": "truncated",
    "half": "truncated",
    "slow": "slow",
    "stall": "slow",
}
SLACK = {
    of_slack.DROP_BEFORE: "dropped before it was accepted",
    of_slack.DROP_AFTER: "dropped after it was accepted",
    of_slack.limited(None): "429 without Retry-After",
    of_slack.limited(1): "429 with Retry-After",
    of_slack.broken(500): "5xx",
    of_slack.broken(503, accepted=True): "5xx",
    of_slack.TRUNCATED_AFTER: "truncated",
    of_slack.GARBAGE_AFTER: "truncated",
    of_slack.SLOW: "slow",
    of_slack.SLOW_AFTER: "slow",
}
"""By the fault as its simulator has it: as it is counted."""
WRITES = ("chat.postMessage", "chat.update", "conversations.history", "conversations.replies")
OFTEN = (9, 2, 1, 1)
"""Of the methods of Slack's, in this order."""
LASTS = 3.0
"""Seconds that a slow answer takes on Reddit: longer than the program waits."""
PER_ACT = {"x": 0.03, "reddit": 0.06, "slack": 0.06}
"""How many faults come of one thing that happens in the world. After a failed look a stream rests 15 s
and longer: more faults than these would only be answered with silence. For that reason none is planned
where one waits for its call."""


@dataclass
class Mischief:
    """Plans faults; `struck` counts those that met a call, once `end` was called."""

    x: XServer
    reddit: RedditServer
    slack: SlackServer
    chance: random.Random
    often: float = 1.0
    last: Fault | None = None
    struck: Counter[str] = field(default_factory=Counter)
    _planned: Counter[str] = field(default_factory=Counter)

    def maybe(self) -> None:
        """Perhaps let something go wrong with the next call of each network."""
        for network, share in PER_ACT.items():
            if self.chance.random() < share * self.often:
                getattr(self, f"_at_{network}")()

    def end(self) -> None:
        """Nothing goes wrong any more, but for `last`, which strikes the next message to Slack."""
        left = Counter(X[one.kind] for one in self.x.heal())
        left += Counter(_named(one) for one in self.reddit.heal())
        left += Counter(SLACK[one] for one in self.slack.heal())
        self.struck = self._planned - left
        if self.last is not None:
            self.struck[SLACK[self.last]] += 1
            self.slack.plan(WRITES[0], self.last)

    def _at_x(self) -> None:
        kind = self.chance.choice(list(X))
        if not self.x.faults:
            self.x.fail(kind, times=1)
            self._planned[X[kind]] += 1

    def _at_reddit(self) -> None:
        kind = self.chance.choice(list(REDDIT))
        headers = {"retry-after": "2"} if kind == "429 retry" else {}
        fault = Fault(kind.partition(" retry")[0], times=1, headers=headers, seconds=LASTS)
        if not self.reddit.faults:
            self.reddit.faults.append(fault)
            self._planned[REDDIT[kind]] += 1

    def _at_slack(self) -> None:
        fault = self.chance.choice(list(SLACK))
        method = self.chance.choices(WRITES, OFTEN)[0]
        if not self.slack.is_ill(method):
            self.slack.plan(method, fault)
            self._planned[SLACK[fault]] += 1


def _named(one: Fault) -> str:
    return REDDIT["429 retry" if one.headers else one.kind]
