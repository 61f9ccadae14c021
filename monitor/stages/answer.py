"""What people do about answers that leave from here: write one, and say what became of one in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitor.domain.case import Case
from monitor.domain.errors import PhrasedError
from monitor.domain.event import Claimed
from monitor.domain.notice import Reason
from monitor.domain.phrase import phrase
from monitor.domain.post import Author
from monitor.domain.reply import Draft, Outgoing, ReplyState
from monitor.domain.storable import storable
from monitor.domain.template import Approved
from monitor.domain.wait import Wait
from monitor.ports import DescribesReplies, Desk
from monitor.store import answers, cases, mentions, replies
from monitor.store.cases import Fact
from monitor.store.engine import Connection, Transactions
from monitor.store.mentions import Mention


class ReplyError(PhrasedError):
    """The answer cannot be accepted, or this cannot be said of it; the text says what to do instead."""


def draft(
    conn: Connection,
    desks: Sequence[Desk],
    case_id: int,
    text: str,
    *,
    approved: Approved,
    by: str,
    post: int | None = None,
    anyway: bool = False,
) -> Draft:
    """The answer as it would be posted: to the newest post of the customer that may be answered.

    Args:
        conn: a snapshot, or the transaction in which it is accepted.
        desks: the configured sources that can answer.
        case_id: whom.
        text: what.
        approved: whose rules no answer breaks, wherever it is written.
        by: who wrote it.
        post: the number of another post of the customer in the case.
        anyway: although somebody else is answering, or the network is said not to allow it.

    Raises:
        ReplyError: it cannot be posted; says why, and where to answer instead.

    """
    text = storable(text).strip()
    if not text:
        raise ReplyError("There are no words in the answer.")
    _require_fit(approved, text)
    case, wait, row = _open(conn, case_id)
    if case.claimed and case.owner != by and not anyway:
        raise ReplyError(
            "{name} is answering case {number}: two answers would stand there. "
            "With --anyway it is posted all the same.",
            name=case.owner,
            number=case_id,
        )
    _refuse_second(conn, case_id, wait, text)
    to = _addressee(conn, row, wait, post, anyway=anyway)
    return _at_a_desk(conn, desks, to, case_id=case_id, wait=wait, text=text)


def _require_fit(approved: Approved, text: str) -> None:
    flaws = tuple(why for _, why in approved.flaws_of(text))
    if flaws:
        raise ReplyError("The answer is not fit to be posted: {flaws}.", flaws=flaws)


def answer(  # noqa: PLR0913 - each is a word of the trade, and none may be forgotten
    database: Transactions,
    desks: Sequence[Desk],
    case_id: int,
    text: str,
    *,
    approved: Approved,
    by: str,
    now: datetime,
    post: int | None = None,
    anyway: bool = False,
) -> Outgoing:
    """Accept an answer: `run` posts it. Who writes it has claimed the case, unless somebody has it.

    Raises:
        ReplyError: it cannot be posted; says why.

    """
    with database.writing() as conn:
        cases.lock(conn, case_id)
        one = draft(conn, desks, case_id, text, approved=approved, by=by, post=post, anyway=anyway)
        case, _, row = _open(conn, case_id)
        number = replies.write(conn, one, brand_id=row.brand_id, by=by, now=now)
        if case.owner is None:
            cases.append(conn, case_id, [Fact(now, Claimed(), by)], now=now)
        return _shown(conn, case_id, number)


def resend(
    database: Transactions,
    desks: Sequence[Desk],
    case_id: int,
    number: int,
    *,
    approved: Approved,
) -> Outgoing:
    """Have it posted (again): a person has looked, and it is not there; or what refused it is mended.

    Raises:
        ReplyError: it is none of those, or could not be posted now either: the rules may be others
            than when it was written.

    """
    with database.writing() as conn:
        case_id = cases.hold(conn, case_id)
        one = _shown(conn, case_id, number)
        if one.state not in (ReplyState.ASKED, ReplyState.FAILED):
            raise ReplyError(
                "Answer {number} is {state}: it is not posted again.",
                number=number,
                state=one.state,
            )
        if one.text is None:
            raise ReplyError(
                "The text of answer {number} was erased: write it anew.", number=number
            )
        _, wait, row = _open(conn, case_id)
        if one.wait != wait.number:
            raise ReplyError(
                "Nobody waits for answer {number} any more: write a new one.", number=number
            )
        _require_fit(approved, one.text)
        _refuse_second(conn, case_id, wait, one.text, but=number)
        to = _addressee(conn, row, wait, one.post, anyway=True)
        _at_a_desk(conn, desks, to, case_id=case_id, wait=wait, text=one.text)
        replies.want_again(conn, number)
        return _shown(conn, case_id, number)


def posted(database: Transactions, case_id: int, number: int, *, now: datetime) -> Outgoing:
    """A person has looked, and it stands there. The wait ends when a source brings it.

    Raises:
        ReplyError: nobody was asked about it.

    """
    with database.writing() as conn:
        case_id = cases.hold(conn, case_id)
        one = _shown(conn, case_id, number)
        if one.state is not ReplyState.ASKED:
            raise ReplyError(
                "Answer {number} is {state}: nobody was asked about it.",
                number=number,
                state=one.state,
            )
        replies.sent(conn, number, None, now)
        return _shown(conn, case_id, number)


def cancel(database: Transactions, case_id: int, number: int) -> Outgoing:
    """Never post it.

    Raises:
        ReplyError: it is posted, or may be being posted at this moment.

    """
    with database.writing() as conn:
        case_id = cases.hold(conn, case_id)
        one = _shown(conn, case_id, number)
        if not replies.close(conn, number, Reason.TAKEN_BACK):
            if one.state is ReplyState.PENDING:
                raise ReplyError(
                    "Answer {number} may be there already, and is being looked for: "
                    "it cannot be taken back.",
                    number=number,
                )
            raise ReplyError(
                "Answer {number} is {state}: it cannot be taken back.",
                number=number,
                state=one.state,
            )
        return _shown(conn, case_id, number)


# ------------------------------------------------------------------------------------ what may be


def _open(conn: Connection, case_id: int) -> tuple[Case, Wait, Any]:
    """The case, its open wait, and its row."""
    row = cases.row(conn, case_id)
    if row is None:
        raise ReplyError(
            "There is no case {number}; `complaint-monitor cases list` shows them.", number=case_id
        )
    case = cases.load(conn, case_id)
    if case.merged_into is not None:
        raise ReplyError(
            "Case {number} is part of case {into} now: answer that one.",
            number=case_id,
            into=case.merged_into,
        )
    if case.open_wait is None:
        raise ReplyError("The case is {status}: nobody waits in it.", status=case.status)
    return case, case.open_wait, row


def _shown(conn: Connection, case_id: int, number: int) -> Outgoing:
    found = answers.shown(conn, number)
    if found is None or found.case_id != case_id:
        raise ReplyError(
            "Case {case} has no answer {number}; `complaint-monitor cases show {case}` lists them.",
            case=case_id,
            number=number,
        )
    return found


def _refuse_second(
    conn: Connection, case_id: int, wait: Wait, text: str, *, but: int | None = None
) -> None:
    """One answer at a time: the next one may be written when it is known what became of this one."""
    of_case = answers.of_case(conn, case_id)
    before = [one for one in of_case if one.wait == wait.number and one.number != but]
    live = answers.live(before)
    if live is not None:
        same = "The same answer" if live.text == text else "An answer"
        state = "is under way" if live.state is ReplyState.PENDING else "may be posted or not"
        raise ReplyError(
            "{same} {state} already ({number}, by {name}): to write another one, first "
            "`complaint-monitor cases answer {case} --cancel {number}`.",
            same=phrase(same),
            state=phrase(state),
            number=live.number,
            name=live.by,
            case=case_id,
        )
    if any(one.state is ReplyState.SENT and one.text == text for one in before):
        raise ReplyError("The same answer was posted already.")


def _addressee(
    conn: Connection, row: Any, wait: Wait, post: int | None, *, anyway: bool
) -> Mention:
    """The post that is answered: the newest that still stands and may be."""
    if post is not None:
        candidates = [_chosen(conn, row, post)]
    else:
        found = (mentions.load(conn, row.brand_id, one) for one in wait.asks)
        candidates = [one for one in found if one is not None and one.gone_at is None]
        candidates.sort(key=lambda one: (one.post.posted_at, one.post_id), reverse=True)
    if not candidates:
        raise ReplyError("What the customer wrote is deleted: there is nothing to answer.")
    allowed = [one for one in candidates if anyway or one.post.can_reply is not False]
    if allowed:
        return allowed[0]
    one = candidates[0].post
    raise ReplyError(
        "Post {number} cannot be answered from here: {because}. Answer it in {network}'s own "
        "app{there}; if you know better, --anyway tries it.",
        number=candidates[0].post_id,
        because=one.cannot_reply_because or phrase("the network does not allow it"),
        network=one.key.network,
        there=f" ({one.url})" if one.url else "",
    )


def _chosen(conn: Connection, row: Any, number: int) -> Mention:
    """A post of the customer of the case."""
    one = mentions.load(conn, row.brand_id, number)
    of_case = (row.network, row.thread, row.customer)
    if one is None or one.own or (*_place(one), one.customer) != of_case:
        raise ReplyError(
            "Post {number} is none of the customer's in case {case}.", number=number, case=row.id
        )
    if one.gone_at is not None:
        raise ReplyError("Post {number} is deleted: there is nothing to answer.", number=number)
    return one


def _place(one: Mention) -> tuple[str, str]:
    return one.post.key.network, one.post.thread


# ---------------------------------------------------------------------------------- who posts it


def _at_a_desk(
    conn: Connection, desks: Sequence[Desk], to: Mention, *, case_id: int, wait: Wait, text: str
) -> Draft:
    network = to.post.key.network
    desk = _desk(conn, desks, to)
    if any(one.name == to.brand and one.reads_automatic(text) for one in desk.brands):
        raise ReplyError(
            "By its words the answer is an automatic one ({brand}'s automatic_patterns in the "
            "config), and no such answer ends a wait: word it in another way.",
            brand=to.brand,
        )
    author = None
    length = None
    if isinstance(desk.source, DescribesReplies):
        author = _author(desk, desk.source, to)
        length = desk.source.reply_length(text)
        if length.is_too_long:
            raise ReplyError(
                "The answer is too long: {used} of the {most} characters that {network} takes.",
                used=length.used,
                most=length.most,
                network=network,
            )
    return Draft(
        case_id=case_id,
        wait=wait.number,
        post=to.post_id,
        to_url=to.post.url,
        network=network,
        source=desk.name,
        author=None if author is None else f"@{(author.handle or author.id or '?').lstrip('@')}",
        text=text,
        length=length,
    )


def _desk(conn: Connection, desks: Sequence[Desk], to: Mention) -> Desk:
    """Of several accounts the one by which the post came: it is the one that was spoken to."""
    network = to.post.key.network
    fit = [one for one in desks if one.brand(to.brand) and one.stream(network)]
    if not fit:
        where = f" ({to.post.url})" if to.post.url else ""
        raise ReplyError(
            "No configured source can answer on {network} for {brand}: answer it there{where}; "
            "what no source reads is told with `complaint-monitor cases answered`.",
            network=network,
            brand=to.brand,
            where=where,
        )
    brought = answers.brought_by(conn, to.brand_id, to.post_id)
    return next((one for one in fit if one.name in brought), fit[0])


def _author(desk: Desk, source: DescribesReplies, to: Mention) -> Author:
    author = source.reply_author
    if author is None:
        raise ReplyError(
            "The source {name} is configured to read only: see docs/answering.md.", name=desk.name
        )
    identities = [
        one for brand in desk.brands if brand.name == to.brand for one in brand.identities
    ]
    if not any(one.is_(to.post.key.network, author) for one in identities):
        raise ReplyError(
            "{author} is none of {brand}'s identities in the config: its answers would be taken "
            "for a customer's posts. Add it to [[brands]].",
            author=author.handle or author.id,
            brand=to.brand,
        )
    return author
