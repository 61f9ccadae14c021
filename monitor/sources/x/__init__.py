"""The plug-in `x`: mentions, search and own timeline of an X account, and answers in its name.

source | reading | calls, http | wire      answering
port     pages     requests     payload      replies out
         cursor, budget: how far and for how much
"""

from monitor.sources.x.source import X

__all__ = ["X"]
