"""A classifier that goes by words, named in the tests' configs: quick, and known by heart."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from monitor.domain.errors import ClassifierError
from monitor.domain.judgement import Judgement, Thresholds
from monitor.domain.post import Post


class Keywords:
    """ "awful" is a complaint, "hmm" may be one; of "gibberish" the score is no number."""

    thresholds = Thresholds(alert=0.7, review=0.3)
    model = "keywords@1"

    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")

        broken: bool = False

    def __init__(self, options: Options) -> None:
        self._options = options

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        if self._options.broken:
            raise ClassifierError("the weights are missing")
        return [self._judge(one.text) for one in posts]

    def _judge(self, text: str) -> Judgement:
        complaint = 0.9 if "awful" in text else 0.5 if "hmm" in text else 0.1
        complaint = float("nan") if "gibberish" in text else complaint
        return Judgement(complaint, 0.0, 0.0, 1 - complaint, "en", self.model)


class Deaf(Keywords):
    """To which a chair is gibberish."""

    model = "deaf@1"

    def _judge(self, text: str) -> Judgement:
        return super()._judge(text.replace("chair", "gibberish"))
