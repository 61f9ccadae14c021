"""A Facebook page: what visitors write on it, comments, posts that tag it; answers, too."""

from monitor.sources.meta.facebook.source import Facebook

__all__ = ["Facebook"]
