"""A person's words and names: nowhere but where they belong, and nowhere once they are erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from monitor.domain.event import AnsweredElsewhere, Channel
from monitor.domain.notice import CaseCard
from monitor.domain.search import search
from monitor.store import authors, cases, erasing, schema, searching, tallies
from monitor.store.cases import Fact
from monitor.store.engine import Connection, Database
from monitor.store.erasing import Erased
from tests.scenarios.world import Said, World

WORDS, HANDLE, SAID_OF, NUMBER = "zanzibar", "quokka", "marzipan", "7832140099"
CANARIES = (WORDS, HANDLE, SAID_OF, NUMBER)
LONG = timedelta(hours=2)
THEIRS = {"post", "author", "note", "said"}
"""Where words and names are."""


def complains(
    world: World, *, answered: bool = False, number: str | None = NUMBER
) -> tuple[Said, int]:
    """A marked complaint that climbs, of which staff note something."""
    said = world.x.posts(f"Still no {WORDS} refund", at="09:00", by=HANDLE, number=number)
    world.runs_until("12:00", every=LONG)
    case = world.the_case()
    with world.database.writing() as conn:
        kept = cases.keep_note(conn, case, f"called, {SAID_OF}", by="eva", at=world.now)
        if answered:
            fact = Fact(world.now, AnsweredElsewhere(Channel.PHONE, kept), "eva")
            cases.append(conn, case, [fact], now=world.now)
    world.runs_until("14:00", every=LONG)
    return said, case


def erase(world: World, name: str = HANDLE) -> Erased:
    with world.database.writing() as conn:
        meant = [one.id for one in authors.known_as(conn, "x", name)]
        found = erasing.erase(conn, meant, world.now)
    world.database.empty_log()
    return found


def where_are(database: Database, canary: str) -> set[str]:
    """The tables that have it."""
    with database.reading() as conn:
        return {
            table.name
            for table in schema.metadata.sorted_tables
            if any(canary in str(tuple(row)).casefold() for row in conn.execute(table.select()))
        } | ({"said"} if _is_found(conn, canary) else set())


def _is_found(conn: Connection, canary: str) -> bool:
    return bool(searching.newest_posts(conn, search(canary), before=100, limit=1).ids)


def test_words_and_names_are_in_their_tables_alone_and_in_no_line_of_the_log(world: World) -> None:
    with structlog.testing.capture_logs() as lines:
        complains(world)
    assert lines
    assert [one for one in lines if any(canary in str(one).casefold() for canary in CANARIES)] == []
    found = {canary: where_are(world.database, canary) for canary in CANARIES}
    assert found == {
        WORDS: {"post", "said"},
        HANDLE: {"author", "said"},
        SAID_OF: {"note"},
        NUMBER: {"author"},
    }
    assert set().union(*found.values()) == THEIRS


@pytest.mark.parametrize("answered", [False, True])
def test_who_is_erased_is_nowhere_any_more(world: World, answered: bool) -> None:
    complains(world, answered=answered)
    before = figures(world)
    assert erase(world, f"@{HANDLE.upper()}") == Erased(authors=1, posts=1, cases=1, notes=1)
    assert not any(where_are(world.database, canary) for canary in CANARIES)
    world.runs_until("15:00", every=LONG)
    _, notice = world.slack.edits[-1]
    assert isinstance(notice.content, CaseCard)
    assert WORDS not in str(notice)
    assert HANDLE not in str(notice)
    assert figures(world) == before if answered else figures(world)["waits"] == before["waits"]
    world.pictures_are_true()
    with world.database.reading() as conn:
        counted = {one.what: one.number for one in tallies.purged_since(conn, world.now.date())}
    assert counted == {"erased": 2, "name": 1}


def test_the_erased_stay_so_when_they_are_read_again_and_may_write_anew(world: World) -> None:
    said, _ = complains(world)
    erase(world)
    world.x.edits(said, f"Still no {WORDS}, really", at="14:10", posted="09:00")
    world.runs_until("14:20")
    assert not any(where_are(world.database, canary) for canary in CANARIES)
    assert erase(world, NUMBER) == Erased(authors=1, posts=0, cases=1, notes=0)
    world.x.posts("Still no pineapple", at="15:00", by=HANDLE, number=NUMBER)
    world.runs_until("15:10")
    assert where_are(world.database, "pineapple") == {"post", "said"}
    assert where_are(world.database, HANDLE) == {"author", "said"}
    assert where_are(world.database, NUMBER) == {"author"}
    assert erase(world) == Erased(authors=1, posts=1, cases=2, notes=0)  # the same row
    assert not any(where_are(world.database, canary) for canary in CANARIES)


def test_nobody_else_is_erased(world: World) -> None:
    complains(world)
    assert erase(world, "nobody") == Erased(authors=0, posts=0, cases=0, notes=0)
    assert where_are(world.database, WORDS) == {"post", "said"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("number", [NUMBER, None])
def test_no_word_of_the_erased_is_left_in_the_raw_files(world: World, number: str | None) -> None:
    complains(world, number=number)
    path = world.database.path
    assert path is not None
    there = [canary.encode() in raw(path) for canary in CANARIES]
    assert there == [True, True, True, number is not None]
    erase(world)
    assert [canary.encode() in raw(path) for canary in CANARIES] == [False] * len(CANARIES)


def raw(path: Path) -> bytes:
    """The database's file and all that SQLite keeps beside it."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")))


def figures(world: World) -> Mapping[str, object]:
    """What a report counts."""
    total = world.report().total.figures
    return {"waits": sum(total.states.values()), "states": dict(total.states)}
