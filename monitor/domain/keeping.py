"""What may be kept how long, and the words for why something was purged and how a look-up went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long words and names are kept. Counts, timings and keys stay for good."""

    without_case: timedelta = timedelta(days=7)
    """Posts that are part of no case, from when they came; items that could not be read, too."""
    after_case: timedelta = timedelta(days=30)
    """Posts and notes of a case, from the last thing that happened in it; never while it is open."""
    look_up_every: timedelta = timedelta(days=1)
    """How often a network is asked whether a post still stands."""
    without_look_up: timedelta = timedelta(days=2)
    """What a network that can be asked did not confirm for so long is kept no longer."""
    corrected: timedelta = timedelta(days=30)
    """Posts of which staff said what they are, from when they came: the model learns from them."""
    sampled: timedelta = timedelta(days=7)
    """Posts of the weekly sample, from when they came, until somebody looks at them."""

    @property
    def in_vain(self) -> timedelta:
        """For so long a network was asked in vain, at least, before words go for that reason.

        A program that was off for days asks first, and more than once: the network may be out, too.
        """
        return min(timedelta(hours=6), self.without_look_up - self.look_up_every)


class Purge(StrEnum):
    """Why something was purged."""

    DELETED = "deleted"
    """Its author, or the network, deleted the post."""
    WITHOUT_CASE = "without_case"
    CASE_ENDED = "case_ended"
    NOT_LOOKED_UP = "not_looked_up"
    """The network could not be asked, or did not tell, whether the post still stands."""
    NAME = "name"
    """Of an author: no post by them is kept."""
    NOTE = "note"
    """What staff wrote of a case that ended."""
    ERASED = "erased"
    """Somebody asked for it: posts of an author, and what staff wrote of them."""
    SAMPLE = "sample"
    """The beginning of an item that could not be read, or what a network said against a call."""


class LookUp(StrEnum):
    """What came of asking a network for a post again."""

    STANDS = "stands"
    EDITED = "edited"
    DELETED = "deleted"
    NOT_SHOWN = "not_shown"
    """The network said nothing of it."""
    OUT_OF_BUDGET = "out_of_budget"
    REFUSED = "refused"
    """The source says that it will not mend by itself: a token, a permission."""
    UNREACHABLE = "unreachable"
    NO_SOURCE = "no_source"
    """No source is configured any more that brought it and can be asked."""
    FAILED = "failed"
    """What the source did not foresee."""
