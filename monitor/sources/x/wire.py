"""Reads X's payloads: today's names and those that X's specification renames them to, alike.

tweets, referenced_tweets, note_tweet, edit_history_tweet_ids
posts,  referenced_posts,  note_post,  edit_history_post_ids
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.domain.post import Author, Post, PostKey, Rejected
from monitor.domain.storable import storable
from monitor.sources.x import snowflake

NETWORK = "x"
FIELDS = [
    *("author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities"),
    *("in_reply_to_user_id", "lang", "note_tweet", "public_metrics", "referenced_tweets", "source"),
]
USER_FIELDS = ["name", "public_metrics", "username"]
NOT_SUMMONED = "X lets an app answer only those who mentioned or quoted the account"
NO_KEYS = "the source has no answer_keys"

_NO_LANGUAGE = {"und", "zxx", "qam", "qct", "qht", "qme", "qst", "art"}
_OLD_LANGUAGE = {"in": "id", "iw": "he"}
_SAMPLE = 200
_MOST = 1 << 53
_NOT_FOUND = "resource-not-found"

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """The brand's account: its id, its handle, and whether this source may answer in its name."""

    id: str
    handle: str
    answers: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A payload, read. `posts`, `others` (that those refer to) and `users` are the ids that X charges for.

    `parents` came along, since posts of the payload reply to them: those of other people who did not
    call the account, which no mention brings. Without them nobody knows whom the reply answers.
    `latest` says of posts that were edited since which version is the newest.
    `missing` are the ids that X says do not exist (any more), `refused` those it does not show.
    """

    items: tuple[Post | Rejected, ...]
    parents: tuple[Post | Rejected, ...]
    newest: int | None
    oldest: int | None
    next: str | None
    posts: frozenset[str]
    others: frozenset[str]
    users: frozenset[str]
    latest: Mapping[str, str]
    missing: frozenset[str]
    refused: Mapping[str, str]


def read(body: Raw, account: Account) -> Reading:
    """Everything in a payload of posts. Raises ValueError: it is no such payload at all."""
    data = body.get("data", [])
    if not isinstance(data, list):
        raise ValueError("data is no list")  # noqa: TRY004  # the network's mistake, not ours
    included = _table(body.get("includes"))
    others = _listed(_either(included, "tweets", "posts"))
    users = {str(one["id"]): one for one in _listed(included.get("users")) if "id" in one}
    histories = dict(_histories([*_listed(data), *others]))
    originals = {one: versions[0] for versions in histories.values() for one in versions}
    items = tuple(
        item for raw in data if (item := _item(raw, account, users, originals)) is not None
    )
    ids = {one["id"] for one in _listed(data) if _is_id(one.get("id"))}
    meta = _table(body.get("meta"))
    errors = [(about, one) for one in _listed(body.get("errors")) if _is_id(about := _about(one))]
    ends = [meta[one] for one in ("newest_id", "oldest_id") if _is_id(meta.get(one))]
    return Reading(
        items=items,
        parents=tuple(
            item
            for raw in _parents(_listed(data), others, account)
            if (item := _item(raw, account, users, originals)) is not None
        ),
        newest=max(map(int, [*ids, *ends]), default=None),
        oldest=min(map(int, [*ids, *ends]), default=None),
        next=str(meta["next_token"]) if meta.get("next_token") else None,
        posts=frozenset(ids),
        others=frozenset(str(one.get("id")) for one in others),
        users=frozenset(users),
        latest={
            one: histories[one][-1] for one in ids & histories.keys() if histories[one][-1] != one
        },
        missing=frozenset(about for about, one in errors if _is_missing(one)),
        refused={
            about: plain(one.get("detail", "")) for about, one in errors if not _is_missing(one)
        },
    )


def refusal(body: Raw) -> str | None:
    """What a listing's payload says against the request itself; None: it lists posts, perhaps none.

    Raises:
        ValueError: it is no listing, and does not say why.

    """
    if "data" in body or "meta" in body:
        return None
    errors = _listed(body.get("errors"))
    if not errors:
        raise ValueError("it lists nothing, not even that there is nothing")
    return plain(errors[0].get("detail") or errors[0].get("message") or errors[0].get("title"))


def plain(text: object) -> str:
    """A text of X's as it was typed: X escapes three characters, and no database takes all of them."""
    typed = str(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return storable(typed)


def _item(
    raw: object, account: Account, users: Mapping[str, Raw], originals: Mapping[str, str]
) -> Post | Rejected | None:
    """A post; None for a pure repost, in which nobody says anything."""
    if not isinstance(raw, dict):
        return Rejected("?", "it is no object", _sample(raw))
    try:
        if _referred(raw, "retweeted"):
            return None
        return _post(raw, account, users, originals)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        missing = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        return Rejected(plain(raw.get("id") or "?")[:80], plain(missing), _sample(raw))


def _sample(raw: object) -> str:
    return plain(json.dumps(raw, ensure_ascii=False, default=str))[:_SAMPLE]


def _post(
    raw: Raw, account: Account, users: Mapping[str, Raw], originals: Mapping[str, str]
) -> Post:
    own_id, first = _id(raw["id"]), _versions(raw)[0]
    replied = _referred(raw, "replied_to")
    quotes = tuple(originals.get(one, one) for one in _referred(raw, "quoted"))
    created_at = _created_at(raw)
    edited = own_id != first
    conversation = _id(raw.get("conversation_id") or (replied[0] if replied else first))
    author = _author(raw, account, users)
    can_reply, because = _can_reply(raw, account, quotes)
    return Post(
        key=PostKey(NETWORK, first),
        thread=first
        if conversation in (own_id, first)
        else originals.get(conversation, conversation),
        reply_to=originals.get(replied[0], replied[0]) if replied else None,
        quotes=quotes,
        text=plain(_long(raw).get("text") or raw["text"]),
        lang=_language(raw.get("lang")),
        author=author,
        via=plain(raw["source"]) if raw.get("source") else None,
        reply_token=own_id,
        url=f"https://x.com/{author.handle or 'i'}/status/{own_id}",
        posted_at=(snowflake.time_of(first) or created_at) if edited else created_at,
        edited_at=(snowflake.time_of(own_id) or created_at) if edited else None,
        reach=_count(raw, "impression_count"),
        can_reply=can_reply,
        cannot_reply_because=because,
    )


def _author(raw: Raw, account: Account, users: Mapping[str, Raw]) -> Author:
    author_id = plain(raw["author_id"]) if raw.get("author_id") else None
    known = users.get(author_id or "", {})
    handle = known.get("username")
    if handle is None and author_id == account.id:
        handle = account.handle
    return Author(
        id=author_id,
        handle=plain(handle) if handle else None,
        name=plain(known["name"]) if known.get("name") else None,
        followers=_count(known, "followers_count"),
    )


def _can_reply(
    raw: Raw, account: Account, quotes: tuple[str, ...]
) -> tuple[bool | None, str | None]:
    """Whether X lets an app answer. Of a quotation it is not told whose post it quotes: unknown."""
    if str(raw.get("author_id")) == account.id:
        return None, None
    if not account.answers:
        return False, NO_KEYS
    if _calls(raw, account):
        return True, None
    return (None, None) if quotes else (False, NOT_SUMMONED)


def _parents(payloads: list[Raw], others: list[Raw], account: Account) -> Iterator[Raw]:
    replied: set[str] = set()
    for raw in payloads:
        try:
            replied.update(_referred(raw, "replied_to"))
        except (KeyError, ValueError):
            continue  # `_item` tells of it
    for raw in others:
        is_ours = str(raw.get("author_id")) == account.id or _calls(raw, account)
        if _is_id(raw.get("id")) and raw["id"] in replied and not is_ours:
            yield raw


def _calls(raw: Raw, account: Account) -> bool:
    """Whether it replies to the account or names it: then it is among the mentions."""
    return str(raw.get("in_reply_to_user_id")) == account.id or _mentions(raw, account)


def _mentions(raw: Raw, account: Account) -> bool:
    entities = [_table(raw.get("entities")), _table(_long(raw).get("entities"))]
    return any(
        str(one.get("id")) == account.id
        or str(one.get("username", "")).casefold() == account.handle.casefold()
        for listed in entities
        for one in _listed(listed.get("mentions"))
    )


def _versions(raw: Raw) -> list[str]:
    """The ids of a post, one an edit, the original first."""
    listed = _either(raw, "edit_history_tweet_ids", "edit_history_post_ids")
    ids = [_id(one) for one in listed] if isinstance(listed, list) else []
    return ids or [str(raw.get("id"))]


def _histories(payloads: Iterable[Raw]) -> Iterator[tuple[str, list[str]]]:
    """Of every post at hand, the id that it came by and those of all its versions."""
    for raw in payloads:
        try:
            yield _id(raw.get("id")), _versions(raw)
        except ValueError:
            continue  # `_item` tells of it


def _referred(raw: Raw, kind: str) -> list[str]:
    listed = _listed(_either(raw, "referenced_tweets", "referenced_posts"))
    return [_id(one["id"]) for one in listed if one.get("type") == kind]


def _long(raw: Raw) -> Raw:
    """What X keeps beside the text of a long post: `text` itself ends after 280 characters."""
    return _table(_either(raw, "note_tweet", "note_post"))


def _either(raw: Raw, today: str, renamed: str) -> Any:
    return raw[today] if today in raw else raw.get(renamed)


def _id(value: object) -> str:
    if not _is_id(value):
        raise ValueError(f"{str(value)[:40]!r} is no id")
    return str(value)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value) is not None


def _created_at(raw: Raw) -> datetime:
    """What X says; where it was silent, what the id tells."""
    told = None if raw.get("created_at") else snowflake.time_of(_id(raw["id"]))
    return told or _time(raw["created_at"])


def _time(value: object) -> datetime:
    found = datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError(f'created_at: "{value}" names no time zone')
    return found.astimezone(UTC)


def _language(code: object) -> str | None:
    if not isinstance(code, str) or code in _NO_LANGUAGE:
        return None
    return _OLD_LANGUAGE.get(code, plain(code))


def _count(raw: Raw, name: str) -> int | None:
    number = _table(raw.get("public_metrics")).get(name)
    return number if isinstance(number, int) and 0 <= number < _MOST else None


def _table(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Raw]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _about(error: Raw) -> str:
    return str(error.get("resource_id") or error.get("value") or "")


def _is_missing(error: Raw) -> bool:
    return str(error.get("type", "")).endswith(_NOT_FOUND)
