"""The report on paper: the same bytes for the same report, strangers' words as words, both languages."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.change import previous, seen_from
from monitor.domain.hours import always
from monitor.domain.numbers import Numbers
from monitor.domain.report import Report, build
from monitor.render.report_document import file_name
from monitor.render.report_html import report_html
from monitor.render.report_pdf import report_pdf
from monitor.render.tongue import tongue
from tests.render.reported import AS_OF, EVERYTHING, EVIL, PERIOD, ZONE, a_wait, health, report


def numbers(made: Report, zone: ZoneInfo = ZONE) -> Numbers:
    before = previous(made.period, zone)
    earlier = build(
        EVERYTHING,
        brand=made.brand,
        period=before,
        as_of=seen_from(made.period, before, made.as_of),
        read_through={},
    )
    return Numbers(
        report=made,
        before=earlier,
        backlog=made.total.waits[:2],
        zone=zone,
        staffed=always("UTC"),
    )


@pytest.mark.parametrize("language", ["en", "ro"])
def test_the_same_report_is_the_same_paper(language: str) -> None:
    made = numbers(report(*EVERYTHING))
    paper = report_pdf(made, tongue(language))
    assert paper.startswith(b"%PDF")
    assert report_pdf(made, tongue(language)) == paper


def test_strangers_words_are_no_markup() -> None:
    hostile = '#import "/etc/passwd" $x$ *b* _i_ `c` \\ ' + EVIL
    waits = (a_wait(1, owner=hostile, network=hostile, topics=(hostile,)),)
    made = report(*waits, sources=(health(None, source=hostile, problem=hostile),))
    assert report_pdf(numbers(made), tongue("en")).startswith(b"%PDF")


def test_an_empty_period_can_be_printed() -> None:
    assert report_pdf(numbers(report(sources=())), tongue("ro")).startswith(b"%PDF")


def test_every_row_of_what_stands_beside_leads_to_its_waits() -> None:
    made = numbers(report(*EVERYTHING))
    page = report_html(made.report, ZONE, tongue("en"), made)
    for anchor in ("over-time-0", "lags-0", "lateness-0", "backlog-0"):
        assert f'href="#{anchor}"' in page
        assert f'id="{anchor}"' in page
    assert "Against the period before" in page


@pytest.mark.parametrize(
    ("brand", "name"),
    [("Acme Kettles", "acme-kettles"), ("ACME", "acme"), ("Țară & co", "tara-co-")],
)
def test_a_file_is_named_for_its_brand_and_its_days(brand: str, name: str) -> None:
    made = build(EVERYTHING, brand=brand, period=PERIOD, as_of=AS_OF, read_through={})
    found = file_name(numbers(made))
    assert found.startswith(name)
    assert found.endswith("-2026-05-04-2026-05-11")
    assert PERIOD.until - PERIOD.since == timedelta(days=7)


def test_brands_of_almost_one_name_do_not_overwrite_each_other_s_files() -> None:
    names = ("acme", "Acme", "ACME", "Acme Kettles", "acme kettles", "acme-kettles")
    made = (build((), brand=one, period=PERIOD, as_of=AS_OF, read_through={}) for one in names)
    files = {file_name(numbers(one)) for one in made}
    assert len({one.casefold() for one in files}) == len(names)
