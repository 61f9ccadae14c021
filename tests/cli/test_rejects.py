"""What could not be read is shown to whoever asks."""

from __future__ import annotations

from tests.cli.shop import Shop


def test_what_could_not_be_read_is_listed_with_place_and_reason(shop: Shop) -> None:
    shop.post("1", "awful")
    shop.runs()
    assert shop.data("rejects") == []
    assert "could be read" in shop.does("rejects").stdout
    shop.post("2", "", rating=5)
    shop.post("3", "half \ud800 of it", posted_at="0001-01-01T00:00:00Z")
    shop.runs()
    last, first = shop.data("rejects", "--source", "files")
    assert (first["source"], first["place"], first["reason"]) == (
        "files",
        "posts.jsonl:2",
        "no text",
    )
    assert "1970" in last["reason"]
    assert "posts.jsonl:3" in shop.does("rejects").stdout
    refused = shop.does("rejects", "--source", "nobody", status=2)
    assert "known: files" in refused.output
