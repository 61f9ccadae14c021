"""Who may go on over jobs that another version of the program made."""

from __future__ import annotations

import pytest

from monitor.store import jobs


@pytest.mark.parametrize(
    ("there", "goes_on", "leaves_behind"),
    [
        (None, False, False),  # nobody is at work where there is nothing
        ("complaint-monitor 4, procrastinate 3.0", True, False),
        ("complaint-monitor 4, procrastinate 3.1", False, True),
        ("complaint-monitor 3, procrastinate 3.0", False, True),
        ("complaint-monitor 5, procrastinate 3.0", False, True),
        ("complaint-monitor 5.4, procrastinate 3.0", True, False),
        ("complaint-monitor 5.5, procrastinate 3.0", False, True),
        ("complaint-monitor 5.4, procrastinate 3.1", False, True),
        ("of last year", False, True),
    ],
)
def test_workers_go_on_together_over_one_engine_where_their_jobs_are_alike(
    there: str | None, goes_on: bool, leaves_behind: bool
) -> None:
    assert jobs.stamp("3.0") == "complaint-monitor 4, procrastinate 3.0"
    assert jobs.fits(there, "3.0") == goes_on
    assert jobs.leaves_behind(there, "3.0") == leaves_behind
