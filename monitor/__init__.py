"""complaint-monitor: no public complaint goes unanswered."""

__version__ = "0.1.0"
