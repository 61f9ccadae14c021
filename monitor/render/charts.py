"""The report's charts: SVG to be set into a page, or one PNG. The same report gives the same bytes.

Each comes with its content in words, for those who cannot see it.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from importlib.resources import as_file, files
from io import BytesIO
from math import ceil
from typing import Literal

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from monitor.domain.coverage import Why
from monitor.domain.notice import Picture
from monitor.domain.report import By, Group, Report, curve
from monitor.domain.sla import State
from monitor.domain.survival import Curve
from monitor.render.figures import bounds, percent, reached
from monitor.render.words import WHY, duration, plain

_THEME = {
    "#24292f": "--ink",
    "#57606a": "--quiet",
    "#d0d7de": "--line",
    "#b35900": "--orange",
    "#0969da": "--blue",
    "#8250df": "--violet",
    "#1a7f37": "--green",
    "#cf222e": "--red",
    "#8c959f": "--grey",
}
"""The colours of style.mplstyle (and some of this file) as the page names them."""
_BLUE = "#0969da"
_DPI = 160
_NO_MAKER = {"Software": None}
"""So that the same report gives the same bytes under another release of the library."""

_HOUR, _DAY = 3600.0, 86400.0
_LONG = 3 * _DAY
"""From here on an axis counts days."""
_ALMOST_ALL = 0.9
_AIR = 1.15
_MOST_TICKS = 10

_DAYS = (
    ("in time", (State.MET,), "#1a7f37"),
    ("late", (State.BREACHED_ANSWERED,), "#b35900"),
    ("unanswered", (State.BREACHED_OPEN,), "#cf222e"),
    ("not due or unverified", (State.PENDING, State.UNVERIFIED), "#0969da"),
    ("withdrawn or dismissed", (State.WITHDRAWN, State.DISMISSED), "#8c959f"),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, its heading, and what it shows in words."""

    name: str
    title: str
    svg: str
    words: str


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is drawn, before it is ink. `height` is in inches."""

    name: str
    title: str
    draw: Callable[[Axes], None]
    height: float
    words: str


def charts(report: Report, zone: tzinfo) -> tuple[Chart, ...]:
    """What there is to draw; days are those of `zone`."""
    return tuple(
        Chart(one.name, one.title, _in_page(_ink(one, "svg").decode(), one.name), one.words)
        for one in _drawings(report, zone)
    )


def picture(report: Report, zone: tzinfo) -> Picture | None:
    """The chart that says most in a place where only one is shown; None: there is nothing to draw."""
    drawings = list(_drawings(report, zone))
    if not drawings:
        return None
    one = next((one for one in drawings if one.name == "within"), drawings[0])
    return Picture(f"{one.name}.png", _ink(one, "png"), f"{one.title}. {one.words}")


def _drawings(report: Report, zone: tzinfo) -> Iterator[_Drawing]:
    total = report.total.figures
    if total.response.n:
        yield _answers(report)
    if total.within.low is not None:
        yield _within(report)
    if total.received:
        yield _volume(report, zone)
    if any(one.blind for one in report.sources):
        yield _looked(report, zone)


def _ink(drawing: _Drawing, format_: Literal["svg", "png"]) -> bytes:
    """The page has a heading of its own; a picture that stands alone bears it."""
    with (
        as_file(files("monitor.render") / "style.mplstyle") as sheet,
        style.context(sheet, after_reset=True),
        warnings.catch_warnings(),
    ):
        # the page's font draws what ours lacks: ours only measures
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure()
        figure.set_figheight(drawing.height)
        axes = figure.subplots()
        drawing.draw(axes)
        out = BytesIO()
        if format_ == "png":
            axes.set_title(drawing.title, loc="left")
            figure.savefig(out, format="png", dpi=_DPI, facecolor="white", metadata=_NO_MAKER)
        else:
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _in_page(svg: str, name: str) -> str:
    """The picture alone, in the page's colours, its ids apart from those of the other pictures."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, variable in _THEME.items():
        svg = svg.replace(colour, f"var({variable})")
    return re.sub(r'<svg ([^>]*?)width="[^"]*"', r'<svg \1width="100%"', svg, count=1).replace(
        " height=", ' aria-hidden="true" data-height=', 1
    )


# ------------------------------------------------------------------------------ time to an answer


def _answers(report: Report) -> _Drawing:
    groups = [one for one in report.groups[By.SEVERITY] if one.figures.response.n]
    ends = [_shown_until(one) for one in groups]
    longest = max(ends, default=_HOUR) or _HOUR
    unit, word = (_DAY, "days") if longest > _LONG else (_HOUR, "hours")

    def draw(axes: Axes) -> None:
        for group in groups:
            times, answered = _steps(group, longest)
            axes.step([one / unit for one in times], answered, where="post", label=_legend(group))
        axes.set_xlim(0, longest / unit)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_xlabel(f"{word} since the customer wrote")
        axes.set_ylabel("answered")
        # below: where few are answered, no corner of the picture is free
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2))

    words = "; ".join(map(_legend, groups))
    title = "How long customers wait for an answer, by severity"
    height = 3.4 + 0.2 * len(groups)
    return _Drawing("answers", title, draw, height, f"Answered by then: {words}.")


def _shown_until(group: Group) -> float:
    """To where nine of ten are answered; else somewhat past the last answer: there the line stays level."""
    estimate = curve(group.waits)
    most = estimate.quantile(_ALMOST_ALL)
    last = estimate.times[-1] if estimate.times else max(one.waited for one in group.waits)
    return (last if most is None else most) * _AIR


def _steps(group: Group, until: float) -> tuple[list[float], list[float]]:
    estimate = curve(group.waits)
    shares = (
        [1 - one for one in estimate.survival]
        if isinstance(estimate, Curve)
        else list(estimate.answered)
    )
    # level to the longest wait of the group, and no farther: beyond it nothing is known
    end = min(until, max(one.waited for one in group.waits))
    points = [
        (time, share) for time, share in zip(estimate.times, shares, strict=True) if time <= end
    ]
    last = points[-1][1] if points else 0.0
    times, answered = zip((0.0, 0.0), *points, (end, last), strict=True)
    return list(times), list(answered)


def _legend(group: Group) -> str:
    of = group.figures.response
    half = reached(of.median, of.n)
    most = reached(of.p90, of.n)
    return f"{plain(group.name)}: half {half}, nine of ten {most} (n {of.n}, {of.n_open} open)"


# ------------------------------------------------------------------------------------- within SLA


def _within(report: Report) -> _Drawing:
    groups = [report.total, *report.groups[By.SEVERITY], *report.groups[By.NETWORK]]
    groups = [one for one in groups if one.figures.within.low is not None]
    names = [plain(one.name) for one in groups]
    lines = [_share_in_words(one) for one in groups]

    def draw(axes: Axes) -> None:
        for row, group in enumerate(groups):
            share = group.figures.within
            low, high = share.low or 0.0, share.high or 0.0
            axes.barh(row, high - low, left=low, height=0.5, color=_BLUE, alpha=0.25)
            if share.value is not None:
                axes.plot(
                    share.value, row, marker="o", color=_BLUE, linestyle="none", clip_on=False
                )
            axes.text(1.02, row, lines[row], va="center", transform=axes.get_yaxis_transform())
        axes.set_yticks(range(len(groups)), names)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.grid(visible=False, axis="y")

    height = 0.9 + 0.32 * len(groups)
    words = "; ".join(f"{name} {line}" for name, line in zip(names, lines, strict=True))
    title = "Within the SLA, with what is not decided yet as a band"
    return _Drawing("within", title, draw, height, f"{words}.")


def _share_in_words(group: Group) -> str:
    share = group.figures.within
    decided = share.met + share.breached
    return f"{percent(share.value)} of {decided} ({bounds(share)})"


# ----------------------------------------------------------------------------------------- volume


def _volume(report: Report, zone: tzinfo) -> _Drawing:
    began = [(one.wait.started_at.astimezone(zone).date(), one.state) for one in report.total.waits]
    counts = Counter(began)
    days = _days(min(day for day, _ in began), max(day for day, _ in began))

    def draw(axes: Axes) -> None:
        below = [0] * len(days)
        for name, states, colour in _DAYS:
            numbers = [sum(counts[day, state] for state in states) for day in days]
            if any(numbers):
                axes.bar(range(len(days)), numbers, bottom=below, color=colour, label=name)
            below = [sum(pair) for pair in zip(below, numbers, strict=True)]
        ticks = range(0, len(days), ceil(len(days) / _MOST_TICKS))
        axes.set_xticks(ticks, [f"{days[tick].day} {days[tick]:%b}" for tick in ticks])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.grid(visible=False, axis="x")
        axes.set_ylabel("waits that began")
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0, -0.12),
            ncols=len(_DAYS),
            handlelength=1,
            columnspacing=1.2,
        )

    words = _volume_in_words(days, Counter(day for day, _ in began))
    return _Drawing("volume", "Waits that began, by day", draw, 3.4, words)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _volume_in_words(days: Sequence[date], counts: Counter[date]) -> str:
    most = max(days, key=lambda day: (counts[day], day))
    return (
        f"{counts.total()} waits on {len(days)} days from {days[0].isoformat()} to "
        f"{days[-1].isoformat()}; most on {most.isoformat()}: {counts[most]}."
    )


# ----------------------------------------------------------------------------------- where we looked

_HOLES = {Why.FAILING: "#cf222e", Why.NOT_LOOKED: "#8c959f"}
_LOOKED = "#1a7f37"


def _looked(report: Report, zone: tzinfo) -> _Drawing:
    """When each stream was looked at, from the period's begin to `as_of`."""
    begin, end = report.period.since, report.as_of
    rows = [one for one in report.sources if one.watched_since and one.watched_since < end]
    names = [f"{plain(one.source)}/{plain(one.stream)}" for one in rows]
    days = _days(begin.astimezone(zone).date(), end.astimezone(zone).date())

    def place(at: datetime) -> float:
        return (at - begin).total_seconds() / _DAY

    def draw(axes: Axes) -> None:
        holes = [(row, hole) for row, one in enumerate(rows) for hole in one.blind]
        starts = [max(0.0, place(one.watched_since or begin)) for one in rows]
        widths = [place(end) - start for start in starts]
        axes.barh(range(len(rows)), widths, left=starts, height=0.5, color=_LOOKED, label="looked")
        for why, colour in _HOLES.items():
            its = [(row, hole) for row, hole in holes if hole.why is why]
            if its:
                axes.barh(
                    [row for row, _ in its],
                    [hole.lasted.total_seconds() / _DAY for _, hole in its],
                    left=[place(hole.since) for _, hole in its],
                    height=0.5,
                    color=colour,
                    label=f"not: {WHY[why]}",
                )
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, place(end))
        shown = range(0, len(days), ceil(len(days) / _MOST_TICKS))
        midnights = [datetime.combine(days[one], time(), zone) for one in shown]
        ticks = [(place(at), at) for at in midnights if 0 <= place(at) <= place(end)]
        axes.set_xticks([at for at, _ in ticks], [f"{day.day} {day:%b}" for _, day in ticks])
        axes.grid(visible=False, axis="y")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=3, handlelength=1)

    missed = (sum((hole.lasted for hole in one.blind), timedelta(0)) for one in rows)
    told = (f"{name} {duration(span)}" for name, span in zip(names, missed, strict=True) if span)
    words = f"Not looked at, in all: {'; '.join(told)}."
    return _Drawing("looked", "When each stream was looked at", draw, 1.4 + 0.32 * len(rows), words)
