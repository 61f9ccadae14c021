"""What sources over plain HTTP have in common, so that none of them has a copy of it.

    client           | budget          | descent                 | html
    asks once, reads | so many calls   | newest first, down to   | the words of
    JSON, and says   | in so much time | known ground; a look    | a page's markup
    what went wrong  |                 | that broke off goes on  |

`oauth` keeps a log-in's token, `google` knows what Google's interfaces have in common.

A plug-in builds a `Client` from its options, and a `Listing` for each of its streams. One that asks by
its network's own library shares the rest: `failing` has the error of such a call, `never_left` knows
whether it reached anybody, and `retry_after` reads when a server wants to be asked again.
Where strangers choose the address, `outside` keeps a client from the shop's own network.
"""

from monitor.fetching.budget import Budget, Together
from monitor.fetching.client import Client, FetchError, Refusals, send_error
from monitor.fetching.descent import Descent, Leaf, Listing, Looks, Place, Spot, Thing
from monitor.fetching.failing import CallError, source_error, unsure
from monitor.fetching.html import plain
from monitor.fetching.retry_after import retry_after, server_time, until_reset

__all__ = [
    "Budget",
    "CallError",
    "Client",
    "Descent",
    "FetchError",
    "Leaf",
    "Listing",
    "Looks",
    "Place",
    "Refusals",
    "Spot",
    "Thing",
    "Together",
    "plain",
    "retry_after",
    "send_error",
    "server_time",
    "source_error",
    "unsure",
    "until_reset",
]
