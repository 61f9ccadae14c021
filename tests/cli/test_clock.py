"""A first run under a clock that ran ahead, and the next one under a right clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor import settings
from monitor.cli.run import begin
from monitor.store import brands, maintenance
from monitor.wiring import Application

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_clock_set_right_is_believed_at_the_next_start(tmp_path: Path) -> None:
    text = f'database = "sqlite:///{tmp_path}/m.db"\n[[brands]]\nname = "acme"\n'
    now = NOON + timedelta(hours=10)
    application = Application(settings.read_text(text, "config"), clock=lambda: now)
    maintenance.upgrade(application.database)
    begin(application)
    now = NOON
    begin(application)
    with application.database.reading() as conn:
        assert brands.first_run_at(conn, 1) == NOON
    application.close()
