"""`complaint-monitor`, also as `python -m monitor`."""

from monitor.cli import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="complaint-monitor")


if __name__ == "__main__":
    main()
