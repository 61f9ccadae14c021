"""What answers whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.answer import ThreadPost, answered_posts


def post(
    id_: str,
    customer: str | None,
    reply_to: str | None = None,
    *,
    quotes: tuple[str, ...] = (),
    thread: str = "root",
) -> ThreadPost:
    return ThreadPost(id_, customer, reply_to, quotes, thread)


def answered(answer: ThreadPost, *others: ThreadPost) -> set[str | None]:
    return {one.customer for one in answered_posts(answer, {one.id: one for one in others})}


ROOT = post("root", "ana")


def test_a_reply_answers_the_writer_of_the_post() -> None:
    assert answered(post("r", None, "root"), ROOT) == {"ana"}


def test_a_reply_to_b_never_answers_a_even_below_a_s_post() -> None:
    other = post("b", "bogdan", "root")
    assert answered(post("r", None, "b"), ROOT, other) == {"bogdan"}


def test_the_brand_s_own_posts_in_a_chain_are_passed_over() -> None:
    first = post("r1", None, "root")
    assert answered(post("r2", None, "r1"), ROOT, first) == {"ana"}


def test_a_quote_answers_whom_it_quotes() -> None:
    elsewhere = post("q", "carmen", thread="q")
    assert answered(post("r", None, thread="r", quotes=("q",)), elsewhere) == {"carmen"}


def test_a_top_level_answer_in_a_thread_answers_the_writer_of_the_root() -> None:
    assert answered(post("r", None), ROOT, post("b", "bogdan", "root")) == {"ana"}


def test_the_brand_s_own_announcement_answers_nobody() -> None:
    own = post("n", None, thread="n")
    assert answered(own, own) == set()


def test_a_reply_to_a_post_not_seen_yet_answers_nobody_until_it_is() -> None:
    reply = post("r", None, "late")
    assert answered(reply, ROOT) == set()
    assert answered(reply, ROOT, post("late", "ana", "root")) == {"ana"}


def test_a_circle_of_replies_answers_nobody() -> None:
    one, two = post("r1", None, "r2"), post("r2", None, "r1")
    assert answered(one, one, two) == set()


@given(st.lists(st.sampled_from(["ana", "bogdan", None]), min_size=1, max_size=12), st.data())
def test_a_reply_chain_never_reaches_past_a_customer(
    writers: list[str | None], data: st.DataObject
) -> None:
    posts = [post("p0", "ana", thread="p0")]
    for number, who in enumerate(writers, start=1):
        up = data.draw(st.sampled_from(posts)).id
        posts.append(post(f"p{number}", who, up, thread="p0"))
    by_id = {one.id: one for one in posts}
    for own in (one for one in posts if one.customer is None):
        found = answered_posts(own, by_id)
        parent = by_id[str(own.reply_to)]
        if parent.customer is not None:
            assert found == {parent}
        assert len(found) <= 1
