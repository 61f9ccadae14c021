"""What a post means: the classifier's probabilities, and the verdict that triage draws from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from monitor.domain.errors import JudgementError


class Label(StrEnum):
    """The four classes of the classifier, in the order of its head."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    PRAISE = "praise"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Calibrated probabilities that sum to 1, and who says so (`name@revision`).

    Raises JudgementError for what is no probability (NaN too): it must not pass as "no complaint".
    """

    complaint: float
    question: float
    praise: float
    other: float
    language: str | None
    """BCP 47 primary tag, None where the language could not be told."""
    model: str

    def __post_init__(self) -> None:
        if not all(0 <= getattr(self, one.value) <= 1 for one in Label):
            said = ", ".join(f"{one.value} {getattr(self, one.value)}" for one in Label)
            raise JudgementError(self.model, said)

    @property
    def label(self) -> Label:
        """The most probable class; ties go to the class that asks more of the staff."""
        return max(Label, key=lambda one: (getattr(self, one.value), -list(Label).index(one)))


class Band(StrEnum):
    """What happens to a post: open a case, ask people, or let pass."""

    ALERT = "alert"
    REVIEW = "review"
    PASS = "pass"  # noqa: S105 - not a password


class Severity(IntEnum):
    """How much an unanswered complaint would hurt."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Thresholds:
    """P(complaint) from which a post alerts or goes to people, and P(question) for a question."""

    alert: float
    review: float
    question: float = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Triage's decision on one post for one brand, with the reason in words for people."""

    band: Band
    severity: Severity
    topics: tuple[str, ...]
    reason: str
    asks: bool
    """Whether it wants an answer inside an open case: a complaint, or a question."""
