"""What the work in Slack needs of the rest of the program, and what it hands around."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from monitor.domain.errors import PhrasedError
from monitor.domain.identity import Brand
from monitor.domain.lexicon import Lexicon
from monitor.domain.notice import CaseCard
from monitor.domain.policy import Rule
from monitor.domain.rota import Person as Reader
from monitor.domain.rota import Recipient
from monitor.domain.template import Approved
from monitor.ports import Clock, Desk
from monitor.render.tongue import Tongue, tongue
from monitor.slackapp.calls import Calls
from monitor.slackapp.staff import Person, Staff
from monitor.store import brands, cards, cases, sight
from monitor.store.done import Once
from monitor.store.engine import Connection, Database


class NoSuchCaseError(PhrasedError):
    """There is no case of that number, or it is of a brand that the config does not name."""


class NotTheirsError(PhrasedError):
    """The case is of a brand that is kept for others than the person who is to have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Everything that the app works with.

    Attributes:
        language_of: of a channel, by its id.
        desks: the sources that can answer.
        rules: the policies, for cases that are opened by hand.
        approved: the store of answers.
        people: those of the config who can be told alone, by name; everybody else is by their member's id.
        notifier: the one whose cards have the buttons.
        command: its name, as people type it.

    """

    database: Database
    calls: Calls
    staff: Staff
    clock: Clock
    zone: tzinfo
    language_of: Callable[[str], str]
    desks: Callable[[], Sequence[Desk]]
    brands: tuple[Brand, ...]
    rules: tuple[Rule, ...]
    lexicon: Lexicon
    approved: Approved
    command: str
    people: Mapping[str, Reader] = field(default_factory=dict)
    notifier: str = "slack"

    def tongue(self, channel: str | None) -> Tongue:
        """How a channel is spoken to; a person alone as where no channel is named."""
        return tongue(self.language_of(channel or ""))

    def alone(self, person: Person) -> Recipient:
        """Where that person alone reads, as policies name it, and whether they may be disturbed now."""
        known = self.people.get(person.name)
        return known.told_at(self.clock()) if known else Recipient(f"{self.notifier}:{person.id}")

    def once(self, key: str) -> Once:
        """The database, for a change that is made once, whatever Slack delivers."""
        return Once(self.database, key, self.clock())

    def card(self, case_id: int) -> CaseCard:
        """The case as it stands. Raises NoSuchCaseError."""
        now: datetime = self.clock()
        self.require(case_id)
        with self.database.reading() as conn:
            return cards.card(conn, case_id, now, None)

    def require(self, case_id: int) -> str:
        """The brand's name, if it is a case of the config's: others are not there for whoever is here.

        Raises:
            NoSuchCaseError: there is none of that number.

        """
        with self.database.reading() as conn:
            row = cases.row(conn, case_id)
            names = self.brand_names(conn)
        if row is None or row.brand_id not in names:
            raise NoSuchCaseError("There is no case {number}.", number=case_id)
        return names[row.brand_id]

    def require_seen(self, case_id: int, person: Person) -> None:
        """Return if the case is there for that person, too: one who is to have it must find it.

        Raises:
            NotTheirsError: its brand is kept for others.
            NoSuchCaseError: there is none of that number.

        """
        brand = self.require(case_id)
        if brand not in self.staff.sees(person, [brand]):
            raise NotTheirsError(
                "{name} does not see the cases of {brand} ([slack_app] brands): give it to somebody "
                "who does.",
                name=person.name,
                brand=brand,
            )

    @property
    def brands_in_sight(self) -> Sequence[Brand]:
        """The brands of the config that are there for whoever did this."""
        seen = sight.names()
        return [one for one in self.brands if seen is None or one.name in seen]

    def brand_names(self, conn: Connection) -> dict[int, str]:
        """Their names by their numbers."""
        configured = {one.name for one in self.brands_in_sight}
        return {number: name for number, name in brands.names(conn).items() if name in configured}


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One thing that somebody did in Slack.

    `key` is the same however often Slack delivers it; `trigger` opens a modal, for three seconds.
    """

    key: str
    person: Person
    act: str
    case_id: int
    channel: str | None
    trigger: str
    view_id: str | None = None
    """The modal or Home tab in which it was pressed."""
    is_in_modal: bool = False
