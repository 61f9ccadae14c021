"""The config as somebody sees it who is let in for some brands alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from monitor.settings.model import Settings, SourceTable
from monitor.settings.policies import MatchTable
from monitor.settings.reports import ReportsTable

_Table = TypeVar("_Table", MatchTable, SourceTable, ReportsTable)
_Model = TypeVar("_Model", bound=BaseModel)


def narrowed(settings: Settings, names: Collection[str]) -> Settings:
    """Without the other brands, and without what is said of them alone: sources, policies, reports."""
    policies = []
    for one in settings.policies:
        match = list(_of([one.match], names))
        if match:
            policies.append(one if match[0] is one.match else _with(one, match=match[0]))
    return _with(
        settings,
        brands=tuple(one for one in settings.brands if one.name in names),
        sources=tuple(_of(settings.sources, names)),
        policies=tuple(policies),
        reports=tuple(_of(settings.reports, names)),
    )


def _of(tables: Sequence[_Table], names: Collection[str]) -> Iterator[_Table]:
    """Those that are for all brands as they are; of the others what is for these."""
    for one in tables:
        its = tuple(brand for brand in one.brands if brand in names)
        if its or not one.brands:
            yield one if its == one.brands else one.model_copy(update={"brands": its})


def _with(model: _Model, **values: object) -> _Model:
    """The same with other values; what it worked out from the old ones is not taken over."""
    fields = {name: getattr(model, name) for name in type(model).model_fields}
    return type(model).model_construct(**{**fields, **values})
