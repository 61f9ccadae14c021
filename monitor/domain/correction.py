"""What people say of the classifier's verdicts: right, not a complaint, or missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.domain.judgement import Judgement, Label


class Said(StrEnum):
    """What a person says that a post is; who only says what it is not has `NOT_A_COMPLAINT`."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    PRAISE = "praise"
    OTHER = "other"
    NOT_A_COMPLAINT = "not_a_complaint"

    @property
    def may_be(self) -> frozenset[Label]:
        """The classes that this leaves open."""
        if self is Said.NOT_A_COMPLAINT:
            return frozenset(Label) - {Label.COMPLAINT}
        return frozenset({Label(self.value)})


class How(StrEnum):
    """By what act a person said so."""

    DISMISSED = "dismissed"
    """A case was dismissed as no complaint."""
    CONFIRMED = "confirmed"
    """An unconfirmed case was said to be one."""
    OPENED = "opened"
    """A case was opened by hand: what the monitor missed, or never saw."""
    ANSWERED = "answered"
    """Tacit: a case was answered, and nobody dismissed it."""
    CORRECTED = "corrected"
    """`model correct`."""
    REVIEWED = "reviewed"
    """Said of the weekly sample of what was let pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person said of one post for one brand. The words themselves are the post's."""

    brand_id: int
    post_id: int
    said: Said
    how: How
    by: str
    at: datetime
    judged: Judgement | None
    """What the classifier had said of the same words; None: a person brought the post."""
    sources: tuple[str, ...]
    """The configured sources that brought it, in alphabetical order."""
    weight: float = 1.0
    """How many posts it speaks for: more than 1 in a random sample."""

    @property
    def is_complaint(self) -> bool:
        return self.said is Said.COMPLAINT


def latest(corrections: Iterable[Correction]) -> list[Correction]:
    """One correction a post: what was said last; what was said outright beats what an answer implies."""
    found: dict[tuple[int, int], Correction] = {}
    for one in sorted(corrections, key=lambda it: (it.how is not How.ANSWERED, it.at)):
        found[one.brand_id, one.post_id] = one
    return [found[key] for key in sorted(found)]


def counted(corrections: Iterable[Correction]) -> Mapping[How, tuple[int, int]]:
    """By act: how many said "complaint", and how many said that it is none."""
    found = dict.fromkeys(How, (0, 0))
    for one in corrections:
        yes, no = found[one.how]
        found[one.how] = (yes + one.is_complaint, no + (not one.is_complaint))
    return found
