"""A classifier by words, found by the plug-in door: a real one without weights to load at every start."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from monitor.domain.judgement import Judgement, Thresholds
from monitor.domain.post import Post

COMPLAINT = (
    "still no",
    "broken",
    "refund",
    "nu a ajuns",
    "worst",
    "terrible",
    "hate",
    "awful",
    "sucks",
)
UNSURE = ("hmm", "odd", "not sure")
PRAISE = ("lovely", "thanks", "mulțumesc", "great")


class Words:
    """Complaints say so by one of a few words; `hmm` is for people; what ends in `?` asks."""

    model = "words@1"
    thresholds = Thresholds(alert=0.7, review=0.3)

    class Options(BaseModel):
        """Nothing to choose."""

        model_config = ConfigDict(extra="forbid", frozen=True)

    def __init__(self, options: Options) -> None:
        del options

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        return [self._judge(one.text.casefold()) for one in posts]

    def _judge(self, text: str) -> Judgement:
        complaint = question = praise = 0.05
        if any(word in text for word in COMPLAINT):
            complaint = 0.85
        elif any(word in text for word in UNSURE):
            complaint = 0.5
        elif text.endswith("?"):
            question = 0.85
        elif any(word in text for word in PRAISE):
            praise = 0.85
        other = max(0.0, 1 - complaint - question - praise)
        return Judgement(complaint, question, praise, other, "en", self.model)
