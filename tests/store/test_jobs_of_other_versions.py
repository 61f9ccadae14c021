"""Who may go on over jobs that another version of the program made."""

from __future__ import annotations

import pytest

from monitor.store import jobs

_OURS, _, _OLDEST = jobs._VERSION.partition(".")
OURS, OLDEST = int(_OURS), int(_OLDEST or _OURS)


@pytest.mark.parametrize(
    ("there", "goes_on", "leaves_behind"),
    [
        (None, False, False),  # nobody is at work where there is nothing
        (f"complaint-monitor {OURS}, procrastinate 3.0", True, False),
        (f"complaint-monitor {OURS}.{OLDEST}, procrastinate 3.0", True, False),
        (f"complaint-monitor {OURS}, procrastinate 3.1", False, True),
        pytest.param(
            f"complaint-monitor {OLDEST}, procrastinate 3.0", OLDEST == OURS, False, id="oldest"
        ),
        (f"complaint-monitor {OLDEST - 1}, procrastinate 3.0", False, True),
        (f"complaint-monitor {OURS + 1}, procrastinate 3.0", False, True),
        (f"complaint-monitor {OURS + 1}.{OURS}, procrastinate 3.0", True, False),
        (f"complaint-monitor {OURS + 2}.{OURS + 1}, procrastinate 3.0", False, True),
        (f"complaint-monitor {OURS + 1}.{OURS}, procrastinate 3.1", False, True),
        ("of last year", False, True),
    ],
)
def test_workers_go_on_together_over_one_engine_where_their_jobs_are_alike(
    there: str | None, goes_on: bool, leaves_behind: bool
) -> None:
    assert jobs.fits(there, "3.0") == goes_on
    assert jobs.leaves_behind(there, "3.0") == leaves_behind


def test_version_four_reads_no_second_number_and_so_is_left_behind() -> None:
    """So `db upgrade` asks for its workers to be stopped: none begins over a stamp that it cannot read."""
    assert jobs.leaves_behind("complaint-monitor 4, procrastinate 3.0", "3.0")
