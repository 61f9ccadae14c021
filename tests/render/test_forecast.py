"""The chart of the forecast: what falls due, how much of it is expected late, told in words, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.domain.numbers import Numbers
from monitor.domain.report import count
from monitor.render.charts_numbers import beside
from monitor.render.drawing import Drawing, chart, ink
from monitor.render.tongue import IN_ENGLISH, Tongue, tongue
from tests.domain.histories import at
from tests.render.reported import AS_OF, a_wait, answered, report
from tests.render.test_report_pdf import numbers

HOUR = timedelta(hours=1)
HISTORY = tuple(answered(number, 60 + 20 * number) for number in range(1, 61))


def outlook(*hours: float) -> Numbers:
    """Of waits that began an hour ago, and are due so many hours from now."""
    open_now = (
        count(a_wait(100 + place, started_at=AS_OF - HOUR, due_at=AS_OF + one * HOUR), AS_OF, {})
        for place, one in enumerate(hours)
    )
    return replace(numbers(report(*HISTORY)), backlog=tuple(open_now))


def drawn(made: Numbers, say_in: Tongue = IN_ENGLISH) -> Drawing | None:
    return next((one for one in beside(made, say_in) if one.name == "forecast"), None)


def test_what_falls_due_and_how_much_of_it_is_late_is_drawn_and_said() -> None:
    made = outlook(0.5, 3, 3.5, 20)
    found = drawn(made)
    assert found is not None
    for said in ("next 1 h: 1 fall due", "next 4 h: 3 fall due", "next 24 h: 4 fall due"):
        assert said in found.words
    ahead = made.outlook.ahead[1]
    assert f", {ahead.expected:.1f} of them late ({ahead.low} to {ahead.high})" in found.words
    picture = chart(found)
    assert picture.svg.startswith("<svg")
    assert 'aria-hidden="true"' in picture.svg
    assert ink(found, "png") == ink(found, "png")
    romanian = drawn(made, tongue("ro"))
    assert romanian is not None
    assert "ajung la termen" in romanian.words


def test_where_too_few_lasted_so_long_it_says_so() -> None:
    made = replace(
        outlook(0.5, 3),
        backlog=(
            *outlook(0.5).backlog,
            count(a_wait(7, started_at=at(-9000), due_at=AS_OF + 3 * HOUR), AS_OF, {}),
        ),
    )
    found = drawn(made)
    assert found is not None
    assert "1 without a forecast" in found.words


def test_without_a_forecast_nothing_is_drawn() -> None:
    assert drawn(outlook()) is None
    assert drawn(replace(outlook(3), report=report(*HISTORY[:5]))) is None
