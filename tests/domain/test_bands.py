"""Bands and the median's interval, against lifelines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.utils import median_survival_times

from monitor.domain.bands import band, median
from monitor.domain.survival import End, aalen_johansen, kaplan_meier

TIED = st.integers(1, 12).map(float)
APART = st.floats(0.001, 1e7, allow_nan=False)
WAITS = st.lists(st.tuples(TIED | APART, st.booleans()), min_size=1, max_size=60)
ENDS = st.sampled_from([(End.OPEN, 0), (End.ANSWERED, 1), (End.WITHDRAWN, 2)])


def close(value: float) -> object:
    return pytest.approx(value, abs=1e-6)


@settings(max_examples=25)
@given(WAITS)
def test_the_band_of_a_curve_is_that_of_lifelines(waits: list[tuple[float, bool]]) -> None:
    theirs = KaplanMeierFitter().fit([time for time, _ in waits], [seen for _, seen in waits])
    known = {age: (low, high) for age, low, high in theirs.confidence_interval_.itertuples()}
    for step in band(kaplan_meier(waits)):
        low, high = known[step.time]
        assert (1 - step.high, 1 - step.low) == (close(low), close(high))
        assert step.low <= step.share <= step.high


@settings(max_examples=25)
@given(st.lists(ENDS, min_size=2, max_size=40))
def test_the_band_of_an_incidence_is_that_of_lifelines(ends: list[tuple[End, int]]) -> None:
    """At durations that are apart: tied ones lifelines moves by chance."""
    waits = [(float(number), end) for number, (end, _) in enumerate(ends, start=1)]
    if not any(code == 1 for _, code in ends):
        assert band(aalen_johansen(waits)) == ()
        return
    theirs = AalenJohansenFitter(calculate_variance=True)
    theirs.fit([time for time, _ in waits], [code for _, code in ends], event_of_interest=1)
    table = theirs.confidence_interval_.iloc[:, :2]
    for step in band(aalen_johansen(waits)):
        if step.time == len(ends) or step.share > 1 - 1e-9:
            continue  # where nobody is left their formula divides by zero
        assert sorted((step.low, step.high)) == [close(one) for one in sorted(table.loc[step.time])]


def test_the_interval_of_a_median_is_brookmeyers_and_crowleys() -> None:
    waits = [(float(number), number % 5 > 0) for number in range(1, 101)]
    found = median(kaplan_meier(waits))
    theirs = KaplanMeierFitter().fit([time for time, _ in waits], [seen for _, seen in waits])
    low, high = median_survival_times(theirs.confidence_interval_).iloc[0]
    assert found is not None
    assert (found.value, found.low, found.high) == (theirs.median_survival_time_, low, high)


def test_a_median_that_is_not_sure_to_be_reached_has_no_interval() -> None:
    assert median(kaplan_meier([(1.0, True), (2.0, True), (3.0, False)])) is None
    assert median(kaplan_meier([])) is None
