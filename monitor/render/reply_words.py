"""What people are told of an answer that did not simply go out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from monitor.domain.notice import Reason, Words
from monitor.domain.reply import Outgoing

_HEADLINES: Mapping[Reason, str] = {
    Reason.REPLY_UNKNOWN: "Was the answer to case {} posted? Please look",
    Reason.REPLY_REFUSED: "The answer to case {} was refused",
    Reason.REPLY_DELAYED: "The answer to case {} is not posted yet",
    Reason.REPLY_CANCELLED: "The answer to case {} was not posted",
}
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
_POST = "The post: "
_NOBODY = "nobody waits for it any more"


def about_reply(one: Outgoing, reason: Reason) -> Words:
    """What became of the answer, and what to do. Never its text: that is erased elsewhere."""
    tried = f", tried at {one.tried_at:%Y-%m-%d %H:%M} UTC" if one.tried_at else ""
    lines = [f"Answer {one.number} by {one.by} on {one.network}{tried}"]
    if one.problem:
        lines.append(one.problem)
    lines += _to_do(one, reason)
    return Words(_HEADLINES[reason].format(one.case_id), tuple(lines))


def why_cancelled(one: Outgoing) -> str:
    """Why it was not posted, in words."""
    return WHY.get(one.reason, _NOBODY)


def _to_do(one: Outgoing, reason: Reason) -> list[str]:
    command = f"complaint-monitor cases answer {one.case_id}"
    there = [f"{_POST}{one.to_url}"] if one.to_url else []
    match reason:
        case Reason.REPLY_UNKNOWN:
            return [
                *there,
                f"If the answer stands there: {command} --posted {one.number}",
                f"If not: {command} --resend {one.number}, or --cancel {one.number}",
                "It is not posted again by itself.",
            ]
        case Reason.REPLY_REFUSED:
            return [*there, f"When that is mended: {command} --resend {one.number}"]
        case Reason.REPLY_DELAYED:
            return [f"It goes on being tried; to end that: {command} --cancel {one.number}"]
        case _:
            return [f"Because {why_cancelled(one)}.", *there]


def without_post(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines of `about_reply` without the address of the customer's post."""
    return tuple(one for one in lines if not one.startswith(_POST))


def without_commands(text: str) -> str:
    """The words without what is to be typed at a terminal."""
    parts = re.split(r"(?<=[.;:])\s+", text)
    kept = " ".join(one for one in parts if not _OF_A_TERMINAL.search(one))
    return f"{kept.rstrip('.;: ')}."
