"""What may leave the outbox, each notice with the card that it edits or belongs under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.notice import NoticeKind, NoticeState, Reason, Receipt
from monitor.store import leases
from monitor.store.cross_brand import Why, across
from monitor.store.failures import resting
from monitor.store.schema import brand, notice

STAGE = "deliver"
"""The stage that works the list off; its items are the notices' keys."""
PAGE = 500
_SHARED = (NoticeKind.STORM, NoticeKind.ROLL_UP)
CANCELLED = "cancelled"
"""The key of a payload that says why the notice is no longer wanted."""

_IS_PENDING = leases.is_pending(notice)
_earlier, _alert, _card_row, _root = (
    notice.alias(one) for one in ("earlier", "alert", "card", "root")
)
_STANDS = (NoticeState.PENDING.value, NoticeState.SENT.value)


@dataclass(frozen=True, slots=True)
class Card:
    """The message that shows a case, edited in place; no receipt before it was sent.

    Of a storm it shows several cases, or stands for all of them.
    """

    id: int
    kind: NoticeKind
    audience: str
    receipt: Receipt | None
    is_set_aside: bool
    """Sending it fails for a reason of our own: nothing should wait for it."""
    root: Receipt | None
    """The message in whose thread it stands itself: there is the place of what belongs under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A row that waits to be sent."""

    id: int
    key: str
    brand_id: int | None
    brand: str
    kind: NoticeKind
    audience: str
    reason: Reason
    case_id: int | None
    wait: int | None
    step: str | None
    payload: Mapping[str, Any]
    written_at: datetime
    attempts: int
    attempted_at: datetime | None
    """Set where it was attempted and no answer is known: when that was, in transport time."""
    possibly_repeated: bool
    cancelled: Reason | None
    """Why it is no longer wanted, learnt when it could no longer be suppressed unseen."""
    card: Card | None
    """The case's card, if the case has one and this is not it."""

    @property
    def fate_unknown(self) -> bool:
        """It may have arrived."""
        return self.attempted_at is not None

    @property
    def shown(self) -> tuple[NoticeKind, int]:
        """What it shows: itself, or the message about several cases that it edits; and that one's row."""
        if self.kind is NoticeKind.UPDATE and self.card is not None and self.card.kind in _SHARED:
            return self.card.kind, self.card.id
        return self.kind, self.id


def ready(
    conn: Connection,
    *,
    now: datetime,
    at: datetime,
    key: str | None = None,
    after: int = 0,
    beside: Collection[str] = (),
) -> list[Pending]:
    """What may be sent now, oldest first: nobody has it, and nothing of its kind goes before it.

    The first `PAGE` of those whose ids come after `after`, and that are not for the audiences `beside`.

    Notices of one case, kind and audience keep their order, unless the earlier one is set aside.
    With `key`: that one, if it is ready.
    """
    query = (
        sa.select(
            notice,
            brand.c.name.label("brand"),
            _card_row.c.id.label("card_id"),
            _card_row.c.audience.label("card_audience"),
            _card_row.c.place.label("card_place"),
            _card_row.c.name.label("card_name"),
            _card_row.c.kind.label("card_kind"),
            resting(STAGE, _card_row.c.key, now).label("card_rests"),
            _root.c.place.label("root_place"),
            _root.c.name.label("root_name"),
        )
        .select_from(notice)
        .outerjoin(brand, brand.c.id == notice.c.brand_id)
        .outerjoin(
            _card_row, sa.and_(_card_row.c.id == _its_card(), _card_row.c.state.in_(_STANDS))
        )
        .outerjoin(_root, _root.c.id == _card_row.c.under)
        .where(
            _IS_PENDING,
            leases.nobody_has_it(notice, at),
            ~resting(STAGE, notice.c.key, now),
            ~_overtakes(now),
        )
        .where(notice.c.id > after, sa.true() if key is None else notice.c.key == key)
        .where(notice.c.audience.not_in(beside) if beside else sa.true())
        .order_by(notice.c.id)
        .limit(PAGE)
    )
    return [_pending(row) for row in conn.execute(across(query, Why.DUE))]


def is_left_lying(conn: Connection, *, now: datetime, at: datetime, patience: timedelta) -> bool:
    """Whether some notice could have left all the time for longer than `patience`, and nobody took it.

    What was tried or put off meanwhile is not left lying, nor what comes after it or belongs under it.
    """
    goes_first = sa.and_(
        _card_row.c.id == _its_card(),
        _card_row.c.id != notice.c.id,
        _card_row.c.state == NoticeState.PENDING.value,
        ~resting(STAGE, _card_row.c.key, now),
    )
    query = (
        sa.select(notice.c.id)
        .select_from(notice)
        .outerjoin(_card_row, goes_first)
        .where(
            _IS_PENDING,
            notice.c.written_at < now - patience,
            leases.is_free_since(notice, at - patience),
            ~resting(STAGE, notice.c.key, now),
            ~_overtakes(now),
            _card_row.c.id.is_(None),
        )
    )
    return conn.scalar(across(query.limit(1), Why.OPERATION)) is not None


def _overtakes(now: datetime) -> sa.ColumnElement[bool]:
    """An earlier one of its case, kind and audience is to leave first."""
    return sa.exists().where(
        _earlier.c.case_id == notice.c.case_id,
        _earlier.c.id < notice.c.id,
        _earlier.c.kind == notice.c.kind,
        _earlier.c.audience == notice.c.audience,
        _earlier.c.state == NoticeState.PENDING.value,
        ~resting(STAGE, _earlier.c.key, now),
    )


def _its_card() -> sa.ColumnElement[Any]:
    return sa.func.coalesce(notice.c.under, card_of(notice.c.case_id))


def in_turns(
    rows: Iterable[Pending], whose: Callable[[Pending], str], *, most: int = PAGE
) -> list[Pending]:
    """The first of each, then the second of each …, and of none more than `most`."""
    before: Counter[str] = Counter()
    turns = []
    for row in rows:
        turns.append((before[whose(row)], row))
        before[whose(row)] += 1
    return [row for turn, row in sorted(turns, key=itemgetter(0)) if turn < most]


def card_of(case_id: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The id of the case's card: its first alert that was, or is to be, sent, or what names it instead."""
    of_case = (_alert.c.case_id == case_id) & (_alert.c.kind == NoticeKind.ALERT.value)
    own = sa.select(sa.func.min(_alert.c.id)).where(of_case, _alert.c.state.in_(_STANDS))
    named_in = sa.select(sa.func.min(_alert.c.under)).where(
        of_case, _alert.c.reason == Reason.GATHERED.value
    )
    return sa.func.coalesce(own.scalar_subquery(), named_in.scalar_subquery())


def _pending(row: sa.Row[Any]) -> Pending:
    payload = row.payload or {}
    cancelled = payload.get(CANCELLED)
    return Pending(
        id=row.id,
        key=row.key,
        brand_id=row.brand_id,
        brand=row.brand or "",
        kind=NoticeKind(row.kind),
        audience=row.audience,
        reason=Reason(row.reason),
        case_id=row.case_id,
        wait=row.wait,
        step=row.step,
        payload=payload,
        written_at=row.written_at,
        attempts=row.attempts,
        attempted_at=row.attempted_at,
        possibly_repeated=row.possibly_repeated,
        cancelled=None if cancelled is None else Reason(cancelled),
        card=None if row.card_id in (None, row.id) else _card(row),
    )


def _card(row: sa.Row[Any]) -> Card:
    return Card(
        row.card_id,
        NoticeKind(row.card_kind),
        row.card_audience,
        _receipt(row.card_place, row.card_name),
        is_set_aside=row.card_rests,
        root=_receipt(row.root_place, row.root_name),
    )


def _receipt(place: str | None, name: str | None) -> Receipt | None:
    return None if place is None or name is None else Receipt(place, name)
