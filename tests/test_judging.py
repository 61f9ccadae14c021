"""What judges where the adopted model is, where a copy of it is, and where there is none."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.classifiers import weights
from monitor.domain.errors import ClassifierError
from monitor.judging import InForce
from monitor.settings import ClassifierTable
from monitor.store import calibrations, maintenance
from monitor.store.engine import Database
from tests.store.written import rows

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
ELSEWHERE = Path("/home/another/machine/loud")


def test_a_model_that_was_adopted_elsewhere_stops_nothing(tmp_path: Path) -> None:
    """The config's judges meanwhile, and the operators hear once a day; a copy is found by its name."""
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    maintenance.upgrade(database)
    now = NOON
    judges = InForce(ClassifierTable(), database, "#operators", lambda: now)
    shipped = judges.model
    with database.writing() as conn:
        one = calibrations.Adopted(NOON, "ana", "complaint-e5-small@loud", ELSEWHERE)
        calibrations.adopt(conn, one)
    assert [judges.model for _ in range(3)] == [shipped] * 3
    assert judges.thresholds == weights.read_card(weights.find(weights.installed())).thresholds
    [(audience, reason, said)] = told(database)
    assert (audience, reason) == ("#operators", "model_missing")
    assert f"neither as {ELSEWHERE} nor as {tmp_path / weights.REVISIONS / 'loud'}" in said
    assert "or `complaint-monitor model rollback`" in said
    now += timedelta(days=1)
    assert judges.model == shipped
    assert len(told(database)) == 2
    with pytest.raises(ClassifierError, match="is not on this machine"):
        _ = InForce(ClassifierTable(), database).model  # a command that would measure another
    copied(tmp_path, "another")
    assert judges.model == shipped
    copied(tmp_path, "loud")
    assert judges.model == "complaint-e5-small@loud"
    assert len(told(database)) == 2
    database.close()


def told(database: Database) -> list[tuple[str, str, str]]:
    """What the operators are told: where, why, and in which words."""
    query = "SELECT audience, reason, payload FROM notice ORDER BY id"
    return [(one[0], one[1], str(one[2])) for one in rows(database, query)]


def copied(folder: Path, revision: str) -> None:
    """A model of that revision lies where the one that was adopted may lie."""
    shipped = weights.find(weights.installed())
    card = weights.read_card(shipped).model_copy(update={"revision": revision})
    place = folder / weights.REVISIONS / "loud"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / weights.CARD).write_text(card.model_dump_json())
