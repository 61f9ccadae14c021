"""The plug-in `trustpilot`: a shop's reviews on Trustpilot, and answers to them.

    wire                 | source
    a review is one post | the plug-in
    or two               |

How a listing is read: `monitor.reviewing`; every call and the log-in: `monitor.fetching`.
"""

from monitor.sources.trustpilot.source import Trustpilot

__all__ = ["Trustpilot"]
