"""What one post means as the network shows it: a post of ours, or what could not be read.

Its id is its address, at://DID/app.bsky.feed.post/KEY: the author's account by the name that never
changes, and the key there. What is answered is named by address and content (cid); so is the thread's
first post, and both contents are the `reply_token`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from monitor.domain.post import Author, Post, PostKey, Rejected
from monitor.fetching import Thing, fields
from monitor.sources.bluesky import gates
from monitor.sources.bluesky.calls import NETWORK
from monitor.sources.bluesky.wording import plain

POST = "app.bsky.feed.post"
_ADDRESS = re.compile(
    rf"at://(did:[a-z]+:[A-Za-z0-9._:%-]{{1,500}})/{re.escape(POST)}/([A-Za-z0-9._:~-]{{1,512}})"
)
_EMBEDS = ("app.bsky.embed.record", "app.bsky.embed.recordWithMedia")
_MEMBERS_ONLY = "!no-unauthenticated"
_PAGE = "https://bsky.app/profile"
_LONGEST_LANG = 35
"""Characters that a language's tag may have."""


def address(said: Any) -> tuple[str, str] | None:
    """Account and key of the post that is called so; None if none can be."""
    found = _ADDRESS.fullmatch(said) if isinstance(said, str) else None
    return (found[1], found[2]) if found else None


def thing(view: Any, at: Any = None) -> Thing:
    """A post's place among the others, by when the network saw it; `at`: when it came into the listing."""
    told = view if isinstance(view, dict) else {}
    uri, cid = told.get("uri"), told.get("cid")
    try:
        seconds: float | None = fields.moment(at or told.get("indexedAt")).timestamp()
    except fields.UNREADABLE:
        seconds = None
    return Thing(
        name=uri if isinstance(uri, str) and address(uri) else f"?{fields.digest(view)}",
        order=None if seconds is None else int(seconds),
        posted=seconds,
        mark=fields.digest(cid if isinstance(cid, str) else view),
        said=view,
    )


def read(name: str, view: Any, mute: str | None) -> Post | Rejected:
    """The post that is shown, read. `mute`: why the account could answer nothing at all, if so."""
    try:
        return _read(fields.table(view), mute)
    except fields.UNREADABLE as error:
        return fields.rejected(name, error, view)


def _read(view: dict[str, Any], mute: str | None) -> Post:
    uri, cid = fields.text(view, "uri"), fields.text(view, "cid")
    place = address(uri)
    author = _author(fields.table(view["author"]))
    if place is None or place[0] != author.id:
        raise ValueError(f"{uri[:200]!r} is no address of a post of its author's")
    record = fields.table(view["record"])
    root, root_cid, parent = above(record)
    why = mute or gates.closed(view)
    return Post(
        key=PostKey(NETWORK, uri),
        thread=root or uri,
        reply_to=parent,
        quotes=tuple(_quoted(record)),
        text=plain(fields.text(record, "text"), record.get("facets")),
        lang=_lang(record),
        author=author,
        visibility=_visibility(view),
        reply_token=token(cid, root_cid),
        url=page(*place),
        posted_at=fields.moment(view["indexedAt"]),
        indexed_at=fields.moment(view["indexedAt"]),
        reach=author.followers,
        can_reply=why is None,
        cannot_reply_because=why,
    )


def token(cid: str, root_cid: str | None) -> str:
    """The contents by which a post and the first one of its thread are named."""
    return f"{cid} {root_cid or cid}"


def page(did: str, rkey: str) -> str:
    """Where people see the post."""
    return f"{_PAGE}/{did}/post/{rkey}"


def above(record: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Address and content of the thread's first post, and the address of what is answered.

    Raises KeyError, TypeError, ValueError.
    """
    reply = record.get("reply")
    if reply is None:
        return None, None, None
    root, parent = fields.table(fields.table(reply)["root"]), fields.table(reply["parent"])
    for one in (root, parent):
        if address(one.get("uri")) is None:
            raise ValueError("what it answers has no address")
    return root["uri"], fields.text(root, "cid"), parent["uri"]


def _author(profile: dict[str, Any]) -> Author:
    return Author(
        id=fields.text(profile, "did"),
        handle=fields.word(profile, "handle"),
        name=fields.word(profile, "displayName"),
        followers=fields.number_or_none(profile, "followersCount"),
    )


def _quoted(record: dict[str, Any]) -> Iterator[str]:
    """The address of the post that it shows within itself; lists and feeds are shown so, too."""
    embed = record.get("embed")
    if not isinstance(embed, dict) or embed.get("$type") not in _EMBEDS:
        return
    inner = embed.get("record")
    named = inner.get("record", inner) if isinstance(inner, dict) else None
    uri = named.get("uri") if isinstance(named, dict) else None
    if isinstance(uri, str) and address(uri):
        yield uri


def _lang(record: dict[str, Any]) -> str | None:
    """The first of the languages that the author named."""
    langs = record.get("langs")
    first = langs[0] if isinstance(langs, list) and langs else None
    return first if isinstance(first, str) and 0 < len(first) <= _LONGEST_LANG else None


def _visibility(view: dict[str, Any]) -> str:
    """Who sees it: everybody, people who are logged in, or, where it is labelled, who asked for such."""
    labels = sorted(set(_labels(view.get("labels"))))
    if labels:
        return f"labelled {', '.join(labels)}"
    author = view["author"].get("labels")
    return "members" if _MEMBERS_ONLY in _labels(author) else "public"


def _labels(said: Any) -> list[str]:
    """What moderators, or the author, warn of in it; some were taken back."""
    found = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    values = [one.get("val") for one in found if one.get("neg") is not True]
    return [one for one in values if isinstance(one, str) and one]
