"""What `mastodon` brings, and how far back it looks: over HTTP, through Mastodon.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Author, Cursor, Post, PostKey, Rejected, StreamKind
from monitor.simulator.serving import Fault
from tests.sources.fediverse import BRAND, FIRST, NOW, paths, server, source, texts
from tests.sources.seen import gaps, items, one, pages

HOUR = timedelta(hours=1)


def test_a_mention_comes_with_all_that_the_network_tells() -> None:
    with server() as here:
        here.world.put(
            "ignored",
            html='<p>@our_shop unde e <a href="https://x.example/1"><span class="invisible">https://'
            "</span><span>x.example/1</span></a>?<br />Aștept &amp; aștept</p><p>😡</p>",
            author="ana@elsewhere.example",
            mentions=[BRAND],
            visibility="unlisted",
            edited_at=NOW - HOUR,
            at=NOW - 2 * HOUR,
            broken={
                "spoiler_text": "colet",
                "quote": {"quoted_status": {"uri": "https://q.example"}},
            },
        )
        post = one(source(here), "mentions")
    assert post == Post(
        key=PostKey("mastodon", f"https://elsewhere.example/users/ana/statuses/{FIRST}"),
        thread=f"https://elsewhere.example/users/ana/statuses/{FIRST}",
        title="colet",
        text="@our_shop unde e https://x.example/1?\nAștept & aștept\n\n😡",
        lang="ro",
        quotes=("https://q.example",),
        author=Author(
            id="https://elsewhere.example/users/ana",
            handle="ana@elsewhere.example",
            name="Ana",
            followers=12,
        ),
        visibility="unlisted",
        reply_token=str(FIRST),
        url=f"https://elsewhere.example/@ana/{FIRST}",
        posted_at=NOW - 2 * HOUR,
        edited_at=NOW - HOUR,
        reach=12,
        can_reply=True,
    )


def test_an_account_of_the_server_itself_has_its_full_handle() -> None:
    with server() as here:
        here.world.put("late", author="dan", mentions=[BRAND])
        post = one(source(here, answers=False), "mentions")
    assert (post.author.handle, post.via) == ("dan@social.example", "Web")
    assert (post.can_reply, post.cannot_reply_because) == (
        False,
        "the token may only read (answers = false)",
    )


def test_streams_are_what_the_config_asks_for() -> None:
    with server() as here:
        said: dict[str, Any] = {
            "hashtags": ["#Parcel"],
            "search": ["our shop"],
            "accounts": ["@b@c.example"],
        }
        streams = source(here, **said).streams()
    assert [(stream.name, stream.kind) for stream in streams] == [
        ("mentions", StreamKind.MENTIONS),
        ("tag-parcel", StreamKind.SEARCH),
        ("search-our shop", StreamKind.SEARCH),
        ("own", StreamKind.OWN),
        ("own-b@c.example", StreamKind.OWN),
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"hashtags": ["two words"]},
        {"accounts": ["a@b@c"]},
        {"base_url": "social.example"},
        {"account": "our_shop"},
        {"overlap": "7d"},
        {"search": [""]},
        {"page_size": 41},
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, Any]) -> None:
    with server() as here, pytest.raises(ConfigError, match=r"sources\.mastodon"):
        source(here, **said)


def test_a_status_that_another_server_delivers_late_is_seen_though_its_number_is_old() -> None:
    """Mastodon numbers it by the time that it claims: far below the newest."""
    now = [NOW]
    with server(lambda: now[0]) as here:
        here.world.put("first", number=str(FIRST + 50), tags=("parcel",))
        reader = source(here, clock=lambda: now[0], hashtags=["parcel"], overlap="2h")
        (page, last) = pages(reader, "tag-parcel")
        cursor, seen = last.cursor, texts([page])
        for turn in range(1, 6):
            now[0] += HOUR
            here.world.put(f"later {turn}", number=str(FIRST + 50 + 10 * turn), tags=("parcel",))
            # it was written an hour ago, and its server was down since
            here.world.put(f"late {turn}", number=str(FIRST + 45 + 10 * turn), tags=("parcel",))
            found = pages(reader, "tag-parcel", cursor)
            cursor, seen = found[-1].cursor, seen + texts(found)
    assert sorted(seen) == sorted(
        ["first", *(f"{word} {turn}" for turn in range(1, 6) for word in ("later", "late"))]
    )


def test_what_is_known_is_not_brought_again_and_the_cursor_stays_small() -> None:
    now = [NOW]
    with server(lambda: now[0]) as here:
        reader, cursor, lengths = source(here, clock=lambda: now[0]), None, []
        for turn in range(40):
            now[0] += timedelta(minutes=20)
            here.world.put(f"no. {turn}", mentions=[BRAND])
            found = pages(reader, "mentions", cursor)
            cursor = found[-1].cursor
            assert texts(found) == [f"no. {turn}"]
            lengths.append(len(cursor))
    assert max(lengths[20:]) < 1.2 * lengths[19]


def test_an_edit_within_the_overlap_is_seen() -> None:
    with server() as here:
        status = here.world.put("bad #parcel", tags=("parcel",))
        reader = source(here, hashtags=["parcel"])
        cursor = pages(reader, "tag-parcel")[-1].cursor
        status.text, status.edited_at = "worse #parcel", NOW
        found = pages(reader, "tag-parcel", cursor)
        assert texts(found) == ["worse #parcel"]
        assert texts(pages(reader, "tag-parcel", found[-1].cursor)) == []


def test_the_first_look_goes_back_as_far_as_the_config_says() -> None:
    with server() as here:
        for days in range(30, 0, -1):
            here.world.put(f"{days} days", at=NOW - timedelta(days=days), tags=("parcel",))
        reader = source(here, hashtags=["parcel"], look_back="5d", page_size=2)
        found = pages(reader, "tag-parcel")
    assert sorted(texts(found)) == [f"{days} days" for days in range(1, 6)]
    assert gaps(found) == []
    assert sum(page.cost.calls for page in found) == len(here.asked) == 5, "one is for the instance"


def test_what_more_pages_than_the_config_allows_leave_out_is_a_gap() -> None:
    with server() as here:
        for number in range(9):
            here.world.put(f"no. {number}", mentions=[BRAND])
        reader = source(here, page_size=2, max_pages=2)
        found = pages(reader, "mentions")
        assert sorted(texts(found)) == ["no. 5", "no. 6", "no. 7", "no. 8"]
        (gap,) = gaps(found)
        assert gap.from_ == (NOW - timedelta(days=7)).isoformat()
        assert gap.to == "7000000000000000005"
        assert "max_pages" in gap.reason


def test_a_search_is_read_by_offset_down_to_known_ground() -> None:
    now = [NOW]
    with server(lambda: now[0]) as here:
        for number in range(7):
            here.world.put(f"parcel {number}", number=str(FIRST + number))
        reader = source(here, clock=lambda: now[0], search=["parcel"], page_size=3, overlap="1h")
        found = pages(reader, "search-parcel")
        assert len(texts(found)) == 7
        for turn in range(3):
            now[0] += 2 * HOUR
            here.world.put(f"parcel again {turn}")
            found = pages(reader, "search-parcel", found[-1].cursor)
            assert texts(found) == [f"parcel again {turn}"]
    assert len(found) == 1, "three hours ago is known ground"


def test_reposts_are_left_out() -> None:
    with server() as here:
        status = here.world.put("parcel", tags=("parcel",))
        here.world.put("parcel", tags=("parcel",), reblog=status.number)
        assert len(items(source(here, hashtags=["parcel"]), "tag-parcel")) == 1


def test_who_quotes_the_account_is_read_and_can_be_left_out() -> None:
    with server() as here:
        here.world.notify("quote", here.world.put("look at these people").number)
        assert texts(pages(source(here), "mentions")) == ["look at these people"]
        assert texts(pages(source(here, quotes=False), "mentions")) == []


def test_a_thread_is_asked_for_once_and_only_where_it_is_not_known() -> None:
    with server() as here:
        world = here.world
        root = world.put("a post of elsewhere", author="dan@elsewhere.example")
        middle = world.put("no, theirs", reply_to=root.uri, author="eva@elsewhere.example")
        complaint = world.put("@our_shop is this so?", reply_to=middle.uri, mentions=[BRAND])
        world.put("@our_shop hello?", reply_to=complaint.uri, mentions=[BRAND])
        world.put("sorry!", reply_to=complaint.uri, author=BRAND)
        reader = source(here)
        asked, pressed = sorted(items(reader, "mentions"), key=str)
        assert isinstance(asked, Post)
        assert isinstance(pressed, Post)
        assert (asked.reply_to, asked.thread) == (middle.uri, root.uri)
        assert (pressed.reply_to, pressed.thread) == (complaint.uri, root.uri)
        answer = one(reader, "own")
        assert (answer.reply_to, answer.thread) == (complaint.uri, root.uri)
        assert sum(path.endswith("/context") for path in paths(here)) == 1
        assert one(source(here), "own") == answer, "a restart forgets, and asks again"


def test_a_reply_to_what_the_server_does_not_show_stands_alone() -> None:
    with server() as here:
        status = here.world.put(
            "@our_shop well?", mentions=[BRAND], broken={"in_reply_to_id": "77"}
        )
        post = one(source(here), "mentions")
        assert (post.reply_to, post.thread) == (None, status.uri)
        here.faults.append(Fault("404", "/context"))
        assert one(source(here), "mentions") == post


def test_a_page_whose_threads_cannot_be_asked_for_is_not_taken_for_read() -> None:
    with server() as here:
        here.world.put("@our_shop well?", mentions=[BRAND], broken={"in_reply_to_id": "77"})
        here.faults.append(Fault("503", "/context", times=1))
        reader = source(here)
        with pytest.raises(SourceError, match="503"):
            pages(reader, "mentions")
        assert texts(pages(reader, "mentions")) == ["@our_shop well?"]


@pytest.mark.parametrize("body", ["[]", "{}", '{"ancestors": 3}', '"no"'])
def test_a_thread_that_makes_no_sense_is_an_error(body: str) -> None:
    with server() as here:
        here.world.put("@our_shop well?", mentions=[BRAND], broken={"in_reply_to_id": "77"})
        here.faults.append(Fault("said", "/context", body=body))
        with pytest.raises(SourceError, match="no thread"):
            pages(source(here), "mentions")


def test_servers_with_ulids_are_read_alike() -> None:
    """As GoToSocial has them; the simulator's numbers are compared as text of one length, like these."""
    with server() as here:
        here.world.put("late", mentions=[BRAND], broken={"id": "01KRJ5X3V9Q2M7Y0TZ8W4B6CDE"})
        post = one(source(here), "mentions")
    assert post.reply_token == "01KRJ5X3V9Q2M7Y0TZ8W4B6CDE"


@pytest.mark.parametrize(
    "broken",
    [
        {"id": 7},
        {"id": "../../x"},
        {"uri": None},
        {"uri": ""},
        {"content": None},
        {"account": None},
        {"account": {"acct": "a"}},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"edited_at": 3},
        {"url": 5},
    ],
)
def test_a_status_that_cannot_be_read_is_shown_to_people(broken: dict[str, object]) -> None:
    with server() as here:
        here.world.put("parcel", tags=("parcel",), broken=broken)
        here.world.put("fine", tags=("parcel",))
        bad, good = sorted(items(source(here, hashtags=["parcel"]), "tag-parcel"), key=str)[::-1]
    assert isinstance(bad, Rejected)
    assert bad.where
    assert bad.reason
    assert bad.sample
    assert isinstance(good, Post)


def test_an_account_that_the_server_does_not_know_is_an_error_of_its_stream_alone() -> None:
    with server() as here:
        reader = source(here, accounts=["nobody@elsewhere.example"])
        with pytest.raises(
            SourceError, match=r"own-nobody@elsewhere\.example: .*accounts"
        ) as raised:
            pages(reader, "own-nobody@elsewhere.example")
        assert raised.value.permanent
        assert texts(pages(reader, "own")) == []


def test_an_account_that_makes_no_sense_is_asked_for_again() -> None:
    with server() as here:
        here.world.put("hi", author=BRAND)
        here.faults.append(Fault("said", "/verify_credentials", body='{"id": 3}', times=1))
        reader = source(here)
        with pytest.raises(SourceError, match="no account"):
            pages(reader, "own")
        assert texts(pages(reader, "own")) == ["hi"]


def test_a_missing_token_is_told_and_one_that_is_put_in_place_is_taken() -> None:
    with server() as here:
        reader = source(here, token=None)
        with pytest.raises(SourceError, match='"mastodon_token" is missing') as raised:
            pages(reader, "mentions")
        assert raised.value.permanent
        wrong = source(here, token="wrong")
        with pytest.raises(SourceError, match="401"):
            pages(wrong, "mentions")
        here.tokens = {**here.tokens, "wrong": here.tokens["T"]}
        assert texts(pages(wrong, "mentions")) == []


def test_when_no_call_is_left_none_is_made_until_the_reset() -> None:
    with server(quota=2) as here:
        reader = source(here)
        pages(reader, "mentions")
        pages(reader, "mentions")
        with pytest.raises(SourceError, match="quota") as raised:
            pages(reader, "mentions")
        assert raised.value.retry_after == timedelta(seconds=60)
        assert not raised.value.permanent
        assert len(here.asked) == 2


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (
            {"x-ratelimit-reset": "2026-03-27T12:05:00.123456Z"},
            timedelta(minutes=5, microseconds=123456),
        ),
        ({"x-ratelimit-reset": "2026-03-27T14:05:00+02:00"}, timedelta(minutes=5)),
        ({"x-ratelimit-reset": "1774613100"}, timedelta(minutes=5)),
        ({"x-ratelimit-reset": "2026-03-27T11:00:00Z"}, timedelta(seconds=1)),
        ({"x-ratelimit-reset": "9999-12-31T23:59:59Z"}, timedelta(days=1)),
        ({"x-ratelimit-reset": "9" * 400}, timedelta(days=1)),
        ({"x-ratelimit-reset": "tomorrow"}, None),
        ({"retry-after": "0", "x-ratelimit-reset": "tomorrow"}, timedelta(seconds=1)),
        ({"retry-after": "9" * 400}, timedelta(days=1)),
        ({"retry-after": "soon"}, None),
    ],
)
def test_when_to_come_again_is_understood(headers: dict[str, str], wait: timedelta | None) -> None:
    date = {"date": "Fri, 27 Mar 2026 12:00:00 GMT"}
    with server() as here:
        here.faults.append(Fault("429", headers={**date, **headers}))
        skewed = source(here, clock=lambda: NOW + timedelta(days=3))
        with pytest.raises(SourceError) as raised:
            pages(skewed, "mentions")
    assert raised.value.retry_after == wait, "reckoned on the server's clock"


def test_a_server_without_a_date_is_reckoned_with_on_our_clock() -> None:
    with server() as here:
        reset = {"date": "", "x-ratelimit-reset": "2026-03-27T12:01:00Z"}
        here.faults.append(Fault("429", headers=reset))
        with pytest.raises(SourceError) as raised:
            pages(source(here), "mentions")
    assert raised.value.retry_after == timedelta(minutes=1)


def test_odd_headers_of_a_good_answer_spoil_nothing() -> None:
    """Mastodon.py raises over them; what came is there all the same."""
    with server() as here:
        odd = {"x-ratelimit-reset": "tomorrow", "link": "<<<>;", "x-ratelimit-remaining": "many"}
        here.faults.append(Fault("said", "/notifications", body="[]", headers=odd))
        assert texts(pages(source(here), "mentions")) == []


def test_an_answer_without_end_is_given_up() -> None:
    with server() as here:
        here.faults.append(Fault("said", "/notifications", body=f"[{' ' * (33 * 2**20)}]"))
        with pytest.raises(SourceError, match="broke off") as raised:
            pages(source(here), "mentions")
    assert not raised.value.permanent


def test_nobody_there_is_no_reason_to_give_up() -> None:
    with server() as here:
        url = here.url
    with pytest.raises(SourceError) as raised:
        pages(source(url, timeout=1), "mentions")
    assert not raised.value.permanent


def test_a_token_that_no_header_can_hold_is_a_mistake_to_mend() -> None:
    with server() as here, pytest.raises(SourceError) as raised:
        pages(source(here, token="\u0219tergar"), "mentions")
    assert raised.value.permanent
    assert "tergar" not in str(raised.value)


@settings(max_examples=30)
@given(data=st.data())
def test_whatever_order_federation_brings_within_the_overlap_nothing_is_missed(
    data: st.DataObject,
) -> None:
    """Numbers by the claimed time, delivered up to the overlap late; looks break off anywhere."""
    now = [NOW]
    with server(lambda: now[0]) as here:
        cursor: Cursor | None = None
        seen: set[str] = set()
        put: set[str] = set()
        said: dict[str, Any] = {"hashtags": ["parcel"], "overlap": "3h", "page_size": 2}
        reader = source(here, clock=lambda: now[0], **said)
        for turn in range(data.draw(st.integers(1, 8), label="turns")):
            now[0] += timedelta(minutes=data.draw(st.integers(0, 100), label="minutes on"))
            for each in range(data.draw(st.integers(0, 4), label="delivered")):
                late = timedelta(minutes=data.draw(st.integers(0, 170), label="late"))
                number = round((now[0] - late).timestamp()) * 10**6 + turn * 10 + each
                here.world.put(str(number), number=str(number), at=now[0] - late, tags=("parcel",))
                put.add(str(number))
            (stream,) = (one for one in reader.streams() if one.name == "tag-parcel")
            most = data.draw(st.integers(1, 4), label="pages")
            for count, page in enumerate(reader.pages(stream, cursor), start=1):
                cursor, seen = page.cursor, seen | set(texts([page]))
                if count == most:
                    break
        seen |= set(texts(pages(reader, "tag-parcel", cursor)))
    assert seen == put


def test_times_are_read_whatever_their_form() -> None:
    with server() as here:
        for at in ("2026-03-27T10:00:00Z", "2026-03-27T12:00:00.5+02:00", "2026-03-27T10:00:00"):
            here.world.put(at, mentions=[BRAND], broken={"created_at": at})
        found = [item for item in items(source(here), "mentions") if isinstance(item, Post)]
    assert {post.posted_at.replace(microsecond=0) for post in found} == {
        datetime(2026, 3, 27, 10, tzinfo=UTC)
    }
