"""The other side of a notifier, in memory: it takes messages, can be looked through, and fails when told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from threading import Event, Lock, Thread

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, CaseCard, Content, Notice, Receipt, Unknowable
from monitor.domain.storm import RollUp


class Crash(BaseException):
    """The process died here: nothing after this line ran."""


class Fault(StrEnum):
    """How a send goes wrong, or a look."""

    DIES_BEFORE = "dies_before"
    DIES_AFTER = "dies_after"
    DROPS_BEFORE = "drops_before"
    DROPS_AFTER = "drops_after"
    BUSY = "busy"
    REFUSES = "refuses"
    FREEZES_BEFORE = "freezes_before"
    FREEZES_AFTER = "freezes_after"
    BLIND = "blind"
    """The look itself fails."""


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived, in order of arrival."""

    key: str
    name: str
    target: str
    edits: str | None
    thread: str | None
    possibly_repeated: bool
    case_id: int | None
    level: int
    mentions: tuple[str, ...]
    cases: tuple[int, ...] = ()
    """That a roll-up names."""
    content: object = None


@dataclass
class Freeze:
    """A sender that stands still until it is thawed."""

    entered: Event = field(default_factory=Event)
    thawed: Event = field(default_factory=Event)


class Faulty:
    """Where things go wrong: each send, and each look, takes the next of `faults`."""

    refusal = "you may not"

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.freeze = Freeze()
        self._lock = Lock()

    def _next_fault(self) -> Fault | None:
        with self._lock:
            return self.faults.pop(0) if self.faults else None

    def _before(self, fault: Fault | None) -> None:
        """What strikes before anything arrived."""
        match fault:
            case Fault.DIES_BEFORE:
                raise Crash
            case Fault.BUSY:
                later = timedelta(seconds=30)
                raise SendError("busy", outcome=Outcome.NOT_SENT, retry_after=later)
            case Fault.REFUSES:
                raise SendError(self.refusal, outcome=Outcome.PERMANENT)
            case Fault.DROPS_BEFORE:
                raise SendError("connection lost", outcome=Outcome.UNKNOWN)
            case Fault.FREEZES_BEFORE:
                self._stand_still()
            case _:  # the others strike after it is accepted
                pass

    def _after(self, fault: Fault | None) -> None:
        match fault:
            case Fault.DIES_AFTER:
                raise Crash
            case Fault.DROPS_AFTER:
                raise SendError("connection lost", outcome=Outcome.UNKNOWN)
            case Fault.FREEZES_AFTER:
                self._stand_still()
            case _:
                pass

    def _stand_still(self) -> None:
        freeze = self.freeze
        freeze.entered.set()
        freeze.thawed.wait()

    def frozen(self, fault: Fault, work: Callable[[], object]) -> tuple[Freeze, Thread]:
        """Do it in a thread that stands still at the fault, or finds that it has nothing to do."""
        freeze = self.freeze = Freeze()
        self.faults = [fault]
        thread = Thread(target=work)
        thread.start()
        while thread.is_alive() and not freeze.entered.wait(0.005):
            pass
        self.faults = []
        return freeze, thread


class OtherSide(Faulty):
    """A notifier whose other side is a list. `can_look`: whether `find` knows."""

    refusal = "no such channel"

    def __init__(self, *, can_look: bool = True) -> None:
        super().__init__()
        self.messages: list[Message] = []
        self.looks = 0
        self._can_look = can_look

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        fault = self._next_fault()
        self._before(fault)
        message = self._accept(notice, earlier)
        self._after(fault)
        return Receipt(message.target, message.name)

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        self.looks += 1
        if self.faults[:1] == [Fault.BLIND]:
            self._next_fault()
            raise SendError("history cannot be read", outcome=Outcome.NOT_SENT)
        if not self._can_look:
            return Unknowable("nobody can look there")
        with self._lock:
            found = [one for one in self.messages if one.key == notice.key]
        return Receipt(found[0].target, found[0].name) if found else Absent()

    def keys(self) -> Sequence[str]:
        return [one.key for one in self.messages]

    def _accept(self, notice: Notice, earlier: Receipt | None) -> Message:
        card = notice.content if isinstance(notice.content, CaseCard) else None
        with self._lock:
            message = Message(
                key=notice.key,
                name=f"m{len(self.messages)}",
                target=notice.audience,
                edits=earlier.name if earlier else None,
                thread=notice.thread.name if notice.thread else None,
                possibly_repeated=notice.possibly_repeated,
                case_id=card.case_id if card else None,
                level=card.level if card else 0,
                mentions=notice.mentions,
                cases=_named(notice.content),
                content=notice.content,
            )
            self.messages.append(message)
        return message


def _named(content: Content) -> tuple[int, ...]:
    return tuple(one.case_id for one in content.cases) if isinstance(content, RollUp) else ()
