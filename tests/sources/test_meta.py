"""Facebook and Instagram against a small Graph API: what is read, answered, told and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from monitor.domain.errors import CallError, Outcome, Refusal, SendError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.ports import Call, Received
from monitor.simulator.graph import Node, error, missing
from monitor.sources.meta import hook
from monitor.sources.meta.facebook import Facebook
from monitor.sources.meta.instagram import Instagram
from tests.contract.harness import NOON, Item
from tests.contract.harness_facebook import PAGE
from tests.contract.harness_facebook import Harness as Page
from tests.contract.harness_graph import APP_SECRET, WORD
from tests.contract.harness_instagram import ACCOUNT
from tests.contract.harness_instagram import Harness as Account

ANA, ION = ("77", "ana_p"), ("78", "ion_v")
FAR = "https://graph.example/v26.0/1/comments?after=x&access_token=secret"


@pytest.fixture
def page() -> Iterator[Page]:
    with Page() as one:
        yield one


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as one:
        yield one


def facebook(page: Page, **changed: object) -> Facebook:
    told = {**page.options(), **changed}
    page.options = lambda: told  # type: ignore[method-assign]  # the world's own config, changed
    source = page.source()
    assert isinstance(source, Facebook)
    return source


def instagram(account: Account) -> Instagram:
    source = account.source()
    assert isinstance(source, Instagram)
    return source


def items(source: Facebook | Instagram, stream: str, since: str | None = None) -> list[Any]:
    (one,) = [one for one in source.streams() if one.name == stream]
    return [item for page in source.pages(one, since) for item in page.items]


def cursor(source: Facebook | Instagram, stream: str, since: str | None = None) -> str:
    (one,) = [one for one in source.streams() if one.name == stream]
    return [page.cursor for page in source.pages(one, since)][-1]


def comment(page: Page | Account, name: str, **said: Any) -> Node:
    told: dict[str, Any] = {"by": ANA, "text": "awful", "at": NOON, "under": page.standing}
    node = Node(id=name, **told | said)
    page.graph.put(node)
    return node


def told(page: Page | Account, *changes: Mapping[str, Any], account: str | None = None) -> Call:
    entry = {"id": account or page.account[0], "time": 1, "changes": list(changes)}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    return Call({}, {hook.SIGNATURE: hook.sign(body, APP_SECRET)}, body, NOON)


def change(item: str, verb: str, **more: str) -> dict[str, Any]:
    return {"field": "feed", "value": {"item": item, "verb": verb, **more}}


def deliver(page: Page | Account, source: Facebook | Instagram, *changes: Any) -> None:
    for letter in source.take(told(page, *changes)):
        number = len(page.box.letters) + 1
        page.box.letters.append(Received(number, letter.said, NOON))


# ---------------------------------------------------------------- what is read


def test_all_comments_under_all_posts_are_read_however_many(page: Page) -> None:
    expected = set()
    for post in range(9):
        name = f"{PAGE}_{post}"
        at = NOON - timedelta(days=post)
        page.graph.put(Node(id=name, by=page.account, text="News", at=at, edge="feed"))
        for number in range(11):
            found = f"{post}_{number}"
            comment(page, found, under=name, at=NOON - timedelta(minutes=number))
            expected.add(found)
    got = [one.key.external_id for one in items(facebook(page), "comments")]
    assert sorted(got) == sorted(expected)


def test_an_answer_to_an_answer_says_what_it_answers(page: Page) -> None:
    comment(page, "900_1")
    comment(page, "900_2", above="900_1", by=page.account)
    found = {one.key.external_id: one for one in items(facebook(page), "comments")}
    assert (found["900_1"].reply_to, found["900_1"].thread) == (page.standing, page.standing)
    assert (found["900_2"].reply_to, found["900_2"].thread) == ("900_1", page.standing)
    assert found["900_2"].author.id == PAGE


def test_answers_on_instagram_are_read_however_many(account: Account) -> None:
    comment(account, "1")
    for number in range(2, 13):
        comment(account, str(number), above="1", by=ION, at=NOON + timedelta(minutes=number))
    found = {one.key.external_id: one for one in items(instagram(account), "comments")}
    assert len(found) == 12
    assert {one.thread for one in found.values()} == {"1"}
    assert {one.reply_to for one in found.values()} == {None, "1"}
    assert found["1"].url == "https://instagram.example/p/900/"
    assert found["1"].author.handle == "ana_p"


def test_an_edited_comment_comes_again_and_one_that_is_voted_for_does_not(page: Page) -> None:
    node = comment(page, "900_1")
    source = facebook(page)
    first = cursor(source, "comments")
    node.broken = {"like_count": 5}
    assert items(source, "comments", first) == []
    node.text = "awful, and no refund"
    assert [one.text for one in items(source, "comments", first)] == ["awful, and no refund"]


def test_a_hidden_comment_is_one(page: Page, account: Account) -> None:
    comment(page, "900_1", is_hidden=True, can_comment=False)
    comment(account, "1", is_hidden=True)
    for found in (*items(facebook(page), "comments"), *items(instagram(account), "comments")):
        assert found.visibility == "hidden"
        assert found.can_reply is False
        assert found.cannot_reply_because


def test_a_comment_without_words_says_what_it_shows(page: Page) -> None:
    comment(page, "900_1", text="", broken={"attachment": {"type": "sticker"}})
    comment(page, "900_2", text="", broken={"attachment": {"type": "share", "title": "A shop"}})
    found = {one.key.external_id: one.text for one in items(facebook(page), "comments")}
    assert found == {"900_1": "[sticker]", "900_2": "A shop"}


def test_who_wrote_is_unknown_where_facebook_does_not_tell(page: Page) -> None:
    comment(page, "900_1", broken={"from": None})
    (found,) = items(facebook(page), "comments")
    assert found.author.key is None


def test_a_post_whose_comments_make_no_sense_is_rejected_and_the_others_are_read(
    page: Page,
) -> None:
    odd = Node(id=f"{PAGE}_1", by=page.account, text="News", at=NOON, edge="feed")
    odd.broken = {"comments": {"nothing": 1}}
    page.graph.put(odd)
    comment(page, "900_1")
    found = items(facebook(page), "comments")
    assert sorted(type(one).__name__ for one in found) == ["Post", "Rejected"]


def test_an_id_that_leads_elsewhere_is_asked_for_nowhere(account: Account) -> None:
    answers = {"data": [], "paging": {"next": FAR}}
    node = comment(account, "1")
    node.broken = {"id": "../../x", "replies": answers}
    found = items(instagram(account), "comments")
    assert len(found) == 1
    assert {one.path for one in account.server.asked} == {f"/{ACCOUNT}/media"}


def test_the_next_page_is_asked_for_where_we_were_told_to_and_without_the_token(
    page: Page,
) -> None:
    for number in range(9):
        comment(page, f"900_{number}", at=NOON - timedelta(minutes=number))
    assert len(items(facebook(page), "comments")) == 9
    assert len(page.server.asked) == 3
    assert not any("access_token" in one.address for one in page.server.asked)
    assert all("appsecret_proof" in one.query for one in page.server.asked)


def test_posts_that_are_too_old_are_not_looked_at(page: Page) -> None:
    for number in range(20):
        at = NOON - timedelta(days=20 + 10 * number)
        page.graph.put(
            Node(id=f"{PAGE}_{number}", by=page.account, text="News", at=at, edge="feed")
        )
    items(facebook(page), "comments")
    assert len(page.server.asked) == 2


# ---------------------------------------------------------------- limits and refusals


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"X-App-Usage": '{"call_count":79,"total_time":3,"total_cputime":2}'}, None),
        ({"X-App-Usage": '{"call_count":80,"total_time":3,"total_cputime":2}'}, 600),
        ({"X-App-Usage": '{"call_count":8,"total_time":3,"total_cputime":95}'}, 600),
        (
            {
                "X-Business-Use-Case-Usage": '{"1":[{"type":"pages","call_count":100,'
                '"total_time":1,"total_cputime":1,"estimated_time_to_regain_access":30}]}'
            },
            1800,
        ),
        ({"X-App-Usage": "many"}, None),
        ({"X-App-Usage": '{"call_count":"many","total_time":[]}'}, None),
        ({"X-Business-Use-Case-Usage": '{"1":[7,{"call_count":1e999}]}'}, None),
    ],
)
def test_it_stops_before_meta_does(page: Page, headers: dict[str, str], after: int | None) -> None:
    page.server.headers = headers
    source = facebook(page)
    items(source, "feed")
    calls = len(page.server.asked)
    if after is None:
        items(source, "feed")
        return
    with pytest.raises(SourceError) as raised:
        items(source, "feed")
    assert raised.value.out_of_budget
    assert raised.value.retry_after == timedelta(seconds=after)
    assert len(page.server.asked) == calls


HOUR, TEN = timedelta(hours=1), timedelta(minutes=10)


@pytest.mark.parametrize(
    ("refusal", "permanent", "after"),
    [
        ((403, error(4, "Application request limit reached")), False, TEN),
        ((400, error(32, "Page request limit reached")), False, TEN),
        ((400, error(80001, "too many calls to this Page account")), False, TEN),
        ((500, error(2, "An unexpected error has occurred")), False, None),
        ((400, error(1, "Please reduce the amount of data")), False, None),
        ((400, error(368, "temporarily blocked")), False, HOUR),
        ((400, error(190, "Session has expired", 463)), True, None),
        ((403, error(200, "(#200) missing permission")), True, None),
        ((400, error(10, "(#10) requires pages_read_engagement")), True, None),
        ((400, missing("1")), True, None),
        ((400, {"error": "odd"}), True, None),
        ((200, error(190, "through a gateway")), True, None),
    ],
)
def test_what_a_refusal_means(
    page: Page, refusal: tuple[int, Any], permanent: bool, after: timedelta | None
) -> None:
    page.graph.refusal = refusal
    with pytest.raises(SourceError) as raised:
        items(facebook(page), "feed")
    assert (raised.value.permanent, raised.value.retry_after) == (permanent, after)


def test_the_budget_of_calls_holds(page: Page) -> None:
    source = facebook(page, calls_per_hour=2)
    items(source, "feed")
    items(source, "feed")
    with pytest.raises(SourceError, match="budget of 2 calls") as raised:
        items(source, "feed")
    assert raised.value.out_of_budget


# ---------------------------------------------------------------- answers


def asked(page: Page | Account, name: str) -> Post:
    source = facebook(page) if isinstance(page, Page) else instagram(page)
    found = [one for one in items(source, "comments") if one.key.external_id == name]
    assert isinstance(found[0], Post)
    return found[0]


def test_an_answer_is_posted_once_and_found(page: Page, account: Account) -> None:
    comment(page, "900_1")
    comment(account, "1")
    for world, name in ((page, "900_1"), (account, "1")):
        to = asked(world, name)
        source = facebook(world) if isinstance(world, Page) else instagram(world)
        assert source.find_reply(to, "case-1") == Absent()
        made = source.reply(to, "We are on it", "case-1")
        assert (made.reply_to, made.thread, made.text) == (name, to.thread, "We are on it")
        found = source.find_reply(to, "case-1")
        assert isinstance(found, Post)
        assert found.key == made.key
        again = {one.key: one for one in items(source, "comments")}
        assert again[made.key].reply_to == name
        assert again[made.key].thread == made.thread


def test_an_answer_that_may_have_arrived_is_looked_for(page: Page) -> None:
    comment(page, "900_1")
    source, to = facebook(page), asked(page, "900_1")
    page.server.fail("drop after", method="POST")
    with pytest.raises(SendError) as raised:
        source.reply(to, "We are on it", "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN
    page.server.heal()
    assert isinstance(source.find_reply(to, "case-1"), Post)
    assert [one.method for one in page.server.asked].count("POST") == 1


def test_an_earlier_answer_is_not_taken_for_this_one(page: Page) -> None:
    comment(page, "900_1", at=NOON)
    comment(page, "900_2", above="900_1", by=page.account, at=NOON - timedelta(hours=1))
    assert facebook(page).find_reply(asked(page, "900_1"), "case-1") == Absent()


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        ((400, error(190, "expired")), Outcome.PERMANENT),
        ((400, error(4, "too much")), Outcome.NOT_SENT),
        ((500, error(2, "trouble")), Outcome.UNKNOWN),
        ((200, {"nothing": 1}), Outcome.UNKNOWN),
    ],
)
def test_what_a_refused_answer_means(
    page: Page, refusal: tuple[int, Any], outcome: Outcome
) -> None:
    comment(page, "900_1")
    source, to = facebook(page), asked(page, "900_1")
    page.graph.refusal = refusal
    with pytest.raises(SendError) as raised:
        source.reply(to, "We are on it", "case-1")
    assert raised.value.outcome is outcome


def test_that_we_may_not_look_says_nothing_about_what_was_sent(page: Page) -> None:
    comment(page, "900_1")
    source, to = facebook(page), asked(page, "900_1")
    page.server.fail("503")
    with pytest.raises(SendError) as raised:
        source.find_reply(to, "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_a_tag_cannot_be_answered_and_a_mention_another_way(account: Account) -> None:
    account.put(Item(id=account.item_id(3), author="ana_p"))
    source = instagram(account)
    (tag,) = items(source, "tags")
    assert tag.can_reply is False
    with pytest.raises(SendError) as raised:
        source.reply(tag, "Hello", "case-1")
    assert raised.value.outcome is Outcome.PERMANENT
    comment(account, "31", under="700", mentions=True)
    deliver(
        account, source, {"field": "mentions", "value": {"media_id": "700", "comment_id": "31"}}
    )
    (mention,) = items(source, "hook")
    made = source.reply(mention, "Hello", "case-1")
    said = account.server.asked[-1]
    assert (said.method, said.path) == ("POST", f"/{ACCOUNT}/mentions")
    assert {one: said.body[one] for one in ("media_id", "comment_id", "message")} == {
        "media_id": "700",
        "comment_id": "31",
        "message": "Hello",
    }
    assert made.reply_to == "31"
    assert isinstance(source.find_reply(mention, "case-1"), Unknowable)


def test_how_long_an_answer_may_be_is_told(page: Page, account: Account) -> None:
    assert facebook(page).reply_length("ab").most == 8000
    assert instagram(account).reply_length("ab").most == 300
    assert facebook(page).reply_author
    assert instagram(account).reply_author


# ---------------------------------------------------------------- looking up again


def test_a_deletion_is_told_only_while_the_account_can_be_seen(page: Page) -> None:
    comment(page, "900_1").is_gone = True
    source, key = facebook(page), PostKey("facebook", "900_1")
    assert list(source.refresh([key])) == [Gone(key, NOON)]
    page.server.fail("403", f"/{PAGE}?", body=json.dumps(error(10, "no right")))
    with pytest.raises(SourceError):
        list(source.refresh([key]))


def test_what_can_be_looked_up_is(page: Page, account: Account) -> None:
    comment(page, "900_1", text="edited")
    wall = Node(id="4_7", by=ANA, text="tagged", at=NOON, edge="tagged")
    page.graph.put(wall)
    names = ["900_1", page.standing, "4_7", "../x"]
    found = facebook(page).refresh([PostKey("facebook", one) for one in names])
    assert [(type(one), one.text) for one in found if isinstance(one, Post)] == [
        (Post, "edited"),
        (Post, "News"),
        (Post, "tagged"),
    ]
    comment(account, "1")
    comment(account, "31", under="700", mentions=True)
    comment(account, "32", under="700", mentions=True).is_gone = True
    keys = [PostKey("instagram", one) for one in ("1", "31", "32", "media/900")]
    there = list(instagram(account).refresh(keys))
    assert [type(one) for one in there] == [Post, Post, Gone]
    assert [one.key for one in there if not isinstance(one, Rejected)] == keys[:3]


def test_a_question_that_meta_refuses_stops_no_other(page: Page) -> None:
    comment(page, "900_1")
    comment(page, "900_2")
    page.server.fail("400", "/900_1?", body=json.dumps(error(100, "(#100) odd thing")))
    keys = [PostKey("facebook", one) for one in ("900_1", "900_2")]
    assert [type(one) for one in facebook(page).refresh(keys)] == [Rejected, Post]


# ---------------------------------------------------------------- what Meta tells


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"hub.mode": "subscribe", "hub.verify_token": WORD}, None),
        ({"hub.mode": "subscribe", "hub.verify_token": "guess"}, Refusal.WRONG_SIGNATURE),
        ({"hub.mode": "subscribe", "hub.verify_token": "é"}, Refusal.WRONG_SIGNATURE),
        ({"hub.verify_token": WORD}, Refusal.NOT_ASKED),
        ({"hub.mode": "subscribe"}, Refusal.NOT_ASKED),
    ],
)
def test_meta_is_greeted_if_it_knows_the_word(
    page: Page, said: dict[str, str], reason: Refusal | None
) -> None:
    call = Call({**said, "hub.challenge": "1158201444"}, {}, b"", NOON)
    if reason is None:
        assert facebook(page).greet(call) == "1158201444"
        return
    with pytest.raises(CallError) as raised:
        facebook(page).greet(call)
    assert raised.value.reason is reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, Refusal.NOT_SIGNED),
        ({hook.SIGNATURE: "sha256=" + "0" * 64}, Refusal.WRONG_SIGNATURE),
        ({hook.SIGNATURE: "é"}, Refusal.WRONG_SIGNATURE),
    ],
)
def test_what_meta_did_not_sign_is_refused(
    page: Page, headers: dict[str, str], reason: Refusal
) -> None:
    with pytest.raises(CallError) as raised:
        facebook(page).take(Call({}, headers, b"{}", NOON))
    assert raised.value.reason is reason


def test_without_a_word_nothing_is_taken_in(page: Page) -> None:
    source = facebook(page, verify_token=None)
    assert "hook" not in {one.name for one in source.streams()}
    for ask in (source.greet, source.take):
        with pytest.raises(CallError):
            ask(told(page))


def test_only_what_may_be_somebody_s_words_is_kept(page: Page) -> None:
    source = facebook(page)
    words = change("comment", "add", comment_id="900_1", post_id=page.standing)
    likes = change("reaction", "add", post_id=page.standing)
    assert len(source.take(told(page, words, likes))) == 1
    assert source.take(told(page, words, account="12")) == []
    again = [*source.take(told(page, words)), *source.take(told(page, words))]
    assert len({one.key for one in again}) == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"entry": 1}', b'{"entry": [{}]}'])
def test_what_cannot_be_read_is_kept_and_rejected(page: Page, body: bytes) -> None:
    source = facebook(page)
    call = Call({}, {hook.SIGNATURE: hook.sign(body, APP_SECRET)}, body, NOON)
    (letter,) = source.take(call)
    assert letter.flaw
    page.box.letters.append(Received(1, letter.said, NOON))
    (found,) = items(source, "hook")
    assert isinstance(found, Rejected)


def test_what_is_told_of_is_looked_at(page: Page) -> None:
    comment(page, "900_1", text="what Meta shows")
    page.graph.put(Node(id=f"{PAGE}_5", by=ANA, text="a visitor", at=NOON, edge="feed"))
    comment(page, "900_2").is_gone = True
    comment(page, "900_4")
    page.server.fail("400", "/900_4?", body=json.dumps(error(100, "(#100) odd thing")))
    source = facebook(page)
    where = {"post_id": page.standing, "message": "what anybody may write into a webhook"}
    deliver(
        page,
        source,
        change("comment", "add", comment_id="900_1", **where),
        change("status", "add", post_id=f"{PAGE}_5"),
        change("comment", "edited", comment_id="900_2", **where),
        change("comment", "remove", comment_id="900_3", **where),
        change("comment", "add", comment_id="900_4", **where),
        change("comment", "add", comment_id="../../x", **where),
        change("comment", "add", **where),
    )
    found = items(source, "hook")
    assert [type(one) for one in found] == [Post, Post, Gone, Gone, Rejected, Rejected, Rejected]
    assert (found[0].text, found[0].thread) == ("what Meta shows", page.standing)
    assert found[1].text == "a visitor"
    assert found[3] == Gone(PostKey("facebook", "900_3"), NOON)


def test_what_could_not_be_looked_at_is_looked_at_later(page: Page) -> None:
    source = facebook(page)
    for number in range(4):
        comment(page, f"900_{number}")
        deliver(page, source, change("comment", "add", comment_id=f"900_{number}"))
    page.server.fail("503", "/900_2?")
    (stream,) = [one for one in source.streams() if one.name == "hook"]
    pages = source.pages(stream, None)
    first = next(pages)
    with pytest.raises(SourceError):
        next(pages)
    page.server.heal()
    rest = items(source, "hook", first.cursor)
    there = [one for one in (*first.items, *rest) if isinstance(one, Post)]
    assert [one.key.external_id for one in there] == ["900_0", "900_1", "900_2", "900_3"]


def test_a_mention_elsewhere_is_looked_at(account: Account) -> None:
    source = instagram(account)
    account.graph.put(Node(id="700", by=ANA, text="@our_shop?", at=NOON, mentions=True))
    comment(account, "31", under="701", mentions=True, by=ION)
    comment(account, "1")
    deliver(
        account,
        source,
        {"field": "mentions", "value": {"media_id": "700"}},
        {"field": "mentions", "value": {"media_id": "701", "comment_id": "31"}},
        {"field": "comments", "value": {"id": "1", "text": "…"}},
        {"field": "mentions", "value": {"media_id": "999"}},
        {"field": "mentions", "value": {"media_id": "7){id}"}},
        {"field": "story_insights", "value": {"media_id": "7"}},
    )
    found = items(source, "hook")
    assert [type(one) for one in found] == [Post, Post, Post, Gone, Rejected]
    assert [one.key.external_id for one in found[:4]] == ["media/700", "31", "1", "media/999"]
    assert [one.reply_token for one in found[:3]] == ["mention:700", "mention:701", None]


def test_that_nobody_listens_is_told(page: Page) -> None:
    page.box.heard = NOON - HOUR
    with pytest.raises(SourceError, match="complaint-monitor web"):
        items(facebook(page), "hook")


# ---------------------------------------------------------------- trying it out


def test_trying_out_says_a_line_for_each_right(page: Page, account: Account) -> None:
    for source in (facebook(page), instagram(account)):
        said = list(source.try_out())
        assert {one.standing for one in said} == {Standing.WELL}
        assert len(said) == 3 + len(source.streams()) + isinstance(source, Facebook)
    page.server.fail("403", "/tagged", body=json.dumps(error(10, "no right")))
    failing = [one.said for one in facebook(page).try_out() if one.standing is Standing.FAILS]
    assert len(failing) == 1
    assert failing[0].startswith("tagged: Meta forbids it")


def test_a_token_that_is_not_the_page_s_own_is_told(page: Page) -> None:
    page.graph.me = "4"
    lacking = [one.said for one in facebook(page).try_out() if one.standing is Standing.LACKS]
    assert len(lacking) == 1
    assert "authors are not told" in lacking[0]


def test_a_look_that_broke_off_goes_on_under_another_overlap(page: Page) -> None:
    for post in range(9):
        name, at = f"{PAGE}_{post}", NOON - timedelta(days=post)
        page.graph.put(Node(id=name, by=page.account, text="News", at=at, edge="feed"))
        comment(page, f"{post}_1", under=name, at=NOON - timedelta(minutes=post))
    source = facebook(page)
    (stream,) = [one for one in source.streams() if one.name == "comments"]
    first = next(source.pages(stream, None))
    rest = items(facebook(page, overlap="1s"), "comments", first.cursor)
    seen = {one.key.external_id for one in (*first.items, *rest) if isinstance(one, Post)}
    assert seen == {f"{post}_1" for post in range(9)}


def test_an_account_of_another_name_is_told(account: Account) -> None:
    account.graph.account = (ACCOUNT, "their_shop")
    with pytest.raises(SourceError, match="is called their_shop"):
        list(instagram(account).try_out())
