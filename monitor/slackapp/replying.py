"""Answering a customer from Slack: the modal, what is accepted, and what became of it.

Answers leave by the same outbox as any other. The modal goes on saying what is known while it is open;
who has closed it learns the end by the card, or in its thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

import structlog

from monitor.domain.errors import MonitorError
from monitor.domain.phrase import LISTED
from monitor.domain.reply import Length, Outgoing, ReplyState
from monitor.domain.template import fill
from monitor.ports import DescribesReplies
from monitor.render import slack_answer as shown
from monitor.render.reply_words import without_commands
from monitor.render.slack_answer import Desk
from monitor.render.slack_forms import Origin, View, origin_of
from monitor.settings.slack import Right
from monitor.slackapp.calls import CallError
from monitor.slackapp.filled import Filled
from monitor.slackapp.workplace import Press, Workplace
from monitor.stages import answer
from monitor.stages.answer import ReplyError
from monitor.store import answers
from monitor.store.done import DoneBeforeError

ACT = "answer"
_GLANCE_S, _WATCHED_S = 0.5, 900.0
_SETTLES_S = 0.7
"""Until Slack shows what the acknowledgement told it to: a change that overtakes that would be lost."""
_PROBE = "…"
_log = structlog.get_logger(__name__)


def form(place: Workplace, press: Press) -> View:
    """Where the answer is written; or why there is none to write, or what becomes of one."""
    say_in = place.tongue(press.channel)
    card = place.card(press.case_id)
    origin = Origin(ACT, press.case_id, press.channel)
    with place.database.reading() as conn:
        live = answers.live(answers.of_case(conn, press.case_id))
        if live is not None and card.status == "open":
            return shown.fate(origin, live, say_in)
        try:
            draft = answer.draft(
                conn,
                place.desks(),
                press.case_id,
                _PROBE,
                approved=place.approved,
                by=press.person.name,
            )
        except ReplyError as error:
            return shown.cannot(origin, without_commands(say_in.why(error)), card.url, say_in)
    desk = Desk.of(draft)
    origin = Origin(ACT, press.case_id, press.channel, {"source": draft.source, "post": draft.post})
    return shown.writing(origin, card, desk, place.approved.fitting(card.topics, card.lang), say_in)


def template(place: Workplace, press: Press, name: str, metadata: str) -> None:
    """A template was chosen: show it in the modal, with what is known filled in."""
    origin, say_in = origin_of(metadata), place.tongue(press.channel)
    found = place.approved.named(name)
    card = place.card(press.case_id)
    if found is None or press.view_id is None:
        raise ReplyError("There is no template “{name}” any more.", name=name)
    length = _length(place, origin, found.text)
    desk = Desk(card.network, None, length.most if length else None)
    templates = place.approved.fitting(card.topics, card.lang)
    text = fill(found.text, {"name": (card.author or "").lstrip("@")})
    filled = (found.name, text)
    view = shown.writing(origin, card, desk, templates, say_in, filled=filled)
    place.calls.update(press.view_id, view)


def at_once(place: Workplace, view: Mapping[str, Any]) -> dict[str, Any]:
    """What the modal shows at the very moment it is sent off: flaws to mend, or that it was received.

    Nothing is asked of the database or of Slack: the answer to this has three seconds.
    """
    origin = origin_of(view["private_metadata"])
    typed = Filled(view).said(shown.TEXT)
    block = next((one for one in view["state"]["values"] if one.startswith(shown.TEXT)), shown.TEXT)
    say_in = place.tongue(origin.channel)
    said = [say_in.of(why) for _, why in place.approved.flaws_of(typed)]
    length = _length(place, origin, typed)
    if length is not None and length.is_too_long:
        said.append(
            say_in(
                "{used} of the {most} characters that may be", used=length.used, most=length.most
            )
        )
    if said:
        return {"response_action": "errors", "errors": {block: LISTED.join(said)}}
    return {"response_action": "update", "view": shown.working(origin, say_in)}


def _length(place: Workplace, origin: Origin, text: str) -> Length | None:
    """How the network counts it, where it tells."""
    name = (origin.more or {}).get("source")
    desk = next((one for one in place.desks() if one.name == name), None)
    if desk is None or not isinstance(desk.source, DescribesReplies):
        return None
    return desk.source.reply_length(text)


def submit(place: Workplace, press: Press, filled: Filled, origin: Origin, watch: Watch) -> None:
    """Accept the answer, once; the modal says what becomes of it."""
    say_in, view_id = place.tongue(press.channel), press.view_id or ""
    typed = filled.said(shown.TEXT)
    try:
        place.staff.require(Right.ANSWER, press.person)
        accepted = answer.answer(
            place.once(press.key),
            place.desks(),
            press.case_id,
            typed,
            approved=place.approved,
            by=press.person.name,
            now=place.clock(),
            post=(origin.more or {}).get("post"),
        )
    except DoneBeforeError:
        raise
    except MonitorError as error:
        why = without_commands(say_in.why(error))
        time.sleep(_SETTLES_S)
        place.calls.update(view_id, shown.refused(origin, why, typed, say_in))
        if isinstance(error, ReplyError):
            return
        raise
    time.sleep(_SETTLES_S)
    watch.begin(accepted, view_id, origin)


def decide(place: Workplace, press: Press, number: int, watch: Watch) -> None:
    """A person says what became of an answer in doubt, or takes one back."""
    place.staff.require(Right.ANSWER, press.person)
    its, case_id = place.once(press.key), press.case_id
    match press.act:
        case "posted":
            after = answer.posted(its, case_id, number, now=place.clock())
        case "resend":
            after = answer.resend(its, place.desks(), case_id, number, approved=place.approved)
        case _:
            after = answer.cancel(its, case_id, number)
    watch.begin(after, press.view_id or "", Origin(ACT, case_id, press.channel))


@dataclass(slots=True)
class _Watched:
    number: int
    view_id: str
    origin: Origin
    until: float
    """Of the machine's monotonic clock."""
    seen: tuple[object, ...] = ()


class Watch:
    """Keeps open modals up to date with what becomes of their answers."""

    def __init__(self, place: Workplace) -> None:
        """One thread, which sleeps while nothing is to be watched."""
        self._place = place
        self._watched: list[_Watched] = []
        self._changed = Condition()
        self._ends = False
        self._thread = Thread(target=self._work, name="slack-answers", daemon=True)
        self._thread.start()

    def begin(self, one: Outgoing, view_id: str, origin: Origin) -> None:
        """Show what is known of the answer, until it has its end."""
        with self._changed:
            until = time.monotonic() + _WATCHED_S
            self._watched.append(_Watched(one.number, view_id, origin, until))
            self._changed.notify_all()

    def adopt(self, place: Workplace) -> None:
        """Look and show there from now on."""
        self._place = place

    def close(self) -> None:
        """End it; answers go on without it."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ends or self._watched)
                if self._ends:
                    return
                watched = list(self._watched)
            over = [one for one in watched if not self._goes_on(one)]
            with self._changed:
                self._watched = [one for one in self._watched if one not in over]
                self._changed.wait_for(lambda: self._ends, _GLANCE_S)

    def _goes_on(self, one: _Watched) -> bool:
        """Look once; False: there is nothing more to be shown, or nobody looks."""
        try:
            with self._place.database.reading() as conn:
                found = answers.shown(conn, one.number)
            if found is None:
                return False
            state = (found.state, found.problem, found.url)
            if state != one.seen:
                one.seen = state
                say_in = self._place.tongue(one.origin.channel)
                self._place.calls.update(one.view_id, shown.fate(one.origin, found, say_in))
        except CallError as error:
            _log.info("slack_modal_left", problem=str(error))
            return False
        except MonitorError as error:
            _log.warning("slack_modal_not_updated", problem=str(error))
            return time.monotonic() < one.until
        return found.state is ReplyState.PENDING and time.monotonic() < one.until
