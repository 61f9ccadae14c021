"""What comes of Reddit's listings, over HTTP and through praw."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Finding, Standing
from monitor.domain.post import NOBODY, Author, Gone, Post, PostKey, PostKind, Rejected, StreamKind
from monitor.simulator.ids import author_id
from monitor.simulator.serving import Fault
from monitor.sources.reddit import Reddit
from tests.sources.seen import gaps, items, one, pages
from tests.sources.subreddit import (
    BRAND,
    LOGGED_IN,
    NOW,
    SECRETS,
    comment,
    ids,
    reddit,
    source,
    submission,
)


def test_a_submission_comes_whole() -> None:
    with reddit() as server:
        server.reddit.put(submission(1, title="Bufnivo &amp; my parcel", text="<3 weeks"))
        post = one(source(server), "submissions")
    assert (post.key, post.kind) == (PostKey("reddit", "t3_s0001"), PostKind.POST)
    assert post.is_root
    assert post.reply_to is None
    assert (post.title, post.text) == ("Bufnivo &amp; my parcel", "<3 weeks")
    assert post.author == Author(id=author_id("reddit", "ana_p"), handle="ana_p")
    assert post.url == "https://www.reddit.com/r/help/comments/s0001/_/"
    assert post.posted_at == NOW - timedelta(days=1) + timedelta(seconds=1)
    assert post.edited_at is None
    assert post.visibility == "public"


def test_a_comment_says_what_it_answers_and_in_which_thread() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        server.reddit.put(comment(2))
        server.reddit.put(comment(3, parent="t1_c0002"))
        found = {
            post.key.external_id: post
            for post in items(source(server), "comments")
            if isinstance(post, Post)
        }
    answer = found["t1_c0003"]
    assert (answer.kind, answer.thread, answer.reply_to) == (
        PostKind.COMMENT,
        "t3_s0001",
        "t1_c0002",
    )
    assert answer.url == "https://www.reddit.com/r/help/comments/s0001/_/c0003/"
    assert found["t1_c0002"].reply_to == "t3_s0001"


def test_a_link_is_text_where_there_is_no_other() -> None:
    with reddit() as server:
        link = {"is_self": False, "url": "https://shop.example/terms", "selftext": ""}
        server.reddit.put(submission(1, broken=link))
        post = one(source(server), "submissions")
    assert post.text == "https://shop.example/terms"


def test_a_crosspost_quotes_what_it_shows() -> None:
    with reddit() as server:
        server.reddit.put(submission(1, broken={"crosspost_parent": "t3_other"}))
        assert one(source(server), "submissions").quotes == ("t3_other",)


def test_a_deleted_account_is_nobody_and_its_words_stay() -> None:
    with reddit() as server:
        server.reddit.put(submission(1, author=None))
        post = one(source(server), "submissions")
    assert post.author == NOBODY
    assert post.text == "no parcel"


@pytest.mark.parametrize("said", ["[deleted]", "[removed]", "[ Removed by Reddit ]"])
def test_a_text_taken_out_is_a_deletion_between_two_looks(said: str) -> None:
    with reddit() as server:
        server.reddit.put(comment(1, parent="t3_s0001"))
        first = pages(source(server), "comments")[-1].cursor
        server.reddit["t1_c0001"].broken = {"body": said, "author": "[deleted]"}
        later = NOW + timedelta(minutes=5)
        found = items(source(server, now=later), "comments", first)
    assert found == [Gone(PostKey("reddit", "t1_c0001"), later, NOW)]


@pytest.mark.parametrize(
    ("closed", "because"), [("locked", "it is locked"), ("archived", "it is archived")]
)
def test_what_takes_no_replies_says_so_and_why(closed: str, because: str) -> None:
    with reddit() as server:
        server.reddit.put(submission(1, **{closed: True}))
        post = one(source(server, **LOGGED_IN, subreddits=["help"]), "submissions")
    assert post.can_reply is False
    assert post.cannot_reply_because is not None
    assert post.cannot_reply_because.startswith(because)


def test_without_an_account_nothing_can_be_answered() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        mute = one(source(server), "submissions")
        able = one(source(server, **LOGGED_IN, subreddits=["help"]), "submissions")
    assert (mute.can_reply, able.can_reply) == (False, True)
    assert mute.cannot_reply_because


@pytest.mark.parametrize("is_told", [True, False])
def test_an_edit_is_brought_again_told_by_reddit_or_not(is_told: bool) -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        first = pages(source(server), "submissions")[-1].cursor
        edited = server.reddit["t3_s0001"]
        edited.text = "it came!"
        edited.edited_at = NOW if is_told else None  # Reddit tells no edit of the first minutes
        (post,) = items(source(server), "submissions", first)
    assert isinstance(post, Post)
    assert post.text == "it came!"
    assert post.edited_at == (NOW if is_told else None)


def test_what_is_known_and_unchanged_is_not_brought_again_for_one_call() -> None:
    with reddit() as server:
        for number in range(300):
            server.reddit.put(submission(number))
        reader = source(server)
        first = pages(reader, "submissions")[-1].cursor
        server.asked.clear()
        again = pages(reader, "submissions", first)
    assert ids(again) == set()
    assert [page.cost.calls for page in again] == [len(server.asked)]
    assert len(server.asked) <= 3  # 300 s of posts lie within the overlap of two hours


def test_a_look_stops_at_known_ground() -> None:
    with reddit() as server:
        for number in range(500):
            server.reddit.put(submission(number, at=NOW - timedelta(minutes=number)))
        reader = source(server, overlap="30m")
        first = pages(reader, "submissions")[-1].cursor
        server.asked.clear()
        server.reddit.put(submission(900, at=NOW + timedelta(minutes=1)))
        again = pages(reader, "submissions", first)
    assert ids(again) == {"t3_s0900"}
    assert len(server.asked) == 1


def test_nothing_older_than_the_look_back_comes() -> None:
    with reddit() as server:
        server.reddit.put(submission(1, at=NOW - timedelta(days=8)))
        server.reddit.put(submission(2, at=NOW - timedelta(days=6)))
        found = pages(source(server), "submissions")
        found += pages(source(server), "submissions", found[-1].cursor)
    assert ids(found) == {"t3_s0002"}


def test_more_than_reddit_lists_is_a_gap_with_its_ends() -> None:
    with reddit() as server:
        server.reddit.put(submission(0, at=NOW - timedelta(hours=9)))
        reader = source(server)
        first = pages(reader, "submissions")[-1].cursor
        for number in range(1, 1101):
            server.reddit.put(submission(number, at=NOW + timedelta(seconds=number)))
        found = pages(source(server, now=NOW + timedelta(hours=1)), "submissions", first)
    assert len(ids(found)) == 1000
    (gap,) = gaps(found)
    assert gap.from_ == (NOW - timedelta(hours=9)).isoformat()
    assert gap.to == (NOW + timedelta(seconds=101)).isoformat()


def test_as_much_as_reddit_lists_is_no_gap() -> None:
    with reddit() as server:
        server.reddit.put(submission(0, at=NOW - timedelta(hours=9)))
        first = pages(source(server), "submissions")[-1].cursor
        for number in range(1, 1000):
            server.reddit.put(submission(number, at=NOW + timedelta(seconds=number)))
        found = pages(source(server, now=NOW + timedelta(hours=1)), "submissions", first)
    assert len(ids(found)) == 999
    assert gaps(found) == []


@pytest.mark.parametrize("at", [NOW + timedelta(days=300), NOW - timedelta(hours=10)])
def test_one_thing_out_of_order_hides_no_gap(at: datetime) -> None:
    with reddit() as server:
        odd = submission(1, at=NOW + timedelta(days=300))
        server.reddit.put(odd)
        server.reddit.put(submission(0, at=NOW - timedelta(hours=9)))
        first = pages(source(server), "submissions")[-1].cursor
        odd.broken = {"created_utc": at.timestamp()}  # it is listed first, whatever its time is
        for number in range(2, 1102):
            server.reddit.put(submission(number, at=NOW + timedelta(seconds=number)))
        found = pages(source(server, now=NOW + timedelta(hours=1)), "submissions", first)
    (gap,) = gaps(found)
    assert (gap.from_, gap.to) == (
        NOW.isoformat(),
        (NOW + timedelta(seconds=103)).isoformat(),
    )


def test_a_deletion_at_the_end_of_a_page_hides_nothing_behind_it() -> None:
    with reddit() as server:
        for number in range(10):
            server.reddit.put(submission(number))
        reader = source(server, page_size=3)
        (stream,) = (one for one in reader.streams() if one.name == "submissions")
        reading = reader.pages(stream, None)
        found = [next(reading)]
        server.reddit["t3_s0007"].fate = "deleted"  # the last of the page, from which it goes on
        found += reading
    assert ids(found) == {f"t3_s{number:04}" for number in range(10)}


def test_a_listing_that_breaks_off_is_no_end() -> None:
    nothing = Fault("said", "/new", body='{"data": {"children": [], "after": null}}')
    with reddit() as server:
        for number in range(30):
            server.reddit.put(submission(number))
        reader = source(server, page_size=10)
        (stream,) = (one for one in reader.streams() if one.name == "submissions")
        reading = reader.pages(stream, None)
        first = next(reading)
        server.faults.append(nothing)
        with pytest.raises(SourceError, match="broke off"):
            next(reading)
        server.faults.clear()
        found = [first, *pages(reader, "submissions", first.cursor)]
    assert ids(found) == {f"t3_s{number:04}" for number in range(30)}


@pytest.mark.parametrize("hours", [-26, 26], ids=["behind", "ahead"])
def test_a_clock_that_is_wrong_by_a_day_hides_nothing(hours: int) -> None:
    ours = NOW + timedelta(hours=hours)
    with reddit() as server:
        for number in range(5):
            server.reddit.put(submission(number, at=NOW + timedelta(seconds=number)))
        first = pages(source(server, now=ours, page_size=4), "submissions")
        for number in range(5, 30):
            server.reddit.put(submission(number, at=NOW + timedelta(seconds=number)))
        later = source(server, now=ours + timedelta(minutes=1), page_size=4)
        found = first + pages(later, "submissions", first[-1].cursor)
    assert len(ids(found)) == 30


def test_a_stream_that_failed_for_a_day_is_read_to_where_it_was() -> None:
    with reddit() as server:
        server.reddit.put(submission(0))
        first = pages(source(server), "submissions")
        server.faults.append(Fault("503", "/new"))
        for number in range(1, 401):
            at = NOW + timedelta(minutes=3 * number)
            server.reddit.put(submission(number, at=at))
            if number % 100 == 0:
                with pytest.raises(SourceError):
                    pages(source(server, now=at), "submissions", first[-1].cursor)
        server.faults.clear()
        tomorrow = source(server, now=NOW + timedelta(days=1))
        found = first + pages(tomorrow, "submissions", first[-1].cursor)
    assert len(ids(found)) == 401
    assert gaps(found) == []


def test_terms_choose_by_the_text_or_by_the_title_of_the_thread() -> None:
    with reddit() as server:
        server.reddit.put(submission(1, title="Bufnivo lost my parcel", text="…"))
        server.reddit.put(submission(2, title="Any good lamps?", text="not from bufnivoland"))
        server.reddit.put(comment(3, parent="t3_s0001", text="mine, too"))
        server.reddit.put(comment(4, parent="t3_s0002", text="BUFNIVO has some"))
        server.reddit.put(comment(5, parent="t3_s0002", text="no idea"))
        reader = source(server, terms=["bufnivo"])
        found = pages(reader, "submissions") + pages(reader, "comments")
    assert ids(found) == {"t3_s0001", "t1_c0003", "t1_c0004"}


def test_the_inbox_brings_replies_and_mentions_with_their_threads() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        server.reddit.put(comment(2, author=BRAND, text="On its way!"))
        server.reddit.put(comment(3, parent="t1_c0002", text="since when?"))
        server.reddit.put(comment(4, text=f"u/{BRAND} are you asleep?"))
        server.reddit.put(comment(5, text="not for you"))
        reader = source(server, username=BRAND, refresh_token="refresh")
        inbox = {p.key.external_id: p for p in items(reader, "inbox") if isinstance(p, Post)}
        mentions = one(reader, "mentions")
    assert set(inbox) == {"t1_c0003", "t1_c0004"}
    assert inbox["t1_c0003"].thread == "t3_s0001"
    assert inbox["t1_c0003"].reply_to == "t1_c0002"
    assert inbox["t1_c0003"].url == "https://www.reddit.com/r/help/comments/s0001/_/c0003/"
    assert mentions.key.external_id == "t1_c0004"


def test_a_private_message_is_no_post() -> None:
    message = '{"data": {"children": [{"kind": "t4", "data": {"name": "t4_1", "body": "psst"}}]}}'
    with reddit() as server:
        server.faults.append(Fault("said", "/message/inbox", body=message))
        assert items(source(server, username=BRAND, refresh_token="refresh"), "inbox") == []


def test_every_account_of_the_brand_has_a_stream_of_its_own() -> None:
    with reddit() as server:
        server.reddit.put(comment(1, author=BRAND))
        server.reddit.put(comment(2, author="Shop_Night"))
        server.reddit.put(comment(3))
        reader = source(server, **LOGGED_IN, accounts=["u/Shop_Night", BRAND])
        own = [stream.name for stream in reader.streams() if stream.kind is StreamKind.OWN]
        assert own == ["own-our_shop", "own-shop_night"]
        assert ids(pages(reader, own[1])) == {"t1_c0002"}


def test_something_unreadable_is_told_once_and_hides_nothing() -> None:
    with reddit() as server:
        server.reddit.put(submission(1, broken={"selftext": 7}))
        server.reddit.put(submission(2, broken={"name": None}))
        server.reddit.put(submission(3, broken={"created_utc": "yesterday"}))
        server.reddit.put(submission(4))
        first = pages(source(server), "submissions")
        again = pages(source(server), "submissions", first[-1].cursor)
    rejected = [item for page in first for item in page.items if isinstance(item, Rejected)]
    assert len(rejected) == 3
    assert all(item.reason and item.sample for item in rejected)
    assert ids(first) == {"t3_s0004"}
    assert [item for page in again for item in page.items] == []


def test_a_refresh_asks_for_a_hundred_at_once_and_tells_what_is_gone() -> None:
    with reddit() as server:
        for number in range(230):
            server.reddit.put(submission(number))
        server.reddit["t3_s0007"].fate = "deleted"
        server.reddit["t3_s0008"].fate = "removed"
        server.reddit["t3_s0009"].text = "it came!"
        keys = [PostKey("reddit", f"t3_s{number:04}") for number in range(230)]
        unseen = [PostKey("reddit", "t3_private"), PostKey("reddit", "not a fullname")]
        reader = source(server)
        found = {item.key: item for item in reader.refresh([*keys, *unseen]) if item.key}  # type: ignore[union-attr]
        calls = [one for one in server.asked if one.path.startswith("/api/info")]
    assert set(found) == set(keys)
    assert len(calls) == 3
    gone = {key.external_id for key, item in found.items() if isinstance(item, Gone)}
    assert gone == {"t3_s0007", "t3_s0008"}
    edited = found[PostKey("reddit", "t3_s0009")]
    assert isinstance(edited, Post)
    assert edited.text == "it came!"


def test_the_secrets_are_asked_for_at_the_first_call_and_named_if_missing() -> None:
    with reddit() as server:
        reader = source(server, secrets={"other": "x"})
        with pytest.raises(SourceError, match='"reddit_client_secret" is missing') as raised:
            pages(reader, "submissions")
    assert raised.value.permanent


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reddit_client_secret": "no"}, {}),
        ({"refresh": "no"}, {"username": BRAND, "refresh_token": "refresh"}),
        ({"password": "no"}, {"username": BRAND, "password": "password"}),
    ],
    ids=["client secret", "refresh token", "password"],
)
def test_a_wrong_secret_is_for_good_and_says_what_to_check(
    wrong: dict[str, str], said: dict[str, Any]
) -> None:
    with reddit() as server:
        reader = source(server, secrets=SECRETS | wrong, subreddits=["help"], **said)
        with pytest.raises(SourceError, match="does not let us in") as raised:
            pages(reader, "submissions")
    assert raised.value.permanent


def test_praw_s_own_settings_lying_about_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "praw.ini").write_text(
        "[DEFAULT]\nclient_id = other\n[elsewhere]\nusername = eve\n"
    )
    monkeypatch.chdir(tmp_path)
    for name in ("client_id", "client_secret", "username", "password", "refresh_token", "site"):
        monkeypatch.setenv(f"praw_{name}", "elsewhere")
    with reddit() as server:
        server.reddit.put(submission(1))
        assert ids(pages(source(server), "submissions")) == {"t3_s0001"}


def test_a_password_logs_in_as_well() -> None:
    with reddit() as server:
        server.reddit.put(comment(1, text=f"u/{BRAND}?"))
        reader = source(server, username=BRAND, password="password")
        assert ids(pages(reader, "mentions")) == {"t1_c0001"}


def test_an_expired_token_is_renewed_without_a_word() -> None:
    with reddit() as server:
        server.reddit.put(submission(1))
        reader = source(server)
        first = pages(reader, "submissions")
        server.expire_tokens()
        server.reddit.put(submission(2))
        assert ids(pages(reader, "submissions", first[-1].cursor)) == {"t3_s0002"}


def test_a_token_revoked_while_running_is_for_good() -> None:
    with reddit() as server:
        reader = source(server, **LOGGED_IN)
        pages(reader, "own-our_shop")
        server.refresh_tokens.clear()
        server.expire_tokens()
        with pytest.raises(SourceError, match="revoked") as raised:
            pages(reader, "own-our_shop")
        assert raised.value.permanent
        server.refresh_tokens["r3fresh"] = (BRAND, "*")
        assert pages(reader, "own-our_shop"), "a token that is mended needs no restart"


def test_a_secret_that_is_replaced_while_running_is_read_anew() -> None:
    kept = dict(SECRETS)
    with reddit() as server:
        reader = source(server, secrets=kept, **LOGGED_IN)
        server.refresh_tokens = {"n3w": (BRAND, "*")}
        with pytest.raises(SourceError, match="revoked"):
            pages(reader, "own-our_shop")
        kept["refresh"] = "n3w"
        assert pages(reader, "own-our_shop")


def test_a_used_up_quota_is_waited_for_without_asking() -> None:
    with reddit(quota=2) as server:
        reader = source(server)
        pages(reader, "submissions")
        server.asked.clear()
        with pytest.raises(SourceError, match="quota") as raised:
            pages(reader, "comments")
        assert server.asked == []
    assert not raised.value.permanent
    assert raised.value.retry_after is not None
    assert timedelta(seconds=50) < raised.value.retry_after <= timedelta(seconds=60)


def test_a_subreddit_that_went_private_says_so() -> None:
    with reddit() as server:
        server.private.add("help")
        with pytest.raises(SourceError, match=r"submissions: .*private") as raised:
            pages(source(server), "submissions")
    assert raised.value.permanent


@pytest.mark.parametrize("name", ["reddit_client_secret", "refresh"])
@pytest.mark.parametrize("secret", ["s3\nHUSH-HUSH", "HUSH…"])
def test_a_secret_that_no_header_holds_is_never_repeated(name: str, secret: str) -> None:
    with reddit() as server:
        reader = source(server, secrets=SECRETS | {name: secret}, **LOGGED_IN)
        with pytest.raises(SourceError, match=f'the secret "{name}" holds') as raised:
            pages(reader, "own-our_shop")
        assert "HUSH" not in str(raised.value)
        assert not server.asked


@pytest.mark.parametrize(
    "answer", ["{}", "[]", '{"access_token": 7}', '{"error": "invalid_grant"}', "<html>"]
)
def test_garbage_for_a_token_is_an_error_of_the_source(answer: str) -> None:
    with reddit() as server:
        server.faults.append(Fault("said", "access_token", body=answer))
        with pytest.raises(SourceError):
            pages(source(server), "submissions")


def tried(reader: Reddit) -> dict[str, Finding]:
    """What was found out, by what it is about."""
    return {one.said.partition(":")[0]: one for one in reader.try_out()}


def test_trying_out_says_who_one_is_and_what_may_be_done() -> None:
    with reddit(quota=1000) as server:
        found = tried(source(server, username=BRAND, refresh_token="refresh", search="parcel"))
        assert {one.standing for one in found.values()} == {Standing.WELL}
        assert list(found) == [
            *("log-in", "scopes", "search"),
            *("mentions", "inbox", "own-our_shop", "calls"),
        ]
        assert found["log-in"].said == f"log-in: works, as u/{BRAND}"
        assert found["scopes"].said == "scopes: everything"
        assert (
            found["calls"].said == f"calls: {1000 - len(server.asked)} are left for the next 60 s"
        )
        assert "without an account" in tried(source(server))["log-in"].said


def test_trying_out_names_each_scope_that_is_missing_and_what_it_costs() -> None:
    with reddit() as server:
        server.refresh_tokens["r3fresh"] = (BRAND, "read")
        found = tried(source(server, username=BRAND, refresh_token="refresh", subreddits=["help"]))
    assert {name: one.standing for name, one in found.items()} == {
        "log-in": Standing.LACKS,
        "scopes": Standing.WELL,
        "submissions": Standing.WELL,
        "comments": Standing.WELL,
        "mentions": Standing.FAILS,
        "inbox": Standing.FAILS,
        "own-our_shop": Standing.FAILS,
        "scope submit is missing": Standing.LACKS,
        "calls": Standing.WELL,
    }
    assert "lacks the scope privatemessages: who calls" in found["inbox"].said
    assert "lacks the scope history: a complaint that you answered" in found["own-our_shop"].said
    assert "no answer can be sent from here" in found["scope submit is missing"].said


def test_trying_out_finds_the_token_of_another_account() -> None:
    with reddit() as server:
        server.refresh_tokens["r3fresh"] = ("somebody", "*")
        found = tried(source(server, **LOGGED_IN))["log-in"]
    assert found.standing is Standing.FAILS
    assert found.said.endswith("it would answer as u/somebody")


def test_trying_out_finds_a_misspelt_subreddit_and_goes_on() -> None:
    with reddit() as server:
        server.faults.append(Fault("redirect", "/r/helpp/new"))
        found = tried(source(server, subreddits=["helpp"]))
    assert "no such subreddit" in found["submissions"].said
    assert found["comments"].standing is Standing.WELL


def test_trying_out_without_a_log_in_says_what_to_check() -> None:
    with reddit() as server:
        server.faults.append(Fault("401", "access_token"))
        with pytest.raises(SourceError, match="log-in: Reddit does not let us in"):
            tried(source(server))


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"username": BRAND}, "refresh_token"),
        ({"refresh_token": "x", "subreddits": ["help"]}, "username"),
        ({"accounts": [BRAND]}, "nothing to read"),
        ({"subreddits": ["two words"]}, "no name of a subreddit"),
        ({"subreddits": ["help"], "overlap": "soon"}, "span of time"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(said: dict[str, Any], complaint: str) -> None:
    with reddit() as server, pytest.raises(ConfigError, match=complaint):
        source(server, **{"subreddits": [], **said})
