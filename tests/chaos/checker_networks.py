"""Compares what X, Reddit and Slack know with what the database says; shares no code with the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tests.chaos.found import Rows, Verdict, moment, to_be_done
from tests.chaos.networks import Networks, Post
from tests.chaos.rules import Stored, expected_waits, judged_as_said, stored_posts
from tests.chaos.told import (
    Heard,
    Told,
    check_nothing_set_aside,
    check_steps,
    check_waits,
    named_in,
)

REPEATED = "(possibly repeated)"
ANSWERED = "✅"
EDITED_IN_PLACE = frozenset({"update"})


def unfinished(rows: Rows, world: Networks) -> dict[str, object]:
    """What still has to be done, by name; empty when everything is at rest."""
    left: dict[str, object] = {name: one for name, one in to_be_done(rows).items() if one}
    sql = "SELECT source, name, polled_at, failing_since, problem FROM stream"
    streams = rows.execute(sql).fetchall()
    if not streams:
        left["streams"] = "not begun"
    for source, name, polled, failing, problem in streams:
        polled_at = moment(polled)
        since = world.finished_at
        if failing is not None:
            left[f"{source}/{name} fails"] = problem
        elif polled_at is None or since is None or not since <= polled_at <= world.clock():
            left[f"{source}/{name} to be read since"] = since
    return left


def check(rows: Rows, world: Networks) -> Verdict:
    """Everything but `replay --check`, on a database at rest."""
    found = Verdict()
    for name, number in unfinished(rows, world).items():
        found.lost.append(f"{name}: {number}")
    check_nothing_set_aside(rows, found)
    there = stored_posts(rows, found)
    _check_posts(rows, world, there, found)
    judged_as_said(world.said, there, found, was_behind=world.program_was_behind)
    told = Told(rows, [_heard(one) for one in _first_parts(world)])
    told.check(found, unheard=EDITED_IN_PLACE)
    _check_channels(world, told, found)
    found.expected = expected_waits(world.said, there)
    check_waits(rows, there, told, found)
    check_steps(rows, there, found)
    _check_cards(rows, world, found)
    _check_names(rows, world, told, found)
    return found


def repeats(world: Networks) -> int:
    """How many messages stand in Slack that say what another one says."""
    standing = _standing(world)
    return sum(map(len, standing.values())) - len(standing)


def deleted(world: Networks) -> int:
    """How many doubles the program took away itself."""
    return sum(one.is_deleted for one in world.workspace.posts)


def _first_parts(world: Networks) -> list[Post]:
    return [one for one in world.workspace.posts if one.part == 1 and not one.is_deleted]


def _heard(one: Post) -> Heard:
    return Heard(one.key, one.text, REPEATED in one.text, tuple(one.edits))


def _standing(world: Networks) -> Mapping[tuple[str, int], list[Post]]:
    """The messages that were not deleted, by what they say."""
    found: defaultdict[tuple[str, int], list[Post]] = defaultdict(list)
    for one in world.workspace.posts:
        if not one.is_deleted:
            found[one.key, one.part].append(one)
    return found


def _check_channels(world: Networks, told: Told, found: Verdict) -> None:
    """No message says what another one said, unless it says so; and what was told stands there still."""
    for (key, part), messages in _standing(world).items():
        unmarked = sum(REPEATED not in one.text for one in messages)
        if unmarked > 1:
            found.doubled.append(f"{key}, part {part}: {unmarked} messages, and none says so")
        if len(messages) > 1 and key not in told.repeated:
            found.doubled.append(
                f"{key}, part {part}: {len(messages)} messages, and no row says so"
            )


def _check_posts(
    rows: Rows, world: Networks, there: Mapping[tuple[str, str], Stored], found: Verdict
) -> None:
    """What stands on a network is stored, and nothing is gone that nobody deleted."""
    known = {(one.network, one.id) for one in world.said}
    found.doubled += [f"post {key} that nobody wrote" for key in there.keys() - known]
    for one in world.said:
        row = there.get((one.network, one.id))
        if row is None and one.deleted_at is None:
            found.lost.append(f"post {one.mark} on {one.network} is not stored: {one.text}")
        if row is not None and row.gone_at is not None and one.deleted_at is None:
            found.lost.append(f"post {one.mark} on {one.network} is gone, and nobody deleted it")
        if row is not None and row.is_purged and row.gone_at is None:
            found.lost.append(f"post {one.mark} on {one.network} has lost its words")
    sql = "SELECT s.name, c.gap FROM coverage c JOIN stream s ON s.id = c.stream_id"
    for name, gap in rows.execute(f"{sql} WHERE c.gap IS NOT NULL").fetchall():
        found.lost.append(f"a gap in {name}: {gap}")
    (stored,) = rows.execute("SELECT sum(stored) FROM coverage").fetchone()
    if not len(there) - len(world.ours) <= stored <= len(there):  # ours are stored when posted
        found.wrong.append(f"the ledger says {stored} stored, the table {len(there)}")


def _check_cards(rows: Rows, world: Networks, found: Verdict) -> None:
    """The card of each case stands where its receipt says, and shows how the last wait ended."""
    sql = (
        "SELECT case_id, place, name FROM notice"
        " WHERE kind = 'alert' AND state = 'sent' ORDER BY id DESC"
    )
    cards = {case: (place, name) for case, place, name in rows.execute(sql).fetchall()}
    sql = "SELECT case_id, first_post_id FROM wait ORDER BY started_at"
    last = dict(rows.execute(sql).fetchall())
    for case, place in cards.items():
        card = world.workspace.standing(*place)
        wait = found.expected.get(last.get(case, -1))
        if card is None:
            found.lost.append(f"the card of case {case} is not in Slack")
        elif wait is not None and (ANSWERED in card) != (wait.outcome == "answered"):
            found.wrong.append(
                f"the card of case {case} ({wait.first.mark}, {wait.outcome}): {card}"
            )


def _check_names(rows: Rows, world: Networks, told: Told, found: Verdict) -> None:
    """What names cases of a storm stands there, and ticks off those in which nobody waits any more."""
    sql = "SELECT case_id, first_post_id FROM wait ORDER BY started_at"
    last = dict(rows.execute(sql).fetchall())
    for one in told.gathered.values():
        text = world.workspace.standing(*one.place)
        line = named_in(text or "").get(one.case)
        wait = found.expected.get(last.get(one.case, -1))
        if line is None:
            found.lost.append(f"{one.key} is named nowhere: {text}")
        elif wait is not None and line.is_done != (wait.outcome is not None):
            found.wrong.append(f"{one.key} ({wait.first.mark}, {wait.outcome}) is named as {line}")
