"""Files that grow, rotate and are read again: nothing is missed, and the same row keeps its key."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.domain.post import Cursor, Gone, Post, Rejected
from monitor.sources.files import Files
from tests.sources.reading import WHEN, csv_text, files, items, jsonl, pages

CSV_START = b"text,author,posted_at\n"
PIECES = st.sampled_from(
    [
        b"late,ana_p,2026-03-26T10:00:00Z\n",
        b"late,ana_p,2026-03-26T10:00:00Z\r\n",
        "tot n-a venit 😡,,2026-03-26T10:00:00Z\n".encode(),
        b'"two\nlines, one ""cell""",ion,2026-03-26T11:00:00Z\n',
        b'"a quote" misplaced,ion,2026-03-26T11:00:00Z\n',
        b"too,few\n",
        b"\n",
        b"na\xefve,ion,2026-03-26T11:00:00Z\n",
        b",ion,2026-03-26T11:00:00Z\n",
    ]
)
JSON_PIECES = st.sampled_from(
    [
        b'{"text": "late", "posted_at": 1774519200, "author": "ana_p"}\n',
        b'{"text": "late", "posted_at": 1774519200}\n',
        '{"text": "tot n-a venit 😡", "posted_at": 1774519200}\r\n'.encode(),
        b'{"external_id": 18014398509481985, "text": "late", "posted_at": 1774519200}\n',
        b'{"external_id": 18014398509481985, "deleted_at": 1774519200}\n',
        b'{"text": "na\xefve"}\n',
        b"{half\n",
        b"\n",
    ]
)
WIDE_PIECES = st.sampled_from(
    ["late,ana_p,1774519200\n", '"Ċ\nਊ",਀ion,1774519200\r\n', "😡,,1774519200\n"]
)
CONTENTS = st.one_of(
    st.lists(WIDE_PIECES, max_size=8).map(
        lambda some: ("posts.csv", (CSV_START.decode() + "".join(some)).encode("utf-16"))
    ),
    st.lists(PIECES, max_size=12).map(lambda some: ("posts.csv", CSV_START + b"".join(some))),
    st.lists(JSON_PIECES, max_size=12).map(lambda some: ("posts.jsonl", b"".join(some))),
)


def follow(
    source: Files, cursor: Cursor | None
) -> tuple[list[Post | Gone | Rejected], Cursor | None]:
    """One look, and where it ended; a file that can't be read yet is looked at again next time."""
    seen: list[Post | Gone | Rejected] = []
    (stream,) = source.streams()
    try:
        for page in source.pages(stream, cursor):
            seen += page.items
            cursor = page.cursor
    except SourceError:
        assert seen == []
    return seen, cursor


@given(content=CONTENTS, data=st.data(), size=st.integers(1, 4))
def test_however_a_growing_file_is_cut_into_looks_the_items_are_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    content: tuple[str, bytes],
    data: st.DataObject,
    size: int,
) -> None:
    name, written = content
    folder = tmp_path_factory.mktemp("growing")
    grown = folder / "grown" / name
    whole = folder / "whole" / name
    for file in (grown, whole):
        file.parent.mkdir()
        file.write_bytes(b"")
    whole.write_bytes(written)
    expected, _ = follow(files(whole, follow=True), None)
    cuts = data.draw(st.lists(st.integers(0, len(written)), max_size=8).map(sorted), label="cuts")
    seen: list[Post | Gone | Rejected] = []
    cursor: Cursor | None = None
    source = files(grown, follow=True, page_size=size)
    for cut in [*cuts, len(written)]:
        grown.write_bytes(written[:cut])
        if data.draw(st.booleans(), label="restart"):
            source = files(grown, follow=True, page_size=size)
        found, cursor = follow(source, cursor)
        seen += found
    assert seen == expected


@given(content=CONTENTS, size=st.integers(1, 4), data=st.data())
def test_from_any_page_s_cursor_the_rest_is_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    content: tuple[str, bytes],
    size: int,
    data: st.DataObject,
) -> None:
    name, written = content
    file = tmp_path_factory.mktemp("resumed") / name
    file.write_bytes(written)
    try:
        all_pages = pages(files(file, page_size=size))
    except SourceError:  # its one line beyond ASCII is damaged: no page, no cursor
        return
    source = files(file, page_size=size)
    for number, page in enumerate(all_pages, start=1):
        rest = [item for later in all_pages[number:] for item in later.items]
        if data.draw(st.booleans(), label="restart"):
            source = files(file, page_size=size)
        assert items(source, page.cursor) == rest


def test_rows_without_id_have_keys_of_their_own_that_last(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    rows = [("late",), ("late",), ("never came",)]
    file.write_text(csv_text(("text",), *rows))
    first = keys(files(file, assume_now=True))
    assert len(set(first)) == 3
    assert keys(files(file, assume_now=True)) == first
    file.write_text(csv_text(("text",), ("brand new",), *rows, ("late",)))
    grown = keys(files(file, assume_now=True))
    assert grown[1:4] == first
    assert len(set(grown)) == 5


def test_a_row_that_says_who_and_when_is_one_post_wherever_it_is_repeated(tmp_path: Path) -> None:
    row = {"text": "late", "author": "ana_p", "posted_at": WHEN}
    first, second, other = keys(files(jsonl(tmp_path / "a.jsonl", row, row, row | {"text": "x"})))
    assert first == second != other


def test_other_columns_do_not_change_a_row_s_key(tmp_path: Path) -> None:
    narrow, wide = tmp_path / "posts.csv", tmp_path / "wide" / "posts.csv"
    wide.parent.mkdir()
    narrow.write_text(f"text,posted_at\nlate,{WHEN}\n")
    wide.write_text(f"posted_at,likes,text,title\n{WHEN},5,late,\n")
    assert keys(files(narrow)) == keys(files(wide))


def test_the_last_line_is_read_at_once_in_an_import_and_when_complete_in_a_follow(
    tmp_path: Path,
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(f"text,posted_at\nfirst,{WHEN}\nlast,{WHEN}")
    assert texts(items(files(file))) == ["first", "last"]
    source = files(file, follow=True)
    found, cursor = follow(source, None)
    assert texts(found) == ["first"]
    with file.open("a") as more:
        more.write("\n")
    assert texts(items(source, cursor)) == ["last"]


def test_a_quote_left_open_in_a_growing_file_is_told_until_closed_and_what_it_hid_comes_later(
    tmp_path: Path,
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(f'text,posted_at\nfirst,{WHEN}\n"half,{WHEN}\nnext,{WHEN}\n')
    source = files(file, follow=True)
    first = pages(source)
    assert [page.gap for page in first] == [None]  # it may just be being written
    for _ in range(3):  # a restart in between makes no difference
        source = files(file, follow=True)
        [told] = pages(source, first[-1].cursor)
        assert told.gap is not None
        assert told.gap.from_ == "posts.csv:3"
    with file.open("a") as more:
        more.write('" and done,really\n')
    rejected, *later = items(source, first[-1].cursor)
    assert isinstance(rejected, Rejected)
    assert rejected.where == "posts.csv:3"
    assert texts(later) == ["next"]


@pytest.mark.parametrize("new", ["short", "just as long as what was there before, or longer"])
def test_a_truncated_or_rotated_file_is_read_from_its_beginning(tmp_path: Path, new: str) -> None:
    file = jsonl(
        tmp_path / "posts.jsonl", *({"text": f"old {n}", "posted_at": WHEN} for n in (1, 2))
    )
    source = files(file, follow=True)
    _, cursor = follow(source, None)
    file.rename(tmp_path / "posts.jsonl.1")
    jsonl(file, *({"text": f"{new} {n}", "posted_at": WHEN} for n in (1, 2, 3)))
    assert texts(items(source, cursor)) == [f"{new} 1", f"{new} 2", f"{new} 3"]


def test_a_file_that_was_copied_back_with_more_is_read_on(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "posts.jsonl", {"text": "old", "posted_at": WHEN})
    source = files(file, follow=True)
    _, cursor = follow(source, None)
    other = jsonl(
        tmp_path / "new",
        {"text": "old", "posted_at": WHEN},
        {"text": "new", "posted_at": 1774519200},
    )
    other.replace(file)
    assert texts(items(source, cursor)) == ["new"]


def test_a_pattern_reads_every_file_each_from_its_own_place(tmp_path: Path) -> None:
    for day in ("01", "02"):
        jsonl(tmp_path / f"{day}.jsonl", {"text": f"day {day}", "posted_at": WHEN})
    source = files(tmp_path / "*.jsonl", follow=True)
    found, cursor = follow(source, None)
    assert texts(found) == ["day 01", "day 02"]
    with (tmp_path / "01.jsonl").open("a") as first:
        first.write(json.dumps({"text": "late on day 01", "posted_at": WHEN}) + "\n")
    jsonl(tmp_path / "03.jsonl", {"text": "day 03", "posted_at": WHEN})
    found, cursor = follow(source, cursor)
    assert texts(found) == ["late on day 01", "day 03"]
    assert follow(source, cursor) == ([], cursor)


def test_a_file_whose_name_is_not_utf_8_is_named_and_those_behind_it_are_read(
    tmp_path: Path,
) -> None:
    for name in (b"a.csv", b"caf\xe9.csv", b"z.csv"):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_text(f"text,posted_at\n{path.stem[0]},{WHEN}\n")
    source = files(tmp_path / "*.csv", follow=True)
    (stream,) = source.streams()
    told = r"^caf\ufffd\.csv: the file's name is not UTF-8: rename it$"
    reading = source.pages(stream, None)
    page = next(reading)
    assert texts(list(page.items)) == ["a", "z"]
    with pytest.raises(SourceError, match=told):
        next(reading)
    with pytest.raises(SourceError, match=told):
        next(source.pages(stream, page.cursor))


def test_one_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    for name in ("a", "c"):
        jsonl(tmp_path / f"{name}.jsonl", {"text": name, "posted_at": WHEN})
    (tmp_path / "b.jsonl").write_bytes(b"PK\x03\x04")
    source = files(tmp_path / "*.jsonl")
    (stream,) = source.streams()
    reading = source.pages(stream, None)
    assert texts(list(next(reading).items)) == ["a", "c"]
    with pytest.raises(SourceError, match=r"b\.jsonl"):
        next(reading)


def test_pages_are_no_larger_than_said_nor_than_memory_allows(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", *({"text": "late", "posted_at": WHEN} for _ in range(10)))
    assert [len(page.items) for page in pages(files(file, page_size=4))] == [4, 4, 2]
    large = {"text": "x" * 100_000, "posted_at": WHEN}
    jsonl(file, *(large for _ in range(100)))
    counts = [len(page.items) for page in pages(files(file))]
    assert sum(counts) == 100
    assert max(counts) < 50


def test_progress_is_in_bytes_and_ends_at_the_end(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", *({"text": "late", "posted_at": WHEN} for _ in range(9)))
    source = files(file, page_size=4)
    (stream,) = source.streams()
    shown = [source.progress() for _ in source.pages(stream, None)]
    assert shown == sorted(shown)
    assert source.progress() == (file.stat().st_size, file.stat().st_size)


def keys(source: Files) -> list[str]:
    return [item.key.external_id for item in items(source) if isinstance(item, Post)]


def texts(found: list[Post | Gone | Rejected]) -> list[str]:
    return [item.text for item in found if isinstance(item, Post)]
