"""A team at its Slack: the real app over the wire, the real outbox, cases, and the people who press."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

from monitor.domain.lexicon import lexicon_from
from monitor.domain.notice import NoticeKind, Planned, Reason
from monitor.domain.template import Approved, Template
from monitor.settings.slack import Right
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_staff import APP_TOKEN, SIGNING_SECRET, Delivered
from monitor.simulator.slack_surfaces import View
from monitor.simulator.slack_workspace import Message
from monitor.slackapp.calls import Calls
from monitor.slackapp.door import Door
from monitor.slackapp.serving import Http, Serving, Socket
from monitor.slackapp.staff import Staff
from monitor.slackapp.workplace import Workplace
from monitor.stages.deliver import Deliver
from monitor.store import outbox
from monitor.store.engine import Database
from tests.given import Given
from tests.notifiers.slack_side import ANA, CARE, slack, strings
from tests.stages.front import RULE, Front, Net, TellingNet
from tests.stages.told import Machine, digest_of
from tests.store.written import SHOP

ION, HELPERS = "U0ION00001", "S0HELPERS1"
PATIENCE_S = 20.0
APPROVED = Approved(
    (
        Template("late", "delivery", "en", "Hi {name}, sorry!"),
        Template("open", "refund", "en", "Order {order}?"),
    ),
    ("fault",),
)
ACK_S = 3.0
"""What Slack allows."""


@dataclass
class Office:
    """The shop's people, and the program that listens to them."""

    database: Database
    server: SlackServer
    front: Front
    app: Serving
    options: dict[str, Any] = field(default_factory=dict)

    def complains(self, text: str = "Still no refund", **said: Any) -> int:
        """A customer complains, and the card is told."""
        case = self.front.complains(text=text, **said)
        planned = Planned(
            f"alert:{case}:1", NoticeKind.ALERT, "slack", Reason.OPENED, self.now, wait=1
        )
        with self.database.writing() as conn:
            outbox.write(conn, [planned], brand_id=self.front.brand_id, case_id=case, now=self.now)
        self.tells()
        return case

    @property
    def now(self) -> Any:
        return self.front.machine.at

    def tells(self) -> None:
        """The outbox is worked off."""
        stage = Deliver(
            self.database,
            {"slack": slack(self.server, buttons=True, **self.options)},
            digest=digest_of,
            operators=None,
            shadow=False,
            clock=self.front.machine,
        )
        while due := stage.due(self.now):
            for key in due:
                stage.handle(key, self.now)

    def card(self, case: int) -> Message:
        """The card of a case as it stands in the channel."""
        key = f"alert:{case}:1"
        return next(
            one
            for one in self.server.messages(CARE)
            if one.metadata and one.metadata["event_payload"]["key"] == key
        )

    def shows(self, case: int) -> str:
        """What the card says, as edited by now."""
        self.tells()
        return "\n".join(strings(self.card(case).blocks))

    def press(
        self, case: int, action: str, choice: str | None = None, *, by: str = ANA
    ) -> Delivered:
        """Press on the card; it is acknowledged in time."""
        ts = self.card(case).ts
        done = self.server.staff.press(by, CARE, ts, f"case.{action}", choice)
        assert done.took_s is not None
        assert done.took_s < ACK_S
        return done

    def chooses(self, case: int, act: str, *, by: str = ANA) -> Delivered:
        """Choose from the card's menu."""
        return self.press(case, "more", f"{act}:{case}", by=by)

    def submits(self, view: View, *, by: str = ANA, **values: dict[str, Any]) -> Delivered:
        done = self.server.staff.submit(
            by, view, **{name: {name: state} for name, state in values.items()}
        )
        assert done.took_s is not None
        assert done.took_s < ACK_S
        return done

    def modal(self) -> View:
        """The next modal that opens."""
        surfaces = self.server.workspace.surfaces
        known = len(surfaces.views) - len(self._unseen())
        with surfaces.changed:
            assert surfaces.changed.wait_for(lambda: len(surfaces.views) > known, PATIENCE_S), (
                self.hidden()
            )
        view = list(surfaces.views.values())[known]
        self._seen.append(view.id)
        return view

    _seen: list[str] = field(default_factory=list)

    def _unseen(self) -> list[str]:
        return [one for one in self.server.workspace.surfaces.views if one not in self._seen]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Work that follows an acknowledgement has come to its end."""
        surfaces = self.server.workspace.surfaces
        waited = 0.0
        while not is_so():
            assert waited < PATIENCE_S, self.hidden()
            with surfaces.changed:
                surfaces.changed.wait(0.02)
            waited += 0.02

    def hears(self, words: str) -> None:
        """Somebody alone is told that."""
        self.until(lambda: any(words in text for _, _, text in self.hidden()))

    def hidden(self) -> list[tuple[str, str, str]]:
        return self.server.workspace.surfaces.hidden

    def events(self, case: int) -> list[tuple[str, str]]:
        """What people did, and who."""
        from monitor.store import cases

        with self.database.reading() as conn:
            history = cases.history(conn, case)
        return [(type(one.event).__name__, one.by) for one in history if one.by != "triage"]

    def did(self, case: int, *expected: tuple[str, str]) -> None:
        """That, in the end, and nothing else."""
        self.until(lambda: len(self.events(case)) >= len(expected))
        assert self.events(case) == list(expected)


@contextmanager
def office(
    database: Database,
    server: SlackServer,
    *,
    mode: str = "socket",
    rights: dict[Right, tuple[str, ...]] | None = None,
    brands: dict[str, tuple[str, ...]] | None = None,
    net: type[Net] = TellingNet,
    **options: Any,
) -> Iterator[Office]:
    """The app at work."""
    machine = Machine()
    front = Front(database, machine, net(machine))
    secrets = Given({"slack": TOKEN})
    its = slack(server, buttons=True, **options)._options
    calls = Calls("slack", secrets, base_url=server.url, timeout=5)
    place = Workplace(
        database=database,
        calls=calls,
        staff=Staff(calls, its.people, rights or {}, brands),
        clock=machine,
        zone=ZoneInfo("UTC"),
        language_of=its.language_of,
        desks=lambda: [front.desk],
        brands=(SHOP,),
        rules=(RULE,),
        lexicon=lexicon_from({}),
        approved=APPROVED,
        command="/complaints",
    )
    app = _served(mode, place, server)
    app.start()
    try:
        yield Office(database, server, front, app, options)
    finally:
        _stop(app, server)


def _served(mode: str, place: Workplace, server: SlackServer) -> Serving:
    if mode == "http":
        app = Http(Door(place, signing_secret=lambda: SIGNING_SECRET), "127.0.0.1", 0)
        server.staff.request_url = f"http://127.0.0.1:{app.port}/slack/events"
        return app
    return Socket(
        Door(place), lambda: APP_TOKEN, base_url=server.url, timeout=5, report=lambda _: None
    )


def _stop(app: Serving, server: SlackServer) -> None:
    """The library waits for up to three seconds for something to be said before it hangs up."""
    stopping = Thread(target=app.stop)
    stopping.start()
    while stopping.is_alive():
        with suppress(OSError):
            server.staff.greet()
        stopping.join(0.05)


def text_of(view: View) -> str:
    return "\n".join(strings(view.shown))


def as_json(view: View) -> str:
    return json.dumps(view.shown, ensure_ascii=False)


def picked(value: str) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value}}


def typed(value: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": value}
