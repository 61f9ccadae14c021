"""`complaint-monitor`, also as `python -m monitor`."""

import gc

from monitor import open_files, uncaught
from monitor.cli import cli

_UNTIL_COLLECTED = 50_000
"""Objects. Rows come by the ten thousand and hold no circles: by Python's own measure (700) they are gone
through again and again, for a fifth of the time that a report or a page takes."""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_UNTIL_COLLECTED)
    uncaught.take_over()
    open_files.allow_many()
    cli(prog_name="complaint-monitor")


if __name__ == "__main__":
    main()
