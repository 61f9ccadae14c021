"""Which alarms are told together: pure decisions."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.judgement import Severity
from monitor.domain.storm import Alarm, Common, Group, Limits, gather

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
LIMITS = Limits(alarms=4, window=timedelta(minutes=10), in_all=3)
REFUND = Group(Common.TOPIC, "refund")


def alarm(notice: int, **changes: Any) -> Alarm:
    fields: dict[str, Any] = {
        "written_at": NOW,
        "waits": True,
        "severity": Severity.NORMAL,
        "thread": str(notice),
        "topics": ("refund",),
    }
    return Alarm(notice=notice, **(fields | changes))


def some(number: int, **changes: Any) -> list[Alarm]:
    return [alarm(one, **changes) for one in range(1, number + 1)]


def test_fewer_than_a_storm_are_told_one_by_one() -> None:
    assert gather(some(3), {}, LIMITS, NOW) == ()


def test_so_many_of_one_topic_are_told_together() -> None:
    (one,) = gather(some(4), {}, LIMITS, NOW)
    assert (one.group, one.storm, one.alarms, one.alone) == (REFUND, None, (1, 2, 3, 4), 0)


def test_those_that_were_told_within_the_window_count_and_are_not_told_again() -> None:
    told = some(3, waits=False, written_at=NOW - timedelta(minutes=9))
    (one,) = gather([*told, alarm(9)], {}, LIMITS, NOW)
    assert (one.alarms, one.alone) == ((9,), 3)
    earlier = some(3, waits=False, written_at=NOW - timedelta(minutes=10))
    assert gather([*earlier, alarm(9)], {}, LIMITS, NOW) == ()


def test_what_could_not_be_told_for_long_counts_however_old() -> None:
    (one,) = gather(some(4, written_at=NOW - timedelta(hours=5)), {}, LIMITS, NOW)
    assert len(one.alarms) == 4


def test_a_storm_that_goes_on_is_joined_by_a_single_one() -> None:
    (one,) = gather([alarm(9)], {REFUND: 77}, LIMITS, NOW)
    assert (one.storm, one.alarms) == (77, (9,))


def test_one_thread_says_more_than_one_topic() -> None:
    (one,) = gather(some(4, thread="t"), {}, LIMITS, NOW)
    assert one.group == Group(Common.THREAD, "t")


def test_far_too_many_with_nothing_in_common_are_a_storm_too() -> None:
    loose = [alarm(number, topics=(f"t{number}",)) for number in range(12)]
    assert gather(loose[:11], {}, LIMITS, NOW) == ()
    (one,) = gather(loose, {}, LIMITS, NOW)
    assert one.group == Group(Common.BRAND, "")


def test_a_step_and_its_repeats_are_one_group() -> None:
    steps = [alarm(one, step="overdue" if one % 2 else f"overdue#{one}") for one in range(4)]
    (one,) = gather(steps, {}, LIMITS, NOW)
    assert one.group == Group(Common.STEP, "overdue")


def test_what_is_grave_passes_through_and_counts() -> None:
    critical = alarm(9, severity=Severity.CRITICAL)
    (one,) = gather([*some(3), critical], {}, LIMITS, NOW)
    assert (one.alarms, one.alone) == ((1, 2, 3), 1)


def test_what_one_storm_names_begins_no_other_one() -> None:
    """Twelve alarms of one thread, and one of their topic elsewhere: that one stands for itself."""
    (one,) = gather([*some(12, thread="t"), alarm(99)], {}, LIMITS, NOW)
    assert (one.group, len(one.alarms)) == (Group(Common.THREAD, "t"), 12)
    (one,) = gather([*some(12), alarm(99, topics=())], {REFUND: 7}, LIMITS, NOW)
    assert (one.group, len(one.alarms), one.alone) == (REFUND, 12, 0)


ALARMS = st.lists(
    st.builds(
        alarm,
        st.integers(0, 40),
        waits=st.booleans(),
        severity=st.sampled_from(Severity),
        thread=st.sampled_from("abc"),
        topics=st.lists(st.sampled_from(("refund", "battery")), unique=True).map(tuple),
        written_at=st.integers(0, 30).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    ),
    unique_by=lambda one: one.notice,
)
OPENED = st.dictionaries(
    st.sampled_from((REFUND, Group(Common.THREAD, "a"), Group(Common.BRAND, ""))), st.integers()
)


@given(ALARMS, OPENED)
def test_each_alarm_is_gathered_once_at_most_and_never_a_grave_or_told_one(
    alarms: list[Alarm], opened: dict[Group, int]
) -> None:
    found = gather(alarms, opened, LIMITS, NOW)
    times = Counter(number for one in found for number in one.alarms)
    may = {one.notice for one in alarms if one.waits and one.severity is not Severity.CRITICAL}
    assert set(times) <= may
    assert set(times.values()) <= {1}
    for one in found:
        assert one.storm == opened.get(one.group)
        assert one.storm is not None or len(one.alarms) + one.alone >= LIMITS.of(one.group)
        assert all(one.group in set(its.groups()) for its in alarms if its.notice in one.alarms)
