"""Past cases under changed policies, before they are adopted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

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


def difference(
    conn: Connection,
    in_force: Settings,
    changed: Settings,
    period: Period,
    *,
    now: datetime,
    brand: str | None = None,
) -> Difference:
    """What `changed` would have done otherwise to the waits that began in the period.

    Both are played as if the program had always run. `brand`: of one alone.
    """
    found = Difference()
    rules = changed.targets()
    digests = {id(one): one.digest for one in rules}  # made once: it costs a snapshot
    kept = lived.kept_rules(conn)
    after = {digests[id(one)]: one for one in rules}
    before_staff, after_staff = _staff(in_force), _staff(changed)
    for number, name in brands.names(conn).items():
        if brand not in (None, name):
            continue
        for one in lived.past_cases(conn, number, name, since=period.since, until=period.until):
            governs = partial(_governs, one, rules, digests)
            found.add(
                one.lived.case_id,
                play(one.lived, kept, governs=None, staff=before_staff, until=now),
                play(one.lived, after, governs=governs, staff=after_staff, until=now),
                since=period.since,
                until=period.until,
            )
    return found


def _governs(case: PastCase, rules: tuple[Rule, ...], digests: Mapping[int, str], ask: Ask) -> str:
    return digests[id(first_match(rules, case.subject(ask)))]


def _staff(settings: Settings) -> Staff:
    """The people; who was on call then nobody knows, so a rota is told as such."""
    rotas = {
        f"{ROTA}:{name}": Person(name=f"{ROTA}:{name}", audience=f"{ROTA}:{name}")
        for name in settings.rotas
    }
    return Staff({**settings.staff(), **rotas}, lambda name, _: (f"{ROTA}:{name}",))
