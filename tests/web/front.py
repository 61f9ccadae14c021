"""A shop whose page is served: customers write, the stages judge, people look and act."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from monitor.domain.access import Role
from monitor.domain.identity import Brand, Identity
from monitor.domain.post import Author, Post, PostKey
from monitor.domain.reply import Length
from monitor.ports import Desk
from monitor.runner import Runner
from monitor.stages.sample import Sample
from monitor.store.engine import Database
from tests.stages.front import TellingNet
from tests.stages.told import Machine
from tests.store.written import Bringing, rows
from tests.web.served import Served
from tests.web.visitor import Visitor, add_user

NOW = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
CONFIG = """
timezone = "Europe/Bucharest"
[calendars.office]
weekly = { mon-fri = ["09:00-18:00"] }
[[policies]]
name = "office"
target = "4h"
calendar = "office"
steps = [{ name = "to the leads", after_due = "1h", tell = "console" }]
[[answers.templates]]
name = "late parcel"
topic = "delivery"
language = "en"
text = "Sorry, {name}! We look for it now."
"""


ACME = Brand("acme", (Identity("*", handle="acme_help"),))


class AcmesNet(TellingNet):
    """Where acme answers."""

    author = Author(handle="acme_help")

    def reply_length(self, text: str, /) -> Length:
        return Length(len(text), 280)


class Front:
    """The shop, as it is seen from outside."""

    def __init__(self, database_url: str, config: str = "", *, answers: bool = False) -> None:
        """`answers`: there is a source by which answers leave."""
        self.machine = Machine()
        self.machine.at = NOW
        self.net = AcmesNet(self.machine)
        desks = [Desk("test", self.net, (ACME,))] if answers else None
        self.served = Served(database_url, config, clock=self.machine, top=CONFIG, desks=desks)
        self._posts = 0
        self._users: set[str] = set()

    @property
    def database(self) -> Database:
        return self.served.application.database

    def writes(
        self,
        text: str,
        *,
        by: str = "dana",
        ago: timedelta = timedelta(hours=1),
        to: str | None = None,
        of: Brand | None = None,
        **said: str | None,
    ) -> str:
        """Somebody writes on X (`of`: of which brand; default: the only one); returns the post's id there."""
        self._posts += 1
        number = str(self._posts)
        post = Post(
            key=PostKey("x", number),
            thread=to or number,
            reply_to=to,
            text=text,
            author=Author(handle=by),
            posted_at=self.machine.at - ago,
            title=said.get("title"),
            url=said.get("url") or f"https://x.example/{number}",
        )
        if of is None:
            [of] = [one.brand() for one in self.served.application.settings.brands]
        Bringing(self.database, of).brings(post, at=self.machine.at - ago + timedelta(minutes=1))
        return number

    def judges(self) -> None:
        """The stages do what there is to do."""
        stages = self.served.application.judging()
        Runner(stages, self.database, clock=self.machine).until_idle()

    def complains(self, text: str = "awful, where is my parcel", **said: str) -> int:
        """A complaint comes in, and is a case."""
        return self.case_of(self.writes(text, **said))  # type: ignore[arg-type]

    def case_of(self, number: str) -> int:
        """The number of the case that a post is part of."""
        self.judges()
        [(case,)] = rows(
            self.database,
            "SELECT case_post.case_id FROM case_post JOIN post ON post.id = case_post.post_id "
            f"WHERE post.external_id = '{number}'",
        )
        return int(case)

    def draws(self) -> None:
        """The weekly sample is drawn of what was let pass."""
        stage = Sample(self.database, names=["acme"], size=5)
        for item in stage.due(self.machine.at):
            stage.handle(item, self.machine.at)

    @contextmanager
    def visited(self, name: str = "ana", role: Role = Role.AGENT) -> Iterator[Visitor]:
        """Somebody of that role is signed in; one of that name who is there already, as whom he is."""
        if name not in self._users:
            self._users.add(name)
            add_user(self.database, name, role)
        visitor = Visitor(self.served)
        try:
            assert visitor.sign_in(name).status_code == 303
            yield visitor
        finally:
            visitor.client.close()
