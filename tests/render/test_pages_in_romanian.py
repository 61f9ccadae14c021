"""Every phrase of the pages is said in Romanian, too."""

from __future__ import annotations

import re
from pathlib import Path

import monitor.render
from monitor.domain.access import Role
from monitor.render import happened
from monitor.render.tongue import tongue
from monitor.render.words import WHY
from monitor.web import acts, looks
from monitor.web.pages import audit, queue, review

TEMPLATES = Path(monitor.render.__file__).parent / "templates" / "web"


def _phrases() -> set[str]:
    texts = [one.read_text() for one in TEMPLATES.glob("*.j2")]
    calls = [call for text in texts for call in re.findall(r"\bt\(((?:[^()]|\([^()]*\))*)\)", text)]
    first = [re.sub(r",\s*\w+=.*", "", call, flags=re.DOTALL) for call in calls]
    said = {
        one
        for call in first
        for pair in re.findall(r'"([^"]+)"|\'([^\']+)\'', call)
        for one in pair
    }
    return {one for one in said if one}


def test_every_phrase_of_a_template_is_translated() -> None:
    known = tongue("ro").phrases
    found = _phrases()
    assert len(found) > 100
    assert sorted(found - known.keys()) == []


def test_so_is_what_templates_are_given() -> None:
    given = {
        *happened.PHRASES.values(),
        *acts.NAMES.values(),
        *(one.name for one in looks.MENU),
        *(one.word for one in Role),
        *queue.STATES.values(),
        *audit.CHANGES.values(),
        *(word for _, word in review.KEYS.values()),
        *WHY.values(),
    }
    assert sorted(given - tongue("ro").phrases.keys()) == []
