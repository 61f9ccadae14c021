"""Who is behind the names that a step tells: a place, a person who may sleep, or whoever is on call.

A step names a place (`slack:#leads`), a person (`person:ana`) or a rota (`rota:care`). Places are as
they are; people and rotas are looked up when the step is told, not when the policy was frozen: who is
on call tonight is no part of a promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from monitor.domain.hours import BusinessHours
from monitor.domain.judgement import Severity
from monitor.domain.notice import Reason

PERSON, ROTA = "person", "rota"
"""What stands before the colon where a step names no place."""

OnCall: TypeAlias = Callable[[str, datetime], tuple[str, ...]]
"""The names of those who are on call by a rota at a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of the staff. `audience` is the place where this person alone reads."""

    name: str
    audience: str
    awake: BusinessHours | None = None
    """When they may be disturbed; None: always."""

    def sleeps(self, at: datetime) -> bool:
        return self.awake is not None and not self.awake.is_open(at)

    def told_at(self, at: datetime) -> Recipient:
        """Where to tell this person, and whether that waits for the end of the quiet hours."""
        return Recipient(self.audience, Reason.QUIET_HOURS if self.sleeps(at) else None)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A place, and why nothing goes there now; None: it is told."""

    audience: str
    held_back: Reason | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """The people whom the config names, and who of them is on call when."""

    people: Mapping[str, Person] = field(default_factory=dict)
    on_call: OnCall = lambda _rota, _at: ()

    def recipients(
        self, audiences: Sequence[str], *, at: datetime, severity: Severity
    ) -> tuple[Recipient, ...]:
        """Where to tell at that moment, each place once; none if nobody is behind any of the names.

        Quiet hours hold a message back, but for a wait of the top severity, and for who is on call.
        """
        found: dict[str, Recipient] = {}
        for name in audiences:
            for one in self._behind(name, at, severity):
                known = found.get(one.audience)
                if known is None or known.held_back is not None:
                    found[one.audience] = one
        return tuple(found.values())

    def lacks(self, audiences: Sequence[str], *, at: datetime) -> bool:
        """Whether nobody is behind one of the names: nobody on call, or a person who is not known."""
        return any(not list(self._behind(name, at, max(Severity))) for name in audiences)

    def person_at(self, audience: str) -> Person | None:
        """Whose place it is, if it is one person's."""
        return next((one for one in self.people.values() if one.audience == audience), None)

    def _behind(self, name: str, at: datetime, severity: Severity) -> Iterator[Recipient]:
        kind, _, who = name.partition(":")
        if kind == PERSON:
            person = self.people.get(who)
            if person is not None:
                quiet = severity < max(Severity) and person.sleeps(at)
                yield Recipient(person.audience, Reason.QUIET_HOURS if quiet else None)
        elif kind == ROTA:
            known = (self.people.get(one) for one in self.on_call(who, at))
            yield from (Recipient(one.audience) for one in known if one is not None)
        else:
            yield Recipient(name)
