"""What people do to a case from a form: the same acts as in Slack and at the terminal.

Each act is done once, however often the form arrives: `once` is what the form holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.domain.access import Principal, Role
from monitor.domain.errors import MonitorError
from monitor.domain.event import Channel
from monitor.render.slack_buttons import LABELS
from monitor.settings.spans import span
from monitor.stages import act, answer
from monitor.store.done import DoneBeforeError, Once
from monitor.store.engine import Connection, Transactions
from monitor.web.site import Site

MOST = 2**63 - 1
"""The greatest number that databases know."""
ROLE = Role.AGENT
"""Who may act, on the pages and by the API: it can be undone, and is kept with the name."""
NAPS = tuple(timedelta(minutes=one) for one in (15, 30, 60, 120, 240, 480, 1440))
"""Spans that a snooze offers."""
LONGEST = 3000
"""Characters of what is typed."""
SIMPLE = ("claim", "ack", "confirm", "dismiss", "undo")
"""Acts that need nothing to be said."""
BULK = ("claim", "ack", "assign", "snooze", "confirm", "dismiss")
"""Acts that may be done to many cases at once."""
NAMES: Mapping[str, str] = {name: LABELS[name].rstrip("…") for name in LABELS} | {
    "link": "This post answers it"
}


class NotUnderstoodError(MonitorError):
    """The form does not say what is needed."""


class NoSuchCaseError(MonitorError):
    """There is no case of that number, or it is of a brand that the config does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One act: what, to which case, by whom, and what the form says."""

    act: str
    case_id: int
    who: Principal
    said: Mapping[str, str]
    once: str

    def text(self, name: str) -> str:
        """What was said in a field. Raises NotUnderstoodError: nothing, or very much."""
        text = self.said.get(name, "").strip()
        if not text:
            raise NotUnderstoodError(f"Say more: {name} is empty.")
        if len(text) > LONGEST:
            raise NotUnderstoodError(f"That is too long: {LONGEST} characters at most.")
        return text

    def number(self, name: str) -> int:
        """A number that was said. Raises NotUnderstoodError."""
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and len(text) < 18):  # noqa: PLR2004 - of 64 bits
            raise NotUnderstoodError(f"{text!r} is no number.")
        return int(text)

    def channel(self) -> Channel:
        """Where it was. Raises NotUnderstoodError."""
        try:
            return Channel(self.text("channel"))
        except ValueError:
            raise NotUnderstoodError("Say where it was.") from None


_Act = Callable[[Site, Transactions, Doing, datetime], object]


def do(here: Site, doing: Doing) -> None:
    """Do it, once; what was done before is left as it is.

    Raises:
        MonitorError: it makes no sense; says why.

    """
    with here.database.reading() as conn:
        require(here, conn, doing.case_id)
    found = _ACTS.get(doing.act)
    if found is None:
        raise NotUnderstoodError(f"Nothing here is called {doing.act}.")
    now = here.clock()
    # a form's key is that of one act to one case by one person, whatever else is sent with it
    key = f"web:{doing.who.name}:{doing.act}:{doing.case_id}:{doing.once}"
    its = Once(here.database, key[:300], now)
    try:
        found(here, its, doing, now)
    except DoneBeforeError:
        return


def require(here: Site, conn: Connection, case_id: int) -> None:
    """Return if it is a case of the config's brands. Raises NoSuchCaseError."""
    if not 0 < case_id <= MOST:
        raise NoSuchCaseError("There is no such case.")
    if not here.has_case(conn, case_id):
        raise NoSuchCaseError(f"There is no case {case_id}.")


def bounded(text: str, most: int = MOST) -> int:
    """A number out of an address, brought to within what a column can be compared with. Raises ValueError."""
    return max(0, min(int(text), most))


def moment(text: str, here: Site) -> datetime:
    """A time as a browser's field gives it, in the config's zone. Raises NotUnderstoodError."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=here.zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotUnderstoodError(f"{text!r} is no time: 2026-05-04T09:30.") from None


def _claim(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return act.claim(its, doing.case_id, by=doing.who.name, now=now)


def _ack(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return act.acknowledge(its, doing.case_id, by=doing.who.name, now=now)


def _confirm(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return act.confirm(its, doing.case_id, by=doing.who.name, now=now)


def _dismiss(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return act.dismiss(its, doing.case_id, by=doing.who.name, now=now)


def _undo(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    seq = doing.number("seq") if doing.said.get("seq") else None
    return act.undo(its, doing.case_id, by=doing.who.name, now=now, seq=seq)


def _assign(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return act.assign(its, doing.case_id, doing.text("person"), by=doing.who.name, now=now)


def _snooze(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    why = doing.said.get("why", "").strip()[:LONGEST] or None
    try:
        length = span(doing.text("span"))
    except (ValueError, OverflowError) as error:
        raise NotUnderstoodError(str(error)) from None
    return act.snooze(its, doing.case_id, length, by=doing.who.name, now=now, why=why)


def _duplicate(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    original = doing.number("case")
    return act.dismiss(its, doing.case_id, by=doing.who.name, now=now, duplicate_of=original)


def _elsewhere(here: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    at = moment(doing.text("at"), here) if doing.said.get("at") else now
    return act.answered_elsewhere(
        its,
        doing.case_id,
        doing.channel(),
        by=doing.who.name,
        now=now,
        # the field knows minutes: what it calls now may lie some seconds ahead
        answered_at=min(at, now) if at - now < timedelta(minutes=1) else at,
        text=doing.said.get("note", "").strip()[:LONGEST] or None,
    )


def _contact(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    channel, address = doing.channel(), doing.text("address")
    return act.note_contact(its, doing.case_id, channel, address, by=doing.who.name, now=now)


def _link(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return act.link_answer(its, doing.case_id, doing.number("post"), by=doing.who.name, now=now)


def _answer(here: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    post = doing.number("post") if doing.said.get("post") else None
    anyway = doing.said.get("anyway") == "yes"
    return answer.answer(
        its,
        here.desks(),
        doing.case_id,
        doing.text("text"),
        approved=here.settings.answers.approved(),
        by=doing.who.name,
        now=now,
        post=post,
        anyway=anyway,
    )


def _posted(_: Site, its: Transactions, doing: Doing, now: datetime) -> object:
    return answer.posted(its, doing.case_id, doing.number("answer"), now=now)


def _resend(here: Site, its: Transactions, doing: Doing, _now: datetime) -> object:
    return answer.resend(
        its,
        here.desks(),
        doing.case_id,
        doing.number("answer"),
        approved=here.settings.answers.approved(),
    )


def _cancel(_: Site, its: Transactions, doing: Doing, _now: datetime) -> object:
    return answer.cancel(its, doing.case_id, doing.number("answer"))


_ACTS: Mapping[str, _Act] = {
    "claim": _claim,
    "ack": _ack,
    "confirm": _confirm,
    "dismiss": _dismiss,
    "undo": _undo,
    "assign": _assign,
    "snooze": _snooze,
    "duplicate": _duplicate,
    "elsewhere": _elsewhere,
    "contact": _contact,
    "link": _link,
    "answer": _answer,
    "posted": _posted,
    "resend": _resend,
    "cancel": _cancel,
}
