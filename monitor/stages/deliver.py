"""Deliver: notices leave the outbox. Never lost, and doubled only where nobody can look, and saying so.

    read and render -> claim (lease, attempted_at) -> look, if it may be there -> send -> keep receipt

Claim and receipt are transactions of their own; looking and sending happen outside of any. A crash
at any arrow leaves a row that says what is known, and handling it again goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, assert_never
from uuid import uuid4

import structlog
from structlog.contextvars import bound_contextvars

from monitor.clock import utc_now
from monitor.domain.errors import NoSuchPlaceError, Outcome, SendError
from monitor.domain.notice import (
    Absent,
    Notice,
    NoticeKind,
    Reason,
    Receipt,
    Unknowable,
)
from monitor.domain.rests import Rests
from monitor.log import in_a_line
from monitor.ports import Clock, Notifier, Speaks
from monitor.store import alarms, cards, leaving, outbox, put_back, storms
from monitor.store.contents import Contents, DigestOf, ReportOf
from monitor.store.engine import Database
from monitor.store.leaving import Pending

ROUND = 500
"""Notices handed out at once …"""
SHARE = 100
"""… and of them for one audience: what waits for a busy channel hides nobody else's."""
LEASE = timedelta(minutes=2)
"""Longer than any notifier's time-out: who is silent for so long is dead or frozen."""
FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=15)
SLOW = timedelta(seconds=2)
"""An attempt in vain that took longer ran into a time-out, whatever its error says."""
PATIENCE = 5
"""Attempts in vain before the operators hear of it. It goes on being tried."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Route:
    """Whose door an audience is behind, and what stands on the door."""

    name: str
    notifier: Notifier
    target: str


@dataclass(frozen=True, slots=True)
class _NoNotifier:
    """Stands where the config names none: what is for it waits."""

    name: str

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        raise self._error

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        raise self._error

    @property
    def _error(self) -> NoSuchPlaceError:
        return NoSuchPlaceError(f'the config names no notifier "{self.name}" (any more)')


@dataclass(frozen=True, slots=True)
class _Errand:
    """One claimed notice on its way. `until` is the end of the claim."""

    row: Pending
    notice: Notice
    earlier: Receipt | None
    route: _Route
    token: str
    until: datetime


class Deliver:
    """Brings pending notices to people. Any number of these may work on one database.

    Args:
        database: where the outbox is.
        notifiers: by configured name. What is for another one waits: nobody else is told in its place.
        digest: gathers a digest when it is about to leave.
        report: gathers a scheduled report; None: none is scheduled.
        operators: who hears that something cannot be delivered; None tells nobody.
        shadow: decide everything, tell nobody.
        clock: transport time (leases, back-off); domain time comes with `due` and `handle`.

    """

    name: ClassVar[str] = leaving.STAGE

    def __init__(
        self,
        database: Database,
        notifiers: Mapping[str, Notifier],
        *,
        digest: DigestOf,
        report: ReportOf | None = None,
        operators: str | None,
        shadow: bool,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._notifiers = dict(notifiers)
        self._contents = Contents(digest, report)
        self._operators = operators
        self._shadow = shadow
        self._clock = clock
        self._errands: dict[str, _Errand] = {}
        self._rests = Rests()
        self._nowhere: set[str] = set()
        """Audiences that the config does not name: no card of theirs is waited for."""

    def due(self, now: datetime) -> Sequence[str]:
        """The keys of notices that may leave now: oldest first, notifiers and audiences taking turns.

        Of each audience at most `SHARE`; reports, which take long to make, come last.
        """
        at = self._clock()
        found: list[Pending] = []
        had: Counter[str] = Counter()
        with self._database.reading() as conn:
            after: int | None = 0
            while after is not None:
                full = [one for one, number in had.items() if number >= SHARE]
                page = leaving.ready(conn, now=now, at=at, after=after, beside=full)
                found += [one for one in page if self._may_go(one, at)]
                found = leaving.in_turns(found, _audience, most=SHARE)
                had = Counter(map(_audience, found))
                after = page[-1].id if len(page) == leaving.PAGE else None
        turns = leaving.in_turns(found[:ROUND], lambda row: self._route(row.audience).name)
        return [one.key for one in sorted(turns, key=lambda one: one.kind is NoticeKind.REPORT)]

    def handle(self, item: str, now: datetime) -> None:
        """Deliver one notice, or learn why not yet. Does nothing if somebody else has it."""
        at = self._clock()
        with self._database.reading() as conn:
            ready = leaving.ready(conn, now=now, at=at, key=item)
            row = next((one for one in ready if self._may_go(one, at)), None)
            if row is None:
                return
            has_content = not self._shadow and not _edits_nothing(row)
            notice = self._notice(conn, row, now) if has_content else None
        with bound_contextvars(case=row.case_id):
            if notice is None:
                self._leave(row)
                return
            errand = self._claim(row, notice)
            if errand is not None:
                self._errands[item] = errand
                self._deliver(errand, now)
                self._errands.pop(item, None)

    def failed(self, item: str, error: Exception, now: datetime) -> None:
        """What a notifier did not expect: the notice may have arrived, and is looked for later.

        Raises `error` if no attempt was made: then the notice itself cannot be put in words.
        """
        errand = self._errands.pop(item, None)
        if errand is None:
            raise error
        problem = in_a_line(error)
        unknown = SendError(problem, outcome=Outcome.UNKNOWN)
        with bound_contextvars(case=errand.row.case_id):
            self._postpone(errand, unknown, now, fate_unknown=True)

    def _may_go(self, row: Pending, at: datetime) -> bool:
        """Its audience does not rest. A card goes first: what belongs under it waits, at one notifier."""
        if self._shadow:
            return not (row.fate_unknown or row.possibly_repeated)  # a real run will look for it
        route = self._route(row.audience)
        if self._rests.has(route.name, route.target, at):
            return False
        card = row.card
        if card is None or card.receipt is not None or card.is_set_aside:
            return True
        if card.audience in self._nowhere:
            return True
        return self._route(card.audience).name != route.name

    def _route(self, audience: str) -> _Route:
        name, _, target = audience.partition(":")
        return _Route(name, self._notifiers.get(name, _NoNotifier(name)), target)

    def _language(self, audience: str) -> str | None:
        """What is spoken there; None: the notifier does not tell."""
        route = self._route(audience)
        its = route.notifier
        return its.language(route.target) if isinstance(its, Speaks) else None

    # ------------------------------------------------------------------------------ what it says

    def _notice(self, conn: Any, row: Pending, now: datetime) -> Notice:
        return Notice(
            key=row.key,
            kind=row.kind,
            audience=self._route(row.audience).target,
            reason=row.reason,
            brand=row.brand,
            content=self._contents.of(conn, row, now, self._language(row.audience)),
            written_at=row.written_at,
            possibly_repeated=row.possibly_repeated,
            thread=self._thread(row),
            mentions=self._mentions(conn, row),
            **put_back.told_before(conn, row),
        )

    def _mentions(self, conn: Any, row: Pending) -> tuple[str, ...]:
        kind, number = row.shown
        if kind is NoticeKind.STORM:
            return storms.called(conn, number, as_attempted=row.fate_unknown)
        if kind is NoticeKind.ROLL_UP:
            return storms.called_late(conn, number)
        if row.case_id is None or row.kind in (NoticeKind.UPDATE, NoticeKind.EVENT):
            return ()
        return cards.named(conn, row.case_id, row.wait, row.step)

    def _thread(self, row: Pending) -> Receipt | None:
        """The card under which it belongs; a receipt means nothing to another notifier."""
        if row.card is None or row.kind is NoticeKind.UPDATE:
            return None
        same = self._route(row.card.audience).name == self._route(row.audience).name
        return (row.card.root or row.card.receipt) if same else None

    # --------------------------------------------------------------------------------- the errand

    def _leave(self, row: Pending) -> None:
        reason = Reason.SHADOW if self._shadow else Reason.NOTHING_TO_EDIT
        with self._database.writing() as conn:
            outbox.suppress(conn, row, reason)
        _log.info("notice_suppressed", key=row.key, reason=reason.value)

    def _claim(self, row: Pending, notice: Notice) -> _Errand | None:
        at = self._clock()
        token, until = uuid4().hex, at + LEASE
        with self._database.writing() as conn:
            if not outbox.claim(conn, row, token=token, at=at, until=until):
                return None
            if row.kind is NoticeKind.STORM:
                storms.keep_called(conn, row.id, notice.mentions)
        earlier = row.card.receipt if row.card and row.kind is NoticeKind.UPDATE else None
        return _Errand(row, notice, earlier, self._route(row.audience), token, until)

    def _deliver(self, errand: _Errand, now: datetime) -> None:
        row = errand.row
        try:
            found = errand.route.notifier.find(errand.notice) if row.fate_unknown else Absent()
        except SendError as error:
            self._postpone(errand, error, now, fate_unknown=True)
            return
        match found:
            case Receipt():
                self._keep(errand, found, now)
            case Absent() if row.cancelled is not None:
                self._drop(errand, row.cancelled, may_be_there=False)
            case Absent():
                self._send(errand, now)
            case Unknowable() if row.cancelled is not None and row.kind is NoticeKind.ESCALATION:
                self._drop(errand, row.cancelled, may_be_there=True)
            case Unknowable():
                with self._database.writing() as conn:
                    mine = outbox.will_repeat(conn, errand.row, errand.token)
                if mine:
                    repeated = replace(errand.notice, possibly_repeated=True)
                    self._send(replace(errand, notice=repeated), now)
            case never:
                assert_never(never)

    def _drop(self, errand: _Errand, reason: Reason, *, may_be_there: bool) -> None:
        with self._database.writing() as conn:
            outbox.drop(conn, errand.row, errand.token, reason, may_be_there=may_be_there)
        _log.info("notice_suppressed", key=errand.row.key, reason=reason.value)

    def _send(self, errand: _Errand, now: datetime) -> None:
        if self._clock() >= errand.until:
            return  # frozen since the claim: somebody else may be sending it
        try:
            receipt = errand.route.notifier.send(errand.notice, errand.earlier)
        except SendError as error:
            match error.outcome:
                case Outcome.PERMANENT:
                    self._fail(errand, error, now)
                case Outcome.NOT_SENT:
                    self._postpone(errand, error, now, fate_unknown=False)
                case Outcome.UNKNOWN:
                    self._postpone(errand, error, now, fate_unknown=True)
                case never:
                    assert_never(never)
        else:
            self._keep(errand, receipt, now)

    def _keep(self, errand: _Errand, receipt: Receipt, now: datetime) -> None:
        row = errand.row
        self._rests.end(errand.route.name, errand.route.target)
        self._nowhere.discard(row.audience)
        with self._database.writing() as conn:
            kept = outbox.sent(conn, row, errand.token, receipt, now)
        said = {"key": row.key, "kind": row.kind.value, "reason": row.reason.value}
        if kept:
            _log.info("notice_sent", **said)
        else:
            _log.warning("notice_sent_without_claim", **said)

    def _postpone(
        self, errand: _Errand, error: SendError, now: datetime, *, fate_unknown: bool
    ) -> None:
        row, at = errand.row, self._clock()
        is_slow = at - (errand.until - LEASE) >= SLOW and not error.answered
        is_unknown = isinstance(error, NoSuchPlaceError)  # which says nothing of the other side
        if is_unknown:
            self._nowhere.add(row.audience)
        if not is_unknown and (error.retry_after is None or is_slow or error.is_down):
            its = errand.route
            self._rests.begin(its.name, its.target, at, is_down=error.is_down)
        rest = error.retry_after or min(FIRST_REST * 2 ** min(row.attempts, 16), LONGEST_REST)
        with self._database.writing() as conn:
            outbox.postpone(
                conn,
                row,
                errand.token,
                at=at,
                rest=rest,
                problem=str(error),
                fate_unknown=fate_unknown,
            )
            if row.attempts + 1 >= PATIENCE:
                self._tell_operators(conn, row, error, now, refused=False)
        event = "notice_has_no_place" if is_unknown else "notice_postponed"
        _log.warning(event, key=row.key, problem=str(error))

    def _fail(self, errand: _Errand, error: SendError, now: datetime) -> None:
        row = errand.row
        self._rests.end(errand.route.name, errand.route.target)
        with self._database.writing() as conn:
            if outbox.fail(conn, row, errand.token, str(error)):
                self._tell_operators(conn, row, error, now, refused=True)
        _log.error("notice_refused", key=row.key, problem=str(error))

    def _tell_operators(
        self, conn: Any, row: Pending, error: SendError, now: datetime, *, refused: bool
    ) -> None:
        """Once a day and audience; and never about a warning that cannot be delivered itself."""
        if row.kind is NoticeKind.OPERATIONS:
            return
        whom = self._whom(row.audience, error)
        what, word = ("Refused", "refused") if refused else ("Not reached yet", "unreachable")
        alarms.write(
            conn,
            self._operators,
            f"{word}:{whom}:{now.date()}",
            Reason.QUARANTINED,
            f"{what}: {whom}",
            [str(error), f"First seen with notice {row.key}, attempt {row.attempts + 1}."],
            now,
            brand_id=row.brand_id,
        )

    def _whom(self, audience: str, error: SendError) -> str:
        """Of whom the operators are told: of a notifier by which nobody is reached once for all."""
        route = self._route(audience)
        return route.name if error.is_down or isinstance(route.notifier, _NoNotifier) else audience


def _audience(row: Pending) -> str:
    return row.audience


def _edits_nothing(row: Pending) -> bool:
    return row.kind is NoticeKind.UPDATE and (row.card is None or row.card.receipt is None)
