"""How long an answer is as X counts it, and in whose name the sources answer."""

from __future__ import annotations

import pytest

from monitor.domain.post import Author
from monitor.domain.reply import Length
from monitor.ports import DescribesReplies
from monitor.sources.x.length import length_of
from tests.sources import subreddit
from tests.sources.subreddit import LOGGED_IN, reddit
from tests.sources.x_world import ACCOUNT, HANDLE, shop


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("Îmi pare rău!", 13),
        ("I\u0302", 1),
        ("“quoted” – and so on…", 21 + 1),
        ("申し訳ありません", 16),
        ("👍", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇷🇴🇲🇩", 4),
        ("1️⃣", 2),
        ("https://shop.example/a/very/long/path?with=a&query=too", 23),
        ("see https://shop.example, or www.shop.ro", 4 + 23 + 4 + 23),
        ("see shop.com.", 4 + 23 + 1),
        ("see shop.ro and shop.ro/help", 4 + 7 + 5 + 23),
        ("write to care@shop.com", 22),
        ("It left today.We are sorry, e.g. for that", 41),
    ],
)
def test_x_counts_what_people_see(text: str, used: int) -> None:
    assert length_of(text, 280) == Length(used, 280)


def test_just_fitting_is_not_too_long() -> None:
    assert not length_of("a" * 280, 280).is_too_long
    assert length_of("a" * 281, 280).is_too_long


def test_x_tells_how_its_answers_look() -> None:
    with shop() as world:
        answering = world.source(answer_keys="x", longest_answer=4000)
        assert isinstance(answering, DescribesReplies)
        assert answering.reply_author == Author(id=ACCOUNT, handle=HANDLE)
        assert answering.reply_length("Sorry!") == Length(6, 4000)
        assert world.source().reply_author is None


def test_reddit_tells_how_its_answers_look() -> None:
    with reddit() as server:
        answering = subreddit.source(server, **LOGGED_IN)
        assert isinstance(answering, DescribesReplies)
        assert answering.reply_author == Author(handle=subreddit.BRAND)
        assert answering.reply_length("Sorry!") == Length(6, 10_000)
        assert subreddit.source(server).reply_author is None
