"""A small world for scenarios: customers, a brand, a channel, and the real program in between.

Everything between the feed file and the channel is the product: the `files` source, the stages, the
store, the runner. The channel is the other side of a `Notifier`; the classifier is a port too, and
knows the few words that the scenarios use.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from monitor.domain.hours import BusinessHours, always
from monitor.domain.identity import Brand, Identity
from monitor.domain.judgement import Judgement, Thresholds
from monitor.domain.lexicon import Lexicon, lexicon_from
from monitor.domain.notice import (
    Absent,
    CaseCard,
    Digest,
    Notice,
    Receipt,
    StillOpen,
    Unknowable,
    Words,
)
from monitor.domain.policy import Anchor, Match, Rule, Step
from monitor.domain.post import Post
from monitor.domain.relevance import Relevance
from monitor.domain.report import Period, Report
from monitor.domain.rota import Person
from monitor.domain.storm import Limits
from monitor.registry import options
from monitor.runner import Runner, Stage
from monitor.sources.files import Files
from monitor.stages.classify import Classify
from monitor.stages.deliver import Deliver
from monitor.stages.escalate import Escalate
from monitor.stages.gather import Gather
from monitor.stages.intake import Feed, Intake
from monitor.stages.settle import Settle
from monitor.stages.subscribe import Subscribe
from monitor.stages.triage import Triage
from monitor.stages.wake import Wake
from monitor.store import brands, readings, replaying, schema
from monitor.store.engine import Database
from tests.given import Given

ZONE = ZoneInfo("Europe/Bucharest")
DAY = date(2026, 5, 4)
"""A Monday."""
SHOP = Brand(
    name="acme",
    identities=(Identity("*", handle="acme_help"),),
    automatic_apps=("AutoReply",),
    relevance=Relevance(alike=False),
)


def clock_time(text: str, day: date = DAY) -> datetime:
    """`09:00` local, as UTC; `+1 09:00` is the day after."""
    if text.startswith("+"):
        days, _, text = text[1:].partition(" ")
        day += timedelta(days=int(days))
    return datetime.combine(day, time.fromisoformat(text), ZONE).astimezone(UTC)


class Keywords:
    """A classifier that goes by words: enough to tell the scenarios' posts apart."""

    model = "keywords@1"

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        return [self._judge(one.text.casefold()) for one in posts]

    def _judge(self, text: str) -> Judgement:
        complaint, question, praise = 0.02, 0.02, 0.02
        if any(word in text for word in ("still no", "broken", "never again", "refund")):
            complaint = 0.95
        elif "hmm" in text:
            complaint = 0.4
        elif text.endswith("?"):
            question = 0.9
        elif "thanks" in text or "love" in text:
            praise = 0.9
        other = max(0.0, 1 - complaint - question - praise)
        return Judgement(complaint, question, praise, other, "en", self.model)


@dataclass
class Channel:
    """The other side of a notifier: what the team heard, in order."""

    messages: list[tuple[str, Notice, str]] = field(default_factory=list)
    edits: list[tuple[Receipt, Notice]] = field(default_factory=list)
    heard: int = 0

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if earlier is not None:
            self.edits.append((earlier, notice))
            return earlier
        self.messages.append((notice.audience, notice, _words(notice)))
        return Receipt(notice.audience, notice.key)

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        known = any(one.key == notice.key for _, one, _ in self.messages)
        return Receipt(notice.audience, notice.key) if known else Absent()

    def hears(self, audience: str, text: str) -> Channel:
        """The next message not yet heard is for that audience and says that."""
        assert self.heard < len(self.messages), f"nothing more was said, not {text!r}"
        where, _, words = self.messages[self.heard]
        assert where == audience, f"{words!r} went to {where}, not {audience}"
        assert text in words, f"{words!r} does not say {text!r}"
        self.heard += 1
        return self

    def hears_nothing_more(self) -> None:
        left = [(where, words) for where, _, words in self.messages[self.heard :]]
        assert not left, f"unexpected: {left}"

    def card_shows(self, status: str, *, owner: str | None = None) -> None:
        """The card, as edited last."""
        _, notice = self.edits[-1]
        assert isinstance(notice.content, CaseCard)
        assert (notice.content.status, notice.content.owner) == (status, owner)


def _words(notice: Notice) -> str:
    content = notice.content
    if isinstance(content, CaseCard):
        step = f"{content.step}: " if content.step else ""
        return f"{step}{content.text}"
    if isinstance(content, StillOpen):
        return " ".join(("still open:", *(str(one.case_id) for one in content.lines)))
    if isinstance(content, Words):
        return " ".join(map(str, (content.headline, *content.lines)))
    return notice.kind.value


@dataclass
class Said:
    """A post that a scenario can refer to."""

    id: str
    thread: str
    author: str


class Network:
    """One network's page: what is said there, visible from its time on."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name
        self._count = 0

    def posts(
        self,
        text: str,
        *,
        at: str,
        by: str = "ana",
        to: Said | None = None,
        seen: str | None = None,
        via: str | None = None,
        rating: int | None = None,
        number: str | None = None,
    ) -> Said:
        """Somebody posts, visible at once or (`seen`) later."""
        self._count += 1
        name = f"{self._name}-{self._count}"
        said = Said(name, to.thread if to else name, by)
        self._show(
            seen or at,
            external_id=name,
            thread_id=said.thread,
            reply_to=to.id if to else None,
            author=by,
            author_id=number,
            text=text,
            posted_at=clock_time(at).isoformat(),
            via=via,
            rating=rating,
        )
        return said

    def we_answer(self, to: Said, *, at: str, text: str = "So sorry!", **how: str) -> Said:
        """The brand replies, in the network's own app."""
        return self.posts(text, at=at, by="acme_help", to=to, **how)  # type: ignore[arg-type]

    def deletes(self, said: Said, *, at: str) -> None:
        self._show(at, external_id=said.id, deleted_at=clock_time(at).isoformat())

    def edits(self, said: Said, text: str, *, at: str, posted: str, dated: bool = True) -> None:
        """The post says something else from then on; not every network tells when."""
        self._show(
            at,
            external_id=said.id,
            thread_id=said.thread,
            author=said.author,
            text=text,
            posted_at=clock_time(posted).isoformat(),
            edited_at=clock_time(at).isoformat() if dated else None,
        )

    def _show(self, at: str, **line: object) -> None:
        told = {name: value for name, value in line.items() if value is not None}
        self._world.coming.append((clock_time(at), {"network": self._name, **told}))


RULE = Rule(
    name="default",
    match=Match(),
    target=timedelta(hours=4),
    hours=always("Europe/Bucharest"),
    audience="slack:#care",
    steps=(
        Step(
            name="2 h without an answer",
            anchor=Anchor.START,
            offset=timedelta(hours=2),
            audiences=("slack:#care",),
        ),
        Step(
            name="overdue",
            anchor=Anchor.DUE,
            offset=timedelta(0),
            audiences=("slack:#leads",),
            mentions=("@lead",),
        ),
    ),
)
OFFICE = BusinessHours(zone="Europe/Bucharest", weekly=((((540, 1080),),) * 5 + ((), ())))


class Going(ABC):
    """A shop that lives on while the program watches. `tick`: how often it looks."""

    tick: ClassVar[timedelta]
    now: datetime
    runner: Runner

    @abstractmethod
    def _publish(self) -> None:
        """What was said by now becomes visible."""

    def runs_until(self, until: str, every: timedelta | None = None) -> Self:
        """The program runs on, looking so often; what is said meanwhile becomes visible."""
        end = clock_time(until)
        while True:
            self._publish()
            done = self.runner.until_idle()
            assert done.broken is None, done.broken
            assert not done.failed, done.failed
            if self.now >= end:
                return self
            self.now = min(self.now + (every or self.tick), end)


class World(Going):
    """The shop, its networks, its team's channel, and the program that watches."""

    tick = timedelta(minutes=10)

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        rules: Sequence[Rule] = (RULE,),
        brands_: tuple[Brand, ...] = (SHOP,),
        starts: str = "08:00",
        watched: bool = True,
        lexicon: Lexicon | None = None,
        people: Sequence[Person] = (),
        subscribers: Sequence[str] = (),
        storms: Limits | None = None,
    ) -> None:
        self.now = clock_time(starts)
        self.coming: list[tuple[datetime, dict[str, object]]] = []
        self.slack = Channel()
        self.crm = Channel()
        self.subscribers = tuple(subscribers)
        self.storms = storms
        self.reddit = Network(self, "reddit")
        self.x = Network(self, "x")
        self.reviews = Network(self, "reviews")
        self.database = Database(database_url)
        schema.metadata.create_all(self.database.engine)
        self._feed = folder / "feed.jsonl"
        self._feed.touch()
        self._brands = brands_
        self._rules = tuple(rules)
        self._lexicon = lexicon or NO_WORDS
        self.people = {one.name: one for one in people}
        self.runner = self.start()
        if watched:
            with self.database.writing() as conn:
                brands.begin(conn, brands.ensure(conn, self._names()).values(), self.now)

    def _names(self) -> Iterator[str]:
        return (one.name for one in self._brands)

    def start(self) -> Runner:
        """A fresh process over the same database."""
        table = {"path": str(self._feed), "follow": True}
        source = Files(
            options(Files, table, "feed"),  # type: ignore[arg-type]
            secrets=Given({}),
            clock=self.clock,
        )
        stages: list[Stage] = [
            Intake(self.database, [Feed("feed", source, self._brands)]),
            Subscribe(self.database, dict.fromkeys(self.subscribers, tuple(self._names()))),
            Classify(self.database, Keywords()),
            Triage(
                self.database,
                self._rules,
                Thresholds(alert=0.6, review=0.3),
                self._lexicon,
                self._brands,
            ),
            Settle(self.database),
            Escalate(self.database, self.people),
            Wake(self.database, self.people),
            *([Gather(self.database, self.storms)] if self.storms else []),
            Deliver(
                self.database,
                {"slack": self.slack, "crm": self.crm},
                digest=_no_digest,
                operators=None,
                shadow=False,
                clock=self.clock,
            ),
        ]
        return Runner(stages, self.database, clock=self.clock, operators="slack:#ops")

    def clock(self) -> datetime:
        return self.now

    def sleeps_until(self, until: str) -> World:
        """The program is down."""
        self.now = clock_time(until)
        return self

    def _publish(self) -> None:
        visible = [one for one in self.coming if one[0] <= self.now]
        self.coming = [one for one in self.coming if one[0] > self.now]
        with self._feed.open("a", encoding="utf-8") as file:
            for _, line in sorted(visible, key=lambda one: one[0]):
                file.write(json.dumps(line) + "\n")

    def report(self, brand: str = "acme") -> Report:
        """The week's report as of now."""
        period = Period(clock_time("00:00"), clock_time("+7 00:00"))
        with self.database.reading() as conn:
            brand_id = next(key for key, name in brands.names(conn).items() if name == brand)
            return readings.report(conn, brand_id, period=period, as_of=self.now)

    def the_case(self) -> int:
        """The only case."""
        with self.database.reading() as conn:
            numbers = [row.id for row in conn.execute(schema.cases.select())]
        assert len(numbers) == 1, numbers
        return int(numbers[0])

    def pictures_are_true(self) -> None:
        """Every stored picture is the fold of its history."""
        with self.database.reading() as conn:
            assert list(replaying.differences(conn)) == []


def _no_digest(*_: object) -> Digest:
    raise AssertionError


NO_WORDS: Lexicon = lexicon_from({})
