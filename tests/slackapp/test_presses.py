"""What a press needs."""

from __future__ import annotations

import pytest

from monitor.domain.event import (
    Answered,
    AnsweredElsewhere,
    Assigned,
    Channel,
    Claimed,
    Confirmed,
    DismissalReason,
    Dismissed,
    Event,
)
from monitor.settings.slack import Right
from monitor.slackapp.presses import right_to_undo


@pytest.mark.parametrize(
    ("event", "right"),
    [
        (Answered(1), Right.ANSWER),
        (AnsweredElsewhere(Channel.PHONE, None), Right.ANSWER),
        (Confirmed(), Right.DISMISS),
        (Dismissed(DismissalReason.NOT_A_COMPLAINT, (1,)), Right.DISMISS),
        (Claimed(), Right.WORK),
        (Assigned("ana"), Right.WORK),
    ],
)
def test_each_thing_that_can_be_taken_back_has_its_right(event: Event, right: Right) -> None:
    assert right_to_undo(event) is right
