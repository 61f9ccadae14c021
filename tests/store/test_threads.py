"""Whatever order the posts of a conversation come in, it is one conversation."""

from __future__ import annotations

from itertools import permutations

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.post import Post
from monitor.store.engine import Database
from tests.store.written import Bringing, rows, threads, written

CHAIN = [written("1"), written("2", to="1"), written("3", to="2"), written("4", to="3")]


def test_every_order_of_a_chain_ends_at_its_root(database: Database) -> None:
    for order in permutations(CHAIN):
        _empty(database)
        stream = Bringing(database)
        for one in order:
            stream.brings(one)
        assert threads(database) == dict.fromkeys("1234", "1"), order


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Post], dict[str, str]]:
    """Trees of replies in any order, some posts with their true root told, and the true roots."""
    posts: list[Post] = []
    roots: dict[str, str] = {}
    for number in range(draw(st.integers(1, 9))):
        name = str(number)
        to = draw(st.none() | st.integers(0, number - 1)) if number else None
        roots[name] = name if to is None else roots[str(to)]
        is_told = draw(st.booleans())
        post = written(name, to=None if to is None else str(to))
        posts.append(written(name, to=post.reply_to, thread=roots[name]) if is_told else post)
    return draw(st.permutations(posts)), roots


@given(conversation=conversations(), data=st.data())
def test_the_threads_do_not_depend_on_order_nor_on_pages(
    scratch: Database,
    conversation: tuple[list[Post], dict[str, str]],
    data: st.DataObject,
) -> None:
    _empty(scratch)
    posts, roots = conversation
    stream = Bringing(scratch)
    while posts:
        size = data.draw(st.integers(1, len(posts)))
        page, posts = posts[:size], posts[size:]
        stream.brings(*page)
    assert threads(scratch) == roots


@given(
    replies=st.dictionaries(st.integers(0, 5), st.integers(0, 5), min_size=1),
    together=st.booleans(),
)
def test_circles_of_replies_end_somewhere(
    scratch: Database, replies: dict[int, int], together: bool
) -> None:
    _empty(scratch)
    stream = Bringing(scratch)
    posts = [written(str(one), to=str(to)) for one, to in replies.items()]
    for page in [posts] if together else [[one] for one in posts]:
        stream.brings(*page)
    found = threads(scratch)
    assert found.keys() == {str(one) for one in replies}
    assert all(found.get(thread, thread) == thread for thread in found.values())


def test_moved_posts_are_settled_again_and_others_keep_their_turn(database: Database) -> None:
    stream = Bringing(database)
    stream.brings(written("3", to="2"), written("4", by="shop", to="2"), written("9"))
    with database.writing() as conn:
        done = "next = 'settle' OR post_id = (SELECT id FROM post WHERE external_id = '9')"
        conn.execute(sa.text(f"UPDATE mention SET next = NULL WHERE {done}"))
    stream.brings(written("2", to="1"))
    mentions = "SELECT external_id, next FROM mention JOIN post ON post.id = post_id"
    assert dict(rows(database, mentions)) == {
        "2": "triage",
        "3": "triage",
        "4": "settle",
        "9": None,
    }


def test_a_conversation_that_is_named_otherwise_is_left_alone(database: Database) -> None:
    """Mail threads and conversations of some networks bear ids that no post has."""
    stream = Bringing(database)
    stream.brings(written("1", thread="talk-7"), written("2", to="1", thread="talk-7"))
    assert threads(database) == {"1": "talk-7", "2": "talk-7"}


def _empty(database: Database) -> None:
    with database.writing() as conn:
        for table in ("sighting", "mention", "post", "author"):
            conn.execute(sa.text(f"DELETE FROM {table}"))
