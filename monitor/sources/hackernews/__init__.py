"""Hacker News by Algolia's search: stories and comments that name the brand, and its own answers.

listing        | items          | source
newest first,  | a hit or an    | the plug-in
by the second  | item is a post |

How a listing is gone through, and every call: `monitor.fetching`.
"""

from monitor.sources.hackernews.source import HackerNews

__all__ = ["HackerNews"]
