"""Settle: waits end. Answers and deletions find their cases, whichever was stored first."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from monitor.domain.answer import answered_posts
from monitor.domain.case import Case, fold, numbers_in
from monitor.domain.escalation import ALERT
from monitor.domain.event import (
    Acknowledged,
    Answered,
    AnsweredElsewhere,
    AnswerWithdrawn,
    Assigned,
    Claimed,
    Confirmed,
    ContactNoted,
    Dismissed,
    Escalated,
    Event,
    FollowedUp,
    Merged,
    Opened,
    Record,
    Rejudged,
    Snoozed,
    Withdrawn,
)
from monitor.domain.notice import NoticeKind, NoticeState, Reason
from monitor.store import answers, cases, filtered, mentions, outbox, replies
from monitor.store.cases import CaseKey, Fact
from monitor.store.engine import Connection, Database
from monitor.store.mentions import InThread, Mention
from monitor.store.outbox import Entry

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
            one = mentions.claim(conn, *mentions.parse_item(item), stage=mentions.SETTLE)
            if one is None:
                return
            if one.own:
                mentions.keep_quotes(conn, one)
                filtered.reconsider(conn, one.brand_id, one.post.key.network, one.post.thread)
            self._follow_thread(conn, one, now)
            if not one.own:
                self._join_questions(conn, one, now)
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
        for case_id in sorted((source, into)):
            # what somebody does to either meanwhile is in what is read here, or comes after it
            cases.lock(conn, case_id)
        there = cases.history(conn, into)
        case = cases.load(conn, source)
        merged = cases.append(conn, into, list(_moved(case, there)), now=now, source=source)
        cases.append(conn, into, list(_spoken(case, there, merged)), now=now)
        numbers = numbers_in(merged, case)
        cases.move_notes(conn, source, into)
        _move_replies(conn, source, into, numbers, now)
        again = _to_tell_again(conn, source, into)
        for key, number in _untold(conn, source, numbers, again, merged):
            outbox.move(conn, key, into=into, wait=number)
        told = _told(cases.history(conn, source), numbers, again)
        fresh = [one for one in told if one.event not in merged.fired]
        cases.append(conn, into, fresh, now=now)
        cases.append(conn, source, [Fact(now, Merged(into), self.name)], now=now)

    def _join_questions(self, conn: Connection, one: Mention, now: datetime) -> None:
        """Questions of the customer that were stored before the thread had a case, or was known.

        Only those at or after the complaint wait in the end; the fold sees to that, so the order
        in which the posts were learnt makes no difference. Each asks from when it was posted, also
        one that came edited.
        """
        network, thread = one.post.key.network, one.post.thread
        asked = mentions.questions(conn, one.brand_id, network, thread, one.customer)
        key = CaseKey(one.brand_id, network, thread, one.customer)
        case_id = cases.find(conn, key) if asked else None
        if case_id is None:
            return
        linked = cases.linked(conn, [case_id])
        missing = [post_id for post_id in asked if (case_id, post_id) not in linked]
        told = [mentions.kept_ask(conn, one.brand_id, post_id) for post_id in missing]
        facts = [Fact(at, FollowedUp(ask), self.name) for at, ask in told]
        cases.append(conn, case_id, facts, now=now)

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
        known = {**quoted, **here}
        answered = _answered_cases(conn, one, list(answers.values()), known)
        # linked once is linked for good: an answer that people took back is not matched again
        linked = cases.linked(conn, answered)
        mended = {one.post_id: one.mended_at for one in answers.values() if one.mended_at}
        for case_id, found in answered.items():
            fresh = {post: at for post, at in found.items() if (case_id, post) not in linked}
            times = [*fresh.items(), *_mended(conn, case_id, found, fresh, mended)]
            facts = [Fact(at, Answered(post_id), self.name) for post_id, at in times]
            if facts:
                cases.append(conn, case_id, facts, now=now)


def _answered_cases(
    conn: Connection, one: Mention, answers: Sequence[InThread], known: Mapping[str, InThread]
) -> dict[int, dict[int, datetime]]:
    """The cases that these posts answer: by case, the answers and when each of them came."""
    seen = {key: post.seen for key, post in known.items()}
    threads: dict[str, dict[str, int]] = {}
    found: dict[int, dict[int, datetime]] = {}
    for answer in answers:
        for target in answered_posts(answer.seen, seen):
            if target.thread not in threads:
                network = one.post.key.network
                threads[target.thread] = cases.in_thread(conn, one.brand_id, network, target.thread)
            case_id = threads[target.thread].get(str(target.customer))
            if case_id is None:
                continue
            of_case = found.setdefault(case_id, {})
            # no answer comes before what it answers, whatever the two clocks say
            of_case[answer.post_id] = max(
                of_case.get(answer.post_id, answer.posted_at), known[target.id].posted_at
            )
    return found


def _mended(
    conn: Connection,
    case_id: int,
    found: Mapping[int, datetime],
    fresh: Container[int],
    mended: Mapping[int, datetime],
) -> Iterator[tuple[int, datetime]]:
    """The responses that were written over, and when: a site has no other place for a second answer.

    Each such time is recorded, whether or not a wait is open then: what is known of the customer's
    edits may come later. An answer ends only what waits for it, so the first wait keeps its end.
    """
    again = {post: max(mended[post], at) for post, at in found.items() if post in mended}
    if not again:
        return
    records = cases.load(conn, case_id).records
    known = {(one.event.post, one.at) for one in records if isinstance(one.event, Answered)}
    in_force = {post for post, _ in known}
    for post, at in again.items():
        is_new = at > found[post] if post in fresh else post in in_force
        if is_new and (post, at) not in known:
            yield post, at


_OF_THE_WORLD = (
    Opened,
    FollowedUp,
    Rejudged,
    Withdrawn,
    Answered,
    AnswerWithdrawn,
    AnsweredElsewhere,
    Confirmed,
    Dismissed,
    ContactNoted,
)
_WHO_HAS_IT = (Claimed, Assigned, Acknowledged, Snoozed)
_CANCELLED = (Reason.ANSWERED, Reason.WITHDRAWN, Reason.DISMISSED, Reason.ABSORBED)


def _moved(case: Case, there: Sequence[Record]) -> Iterator[Fact]:
    """What a case knows of the world and another one with that history does not."""
    known = {_sameness(one) for one in there}
    for one in case.records:
        if isinstance(one.event, _OF_THE_WORLD) and _sameness(one) not in known:
            yield Fact(one.at, _as_part(one.event), one.by)


def _spoken(case: Case, there: Sequence[Record], merged: Case) -> Iterator[Fact]:
    """Who has it, by those who spoke later than anybody in the other case, for the waits of `merged`."""
    before = [one.at for one in fold(there).records if isinstance(one.event, _WHO_HAS_IT)]
    numbers = numbers_in(merged, case)
    for one in case.records:
        if not isinstance(one.event, _WHO_HAS_IT) or any(one.at <= at for at in before):
            continue
        match one.event:
            case Acknowledged(wait=wait) | Snoozed(wait=wait) as event:
                if wait in numbers:
                    yield Fact(one.at, replace(event, wait=numbers[wait]), one.by)
            case event:
                yield Fact(one.at, event, one.by)


def _move_replies(
    conn: Connection, source: int, into: int, numbers: Mapping[int, int], now: datetime
) -> None:
    """The answers go along. Of two that were written apart for what is one wait now, one goes out."""
    seconds = replies.seconds(conn, source, into, numbers)
    replies.move(conn, source, into, numbers)
    for number in seconds:
        replies.close(conn, number, Reason.SECOND)
        answers.tell(conn, number, Reason.REPLY_CANCELLED, now)


def _told(
    history: Sequence[Record], numbers: Mapping[int, int], again: Container[tuple[int, str]]
) -> Iterator[Fact]:
    """What fired for the waits of a case, under their new `numbers`; not what is to be told again."""
    for one in history:
        match one.event:
            case Escalated(wait=wait, step=step) as event:
                if wait in numbers and (wait, step) not in again:
                    yield Fact(one.at, replace(event, wait=numbers[wait]), one.by)
            case _:
                pass


def _to_tell_again(conn: Connection, source: int, into: int) -> set[tuple[int, str]]:
    """The waits and steps that fired in a case and that nobody heard of, for its notices are cancelled.

    And its alerts, if the other case has no card: an alert is what makes one.
    """
    has_card = outbox.card_audience(conn, into) is not None
    notices = _people_were_told(conn, source)
    sent = {(one.wait, one.step) for one in notices if one.state is NoticeState.SENT}
    return {
        (one.wait, one.step or ALERT)
        for one in notices
        if one.wait is not None
        and (
            (one.state is NoticeState.PENDING and (one.wait, one.step) not in sent)
            or one.reason in _CANCELLED
            or (one.kind is NoticeKind.ALERT and not has_card)
        )
    }


def _untold(
    conn: Connection,
    source: int,
    numbers: Mapping[int, int],
    again: Container[tuple[int, str]],
    merged: Case,
) -> Iterator[tuple[str, int]]:
    """Keys, and new waits, of what some have not heard yet of steps that are not told `again`.

    That is what is held back for who sleeps; and what is about to be sent of a wait that is still
    open, unless the other case told that step itself.
    """
    fired = {(one.wait, one.step) for one in merged.fired}
    still_open = {one.number for one in merged.waits if one.is_open}
    for one in _people_were_told(conn, source):
        is_held = one.reason is Reason.QUIET_HOURS
        if one.wait is None or (one.step is None and not is_held) or (one.wait, one.step) in again:
            continue
        number = numbers.get(one.wait)
        if number is None:
            continue
        is_wanted = number in still_open and (number, one.step) not in fired
        if is_held or (one.state is NoticeState.PENDING and is_wanted):
            yield one.key, number


def _people_were_told(conn: Connection, source: int) -> list[Entry]:
    """The notices of a case, but for what programs hear that subscribed: that stays where it happened."""
    notices = outbox.case_notices(conn, source)
    return [one for one in notices if one.kind is not NoticeKind.EVENT]


def _as_part(event: Event) -> Event:
    return FollowedUp(event.ask) if isinstance(event, Opened) else event


def _sameness(one: Record) -> tuple[object, ...]:
    """What makes a fact the same in both cases."""
    match one.event:
        case Opened(ask=ask) | FollowedUp(ask=ask):
            return "ask", ask.post, one.at
        case Answered(post=post):
            return "answer", post
        case event:
            return event, one.at, one.by


def _cases_of(conn: Connection, one: Mention) -> list[Any]:
    return [
        row for row in cases.of_post(conn, one.brand_id, one.post_id) if row.merged_into is None
    ]
