"""A post to which a model gives no judgement costs those beside it nothing."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.errors import JudgementError
from monitor.domain.judgement import Judgement
from monitor.domain.post import Post
from monitor.ports import Classifier


def judged(classifier: Classifier, posts: Sequence[Post]) -> list[Judgement | JudgementError]:
    """The judgement of each post, in order; of one that gets none, why.

    Raises:
        ClassifierError: of none of them a judgement can be had.

    """
    try:
        return list(classifier.classify(posts))
    except JudgementError as error:
        if len(posts) == 1:
            return [error]
    middle = len(posts) // 2
    return [*judged(classifier, posts[:middle]), *judged(classifier, posts[middle:])]
