"""Who somebody in Slack is, and what that person may do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from monitor.domain.errors import MonitorError
from monitor.render.slack_case import is_group
from monitor.settings.slack import Right
from monitor.slackapp.calls import CallError, Calls

_FRESH_S = 300.0
"""How long the members of a group are believed to be the same."""
_log = structlog.get_logger(__name__)


class NotAllowedError(MonitorError):
    """The person may not do that; says who may."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the workspace. `name` is what stands in the history of cases."""

    id: str
    name: str


class Staff:
    """Names and rights. Groups are asked of Slack, and remembered for some minutes."""

    def __init__(
        self, calls: Calls, people: Mapping[str, str], rights: Mapping[Right, tuple[str, ...]]
    ) -> None:
        """`people`: ids by the names of the config; `rights`: whom each names, in either way."""
        self._calls = calls
        self._ids = dict(people)
        self._names = {its_id: name for name, its_id in people.items()}
        self._rights = {
            right: tuple(people.get(one, one) for one in named) for right, named in rights.items()
        }
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}

    @property
    def groups(self) -> list[str]:
        """The user groups that rights name."""
        return sorted({one for named in self._rights.values() for one in named if is_group(one)})

    def person(self, user: str, username: str | None = None) -> Person:
        """A member by the name of the config, else by the one that Slack knows, with the id beside it.

        Two people may go by one name: the id keeps them apart.
        """
        known = self._names.get(user)
        if known is not None:
            return Person(user, known)
        name = username or self._asked(user)
        return Person(user, f"{name} ({user})" if name else user)

    def _asked(self, user: str) -> str:
        try:
            return self._calls.name_of(user)
        except CallError as error:
            _log.info("slack_name_unknown", problem=str(error))
            return ""

    def require(self, right: Right, person: Person) -> None:
        """Return if the person may do that.

        Raises:
            NotAllowedError: the person may not, or nobody knows.

        """
        named = self._rights.get(right, ())
        if not named and right is not Right.POLICY:
            return
        if person.id in named:
            return
        groups = [one for one in named if is_group(one)]
        if any(person.id in self._members(one) for one in groups):
            return
        mentioned = ", ".join(map(_mention, named)) or "nobody"
        raise NotAllowedError(
            f"You may not do that here: it is for {mentioned} ([slack_app.rights], {right.value})."
        )

    def warm(self) -> None:
        """Ask for all groups, so that the first press need not wait."""
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
                f"Slack does not say who is in {_mention(group)} ({error.name}), "
                "and that group decides who may do this. Try again; `slack check` says more."
            ) from error
        self._groups[group] = (time.monotonic(), found)
        return found


def _mention(its_id: str) -> str:
    if is_group(its_id):
        return f"<!subteam^{its_id}>"
    return f"<@{its_id}>"
