"""Mastodon by Mastodon.py: mentions, hashtags, searches and the brand's own posts; answers, too.

    calls         | listing       | statuses
    asks, once    | newest first, | one status becomes a post, or an item that
    and says what | down to known | could not be read; `threads` knows what it
    went wrong    | ground        | replies to

`cursor` is the text in which `listing` remembers its ground, `looking_up` asks whether posts still
stand, `answers` writes in the brand's name, `trying` is for `check`, `source` is the plug-in.
"""

from monitor.sources.mastodon.source import Mastodon

__all__ = ["Mastodon"]
