"""Bluesky: who mentions, answers or quotes the account, searches, and own posts; answers, too.

    session        | calls       | listings         | posts
    one log-in,    | asks, with  | newest first;    | what is shown of one post
    kept and       | that log-in | `views` fills in | becomes a post; `wording`
    renewed        |             | what they lack   | has its text, `gates` who
                   |             |                  | may answer it

`answers` writes in the account's name under a key of our own (`record_keys`), `looking_up` asks whether
posts still stand, `trying` is for `check`, `source` is the plug-in. How a listing is gone through, and
every call: `monitor.fetching`.

The SDK atproto knows what a record has to look like, and where links and names stand in a text; with
these, answers are made. It does not make the calls: its models refuse a whole page for one odd item, it
reads bodies of any length, and it sends the log-in to whatever address an answer names.
"""

from monitor.sources.bluesky.source import Bluesky

__all__ = ["Bluesky"]
