"""A shop on a network that takes answers: customers, the desk that answers, and all that goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from monitor.domain.case import Case
from monitor.domain.errors import Outcome, SendError
from monitor.domain.event import Ask, AskKind, DismissalReason, Dismissed, FollowedUp, Opened
from monitor.domain.hours import always
from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.policy import Match, Rule
from monitor.domain.post import Author, Cursor, Page, Post, PostKey, Stream, StreamKind
from monitor.domain.reply import Length, Outgoing
from monitor.ports import Desk
from monitor.stages.settle import Settle
from monitor.store import answers, cases, mentions, outbox, schema
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Database
from monitor.store.outbox import Entry
from tests.stages.otherside import Crash, Fault, Faulty
from tests.stages.told import Machine
from tests.store.written import SHOP, Bringing, gone, written

STREAM = Stream("all", StreamKind.ALL, "x")
RULE = Rule(
    name="all",
    match=Match(),
    target=timedelta(hours=4),
    hours=always("UTC"),
    audience="#care",
)


class Net(Faulty):
    """A source that answers. `shown_after` is how late its timeline shows what was posted."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.posted: list[tuple[str, Post]] = []
        """With the keys under which they came; by hand: none."""
        self.shown_after = timedelta(0)
        self.prefix = "r"
        self.blind: str | None = None
        """Why nobody can look there."""
        self.tries = 0
        self.let_go: Counter[str] = Counter()
        """How often what has a key was sent off, so that it may stand there."""
        self.looks = 0

    def streams(self) -> Sequence[Stream]:
        return (STREAM,)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        return iter(())

    def reply(self, to: Post, text: str, key: str, /) -> Post:
        self.tries += 1
        fault = self._next_fault()
        if fault not in (Fault.BUSY, Fault.REFUSES):
            self.let_go[key] += 1
        self._before(fault)
        made = self.stands(to, text, key)
        self._after(fault)
        return made

    def find_reply(self, to: Post, key: str, /) -> Post | Absent | Unknowable:
        self.looks += 1
        fault = self._next_fault()
        if fault is Fault.BLIND:
            raise SendError("the timeline cannot be read", outcome=Outcome.UNKNOWN)
        if fault is Fault.DIES_BEFORE:
            raise Crash
        if self.blind:
            return Unknowable(self.blind)
        found = [one for one in self.shown() if one.reply_to == to.key.external_id]
        return found[-1] if found else Absent()

    def stands(self, to: Post, text: str, key: str = "by hand") -> Post:
        """It is posted."""
        with self._lock:
            made = written(
                f"{self.prefix}{len(self.posted)}",
                by="shop",
                to=to.key.external_id,
                thread=to.thread,
                text=text,
                posted_at=self.machine.at,
                url=f"https://x.example/{self.prefix}{len(self.posted)}",
            )
            self.posted.append((key, made))
        return made

    def shown(self) -> list[Post]:
        """The timeline by now."""
        latest = self.machine.at - self.shown_after
        return [one for _, one in self.posted if one.posted_at <= latest]

    def times(self, key: str) -> int:
        """How often what came under a key stands there."""
        return sum(one == key for one, _ in self.posted)


class TellingNet(Net):
    """One that tells how its answers look."""

    author: Author | None = Author(handle="shop")

    @property
    def reply_author(self) -> Author | None:
        return self.author

    def reply_length(self, text: str, /) -> Length:
        return Length(len(text), 20)


@dataclass
class Front:
    """The shop: writes cases as the stages before would, and reads what became of the answers."""

    database: Database
    machine: Machine
    net: Net
    prefix: str = ""
    """Of the names of all posts."""

    def __post_init__(self) -> None:
        self.stream = Bringing(self.database, SHOP)
        self.brand_id = self.stream.brands[0][0]
        self.settle = Settle(self.database)
        self._count = 0
        self.net.prefix = f"{self.prefix}r"

    @property
    def desk(self) -> Desk:
        return Desk("test", self.net, (SHOP,))

    def complains(self, **said: Any) -> int:
        """A customer complains. Returns the number of the case."""
        self._count += 1
        name = f"{self.prefix}{self._count}"
        given = {"by": f"ana{name}", "posted_at": self.machine.at}
        post = self.brings(name, **given | said)
        with self.database.writing() as conn:
            one = mentions.load(conn, self.brand_id, post)
            assert one is not None
            thread = one.post.thread
            key = CaseKey(self.brand_id, "x", thread, one.customer)
            case = cases.open_case(conn, key, root_post_id=post, opened_at=self.machine.at)
            fact = Fact(one.post.posted_at, Opened(self._ask(conn, post)), "triage")
            cases.append(conn, case, [fact], now=self.machine.at)
            mentions.hand_on(conn, self.brand_id, post, None)
        return case

    def asks_again(self, case: int, number: str, **said: Any) -> int:
        """The same customer once more. Returns the number of the post."""
        root = self.post_of(case)
        by = root.author.handle
        post = self.brings(
            number, by=by, to=root.key.external_id, **{"posted_at": self.machine.at, **said}
        )
        with self.database.writing() as conn:
            fact = Fact(self.machine.at, FollowedUp(self._ask(conn, post)), "triage")
            cases.append(conn, case, [fact], now=self.machine.at)
            mentions.hand_on(conn, self.brand_id, post, None)
        return post

    def brings(self, number: str, **said: Any) -> int:
        """A stream brings a post. Returns its number."""
        one = written(number, **said)
        self.stream.brings(one, at=self.machine.at)
        return self.number_of(number)

    def number_of(self, external_id: str) -> int:
        with self.database.reading() as conn:
            found = answers.stored(conn, PostKey("x", external_id))
        assert found is not None
        return found[0]

    def deletes(self, case: int) -> None:
        """The customer deletes what the case began with."""
        self.stream.brings(
            gone(self.post_of(case).key.external_id, self.machine.at), at=self.machine.at
        )
        self.settles()

    def timeline(self) -> None:
        """Intake reads the brand's own timeline, and settle looks."""
        for one in self.net.shown():
            self.stream.brings(one, at=self.machine.at)
        self.settles()

    def settles(self) -> None:
        while due := self.settle.due(self.machine.at):
            for item in due:
                self.settle.handle(item, self.machine.at)

    def dismisses(self, case: int) -> None:
        with self.database.writing() as conn:
            event = Dismissed(DismissalReason.NOT_A_COMPLAINT, cases.load(conn, case).asks)
            cases.append(conn, case, [Fact(self.machine.at, event, "ana")], now=self.machine.at)

    def post_of(self, case: int) -> Post:
        with self.database.reading() as conn:
            row = cases.row(conn, case)
            assert row is not None
            one = mentions.load(conn, self.brand_id, row.root_post_id)
        assert one is not None
        return one.post

    def case(self, number: int) -> Case:
        with self.database.reading() as conn:
            return cases.load(conn, number)

    def shown(self, number: int) -> Outgoing:
        with self.database.reading() as conn:
            found = answers.shown(conn, number)
        assert found is not None
        return found

    def told(self) -> list[Entry]:
        """The notices about answers, in order."""
        with self.database.reading() as conn:
            of_replies = schema.notice.c.kind == "reply"
            query = sa.select(schema.notice.c.key).where(of_replies).order_by(schema.notice.c.id)
            return [one for key in conn.scalars(query) if (one := outbox.entry(conn, key))]

    def told_of(self, number: int) -> list[str]:
        """Why people were told of an answer."""
        return [one.reason.value for one in self.told() if one.key.split(":")[1] == str(number)]

    def key_of(self, number: int) -> str:
        with self.database.reading() as conn:
            found = conn.scalar(sa.select(schema.reply.c.key).where(schema.reply.c.id == number))
        return str(found)

    def _ask(self, conn: sa.Connection, post: int) -> Ask:
        return Ask(
            post=post,
            kind=AskKind.COMPLAINT,
            band=Band.ALERT,
            severity=Severity.NORMAL,
            topics=(),
            first_seen_at=self.machine.at,
            due_at=self.machine.at + RULE.target,
            rule=cases.keep_rule(conn, RULE),
        )
