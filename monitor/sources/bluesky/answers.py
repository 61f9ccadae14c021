"""Writes answers in the account's name, and finds out whether one arrived.

An answer has a key of ours in the account's own records: a second one with that key is refused, and
the record tells whether it is there, at once and for certain.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Post
from monitor.domain.quoting import quoted
from monitor.fetching import FetchError, fields
from monitor.fetching.client import send_error
from monitor.fetching.failing import unsure
from monitor.sources.bluesky import gates, posts, record_keys
from monitor.sources.bluesky.calls import NETWORK, REFUSED, Calls, error_of, iso
from monitor.sources.bluesky.posts import POST
from monitor.sources.bluesky.views import Views

_MAY_BE_THERE = (400, 409, 500)
"""How a second record with one key is refused: by 500 today; others were proposed."""
_NOT_THERE = "RecordNotFound"
_LANG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_MENTION = "app.bsky.richtext.facet#mention"


class Desk:
    """Answers posts in the name of `account`."""

    def __init__(self, calls: Calls, views: Views, account: str) -> None:
        self._calls = calls
        self._views = views
        self._account = account

    def write(self, to: Post, text: str, key: str, now: datetime) -> Post:
        """Post the answer, once.

        Raises:
            SendError: it was not posted, or nobody knows.

        """
        try:
            rkey = _rkey(to, key)
            refs = _refs(to.key.external_id, self._shown(to))
            record = _record(text, self._facets(text), refs, to.lang, now)
            did = self._calls.session.tokens().did
        except SourceError as error:
            outcome = Outcome.PERMANENT if error.permanent else Outcome.NOT_SENT
            raise SendError(str(error), outcome=outcome, retry_after=error.retry_after) from error
        said = {"repo": did, "collection": POST, "rkey": rkey, "record": record, "validate": True}
        try:
            answer = self._calls.post("com.atproto.repo.createRecord", said)
        except SourceError as error:
            if isinstance(error, FetchError) and error.status in _MAY_BE_THERE:
                found = self.find(to, key)
                if isinstance(found, Post):
                    return found
            raise send_error(error) from error
        try:
            return self._read(did, answer, record)
        except SourceError as error:
            raise unsure(error) from error

    def find(self, to: Post, key: str) -> Post | Absent | Unknowable:
        """The record with that key.

        Raises:
            SendError: the account can't be asked now: the outcome stays unknown.

        """
        try:
            rkey = _rkey(to, key)
            did = self._calls.session.tokens().did
            answer = self._calls.get(
                "com.atproto.repo.getRecord", repo=did, collection=POST, rkey=rkey
            )
            return self._read(did, answer, answer.get("value"))
        except SourceError as error:
            if isinstance(error, FetchError) and error_of(error) == _NOT_THERE:
                return Absent()
            raise unsure(error) from error

    def _shown(self, to: Post) -> Any:
        """The post as it is shown now. Raises SourceError: it cannot be answered."""
        view = self._views.posts([to.key.external_id]).get(to.key.external_id)
        if view is None:
            raise SourceError(
                "Bluesky shows the post no more: it was deleted, or its author blocks the account",
                permanent=True,
            )
        why = gates.closed(view)
        if why is not None:
            raise SourceError(f"nobody would see the answer: {why}", permanent=True)
        return view

    def _facets(self, text: str) -> list[dict[str, Any]]:
        """Links and tags of the text, and the names in it that are somebody's. Raises SourceError."""
        from atproto_client.models.utils import get_model_as_dict
        from atproto_client.utils.facet_detection import detect_facets, detect_mentions

        facets: list[dict[str, Any]] = [get_model_as_dict(one) for one in detect_facets(text)]
        for name in detect_mentions(text):
            did = self._resolved(name.handle)
            if did is not None:
                index = {"byteStart": name.byte_start, "byteEnd": name.byte_end}
                facets.append({"index": index, "features": [{"$type": _MENTION, "did": did}]})
        return facets

    def _resolved(self, handle: str) -> str | None:
        try:
            did = self._calls.get("com.atproto.identity.resolveHandle", handle=handle).get("did")
        except FetchError as error:
            if error.status != REFUSED:
                raise
            return None
        return did if isinstance(did, str) else None

    def _read(self, did: str, answer: dict[str, Any], record: Any) -> Post:
        """The answer as the account's own records have it. Raises SourceError."""
        view = {"uri": answer.get("uri"), "cid": answer.get("cid"), "record": record}
        view["author"] = {"did": did, "handle": self._account}
        view["indexedAt"] = record.get("createdAt") if isinstance(record, dict) else None
        found = posts.read("answer", view, None)
        if isinstance(found, Post):
            return found
        raise SourceError(
            f"Bluesky tells of the answer in a way that makes no sense: {quoted(found.reason)}"
        )


def _rkey(to: Post, key: str) -> str:
    place = posts.address(to.key.external_id)
    if to.key.network != NETWORK or place is None:
        raise SourceError(f"{quoted(to.key)} is no post of Bluesky's", permanent=True)
    return record_keys.for_answer(place[1], key)


def _refs(uri: str, view: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What is answered and what its thread began with, each by its address and its content."""
    try:
        parent = {"uri": uri, "cid": fields.text(view, "cid")}
        root, root_cid, _ = posts.above(fields.table(view["record"]))
    except fields.UNREADABLE as error:
        raise SourceError(
            f"Bluesky shows the post in a way that makes no sense: {quoted(error)}"
        ) from error
    above = {"uri": root, "cid": root_cid} if root and root_cid else parent
    return {"root": above, "parent": parent}


def _record(
    text: str, facets: list[Any], refs: dict[str, dict[str, str]], lang: str | None, now: datetime
) -> dict[str, Any]:
    """The answer as the network keeps it, in the language of what it answers. Raises SourceError."""
    from atproto_client.models import AppBskyFeedPost
    from atproto_client.models.utils import get_model_as_dict

    try:
        record = AppBskyFeedPost.Record(
            text=text,
            created_at=iso(now),
            reply=AppBskyFeedPost.ReplyRef(**refs),
            facets=facets or None,
            langs=[lang] if lang and _LANG.fullmatch(lang) else None,
        )
    except ValueError as error:
        raise SourceError(
            f"Bluesky takes no such answer: {quoted(error)}", permanent=True
        ) from error
    made: dict[str, Any] = get_model_as_dict(record)
    return made
