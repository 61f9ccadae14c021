"""The plug-in `google_business`: reviews of a shop's places on Google Maps, and answers to them.

    wire                 | source
    a review is one post | the plug-in
    or two               |

How a listing is read: `monitor.reviewing`; every call and the log-in: `monitor.fetching`.
"""

from monitor.sources.google_business.source import GoogleBusiness

__all__ = ["GoogleBusiness"]
