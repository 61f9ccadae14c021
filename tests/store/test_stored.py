"""The page that says what is stored knows every table and every column."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from monitor.store.schema import metadata, said

PAGE = Path(__file__).parents[2] / "docs" / "stored.md"


def described() -> dict[str, set[str]]:
    """By table, the columns that the page names."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in PAGE.read_text().splitlines():
        cells = line.split("|")
        if line.startswith("| `"):
            for table in re.findall("`(.*?)`", cells[1]):
                found[table] |= set(re.findall("`(.*?)`", cells[2]))
    return found


def test_every_column_is_described_and_no_other() -> None:
    there = {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    index = {"text", "title", "others", "words", "post_id"}
    assert "post_id" in said.columns
    assert described() == there | {"said": index}


def test_of_a_customer_s_columns_it_is_said_how_long_they_stay_and_what_erasing_does() -> None:
    part = PAGE.read_text().partition("## Of customers")[2].partition("## Of staff")[0]
    rows = [line.split("|")[1:-1] for line in part.splitlines() if line.startswith("| `")]
    assert len(rows) > 20
    assert [row for row in rows if len(row) != 5 or not all(map(str.strip, row))] == []
