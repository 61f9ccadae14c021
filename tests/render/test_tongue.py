"""Every phrase that a channel may see is translated, and keeps its values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from monitor.cli import simulating
from monitor.domain import parts, template
from monitor.domain.case import Status
from monitor.domain.escalation_difference import Change
from monitor.domain.event import Channel
from monitor.domain.judgement import Severity
from monitor.domain.notice import Reason
from monitor.domain.reply import ReplyState
from monitor.domain.report import By
from monitor.render import (
    charts,
    curves,
    figures,
    numbers_tables,
    policy_words,
    reply_words,
    restated_text,
    storm_words,
    texts,
    words,
)
from monitor.render.slack_answer import DECISIONS
from monitor.render.slack_buttons import LABELS
from monitor.render.tongue import IN_ENGLISH, LANGUAGES, tongue

MONITOR = Path(__file__).parents[2] / "monitor"
_NAMES = re.compile(r"\{\w+\}")
_OF_OPERATORS = ("ConfigError", "CallError")
"""These are for whoever configures the program, and name what Slack itself says."""
_IN_A_TEMPLATE = re.compile(r'say_in\("([^"]+)"')


def phrases() -> Iterator[str]:
    """All that is said: literally, and by a name."""
    spoken = (*(MONITOR / "cli" / name for name in ("explaining.py", "simulating.py")),)
    for folder in ("render", "slackapp", "policies"):
        spoken += (*(MONITOR / folder).glob("*.py"),)
    for path in spoken:
        yield from _said(ast.parse(path.read_text()))
    yield from _of_policies()
    yield "1 case of your quiet hours is still open"
    yield "{number} cases of your quiet hours are still open"
    yield from ("New complaint", "New possible complaint", *LABELS.values(), *DECISIONS.values())
    yield from (one.word for one in Severity)
    yield from (said for one in Status for said in (one.value, one.value.capitalize()))
    yield from (one.value for one in Channel)
    yield from (*reply_words.WHY.values(), *reply_words.HEADLINES.values(), reply_words._POST)
    yield from reply_words._SAID
    yield from _of_errors()
    yield from (*restated_text.WHY.values(), restated_text.NOT_THERE)
    yield from (*policy_words.PLAIN.values(), *policy_words.DAYS, *Change)
    yield from (*storm_words._AT_ONCE.values(), storm_words._ALONE)
    yield from _of_reports()


def _of_reports() -> Iterator[str]:
    """What the report says by a name, and what its pages say."""
    for path in (MONITOR / "render" / "templates").glob("report*"):
        yield from _IN_A_TEMPLATE.findall(path.read_text())
    for table in figures.TABLES:
        yield from (table.title, table.note)
        yield from (said for one in table.columns for said in (one.title, one.means))
    yield from figures.STATES.values()
    yield from ("All", *figures.SECTIONS.values(), figures.NOT_REACHED)
    yield from figures._OUR_NAMES
    yield from numbers_tables.MEASURES.values()
    yield from (*curves.TITLES.values(), curves.BY_BRAND)
    yield from ("days since the customer wrote", "hours since the customer wrote")
    yield from ("How soon it was seen", "Breaches by how late", "Backlog by age")
    yield from ("more", "fewer", "rose", "fell")
    yield from (*By, "brand", "last week", "last month", "last {number} days")
    yield from (one[0] for one in charts._DAYS)
    yield from words.WHY.values()
    yield from texts.WEEKDAYS
    yield from texts._MONTHS
    yield from (one[0] for bins in (parts.LAGS, parts.AGES, parts.LATE) for one in bins)


def _of_policies() -> Iterator[str]:
    """What `policy explain` and `policy simulate` say by a name."""
    yield from policy_words.PLAIN.values()
    yield from (one.value for one in Change)
    yield from (said for _, said in simulating.DUE)
    yield from ("due", "answered in time", "messages", "summaries", "step", "change", "before")
    yield from ("after", "summary of", "whom", "cases before", "cases after", "case")
    yield from ("and {number} more: --limit 0 shows all {all}",)


def _of_errors() -> Iterator[str]:
    """What refuses people something, and what a notice says that was written before anybody knew to whom."""
    yield from ("The same answer", "An answer", "is under way", "may be posted or not")
    yield from (one.value for one in ReplyState)
    yield from template.SEVERAL
    files = ("stages/act.py", "stages/answer.py", "stages/by_hand.py", "stages/surge.py")
    for name in (*files, "domain/template.py"):
        yield from _phrased(ast.parse((MONITOR / name).read_text()))
    for folder in ("render", "slackapp", "policies"):
        for path in (MONITOR / folder).glob("*.py"):
            yield from _phrased(ast.parse(path.read_text()))


def _phrased(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(name), args=[ast.Constant(str(said)), *_]) if (
                name == "phrase" or (name.endswith("Error") and name not in _OF_OPERATORS)
            ):
                yield said
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(str(said)), *_]) if (
                name == "ActionError"
            ):
                yield said
            case _:
                pass


def _said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("say_in"), args=[ast.Constant(said), *_]):
                yield str(said)
            case ast.Call(func=ast.Name("say_in"), args=[ast.IfExp(body=one, orelse=other), *_]):
                yield from map(ast.literal_eval, (one, other))
            case ast.Call(
                func=ast.Attribute(ast.Name("say_in"), "count"),
                args=[_, ast.Constant(one), ast.Constant(many)],
            ):
                yield from (str(one), str(many))
            case _:
                pass


def test_every_phrase_is_translated_with_its_values() -> None:
    said = set(phrases())
    assert len(said) > 120
    for language in LANGUAGES[1:]:
        known = tongue(language).phrases
        assert sorted(said - known.keys()) == []
        for phrase, translated in known.items():
            assert set(_NAMES.findall(phrase)) == set(_NAMES.findall(translated)), phrase


def test_romanian_counts_with_de_from_twenty_on() -> None:
    say_in = tongue("ro")
    said = [say_in.count(one, "1 post", "{number} posts") for one in (1, 2, 19, 20, 101, 120)]
    assert [one.split()[1] for one in said] == [
        "postare",
        "postări",
        "postări",
        "de",
        "postări",
        "de",
    ]
    assert IN_ENGLISH.count(20, "1 post", "{number} posts") == "20 posts"
    assert (say_in.number("1.5 %"), IN_ENGLISH.number("1.5 %")) == ("1,5 %", "1.5 %")


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
