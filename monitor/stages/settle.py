"""Settle: waits end. Answers and deletions find their cases, whichever was stored first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from monitor.domain.answer import answered_posts
from monitor.domain.event import (
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    FollowedUp,
    Merged,
    Opened,
    Rejudged,
    Withdrawn,
)
from monitor.store import cases, mentions
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Connection, Database
from monitor.store.mentions import InThread, Mention

ROUND = 500


class Settle:
    """Looks at a thread in which something new stands, and records what it means for its cases."""

    name: ClassVar[str] = "settle"

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime) -> Sequence[str]:
        """Mentions whose thread has to be looked at."""
        with self._database.reading() as conn:
            return mentions.due(conn, mentions.SETTLE, now, ROUND)

    def handle(self, item: str, now: datetime) -> None:
        """Bring the cases of one mention's thread up to date, in one transaction."""
        with self._database.writing() as conn:
            one = mentions.load(conn, *mentions.parse_item(item))
            if one is None:
                return
            if one.own:
                mentions.keep_quotes(conn, one)
            self._follow_thread(conn, one, now)
            self._record_deletion(conn, one, now)
            self._match_answers(conn, one, now)
            mentions.hand_on(conn, one.brand_id, one.post_id, None)

    def _follow_thread(self, conn: Connection, one: Mention, now: datetime) -> None:
        """The root was learnt late: the case goes to its thread, or into the case that is there."""
        for row in _cases_of(conn, one):
            if row.thread == one.post.thread or row.customer != one.customer:
                continue
            there = cases.find(
                conn, CaseKey(one.brand_id, row.network, one.post.thread, row.customer)
            )
            if there is None:
                cases.move(conn, row.id, one.post.thread)
            else:
                self._merge(conn, row.id, there, now)

    def _merge(self, conn: Connection, source: int, into: int, now: datetime) -> None:
        known = {_ask_or_answer(record.event) for record in cases.history(conn, into)}
        moved = [
            Fact(record.at, _as_part(record.event), record.by)
            for record in cases.load(conn, source).records
            if isinstance(record.event, _FACTS) and _ask_or_answer(record.event) not in known
        ]
        cases.append(conn, into, moved, now=now)
        cases.append(conn, source, [Fact(now, Merged(into), self.name)], now=now)

    def _record_deletion(self, conn: Connection, one: Mention, now: datetime) -> None:
        if one.gone_at is None:
            return
        for row in _cases_of(conn, one):
            event = (
                AnswerWithdrawn(one.post_id) if one.own else Withdrawn(one.post_id, one.gone_after)
            )
            told = any(record.event == event for record in cases.history(conn, row.id))
            if not told:
                cases.append(conn, row.id, [Fact(one.gone_at, event, self.name)], now=now)

    def _match_answers(self, conn: Connection, one: Mention, now: datetime) -> None:
        network = one.post.key.network
        here = mentions.thread(conn, one.brand_id, network, one.post.thread)
        answers = {key: post for key, post in here.items() if post.counts}
        quoting = mentions.quoting(conn, one.brand_id, network, one.post.thread)
        answers |= {key: post for key, post in quoting.items() if post.counts}
        quoted = mentions.quoted(
            conn,
            one.brand_id,
            network,
            {key for post in answers.values() for key in post.seen.quotes},
        )
        known = {key: post.seen for key, post in {**quoted, **here}.items()}
        for answer in answers.values():
            for case_id in self._answered_cases(conn, one, answer, known):
                self._record_answer(conn, case_id, answer, now)

    def _answered_cases(
        self, conn: Connection, one: Mention, answer: InThread, known: Mapping[str, Any]
    ) -> Iterator[int]:
        for target in answered_posts(answer.seen, known):
            key = CaseKey(one.brand_id, one.post.key.network, target.thread, str(target.customer))
            case_id = cases.find(conn, key)
            if case_id is not None:
                yield case_id

    def _record_answer(
        self, conn: Connection, case_id: int, answer: InThread, now: datetime
    ) -> None:
        # the whole history: an answer that people took back is not matched again
        told = any(
            isinstance(record.event, Answered) and record.event.post == answer.post_id
            for record in cases.history(conn, case_id)
        )
        if not told:
            fact = Fact(answer.posted_at, Answered(answer.post_id), self.name)
            cases.append(conn, case_id, [fact], now=now)


_FACTS = (Opened, FollowedUp, Rejudged, Withdrawn, Answered, AnswerWithdrawn, AnsweredElsewhere)


def _as_part(event: Any) -> Any:
    return FollowedUp(event.ask) if isinstance(event, Opened) else event


def _ask_or_answer(event: Any) -> tuple[str, int] | None:
    """What makes a fact the same in both cases."""
    match event:
        case Opened(ask=ask) | FollowedUp(ask=ask):
            return "ask", ask.post
        case Answered(post=post):
            return "answer", post
        case _:
            return None


def _cases_of(conn: Connection, one: Mention) -> list[Any]:
    return [
        row
        for row in cases.of_post(conn, one.post_id)
        if row.brand_id == one.brand_id and row.merged_into is None
    ]
