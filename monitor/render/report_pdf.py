"""The report on paper (PDF), set by typst: one wheel, no system library. Needs the extra `pdf`.

The same report gives the same bytes: no time of making, and no font but matplotlib's own. The lists of
waits stand in the page and in CSV; paper says how they are had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl

from monitor.domain.errors import ConfigError
from monitor.domain.numbers import Numbers
from monitor.render.charts import drawings
from monitor.render.drawing import ink
from monitor.render.figures import BELOW, TABLES, missed, named, sections
from monitor.render.numbers_tables import sheets
from monitor.render.summary import headline, sentences, tiles
from monitor.render.tongue import Tongue
from monitor.render.words import is_blind, local_time, plain, set_aside, source

_DOTS = 80.0
"""An inch, of a page as a picture."""
_SIZE, _SMALL = 7.5, 6.0
_WIDE = 12
"""Columns from which on letters are smaller."""


def report_pdf(numbers: Numbers, say_in: Tongue) -> bytes:
    """The PDF. Raises ConfigError: the extra is not installed."""
    return b"".join(_set(numbers, say_in, "pdf"))


def pages(numbers: Numbers, say_in: Tongue) -> list[bytes]:
    """Its pages as pictures (PNG), to be looked at."""
    return _set(numbers, say_in, "png")


def _set(numbers: Numbers, say_in: Tongue, format_: Literal["pdf", "png"]) -> list[bytes]:
    try:
        import typst
    except ModuleNotFoundError as error:
        raise ConfigError('PDF needs `pip install "complaint-monitor[pdf]"`') from error
    template = files("monitor.render").joinpath("templates/report.typ").read_bytes()
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    made: bytes | list[bytes] = typst.compile(
        template,
        format=format_,
        ppi=_DOTS,
        font_paths=typst.Fonts(include_system_fonts=False, font_paths=[str(fonts)]),
        sys_inputs={"report": json.dumps(_said(numbers, say_in), ensure_ascii=False)},
    )
    return [made] if isinstance(made, bytes) else made


def _said(numbers: Numbers, say_in: Tongue) -> dict[str, Any]:
    report, zone = numbers.report, numbers.zone
    since, until, as_of = (
        local_time(at, zone, say_in)
        for at in (report.period.since, report.period.until, report.as_of)
    )
    about = say_in(
        "Customers’ waits that began from {since} to before {until}, as of {as_of}. The same period "
        "and moment give the same report.",
        since=since,
        until=until,
        as_of=as_of,
    )
    tables = [*_tables(numbers, say_in)]
    blind = [source(one, zone, say_in) for one in report.sources if is_blind(one)]
    none = [] if report.sources else [say_in("no source is configured")]
    return {
        "language": say_in.language,
        "title": headline(report, numbers, say_in),
        "heading": f"{plain(report.brand)}: {say_in('complaints and answers')}",
        "about": about,
        "footer": f"{plain(report.brand)} · {since} – {until} · "
        + say_in("as of {time}", time=as_of),
        "sentences": sentences(numbers, say_in),
        "warning": say_in(
            "Not everything could be read: what is missing may only not have been seen."
        ),
        "blind": blind or none,
        "tiles": [
            {"title": one.title, "figure": one.figure, "note": one.note}
            for one in tiles(report.total, say_in)
        ],
        "charts": [
            {"title": one.title, "svg": ink(one, "svg").decode(), "words": one.words}
            for one in drawings(report, zone, say_in, numbers)
        ],
        "first": tables[:1],
        "tables": tables[1:],
        "lists": [*_lists(numbers, say_in)],
    }


def _tables(numbers: Numbers, say_in: Tongue) -> Iterator[dict[str, Any]]:
    """The report's, of the groups; and what stands beside it."""
    for sheet in sheets(numbers, say_in):
        rows = [[one.name, *one.cells] for one in sheet.rows]
        yield _table(sheet.title, sheet.note, sheet.headings, rows)
    for table in TABLES:
        rows = []
        for title, groups in sections(numbers.report):
            rows += [[say_in(title)]] if rows else []
            rows += [
                [named(one.name, say_in), *(column.cell(one, say_in) for column in table.columns)]
                for one in groups
            ]
        headings = tuple(say_in(one.title) for one in table.columns)
        yield _table(say_in(table.title), say_in(table.note), headings, rows)


def _table(
    title: str, note: str, headings: tuple[str, ...], rows: list[list[str]]
) -> dict[str, Any]:
    size = _SMALL if len(headings) >= _WIDE else _SIZE
    return {"title": title, "note": note, "headings": headings, "rows": rows, "size": size}


def _lists(numbers: Numbers, say_in: Tongue) -> Iterator[dict[str, Any]]:
    report = numbers.report
    yield {
        "title": say_in("What the columns mean"),
        "lines": [
            f"{say_in(column.title)}: {say_in(column.means)}"
            for table in TABLES
            for column in table.columns
            if column.means != BELOW
        ],
    }
    yield {"title": say_in("Missed"), "lines": [missed(report, say_in)]}
    sources = [source(one, numbers.zone, say_in) for one in report.sources]
    none = [say_in("none is configured: nothing could be seen")]
    aside = [set_aside(report.filtered, say_in)] if report.filtered else []
    yield {"title": say_in("What was read"), "lines": [*(sources or none), *aside]}
    yield {
        "title": say_in("The waits behind the figures"),
        "lines": [
            say_in(
                "Every figure is a list of waits: they stand in the report's page (HTML) and are had by "
                "`complaint-monitor report --waits`."
            )
        ],
    }
