"""Reddit by praw: submissions, comments, search, inbox and the brand's own comments; answers, too.

    calls         | listing       | things
    asks, once    | newest first, | one thing of the wire becomes
    and says what | until it is   | a post, a deletion, or an
    went wrong    | known ground  | item that could not be read

`cursor` is the text in which `listing` remembers its ground, `answers` writes in the brand's name,
`source` is the plug-in.
"""

from monitor.sources.reddit.source import Reddit

__all__ = ["Reddit"]
