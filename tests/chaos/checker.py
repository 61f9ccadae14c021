"""Compares what was written to the feed with what the team heard and what the database says.

Shares no code with the product: plain SQL, the journal's lines, and the rules of the game written
down a second time (`rules`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.feed import Feed
from tests.chaos.found import Rows, Verdict, to_be_done
from tests.chaos.rules import Stored, expected_waits, judged_as_said, stored_posts
from tests.chaos.told import Heard, Told, check_nothing_set_aside, check_steps, check_waits


def unfinished(rows: Rows, lines: int) -> dict[str, int]:
    """What still has to be done, by name; empty when everything is at rest."""
    (read,) = rows.execute("SELECT coalesce(sum(read), 0) FROM coverage").fetchone()
    left = {"lines to read": lines - int(read)} | to_be_done(rows)
    return {name: number for name, number in left.items() if number}


def check(rows: Rows, feed: Feed, journal: Path) -> Verdict:
    """Everything but `replay --check`, on a database at rest."""
    found = Verdict()
    for name, number in unfinished(rows, feed.lines).items():
        kind = found.doubled if number < 0 else found.lost
        kind.append(f"{name}: {number}")
    check_nothing_set_aside(rows, found)
    _check_ledger(rows, feed, found)
    there = stored_posts(rows, found)
    _check_posts(there, feed, found)
    judged_as_said(feed.said, there, found)
    told = Told(rows, _heard(journal, found))
    told.check(found)
    found.expected = expected_waits(feed.said, there)
    check_waits(rows, there, told, found)
    check_steps(rows, there, found)
    return found


def _heard(journal: Path, found: Verdict) -> list[Heard]:
    heard = []
    for line in journal.read_bytes().splitlines() if journal.exists() else []:
        try:
            one = json.loads(line)
        except ValueError:
            found.wrong.append(f"a torn line in the journal: {line[:60]!r}")
        else:
            heard.append(Heard(one["key"], one["text"], one["possibly_repeated"]))
    return heard


def _check_ledger(rows: Rows, feed: Feed, found: Verdict) -> None:
    sums = "SELECT sum(stored), sum(duplicate), sum(deleted) FROM coverage"
    ledger = tuple(map(int, rows.execute(sums).fetchone()))
    truth = (len(feed.said), feed.repeated + feed.deletions, feed.deletions)
    if ledger != truth:
        found.wrong.append(f"the ledger says stored, duplicate, deleted {ledger}, not {truth}")


def _check_posts(there: Mapping[tuple[str, str], Stored], feed: Feed, found: Verdict) -> None:
    for one in feed.said:
        row = there.get((one.network, one.id))
        if row is None:
            found.lost.append(f"post {one.mark} is not stored")
        elif (row.is_purged, row.gone_at) != (one.deleted_at is not None, one.deleted_at):
            state = f"purged {row.is_purged}, gone {row.gone_at}"
            found.wrong.append(f"post {one.mark}: {state}; deleted {one.deleted_at}")
    if found.stored > len(feed.said):
        found.doubled.append(f"{found.stored - len(feed.said)} posts that nobody wrote")
