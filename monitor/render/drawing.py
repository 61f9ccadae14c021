"""How a chart becomes ink: one style, SVG in the page's own colours, or PNG. The same one, the same bytes."""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from io import BytesIO
from threading import Lock
from typing import Any, Literal

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

ORANGE, BLUE, VIOLET, GREEN = "#b35900", "#0969da", "#8250df", "#1a7f37"
RED, GREY, INK, QUIET, LINE = "#cf222e", "#8c959f", "#24292f", "#57606a", "#d0d7de"
NAME = 32
"""Characters of a name beside a chart: a longer one would leave no room for the picture."""
_THEME = {
    INK: "--ink",
    QUIET: "--quiet",
    LINE: "--line",
    ORANGE: "--orange",
    BLUE: "--blue",
    VIOLET: "--violet",
    GREEN: "--green",
    RED: "--red",
    GREY: "--grey",
}
"""The colours of style.mplstyle (and of the charts) as the page names them."""
_FONT = re.compile(r"(?:(\w+) )?([\d.]+px) (.+)")
_ONE_AT_A_TIME = Lock()
"""The library keeps its style in one place for all threads."""
_DPI = 160
_NO_MAKER = {"Software": None}
"""So that the same report gives the same bytes under another release of the library."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, its heading, and what it shows in words."""

    name: str
    title: str
    svg: str
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn, before it is ink. `height` is in inches."""

    name: str
    title: str
    draw: Callable[[Axes], None]
    height: float
    words: str


def chart(drawing: Drawing) -> Chart:
    """The picture alone, in the page's colours, its ids apart from those of the other pictures."""
    svg = ink(drawing, "svg").decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' style="([^"]*)"', _as_attributes, svg)
    svg = re.sub(r'\bid="', f'id="{drawing.name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{drawing.name}-", svg)
    for colour, variable in _THEME.items():
        svg = svg.replace(colour, f"var({variable})")
    root = r'<svg stroke-linejoin="round" stroke-linecap="butt" \1width="100%"'
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', root, svg, count=1)
    svg = svg.replace(" height=", ' aria-hidden="true" data-height=', 1)
    return Chart(drawing.name, drawing.title, svg, drawing.words)


def _as_attributes(found: re.Match[str]) -> str:
    """A style as attributes: a page that allows no style but its own file's shows them all the same."""
    said = dict(one.split(": ", 1) for one in html.unescape(found[1]).split("; ") if ": " in one)
    font = _FONT.fullmatch(said.pop("font", ""))
    if font is not None:
        said |= {"font-weight": font[1] or "normal", "font-size": font[2], "font-family": font[3]}
    return "".join(f' {name}="{html.escape(value)}"' for name, value in said.items())


def ink(drawing: Drawing, format_: Literal["svg", "png"]) -> bytes:
    """The page has a heading of its own; a picture that stands alone (PNG) bears it."""
    with (
        _ONE_AT_A_TIME,
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
            # `savefig` would draw it once more before, to lay it out
            canvas: Any = FigureCanvasSVG(figure)
            canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue()
