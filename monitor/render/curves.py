"""How long customers wait, as curves with their 95 % bands, a line a group."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from monitor.domain.bands import Step, band
from monitor.domain.report import By, Group, Report, curve
from monitor.render.drawing import NAME, Drawing
from monitor.render.figures import named, reached
from monitor.render.tongue import Tongue
from monitor.render.words import cut

TITLES = {
    By.NETWORK: "How long customers wait for an answer, by network",
    By.SEVERITY: "How long customers wait for an answer, by severity",
    By.PERSON: "How long customers wait for an answer, by person",
    By.TOPIC: "How long customers wait for an answer, by topic",
}
BY_BRAND = "How long customers wait for an answer, by brand"

_HOUR, _DAY = 3600.0, 86400.0
_LONG = 3 * _DAY
"""From here on an axis counts days."""
_ALMOST_ALL = 0.9
_AIR = 1.15
_LINES = 4
"""So many can be told from each other without colour; the others are in words."""
_POINTS = 240
"""Of a line: more are not to be seen, and would make the page heavy."""


def answers(report: Report, by: By, say_in: Tongue) -> Drawing | None:
    """The curves of a break-down; None where nothing is known."""
    return curves(
        f"answers-{by}", TITLES[by], report.groups[by], say_in, ranked=by is not By.SEVERITY
    )


def curves(
    name: str, title: str, groups: Sequence[Group], say_in: Tongue, *, ranked: bool
) -> Drawing | None:
    """A line a group, the largest ones if there are many (`ranked`: also in the order of size)."""
    known = [one for one in groups if one.figures.response.n]
    if not known:
        return None
    if ranked:
        known.sort(key=lambda one: (-one.figures.response.n, one.name))
    shown, others = known[:_LINES], known[_LINES:]
    longest = max(map(_shown_until, shown)) or _HOUR
    unit, word = (_DAY, "days") if longest > _LONG else (_HOUR, "hours")

    def draw(axes: Axes) -> None:
        for group in shown:
            steps = _steps(group, longest)
            times = [one.time / unit for one in steps]
            [line] = axes.step(
                times, [one.share for one in steps], where="post", label=_legend(group, say_in)
            )
            axes.fill_between(
                times,
                [one.low for one in steps],
                [one.high for one in steps],
                step="post",
                color=line.get_color(),
                alpha=0.13,
                linewidth=0,
            )
        axes.set_xlim(0, longest / unit)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        since = (
            "days since the customer wrote" if word == "days" else "hours since the customer wrote"
        )
        axes.set_xlabel(say_in(since))
        axes.set_ylabel(say_in("answered"))
        # below: where few are answered, no corner of the picture is free
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2))

    words = "; ".join(_legend(one, say_in) for one in shown)
    said = say_in("Answered by then: {groups}.", groups=words)
    if others:
        said += " " + say_in("{number} more groups are in the table.", number=len(others))
    return Drawing(name, say_in(title), draw, 3.4 + 0.2 * len(shown), said)


def _shown_until(group: Group) -> float:
    """To where nine of ten are answered; else somewhat past the last answer: there the line stays level."""
    estimate = curve(group.waits)
    most = estimate.quantile(_ALMOST_ALL)
    last = estimate.times[-1] if estimate.times else max(one.waited for one in group.waits)
    return (last if most is None else most) * _AIR


def _steps(group: Group, until: float) -> list[Step]:
    # level to the longest wait of the group, and no farther: beyond it nothing is known
    end = min(until, max(one.waited for one in group.waits))
    found = [one for one in band(curve(group.waits)) if one.time <= end]
    steps = [Step(0.0, 0.0, 0.0, 0.0), *_thinned(found, end)]
    return [*steps, steps[-1]._replace(time=end)]


def _thinned(steps: Sequence[Step], end: float) -> list[Step]:
    """The last step of each of so many stretches of time."""
    if len(steps) <= _POINTS:
        return list(steps)
    last = {int(one.time / end * _POINTS): one for one in steps}
    return sorted(last.values(), key=attrgetter("time"))


def _legend(group: Group, say_in: Tongue) -> str:
    of = group.figures.response
    return say_in(
        "{group}: half {half}, nine of ten {most} (n {n}, {open} open)",
        group=cut(named(group.name, say_in), NAME),
        half=reached(of.median, of.n, say_in),
        most=reached(of.p90, of.n, say_in),
        n=of.n,
        open=of.n_open,
    )
