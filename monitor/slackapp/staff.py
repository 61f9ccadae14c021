"""Who somebody in Slack is, and what that person may do."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog

from monitor.domain.errors import MonitorError, PhrasedError
from monitor.domain.phrase import phrase
from monitor.render.slack_case import is_group, is_member
from monitor.settings.slack import Right
from monitor.slackapp.calls import CallError, Calls

_FRESH_S = 300.0
"""How long the members of a group are believed to be the same."""
_log = structlog.get_logger(__name__)


class NotAllowedError(PhrasedError):
    """The person may not do that; says who may."""


class StrangerError(PhrasedError):
    """The person is of another workspace, such as in a channel that two companies share."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the workspace. `name` is what stands in the history of cases."""

    id: str
    name: str


class Staff:
    """Names and rights. Groups are asked of Slack, and remembered for some minutes."""

    def __init__(
        self,
        calls: Calls,
        people: Mapping[str, str],
        rights: Mapping[Right, tuple[str, ...]],
        brands: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`people`: ids by the names of the config; `rights`: whom each names, in either way.

        `brands`: those that are not everybody's, with whose they are.
        """
        self._calls = calls
        self._ids = dict(people)
        self._names = {its_id: name for name, its_id in people.items()}
        self._rights = {
            right: tuple(people.get(one, one) for one in named) for right, named in rights.items()
        }
        self._brands = {
            brand: tuple(people.get(one, one) for one in named)
            for brand, named in (brands or {}).items()
        }
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}
        self._team: str | None = None

    @property
    def keeps_apart(self) -> bool:
        """Whether any brand is not everybody's."""
        return bool(self._brands)

    @property
    def groups(self) -> list[str]:
        """The user groups that rights and brands name."""
        named = [*self._rights.values(), *self._brands.values()]
        return sorted({one for some in named for one in some if is_group(one)})

    def person(self, user: str, username: str | None = None) -> Person:
        """A member by the name of the config, else by the one that Slack knows, with the id beside it.

        Two people may go by one name: the id keeps them apart.
        """
        known = self._names.get(user)
        if known is not None:
            return Person(user, known)
        name = username or self._asked(user)
        return Person(user, f"{name} ({user})" if name else user)

    def named(self, word: str) -> Person | None:
        """Who is meant by a name of the config, or by an id; None: nobody is known to be."""
        name = word.strip("<@>").partition("|")[0]
        its_id = self._ids.get(name, name)
        return self.person(its_id) if is_member(its_id) else None

    def _asked(self, user: str) -> str:
        try:
            return self._calls.name_of(user)
        except CallError as error:
            _log.info("slack_name_unknown", problem=str(error))
            return ""

    def admit(self, team: str) -> None:
        """Return if that is the workspace whose token we have; it is asked of Slack once.

        Raises:
            StrangerError: it is another one, or none is named.
            CallError: Slack does not say which is ours: nobody is let in.

        """
        if self._team is None:
            self._team = self._calls.team()
        if team != self._team:
            raise StrangerError(
                "This app is for the members of its own workspace: nothing was done."
            )

    def require(self, right: Right, person: Person) -> None:
        """Return if the person may do that.

        Raises:
            NotAllowedError: the person may not, or nobody knows.

        """
        named = self._rights.get(right, ())
        if not named and right is not Right.POLICY:
            return
        if self._is_among(person, named):
            return
        raise NotAllowedError(
            "You may not do that here: it is for {whom} ([slack_app.rights], {right}).",
            whom=", ".join(map(_mention, named)) or phrase("nobody"),
            right=str(right.value),
        )

    def sees(self, person: Person, brands: Collection[str]) -> frozenset[str]:
        """Those of the brands whose cases are there for the person.

        Where Slack does not say who is in a group, what is its alone is nobody's.
        """
        found = set()
        for brand in brands:
            named = self._brands.get(brand)
            try:
                if named is None or self._is_among(person, named):
                    found.add(brand)
            except NotAllowedError as error:
                _log.warning("slack_group_unknown", brand=brand, problem=str(error))
        return frozenset(found)

    def _is_among(self, person: Person, named: Collection[str]) -> bool:
        """Raises NotAllowedError: Slack does not say who is in a group."""
        groups = [one for one in named if is_group(one)]
        return person.id in named or any(person.id in self._members(one) for one in groups)

    def refusals(self, person: Person) -> Mapping[Right, NotAllowedError]:
        """Why the person may not do what takes these rights; of those that are not named, the person may.

        For where the right that is needed comes out in a transaction: none waits for Slack.
        """
        found = {}
        for right in Right:
            try:
                self.require(right, person)
            except NotAllowedError as error:
                found[right] = error
        return found

    def warm(self) -> None:
        """Ask for our workspace and all groups, so that the first press need not wait."""
        try:
            self._team = self._calls.team()
        except MonitorError as error:
            _log.warning("slack_team_unknown", problem=str(error))
        for one in self.groups:
            try:
                self._members(one)
            except NotAllowedError as error:
                _log.warning("slack_group_unknown", group=one, problem=str(error))

    def _members(self, group: str) -> frozenset[str]:
        """Who is in the group. What was known a while ago is believed where Slack does not answer."""
        at, known = self._groups.get(group, (None, frozenset[str]()))
        if at is not None and time.monotonic() - at < _FRESH_S:
            return known
        try:
            found = self._calls.members(group)
        except CallError as error:
            if at is not None:
                return known
            raise NotAllowedError(
                "Slack does not say who is in {group} ({problem}), and that group decides who may "
                "do this. Try again; `slack check` says more.",
                group=_mention(group),
                problem=error.name,
            ) from error
        self._groups[group] = (time.monotonic(), found)
        return found


def _mention(its_id: str) -> str:
    if is_group(its_id):
        return f"<!subteam^{its_id}>"
    return f"<@{its_id}>"
