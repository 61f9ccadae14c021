"""The charts of the page of numbers, apart from it: what draws is slow to load, and waits for a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.domain.numbers import Numbers
from monitor.domain.report import By, Report
from monitor.render.charts import volume_and_shares
from monitor.render.charts_numbers import beside
from monitor.render.curves import BY_BRAND, answers, curves
from monitor.render.drawing import Chart, chart
from monitor.render.tongue import Tongue


def charts_of(
    numbers: Numbers, by: str, brands: Sequence[tuple[str, Report]], say_in: Tongue
) -> list[Chart]:
    """The curves of what it is broken down by, the shares, the volume, and what stands beside."""
    if by in set(By):
        lines = answers(numbers.report, By(by), say_in)
    else:
        groups = [replace(one.total, name=name) for name, one in brands]
        lines = curves("answers-brand", BY_BRAND, groups, say_in, ranked=True)
    drawn = [
        *([lines] if lines else []),
        *volume_and_shares(numbers.report, numbers.zone, say_in),
        *beside(numbers, say_in),
    ]
    return [chart(one) for one in drawn]
