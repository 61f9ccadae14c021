"""The plug-in `youtube`: comments below a channel's videos, and answers to them.

    comments            | threads               | answers            | source
    one comment is      | a comment and its     | writes a reply,    | the plug-in
    one post            | replies: who answers  | and looks for one  |
                        | whom among them       |                    |

How a listing is read: `monitor.reviewing`; every call and the log-in: `monitor.fetching`.
"""

from monitor.sources.youtube.source import YouTube

__all__ = ["YouTube"]
