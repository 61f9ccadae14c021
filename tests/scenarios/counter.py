"""A shop that answers on X or on Reddit: the real sources over HTTP, and the whole program in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from monitor.domain.case import Case
from monitor.domain.identity import Brand, Identity
from monitor.domain.judgement import Thresholds
from monitor.domain.notice import Digest
from monitor.domain.relevance import Relevance
from monitor.domain.reply import Outgoing
from monitor.domain.template import Approved
from monitor.ports import AnsweringSource, Desk
from monitor.runner import Runner, Stage
from monitor.simulator.reddit import Reddit as RedditWorld
from monitor.simulator.reddit import Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.stages import answer as people
from monitor.stages.classify import Classify
from monitor.stages.deliver import Deliver
from monitor.stages.escalate import Escalate
from monitor.stages.intake import Feed, Intake
from monitor.stages.reply import Reply
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.store import answers, brands, cases, schema
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, Channel, Keywords
from tests.sources import x_world
from tests.sources.subreddit import BRAND, LOGGED_IN, source

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SHOP = Brand(
    name="acme",
    identities=(Identity("*", handle=x_world.HANDLE),),
    relevance=Relevance(alike=False),
)


class Town(Protocol):
    """A network as people see it."""

    name: str
    source: AnsweringSource

    def complains(self, text: str) -> str: ...

    def we_answer(self, to: str, text: str) -> None: ...

    def ours(self) -> list[str]: ...

    def fails(self, fault: str, times: int) -> None: ...

    def asked_to_post(self) -> int: ...

    def passes(self, span: timedelta) -> None: ...

    @property
    def now(self) -> datetime: ...


class OnX:
    """The account's world on X."""

    name = "x"

    def __init__(self, shop: x_world.Shop) -> None:
        self._shop = shop
        self.source: AnsweringSource = shop.source(answer_keys="x", query=None)
        self.passes(NOON - shop.now)

    @property
    def now(self) -> datetime:
        return self._shop.now

    def passes(self, span: timedelta) -> None:
        self._shop.passes(span)

    def complains(self, text: str) -> str:
        return self._shop.writes(f"@{x_world.HANDLE} {text}")

    def we_answer(self, to: str, text: str) -> None:
        self._shop.answers(to, text)

    def ours(self) -> list[str]:
        posts = self._shop.face.posts.values()
        return [one.versions[one.latest] for one in posts if one.author.handle == x_world.HANDLE]

    def fails(self, fault: str, times: int) -> None:
        self._shop.server.fail(fault, "/2/tweets", times)

    def asked_to_post(self) -> int:
        return sum(one.method == "POST" for one in self._shop.server.asked)


class OnReddit:
    """A subreddit in which the brand's account answers."""

    name = "reddit"

    def __init__(self) -> None:
        self.now = NOON
        world = RedditWorld(lambda: self.now)
        self.server = RedditServer(world, clients={"app": "s3cret"}, quota=10**6)
        self.server.refresh_tokens["r3fresh"] = (BRAND, "*")
        self._count = 0

    @property
    def source(self) -> AnsweringSource:
        return source(self.server, now=self.now, subreddits=["help"], **LOGGED_IN)

    def passes(self, span: timedelta) -> None:
        self.now += span

    def complains(self, text: str) -> str:
        self._count += 1
        name = f"t3_s{self._count:04}"
        thing = Thing(
            name=name, author="ana_p", title="Help", text=text, subreddit="help", at=self.now
        )
        self.server.reddit.put(thing)
        return name

    def we_answer(self, to: str, text: str) -> None:
        self.server.reddit.reply(BRAND, to, text)

    def ours(self) -> list[str]:
        listed = self.server.reddit.comments_of(BRAND, {})["data"]["children"]
        return [one["data"]["body"] for one in reversed(listed)]

    def fails(self, fault: str, times: int) -> None:
        self.server.fail(fault, "/api/comment", times)

    def asked_to_post(self) -> int:
        return sum(one.path == "/api/comment" for one in self.server.asked)


@contextmanager
def town(name: str) -> Iterator[OnX | OnReddit]:
    """The network of that name, until the end."""
    if name == "x":
        with x_world.shop() as shop:
            yield OnX(shop)
        return
    made = OnReddit()
    with made.server:
        yield made


class Counter:
    """The shop's program over one network. A fresh process each time it runs."""

    def __init__(self, database_url: str, there: OnX | OnReddit) -> None:
        self.database = Database(database_url)
        schema.metadata.create_all(self.database.engine)
        self.town = there
        self.slack = Channel()
        with self.database.writing() as conn:
            brands.begin(conn, brands.ensure(conn, [SHOP.name]).values(), there.now - MINUTE)

    def runs(self, minutes: int = 1) -> Counter:
        """The program works for so long, looking every minute."""
        for _ in range(minutes):
            self.town.passes(MINUTE)
            done = self._runner().until_idle()
            assert done.broken is None, done.broken
            assert not done.failed, done.failed
        return self

    def answers(self, case: int, text: str = "It left today.", *, by: str = "ana") -> Outgoing:
        desk = Desk("net", self.town.source, (SHOP,))
        return people.answer(
            self.database, [desk], case, text, approved=Approved(), by=by, now=self.town.now
        )

    def resends(self, case: int, number: int) -> None:
        people.resend(
            self.database,
            [Desk("net", self.town.source, (SHOP,))],
            case,
            number,
            approved=Approved(),
        )

    def case(self, number: int = 1) -> Case:
        with self.database.reading() as conn:
            return cases.load(conn, number)

    def shown(self, number: int = 1) -> Outgoing:
        with self.database.reading() as conn:
            found = answers.shown(conn, number)
        assert found is not None
        return found

    def posts(self) -> int:
        with self.database.reading() as conn:
            return len(conn.execute(schema.post.select()).all())

    def _runner(self) -> Runner:
        clock = self._clock
        source = self.town.source
        stages: list[Stage] = [
            Intake(self.database, [Feed("net", source, (SHOP,), every=MINUTE)], clock=clock),
            Classify(self.database, Keywords()),
            Triage(self.database, (RULE,), Thresholds(alert=0.6, review=0.3), NO_WORDS, [SHOP]),
            Settle(self.database),
            Escalate(self.database),
            Deliver(
                self.database,
                {"slack": self.slack},
                digest=_no_digest,
                operators=None,
                shadow=False,
                clock=clock,
            ),
            Reply(self.database, [Desk("net", source, (SHOP,))], clock=clock, machine=clock),
        ]
        return Runner(stages, self.database, clock=clock, operators="slack:#ops")

    def _clock(self) -> datetime:
        return self.town.now


def _no_digest(*_: object) -> Digest:
    raise AssertionError
