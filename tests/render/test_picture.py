"""The one chart that is shown where there is no page."""

from __future__ import annotations

from monitor.render.charts import picture
from tests.render.reported import EVERYTHING, EVIL, ZONE, a_wait, report


def test_a_report_has_a_picture_with_its_content_in_words() -> None:
    shown = picture(report(*EVERYTHING), ZONE)
    assert shown is not None
    assert (shown.name, shown.png[:4]) == ("within.png", b"\x89PNG")
    assert shown.words.startswith("Within the SLA")
    assert picture(report(*EVERYTHING), ZONE) == shown


def test_where_nothing_is_decided_another_chart_is_shown() -> None:
    assert picture(report(), ZONE) is None
    shown = picture(report(a_wait(1, network=EVIL)), ZONE)
    assert shown is not None
