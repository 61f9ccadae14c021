"""The charts of what stands beside the report: over time, by hour of the week, age, lag and lateness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from monitor.domain.numbers import Numbers
from monitor.domain.outlook import Ahead
from monitor.domain.parts import HOURS, WEEKDAYS, Part
from monitor.render.drawing import BLUE, GREY, INK, QUIET, RED, Drawing
from monitor.render.figures import bounds, percent
from monitor.render.numbers_tables import span_of
from monitor.render.tongue import Tongue

_MOST_TICKS = 8
_FAINT, _STRONG = 0.08, 0.6
"""Of a cell with one wait, and of the fullest: never so strong that its number cannot be read."""
_HALF = 0.5
_EVERY_THIRD = 3


def beside(numbers: Numbers, say_in: Tongue) -> Iterator[Drawing]:
    """All of them that there is something to draw for."""
    if any(one.group.figures.within.low is not None for one in numbers.over_time):
        yield _trend(numbers, say_in)
    if numbers.arrivals.n:
        yield _arrivals(numbers, say_in)
        yield _bars("lags", "How soon it was seen", numbers.lags, say_in)
    if any(one.n for one in numbers.lateness):
        yield _bars("lateness", "Breaches by how late", numbers.lateness, say_in)
    if numbers.backlog:
        yield _bars("backlog", "Backlog by age", numbers.ages, say_in)
    if any(one.expected is not None and one.waits for one in numbers.outlook.ahead):
        yield _forecast(numbers.outlook.ahead, say_in)


def _trend(numbers: Numbers, say_in: Tongue) -> Drawing:
    slices = numbers.over_time
    names = [span_of(one, numbers, say_in) for one in slices]
    shares = [one.group.figures.within for one in slices]
    known = [at for at, one in enumerate(shares) if one.value is not None]

    def draw(axes: Axes) -> None:
        for at, one in enumerate(shares):
            if one.low is not None and one.high is not None:
                axes.bar(
                    at,
                    one.high - one.low,
                    bottom=one.low,
                    width=0.6,
                    color=BLUE,
                    alpha=0.25,
                    linewidth=0,
                )
        axes.plot(
            known, [shares[at].value or 0.0 for at in known], marker="o", color=BLUE, clip_on=False
        )
        ticks = range(0, len(slices), ceil(len(slices) / _MOST_TICKS))
        axes.set_xticks(ticks, [names[at] for at in ticks])
        axes.set_xlim(-0.6, len(slices) - 0.4)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(say_in("within the SLA"))

    said = (
        f"{name} {percent(one.value, say_in)} ({bounds(one, say_in)})"
        for name, one in zip(names, shares, strict=True)
    )
    title = say_in("Within the SLA over time, with what is not decided yet as a band")
    return Drawing("trend", title, draw, 3.0, f"{'; '.join(said)}.")


def _arrivals(numbers: Numbers, say_in: Tongue) -> Drawing:
    found = numbers.arrivals
    most = max(one.n for one in found.parts)

    def draw(axes: Axes) -> None:
        for place, part in enumerate(found.parts):
            day, hour = divmod(place, HOURS)
            if not part.n:
                continue
            strength = round(_FAINT + (_STRONG - _FAINT) * part.n / most, 2)
            # not `add_patch`: the axes' limits are given, and asking each cell for its own takes long
            axes.add_artist(
                Rectangle((hour, day), 1, 1, facecolor=BLUE, alpha=strength, linewidth=0)
            )
            axes.text(
                hour + _HALF,
                day + _HALF,
                str(part.n),
                ha="center",
                va="center",
                fontsize=7,
                color=INK,
                in_layout=False,  # it lies within: no room is made for it
            )
        axes.add_collection(
            LineCollection(_outline(found.staffed), colors=INK, linewidths=1.6, capstyle="round")
        )
        axes.set_xlim(0, HOURS)
        axes.set_ylim(len(WEEKDAYS), 0)
        axes.set_xticks(
            range(0, HOURS + 1, _EVERY_THIRD),
            [f"{hour:02d}" for hour in range(0, HOURS + 1, _EVERY_THIRD)],
        )
        axes.set_yticks(
            [day + _HALF for day in range(len(WEEKDAYS))], [say_in(one) for one in WEEKDAYS]
        )
        axes.tick_params(left=False)
        axes.grid(visible=False)
        axes.set_xlabel(say_in("hour of the day; framed: somebody is there"), color=QUIET)

    busiest = max(found.parts, key=lambda one: one.n)
    day, hour = busiest.name.split()
    words = say_in(
        "{inside} of {all} waits ({share}) began in staffed hours; most in one hour of the week: "
        "{number} on {day} at {hour}.",
        inside=len(found.in_hours),
        all=found.n,
        share=percent(found.share_in_hours, say_in),
        number=busiest.n,
        day=say_in(day),
        hour=hour,
    )
    return Drawing("arrivals", say_in("When customers wrote"), draw, 3.0, words)


def _outline(staffed: Sequence[float]) -> list[list[tuple[float, float]]]:
    """The border between hours that are mostly staffed and those that are not."""

    def is_staffed(day: int, hour: int) -> bool:
        inside = 0 <= day < len(WEEKDAYS) and 0 <= hour < HOURS
        return inside and staffed[day * HOURS + hour] >= _HALF

    lines: list[list[tuple[float, float]]] = []
    for day in range(len(WEEKDAYS) + 1):
        for hour in range(HOURS + 1):
            if is_staffed(day, hour) != is_staffed(day - 1, hour):
                lines.append([(hour, day), (hour + 1, day)])
            if is_staffed(day, hour) != is_staffed(day, hour - 1):
                lines.append([(hour, day), (hour, day + 1)])
    return lines


def _forecast(ahead: Sequence[Ahead], say_in: Tongue) -> Drawing:
    """What falls due, and how many of it are expected to be late, with what 95 % of draws would have."""
    names = [say_in("next {span}", span=one.name) for one in ahead]
    due = [len(one.waits) for one in ahead]
    known = [(at, one) for at, one in enumerate(ahead) if one.expected is not None]

    def draw(axes: Axes) -> None:
        rows = range(len(ahead))
        axes.barh(rows, due, height=0.7, color=GREY, alpha=0.35, label=say_in("fall due"))
        places, late = [at for at, _ in known], [one.expected or 0.0 for _, one in known]
        reach = [
            [most - one.low for most, (_, one) in zip(late, known, strict=True)],
            [one.high - most for most, (_, one) in zip(late, known, strict=True)],
        ]
        # an expectation may lie a hair outside of whole numbers
        reach = [[max(one, 0.0) for one in side] for side in reach]
        axes.barh(
            places,
            late,
            height=0.4,
            color=RED,
            linewidth=0,
            label=say_in("expected late"),
        )
        axes.errorbar(late, places, xerr=reach, fmt="none", ecolor=INK, capsize=4, linewidth=1.4)
        axes.set_yticks(rows, names)
        axes.set_ylim(len(ahead) - _HALF, -_HALF)
        axes.set_xlim(0, max(*due, 1) * 1.1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, steps=[1, 2, 5, 10]))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(say_in("waits"))
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.25), ncols=2, frameon=False)

    words = (
        say_in("{span}: {due} fall due", span=name, due=len(one.waits)) + _late(one, say_in)
        for name, one in zip(names, ahead, strict=True)
    )
    title = say_in("Forecast of breaches")
    return Drawing("forecast", title, draw, 1.2 + 0.35 * len(ahead), f"{'; '.join(words)}.")


def _late(one: Ahead, say_in: Tongue) -> str:
    if one.expected is None:
        return say_in(", too few waits lasted so long for a forecast")
    said = say_in(
        ", {number} of them late ({low} to {high})",
        number=say_in.number(f"{one.expected:.1f}"),
        low=one.low,
        high=one.high,
    )
    rest = say_in(", {number} without a forecast", number=one.without) if one.without else ""
    return said + rest


def _bars(name: str, title: str, parts: Sequence[Part], say_in: Tongue) -> Drawing:
    names = [say_in(one.name) for one in parts]
    numbers = [one.n for one in parts]
    whole = sum(numbers)
    said = [f"{one} ({percent(one / whole if whole else None, say_in)})" for one in numbers]

    def draw(axes: Axes) -> None:
        rows = range(len(parts))
        axes.barh(rows, numbers, height=0.6, color=BLUE)
        for row, text in zip(rows, said, strict=True):
            axes.annotate(
                text, (numbers[row], row), xytext=(4, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(rows, names)
        axes.set_ylim(len(parts) - _HALF, -_HALF)
        axes.set_xlim(0, max(numbers) * 1.2)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, steps=[1, 2, 5, 10]))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(say_in("waits"))

    words = "; ".join(f"{one}: {text}" for one, text in zip(names, said, strict=True))
    return Drawing(name, say_in(title), draw, 0.8 + 0.3 * len(parts), f"{words}.")
