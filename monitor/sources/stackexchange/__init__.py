"""The plug-in `stackexchange`: questions on one of its sites, and what your people write there.

    calls               | listing             | posts               | source
    quota, back-off and | newest first, by    | a question, answer  | the plug-in
    the filter          | the second          | or comment, read    |

How a listing is gone through, and every call: `monitor.fetching`.
"""

from monitor.sources.stackexchange.source import StackExchange

__all__ = ["StackExchange"]
