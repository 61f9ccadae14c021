"""Every phrase that a channel may see is translated, and keeps its values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from monitor.domain.case import Status
from monitor.domain.event import Channel
from monitor.domain.judgement import Severity
from monitor.domain.notice import Reason
from monitor.render import reply_words
from monitor.render.slack_answer import DECISIONS
from monitor.render.slack_buttons import LABELS
from monitor.render.tongue import IN_ENGLISH, LANGUAGES, tongue

MONITOR = Path(__file__).parents[2] / "monitor"
_NAMES = re.compile(r"\{\w+\}")


def phrases() -> Iterator[str]:
    """All that is said: literally, and by a name."""
    for folder in ("render", "slackapp"):
        for path in (MONITOR / folder).glob("*.py"):
            yield from _said(ast.parse(path.read_text()))
    yield from ("New complaint", "New possible complaint", *LABELS.values(), *DECISIONS.values())
    yield from (one.word for one in Severity)
    yield from (said for one in Status for said in (one.value, one.value.capitalize()))
    yield from (one.value for one in Channel)
    yield from reply_words.WHY.values()


def _said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            literal = node.args and node.func.id == "say_in" and node.args[0]
            if isinstance(literal, ast.Constant):
                yield str(literal.value)
            if isinstance(literal, ast.IfExp):
                yield from (ast.literal_eval(one) for one in (literal.body, literal.orelse))


def test_every_phrase_is_translated_with_its_values() -> None:
    said = set(phrases())
    assert len(said) > 120
    for language in LANGUAGES[1:]:
        known = tongue(language).phrases
        assert sorted(said - known.keys()) == []
        for phrase, translated in known.items():
            assert set(_NAMES.findall(phrase)) == set(_NAMES.findall(translated)), phrase


def test_labels_fit_where_slack_shows_them() -> None:
    for language in LANGUAGES:
        say_in = tongue(language)
        buttons = (*LABELS.values(), *DECISIONS.values())
        assert all(len(say_in(one)) <= 75 for one in buttons)
        assert all(len(say_in(one)) <= 24 for one in ("Post", "Save", "Cancel", "Close"))


def test_values_stay_as_they_are_and_an_unknown_language_speaks_english() -> None:
    say_in = tongue("ro")
    assert say_in("by {author}", author="{number} <@U1>") == "de {number} <@U1>"
    assert say_in("a phrase that nobody translated") == "a phrase that nobody translated"
    assert tongue("tlh") is IN_ENGLISH


def test_why_an_answer_was_cancelled_is_known_for_every_reason_that_cancels() -> None:
    assert Reason.TAKEN_BACK in reply_words.WHY
