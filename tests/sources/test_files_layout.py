"""How files are written: encodings, delimiters, headers, damage; and what can't be read at all."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.post import Post, Rejected
from monitor.rows.meaning import MAX_NAME
from tests.sources.reading import WHEN, csv_text, files, items, pages

HEADER = ("external_id", "text", "posted_at")


def texts(path: Path, **options: object) -> list[str]:
    return [item.text for item in items(files(path, **options)) if isinstance(item, Post)]


def rejects(path: Path, **options: object) -> list[tuple[str, str]]:
    found = items(files(path, **options))
    return [(item.where, item.reason) for item in found if isinstance(item, Rejected)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=repr)
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    file = tmp_path / "posts.csv"
    rows = [(str(n), f"a, b; c\td | {n}\nsecond line", WHEN) for n in range(3)]
    file.write_text(csv_text(HEADER, *rows, delimiter=delimiter), newline="")
    assert texts(file) == [text for _, text, _ in rows]


def test_a_file_of_one_column_has_no_delimiter(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text('text\nlate, again; and\tagain | always\n"quoted, too"\n')
    expected = ["late, again; and\tagain | always", "quoted, too"]
    assert texts(file, assume_now=True) == expected


def test_a_wrong_delimiter_is_told_with_the_headers_it_gives(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("author;text;posted_at\nana;late;2026-01-01T00:00Z\n")
    with pytest.raises(SourceError, match=r"it has 'author;text;posted_at' \(',' between"):
        items(files(file, delimiter=","))
    assert texts(file, delimiter=";") == ["late"]


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("utf-8", ""), ("utf-8", "\ufeff"), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff")],
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_utf_8_and_by_its_mark_utf_16_are_read(
    tmp_path: Path, encoding: str, bom: str, form: str
) -> None:
    # Ċ is U+010A and ਊ U+0A0A: their bytes hold what alone would be a newline.
    wanted = ["Unde e coletul? 😡", "Ċ਀ਊ\u0a00 ăîșț", "ਊ\nਊ", "end"]
    if form == "csv":
        written = csv_text(("text", "posted_at"), *((text, WHEN) for text in wanted))
    else:
        rows = ({"text": text, "posted_at": WHEN} for text in wanted)
        written = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    file = tmp_path / f"posts.{form}"
    file.write_bytes((bom + written).encode(encoding))
    assert texts(file) == wanted


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1250"])
def test_a_csv_in_another_encoding_is_refused_until_it_is_named(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(f"text,posted_at\nok,{WHEN}\nîn zadar,{WHEN}\n".encode(encoding))
    with pytest.raises(SourceError, match=r"not UTF-8 \(byte 0xEE in line 3\): set encoding") as it:
        items(files(file))
    assert it.value.permanent
    assert texts(file, encoding=encoding) == ["ok", "în zadar"]


def test_a_header_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes("text,data_ștearsă\n".encode("cp1250", "replace") + b"\xe9,\n")
    with pytest.raises(SourceError, match="set encoding"):
        items(files(file))


def test_utf_16_without_its_mark_says_so(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(f"text,posted_at\nlate,{WHEN}\n".encode("utf-16-le"))
    with pytest.raises(SourceError, match='set encoding = "utf-16-le"'):
        items(files(file))
    assert texts(file, encoding="utf-16-le") == ["late"]


def test_a_damaged_line_among_good_ones_is_rejected_alone(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    bad = b"na\xefve\nstill the same cell"
    rows = [b"text,posted_at", "bună".encode() + b",%s", b'"' + bad + b'",%s', b"last,%s"]
    file.write_bytes(b"\n".join(rows).replace(b"%s", WHEN.encode()))
    assert texts(file) == ["bună", "last"]
    ((where, reason),) = rejects(file)
    assert where == "posts.csv:3"
    assert "byte 0xEF in line 3 is not UTF-8" in reason


def test_damaged_lines_of_jsonl_are_rejected_one_by_one(tmp_path: Path) -> None:
    good = json.dumps({"text": "late", "posted_at": WHEN}).encode()
    bad = [b'{"text": "na\xefve"}', b'{"text": "half', b'["late"]', b"null", b"[" * 100_000]
    bad += [b'{"text": "a", "n": %s}' % (b"9" * 5000), b"late again"]
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b"\n".join([good, *bad, b"", b"  ", good]))
    assert texts(file) == ["late", "late"]
    assert [where for where, _ in rejects(file)] == [f"posts.jsonl:{n}" for n in range(2, 9)]
    reasons = [reason for _, reason in rejects(file)]
    assert "not UTF-8" in reasons[0]
    assert reasons[1].startswith("not JSON: Invalid control character")
    assert reasons[2] == reasons[3] == "not a JSON object"


def test_ragged_rows_are_rejected(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(f"text,posted_at\nlate\nlate, again,{WHEN}\n\nlate,{WHEN}\n")
    assert texts(file) == ["late"]
    assert rejects(file) == [
        ("posts.csv:2", "1 cells under 2 headers"),
        ("posts.csv:3", "3 cells under 2 headers"),
    ]


@pytest.mark.parametrize("behind", [3, 60_000])
def test_a_quote_that_is_never_closed_swallows_nothing(tmp_path: Path, behind: int) -> None:
    file = tmp_path / "posts.csv"
    good = f"late with an answer,{WHEN}\n"
    file.write_text(f'text,posted_at\n"late,{WHEN}\n' + good * behind)
    assert len(texts(file)) == behind
    ((where, reason),) = rejects(file)
    assert where == "posts.csv:2"
    assert "a quote is opened and never closed" in reason


def test_quotes_can_be_ordinary_characters(tmp_path: Path) -> None:
    file = tmp_path / "posts.tsv"
    file.write_text(f'text\tposted_at\n"Soon" they said\t{WHEN}\n"\t{WHEN}\n')
    assert [where for where, _ in rejects(file)] == ["posts.tsv:2", "posts.tsv:3"]
    assert texts(file, quotes=False) == ['"Soon" they said', '"']


def test_an_endless_line_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    good = json.dumps({"text": "late", "posted_at": WHEN}).encode() + b"\n"
    file.write_bytes(good + b'{"text": "' + b"x" * 20_000_000 + b'"}\n' + good)
    assert texts(file) == ["late", "late"]
    assert rejects(file) == [("posts.jsonl:2", "the line is longer than 8,000,000 bytes")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00", "packed or a spreadsheet"),
        (gzip.compress(b"text\nlate\n"), "packed or a spreadsheet"),
        (b'[{"text": "late"}]', "one JSON array"),
    ],
    ids=["xlsx", "gzip", "array"],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "posts.dat"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=problem):
        items(files(file))


def test_a_file_without_text_column_lists_its_headers_and_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("User,Body\nana_p,late\n")
    with pytest.raises(SourceError) as raised:
        items(files(file))
    assert "'User', 'Body'" in str(raised.value)
    assert 'mapping = { text = "Body" }' in str(raised.value)


def test_a_mapping_to_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("User,Body\nana_p,late\n")
    with pytest.raises(SourceError, match=r'no column "Nutzer" \(mapped to author\)'):
        items(files(file, mapping={"text": "Body", "author": "Nutzer"}))


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"mapping": {"body": "Body"}}, r"sources\.files\.mapping\.body"),
        ({"encoding": "utf-9"}, '"utf-9" is no encoding'),
        ({"encoding": "utf-32"}, "can't be read line by line"),
        ({"delimiter": ", "}, "one character"),
        ({"timezone": "Europe/Bucuresti"}, r"sources\.files\.timezone"),
        ({"page_size": 0}, r"sources\.files\.page_size"),
        ({"folow": True}, 'did you mean "follow"'),
    ],
    ids=str,
)
def test_mistakes_in_the_options_are_named(
    tmp_path: Path, table: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        files(tmp_path / "posts.csv", **table)


def test_files_that_are_not_there_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path / "none*.csv", tmp_path):
        with pytest.raises(SourceError) as raised:
            pages(files(path))
        assert raised.value.permanent
    with pytest.raises(SourceError) as raised:
        pages(files(tmp_path / "none.csv", follow=True))
    assert not raised.value.permanent


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts"])
def test_an_empty_file_has_no_posts(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert items(files(tmp_path / name)) == []


# A NUL, a lone surrogate and a BOM at the file's start have tests of their own.
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=30)
ROWS = st.lists(st.tuples(WORDS.filter(str.strip), WORDS, WORDS, WORDS))


@given(
    rows=ROWS, delimiter=st.sampled_from(",;\t|"), all_quoted=st.booleans(), size=st.integers(1, 5)
)
def test_any_rows_survive_csv(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, str]],
    delimiter: str,
    all_quoted: bool,
    size: int,
) -> None:
    file = tmp_path_factory.mktemp("csv") / "posts.csv"
    written = io.StringIO()
    writer = csv.writer(
        written, delimiter=delimiter, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    )
    writer.writerows(
        [("text", "title", "author", "other", "posted_at"), *((*row, WHEN) for row in rows)]
    )
    file.write_text(written.getvalue(), encoding="utf-8", newline="")
    found = items(files(file, page_size=size))
    assert [shown(item) for item in found] == [plain(*row[:3]) for row in rows]


@given(rows=ROWS, ascii_only=st.booleans(), size=st.integers(1, 5))
def test_any_rows_survive_jsonl(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str, str]],
    ascii_only: bool,
    size: int,
) -> None:
    file = tmp_path_factory.mktemp("jsonl") / "posts.jsonl"
    lines = [
        {"text": text, "title": title, "author": author, "other": other, "posted_at": WHEN}
        for text, title, author, other in rows
    ]
    written = "".join(json.dumps(line, ensure_ascii=ascii_only) + "\n" for line in lines)
    file.write_text(written, encoding="utf-8", newline="")
    found = items(files(file, page_size=size))
    assert [shown(item) for item in found] == [plain(*row[:3]) for row in rows]


def shown(item: object) -> tuple[str, str | None, str | None]:
    assert isinstance(item, Post), item
    return item.text, item.title, item.author.handle


def plain(text: str, title: str, author: str) -> tuple[str, str | None, str | None]:
    assert len(author) <= MAX_NAME
    return text, title.strip() or None, author.strip() or None
