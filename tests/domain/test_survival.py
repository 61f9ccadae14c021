"""Kaplan–Meier and Aalen–Johansen against lifelines, and against a world whose truth is known."""

from __future__ import annotations

import math
import random
import statistics
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from monitor.domain.survival import Curve, End, aalen_johansen, kaplan_meier

HOUR = 3600.0

# Few distinct durations make many ties, of answers and of answers with open waits.
TIED = st.integers(1, 12).map(float)
APART = st.floats(0.001, 1e7, allow_nan=False)
ENDS = st.sampled_from([End.ANSWERED, End.WITHDRAWN, End.OPEN])
WAITS = st.lists(st.tuples(TIED | APART, st.booleans()), min_size=1, max_size=80)


def close(value: float) -> object:
    return pytest.approx(value, abs=1e-9)


# ------------------------------------------------------------------------------------ lifelines


@given(WAITS)
def test_kaplan_meier_equals_lifelines(waits: list[tuple[float, bool]]) -> None:
    curve = kaplan_meier(waits)
    theirs = KaplanMeierFitter().fit([time for time, _ in waits], [seen for _, seen in waits])
    table = theirs.event_table
    answered = table[table["observed"] > 0]
    assert curve.times == tuple(answered.index)
    assert curve.at_risk == tuple(answered["at_risk"])
    for age in (*theirs.survival_function_.index, 0.5, 6.5, 2e7):
        assert curve.survival_at(age) == close(float(theirs.predict(age)))


@given(WAITS)
def test_the_band_equals_lifelines(waits: list[tuple[float, bool]]) -> None:
    curve = kaplan_meier(waits)
    theirs = KaplanMeierFitter().fit([time for time, _ in waits], [seen for _, seen in waits])
    for age, lower, upper in theirs.confidence_interval_.itertuples():
        assert curve.band_at(age) == (close(lower), close(upper))


@given(WAITS, st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0]))
def test_a_quantile_is_the_first_time_the_share_is_reached(
    waits: list[tuple[float, bool]], p: float
) -> None:
    curve = kaplan_meier(waits)
    reached = [time for time, _ in waits if curve.probability_answered_by(time) >= p - 1e-9]
    assert curve.quantile(p) == (min(reached) if reached else None)


@given(st.lists(st.tuples(TIED | APART, ENDS), min_size=1, max_size=80))
def test_aalen_johansen_equals_the_sum_over_lifelines_survival(
    waits: list[tuple[float, End]],
) -> None:
    """F(t) = Σ S(t-) d/n, with lifelines' S of either end: exact also where times are tied."""
    ours = aalen_johansen(waits)
    either = KaplanMeierFitter().fit(
        [time for time, _ in waits], [end is not End.OPEN for _, end in waits]
    )
    total, before = 0.0, 1.0
    for age, at_risk in either.event_table["at_risk"].items():
        answers = sum(end is End.ANSWERED and time == age for time, end in waits)
        total += before * answers / at_risk
        before = float(either.predict(age))
        assert ours.probability_answered_by(age) == close(total)


@given(
    st.lists(
        st.tuples(st.integers(1, 10_000), ENDS),
        min_size=2,
        max_size=80,
        unique_by=lambda one: one[0],
    ).filter(lambda waits: any(end is End.ANSWERED for _, end in waits))
)
def test_aalen_johansen_equals_lifelines_where_nothing_is_tied(
    waits: list[tuple[int, End]],
) -> None:
    """Ties lifelines breaks by chance, so this comparison has none; the one above has."""
    codes = {End.OPEN: 0, End.ANSWERED: 1, End.WITHDRAWN: 2}
    ours = aalen_johansen(waits)
    theirs = AalenJohansenFitter(calculate_variance=False).fit(
        [float(time) for time, _ in waits], [codes[end] for _, end in waits], event_of_interest=1
    )
    for age, share in theirs.cumulative_density_["CIF_1"].items():
        assert ours.probability_answered_by(age) == close(share)


# ---------------------------------------------------------------------------------- definitions


def test_a_worked_example() -> None:
    """Five waits: of the two at 1 h one is open, so it was still at risk when the other ended."""
    hours = [(1, True), (1, False), (2, True), (3, False), (4, False)]
    curve = kaplan_meier((timedelta(hours=time), seen) for time, seen in hours)
    assert (curve.n, curve.n_open) == (5, 3)
    assert curve.times == (1 * HOUR, 2 * HOUR)
    assert curve.at_risk == (5, 3)
    assert curve.survival == (close(4 / 5), close(4 / 5 * 2 / 3))
    assert curve.survival_at(0) == 1.0
    assert curve.survival_at(timedelta(hours=1)) == close(4 / 5)
    assert curve.probability_answered_by(timedelta(hours=9)) == close(1 - 8 / 15)
    assert curve.variance_at(2 * HOUR) == close((8 / 15) ** 2 * (1 / 20 + 1 / 6))
    assert curve.quantile(0.2) == 1 * HOUR
    assert curve.quantile(0.5) is None


def test_the_median_is_reached_when_half_are_answered_whatever_the_rounding() -> None:
    for n in range(2, 400, 2):
        assert kaplan_meier((time, True) for time in range(1, n + 1)).quantile(0.5) == n / 2


def test_nobody_answered() -> None:
    curve = kaplan_meier([(HOUR, False)] * 3)
    assert (curve.n, curve.n_open, curve.times) == (3, 3, ())
    assert curve.survival_at(2 * HOUR) == 1.0
    assert curve.band_at(2 * HOUR) == (1.0, 1.0)
    assert curve.variance_at(2 * HOUR) == 0.0
    assert curve.quantile(0.01) is None


def test_everybody_answered() -> None:
    curve = kaplan_meier([(HOUR, True)] * 3)
    assert curve.survival_at(HOUR) == 0.0
    assert curve.band_at(HOUR) == (0.0, 0.0)
    assert curve.variance_at(HOUR) == 0.0
    assert curve.quantile(1.0) == HOUR


def test_no_waits_at_all() -> None:
    curve, incidence = kaplan_meier([]), aalen_johansen([])
    assert (curve.n, curve.n_open, curve.quantile(0.5)) == (0, 0, None)
    assert (incidence.n, incidence.quantile(0.5)) == (0, None)
    assert curve.forecast(0, HOUR) is None


def test_withdrawals_lower_what_is_promised() -> None:
    """Of four, one withdrew at 1 h: as if it were open, its share would be promised to be answered."""
    waits = [(1.0, End.WITHDRAWN), (2.0, End.ANSWERED), (3.0, End.ANSWERED), (4.0, End.OPEN)]
    incidence = aalen_johansen((time * HOUR, end) for time, end in waits)
    assert (incidence.n, incidence.n_open, incidence.n_withdrawn) == (4, 1, 1)
    assert incidence.probability_answered_by(0.5 * HOUR) == 0.0
    assert incidence.probability_answered_by(timedelta(hours=3)) == close(2 / 4)
    assert incidence.quantile(0.5) == 3 * HOUR
    assert incidence.quantile(0.51) is None
    as_if_open = kaplan_meier((time, end is End.ANSWERED) for time, end in waits)
    assert as_if_open.probability_answered_by(3.0) == close(2 / 3)


@given(WAITS)
def test_without_withdrawals_both_estimators_agree(waits: list[tuple[float, bool]]) -> None:
    curve = kaplan_meier(waits)
    incidence = aalen_johansen((time, End.ANSWERED if seen else End.OPEN) for time, seen in waits)
    assert (incidence.times, incidence.n, incidence.n_open) == (curve.times, curve.n, curve.n_open)
    for time, _ in waits:
        assert incidence.probability_answered_by(time) == close(curve.probability_answered_by(time))


@given(WAITS, st.randoms(use_true_random=False))
def test_the_order_of_the_waits_changes_nothing(
    waits: list[tuple[float, bool]], chance: random.Random
) -> None:
    shuffled = chance.sample(waits, len(waits))
    assert kaplan_meier(shuffled) == kaplan_meier(waits)


@pytest.mark.parametrize("duration", [-1.0, math.nan, timedelta(seconds=-1)])
def test_an_impossible_duration_is_refused(duration: float | timedelta) -> None:
    with pytest.raises(ValueError, match="cannot last"):
        kaplan_meier([(duration, True)])
    with pytest.raises(ValueError, match="cannot last"):
        aalen_johansen([(duration, End.OPEN)])


@pytest.mark.parametrize("p", [0, -0.5, 50, math.nan])
def test_a_quantile_of_an_impossible_share_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="share above 0 and up to 1"):
        kaplan_meier([(1.0, True)]).quantile(p)
    with pytest.raises(ValueError, match="share above 0 and up to 1"):
        aalen_johansen([(1.0, End.ANSWERED)]).quantile(p)


# ------------------------------------------------------------------------------------- forecast


def answered_hourly(n: int) -> Curve:
    return kaplan_meier((number * HOUR, True) for number in range(1, n + 1))


def test_a_forecast_is_the_share_of_those_as_old_that_were_answered_by_due() -> None:
    """Of 100 answered one an hour 60 are open at 40 h, and 20 of these are answered by 60 h."""
    forecast = answered_hourly(100).forecast(timedelta(hours=40), timedelta(hours=60))
    assert forecast is not None
    assert forecast.probability == close(20 / 60)
    assert forecast.at_risk == 60


def test_a_forecast_is_hidden_below_thirty_at_risk() -> None:
    curve = answered_hourly(100)
    assert curve.forecast(70 * HOUR, 80 * HOUR) is not None
    assert curve.forecast(71 * HOUR, 80 * HOUR) is None


def test_open_waits_count_as_at_risk_only_while_they_were_seen_open() -> None:
    young = [(1 * HOUR, False)] * 50
    curve = kaplan_meier([*young, *((number * HOUR, True) for number in range(1, 41))])
    forecast = curve.forecast(1 * HOUR, 2 * HOUR)
    assert forecast is not None
    assert forecast.at_risk == 39


def test_what_is_past_due_will_not_be_answered_in_time() -> None:
    forecast = answered_hourly(100).forecast(50 * HOUR, 40 * HOUR)
    assert forecast is not None
    assert forecast.probability == 0.0


# ------------------------------------------------------------------- the figures of the design

NEVER = 0.3
MEDIAN_OF_REPLIES = 6.0  # hours
SPREAD = 1.165  # sigma of log hours: puts the true median of all at 11.6 h
WINDOW = 7 * 24.0


def a_week(waits: int) -> list[tuple[float, float]]:
    """(hours from post to answer, hours from post to the end of the week) of posts all week long."""
    chance = random.Random(20260704)
    return [
        (
            math.inf
            if chance.random() < NEVER
            else chance.lognormvariate(math.log(MEDIAN_OF_REPLIES), SPREAD),
            chance.uniform(0, WINDOW),
        )
        for _ in range(waits)
    ]


def test_kaplan_meier_sees_the_unanswered_whom_the_mean_of_the_answered_hides() -> None:
    """30 % never answered: half of all wait 11.6 h, which the answered alone make 5.5 h.

    (5.4 h in the design's own draw.) Of 20 000 waits the standard error of the median is about 0.2 h,
    that of the answered alone 0.07 h; three of them are allowed.
    """
    share = 0.5 / (1 - NEVER)
    truth = MEDIAN_OF_REPLIES * math.exp(SPREAD * statistics.NormalDist().inv_cdf(share))
    assert truth == pytest.approx(11.6, abs=0.05)
    week = a_week(20_000)
    answered_only = statistics.median(reply for reply, seen in week if reply <= seen)
    assert answered_only == pytest.approx(5.5, abs=0.25)
    median = kaplan_meier((min(reply, seen), reply <= seen) for reply, seen in week).quantile(0.5)
    assert median == pytest.approx(truth, abs=0.6)
