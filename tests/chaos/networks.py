"""X, Reddit and Slack on ports of this machine, on which people go on while the program lives and dies.

What people say is shown as each network shows it, some of it late: X and Reddit index a post long after
it was written. Slack notes what it was ever given, so that a card's first words are known after its edits.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitor.simulator.reddit import Reddit, Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import ALL_SCOPES, Answer, Args, Channel, Workspace
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import XServer
from tests.chaos.mischief import Mischief
from tests.chaos.people import BRAND, Did, People, Said, now

CARE, LEADS = "C0CARE0001", "C0LEADS001"
WEIGHTS = {
    "root": 44,
    "again": 10,
    "joins": 6,
    "answer": 24,
    "quote": 3,
    "edit": 5,
    "delete": 5,
    "take back": 3,
}
NAMED = ("@bufnivo", "Bufnivo")
"""On X: a mention, and a name that only a search finds."""
LATE, LATEST = 0.08, 40.0
"""One post in so many is shown late, and after how many seconds at most."""
SECRETS = {
    "COMPLAINT_MONITOR_X_TOKEN": "bearer-of-nobody",
    "COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET": "secret-of-nobody",
    "COMPLAINT_MONITOR_REDDIT_PASSWORD": "password-of-nobody",
    "COMPLAINT_MONITOR_SLACK": TOKEN,
}
CLIENT = "client-of-nobody"
WAYS = """
[[sources]]
use = "x"
every = "1s"
account = "{account}"
handle = "bufnivo"
query = "bufnivo"
budget_usd_per_day = 1000000
overlap = "90s"
page_size = 10
timeout = 2
base_url = "{x}"

[[sources]]
use = "reddit"
every = "1s"
client_id = "{client}"
username = "bufnivo"
password = "reddit_password"
subreddits = ["cumparaturi"]
terms = ["bufnivo"]
{more}
overlap = "90s"
page_size = 10
timeout = 2
base_url = "{reddit}"

[[notifiers]]
use = "slack"
channel = "{care}"
targets = {{ leads = "{leads}" }}
per_second = {per_second}
timeout = 2
base_url = "{slack}"

[operators]
tell = "slack:leads"
"""


@dataclass(slots=True)
class Post:
    """A message as Slack was given it. `part`: of one notice, which may take several."""

    channel: str
    ts: str
    key: str
    part: int
    text: str
    """With its blocks."""
    is_deleted: bool = False
    edits: list[str] = field(default_factory=list)
    """What it said afterwards, edited in place."""


class Noting(Workspace):
    """A workspace that notes what it takes."""

    def __init__(self, channels: list[Channel], *, clock: Callable[[], int]) -> None:
        super().__init__(channels, clock=clock)
        self.posts: list[Post] = []

    def call(self, method: str, args: Args) -> Answer:
        """What the method answers. Raises RefusedError."""
        answer = super().call(method, args)
        if method == "chat.postMessage":
            metadata: Any = args.get("metadata")
            said = json.loads(metadata) if isinstance(metadata, str) else metadata
            payload = said["event_payload"]
            text = _said(args)
            place = (answer["channel"], answer["ts"])
            self.posts.append(Post(*place, payload["key"], int(payload["part"]), text))
        elif method in ("chat.delete", "chat.update"):
            for one in self.posts:
                if (one.channel, one.ts) == (answer["channel"], answer["ts"]):
                    one.is_deleted |= method == "chat.delete"
                    one.edits.append(_said(args))
        return answer

    def standing(self, channel: str, ts: str) -> str | None:
        """What a message says now; None: it is not there."""
        for one in self.channels[channel].messages:
            if one.ts == ts:
                return f"{one.text} {json.dumps(one.blocks, ensure_ascii=False)}"
        return None


def _said(args: Args) -> str:
    """A message with its blocks, letters as they are."""
    blocks: Any = args.get("blocks")
    shown = json.loads(blocks) if isinstance(blocks, str) else blocks
    return f"{args.get('text')} {json.dumps(shown, ensure_ascii=False)}"


@dataclass
class Networks:
    """The world of the drill. `finished_at`: since when nothing happened any more."""

    x: XServer
    reddit: RedditServer
    slack: SlackServer
    workspace: Noting
    chance: random.Random
    mischief: Mischief
    edits: int = 0
    deletions: int = 0
    late: int = 0
    finished_at: datetime | None = None
    clock: Callable[[], datetime] = field(default_factory=lambda: now)
    program_was_behind: bool = False
    """Its machine's clock was set back for a while."""
    ours: list[Said] = field(default_factory=list)
    """What the program itself wrote in the brand's name."""
    _hidden: list[tuple[datetime, Said]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.people = People(
            self.chance,
            WEIGHTS,
            name=_name,
            networks=("x", "reddit"),
            stamp=self._second_after,
            clock=self.clock,
        )

    @property
    def said(self) -> list[Said]:
        return [*self.people.said, *self.ours]

    def ways(self, per_second: int = 20, more: str = 'search = "bufnivo"') -> str:
        """The tables of a config that lead here.

        `per_second`: messages to one channel. `more`: what else is read of Reddit, or is not.
        """
        return WAYS.format(
            account=self.x.face.person(BRAND).id,
            client=CLIENT,
            x=self.x.url,
            reddit=self.reddit.url,
            slack=self.slack.url,
            care=CARE,
            leads=LEADS,
            per_second=per_second,
            more=more,
        )

    def write(self) -> None:
        """Let somebody do something, and maybe something go wrong."""
        self.tick()
        self.mischief.maybe()
        did, one = self.people.act()
        match did:
            case Did.POST if self.chance.random() < LATE:
                self.late += 1
                shown_at = self.clock() + timedelta(seconds=self.chance.uniform(2, LATEST))
                self._hidden.append((shown_at, one))
                if one.network == "reddit":
                    self._write(one, is_indexed=False)
            case Did.POST:
                self._write(one)
            case Did.EDIT:
                self.edits += 1
                self._edit(one)
            case Did.DELETE:
                self.deletions += 1
                self._delete(one)
            case Did.REPEAT:
                pass  # networks do that by themselves: by two streams, and in every overlap

    def tick(self) -> None:
        """Move X's clock on, and show what was held back till now."""
        self.x.face.now = self.clock()
        for shown_at, one in list(self._hidden):
            if shown_at <= self.clock():
                self._hidden.remove((shown_at, one))
                self._show(one)

    def finish(self) -> None:
        """Show what was held back, and let nothing go wrong any more."""
        self.tick()
        self.mischief.end()
        for _, one in self._hidden:
            self._show(one)
        self._hidden.clear()
        self.finished_at = self.clock()

    @property
    def is_halfway(self) -> bool:
        """Whether a network still holds back a post."""
        return bool(self._hidden)

    def _second_after(self, latest: datetime | None) -> datetime | None:
        """Networks tell whole seconds: no two posts of a thread share one, so that their order is told."""
        at = self.clock().replace(microsecond=0)
        return None if latest is not None and at <= latest else at

    def _show(self, one: Said) -> None:
        if one.deleted_at is not None:
            return
        if one.network == "reddit":
            self.reddit.reddit[one.id].is_indexed = True
        else:
            self._write(one)

    def _write(self, one: Said, *, is_indexed: bool = True) -> None:
        if one.network == "reddit":
            self._submit(one, is_indexed=is_indexed)
            return
        to: dict[str, Any] = {}
        if one.under is not None:
            to = {"quotes": (one.under.id,)} if one.quotes else {"reply_to": one.under.id}
        self.x.face.put(
            one.id, one.author or "", _named(one), at=one.at, conversation=one.thread, **to
        )
        if one.edited_at is not None:  # while it was held back
            self._edit(one)

    def _submit(self, one: Said, *, is_indexed: bool) -> None:
        """On Reddit: a submission, or a comment on one."""
        self.reddit.reddit.put(
            Thing(
                name=one.id,
                author=one.author,
                title=f"{one.mark}: my Bufnivo" if one.is_root else "",
                text=one.text,
                at=one.at,
                link="" if one.is_root else one.thread,
                parent=one.under.id if one.under else None,
                is_indexed=is_indexed,
            )
        )

    def _edit(self, one: Said) -> None:
        assert one.edited_at is not None
        if one.network == "reddit":
            thing = self.reddit.reddit[one.id]
            thing.text, thing.edited_at = one.text, one.edited_at
        elif one.id in self.x.face.posts:
            number = id_at(one.edited_at) + int(one.id) % (1 << 22)
            self.x.face.edit(one.id, _named(one), str(number))

    def _delete(self, one: Said) -> None:
        if one.network == "reddit":
            self.reddit.reddit[one.id].fate = "deleted"
        else:
            self.x.face.delete(one.id)


@contextmanager
def networks(
    chance: random.Random,
    *,
    may_look: bool = True,
    often: float = 1.0,
    clock: Callable[[], datetime] = now,
) -> Iterator[Networks]:
    """All three, serving. `may_look`: whether the app may read the channels' history.

    `often` multiplies how often something goes wrong. `clock`: the time there.
    """
    face = XFace(clock(), rate_limit=10**6)
    face.person(BRAND)
    with ExitStack() as stack:
        x = stack.enter_context(XServer(face, SECRETS["COMPLAINT_MONITOR_X_TOKEN"]))
        x.retry_after = 2
        secret = SECRETS["COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET"]
        reddit = RedditServer(Reddit(clock), clients={CLIENT: secret}, quota=10**9)
        reddit.passwords[BRAND] = SECRETS["COMPLAINT_MONITOR_REDDIT_PASSWORD"]
        stack.enter_context(reddit)
        slack = SlackServer([])
        workspace = Noting(
            [Channel(CARE, "care"), Channel(LEADS, "leads", is_private=True)],
            clock=lambda: int(clock().timestamp() * 1e6) * 1000,
        )
        if not may_look:
            workspace.scopes = frozenset(one for one in ALL_SCOPES if "history" not in one)
        slack.workspace = workspace
        stack.enter_context(slack)
        mischief = Mischief(x, reddit, slack, chance, often)
        yield Networks(x, reddit, slack, workspace, chance, mischief, clock=clock)


def _named(one: Said) -> str:
    """As it is written on X: the brand's own posts name nobody."""
    if one.author == BRAND:
        return one.text
    return one.text.replace(":", f": {NAMED[int(one.mark[1:]) % len(NAMED)]}", 1)


def _name(network: str, at: datetime, number: int, begins: bool) -> str:
    """An id in the network's own form; on X it tells the time."""
    if network == "x":
        return str(id_at(at) + number)
    written = f"{number:05d}"
    return f"t3_chaos{written}" if begins else f"t1_chaos{written}"
