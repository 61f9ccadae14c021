"""What people are told of an answer that did not simply go out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from monitor.domain.notice import Reason, Words
from monitor.domain.phrase import Phrase, phrase
from monitor.domain.quoting import unquoted
from monitor.domain.reply import Outgoing

HEADLINES: Mapping[Reason, str] = {
    Reason.REPLY_UNKNOWN: "Was the answer to case {number} posted? Please look",
    Reason.REPLY_REFUSED: "The answer to case {number} was refused",
    Reason.REPLY_DELAYED: "The answer to case {number} is not posted yet",
    Reason.REPLY_CANCELLED: "The answer to case {number} was not posted",
}
"""What is to be told of an answer, and why."""
WHY: Mapping[Reason | None, str] = {
    Reason.ANSWERED: "the customer was answered in another way first",
    Reason.WITHDRAWN: "the customer deleted the post",
    Reason.DISMISSED: "the case was dismissed",
    Reason.ERASED: "its text was erased",
    Reason.TAKEN_BACK: "it was taken back",
    Reason.SECOND: "two cases became one, and another answer to the customer was first",
}
"""Why an answer was not posted."""
_OF_A_TERMINAL = re.compile(r"--|`complaint-monitor")
_SAID = (
    "Answer {number} by {name} on {network}",
    "Answer {number} by {name} on {network}, tried at {tried} UTC",
)
_POST = "The post: {url}"
_NOBODY = "nobody waits for it any more"


def about_reply(one: Outgoing, reason: Reason) -> Words:
    """What became of the answer, and what to do. Never its text nor others' words: those are erased."""
    said = _SAID[one.tried_at is not None]
    tried = f"{one.tried_at:%Y-%m-%d %H:%M}" if one.tried_at else ""
    by = phrase(said, number=one.number, name=one.by, network=one.network, tried=tried)
    problem = [unquoted(one.problem)] if one.problem else []
    headline = phrase(HEADLINES[reason], number=one.case_id)
    return Words(headline, (by, *problem, *_to_do(one, reason)))


def why_cancelled(one: Outgoing) -> str:
    """Why it was not posted, in words."""
    return WHY.get(one.reason, _NOBODY)


def _to_do(one: Outgoing, reason: Reason) -> list[Phrase]:
    command = f"complaint-monitor cases answer {one.case_id}"
    there = [phrase(_POST, url=one.to_url)] if one.to_url else []
    its = {"command": command, "number": one.number}
    match reason:
        case Reason.REPLY_UNKNOWN:
            return [
                *there,
                phrase("If the answer stands there: {command} --posted {number}", **its),
                phrase("If not: {command} --resend {number}, or --cancel {number}", **its),
                phrase("It is not posted again by itself."),
            ]
        case Reason.REPLY_REFUSED:
            return [*there, phrase("When that is mended: {command} --resend {number}", **its)]
        case Reason.REPLY_DELAYED:
            return [
                phrase("It goes on being tried; to end that: {command} --cancel {number}", **its)
            ]
        case _:
            return [phrase("Because {why}.", why=phrase(why_cancelled(one))), *there]


def without_post(lines: Sequence[Phrase | str]) -> tuple[Phrase | str, ...]:
    """The lines of `about_reply` without the address of the customer's post."""
    return tuple(one for one in lines if not (isinstance(one, Phrase) and one.text == _POST))


def without_commands(text: str) -> str:
    """The words without what is to be typed at a terminal."""
    parts = re.split(r"(?<=[.;:])\s+", text)
    kept = " ".join(one for one in parts if not _OF_A_TERMINAL.search(one))
    return f"{kept.rstrip('.;: ')}."
