"""The pages: they need nothing else, escape everything, and are the same bytes for the same report."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from monitor.domain.coverage import Blind, Why
from monitor.domain.judgement import Severity
from monitor.domain.notice import Digest, DigestLine
from monitor.domain.wait import Outcome
from monitor.render.charts import charts
from monitor.render.digest_html import digest_html
from monitor.render.report_html import report_html
from tests.domain.histories import at
from tests.notifiers.sample import NOTHING
from tests.render.reported import AS_OF, EVERYTHING, EVIL, ZONE, a_wait, answered, health, report

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Reads a page: its text, elements and links; unclosed elements fail."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        said = dict(attrs)
        assert not [name for name in said if name.startswith("on")]
        self.ids += [said["id"] or ""] if "id" in said else []
        self.links += [said["href"] or ""] if "href" in said else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_needs_nothing_else() -> None:
    page = Page(report_html(report(*EVERYTHING), ZONE))
    assert {"script", "link", "img", "iframe", "image"}.isdisjoint(page.elements)
    assert [one for one in page.links if not one.startswith("#")] == []
    assert "@import" not in page.text
    assert "url(http" not in page.text


def test_every_figure_leads_to_its_waits() -> None:
    text = report_html(report(*EVERYTHING), ZONE)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert {one[1:] for one in page.links} <= set(page.ids)
    for case in range(1, 11):
        assert f"{case}.1" in page.text


def test_the_same_report_is_the_same_bytes_in_any_order_and_process() -> None:
    waits = list(EVERYTHING)
    page = report_html(report(*waits), ZONE)
    random.Random(1).shuffle(waits)
    assert report_html(report(*waits), ZONE) == page
    code = (
        "import sys; from tests.render.reported import *;"
        "from monitor.render.report_html import report_html;"
        "sys.stdout.buffer.write(report_html(report(*EVERYTHING), ZONE).encode())"
    )
    root = Path(__file__).parents[2]
    again = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
    assert again.stdout.decode() == page


def test_strangers_words_stay_words() -> None:
    waits = (a_wait(1, owner=EVIL, network=EVIL, topics=(EVIL,)), answered(2, 30, network=EVIL))
    blind = health(None, source=EVIL, problem=EVIL)
    text = report_html(report(*waits, sources=(blind,)), ZONE)
    page = Page(text)
    assert "script" not in page.elements
    assert "{{7*7}}" in page.text
    assert "\u202e" not in text
    text.encode()


def test_charts_say_in_words_what_they_show() -> None:
    answers, within, volume = charts(report(*EVERYTHING), ZONE)
    assert "critical: half 1 h, nine of ten 1 h (n 1, 0 open)" in answers.words
    assert "all 60.0 % of 5 (42.9–71.4 %)" in within.words
    assert volume.words.startswith("9 waits on 6 days from 2026-05-04 to 2026-05-09; most on 2026")
    assert charts(report(), ZONE) == ()


def test_where_nobody_looked_is_drawn() -> None:
    hour = timedelta(hours=1)
    night = Blind(at(0), at(0) + 9 * hour, Why.NOT_LOOKED)
    refused = Blind(at(0) + 30 * hour, at(0) + 32 * hour, Why.FAILING, "503")
    watched = health(blind=(night, refused), watched_since=at(0) - hour)
    later = health(stream=EVIL, watched_since=at(0) + 50 * hour)
    never = health(stream="imported")
    blind = report(sources=(watched, later, never))
    [chart] = charts(blind, ZONE)
    assert (chart.name, chart.words) == ("looked", "Not looked at, in all: feed/all 11 h.")
    assert "var(--red)" in chart.svg
    assert "var(--grey)" in chart.svg
    page = Page(report_html(blind, ZONE))
    assert "No customer’s wait began in this period, as far as could be seen." in page.text
    assert "nobody looked for 11 h in all, 2 times" in page.text
    assert charts(report(sources=(later,)), ZONE) == ()


def test_what_is_not_reached_is_said_so() -> None:
    [answers, *_] = charts(report(a_wait(1), a_wait(2), answered(3, 60)), ZONE)
    assert "normal: half not reached, nine of ten not reached (n 3, 2 open)" in answers.words
    assert "not reached" in answers.svg


@pytest.mark.parametrize(
    "waits",
    [
        pytest.param([a_wait(1)], id="nobody-answered"),
        pytest.param([answered(1, 0, due_at=at(0))], id="answered-at-once"),
        pytest.param([answered(1, 5, outcome=Outcome.WITHDRAWN)], id="all-withdrawn"),
        pytest.param([answered(n, n * 300) for n in range(1, 30)], id="over-days"),
        pytest.param([EVERYTHING[6]], id="all-dismissed"),
        pytest.param(
            [answered(n, n * 10, severity=one) for n, one in enumerate(Severity)], id="each"
        ),
    ],
)
def test_every_shape_of_a_period_can_be_drawn(waits: list[object]) -> None:
    page = Page(report_html(report(*waits), ZONE))  # type: ignore[arg-type]
    assert page.elements.count("svg") in {1, 2, 3}  # only what there is to draw


def test_an_empty_period_says_whether_one_could_have_seen_anything() -> None:
    seen = Page(report_html(report(), ZONE)).text
    assert "No customer’s wait began in this period." in seen
    assert "Not everything could be read" not in seen
    blind = Page(report_html(report(sources=(health(gaps=2),)), ZONE)).text
    assert "No customer’s wait began in this period, as far as could be seen." in blind
    assert "with 2 gaps" in blind
    assert "no source is configured" in Page(report_html(report(sources=()), ZONE)).text


def test_the_pictures_take_the_pages_colours() -> None:
    for chart in charts(report(*EVERYTHING), ZONE):
        assert re.findall(r"#[0-9a-f]{6}\b", re.sub(r"#ffffff|#000000", "", chart.svg)) == []
        assert "var(--ink)" in chart.svg


def line(case_id: int, **changes: object) -> DigestLine:
    facts: dict[str, object] = {
        "case_id": case_id,
        "network": "x",
        "severity": Severity.HIGH,
        "topics": (),
        "title": None,
        "text": "Where is my parcel?",
        "author": "@dana",
        "url": "https://example.com/1",
        "waiting_since": at(0),
        "waited": timedelta(hours=3),
        "due_at": AS_OF - timedelta(minutes=30),
        "owner": None,
    }
    return DigestLine(**facts | changes)  # type: ignore[arg-type]


def digest(*lines: DigestLine, unconfirmed: tuple[DigestLine, ...] = ()) -> Digest:
    of_today = replace(NOTHING, brand="Shop", day=AS_OF.date(), as_of=AS_OF, sources=(health(),))
    return replace(of_today, overdue=lines, unconfirmed=unconfirmed, unjudged=4)


def test_the_digest_page_says_who_waits_how_long_and_where() -> None:
    coming = line(2, due_at=AS_OF + timedelta(hours=1), owner="ana", url=None, author=None)
    page = Page(digest_html(digest(line(1), unconfirmed=(coming, line(3, due_at=None))), ZONE))
    assert "Overdue (1)" in page.text
    assert "3 h , late by 30 min · x, high · case 1 · nobody has it" in page.text
    assert "due in 1 h · x, high · case 2 · ana has it" in page.text
    assert "no due time" in page.text
    assert "At risk (" not in page.text
    assert page.links == ["https://example.com/1"] * 2


def test_the_digest_page_links_to_the_web_alone_and_escapes_all() -> None:
    evil = line(1, text=EVIL, author=EVIL, network=EVIL, url="javascript:alert(1)", owner=EVIL)
    purged = line(2, text=None)
    text = digest_html(digest(evil, purged), ZONE)
    page = Page(text)
    assert "script" not in page.elements
    assert page.links == ["https://example.com/1"]
    assert "(the text was purged)" in page.text
    text.encode()
