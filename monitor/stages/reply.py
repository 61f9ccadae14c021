"""Reply: answers go out in the brand's name. Never twice by itself, never lost without telling people.

    read -> claim (lease, attempted_at) -> post  -> store what was posted
                                        -> look, if its fate is unknown -> store it, look again, or ask

Claim and result are transactions of their own; posting and looking happen outside of any. An answer of
unknown fate (a crash, a connection that broke) is only ever looked for. What is not found in the end is
asked of people: they alone have it posted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, assert_never
from uuid import uuid4

import structlog
from structlog.contextvars import bound_contextvars

from monitor.clock import utc_now
from monitor.domain.errors import Outcome, SendError
from monitor.domain.notice import Absent, Reason, Unknowable
from monitor.domain.post import Page, Post
from monitor.domain.reply import INDEX_LAG, LOOKED_FOR, Absence, ReplyState, absence, is_ours
from monitor.domain.storable import admitted
from monitor.log import in_a_line
from monitor.ports import Clock, Desk
from monitor.store import answers, brands, cases, coverage, posts, replies
from monitor.store.engine import Connection, Database
from monitor.store.replies import Pending

LEASE = timedelta(minutes=10)
"""Longer than any source's time-out: who is silent for so long is dead or frozen."""
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=15)
PATIENCE = 5
"""Attempts in vain, or one so long rest, before people hear that an answer is late."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Errand:
    """One claimed answer on its way."""

    row: Pending
    desk: Desk | None
    token: str
    since: datetime
    """When it was claimed."""
    unknown_since: datetime
    """Since when it may stand there."""
    tried_at: datetime
    """The same for the very first attempt, in domain time."""


class Reply:
    """Posts the answers that people wrote. Any number of these may work on one database.

    Args:
        database: where the answers are.
        desks: the configured sources that can answer.
        clock: domain time, for when an answer was stored; without it that is the round's beginning.
        machine: transport time (leases, back-off).

    """

    name: ClassVar[str] = replies.STAGE

    def __init__(
        self,
        database: Database,
        desks: Sequence[Desk],
        *,
        clock: Clock | None = None,
        machine: Clock = utc_now,
    ) -> None:
        self._database = database
        self._desks = desks
        self._clock = clock
        self._machine = machine
        self._errands: dict[str, _Errand] = {}

    def due(self, now: datetime) -> Sequence[str]:
        """The numbers of answers to be posted, looked for or closed, the oldest first."""
        with self._database.reading() as conn:
            return [str(one) for one in replies.due(conn, now=now, at=self._machine())]

    def handle(self, item: str, now: datetime) -> None:
        """Post one answer, or look for it, or learn why not yet. Does nothing if somebody else has it."""
        errand = self._take(int(item), now)
        if errand is None:
            return
        self._errands[item] = errand
        with bound_contextvars(case=errand.row.case_id):
            if errand.row.attempted_at is None:
                self._post(errand, now)
            else:
                self._look(errand, now)
        self._errands.pop(item, None)

    def failed(self, item: str, error: Exception, now: datetime) -> None:
        """What a source did not expect: the answer may stand there, and is looked for later.

        Raises `error` if no attempt was made.
        """
        errand = self._errands.pop(item, None)
        if errand is None:
            raise error
        problem = in_a_line(error)
        with bound_contextvars(case=errand.row.case_id):
            self._not_found(errand, SendError(problem, outcome=Outcome.UNKNOWN), now)

    def _take(self, number: int, now: datetime) -> _Errand | None:
        """Claim it, with the case held still: a wait that ends meanwhile is seen before or after."""
        at, token = self._machine(), uuid4().hex
        with self._database.writing() as conn:
            cases.hold(conn, replies.case_of(conn, number))
            row = replies.pending(conn, number, at=at)
            if row is None:
                return None
            if row.was_asked:
                self._close(conn, row, now)
                return None
            if row.attempted_at is None and row.unwanted is not None:
                replies.close(conn, row.number, row.unwanted)
                answers.tell(conn, row.number, Reason.REPLY_CANCELLED, now)
                return None
            taken = replies.claim(conn, row, token=token, at=at, until=at + LEASE, now=now)
        errand = _Errand(
            row, self._desk(row), token, at, row.attempted_at or at, row.tried_at or now
        )
        return errand if taken else None

    def _close(self, conn: Connection, row: Pending, now: datetime) -> None:
        """People were asked, and the wait is over: by this answer, if a stream brought it, or without it."""
        found = self._brought(conn, row)
        if found is None:
            replies.close(conn, row.number, row.unwanted or Reason.ANSWERED)
        else:
            replies.sent(conn, row.number, found, now)

    def _brought(self, conn: Connection, row: Pending) -> int | None:
        """What a stream brought under the post since the attempt."""
        desk = self._desk(row)
        automatic = desk is not None and _reads_automatic(row, desk)
        return answers.answer_since(conn, row, automatic=automatic)

    def _desk(self, row: Pending) -> Desk | None:
        return next(
            (one for one in self._desks if one.name == row.source and one.brand(row.brand)), None
        )

    # -------------------------------------------------------------------------------- posting it

    def _post(self, errand: _Errand, now: datetime) -> None:
        row, desk = errand.row, errand.desk
        if desk is None:
            self._fail(errand, _no_desk(row), now)
            return
        if self._machine() >= errand.since + LEASE:
            # frozen since the claim: somebody else may have it by now, and nothing was posted
            with self._database.writing() as conn:
                self._put_off(conn, errand, None, timedelta(0), fate_unknown=False)
            return
        try:
            posted = desk.source.reply(row.to, row.text or "", row.key)
        except SendError as error:
            match error.outcome:
                case Outcome.PERMANENT:
                    self._fail(errand, str(error), now)
                case Outcome.NOT_SENT:
                    self._try_later(errand, error, now)
                case Outcome.UNKNOWN:
                    self._not_found(errand, error, now)
                case never:
                    assert_never(never)
        else:
            self._keep(errand, desk, posted, now)

    def _try_later(self, errand: _Errand, error: SendError, now: datetime) -> None:
        row, rest = errand.row, _rest(errand.row, error)
        with self._database.writing() as conn:
            if row.attempts + 1 >= PATIENCE or rest >= LONGEST_REST:
                answers.tell(conn, row.number, Reason.REPLY_DELAYED, now)
            self._put_off(conn, errand, str(error), rest, fate_unknown=False)
        _log.warning("reply_postponed", reply=row.number, problem=str(error))

    def _put_off(
        self,
        conn: Connection,
        errand: _Errand,
        problem: str | None,
        rest: timedelta,
        *,
        fate_unknown: bool,
    ) -> None:
        """Give the claim back for a while. `fate_unknown`: it may stand there, and is to be looked for."""
        replies.postpone(
            conn,
            errand.row,
            errand.token,
            at=self._machine(),
            rest=rest,
            problem=problem,
            fate_unknown=fate_unknown,
        )

    def _fail(self, errand: _Errand, problem: str, now: datetime) -> None:
        row = errand.row
        with self._database.writing() as conn:
            if replies.end(conn, row, errand.token, ReplyState.FAILED, problem=problem):
                answers.tell(conn, row.number, Reason.REPLY_REFUSED, now)
        _log.error("reply_refused", reply=row.number, problem=problem)

    def _keep(self, errand: _Errand, desk: Desk, posted: Post, now: datetime) -> None:
        """Store it as the timeline would: from there `settle` ends the wait."""
        row = errand.row
        seen_at = max(now, self._clock()) if self._clock else now
        with self._database.writing() as conn:
            self._store(conn, desk, posted, seen_at)
            there = answers.stored(conn, posted.key)
            replies.sent(conn, row.number, there[0] if there else None, seen_at)
        _log.info("reply_sent", reply=row.number)

    def _store(self, conn: Connection, desk: Desk, posted: Post, seen_at: datetime) -> None:
        stream = desk.stream(posted.key.network)
        if stream is None:
            return  # it reads what it answers no longer
        ids = brands.ensure(conn, (one.name for one in desk.brands))
        posts.store_page(
            conn,
            stream_id=coverage.ensure_stream(conn, desk.name, stream, ids.values(), seen_at),
            brands=[(ids[one.name], one) for one in desk.brands],
            page=admitted(Page((posted,), cursor="")),
            seen_at=seen_at,
        )

    # ------------------------------------------------------------------------------ looking for it

    def _look(self, errand: _Errand, now: datetime) -> None:
        row, desk = errand.row, errand.desk
        with self._database.writing() as conn:
            there = self._brought(conn, row)
            if there is not None:
                replies.sent(conn, row.number, there, now)
        if there is not None:
            _log.info("reply_found", reply=row.number)
            return
        if desk is None:
            self._ask(errand, _no_desk(row), now)
            return
        try:
            found = desk.source.find_reply(row.to, row.key)
        except SendError as error:
            self._not_found(errand, error, now)
            return
        match found:
            case Post() if self._is_new(errand, desk, found):
                self._keep(errand, desk, found, now)
            case Post() | Absent():
                self._absent(errand, now)
            case Unknowable(because=because):
                self._ask(errand, because, now)
            case never:
                assert_never(never)

    def _is_new(self, errand: _Errand, desk: Desk, found: Post) -> bool:
        """Whether it came of the attempt, or was typed since; not if it is older, or a machine's."""
        is_machines = any(one.answers_automatically(found) for one in desk.brands)
        if is_machines and not _reads_automatic(errand.row, desk):
            return False
        with self._database.reading() as conn:
            there = answers.stored(conn, found.key)
        known_before = there is not None and there[1] < errand.tried_at
        return not known_before and is_ours(found.posted_at, errand.tried_at)

    def _absent(self, errand: _Errand, now: datetime) -> None:
        row, at = errand.row, self._machine()
        waited = at - errand.unknown_since
        match absence(waited, is_wanted=row.unwanted is None):
            case Absence.LOOK_AGAIN:
                self._look_later(errand, "not seen yet", min(_rest(row), INDEX_LAG - waited))
            case Absence.NOT_WANTED:
                with self._database.writing() as conn:
                    self._drop(conn, errand, now)
            case Absence.ASK:
                self._ask(errand, "it was not found there", now)
            case never:
                assert_never(never)

    def _drop(self, conn: Connection, errand: _Errand, now: datetime) -> None:
        """It is certainly not there, and nobody waits for it."""
        row, gone = errand.row, ReplyState.CANCELLED
        if replies.end(conn, row, errand.token, gone, reason=row.unwanted):
            answers.tell(conn, row.number, Reason.REPLY_CANCELLED, now)

    def _not_found(self, errand: _Errand, error: SendError, now: datetime) -> None:
        """It may stand there, and cannot be looked for now."""
        rest = _rest(errand.row, error)
        if self._machine() + rest - errand.unknown_since > LOOKED_FOR:
            self._ask(errand, str(error), now)
        else:
            self._look_later(errand, str(error), rest)

    def _look_later(self, errand: _Errand, problem: str, rest: timedelta) -> None:
        with self._database.writing() as conn:
            self._put_off(conn, errand, problem, rest, fate_unknown=True)
        _log.warning("reply_looked_for", reply=errand.row.number, problem=problem)

    def _ask(self, errand: _Errand, problem: str, now: datetime) -> None:
        row = errand.row
        with self._database.writing() as conn:
            if replies.end(conn, row, errand.token, ReplyState.ASKED, problem=problem):
                answers.tell(conn, row.number, Reason.REPLY_UNKNOWN, now)
        _log.error("reply_unknown", reply=row.number, problem=problem)


def _rest(row: Pending, error: SendError | None = None) -> timedelta:
    told = error.retry_after if error else None
    by_itself: timedelta = FIRST_REST * 2 ** min(row.attempts, 16)
    return told or min(by_itself, LONGEST_REST)


def _reads_automatic(row: Pending, desk: Desk) -> bool:
    """Patterns that were configured since it was written take it for a machine's."""
    return any(one.reads_automatic(row.text or "") for one in desk.brands)


def _no_desk(row: Pending) -> str:
    return f"the config names no source {row.source} any more that answers for {row.brand}"
