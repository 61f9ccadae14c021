"""Answering by `x`, looking whether an answer arrived, looking posts up again, and trying the credentials."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import pytest

from monitor.domain.errors import Outcome, SendError, SourceError
from monitor.domain.finding import Finding, Standing
from monitor.domain.notice import Absent, Unknowable
from monitor.domain.post import Gone, Post, Rejected
from monitor.simulator.x_http import RESET
from monitor.sources.x import X
from tests.sources.x_world import ACCOUNT, HANDLE, NOON, Shop, ids, key, look, posts, shop


@pytest.fixture
def world() -> Iterator[Shop]:
    with shop() as made:
        yield made


@pytest.fixture
def source(world: Shop) -> X:
    return world.source(answer_keys="x")


def asked(world: Shop, source: X) -> Post:
    number = world.writes()
    (post,) = [one for one in posts(look(source)) if one.key == key(number)]
    return post


# ------------------------------------------------------------------------------------ answering


def test_an_answer_stands_under_the_post_and_on_the_timeline(world: Shop, source: X) -> None:
    to = asked(world, source)
    world.passes(timedelta(minutes=5))
    sent = source.reply(to, "It comes tomorrow.", "case-1")
    (seen,) = posts(look(source, "own"))
    assert (seen.key, seen.reply_to, seen.text) == (sent.key, to.key.external_id, sent.text)
    assert (sent.thread, sent.author) == (to.thread, seen.author)
    assert sent.posted_at == seen.posted_at == NOON + timedelta(minutes=5)


def test_an_edited_post_is_answered_as_it_is_now(world: Shop, source: X) -> None:
    number = world.writes()
    latest = world.face.edit(number, "@our_shop my parcel is broken")
    (to,) = posts(look(source))
    sent = source.reply(to, "We send another.", "case-1")
    assert world.server.asked[-1].body["reply"] == {"in_reply_to_tweet_id": latest}
    assert source.find_reply(to, "case-1") == posts(look(source, "own"))[0]
    assert sent.reply_to == number


def test_what_x_does_not_let_an_app_answer_is_refused_for_good(world: Shop, source: X) -> None:
    world.writes("a parcel of theirs")
    (to,) = posts(look(source, "search"))
    assert to.can_reply is False
    with pytest.raises(SendError, match="may only reply") as raised:
        source.reply(to, "Sorry!", "case-1")
    assert raised.value.outcome is Outcome.PERMANENT


@pytest.mark.parametrize(
    ("fault", "outcome", "after"),
    [
        ("400", Outcome.PERMANENT, None),
        ("401", Outcome.PERMANENT, None),
        ("402", Outcome.NOT_SENT, timedelta(hours=1)),
        ("403", Outcome.PERMANENT, None),
        ("404", Outcome.PERMANENT, None),
        ("429", Outcome.NOT_SENT, None),
        ("429 reset", Outcome.NOT_SENT, timedelta(seconds=RESET)),
        ("500", Outcome.UNKNOWN, None),
        ("503", Outcome.UNKNOWN, None),
        ("slow", Outcome.UNKNOWN, None),
        ("truncated after", Outcome.UNKNOWN, None),
        ("stall after", Outcome.UNKNOWN, None),
        ("html", Outcome.UNKNOWN, None),
        ("list", Outcome.UNKNOWN, None),
        ("object", Outcome.UNKNOWN, None),
        ("empty", Outcome.UNKNOWN, None),
        ("drop", Outcome.UNKNOWN, None),
        ("drop after", Outcome.UNKNOWN, None),
    ],
)
def test_what_is_known_of_an_answer_that_failed(
    world: Shop, source: X, fault: str, outcome: Outcome, after: timedelta | None
) -> None:
    to = asked(world, source)
    world.server.fail(fault)
    calls = len(world.server.asked)
    with pytest.raises(SendError) as raised:
        source.reply(to, "It comes tomorrow.", "case-1")
    assert (raised.value.outcome, raised.value.retry_after) == (outcome, after)
    assert len(world.server.asked) == calls + 1


def test_nobody_there_means_that_nothing_was_sent(world: Shop, source: X) -> None:
    to = asked(world, source)
    with pytest.raises(SendError) as raised:
        world.source(answer_keys="x", base_url="http://127.0.0.1:9").reply(to, "Hi", "case-1")
    assert raised.value.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("fault", ["drop after", "truncated after"])
def test_an_answer_that_arrived_unheard_is_found(world: Shop, source: X, fault: str) -> None:
    to = asked(world, source)
    world.server.fail(fault, times=1)
    with pytest.raises(SendError):
        source.reply(to, "It comes tomorrow.", "case-1")
    found = source.find_reply(to, "case-1")
    assert isinstance(found, Post)
    assert (found.text, found.reply_to) == ("It comes tomorrow.", to.key.external_id)
    with pytest.raises(SendError, match="duplicate") as raised:
        source.reply(to, "It comes tomorrow.", "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_an_answer_that_did_not_arrive_is_absent(world: Shop, source: X) -> None:
    to = asked(world, source)
    other = world.writes(by="dan")
    world.answers(other)
    world.server.fail("drop", times=1)
    with pytest.raises(SendError):
        source.reply(to, "It comes tomorrow.", "case-1")
    assert source.find_reply(to, "case-1") == Absent()


def test_an_answer_is_found_behind_many_others(world: Shop, source: X) -> None:
    to = asked(world, source)
    source.reply(to, "It comes tomorrow.", "case-1")
    for n in range(25):
        world.passes(timedelta(seconds=1))
        world.answers(None, f"News {n}")
    assert isinstance(source.find_reply(to, "case-1"), Post)
    short = world.source(answer_keys="x", max_pages=2)
    assert isinstance(short.find_reply(to, "case-1"), Unknowable)


@pytest.mark.parametrize("fault", ["500", "429 reset", "drop", "html", "object", "402"])
def test_while_the_timeline_cannot_be_read_the_outcome_stays_unknown(
    world: Shop, source: X, fault: str
) -> None:
    to = asked(world, source)
    world.server.fail(fault)
    with pytest.raises(SendError) as raised:
        source.find_reply(to, "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_a_timeline_that_x_does_not_show_proves_nothing(world: Shop, source: X) -> None:
    to = asked(world, source)
    world.face.people.pop(HANDLE)
    with pytest.raises(SendError, match="Could not find user") as raised:
        source.find_reply(to, "case-1")
    assert raised.value.outcome is Outcome.UNKNOWN


def test_an_answer_is_counted_but_not_held_back_by_the_day_s_money(world: Shop) -> None:
    source = world.source(answer_keys="x", budget_usd_per_day=0.03, authors=False)
    to = asked(world, source)
    for number in range(3):
        assert source.reply(to, f"On its way, {number}", "case-1")
    with pytest.raises(SourceError, match=r"used up"):
        look(source)


def test_an_answer_with_a_link_is_counted_as_dear_as_it_is(world: Shop) -> None:
    source = world.source(answer_keys="x", budget_usd_per_day=0.19, authors=False)
    assert source.reply(asked(world, source), "Track it: shop.com/track", "case-1")
    with pytest.raises(SourceError, match=r"used up"):
        look(source)


def test_without_keys_nothing_is_answered(world: Shop, source: X) -> None:
    to = asked(world, source)
    with pytest.raises(SendError, match="no answer_keys") as raised:
        world.source().reply(to, "Hi", "case-1")
    assert raised.value.outcome is Outcome.PERMANENT
    del world.secrets.known["x_access_token"]
    with pytest.raises(SendError, match="x_access_token") as raised:
        source.reply(to, "Hi", "case-1")
    assert raised.value.outcome is Outcome.PERMANENT


# ------------------------------------------------------------------------------ looking up again


def test_what_is_deleted_is_gone_and_what_is_edited_comes_as_it_is_now(
    world: Shop, source: X
) -> None:
    kept, edited, deleted = (world.writes(f"@our_shop parcel {n}") for n in range(3))
    world.passes(timedelta(minutes=9))
    world.face.edit(edited, "@our_shop parcel, opened")
    world.face.edit(edited, "@our_shop parcel, opened and empty")
    world.face.delete(deleted)
    found = list(source.refresh([key(kept), key(edited), key(deleted)]))
    texts = {one.key: one.text for one in found if isinstance(one, Post)}
    assert texts == {
        key(kept): "@our_shop parcel 0",
        key(edited): "@our_shop parcel, opened and empty",
    }
    assert [one for one in found if not isinstance(one, Post)] == [Gone(key(deleted), world.now)]


def test_a_hundred_are_looked_up_in_a_call(world: Shop, source: X) -> None:
    numbers = [world.writes() for _ in range(250)]
    found = list(source.refresh([key(one) for one in numbers]))
    assert {one.key for one in found if isinstance(one, Post)} == {key(one) for one in numbers}
    assert [len(one.query["ids"].split(",")) for one in world.server.asked] == [100, 100, 50]


def test_looking_up_ends_where_the_day_s_money_does(world: Shop) -> None:
    numbers = [world.writes() for _ in range(30)]
    source = world.source(budget_usd_per_day=0.10)
    found: list[Post | Gone | Rejected] = []
    with pytest.raises(SourceError, match="budget is used up"):
        found.extend(source.refresh([key(one) for one in numbers]))
    assert len(found) == 16


def test_a_failure_in_between_keeps_what_was_looked_up(world: Shop, source: X) -> None:
    numbers = [world.writes() for _ in range(150)]
    looked_up = source.refresh([key(one) for one in numbers])
    found = list(islice(looked_up, 100))
    world.server.fail("drop")
    with pytest.raises(SourceError, match="refresh: the connection to X broke"):
        next(looked_up)
    assert len({one.key for one in found if isinstance(one, Post)}) == 100


# -------------------------------------------------------------------------------------- check


def tried(source: X) -> dict[str, Finding]:
    """What was found out, by what it is about."""
    return {one.said.partition(":")[0]: one for one in source.try_out()}


def test_a_token_and_keys_that_work_say_what_they_may_do_and_read_no_post(
    world: Shop, source: X
) -> None:
    for _ in range(30):
        world.writes("@our_shop my parcel")
    found = tried(source)
    assert {one.standing for one in found.values()} == {Standing.WELL}
    assert list(found) == ["token", "mentions", "search", "own", "budget", "answer_keys"]
    assert "1200 of 3000000 posts" in found["token"].said
    assert "this look cost $0.000; a post costs $0.015 at most" in found["mentions"].said
    assert "a day ends at $5.00" in found["budget"].said
    assert f"those of @{HANDLE} ({ACCOUNT}), may read-write" in found["answer_keys"].said
    assert len(ids(look(source))) == 30
    assert "without answer_keys none is sent" in tried(world.source())["answers"].said


def test_a_wrong_token_is_told(world: Shop, source: X) -> None:
    world.server.token = "another"
    with pytest.raises(SourceError, match="token: X answered 401"):
        tried(source)


def test_a_stream_that_may_not_be_read_is_told_and_the_others_are_tried(
    world: Shop, source: X
) -> None:
    world.server.fail("402", "/search/")
    found = tried(source)
    assert "credits are used up: buy some" in found["search"].said
    assert [name for name, one in found.items() if one.standing is Standing.FAILS] == ["search"]


def test_a_timeline_that_is_refused_is_no_failure_where_answers_are_sought(world: Shop) -> None:
    world.server.fail("403", f"{ACCOUNT}/tweets")
    found = tried(world.source(own_by_search=True))
    assert found["own"].standing is Standing.LACKS
    assert found["own, by search"].standing is Standing.WELL
    world.server.fail("402", "/search/")
    found = tried(world.source(own_by_search=True))
    assert found["own, by search"].standing is Standing.FAILS


def test_an_account_that_is_not_there_is_found_by_trying(world: Shop) -> None:
    found = tried(world.source(account="7"))
    assert "Could not find user" in found["mentions"].said
    assert found["mentions"].standing is Standing.FAILS


def test_money_without_a_limit_is_said_to_be_so(world: Shop) -> None:
    found = tried(world.source(budget_usd_per_day=None))
    assert found["budget"].standing is Standing.LACKS
    found = tried(world.source(budget_usd_per_day=1, budget_calls_per_day=99))
    assert found["budget"].said == "budget: a day ends at $1.00 or 99 calls"


def test_keys_that_may_only_read_are_told(world: Shop, source: X) -> None:
    world.face.access = "read"
    found = tried(source)["answer_keys"]
    assert "no answer can be sent from here: set its permissions to read and write" in found.said
    assert found.standing is Standing.FAILS


def test_keys_of_another_account_are_told(world: Shop, source: X) -> None:
    world.face.asker = "ana_p"
    assert f"of account 901, not of {ACCOUNT}" in tried(source)["answer_keys"].said


def test_a_handle_that_changed_is_told(world: Shop) -> None:
    found = tried(world.source(answer_keys="x", handle="old_name"))
    assert found["handle"].said == f"handle: the account is called @{HANDLE}, not @old_name"


def test_what_is_not_checked_is_said_to_be_so(world: Shop) -> None:
    found = tried(world.source(handle="old_name", owned=True))
    assert f"whether account {ACCOUNT} is called @old_name is not checked" in found["handle"].said
    assert "reading costs 5 times what is counted here" in found["owned"].said
    assert not {"handle", "owned"} & tried(world.source(answer_keys="x")).keys()


def test_keys_that_x_refuses_are_told(world: Shop, source: X) -> None:
    world.server.fail("401", "/users/me")
    found = tried(source)["answer_keys"]
    assert (found.standing, "X answered 401" in found.said) == (Standing.FAILS, True)


def test_no_error_and_no_call_shows_a_secret(world: Shop, source: X) -> None:
    world.server.fail("403")
    with pytest.raises(SourceError) as raised:
        tried(source)
    assert not any(secret in str(raised.value) for secret in ("terces", "yek", "nekot"))
    assert HANDLE not in str(raised.value)
