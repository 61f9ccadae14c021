"""The command line. One module a command group, imported only when its command runs."""

from monitor.cli.root import cli

__all__ = ["cli"]
