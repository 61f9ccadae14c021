"""An Instagram account: comments under its posts, posts that tag it, mentions; answers, too."""

from monitor.sources.meta.instagram.source import Instagram

__all__ = ["Instagram"]
