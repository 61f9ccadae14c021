"""Changed policies as somebody proposes them: a text that may be wrong, or meant to keep a machine busy.

Only what policies consist of is taken from it: nothing is loaded, read or asked that it names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.errors import ConfigError
from monitor.domain.judgement import Severity
from monitor.domain.policy import Rule
from monitor.settings import Settings
from monitor.settings.calendars import ALWAYS
from monitor.settings.merging import File, Merged
from monitor.settings.mistakes import examined

TABLES = ("policies", "calendars", "people", "rotas")
"""What is taken; the rest of a config may stand in the text, and is not looked at."""
LONGEST = 64 * 1024
"""Characters of a proposal."""
_NAME = "policies"
_MOST_POLICIES, _MOST_STEPS, _MOST_RUNGS = 200, 30, 200
_FURTHEST = timedelta(days=92)
"""Of a target, a step and its last repeat: what is later is a slip of the pen."""
_LEAST_OPEN = timedelta(hours=4)
"""In four weeks: a calendar that opens for less is searched for years on end."""
_MOST_KINDS = 2_000_000
"""Comparisons that it takes to see whether a policy is reached at all."""


def proposed(text: str, in_force: Settings, *, now: datetime) -> Settings:
    """The settings in force with the policies, calendars, people and rotas of the text.

    Raises:
        ConfigError: it cannot be read, is wrong (each mistake with its line) or beyond all measure.

    """
    said = {name: one for name, one in _document(text).items() if name in TABLES}
    if not said:
        known = ", ".join(("[[policies]]", *(f"[{one}]" for one in TABLES[1:])))
        raise ConfigError(f"it says nothing of policies: write one of {known}")
    _require_measure(said, in_force)
    merged = Merged(_NAME, [File(_NAME, text, _beside(in_force) | said)])
    found, mistakes = examined(merged.document)
    told = merged.told(mistakes)
    if told or found is None:
        raise ConfigError("\n".join(told))
    changed = in_force.model_copy(update={name: getattr(found, name) for name in said})
    _require_names(changed)
    for one in changed.targets():
        _require_sense(one, now)
    return changed


def _document(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST:
        raise ConfigError(f"it is too long: {LONGEST} characters at most")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise ConfigError("it is no TOML that anybody would write: too many brackets") from None
    except ValueError as error:  # also of numbers of very many digits
        raise ConfigError(f"it is no TOML: {error}") from None


def _beside(in_force: Settings) -> dict[str, Any]:
    """What the text may name: the places, people and calendars in force, without what they are."""
    first = in_force.notifiers[0].called
    everyday = {"weekly": {"mon-sun": ["00:00-24:00"]}}
    return {
        "timezone": in_force.timezone,
        "brands": [{"name": name} for name in in_force.brand_names],
        "notifiers": [{"use": "console", "name": one.called} for one in in_force.notifiers],
        "rules": {name: one.plain for name, one in in_force.rules.items()},
        "calendars": dict.fromkeys(in_force.calendars, everyday),
        "people": {name: {"tell": first} for name in in_force.people},
        "rotas": {name: {"file": name} for name in in_force.rotas},
    }


def _require_measure(said: Mapping[str, Any], in_force: Settings) -> None:
    """Raises ConfigError: there are so many that nobody could check them while somebody waits."""
    policies = [one for one in _list(said.get("policies")) if isinstance(one, dict)]
    if len(policies) > _MOST_POLICIES:
        raise ConfigError(f"there are {len(policies)} policies: {_MOST_POLICIES} at most")
    for one in policies:
        if len(_list(one.get("steps"))) > _MOST_STEPS:
            raise ConfigError(f"a policy has more than {_MOST_STEPS} steps")
    matches = [it if isinstance(it := one.get("match"), dict) else {} for one in policies]
    everywhere = {
        key: 1 + sum(len(_list(one.get(key))) for one in matches)
        for key in ("networks", "languages")
    }
    everywhere |= {
        "topics": 1,
        "severities": len(Severity),
        "brands": len(in_force.brand_names),
    }
    kinds = 0
    for number, one in enumerate(matches):
        its = 1
        for key, of_all in everywhere.items():
            its *= len(_list(one.get(key))) or of_all
        kinds += its * number
    if kinds > _MOST_KINDS:
        raise ConfigError("the policies tell too many kinds of posts apart: name fewer in `match`")


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _require_names(changed: Settings) -> None:
    """Raises ConfigError: what stays in force names a calendar that the proposal leaves out."""
    known = {ALWAYS, *changed.calendars}
    named = {one.calendar for one in changed.policies}
    named |= {one.calendar for one in changed.people.values() if one.calendar}
    if lost := sorted(named - known):
        raise ConfigError(f"what stays in force needs the calendars that are left out: {lost}")
    said = {it for one in changed.policies for step in one.steps for it in step.tell}
    staff = {f"person:{one}" for one in changed.people} | {f"rota:{one}" for one in changed.rotas}
    if lost := sorted(it for it in said - staff if it.startswith(("person:", "rota:"))):
        raise ConfigError(f"what stays in force tells those who are left out: {', '.join(lost)}")


def _require_sense(rule: Rule, now: datetime) -> None:
    """Raises ConfigError: its times lie beyond all measure. MonitorError: its calendar never opens."""
    rungs = sum(1 + one.repeats for one in rule.steps)
    if rungs > _MOST_RUNGS:  # each is looked for at each of them
        raise ConfigError(f'"{rule.name}": {rungs} steps and repeats: {_MOST_RUNGS} at most')
    spans = [abs(one.offset) for one in rule.steps]
    spans += [one.repeat * one.repeats for one in rule.steps if one.repeat is not None]
    for span in (rule.target, rule.acknowledged_for, *spans):
        if span > _FURTHEST:
            raise ConfigError(f'"{rule.name}": no span may be longer than {_FURTHEST.days} days')
    if rule.hours.between(now, now + timedelta(weeks=4)) < _LEAST_OPEN:
        raise ConfigError(f'"{rule.name}": its calendar is open for under an hour a week')
