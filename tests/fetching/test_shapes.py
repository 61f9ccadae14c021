"""A cursor whose fields have other types than its place says is none: it is refused before it is used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.domain.errors import SourceError
from monitor.fetching import descent
from monitor.reviewing import cursor as reviews
from monitor.sources.files import cursor as files
from monitor.sources.imap import cursor as mails
from monitor.sources.mastodon import cursor as statuses
from monitor.sources.reddit import cursor as listings
from monitor.sources.rss import ground

FIRST = descent.Place(1.0, 2, {"a": (3, 4)}, 5, descent.Spot(6, 0))


def _feed(cursor: str) -> object:
    return ground.read(cursor, lambda: ground.Ground(1.0))


def _descent(cursor: str) -> object:
    return descent.read(cursor, "x", lambda: FIRST)


def test_what_was_written_is_read() -> None:
    assert descent.read(descent.write(FIRST), "x", lambda: FIRST) == FIRST
    rungs = statuses.Place(1.0, rungs=((2.0, "3"),), known={"a": 4})
    assert statuses.read(statuses.write(rungs)) == rungs
    places = {"posts.csv": files.Place(1, 2, 3, "4")}
    assert files.read(files.write(places)) == places


@pytest.mark.parametrize(
    ("read", "cursor"),
    [
        (reviews.read, '{"reviews": 1, "horizon": "", "seen": {}}'),
        (reviews.read, '{"reviews": 1, "horizon": 1, "seen": 0}'),
        (reviews.read, '{"reviews": 1, "horizon": 1e308}'),
        (reviews.read, '{"reviews": 1, "horizon": 1, "more": 1}'),
        (listings.read, '{"reddit": 1, "horizon": "\\u0000"}'),
        (statuses.read, '{"mastodon": 1, "horizon": 1, "rungs": [[1]]}'),
        (mails.read, '{"mail": 1, "horizon": 1, "uid": []}'),
        (files.read, '{"files": {"posts.txt": ["", 3, 462, "ba0c", 0, 0]}}'),
        (files.read, '{"files": {"posts.txt": [1]}}'),
        (_feed, '{"feed": 1, "horizon": 1, "modified": [[]]}'),
        (_descent, '{"descent": 1, "horizon": 0, "covered": {}}'),
        (_descent, '{"descent": 1, "horizon": 0, "covered": 0, "spot": ["a", 0]}'),
    ],
)
def test_what_has_another_type_is_no_cursor(read: Callable[[str], object], cursor: str) -> None:
    with pytest.raises(SourceError, match="this is no cursor of") as raised:
        read(cursor)
    assert raised.value.permanent
