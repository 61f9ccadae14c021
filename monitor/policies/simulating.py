"""Past cases under changed policies, before they are adopted."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

from monitor.domain.errors import MonitorError
from monitor.domain.escalation_ahead import play
from monitor.domain.escalation_difference import Difference
from monitor.domain.event import Ask
from monitor.domain.policy import Rule, first_match
from monitor.domain.report import Period
from monitor.domain.rota import ROTA, Person, Staff
from monitor.settings import Settings
from monitor.store import brands, lived
from monitor.store.engine import Connection
from monitor.store.lived import PastCase


class SimulateError(MonitorError):
    """It was given up; the text says why."""


def difference(
    conn: Connection,
    in_force: Settings,
    changed: Settings,
    period: Period,
    *,
    now: datetime,
    brands_of: Collection[str] | None = None,
    patience: timedelta | None = None,
) -> Difference:
    """What `changed` would have done otherwise to the waits that began in the period.

    Both are played as if the program had always run. `brands_of`: of these brands alone.

    Raises:
        SimulateError: it takes longer than `patience` (machine's time).

    """
    goes_on = partial(_require_patience, patience, began=time.monotonic())
    found = Difference()
    rules = changed.targets()
    digests = {id(one): one.digest for one in rules}  # made once: it costs a snapshot
    kept = lived.kept_rules(conn)
    after = {digests[id(one)]: one for one in rules}
    before_staff, after_staff = _staff(in_force), _staff(changed)
    for number, name in brands.names(conn).items():
        if brands_of is not None and name not in brands_of:
            continue
        for one in lived.past_cases(conn, number, name, since=period.since, until=period.until):
            governs = partial(_governs, one, rules, digests)
            found.add(
                one.lived.case_id,
                play(
                    one.lived,
                    kept,
                    governs=None,
                    staff=before_staff,
                    until=now,
                    goes_on=goes_on,
                ),
                play(
                    one.lived,
                    after,
                    governs=governs,
                    staff=after_staff,
                    until=now,
                    goes_on=goes_on,
                ),
                since=period.since,
                until=period.until,
            )
    return found


def _require_patience(patience: timedelta | None, *, began: float) -> None:
    """Raises SimulateError: it takes longer. Asked within a case, too: one alone may take minutes."""
    if patience is not None and time.monotonic() - began > patience.total_seconds():
        raise SimulateError(
            f"that took longer than {patience.total_seconds():g} s: choose a shorter period, "
            "or `complaint-monitor policy simulate` at the terminal"
        )


def _governs(case: PastCase, rules: tuple[Rule, ...], digests: Mapping[int, str], ask: Ask) -> str:
    return digests[id(first_match(rules, case.subject(ask)))]


def _staff(settings: Settings) -> Staff:
    """The people; who was on call then nobody knows, so a rota is told as such."""
    rotas = {
        f"{ROTA}:{name}": Person(name=f"{ROTA}:{name}", audience=f"{ROTA}:{name}")
        for name in settings.rotas
    }
    return Staff({**settings.staff(), **rotas}, lambda name, _: (f"{ROTA}:{name}",))
