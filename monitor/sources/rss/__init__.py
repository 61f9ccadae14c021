"""Feeds, RSS and Atom: what they show, each with a cursor of its own.

ground            | documents           | entries             | source
what was seen of  | bytes to a feed,    | one entry is a post | the plug-in: follows a feed
a feed, and where | with no harm to us  | or a deletion       | until it comes to known ground

Fetching, and from where not: `monitor.fetching`. A feed is the newest few of what was published; what
left it between two looks is a gap.
"""

from monitor.sources.rss.source import Rss

__all__ = ["Rss"]
