"""Writes answers in the brand's name, and finds out whether one arrived."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Post
from monitor.domain.reply import Length
from monitor.fetching import CallError, send_error, unsure
from monitor.sources.mastodon import cursor, statuses
from monitor.sources.mastodon.accounts import OWN, Accounts
from monitor.sources.mastodon.calls import Asks, Calls
from monitor.sources.mastodon.statuses import View
from monitor.sources.mastodon.threads import Threads, Trace

_VISIBLE = ("public", "unlisted", "private", "direct")
_PAGE, _MOST_PAGES = 40, 25
_NAME = 32
"""Characters that stay for whom the answer names: of a longer address only the name counts."""
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_LINK_COUNTS = 23
_FULL_NAME = re.compile(r"(?<![\w@])(@\w+)@[\w.-]+\w")
_SKEW = timedelta(hours=1)
"""So far apart may be the clocks of the customer's server and of ours."""


class Desk:
    """Answers posts, each as widely as the post itself is shown: who wrote in private is so answered."""

    def __init__(self, calls: Calls, threads: Threads, accounts: Accounts, view: View) -> None:
        self._calls = calls
        self._threads = threads
        self._accounts = accounts
        self._view = view

    def write(self, to: Post, text: str, key: str) -> Post:
        """Post the answer, once: the server takes a second one with the same key for the first, for an hour.

        Raises:
            SendError: it was not posted, or nobody knows.

        """
        try:
            number, visibility = self._place(to)
            said = self._addressed(to, text, visibility)
            answer = self._calls.ask(
                lambda client: client.status_post(
                    said, in_reply_to_id=number, visibility=visibility, idempotency_key=key
                )
            )
        except CallError as error:
            raise send_error(error) from error
        written = statuses.read(answer, lambda _: Trace(to.key.external_id, to.thread), self._view)
        if not isinstance(written, Post):
            raise SendError(
                "the server answered to the reply with something that makes no sense",
                outcome=Outcome.UNKNOWN,
            )
        return written

    def find(self, to: Post) -> Post | Absent | Unknowable:
        """The account's own answer to that very post, the newest of them, whoever typed it.

        Raises:
            SendError: the server can't be asked, now or for good: the outcome stays unknown.

        """
        try:
            number, me = self._number(to), self._accounts.number(OWN, self._calls)
            if number is None:
                return Unknowable("the server knows no such post any more")
            return self._sought(to, number, me)
        except CallError as error:
            raise unsure(error) from error

    def _sought(self, to: Post, number: str, me: str) -> Post | Absent | Unknowable:
        oldest = (to.posted_at - _SKEW).timestamp()
        until: str | None = None
        for _ in range(_MOST_PAGES):
            things = self._own(me, until)
            for thing in things:
                if isinstance(thing, dict) and thing.get("in_reply_to_id") == number:
                    trace = Trace(to.key.external_id, to.thread)
                    found = statuses.read(thing, lambda _, trace=trace: trace, self._view)  # type: ignore[misc]
                    if isinstance(found, Post):
                        return found
            rows = [statuses.row(thing) for thing in things]
            ids = [row.id for row in rows if row.id is not None]
            if not ids or all(row.at is not None and row.at < oldest for row in rows):
                return Absent()
            until = min(ids, key=cursor.order)
        return Unknowable("the account wrote too much since to be looked through")

    def _own(self, me: str, until: str | None) -> list[Any]:
        answer = self._calls.ask(
            lambda client: client.account_statuses(
                me, exclude_reblogs=True, max_id=until, limit=_PAGE
            )
        )
        if not isinstance(answer, list):
            raise CallError("the server answered with something that is no listing")
        return answer

    def _place(self, to: Post) -> tuple[str, str]:
        """The post's number there, and how widely it is shown; the server is asked for what is not known."""
        number, visibility = self._number(to), to.visibility
        if number is not None and visibility is None:
            status = self._calls.ask(lambda client: client.status(number))
            visibility = status.get("visibility") if isinstance(status, dict) else None
        if number is None:
            raise CallError("the server knows no such post any more", permanent=True)
        # what another kind of server calls otherwise ("local", "list") is narrower than we could be
        return number, visibility if visibility in _VISIBLE else "direct"

    def _addressed(self, to: Post, text: str, visibility: str) -> str:
        """The text, naming whom it is for: Mastodon tells nobody who is not named in it."""
        handle = to.author.handle
        if handle is None:
            if visibility == "direct":
                why = (
                    "who wrote it is not known; a direct answer is seen by nobody who is not named"
                )
                raise CallError(why, permanent=True)
            return text
        name = handle.lstrip("@").removesuffix(f"@{self._view.host}")
        spellings = "|".join(map(re.escape, (name, handle.lstrip("@"))))
        is_named = re.search(rf"(?<![\w@])@(?:{spellings})(?![\w@])", text, re.IGNORECASE)
        return text if is_named else f"@{name} {text}"

    def _number(self, to: Post) -> str | None:
        known = to.reply_token or self._threads.number(to.key.external_id)
        if known is not None:
            return known
        status = sought(self._calls, to.key.external_id)
        return None if status is None else str(status["id"])


def length_of(text: str, most: int) -> Length:
    """The text as Mastodon counts it: a link is 23 characters, a name counts without its host."""
    words, links = _LINK.subn("", _FULL_NAME.sub(r"\1", text))
    return Length(links * _LINK_COUNTS + len(words), max(most - _NAME, 0))


def sought(calls: Asks, uri: str) -> Any | None:
    """The status of that address, which the server fetches if it has to; None: it has none to show.

    Raises:
        CallError: the server can't be asked.

    """
    answer = calls.ask(
        lambda client: client.search_v2(uri, resolve=True, result_type="statuses", limit=1)
    )
    found = answer.get("statuses") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise CallError("the server answered with something that is no search's result")
    its = [one for one in found if isinstance(one, dict) and one.get("uri") == uri]
    return next((one for one in its if statuses.is_number(one.get("id"))), None)
