"""What a row of a file becomes, and every way in which one can be bad."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.post import NOBODY, Author, Gone, Post, PostKey, PostKind, Rejected
from tests.sources.reading import NOW, WHEN, a_post, csv_text, files, items, jsonl, read_one, reason


def test_every_field_of_a_csv_row_reaches_the_post(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    header = "network,external_id,thread_id,reply_to,author,author_id,via,text,title,posted_at"
    row = "Forum,9,3,4,ana_p,77,Helper,Still missing,Parcel,2026-03-26T12:00:00+02:00"
    more = (",edited_at,rating,url,lang\n", ",2026-03-26 11:00Z,2,https://shop.example/9,ro\n")
    file.write_text(header + more[0] + row + more[1])
    assert items(files(file)) == [
        Post(
            key=PostKey("forum", "9"),
            kind=PostKind.COMMENT,
            thread="3",
            reply_to="4",
            author=Author(id="77", handle="ana_p"),
            via="Helper",
            text="Still missing",
            title="Parcel",
            posted_at=datetime(2026, 3, 26, 10, tzinfo=UTC),
            edited_at=datetime(2026, 3, 26, 11, tzinfo=UTC),
            rating=2.0,
            url="https://shop.example/9",
            lang="ro",
        )
    ]


def test_a_post_s_thread_is_said_or_what_it_answers_or_itself(tmp_path: Path) -> None:
    assert a_post(tmp_path, {"thread_id": "5", "reply_to": "4"}).thread == "5"
    assert a_post(tmp_path, {"reply_to": "4"}).thread == "4"
    alone = a_post(tmp_path, {})
    assert (alone.thread, alone.is_root, alone.kind) == ("1", True, PostKind.POST)
    assert a_post(tmp_path, {"rating": 1}).kind is PostKind.REVIEW


def test_a_root_that_answers_itself_is_a_root(tmp_path: Path) -> None:
    assert a_post(tmp_path, {"reply_to": "1"}).reply_to is None


def test_a_post_without_author_is_by_nobody(tmp_path: Path) -> None:
    assert a_post(tmp_path, {}).author == NOBODY
    assert a_post(tmp_path, {"author": "  "}).author == NOBODY


@pytest.mark.parametrize("text", [None, "", "  \n "])
def test_a_post_without_text_is_rejected(tmp_path: Path, text: str | None) -> None:
    assert reason(tmp_path, {"text": text}) == "no text"


def test_a_text_that_is_no_text_is_rejected(tmp_path: Path) -> None:
    assert reason(tmp_path, {"text": {"en": "late"}}) == "text is dict, not text"


def test_a_post_without_time_is_rejected_unless_now_is_assumed(tmp_path: Path) -> None:
    assert "assume_now" in reason(tmp_path, {"posted_at": ""})
    assert a_post(tmp_path, {"posted_at": None}, assume_now=True).posted_at == NOW
    assert a_post(tmp_path, {}, assume_now=True).posted_at != NOW


def test_a_rejected_row_is_named_by_file_and_line_and_shown(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text('text,posted_at\n"two\nlines",2026-01-01T00:00Z\nlate,yesterday\n')
    (rejected,) = [item for item in items(files(file)) if isinstance(item, Rejected)]
    assert rejected.where == "posts.csv:4"
    assert '"yesterday" is no time' in rejected.reason
    assert rejected.sample == "late | yesterday"


def test_duplicate_ids_come_twice_under_one_key(tmp_path: Path) -> None:
    row = {"external_id": 5, "text": "late", "posted_at": WHEN}
    first, second = items(files(jsonl(tmp_path / "a.jsonl", row, row)))
    assert first == second


@pytest.mark.parametrize("written", [2**53 + 1, str(2**53 + 1), 10**40 + 1, -7], ids=repr)
def test_ids_keep_every_digit(tmp_path: Path, written: object) -> None:
    post = a_post(tmp_path, {"external_id": written, "reply_to": 2**63 + 1})
    assert post.key.external_id == str(written)
    assert post.reply_to == "9223372036854775809"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (1.8e18, "neither text nor a whole number"),
        (True, "neither text nor a whole number"),
        (["1"], "neither text nor a whole number"),
        ("1.80123E+18", "rounded by a spreadsheet"),
        ("9" * 501, "longer than 500 characters"),
    ],
    ids=repr,
)
def test_an_id_that_may_not_be_the_network_s_is_rejected(
    tmp_path: Path, written: object, why: str
) -> None:
    assert why in reason(tmp_path, {"external_id": written})


def test_a_year_2099_is_passed_on_for_intake_to_cap(tmp_path: Path) -> None:
    post = a_post(tmp_path, {"posted_at": "2099-01-01T00:00:00Z"})
    assert post.posted_at.year == 2099
    assert post.never_later_than(NOW).posted_at == NOW


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "9999-12-31T23:00:00-05:00"]
)
def test_a_time_that_cannot_be_kept_is_rejected(tmp_path: Path, written: str) -> None:
    assert "outside the years 1970 to 9999" in reason(tmp_path, {"posted_at": written})


@pytest.mark.parametrize(
    "text",
    [
        "de 3 ori am sunat 😡👨‍👩‍👧‍👦 și nimic",
        "أين طردي؟ \u202eREVERSED\u202c עברית",
        "<script>alert('x')</script> &amp; <b>late</b> [link](javascript:x) *_~`",
        "  kept as it is \t\r\n ",
        "{% raw %}{{ 7 * 7 }}${x}%s",
        "=HYPERLINK(1)",
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_texts_are_kept_as_they_are(tmp_path: Path, text: str, form: str) -> None:
    file = tmp_path / f"posts.{form}"
    if form == "csv":
        file.write_text(csv_text(("text", "posted_at"), (text, WHEN)), encoding="utf-8", newline="")
    else:
        jsonl(file, {"text": text, "posted_at": WHEN})
    (post,) = items(files(file))
    assert isinstance(post, Post)
    assert post.text == text


def test_what_a_database_refuses_is_replaced_in_every_field(tmp_path: Path) -> None:
    bad = {"text": "a\x00b\ud83dc", "author": "\udc00x", "title": "t\x00"}
    post = a_post(tmp_path, bad)
    assert (post.text, post.title) == ("a�b�c", "t�")
    assert post.author.handle == "�x"
    post.text.encode()


@pytest.mark.parametrize("field", ["external_id", "thread_id", "reply_to", "author_id"])
def test_an_id_that_no_database_takes_is_refused_as_the_mended_one_may_be_another_s(
    tmp_path: Path, field: str
) -> None:
    file = tmp_path / "posts.jsonl"
    jsonl(file, *({"text": "late", "posted_at": WHEN, field: one} for one in ("1\ud800", "1")))
    refused, post = items(files(file))
    assert isinstance(refused, Rejected)
    assert refused.reason == f"{field} holds NUL or half a character"
    assert isinstance(post, Post)


def test_a_nul_in_csv_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(b"text,posted_at\nla\x00te,2026-01-01T00:00Z\n")
    (post,) = items(files(file))
    assert isinstance(post, Post)
    assert post.text == "la�te"


def test_a_pair_of_surrogates_is_one_character(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"text": "\\ud83d\\ude21", "posted_at": 1774519200}\n')
    (post,) = items(files(file))
    assert isinstance(post, Post)
    assert post.text == "😡"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_text_of_100_kb_is_kept_whole_and_a_longer_one_says_it_was_cut(
    tmp_path: Path, form: str
) -> None:
    texts = ["ă" * 100_000, "ă" * 300_000]
    file = tmp_path / f"posts.{form}"
    if form == "csv":
        rows = csv_text(("text", "posted_at"), *((text, WHEN) for text in texts))
        file.write_text(rows, encoding="utf-8")
    else:
        jsonl(file, *({"text": text, "posted_at": WHEN} for text in texts))
    whole, cut = (item.text for item in items(files(file)) if isinstance(item, Post))
    assert whole == texts[0]
    assert cut == texts[0] + "… [cut by complaint-monitor: 200000 characters]"


@pytest.mark.parametrize(
    ("written", "rating"),
    [
        ("4", 4),
        ("4.0", 4),
        ("4/5", 4),
        ("4,5", 4.5),
        (" 3 / 5 ", 3),
        (1, 1),
        (4.5, 4.5),
        ("", None),
    ],
    ids=repr,
)
def test_ratings_are_1_to_5(tmp_path: Path, written: object, rating: float | None) -> None:
    assert a_post(tmp_path, {"rating": written}).rating == rating


@pytest.mark.parametrize(
    "written",
    ["0", "6", "8/10", "4/10", "five", 0, -1, 5.1, True, float("nan"), 10**400, "٤"],
    ids=repr,
)
def test_other_ratings_are_rejected(tmp_path: Path, written: object) -> None:
    assert "is not 1 to 5" in reason(tmp_path, {"rating": written})


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "shop.example/9", "file:///x"]
)
def test_a_link_that_is_not_of_the_web_is_left_out(tmp_path: Path, url: str) -> None:
    assert a_post(tmp_path, {"url": url}).url is None


def test_a_deletion_is_told_and_its_text_is_not_kept(tmp_path: Path) -> None:
    gone = Gone(PostKey("files", "1"), before=datetime(2026, 3, 26, 10, tzinfo=UTC))
    assert read_one(tmp_path, {"deleted_at": WHEN, "text": None}) == gone
    assert read_one(tmp_path, {"deleted_at": WHEN}) == gone
    assert "without external_id" in reason(tmp_path, {"deleted_at": WHEN, "external_id": ""})


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-26T10:00:00Z",
        "2026-03-26T12:00:00+02:00",
        "2026-03-26 10:00:00.000000+00",
        "2026-03-26 10:00:00 UTC",
        "2026-03-26 12:00 +0200",
        "20260326T100000Z",
        "1774519200",
        "1774519200.0",
        1774519200,
        1774519200.0,
        "1774519200000",
        1774519200000,
        "1774519200000000",
        "Thu Mar 26 10:00:00 +0000 2026",
        "Thu, 26 Mar 2026 12:00:00 +0200",
        "26 Mar 2026 10:00 GMT",
        "2026/03/26 10:00:00 +0000",
        "26.03.2026 12:00 +0200",
        " 2026-03-26T10:00:00Z ",
    ],
    ids=repr,
)
def test_times_as_programs_write_them(tmp_path: Path, written: object) -> None:
    read = a_post(tmp_path, {"posted_at": written}).posted_at
    assert (read, read.tzinfo) == (datetime(2026, 3, 26, 10, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-03-26 10:00", 8),
        ("26.03.2026 10:00", 8),
        ("2026/03/26 10:00:00", 8),
        ("2026-07-26 10:00", 7),
        ("2026-03-26", 22),
        ("20260326", 22),
    ],
    ids=repr,
)
def test_a_time_without_zone_needs_one(tmp_path: Path, written: str, hour: int) -> None:
    assert "set the option timezone" in reason(tmp_path, {"posted_at": written})
    post = a_post(tmp_path, {"posted_at": written}, timezone="Europe/Bucharest")
    assert post.posted_at.hour == hour


@pytest.mark.parametrize(
    "written",
    [
        "03/04/2026 10:00",
        "yesterday",
        "2026",
        "2026-13-01T00:00Z",
        "Thu, 26 Mar 2026 12:00:00 CET",
        0,
        20260326,
        10**18,
        10**400,
        -5,
        True,
        float("inf"),
        ["2026-03-26"],
        "0001-01-01T00:00:00+14:00",
        "1" * 400,
        "1774519200.1.2",
        "202603261000",
        "20260326100000",
    ],
    ids=repr,
)
def test_a_time_that_needs_guessing_is_rejected(tmp_path: Path, written: Any) -> None:
    assert reason(tmp_path, {"posted_at": written}, timezone="Europe/Bucharest")


def test_any_other_form_of_time_can_be_described(tmp_path: Path) -> None:
    options = {"time_format": "%m/%d/%Y %H:%M", "timezone": "Europe/Bucharest"}
    post = a_post(tmp_path, {"posted_at": "03/04/2026 10:00"}, **options)
    assert post.posted_at == datetime(2026, 3, 4, 8, tzinfo=UTC)


def test_other_headers_are_mapped_and_own_names_found_however_written(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("Body;POSTED AT;User;Country\nlate;2026-01-01T00:00Z;ana_p;RO\n")
    (post,) = items(files(file, mapping={"text": "body", "author": "User"}))
    assert isinstance(post, Post)
    assert (post.text, post.author.handle, post.posted_at.year) == ("late", "ana_p", 2026)


def test_json_keys_are_mapped_and_the_mapping_wins(tmp_path: Path) -> None:
    row = {"body": "late", "text": "teaser", "posted_at": WHEN}
    (post,) = items(files(jsonl(tmp_path / "a.jsonl", row), mapping={"text": "body"}))
    assert isinstance(post, Post)
    assert post.text == "late"
