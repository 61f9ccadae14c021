"""The report's charts: SVG to be set into a page, or one PNG. The same report gives the same bytes.

Each comes with its content in words, for those who cannot see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from math import ceil

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from monitor.domain.coverage import Why
from monitor.domain.notice import Picture
from monitor.domain.numbers import Numbers
from monitor.domain.report import By, Group, Report
from monitor.domain.sla import State
from monitor.render import curves
from monitor.render.charts_numbers import beside
from monitor.render.drawing import BLUE, GREEN, GREY, NAME, ORANGE, RED, Chart, Drawing, chart, ink
from monitor.render.figures import bounds, named, percent
from monitor.render.tongue import IN_ENGLISH, Tongue
from monitor.render.words import WHY, cut, duration, local_day, plain

_DAY = 86400.0
_MOST_TICKS = 10
_AIR = 1.06

_DAYS = (
    ("in time", (State.MET,), GREEN, ""),
    ("late", (State.BREACHED_ANSWERED,), ORANGE, "//"),
    ("unanswered", (State.BREACHED_OPEN,), RED, "xx"),
    ("not due or unverified", (State.PENDING, State.UNVERIFIED), BLUE, ".."),
    ("withdrawn or dismissed", (State.WITHDRAWN, State.DISMISSED), GREY, ""),
)
"""What is stacked; the hatching tells them apart in grey."""


def charts(
    report: Report, zone: tzinfo, say_in: Tongue = IN_ENGLISH, numbers: Numbers | None = None
) -> tuple[Chart, ...]:
    """What there is to draw of the report, and of what stands beside it; days are those of `zone`."""
    return tuple(chart(one) for one in drawings(report, zone, say_in, numbers))


def picture(report: Report, zone: tzinfo, say_in: Tongue = IN_ENGLISH) -> Picture | None:
    """The chart that says most in a place where only one is shown; None: there is nothing to draw."""
    found = list(_of_report(report, zone, say_in))
    if not found:
        return None
    one = next((one for one in found if one.name == "within"), found[0])
    return Picture(f"{one.name}.png", ink(one, "png"), f"{one.title}. {one.words}")


def drawings(
    report: Report, zone: tzinfo, say_in: Tongue, numbers: Numbers | None
) -> Iterator[Drawing]:
    """The same before they are ink."""
    yield from _of_report(report, zone, say_in)
    if numbers is not None:
        if len(report.groups[By.NETWORK]) > 1:
            by_network = curves.answers(report, By.NETWORK, say_in)
            yield from [by_network] if by_network else []
        yield from beside(numbers, say_in)


def _of_report(report: Report, zone: tzinfo, say_in: Tongue) -> Iterator[Drawing]:
    by_severity = curves.answers(report, By.SEVERITY, say_in)
    if by_severity is not None:
        yield by_severity
    yield from volume_and_shares(report, zone, say_in)


def volume_and_shares(report: Report, zone: tzinfo, say_in: Tongue) -> Iterator[Drawing]:
    """The same without the curves."""
    total = report.total.figures
    if total.within.low is not None:
        yield _within(report, say_in)
    if total.received:
        yield _volume(report, zone, say_in)
    if any(one.blind for one in report.sources):
        yield _looked(report, zone, say_in)


# ------------------------------------------------------------------------------------- within SLA


def _within(report: Report, say_in: Tongue) -> Drawing:
    groups = [report.total, *report.groups[By.SEVERITY], *report.groups[By.NETWORK]]
    groups = [one for one in groups if one.figures.within.low is not None]
    names = [cut(named(one.name, say_in), NAME) for one in groups]
    lines = [_share_in_words(one, say_in) for one in groups]

    def draw(axes: Axes) -> None:
        for row, group in enumerate(groups):
            share = group.figures.within
            low, high = share.low or 0.0, share.high or 0.0
            axes.barh(row, high - low, left=low, height=0.5, color=BLUE, alpha=0.25)
            if share.value is not None:
                axes.plot(share.value, row, marker="o", color=BLUE, linestyle="none", clip_on=False)
            axes.text(1.02, row, lines[row], va="center", transform=axes.get_yaxis_transform())
        axes.set_yticks(range(len(groups)), names)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(visible=False, axis="y")

    height = 0.9 + 0.32 * len(groups)
    words = "; ".join(f"{name} {line}" for name, line in zip(names, lines, strict=True))
    title = say_in("Within the SLA, with what is not decided yet as a band")
    return Drawing("within", title, draw, height, f"{words}.")


def _share_in_words(group: Group, say_in: Tongue) -> str:
    share = group.figures.within
    return say_in(
        "{share} of {number} ({bounds})",
        share=percent(share.value, say_in),
        number=share.met + share.breached,
        bounds=bounds(share, say_in),
    )


# ----------------------------------------------------------------------------------------- volume


def _volume(report: Report, zone: tzinfo, say_in: Tongue) -> Drawing:
    began = [(one.wait.started_at.astimezone(zone).date(), one.state) for one in report.total.waits]
    counts = Counter(began)
    days = _days(min(day for day, _ in began), max(day for day, _ in began))

    def draw(axes: Axes) -> None:
        below = [0] * len(days)
        for name, states, colour, hatch in _DAYS:
            numbers = [sum(counts[day, state] for state in states) for day in days]
            if any(numbers):
                axes.bar(
                    range(len(days)),
                    numbers,
                    bottom=below,
                    color=colour,
                    hatch=hatch,
                    label=say_in(name),
                )
            below = [sum(pair) for pair in zip(below, numbers, strict=True)]
        axes.set_ylim(0, max(below) * _AIR)
        ticks = range(0, len(days), ceil(len(days) / _MOST_TICKS))
        axes.set_xticks(ticks, [local_day(days[tick], say_in) for tick in ticks])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(say_in("waits that began"))
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.12),
            ncols=len(_DAYS),
            handlelength=1,
            columnspacing=1.2,
        )

    words = _volume_in_words(days, Counter(day for day, _ in began), say_in)
    return Drawing("volume", say_in("Waits that began, by day"), draw, 3.4, words)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _volume_in_words(days: Sequence[date], counts: Counter[date], say_in: Tongue) -> str:
    most = max(days, key=lambda day: (counts[day], day))
    return say_in(
        "{number} waits on {days} days from {first} to {last}; most on {day}: {most}.",
        number=counts.total(),
        days=len(days),
        first=days[0].isoformat(),
        last=days[-1].isoformat(),
        day=most.isoformat(),
        most=counts[most],
    )


# ----------------------------------------------------------------------------------- where we looked

_HOLES = {Why.FAILING: RED, Why.NOT_LOOKED: GREY}


def _looked(report: Report, zone: tzinfo, say_in: Tongue) -> Drawing:
    """When each stream was looked at, from the period's begin to `as_of`."""
    begin, end = report.period.since, report.as_of
    rows = [one for one in report.sources if one.watched_since and one.watched_since < end]
    names = [cut(f"{plain(one.source)}/{plain(one.stream)}", NAME) for one in rows]
    days = _days(begin.astimezone(zone).date(), end.astimezone(zone).date())

    def place(at: datetime) -> float:
        return (at - begin).total_seconds() / _DAY

    def draw(axes: Axes) -> None:
        holes = [(row, hole) for row, one in enumerate(rows) for hole in one.blind]
        starts = [max(0.0, place(one.watched_since or begin)) for one in rows]
        widths = [place(end) - start for start in starts]
        axes.barh(
            range(len(rows)),
            widths,
            left=starts,
            height=0.5,
            color=GREEN,
            label=say_in("looked"),
        )
        for why, colour in _HOLES.items():
            its = [(row, hole) for row, hole in holes if hole.why is why]
            if its:
                axes.barh(
                    [row for row, _ in its],
                    [hole.lasted.total_seconds() / _DAY for _, hole in its],
                    left=[place(hole.since) for _, hole in its],
                    height=0.5,
                    color=colour,
                    label=say_in("not: {why}", why=say_in(WHY[why])),
                )
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, place(end))
        shown = range(0, len(days), ceil(len(days) / _MOST_TICKS))
        midnights = [datetime.combine(days[one], time(), zone) for one in shown]
        ticks = [(place(at), at) for at in midnights if 0 <= place(at) <= place(end)]
        axes.set_xticks(
            [at for at, _ in ticks], [local_day(day.date(), say_in) for _, day in ticks]
        )
        axes.grid(visible=False, axis="y")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=3, handlelength=1)

    missed = (sum((hole.lasted for hole in one.blind), timedelta(0)) for one in rows)
    told = (
        f"{name} {duration(span, say_in)}" for name, span in zip(names, missed, strict=True) if span
    )
    words = say_in("Not looked at, in all: {streams}.", streams="; ".join(told))
    title = say_in("When each stream was looked at")
    return Drawing("looked", title, draw, 1.4 + 0.32 * len(rows), words)
