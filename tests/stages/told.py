"""A database with a brand and some cases, told of as the stages before would: rows and outbox calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from monitor.domain.hours import always
from monitor.domain.notice import Digest, NoticeKind, NoticeState, Planned, Reason
from monitor.domain.policy import Anchor, Match, Rule, Step
from monitor.store import outbox, schema
from monitor.store.engine import Database
from monitor.store.outbox import Entry
from tests.notifiers.sample import NOTHING
from tests.stages.otherside import Crash

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


class Machine:
    """The machine's clock, moved by hand; it can die at a call to come."""

    def __init__(self) -> None:
        self.at = NOW
        self.dies_in: int | None = None

    def __call__(self) -> datetime:
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dies_in = None
                raise Crash
        return self.at

    def passes(self, span: timedelta) -> None:
        self.at += span


class Told:
    """Writes cases and notices, and reads what became of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._posts = 0
        with database.writing() as conn:
            self.brand = _id(conn, schema.brand, name="Acme")

    def case(self, **columns: Any) -> int:
        """A case with one open wait; `level` is what its card shows."""
        with self.database.writing() as conn:
            return self._case(conn, columns)

    def storm(self, number: int, *, to: str = "slack:#care", **of_wait: Any) -> list[int]:
        """So many cases at once, each with an alert that waits."""
        with self.database.writing() as conn:
            made = [self._case(conn, {}, of_wait) for _ in range(number)]
            for case in made:
                key = f"alert:{case}:1"
                alert = Planned(key, NoticeKind.ALERT, to, Reason.OPENED, NOW, 1)
                outbox.write(conn, [alert], brand_id=self.brand, case_id=case, now=NOW)
        return made

    def _case(
        self, conn: sa.Connection, columns: dict[str, Any], of_wait: dict[str, Any] | None = None
    ) -> int:
        self._posts += 1
        author = _id(conn, schema.author, network="x", key=f"a{self._posts}", handle="dana")
        post = _id(
            conn,
            schema.post,
            network="x",
            external_id=str(self._posts),
            kind="post",
            thread=str(self._posts),
            quotes=[],
            text="Still no refund",
            author_id=author,
            posted_at=NOW - timedelta(hours=2),
            first_seen_at=NOW - timedelta(hours=1),
            last_seen_at=NOW,
            to_judge=False,
        )
        values = {
            "brand_id": self.brand,
            "network": "x",
            "thread": str(self._posts),
            "customer": str(author),
            "root_post_id": post,
            "opened_at": NOW,
            "seq": 1,
            "status": "open",
            "confirmed": True,
            "severity": 1,
            "level": 0,
            "claimed": False,
        }
        case_id = _id(conn, schema.cases, **(values | columns))
        row = self._wait(conn, case_id, post) | (of_wait or {})
        conn.execute(schema.wait.insert().values(**row))
        return case_id

    def _wait(self, conn: sa.Connection, case_id: int, post: int) -> dict[str, Any]:
        digest = rule(conn, "Care")
        return {
            "case_id": case_id,
            "number": 1,
            "brand_id": self.brand,
            "network": "x",
            "started_at": NOW - timedelta(hours=2),
            "first_seen_at": NOW - timedelta(hours=1),
            "due_at": NOW + timedelta(hours=2),
            "rule": digest,
            "severity": 1,
            "topics": "refund",
            "confirmed": True,
            "first_post_id": post,
        }

    def alert(
        self, case: int, *, wait: int = 1, to: str = "slack:#care", suppressed: bool = False
    ) -> str:
        reason = Reason.BEFORE_FIRST_RUN if suppressed else Reason.OPENED
        key = f"alert:{case}:{wait}"
        return self._write(
            case, Planned(key, NoticeKind.ALERT, to, reason, NOW, wait, None, suppressed)
        )

    def escalate(
        self,
        case: int,
        step: str,
        *,
        wait: int = 1,
        to: str = "slack:#leads",
        reason: Reason = Reason.STEP_DUE,
    ) -> str:
        kind = NoticeKind.ESCALATION
        key = f"step:{case}:{wait}:{step}"
        return self._write(case, Planned(key, kind, to, reason, NOW, wait, step))

    def words(self, kind: NoticeKind, headline: str, *, to: str = "slack:#care") -> str:
        with self.database.writing() as conn:
            planned = Planned(f"{kind}:{headline}", kind, to, Reason.REQUESTED, NOW)
            said = {"headline": headline, "lines": ["a line"]}
            outbox.write(conn, [planned], brand_id=None, case_id=None, now=NOW, payload=said)
        return planned.key

    def about(self, kind: NoticeKind, payload: dict[str, Any]) -> str:
        """A digest or a backlog of the brand."""
        with self.database.writing() as conn:
            planned = Planned(f"{kind}:1", kind, "slack:#care", Reason.SCHEDULED, NOW)
            outbox.write(
                conn, [planned], brand_id=self.brand, case_id=None, now=NOW, payload=payload
            )
        return planned.key

    def change(self, case: int, level: int) -> str:
        """The case's level moves, and its card has to be edited."""
        with self.database.writing() as conn:
            of_case = schema.cases.c.id == case
            conn.execute(schema.cases.update().where(of_case).values(level=level))
            outbox.write_update(conn, brand_id=self.brand, case_id=case, seq=level, now=NOW)
        return f"update:{case}:{level}"

    def answer(self, case: int, *, wait: int = 1) -> int:
        with self.database.writing() as conn:
            return outbox.cancel(conn, case_id=case, wait=wait, reason=Reason.ANSWERED)

    def entry(self, key: str) -> Entry:
        with self.database.reading() as conn:
            found = outbox.entry(conn, key)
        assert found is not None
        return found

    def state(self, key: str) -> tuple[NoticeState, Reason]:
        one = self.entry(key)
        return one.state, one.reason

    def entries(self) -> list[Entry]:
        with self.database.reading() as conn:
            keys = conn.scalars(sa.select(schema.notice.c.key).order_by(schema.notice.c.id)).all()
            return [one for key in keys if (one := outbox.entry(conn, key))]

    def _write(self, case: int, planned: Planned) -> str:
        with self.database.writing() as conn:
            outbox.write(conn, [planned], brand_id=self.brand, case_id=case, now=NOW)
        return planned.key


def digest_of(_conn: Any, _brand: int, day: Any, as_of: datetime) -> Digest:
    """A digest of nothing."""
    return replace(NOTHING, day=day, as_of=as_of)


def rule(conn: sa.Connection, whose: str) -> str:
    """Two steps, each naming people; its cards are for `whose`."""
    steps = tuple(
        Step(
            name=name,
            anchor=Anchor.START,
            offset=timedelta(hours=hours),
            audiences=("#leads",),
            mentions=(who,),
        )
        for name, hours, who in (("leads", 2, "Ana"), ("director", 4, "Bo"))
    )
    one = Rule(
        name="all",
        match=Match(),
        target=timedelta(hours=4),
        hours=always("UTC"),
        audience="#care",
        mentions=(whose,),
        steps=steps,
    )
    known = conn.scalar(sa.select(schema.rule.c.digest).where(schema.rule.c.digest == one.digest))
    if known is None:
        conn.execute(schema.rule.insert().values(digest=one.digest, snapshot=one.snapshot))
    return one.digest


def _id(conn: sa.Connection, table: sa.Table, **values: Any) -> int:
    return int(conn.scalar(table.insert().values(**values).returning(table.c.id)) or 0)
