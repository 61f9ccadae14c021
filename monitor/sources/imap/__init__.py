"""A mailbox over IMAP: what customers write, and what the Sent folder answers them.

session            | mime              | said             | mails            | source
logs in, and asks; | bytes to headers  | words without    | one mail is a    | the plug-in: folders
marks nothing seen | and words         | those of others  | post             | as streams, by UID
"""

from monitor.sources.imap.source import Imap

__all__ = ["Imap"]
