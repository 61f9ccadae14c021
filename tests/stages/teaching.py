"""A shop whose posts are judged by words, and whose staff say what they think of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.domain.correction import Correction, Said
from monitor.domain.judgement import Thresholds
from monitor.runner import Runner, Stage
from monitor.stages import by_hand
from monitor.stages.classify import Classify
from monitor.stages.sample import Sample
from monitor.stages.settle import Settle
from monitor.stages.triage import Triage
from monitor.store import corrections, samples
from monitor.store.engine import Database
from tests.scenarios.world import NO_WORDS, RULE, Keywords
from tests.store.written import SHOP, TEN, Bringing, rows, written

LIMITS = Thresholds(alert=0.6, review=0.3)
MINUTE = timedelta(minutes=1)


class Staff:
    """Brings posts, has them judged, and says what they are."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bringing = Bringing(database, SHOP)
        self.brand = 1

    def reads(self, *texts: str, at: datetime = TEN, first: int = 1) -> None:
        """Posts come in and go through the stages."""
        posts = [
            written(str(number), by=f"customer{number}", text=text)
            for number, text in enumerate(texts, first)
        ]
        self.bringing.brings(*posts, at=at)
        self.judges(at)

    def judges(self, at: datetime = TEN) -> None:
        stages: Sequence[Stage] = [
            Classify(self.database, Keywords()),
            Triage(self.database, (RULE,), LIMITS, NO_WORDS),
            Settle(self.database),
        ]
        Runner(stages, self.database, clock=lambda: at).until_idle()

    def draws(self, now: datetime, size: int = 4) -> Sample:
        """The sample as it is drawn then."""
        stage = Sample(self.database, names=["Shop"], size=size)
        for item in stage.due(now):
            stage.handle(item, now)
        return stage

    def says(self, post: int, said: Said, now: datetime = TEN + 2 * MINUTE) -> int | None:
        return by_hand.say(
            self.database,
            self.brand,
            post,
            said,
            rules=(RULE,),
            lexicon=NO_WORDS,
            by="ana",
            now=now,
        )

    def taught(self) -> dict[int, Correction]:
        """What was said last, by post."""
        with self.database.reading() as conn:
            found, _ = corrections.of_brand(conn, self.brand)
        return {one.post_id: one for one in found}

    def stale(self) -> int:
        with self.database.reading() as conn:
            return corrections.of_brand(conn, self.brand)[1]

    def drawn(self) -> list[int]:
        """The posts that wait for a look."""
        with self.database.reading() as conn:
            return [one.post_id for one in samples.waiting(conn, self.brand)]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self.database, sql)
