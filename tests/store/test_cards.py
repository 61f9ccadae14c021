"""What a card shows, gathered at the moment of sending."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from monitor.domain.judgement import Band, Severity
from monitor.domain.notice import CaseCard
from monitor.store import cards, schema
from tests.stages.told import NOW, Told

HOUR = timedelta(hours=1)


def card(told: Told, case: int, step: str | None = None, wait: int | None = None) -> CaseCard:
    with told.database.reading() as conn:
        return cards.card(conn, case, NOW, step, wait)


def put(told: Told, table: str, **values: Any) -> None:
    """Change the only row, or all rows, of a table."""
    with told.database.writing() as conn:
        conn.execute(schema.metadata.tables[table].update().values(**values))


def stream(told: Told, name: str, kind: str, network: str, polled_at: datetime | None) -> int:
    with told.database.writing() as conn:
        made = conn.execute(
            schema.stream.insert().values(
                source="s",
                name=name,
                network=network,
                kind=kind,
                polled_at=polled_at,
                failures=0,
                permanent=False,
            )
        )
        number = int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert has one
        conn.execute(schema.stream_brand.insert().values(stream_id=number, brand_id=told.brand))
    return number


def test_an_open_case(told: Told) -> None:
    case = told.case(owner="Ana", level=2)
    with told.database.writing() as conn:
        conn.execute(
            schema.mention.insert().values(
                brand_id=told.brand,
                post_id=1,
                own=False,
                automatic=False,
                reason="score 0.93",
            )
        )
    one = card(told, case, "leads")
    assert one.waited == 2 * HOUR
    assert (one.status, one.band, one.severity) == ("open", Band.ALERT, Severity.NORMAL)
    assert (one.topics, one.why) == (("refund",), "score 0.93")
    assert (one.author, one.owner, one.level, one.step) == ("@dana", "Ana", 2, "leads")
    assert (one.due_at, one.answered_at, one.answer_text) == (NOW + 2 * HOUR, None, None)


def test_an_answered_case_shows_the_answer_and_how_long_it_took(told: Told) -> None:
    case = told.case(status="answered")
    told.case()
    put(told, "wait", outcome="answered", ended_at=NOW - HOUR, answer_post_id=2, topics="")
    one = card(told, case)
    assert (one.answered_at, one.waited) == (NOW - HOUR, HOUR)
    assert one.answer_text == "Still no refund"
    assert one.topics == ()
    assert one.no_answer_seen_as_of is None


def test_an_answer_elsewhere_has_no_text(told: Told) -> None:
    case = told.case(status="answered")
    put(told, "wait", outcome="answered_elsewhere", ended_at=NOW, channel="phone")
    one = card(told, case)
    assert (one.answered_at, one.answer_text) == (NOW, None)


def test_a_dismissed_case_was_not_answered(told: Told) -> None:
    case = told.case(status="dismissed")
    put(told, "wait", outcome="dismissed", ended_at=NOW)
    assert card(told, case).answered_at is None


def test_a_case_whose_waits_are_gone_shows_its_root(told: Told) -> None:
    case = told.case(status="withdrawn", severity=2)
    with told.database.writing() as conn:
        conn.execute(schema.wait.delete())
    put(told, "post", text=None)
    put(told, "author", handle=None, name="Dana")
    one = card(told, case)
    assert (one.text, one.author, one.why) == (None, "Dana", "")
    assert (one.waited, one.due_at, one.band, one.severity) == (None, None, Band.ALERT, Severity(2))


def test_an_unconfirmed_wait(told: Told) -> None:
    case = told.case()
    put(told, "wait", confirmed=False)
    assert card(told, case).band is Band.REVIEW


def test_a_notice_speaks_of_its_own_wait_and_a_card_of_the_newest(told: Told) -> None:
    case = told.case()
    second = {
        "case_id": case,
        "number": 2,
        "brand_id": told.brand,
        "network": "x",
        "started_at": NOW - HOUR,
        "first_seen_at": NOW - HOUR,
        "due_at": NOW + HOUR,
        "rule": "none",
        "severity": 3,
        "topics": "",
        "confirmed": True,
        "first_post_id": 1,
    }
    with told.database.writing() as conn:
        conn.execute(schema.wait.insert().values(**second))
    assert card(told, case).severity is Severity.CRITICAL
    assert card(told, case, wait=1).severity is Severity.NORMAL
    assert card(told, case, wait=9).severity is Severity.CRITICAL  # absorbed by another since


def test_no_answer_was_seen_as_of_the_place_that_was_read_least(told: Told) -> None:
    case = told.case()
    assert card(told, case).no_answer_seen_as_of is None
    stream(told, "mentions", "mentions", "x", NOW)  # answers do not show there
    stream(told, "elsewhere", "own", "reddit", NOW - 5 * HOUR)
    assert card(told, case).no_answer_seen_as_of is None
    stream(told, "own", "own", "x", NOW - HOUR)
    assert card(told, case).no_answer_seen_as_of == NOW - HOUR
    imported = stream(told, "rows", "all", "files", NOW - 2 * HOUR)
    assert card(told, case).no_answer_seen_as_of == NOW - HOUR
    with told.database.writing() as conn:  # the file is where the post came from
        conn.execute(
            schema.sighting.insert().values(brand_id=told.brand, post_id=1, stream_id=imported)
        )
    assert card(told, case).no_answer_seen_as_of == NOW - 2 * HOUR
    stream(told, "own2", "own", "x", None)
    assert card(told, case).no_answer_seen_as_of is None  # one was never read


def test_earlier_cases_of_the_customer_are_named_and_many_are_counted(told: Told) -> None:
    numbers = [told.case() for _ in range(8)]
    with told.database.writing() as conn:
        for case in numbers:
            theirs = schema.cases.c.id == case
            conn.execute(schema.cases.update().where(theirs).values(customer="7"))
    last = card(told, numbers[-1])
    assert [one.case_id for one in last.earlier] == numbers[-2:1:-1]
    assert last.earlier_count == 7
    second = card(told, numbers[1])
    assert ([one.case_id for one in second.earlier], second.earlier_count) == ([numbers[0]], 1)
    assert card(told, numbers[0]).earlier == ()
