"""A Discourse forum: all its posts, a search, the brand's own posts; answers, too.

    listings       | posts             | answers
    newest first,  | one post of the   | writes in the brand's name,
    by id or time  | forum, as a Post  | and looks for what it wrote

How a listing is gone through, and every call: `monitor.fetching`. `trying` is what `check` tells.
"""

from monitor.sources.discourse.source import Discourse

__all__ = ["Discourse"]
