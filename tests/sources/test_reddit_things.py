"""Whatever Reddit may send becomes a post, a deletion or a rejection; nothing stops a page."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.post import Gone, Post, Rejected
from monitor.sources.reddit import things
from tests.sources.subreddit import NOW

COMMENT = {
    "name": "t1_abc",
    "author": "ana_p",
    "author_fullname": "t2_ana",
    "body": "no parcel",
    "created_utc": 1774612800.0,
    "edited": False,
    "link_id": "t3_def",
    "parent_id": "t3_def",
    "permalink": "/r/help/comments/def/_/abc/",
    "archived": False,
    "locked": False,
}
SUBMISSION = {
    "name": "t3_def",
    "author": "ana_p",
    "title": "Where?",
    "selftext": "no parcel",
    "is_self": True,
    "created_utc": 1774612800,
    "permalink": "/r/help/comments/def/_/",
    "url": "https://www.reddit.com/r/help/comments/def/_/",
    "removed_by_category": None,
    "crosspost_parent": "t3_abc",
    "subreddit_subscribers": 17,
    "subreddit_type": "public",
}
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(["[deleted]", "t1_abc", "t9_abc", "\x00", "\ud83d"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def read(child: Any) -> Post | Gone | Rejected:
    return things.read(child, now=NOW, seen_at=None, mute=None)


def strange(kind: str, whole: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A thing of which some fields are missing and some are not what they should be."""
    changed = st.dictionaries(st.sampled_from(sorted(whole)), values, max_size=4)
    missing = st.sets(st.sampled_from(sorted(whole)), max_size=2)
    return st.builds(
        lambda new, none: {
            "kind": kind,
            "data": {key: value for key, value in (whole | new).items() if key not in none},
        },
        changed,
        missing,
    )


@given(values | strange("t1", COMMENT) | strange("t3", SUBMISSION))
def test_nothing_that_reddit_may_send_is_lost_or_stops_us(child: Any) -> None:
    item = read(child)
    things.words_of(child) if isinstance(item, Post) else None
    assert things.name_of(child)
    assert things.mark_of(child) == things.mark_of(child)
    assert isinstance(things.created_of(child), float | None)
    assert isinstance(things.is_public(child), bool)
    match item:
        case Post():
            told = [item.text, item.title or "", item.url or "", item.thread]
            told += [item.author.handle or "", item.author.id or "", *item.quotes]
            assert "\x00" not in "".join(told).encode().decode()
        case Gone():
            assert item.after is not None
            assert item.after <= item.before == NOW
        case Rejected():
            assert item.reason.encode()
            assert item.where.encode()
            assert item.sample.encode()


def test_whole_things_are_posts() -> None:
    assert isinstance(read({"kind": "t1", "data": COMMENT}), Post)
    assert isinstance(read({"kind": "t3", "data": SUBMISSION}), Post)


def test_what_no_database_takes_is_replaced() -> None:
    item = read({"kind": "t1", "data": COMMENT | {"body": "no\x00 parcel \ud83d"}})
    assert isinstance(item, Post)
    assert item.text == "no\ufffd parcel \ufffd"
