"""What the source `youtube` brings of a small channel, and what that costs of the day's quota."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Gone, Post, PostKind, Rejected, StreamKind
from monitor.simulator.serving import Fault
from monitor.simulator.youtube import refusal
from monitor.sources.youtube import comments
from tests.sources.channel import (
    CHANNEL,
    HANDLE,
    NOON,
    VIDEO,
    Channel,
    channel,
    key,
    look,
    posts,
)
from tests.sources.stores_world import items

HOUR = timedelta(hours=1)
QUOTA = (
    '{"error": {"code": 403, "message": "Quota is gone.", "errors": [{"reason": "quotaExceeded"}]}}'
)


@pytest.fixture
def world() -> Iterator[Channel]:
    with channel() as made:
        yield made


# ------------------------------------------------------------------------------------ comments


def test_a_comment_tells_who_where_and_whether_it_can_be_answered(world: Channel) -> None:
    top = world.says("ana.p", "Unde e coletul? 😡", edited_at=NOON + HOUR)
    post = posts(look(world.source()))[top]
    assert (post.key, post.kind, post.is_root) == (key(top), PostKind.COMMENT, True)
    assert (post.text, post.author.handle, post.author.name) == (
        "Unde e coletul? 😡",
        "@ana.p",
        None,
    )
    assert post.url == f"https://www.youtube.com/watch?v={VIDEO}&lc={top}"
    assert (post.posted_at, post.edited_at) == (NOON + timedelta(minutes=1), NOON + HOUR)
    assert (post.visibility, post.can_reply, post.cannot_reply_because) == ("public", True, None)


def test_a_comment_about_the_channel_itself_has_no_address(world: Channel) -> None:
    top = world.says("ana", "Bad shop", video=None)
    assert posts(look(world.source()))[top].url is None


def test_a_closed_comment_and_a_mere_key_say_why_nobody_can_answer(world: Channel) -> None:
    closed, open_ = world.says("ana", "one", can_reply=False), world.says("dan", "two")
    found = posts(look(world.source()))
    assert (found[closed].can_reply, found[open_].can_reply) == (False, True)
    assert found[closed].cannot_reply_because == comments.CLOSED
    read_only = world.source(api_key="youtube_key")
    assert "API key alone" in str(posts(look(read_only))[open_].cannot_reply_because)
    assert read_only.reply_author is None


def test_a_name_without_a_handle_is_a_name(world: Channel) -> None:
    top = world.says("ana", "late", broken={"authorDisplayName": "Ana P", "authorChannelId": None})
    author = posts(look(world.source()))[top].author
    assert (author.name, author.handle, author.id) == ("Ana P", None, None)


# ------------------------------------------------------------------------------------ replies


def test_a_reply_answers_whom_its_handle_names_else_the_thread_s_first_comment(
    world: Channel,
) -> None:
    top = world.says("ana", "Late!")
    other = world.says("dan", "Mine too", under=top)
    to_dan = world.says(HANDLE, "@DAN\u00a0which order?", under=top)
    to_ana = world.says(HANDLE, "Sorry!", under=top)
    to_nobody = world.says(HANDLE, "@daniel sorry!", under=top)
    again = world.says("dan", "@Bufnivo number 7", under=top)
    found = posts(look(world.source()))
    assert {one: found[one].reply_to for one in (other, to_dan, to_ana, to_nobody, again)} == {
        other: top,
        to_dan: other,
        to_ana: top,
        to_nobody: top,
        again: to_nobody,
    }
    assert {found[one].thread for one in found} == {top}
    assert found[to_dan].author.id == CHANNEL


def test_a_reply_typed_in_studio_to_an_old_comment_is_seen(world: Channel) -> None:
    source, cursors = world.source(), dict[str, str]()
    top = world.says("ana", "Late!")
    for number in range(9):
        world.says("dan", f"Nice {number}")
    look(source, cursors)
    answer = world.says(HANDLE, "Sorry!", under=top)
    assert set(posts(look(source, cursors))) == {top, answer}
    assert items(look(source, cursors)) == []


def test_of_a_long_thread_every_reply_is_read_once_and_what_that_takes_is_told(
    world: Channel,
) -> None:
    source, cursors = world.source(), dict[str, str]()
    top = world.says("ana", "Late!")
    below = {world.says("dan", f"Mine too {number}", under=top) for number in range(120)}
    world.simulated.units = 0
    (page,) = look(source, cursors)
    assert set(posts([page])) == {top, *below}
    assert page.cost.calls == 3 == world.simulated.units
    (quiet,) = look(source, cursors)
    assert (quiet.items, quiet.cost.calls) == ((), 1)


def test_pages_of_replies_that_lead_in_circles_are_given_up(world: Channel) -> None:
    top = world.says("ana", "Late!")
    for number in range(6):
        world.says("dan", f"{number}", under=top)
    world.server.fail("said", "/comments", body='{"items": [], "nextPageToken": "again"}')
    with pytest.raises(SourceError, match="in circles"):
        look(world.source())


def test_a_held_reply_in_a_long_thread_is_not_lost_among_the_others(world: Channel) -> None:
    top = world.says("ana", "Late!")
    for number in range(6):
        world.says("dan", f"{number}", under=top)
    held = [world.says("eva", f"http://{one}", under=top, status="heldForReview") for one in "ab"]
    found = posts(look(world.source(moderated=["held"]), name="held"))
    assert set(held) < set(found)
    assert len(found) == 9


def test_a_broken_reply_does_not_hide_its_thread(world: Channel) -> None:
    top = world.says("ana", "Late!")
    world.says("dan", "?", under=top, broken={"publishedAt": 7})
    world.says("eva", "me too", under=top)
    found = items(look(world.source()))
    assert sorted(type(one).__name__ for one in found) == ["Post", "Post", "Rejected"]


# ------------------------------------------------------------------------------------ streams


def test_what_youtube_holds_back_comes_by_a_stream_of_its_own(world: Channel) -> None:
    world.says("ana", "http://late.example", status="heldForReview")
    spam = world.says("bot", "cheap!", status="likelySpam")
    public = world.says("dan", "Fine")
    source = world.source(moderated=["held", "spam"])
    assert set(posts(look(source))) == {public}
    (held,) = posts(look(source, name="held")).values()
    assert (held.visibility, held.can_reply) == ("heldForReview", False)
    assert held.cannot_reply_because == comments.HELD
    assert set(posts(look(source, name="spam"))) == {spam}
    kinds = {one.name: one.kind for one in source.streams()}
    assert kinds == {
        "comments": StreamKind.ALL,
        "held": StreamKind.MENTIONS,
        "spam": StreamKind.MENTIONS,
    }


def test_a_video_of_somebody_else_is_read_by_itself(world: Channel) -> None:
    theirs = world.says("ana", "Bufnivo is late", video="aaaaaaaaaaa")
    world.says("dan", "Nice")
    source = world.source(videos=["aaaaaaaaaaa"])
    assert set(posts(look(source, name="video-aaaaaaaaaaa"))) == {theirs}


def test_a_video_without_comments_says_so(world: Channel) -> None:
    body = '{"error": {"message": "Comments are disabled.", "errors": [{"reason": "commentsDisabled"}]}}'
    world.server.fail("403", "videoId", body=body)
    with pytest.raises(SourceError, match="Comments are disabled") as raised:
        look(world.source(videos=[VIDEO]), name=f"video-{VIDEO}")
    assert raised.value.permanent


def test_a_continuation_that_youtube_forgot_costs_no_comment(world: Channel) -> None:
    for number in range(9):
        world.says("ana", f"Late {number}")
    source, cursors = world.source(), dict[str, str]()
    stream = source.streams()[0]
    first = next(source.pages(stream, None))
    cursors["comments"] = first.cursor.replace("page-4", "gone")
    assert len(posts([first, *look(source, cursors)])) == 9


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"api_key": "youtube_key", "client_id": "a"}, "give an api_key, to read; or"),
        ({"api_key": None}, "give an api_key, to read; or"),
        ({"api_key": "youtube_key", "moderated": ["held"]}, "to the channel alone"),
        ({"videos": [VIDEO, VIDEO]}, "named once"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    world: Channel, said: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        world.source(**said)


# ------------------------------------------------------------------------------------ quota


def test_the_key_is_in_no_address(world: Channel) -> None:
    world.says("ana", "Late")
    look(world.source(api_key="youtube_key"))
    assert all(world.simulated.api_key not in one.address for one in world.server.asked)


def test_the_day_s_quota_is_there_again_when_google_s_day_begins(world: Channel) -> None:
    world.server.faults.append(Fault("403", "Threads", body=QUOTA))
    with pytest.raises(SourceError, match=r"too many calls.*Quota is gone") as raised:
        look(world.source())
    assert not raised.value.permanent
    # noon in UTC is 5 in the morning there, in summer time
    assert raised.value.retry_after == timedelta(hours=19)


def test_reading_stops_at_the_budget_and_goes_on_where_it_was(world: Channel) -> None:
    for number in range(12):
        world.says("ana", f"Late {number}")
    cursors = dict[str, str]()
    with pytest.raises(SourceError) as raised:
        look(world.source(units_per_day=4), cursors)
    assert raised.value.out_of_budget
    assert world.calls("commentThreads") == 2
    assert len(posts(look(world.source(), cursors))) == 4


# ------------------------------------------------------------------------------------ looking again


def test_fifty_comments_are_looked_up_in_two_calls(world: Channel) -> None:
    source = world.source()
    top = world.says("ana", "Late!")
    below = [world.says("dan", f"{number}", under=top) for number in range(49)]
    alone = world.says("eva", "Nice")
    seen = posts(look(source))
    world.server.asked.clear()
    told = source.refresh([key(top), *map(key, below)])
    again = {one.key.external_id: one for one in told if isinstance(one, Post)}
    assert [one.path for one in world.server.asked] == [
        "/youtube/v3/commentThreads",
        "/youtube/v3/comments",
    ]
    for number in (top, *below):
        one = again[number]
        assert (one.text, one.url) == (seen[number].text, seen[number].url)
    assert alone not in again


def test_what_is_deleted_is_gone_and_a_reply_with_its_thread(world: Channel) -> None:
    source = world.source()
    top, other = world.says("ana", "Late!"), world.says("eva", "Nice")
    reply, kept = world.says("dan", "x", under=top), world.says("dan", "y", under=other)
    gone = world.says("dan", "z", under=other)
    keys = [key(one) for one in (top, other, reply, kept, gone)]
    world.simulated.delete(top)
    world.simulated.delete(gone)
    told = list(source.refresh([*keys, keys[0]]))
    assert [one.key for one in told if not isinstance(one, Rejected)] == keys
    assert [type(one) for one in told] == [Gone, Post, Gone, Post, Gone]


def test_one_that_cannot_be_read_any_more_is_not_gone(world: Channel) -> None:
    top = world.says("ana", "Late!", broken={"textDisplay": 7})
    (told,) = world.source().refresh([key(top)])
    assert isinstance(told, Rejected)


def test_a_failing_look_again_deletes_nothing(world: Channel) -> None:
    top = world.says("ana", "Late!")
    for fault in (Fault("503"), Fault("object")):
        world.server.faults[:] = [fault]
        with pytest.raises(SourceError):
            list(world.source(api_key="youtube_key").refresh([key(top)]))


# ------------------------------------------------------------------------------------ trying


def test_a_trial_says_whose_the_permission_is(world: Channel) -> None:
    findings = list(world.source(moderated=["held"]).try_out())
    assert {one.standing for one in findings} == {Standing.WELL}
    assert [one.said.partition(":")[0] for one in findings] == [
        "channel",
        "comments",
        "held",
        "quota",
    ]
    other = world.source(channel="UC" + "x" * 22).try_out()
    assert Standing.FAILS in {one.standing for one in other}


def test_a_trial_with_a_key_alone_says_that_nothing_can_be_answered(world: Channel) -> None:
    findings = list(world.source(api_key="youtube_key").try_out())
    assert [one.standing for one in findings].count(Standing.LACKS) == 1
    unknown = world.source(api_key="youtube_key", channel="UC" + "x" * 22).try_out()
    assert Standing.FAILS in {one.standing for one in unknown}


def test_the_simulated_youtube_refuses_as_google_does() -> None:
    assert refusal(404, "channelNotFound")[1]["error"]["errors"][0]["reason"] == "channelNotFound"
