"""The world that demo and tests live in: repeatable, consistent, and rich in what goes wrong."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulator.script import Edit, Label, Line
from monitor.simulator.shop import AUTOMATIC_APPS, AUTOMATIC_PATTERNS, BRAND_HANDLES
from monitor.simulator.world import Happening, What, World

MONDAY = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Bucharest"))
seeds = st.integers(0, 2**32)

SITUATIONS = {
    *("late delivery", "refund", "broken", "billing", "rude staff", "app crash", "safety", "legal"),
    *("sarcasm", "polite", "implied", "no diacritics", "competitor", "chatter", "praise"),
    *("question", "follow-up", "thanks after answer", "other user", "answer to somebody else"),
    *("repost", "near duplicate", "announcement", "quick answer", "late answer", "never answered"),
    *("answer deleted", "edited to praise", "deleted by customer", "indexed late", "own app"),
    *("automatic reply", "no author"),
}


def telling(situation: str, seed: int = 1) -> list[Happening]:
    return [h for h in World(MONDAY, seed).happenings() if situation in h.truth.tells]


@given(seed=seeds)
def test_the_same_seed_gives_the_same_world(seed: int) -> None:
    assert World(MONDAY, seed).happenings() == World(MONDAY, seed).happenings()


@given(seed=seeds)
def test_another_seed_moves_times_and_ids_but_no_words(seed: int) -> None:
    one, other = World(MONDAY, seed).happenings(), World(MONDAY, seed + 1).happenings()
    assert {h.key for h in one} != {h.key for h in other}
    assert Counter(h.text for h in one) == Counter(h.text for h in other)


def test_a_start_in_another_zone_is_the_same_world() -> None:
    assert World(MONDAY, 1).happenings() == World(MONDAY.astimezone(UTC), 1).happenings()


def test_a_start_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        World(MONDAY.replace(tzinfo=None), 1)


@given(seed=seeds)
def test_everything_comes_in_the_order_of_its_visibility(seed: int) -> None:
    shown = [h.visible_at for h in World(MONDAY, seed).happenings()]
    assert shown == sorted(shown)


@given(seed=seeds)
def test_ids_are_unique_and_references_lead_to_earlier_posts(seed: int) -> None:
    posted = [h for h in World(MONDAY, seed).happenings() if h.what is What.POSTED]
    by_key = {h.key: h for h in posted}
    assert len(by_key) == len(posted)
    for post in posted:
        root = by_key[post.network, post.thread_id]
        assert root.thread_id == root.external_id
        assert root.posted_at <= post.posted_at
        if post.reply_to:
            parent = by_key[post.network, post.reply_to]
            assert parent.posted_at < post.posted_at
            assert parent.thread_id == post.thread_id
        if post.truth.repost_of:
            assert by_key[post.network, post.truth.repost_of].posted_at < post.posted_at


@given(seed=seeds)
def test_nothing_befalls_a_post_before_it_can_be_seen(seed: int) -> None:
    seen: dict[tuple[str, str], datetime] = {}
    for happening in World(MONDAY, seed).happenings():
        if happening.what is What.POSTED:
            seen[happening.key] = happening.posted_at
        assert happening.posted_at == seen[happening.key]
        for at in (happening.posted_at, happening.edited_at, happening.deleted_at):
            assert at is None or happening.posted_at <= at <= happening.visible_at


@given(seed=seeds, minutes=st.integers(-3 * 1440, 2 * 1440))
def test_until_shows_what_is_visible_and_nothing_of_the_future(seed: int, minutes: int) -> None:
    now = MONDAY + timedelta(minutes=minutes)
    world = World(MONDAY, seed)
    shown = tuple(world.until(now))
    assert all(h.visible_at <= now for h in shown)
    assert all(h.visible_at > now for h in world.happenings()[len(shown) :])


def test_the_end_is_when_all_is_told() -> None:
    world = World(MONDAY, 1)
    assert tuple(world.until(world.ends_at)) == world.happenings()
    assert MONDAY + timedelta(days=1) < world.ends_at < MONDAY + timedelta(days=1, hours=2)


def test_it_is_a_full_day_after_a_quiet_week_end() -> None:
    happenings = World(MONDAY, 1).happenings()
    before = sum(h.visible_at < MONDAY for h in happenings)
    assert 15 <= before <= 50
    assert 120 <= len(happenings) - before <= 170
    assert {h.network for h in happenings} == set(BRAND_HANDLES)


def test_every_situation_occurs() -> None:
    assert {tell for h in World(MONDAY, 1).happenings() for tell in h.truth.tells} == SITUATIONS


def test_every_text_is_its_own() -> None:
    texts = Counter(h.text for h in World(MONDAY, 1).happenings() if h.what is What.POSTED)
    assert texts.most_common(1)[0][1] == 1


def test_both_languages_say_everything() -> None:
    posted = [h for h in World(MONDAY, 1).happenings() if h.what is What.POSTED]
    said = {(h.lang, h.truth.label) for h in posted}
    assert {(lang, label) for lang in ("en", "ro") for label in Label} <= said


def test_complaints_of_every_severity_and_only_they_have_one() -> None:
    posted = [h for h in World(MONDAY, 1).happenings() if h.what is What.POSTED]
    assert len({h.truth.severity for h in posted if h.truth.is_complaint}) == 4
    assert all((h.truth.severity is not None) is h.truth.is_complaint for h in posted)


def test_the_shop_speaks_by_its_own_accounts_alone() -> None:
    for happening in World(MONDAY, 1).happenings():
        brand = happening.truth.label in (Label.BRAND, Label.AUTOMATIC)
        assert brand is (happening.author in BRAND_HANDLES[happening.network])


@pytest.mark.parametrize("seed", range(5))
def test_answered_is_what_the_story_says(seed: int) -> None:
    for asked in telling("never answered", seed):
        assert asked.truth.answered_at is None
    waits = {
        situation: [
            h.truth.answered_at - h.posted_at
            for h in telling(situation, seed)
            if h.truth.is_complaint and h.truth.answered_at
        ]
        for situation in ("quick answer", "late answer")
    }
    assert waits["quick answer"]
    assert max(waits["quick answer"]) < timedelta(hours=1)
    assert min(waits["late answer"]) > timedelta(hours=1)


def test_a_deleted_answer_is_no_answer() -> None:
    deleted = {h.thread_id for h in telling("answer deleted") if h.what is What.DELETED}
    asked = [h for h in telling("answer deleted") if h.truth.is_complaint]
    assert {h.thread_id for h in asked} == deleted
    answered = [h.truth.answered_at - h.posted_at for h in asked if h.truth.answered_at]
    assert 0 < len(answered) < len(asked)
    assert min(answered) > timedelta(hours=4)


def test_an_answer_to_somebody_else_leaves_the_first_one_waiting() -> None:
    answer = next(
        h
        for h in telling("answer to somebody else")
        if h.network == "x" and h.truth.label is Label.BRAND
    )
    posted = {h.key: h for h in World(MONDAY, 1).happenings() if h.what is What.POSTED}
    asked = posted[answer.network, answer.reply_to or ""]
    root = posted[answer.network, answer.thread_id]
    assert asked.truth.answered_at == answer.posted_at
    assert root.author != asked.author
    assert root.truth.answered_at is None


def test_a_follow_up_is_seen_before_the_post_that_the_network_shows_late() -> None:
    (late,) = telling("indexed late")
    follow_up = next(h for h in World(MONDAY, 1).happenings() if h.reply_to == late.external_id)
    assert follow_up.author == late.author
    assert follow_up.visible_at < late.visible_at
    assert late.truth.answered_at == follow_up.truth.answered_at


def test_a_customer_may_turn_a_review_into_praise_or_take_a_complaint_back() -> None:
    edits = [h for h in telling("edited to praise") if h.what is What.EDITED]
    assert {(h.rating, h.truth.label) for h in edits} == {(5, Label.PRAISE)}
    withdrawn = [h for h in telling("deleted by customer") if h.what is What.DELETED]
    assert withdrawn
    assert all(h.truth.withdrawn_at == h.deleted_at for h in withdrawn)


def test_automatic_replies_can_be_told_by_app_or_by_how_they_begin() -> None:
    automatic = [h for h in World(MONDAY, 1).happenings() if h.truth.label is Label.AUTOMATIC]
    by_app = [h for h in automatic if h.via in AUTOMATIC_APPS]
    starts = tuple(pattern.removeprefix("^") for pattern in AUTOMATIC_PATTERNS)
    by_pattern = [h for h in automatic if h.text.startswith(starts)]
    assert by_app
    assert {h.lang for h in by_pattern} == {"en", "ro"}
    assert len(by_app) + len(by_pattern) == len(automatic)


def test_x_ids_are_beyond_what_a_float_can_hold() -> None:
    ids = [int(h.external_id) for h in World(MONDAY, 1).happenings() if h.network == "x"]
    assert min(ids) > 2**53


def test_the_story_says_nothing_that_is_not_read() -> None:
    known = {field.name for field in fields(Line)} | {"at", "reply"}
    known -= {"path", "network", "replies"}

    def check(table: dict[str, Any]) -> None:
        assert table.keys() <= known, table
        assert ("at" in table) is not ("after" in table), table
        assert table.get("edit", {}).keys() <= {field.name for field in fields(Edit)}
        for reply in table.get("reply", ()):
            check(reply)

    for network in BRAND_HANDLES:
        story = files("monitor.simulator").joinpath("story", f"{network}.toml").read_text("utf-8")
        for table in tomllib.loads(story)["post"]:
            check(table)
