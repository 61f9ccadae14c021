"""The scenarios' world on real wires: X, Reddit and Slack as servers, and the whole program in between.

Sources, stages, store, runner and notifier are those that a config names and `wiring` puts together;
only the classifier knows no more than the few words that the scenarios use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from monitor import settings
from monitor.cli.run import begin
from monitor.domain.judgement import Thresholds
from monitor.domain.report import Period, Report
from monitor.domain.sla import State
from monitor.simulator.ids import author_id
from monitor.simulator.reddit import Reddit, Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel, Message
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import XServer
from monitor.store import brands, cases, readings
from monitor.wiring import Application
from tests.scenarios import world
from tests.scenarios.world import clock_time

US, SALES = "acme_help", "acme_sales"
"""The brand's two accounts on every network."""
CARE, LEADS = "C0ACMECARE", "C0ACMELEAD"
_SECRETS = {
    "COMPLAINT_MONITOR_X_TOKEN": "x-token",
    "COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET": "reddit-secret",
    "COMPLAINT_MONITOR_REDDIT_REFRESH": "reddit-refresh",
    "COMPLAINT_MONITOR_SLACK": TOKEN,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(minutes=30)


class Keywords(world.Keywords):
    """The scenarios' classifier, by the plug-in door."""

    thresholds: ClassVar[Thresholds] = Thresholds(alert=0.6, review=0.3)

    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")

    def __init__(self, options: Options) -> None:
        del options


@dataclass(frozen=True, slots=True)
class Said:
    """A post that a scenario can refer to."""

    id: str
    thread: str
    author: str


class Page:
    """One network, on which people write at a time and can be read from that or a later one (`seen`)."""

    network: ClassVar[str]

    def __init__(self, live: Live) -> None:
        self._live = live
        self._count = 0

    def posts(
        self,
        text: str,
        *,
        at: str,
        by: str = "ana",
        to: Said | None = None,
        seen: str | None = None,
        **how: Any,
    ) -> Said:
        """Somebody writes; `to`: below that. What else can be said depends on the network."""
        self._count += 1
        name = self._name(clock_time(at), is_root=to is None)
        said = Said(name, to.thread if to else name, by)
        self._live.will(seen or at, lambda: self._show(said, text, clock_time(at), to, **how))
        return said

    def we_answer(self, to: Said, *, at: str, by: str = US, **how: Any) -> Said:
        """The brand replies, in the network's own app."""
        return self.posts(how.pop("text", f"So sorry! ({at})"), at=at, by=by, to=to, **how)

    def deletes(self, said: Said, *, at: str) -> None:
        """Its author takes it away."""
        self._live.will(at, lambda: self._delete(said))

    def edits(self, said: Said, text: str, *, at: str) -> None:
        """Its author changes what it says."""
        self._live.will(at, lambda: self._edit(said, text, clock_time(at)))

    def tables(self, folder: Path) -> str:
        """The `[[sources]]` that read it."""
        raise AssertionError(folder)

    def _name(self, at: datetime, *, is_root: bool) -> str:
        raise AssertionError(at, is_root)

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        raise AssertionError(said, text, at, to, how)

    def _delete(self, said: Said) -> None:
        raise AssertionError(said)

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        raise AssertionError(said, text, at)


class XPage(Page):
    """X. What customers write names the account, so that it is among the mentions."""

    network = "x"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.face = XFace(live.now, rate_limit=10**9)
        self.accounts = {handle: author_id("x", handle) or "" for handle in (US, SALES)}
        for handle in self.accounts:
            self.face.person(handle)
        self.server = XServer(self.face, token=_SECRETS["COMPLAINT_MONITOR_X_TOKEN"])

    def tables(self, folder: Path) -> str:
        del folder
        return "".join(
            f'[[sources]]\nuse = "x"\nname = "x-{handle}"\naccount = "{number}"\n'
            f'handle = "{handle}"\noverlap = "3h"\nbase_url = "{self.server.url}"\n'
            for handle, number in self.accounts.items()
        )

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del is_root
        return str(id_at(at) + self._count)

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        if said.author not in self.accounts:
            text = f"@{US} {text}"
        given: dict[str, Any] = {"reply_to": to.id if to else None, "conversation": said.thread}
        quotes = tuple(one.id for one in how.pop("quotes", ()))
        names_its_thread = how.pop("names_its_thread", True)
        shown = self.face.put(said.id, said.author, text, at=at, quotes=quotes, **(given | how))
        if not names_its_thread:  # as very old posts don't: known is only what it replies to
            shown.conversation = ""

    def _delete(self, said: Said) -> None:
        self.face.delete(said.id)

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        self._count += 1
        self.face.edit(said.id, f"@{US} {text}", str(id_at(at) + self._count))


class RedditPage(Page):
    """A subreddit: what stands below nothing is a submission, all else are comments."""

    network = "reddit"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        secret = _SECRETS["COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET"]
        self.server = RedditServer(Reddit(live.clock), clients={"app": secret}, quota=10**9)
        self.server.refresh_tokens[_SECRETS["COMPLAINT_MONITOR_REDDIT_REFRESH"]] = (US, "*")

    def tables(self, folder: Path) -> str:
        del folder
        return (
            f'[[sources]]\nuse = "reddit"\nclient_id = "app"\nusername = "{US}"\n'
            f'refresh_token = "reddit_refresh"\naccounts = ["{SALES}"]\nsubreddits = ["help"]\n'
            f'inbox = false\noverlap = "3h"\nbase_url = "{self.server.url}"\n'
        )

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del at
        return f"t{3 if is_root else 1}_a{self._count:05}"

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        thing = Thing(
            name=said.id,
            author=said.author,
            title="" if to else text,
            text=text,
            at=at,
            link=said.thread if to else "",
            parent=to.id if to else None,
            subreddit="help",
            **how,
        )
        self.server.reddit.put(thing)

    def _delete(self, said: Said) -> None:
        self.server.reddit[said.id].fate = "deleted"

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        thing = self.server.reddit[said.id]
        thing.edited_at = at
        thing.text = text
        if not thing.is_comment:
            thing.title = text


class ReviewsPage(Page):
    """A review site, as an export that grows."""

    network = "reviews"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self._path = live.folder / "reviews.jsonl"
        self._path.touch()
        self._first: dict[str, dict[str, Any]] = {}

    def tables(self, folder: Path) -> str:
        del folder
        return f'[[sources]]\nuse = "files"\npath = "{self._path}"\nfollow = true\n'

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del at, is_root
        return f"review-{self._count}"

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        row = {"external_id": said.id, "thread_id": said.thread, "author": said.author}
        row |= {"text": text, "posted_at": at.isoformat(), **how}
        if to is not None:  # the owner's response is named after its review
            row["external_id"] = f"{to.id}/response"
        self._first[said.id] = row
        self._write(row)

    def _delete(self, said: Said) -> None:
        gone = self._first[said.id]["external_id"]
        self._write({"external_id": gone, "deleted_at": self._live.now.isoformat()})

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        self._write({**self._first[said.id], "text": text, "edited_at": at.isoformat()})

    def _write(self, row: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"network": self.network, **row}) + "\n")


class Live:
    """The shop, one network, the team's Slack, and the program that watches. See `live`."""

    def __init__(self, folder: Path, database_url: str, pages: Sequence[type[Page]]) -> None:
        self.folder = folder
        self.now = clock_time("08:00")
        self.slack = SlackServer(
            [Channel(CARE, "care"), Channel(LEADS, "leads")], clock=self._nanoseconds
        )
        self.pages = [one(self) for one in pages]
        self.page = self.pages[0]
        self._database_url = database_url
        self._coming: list[tuple[datetime, int, Callable[[], object]]] = []
        self._heard = 0

    def start(self) -> None:
        """The program, over the database as it is: a fresh process."""
        text = _config(self)
        loaded = settings.read_text(text, "scenario")
        self.application = Application(loaded, clock=self.clock, environment=_SECRETS)
        self.runner = self.application.runner()

    def clock(self) -> datetime:
        return self.now

    def will(self, at: str, do: Callable[[], object]) -> None:
        """This can be seen from then on."""
        self._coming.append((clock_time(at), len(self._coming), do))

    def runs_until(self, until: str, every: timedelta = _TICK) -> Live:
        """The program runs on, looking so often; what is said meanwhile becomes visible."""
        end = clock_time(until)
        while True:
            self._publish()
            done = self.runner.until_idle()
            assert done.broken is None, done.broken
            assert not done.failed, done.failed
            if self.now >= end:
                return self
            self.now = min(self.now + every, end)

    def hears(self, channel: str, text: str) -> Live:
        """The next message in Slack that nobody heard yet is in that channel and says that."""
        said = self._said()
        assert self._heard < len(said), f"nothing more was said, not {text!r}"
        where, message = said[self._heard]
        assert where == channel, f"{message.text!r} went to {where}, not {channel}"
        assert text in message.text, f"{message.text!r} does not say {text!r}"
        self._heard += 1
        return self

    def hears_nothing_more(self) -> Live:
        left = [(where, message.text) for where, message in self._said()[self._heard :]]
        assert not left, f"unexpected: {left}"
        return self

    def card_says(self, text: str) -> None:
        """The first card, as it stands now."""
        _, card = self._said()[0]
        assert text in card.text, card.text

    def report(self) -> Report:
        """The week's report as of now."""
        period = Period(clock_time("00:00"), clock_time("+7 00:00"))
        with self.application.database.reading() as conn:
            [brand_id] = brands.names(conn)
            return readings.report(conn, brand_id, period=period, as_of=self.now)

    def states(self) -> dict[str, int]:
        """How many waits stand how."""
        return {str(state.value): n for state, n in self.report().total.figures.states.items() if n}

    def pictures_are_true(self) -> None:
        """Every stored picture is the fold of its history."""
        with self.application.database.reading() as conn:
            assert list(cases.differences(conn)) == []

    def _publish(self) -> None:
        due = sorted(one for one in self._coming if one[0] <= self.now)
        self._coming = [one for one in self._coming if one[0] > self.now]
        for _, _, do in due:
            do()
        for page in self.pages:
            if isinstance(page, XPage):
                page.face.now = self.now

    def _said(self) -> list[tuple[str, Message]]:
        there = [
            (f"#{channel.name}", message)
            for channel in self.slack.workspace.channels.values()
            for message in self.slack.messages(channel.id)
        ]
        return sorted(there, key=lambda one: float(one[1].ts))

    def _nanoseconds(self) -> int:
        return (self.now - _EPOCH) // timedelta(microseconds=1) * 1000


def _config(live: Live) -> str:
    return f"""
database = "{live._database_url}"
timezone = "Europe/Bucharest"
{"".join(page.tables(live.folder) for page in live.pages)}
[[brands]]
name = "acme"
identities = [{{ handle = "{US}" }}, {{ handle = "{SALES}" }}]
automatic_apps = ["AutoReply"]
automatic_patterns = ["^This is an automatic message"]

[classifier]
use = "tests.scenarios.live:Keywords"

[[policies]]
name = "default"
target = "4h"
tell = "slack:care"
steps = [
  {{ name = "quiet", after = "2h" }},
  {{ name = "overdue", after_due = "0m", tell = "slack:leads" }},
]

[[notifiers]]
use = "slack"
channel = "{CARE}"
targets = {{ care = "{CARE}", leads = "{LEADS}" }}
base_url = "{live.slack.url}"
per_second = 1000

[digest]
at = "23:00"
"""


PAGES: dict[str, type[Page]] = {one.network: one for one in (XPage, RedditPage, ReviewsPage)}


@contextmanager
def living(folder: Path, database_url: str, *networks: str) -> Iterator[Live]:
    """A world of these networks, watched from 08:00 on. `page` is the first one's."""
    live = Live(folder, database_url, [PAGES[one] for one in networks])
    with ExitStack() as stack:
        stack.enter_context(live.slack)
        for page in live.pages:
            if isinstance(page, XPage | RedditPage):
                stack.enter_context(page.server)
        live.start()
        stack.callback(lambda: live.application.close())
        begin(live.application)
        yield live


MET, LATE, OPEN, PENDING = (
    State.MET.value,
    State.BREACHED_ANSWERED.value,
    State.BREACHED_OPEN.value,
    State.PENDING.value,
)
