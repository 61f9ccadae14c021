"""Everything that is wrong with a config, each with its place. Nothing here stops at the first."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel, ValidationError

from monitor import registry
from monitor.domain.errors import ConfigError
from monitor.domain.policy_reach import unreachable
from monitor.domain.rota import PERSON, ROTA
from monitor.settings.calendars import ALWAYS
from monitor.settings.lines import Place
from monitor.settings.model import ClassifierTable, NotifierTable, Settings, SourceTable
from monitor.settings.policies import MatchTable
from monitor.settings.rules import RuleTable, lexicon_of
from monitor.settings.slack import AN_ID
from monitor.settings.spans import span

_SHOWN = 60
"""Characters of a wrong value that are repeated."""
_NAMED = 20
"""Of so many names all are said."""

PLUG_INS: Mapping[str, tuple[str, type[BaseModel]]] = {
    "sources": (registry.SOURCES, SourceTable),
    "notifiers": (registry.NOTIFIERS, NotifierTable),
    "classifier": (registry.CLASSIFIERS, ClassifierTable),
}


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong, and where in the document. `other`: what it does not go together with."""

    place: Place
    what: str
    other: Place | None = None


def examined(document: Mapping[str, Any]) -> tuple[Settings | None, list[Mistake]]:
    """The settings, and all mistakes: of the tables' own keys and values, of plug-ins, and of names.

    The settings are None if a table's own keys or values are wrong.
    """
    settings, found = None, list[Mistake]()
    try:
        settings = Settings.model_validate(dict(document))
    except ValidationError as error:
        found.extend(_in_words(error, Settings, ()))
    found.extend([*_of_plug_ins(document), *_of_names(document)])
    if not any(one.place[:1] == ("rules",) for one in found):
        found.extend(_of_rules(document))
    return settings, list(dict.fromkeys(found))


def _of_model(table: Mapping[str, Any], model: type[BaseModel], at: Place) -> Iterator[Mistake]:
    try:
        model.model_validate(dict(table))
    except ValidationError as error:
        yield from _in_words(error, model, at)


def _in_words(error: ValidationError, model: type[BaseModel], at: Place) -> Iterator[Mistake]:
    for one in error.errors(include_url=False):
        inner = tuple(part for part in one["loc"] if part != "[key]")
        yield Mistake((*at, *inner), _words(one, model, inner))


def _words(error: Any, model: type[BaseModel], place: Place) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"there is no such key{_hint(str(place[-1]), _keys(model, place[:-1]))}"
        case "missing":
            return "is missing" if place[-1] != "brands" else "is missing: name at least one brand"
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_pattern_mismatch" if place[-1] == "url":
            return "is no address: write https://…"
        case "string_pattern_mismatch":
            return "must not be empty, begin with a blank or hold a colon"
        case _:
            return f"{error['msg'].replace('tuple', 'list')}, not {_shown(error['input'])}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _keys(model: type[BaseModel], place: Place) -> Sequence[str]:
    """The keys that are known at a place, through nested tables."""
    for part in place:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _table_in(field.annotation) if field else None
        if inner is None and field is None:
            continue  # a name that the config chose, as in calendars.NAME
        if inner is None:
            return ()
        model = inner
    return sorted(model.model_fields)


def _table_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_table_in(one) for one in getattr(annotation, "__args__", ()))
    return next((one for one in inner if one is not None), None)


def _hint(word: str, known: Iterable[str]) -> str:
    known = sorted(map(str, known))
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known: {_some(known)}" if known else ""


def _of_plug_ins(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for key, (group, table) in PLUG_INS.items():
        found = _tables(document, key) if key != "classifier" else [((key,), _table(document, key))]
        for place, one in found:
            use = one.get("use", "shipped" if key == "classifier" else None)
            if not isinstance(use, str) or not use:
                continue  # said already
            try:
                cls: Any = registry.load(group, use)
            except ConfigError as error:
                yield Mistake((*place, "use"), str(error))
                continue
            own = {name: value for name, value in one.items() if name not in table.model_fields}
            yield from _of_model(own, cls.Options, place)


def _of_rules(document: Mapping[str, Any]) -> Iterator[Mistake]:
    """What the words themselves say against a rule; and topics that no rule finds."""
    rules: dict[str, RuleTable] = {}
    for name, table in _table(document, "rules").items():
        one = RuleTable.model_validate(table)
        try:
            lexicon_of({name: one})
        except ConfigError as error:
            yield Mistake(("rules", name), str(error).removeprefix(f"[rules.{name}]").lstrip(" :"))
        else:
            rules[name] = one
    topics = lexicon_of(rules).topics
    for place, policy in _tables(document, "policies"):
        yield from _unknown("topic", (*place, "match"), _table(policy, "match"), "topics", topics)


def _of_names(document: Mapping[str, Any]) -> Iterator[Mistake]:
    """Names that are used but not given, or given twice."""
    brands = [str(one.get("name")) for _, one in _tables(document, "brands")]
    known = frozenset(brands)
    calendars = {ALWAYS, *_table(document, "calendars")}
    notifiers = [_called(one) for _, one in _tables(document, "notifiers")] or ["console"]
    yield from _twice(document)
    for place, one in _tables(document, "sources"):
        yield from _unknown("brand", place, one, "brands", known)
        if len(brands) > 1 and not one.get("brands"):
            yield Mistake(place, f"say whose posts it brings: brands = [{shown_names(brands)}]")
    for place, one in _tables(document, "policies"):
        yield from _unknown("calendar", place, one, "calendar", calendars)
        yield from _unknown("notifier", place, one, "tell", notifiers)
        match = _table(one, "match")
        yield from _unknown("brand", (*place, "match"), match, "brands", known)
        for number, step in enumerate(_dicts(one.get("steps"))):
            at = (*place, "steps", number)
            yield from _unknown("notifier", at, step, "tell", [*notifiers, PERSON, ROTA])
            yield from _unknown_staff(document, at, step)
            yield from _late(at, step, one.get("target"))
    yield from _of_people(document, calendars, notifiers)
    yield from _in_vain(document, brands)
    for place, one in _tables(document, "brands"):
        yield from _unknown("notifier", place, one, "digest_tell", notifiers)
    for key in ("digest", "storms", "operators"):
        yield from _unknown("notifier", (key,), _table(document, key), "tell", notifiers)
    yield from _unknown("calendar", ("digest",), _table(document, "digest"), "calendar", calendars)
    yield from _unknown("calendar", ("numbers",), _table(document, "numbers"), "staffed", calendars)
    yield from _of_reports(document, brands, notifiers)
    yield from _of_subscriptions(document, brands, notifiers)
    if "slack_app" in document:
        app = {"notifier": "slack", **_table(document, "slack_app")}
        yield from _unknown("notifier", ("slack_app",), app, "notifier", notifiers)
        yield from _unnamed(document, app)
        for name in sorted(_table(app, "brands").keys() - known):
            what = f'no brand is called "{name}"{_hint(name, known)}'
            yield Mistake(("slack_app", "brands", name), what)
    yield from _unordered(_table(_table(document, "classifier"), "thresholds"))


def _of_reports(
    document: Mapping[str, Any], brands: Sequence[str], notifiers: Sequence[str]
) -> Iterator[Mistake]:
    """Names that nobody has, and the same report to the same people twice."""
    told: dict[tuple[object, str, str], Place] = {}
    known = frozenset(brands)
    can_print = find_spec("typst") is not None
    for place, one in _tables(document, "reports"):
        yield from _unknown("brand", place, one, "brands", known)
        yield from _unknown("notifier", place, one, "tell", notifiers)
        if "pdf" in _listed(one.get("attach")) and not can_print:
            yield Mistake((*place, "attach"), 'pdf needs `pip install "complaint-monitor[pdf]"`')
        every = one.get("every", "week")
        for audience in _listed(one.get("tell")) or notifiers[:1]:
            for brand in _listed(one.get("brands")) or brands:
                if (every, audience, brand) in told:
                    yield Mistake(
                        place,
                        f'"{audience}" is told of each {every} of {brand} already: once will do',
                        told[every, audience, brand],
                    )
                told.setdefault((every, audience, brand), place)


def _of_subscriptions(
    document: Mapping[str, Any], brands: Sequence[str], notifiers: Sequence[str]
) -> Iterator[Mistake]:
    """Names that nobody has, places where people read, and a place that would hear all twice."""
    told: set[str] = set()
    uses = {_called(one): str(one.get("use")) for _, one in _tables(document, "notifiers")}
    people = registry.read_by_people(uses or {"console": "console"})
    for place, one in _tables(document, "subscriptions"):
        yield from _unknown("brand", place, one, "brands", brands)
        yield from _unknown("notifier", place, one, "tell", notifiers)
        audience = str(one.get("tell"))
        if audience.partition(":")[0] in people:
            said = 'only programs subscribe, by a notifier of use = "webhook"'
            yield Mistake((*place, "tell"), f'"{audience}" is for people: {said}')
        if audience in told:
            yield Mistake(place, f'"{audience}" subscribed already: name all its brands there')
        told.add(audience)


def _listed(value: object) -> list[str]:
    """The names of a list that may also be one name."""
    if isinstance(value, str):
        return [value]
    return [str(one) for one in value] if isinstance(value, list) else []


def _unknown_staff(
    document: Mapping[str, Any], place: Place, step: Mapping[str, Any]
) -> Iterator[Mistake]:
    """`person:NAME` and `rota:NAME` of whom nobody has heard."""
    said = step.get("tell")
    for name in said if isinstance(said, list) else [said]:
        kind, _, who = str(name).partition(":")
        for noun, table in ((PERSON, "people"), (ROTA, "rotas")):
            known = _table(document, table)
            if kind == noun and who not in known:
                what = f'no {noun} is called "{who}"{_hint(who, known)}'
                yield Mistake((*place, "tell"), f"{what}; they stand in [{table}.NAME]")


def _of_people(
    document: Mapping[str, Any], calendars: Collection[str], notifiers: Collection[str]
) -> Iterator[Mistake]:
    people = _table(document, "people")
    for name in people:
        one = _table(people, name)
        yield from _unknown("notifier", ("people", name), one, "tell", notifiers)
        yield from _unknown("calendar", ("people", name), one, "calendar", calendars)
    for place, table in _tables(document, "notifiers"):
        if _called(table) in (PERSON, ROTA):
            what = f'"{_called(table)}" has a meaning of its own in `tell`: choose another name'
            yield Mistake((*place, "name"), what)


def _in_vain(document: Mapping[str, Any], brands: Sequence[str]) -> Iterator[Mistake]:
    """Policies that no post can reach: those before them take all that they are for."""
    tables = _tables(document, "policies")
    try:
        matches = [MatchTable.model_validate(_table(one, "match")).match() for _, one in tables]
    except ValidationError:
        return  # said already
    if not brands:
        return  # said already
    for number, takers in unreachable(matches, brands):
        if matches[number].is_everything and all(matches[one].brands for one in takers):
            continue  # a net for brands to come: each of today's has a policy of its own
        before = ", ".join(f'"{_called(tables[one][1])}"' for one in takers)
        takes = "takes" if len(takers) == 1 else "together take"
        yield Mistake(
            tables[number][0],
            f'no post ever reaches "{_called(tables[number][1])}": {before} before it {takes} all'
            " that it is for; put it first, or match less there",
        )


def _unnamed(document: Mapping[str, Any], app: Mapping[str, Any]) -> Iterator[Mistake]:
    """Rights of people whom nobody knows: who is meant would be let in by nobody, and not hear why."""
    tables = [one for _, one in _tables(document, "notifiers") if _called(one) == app["notifier"]]
    people = sorted(name for one in tables for name in _table(one, "people"))
    said = [
        (key, its, one) for key in ("rights", "brands") for its, one in _table(app, key).items()
    ]
    for key, its, named in said:
        for name in _listed(named):
            if name not in people and not AN_ID.fullmatch(name):
                what = f'"{name}" is neither in `people` nor an id (U…, S…){_hint(name, people)}'
                yield Mistake(("slack_app", key, its), what)


def _twice(document: Mapping[str, Any]) -> Iterator[Mistake]:
    lists = [_tables(document, key) for key in ("brands", "sources", "notifiers", "policies")]
    for place, policy in _tables(document, "policies"):
        steps = _dicts(policy.get("steps"))
        lists.append([((*place, "steps", at), one) for at, one in enumerate(steps)])
    lists.append(
        [
            (("answers", *place), one)
            for place, one in _tables(_table(document, "answers"), "templates")
        ]
    )
    for tables in lists:
        seen: dict[str, Place] = {}
        for place, one in tables:
            name, at = _called(one), (*place, "name")
            if name in seen:
                what = f'there are two called "{name}": give each its name'
                yield Mistake(at, what, seen[name])
            seen.setdefault(name, at)


def _unknown(
    noun: str, place: Place, table: Mapping[str, Any], key: str, known: Collection[str]
) -> Iterator[Mistake]:
    said = table.get(key)
    for number, name in enumerate(said if isinstance(said, list) else [said]):
        if not isinstance(name, str):
            continue
        # an audience may name a place within its notifier: "email:leads@shop.example"
        wanted = name.partition(":")[0] if noun == "notifier" else name
        if wanted not in known:
            at = (*place, key, number) if isinstance(said, list) else (*place, key)
            yield Mistake(at, f'no {noun} is called "{wanted}"{_hint(wanted, known)}')


def _late(place: Place, step: Mapping[str, Any], target: object) -> Iterator[Mistake]:
    """A warning that lies before the complaint itself would come at once."""
    try:
        ahead, whole = span(step["before_due"]), span(target)
    except (KeyError, ValueError):
        return
    if ahead >= whole:
        yield Mistake(
            (*place, "before_due"), f"{step['before_due']} is no less than the target, {target}"
        )


def _unordered(thresholds: Mapping[str, Any]) -> Iterator[Mistake]:
    alert, review = thresholds.get("alert"), thresholds.get("review")
    if isinstance(alert, float) and isinstance(review, float) and review > alert:
        yield Mistake(
            ("classifier", "thresholds", "review"),
            f"{review} is above alert, {alert}: it goes below",
        )


def _tables(document: Mapping[str, Any], key: str) -> list[tuple[Place, Mapping[str, Any]]]:
    return [
        ((key, number), one)
        for number, one in enumerate(document[key] if isinstance(document.get(key), list) else [])
        if isinstance(one, dict)
    ]


def _dicts(value: object) -> list[Mapping[str, Any]]:
    """The tables of an array, an empty one in the place of whatever is none."""
    return (
        [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []
    )


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _called(table: Mapping[str, Any]) -> str:
    return str(table.get("name") or table.get("use"))


def shown_names(names: Sequence[str]) -> str:
    """The names in quotes; of very many the first."""
    return _some([f'"{one}"' for one in names])


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_NAMED])} and {more} more"
