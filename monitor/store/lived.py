"""Past cases with all that happened to them, to be played again under other policies. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from monitor.domain.escalation_ahead import Lived
from monitor.domain.event import Ask
from monitor.domain.judgement import Severity
from monitor.domain.policy import Rule, Subject, rule_from
from monitor.store import brands
from monitor.store.cases import history
from monitor.store.schema import author, case_post, cases, judgement, post, rule, wait


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case, and what a policy looks at of its posts as they are kept: language and reach."""

    lived: Lived
    brand: str
    network: str
    known: Mapping[int, tuple[str | None, int | None]]

    def subject(self, ask: Ask) -> Subject:
        """What a policy looks at. What was purged since is not known, and matches no demand."""
        language, followers = self.known.get(ask.post, (None, None))
        return Subject(
            brand=self.brand,
            network=self.network,
            severity=Severity(ask.severity),
            topics=ask.topics,
            language=language,
            followers=followers,
        )


def past_cases(
    conn: Connection, brand_id: int, brand: str, *, since: datetime, until: datetime
) -> Iterator[PastCase]:
    """The cases of a brand of which a wait began in [since, until), in the order of their numbers."""
    watched = brands.watched_since(conn, brand_id)
    began = sa.select(wait.c.case_id).where(
        wait.c.brand_id == brand_id, wait.c.started_at >= since, wait.c.started_at < until
    )
    query = sa.select(cases.c.id, cases.c.network).where(cases.c.id.in_(began))
    for case_id, network in conn.execute(query.order_by(cases.c.id)).all():
        lived = Lived(case_id, history(conn, case_id), watched)
        yield PastCase(lived, brand, network, _known(conn, case_id))


def _known(conn: Connection, case_id: int) -> dict[int, tuple[str | None, int | None]]:
    rows = conn.execute(
        sa.select(
            post.c.id,
            sa.func.coalesce(judgement.c.language, post.c.lang),
            author.c.followers,
        )
        .join(case_post, case_post.c.post_id == post.c.id)
        .outerjoin(judgement, judgement.c.post_id == post.c.id)
        .outerjoin(author, author.c.id == post.c.author_id)
        .where(case_post.c.case_id == case_id)
    )
    return {number: (language, followers) for number, language, followers in rows}


def kept_rules(conn: Connection) -> dict[str, Rule]:
    """All rules that were ever frozen into a wait, by their digests."""
    rows = conn.execute(sa.select(rule.c.digest, rule.c.snapshot))
    return {digest: rule_from(snapshot) for digest, snapshot in rows}
