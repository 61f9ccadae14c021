"""Receives what people do in Slack, acknowledges it at once, and hands the work on.

Slack waits three seconds for an acknowledgement. So none waits for the database, for another call or
for another person's work: it is given by threads that do nothing else.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult

from monitor import log
from monitor.domain.errors import ConfigError, MonitorError, PhrasedError
from monitor.render.slack_answer import DECISIONS, TEMPLATE
from monitor.render.slack_blocks import escape
from monitor.render.slack_buttons import MORE, PREFIX
from monitor.render.slack_forms import origin_of
from monitor.render.tongue import Tongue
from monitor.slackapp import commands, handing, payloads, presses, replying, submissions, views
from monitor.slackapp.calls import client, quiet
from monitor.slackapp.commands import Typed
from monitor.slackapp.filled import Filled
from monitor.slackapp.staff import NotAllowedError, Person, StrangerError
from monitor.slackapp.workplace import Press, Workplace
from monitor.store import sight
from monitor.store.done import DoneBeforeError

_HANDS = 4
"""How many people's work is done at the same time."""
_REMEMBERED = 1000
_log = structlog.get_logger(__name__)


class Door:
    """The app as Slack knows it."""

    def __init__(self, place: Workplace, *, signing_secret: Callable[[], str] = lambda: "") -> None:
        """`signing_secret`: of requests by HTTP, asked for at each; by Socket Mode none are signed."""
        self._place = place
        self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="slack")
        self._opened: deque[str] = deque(maxlen=_REMEMBERED)
        self._lock = Lock()
        self._watch = replying.Watch(place)
        self._signing_secret = signing_secret
        self._called = place.command
        secret = signing_secret()
        self._app = secret, self._app_of(secret)

    @property
    def app(self) -> App:
        """It, made anew when the signing secret is another."""
        try:
            secret = self._signing_secret()
        except ConfigError as error:  # it may be being written
            _log.warning("slack_signing_secret", problem=str(error))
        else:
            if secret != self._app[0]:
                self._app = secret, self._app_of(secret)
        return self._app[1]

    def _app_of(self, secret: str) -> App:
        app = App(
            name="complaint-monitor",
            logger=quiet,
            client=client("https://slack.invalid/api/", 1),  # answers go by `Calls` alone
            signing_secret=secret,
            before_authorize=payloads.LookedOver(),
            authorize=_authorize,
        )
        app.action(re.compile(rf"^{re.escape(PREFIX)}"))(self._pressed)
        app.command(self._called)(self._typed)
        app.event("app_home_opened")(self._came_home)
        app.view(re.compile(rf"^{re.escape(PREFIX)}"))(self._sent_off)
        return app

    def adopt(self, place: Workplace) -> None:
        """What comes from now on is done there; what is under way ends where it began."""
        self._place = place
        self._watch.adopt(place)
        self.warm()

    def warm(self) -> None:
        """Ask for what the first press would have to wait for."""
        self._hands.submit(self._place.staff.warm)

    def close(self) -> None:
        """Finish the work under way."""
        self._hands.shutdown(wait=True)
        self._watch.close()

    # ------------------------------------------------------------------------------ what comes in

    def _typed(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self._begin(body, partial(self._command, body))

    def _came_home(self, body: dict[str, Any]) -> None:
        """Events are acknowledged by the library before this is called."""
        self._begin(body, partial(self._home, body))

    def _pressed(self, ack: Ack, body: dict[str, Any]) -> None:
        ack()
        self._begin(body, partial(self._press, body))

    def _sent_off(self, ack: Ack, body: dict[str, Any]) -> None:
        view = body["view"]
        if view["callback_id"] == f"{PREFIX}{replying.ACT}":
            said = replying.at_once(self._place, view)
            ack(**said)
            if said["response_action"] == "errors":
                return
        else:
            ack()
        self._begin(body, partial(self._submit, body))

    def _press(self, body: Mapping[str, Any]) -> None:
        action = body["actions"][0]
        press = self._press_of(body)
        if press.act == handing.ACT:
            if self._is_first(press.key):
                handing.ask(self._place, press)
            return
        self._place.require(press.case_id)
        if press.act in DECISIONS:
            replying.decide(self._place, press, _number(action), self._watch)
        elif press.act == TEMPLATE:
            chosen = action["selected_option"]["value"]
            replying.template(self._place, press, chosen, body["view"]["private_metadata"])
        elif presses.is_at_once(press.act):
            presses.do(self._place, press)
            if press.view_id is not None:
                views.again(self._place, press.person, body["view"])
        elif self._is_first(press.key):
            presses.do(self._place, press)

    def _submit(self, body: Mapping[str, Any]) -> None:
        view = body["view"]
        origin = origin_of(view["private_metadata"])
        press = Press(
            key=f"slack:{view['id']}:{view.get('hash', '')}",
            person=self._person(body),
            act=origin.act,
            case_id=origin.case_id or 0,
            channel=origin.channel,
            trigger=str(body.get("trigger_id", "")),
            view_id=view["id"],
        )
        if press.act == handing.ACT:
            handing.submit(self._place, press, Filled(view))
            return
        self._place.require(press.case_id)
        if press.act == replying.ACT:
            replying.submit(self._place, press, Filled(view), origin, self._watch)
        else:
            submissions.do(self._place, press, Filled(view))

    def _command(self, body: Mapping[str, Any]) -> None:
        typed = Typed(
            key=f"slack:{body['trigger_id']}",
            words=tuple(str(body.get("text", "")).split()),
            person=self._place.staff.person(body["user_id"], body.get("user_name")),
            channel=body["channel_id"],
        )
        if self._is_first(typed.key):
            said = commands.do(self._place, typed)
            self._place.calls.show(typed.person.id, typed.channel, self._place.command, said)

    def _home(self, body: Mapping[str, Any]) -> None:
        views.home(self._place, self._place.staff.person(body["event"]["user"]))

    def _press_of(self, body: Mapping[str, Any]) -> Press:
        action = body["actions"][0]
        act = str(action["action_id"]).removeprefix(PREFIX)
        value = str((action.get("selected_option") or action).get("value", ""))
        if act == MORE:
            act, _, value = value.partition(":")
        user, at = body["user"]["id"], action.get("action_ts", body.get("trigger_id"))
        return Press(
            key=f"slack:{act}:{value}:{user}:{at}",
            person=self._person(body),
            act=act,
            case_id=_case(act, value, body),
            channel=_channel(body),
            trigger=str(body.get("trigger_id", "")),
            view_id=(body.get("view") or {}).get("id"),
            is_in_modal=(body.get("view") or {}).get("type") == "modal",
        )

    def _person(self, body: Mapping[str, Any]) -> Any:
        user = body["user"]
        return self._place.staff.person(user["id"], user.get("username") or user.get("name"))

    def _tongue(self, body: Mapping[str, Any]) -> Tongue:
        """How whoever did it is spoken to."""
        return self._place.tongue(_channel(body))

    def _sees(self, body: Mapping[str, Any]) -> frozenset[str] | None:
        """The brands that are there for whoever did it; None: all, as the config keeps none apart."""
        place = self._place
        if not place.staff.keeps_apart:
            return None
        return place.staff.sees(Person(_user(body), ""), [one.name for one in place.brands])

    def _is_first(self, key: str) -> bool:
        """Of what only shows something: delivered once more, it is shown already."""
        with self._lock:
            is_first = key not in self._opened
            self._opened.append(key)
        return is_first

    # ------------------------------------------------------------------------------------ the work

    def _begin(self, body: Mapping[str, Any], work: Callable[[], None]) -> None:
        self._hands.submit(self._do, body, work).add_done_callback(partial(self._ended, body))

    def _do(self, body: Mapping[str, Any], work: Callable[[], None]) -> None:
        """Do it; what is refused is said to the person, in words."""
        try:
            self._place.staff.admit(_team(body))
            with sight.only(self._sees(body)):
                work()
        except DoneBeforeError:
            _log.info("slack_repeated", kind=body.get("type"))
        except StrangerError as error:
            _log.warning(
                "slack_refused", kind=body.get("type"), reason="stranger", team=_team(body)
            )
            self._place.calls.tell(_user(body), _channel(body), self._tongue(body).why(error))
        except MonitorError as error:
            why = self._tongue(body).why(error)
            said = why if isinstance(error, NotAllowedError) else escape(why)
            _log.info("slack_refused", kind=body.get("type"), problem=_reason(error))
            self._place.calls.tell(_user(body), _channel(body), said)

    def _ended(self, body: Mapping[str, Any], done: Future[None]) -> None:
        error = done.exception()
        if isinstance(error, Exception):
            log.tell("slack_work_failed", error, kind=str(body.get("type", "command")))
            say_in = self._tongue(body)
            said = say_in(
                "That was not done: {error}. The log says more; try again.",
                error=type(error).__name__,
            )
            self._place.calls.tell(_user(body), _channel(body), said)


def _case(act: str, value: str, body: Mapping[str, Any]) -> int:
    """The number of the case: on the button, or of the modal in which something was chosen."""
    if act == TEMPLATE:
        return origin_of(body["view"]["private_metadata"]).case_id or 0
    return payloads.number(value.partition(":")[0])


def _reason(error: MonitorError) -> str:
    """Why something was refused, without what was typed: the person alone is told that."""
    return error.phrase.text if isinstance(error, PhrasedError) else str(error)


def _number(action: Mapping[str, Any]) -> int:
    """The number of the answer that a button is about."""
    return payloads.number(str(action.get("value")).partition(":")[2])


def _user(body: Mapping[str, Any]) -> str:
    user = body.get("user")
    if isinstance(user, Mapping):
        return str(user["id"])
    return str(body.get("user_id") or (body.get("event") or {}).get("user", ""))


def _team(body: Mapping[str, Any]) -> str:
    """The workspace of the person; where Slack tells it of the person alone, not that of the channel."""
    user = body.get("user")
    if isinstance(user, Mapping):
        return str(user.get("team_id") or (body.get("team") or {}).get("id") or "")
    event: Mapping[str, Any] = body.get("event") or {}
    return str(event.get("user_team") or body.get("team_id") or "")


def _channel(body: Mapping[str, Any]) -> str | None:
    """The channel in which something was done; in a modal that in which it was opened."""
    container: Mapping[str, Any] = body.get("container") or {}
    known = container.get("channel_id") or (body.get("channel") or {}).get("id")
    known = known or body.get("channel_id")
    if known is None and body.get("view", {}).get("private_metadata"):
        known = origin_of(body["view"]["private_metadata"]).channel
    return None if known is None else str(known)


def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    """The one workspace whose tokens we have. Nothing is asked: Slack would have to answer in time."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)
