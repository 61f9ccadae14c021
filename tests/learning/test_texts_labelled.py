"""Labelled texts from people's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.domain.correction import Said
from monitor.domain.errors import ConfigError
from monitor.learning import texts


def test_json_lines_and_tables_say_the_same(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text(
        '\ufeff{"text": "late, \\"again\\"", "label": "complaint", "lang": "en", "phenomena": ["mock"]}\n'
        "\n"
        '{"text": "hm\\n", "label": "No"}\n',
        encoding="utf-8",
    )
    table = tmp_path / "a.csv"
    table.write_text(
        'text,label,lang\n"late, ""again""",complaint,en\n"hm\n",0,\n', encoding="utf-8"
    )
    first, second = texts.read(lines)
    assert (first.text, first.said) == ('late, "again"', Said.COMPLAINT)
    assert first.groups == {"language": "en", "kind": "mock"}
    assert (second.text, second.said, second.groups) == ("hm\n", Said.NOT_A_COMPLAINT, {})
    assert [(one.text, one.said) for one in texts.read(table)] == [
        (one.text, one.said) for one in (first, second)
    ]


def test_the_stars_of_a_review_are_shown_with_its_words(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("text,label,rating\nfine,complaint,2\nfine,praise,\n")
    assert [one.text for one in texts.read(table)] == ["2/5. fine", "fine"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '{"text": "a", "label": "other", "rating": "many"}',
            "a.jsonl:1: the rating 'many' is no number of stars from 1 to 5",
        ),
        ('{"text": "a", "label": "other", "rating": 0}', "the rating 0 is no number of stars"),
        ('{"text": "a", "label": "angry"}', "a.jsonl:1: the label 'angry' is none of complaint"),
        ('{"text": "a", "label": "other"}\n{"label": "other"}', "a.jsonl:2: there is no `text`"),
        ('{"text": 3, "label": "other"}', "a.jsonl:1: there is no `text`"),
        ("[1]", "a.jsonl:1: is no object"),
        ("{", "a.jsonl:1: is no line of JSON"),
        ("[" * 100_000, "a.jsonl:1: is no line of JSON"),
        ("", "holds no text"),
    ],
)
def test_a_line_that_says_nothing_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        texts.read(path)
    assert problem in str(raised.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"a\.jsonl: can't be read as UTF-8"):
        texts.read(path)
    with pytest.raises(ConfigError, match="can't be read"):
        texts.read(tmp_path / "absent.jsonl")
    table = tmp_path / "a.csv"
    table.write_text("text,label\n" + '"' + "x" * 200_000)
    with pytest.raises(ConfigError, match="is no CSV"):
        texts.read(table)


def test_the_stock_is_there_in_two_languages() -> None:
    stock = texts.stock("train")
    assert {one.groups["language"] for one in stock} >= {"en", "ro"}
    assert {one.said for one in stock} == set(Said) - {Said.NOT_A_COMPLAINT}
    with pytest.raises(ConfigError, match="install complaint-monitor anew"):
        texts.stock("nothing")
