"""A proposal is read as policies and nothing else, however it is meant."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import ConfigError, MonitorError
from monitor.policies.proposing import LONGEST, proposed
from monitor.settings.reading import read_text

NOW = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
IN_FORCE = read_text(
    """
timezone = "Europe/Bucharest"
[calendars.office]
weekly = { mon-fri = ["09:00-18:00"] }
[[brands]]
name = "acme"
[[notifiers]]
use = "console"
name = "desk"
[people.ana]
tell = "desk:ana"
[rotas.care]
file = "care.ics"
[rules.smell]
topic = "smell"
words = ["smell*"]
[[policies]]
name = "all"
target = "4h"
calendar = "office"
tell = "desk"
steps = [{ name = "late", after_due = "1h", tell = ["person:ana", "rota:care"] }]
""",
    "config.toml",
)
POLICY = '[[policies]]\nname = "new"\ntarget = "{target}"\ntell = "desk"\ncalendar = "{calendar}"\n'
REPEATED = (
    'steps = [{{ name = "one", after = "1h", repeat = "{0}", repeats = {1} }},'
    ' {{ name = "two", after_due = "1h", repeat = "1m", repeats = 100 }}]\n'
)


def test_what_is_left_out_stays_as_it_is() -> None:
    text = POLICY.format(target="8h", calendar="office") + 'match = { topics = ["smell"] }\n'
    changed = proposed(text.replace("\n", "\r\n"), IN_FORCE, now=NOW)
    assert [one.name for one in changed.targets()] == ["new", "everything else"]
    assert changed.calendars == IN_FORCE.calendars
    assert changed.people == IN_FORCE.people
    later = '[calendars.office]\nweekly = { mon-sat = ["10:00-12:00"] }\n'
    [rule] = proposed(later, IN_FORCE, now=NOW).targets()
    assert (rule.name, rule.hours.weekly[5]) == ("all", ((600, 720),))


def test_nothing_that_it_names_is_loaded_read_or_asked(tmp_path: Path) -> None:
    module = tmp_path / "loaded"
    text = (
        POLICY.format(target="8h", calendar="office")
        + '[[sources]]\nuse = "no.such.module:Class"\n[[notifiers]]\nuse = "no.such.module:Class"\n'
        + f'[classifier]\nuse = "no.such:Class"\n[rotas.night]\nfile = "{module}"\n'
    )
    text = 'database = "sqlite:////nowhere/else.db"\n' + text
    changed = proposed(text, IN_FORCE, now=NOW)
    assert (changed.database, changed.sources) == (IN_FORCE.database, ())
    assert changed.notifiers == IN_FORCE.notifiers


MANY = "".join(
    f'[[policies]]\nname = "{one}"\ntarget = "1h"\n'
    f"match = {{ networks = {[f'n{one}-{it}' for it in range(30)]}, topics = {['refund'] * 20} }}\n"
    for one in range(60)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "says nothing of policies"),
        ('[log]\nlevel = "debug"', "says nothing of policies"),
        ("x = [", "is no TOML"),
        ("x = " + "[" * 30_000, "is no TOML"),
        ("x = " + "9" * 5_000, "is no TOML"),
        ("x = 1\nx = 2", "is no TOML"),
        ("#" * (LONGEST + 1), "too long"),
        ('[[policies]]\nname = "new"\ntarget = "4 hours"', "policies:3: policies[0].target"),
        ('[[policies]]\nname = "new"\ntarget = "4h"\ntell = "dask"', 'did you mean "desk"?'),
        ('policies = "all"', "policies"),
        ("policies = [1, 2]", "policies"),
        ("people = 1", "people"),
        (POLICY.format(target="4h", calendar="no"), 'no calendar is called "no"'),
        (POLICY.format(target="4h", calendar="office") * 2, 'two called "new"'),
        (POLICY.format(target="200d", calendar="office"), "no span may be longer than 92 days"),
        (
            "# far\n" + POLICY.format(target="4h", calendar="office") + REPEATED.format("366d", 50),
            "no span may be longer than 92 days",
        ),
        (
            POLICY.format(target="4h", calendar="office") + REPEATED.format("1m", 100),
            "202 steps and repeats: 200 at most",
        ),
        ("[[policies]]\n" * 201, "200 at most"),
        (POLICY.format(target="4h", calendar="office") + f"steps = {['x'] * 31}", "30 steps"),
        (MANY, "too many kinds of posts"),
        (
            '[calendars.office]\nweekly = { mon = ["09:00-09:01"] }',
            "open for under an hour a week",
        ),
        ('[calendars.shop]\nweekly = { mon = ["09:00-18:00"] }', "are left out"),
        ("[people]\n", "tells those who are left out: person:ana"),
    ],
    ids=lambda one: one[:30] or "nothing",
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(MonitorError) as refused:
        proposed(text, IN_FORCE, now=NOW)
    assert said in str(refused.value)


def test_a_whole_config_can_be_proposed() -> None:
    example = (Path(__file__).parents[2] / "config.example.toml").read_text()
    tables = {"brands", "notifiers", "rules", "timezone"} & tomllib.loads(example).keys()
    whole = read_text(example, "config.example.toml")
    changed = proposed(example, whole, now=NOW)
    assert changed.targets() == whole.targets()
    assert tables


VALUES = st.recursive(
    st.none().map(lambda _: '"x"')
    | st.integers().map(str)
    | st.sampled_from(['"4h"', '"desk"', "true", "1979-05-27", "1e999", '"mon-fri"']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: f"[{', '.join(some)}]")
        | st.dictionaries(
            st.sampled_from(["name", "target", "steps", "match", "weekly", "tell", "topics"]),
            inner,
            max_size=3,
        ).map(lambda some: "{" + ", ".join(f"{key} = {one}" for key, one in some.items()) + "}")
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(["policies", "calendars", "people", "rotas", "people.ana", "calendars.office"]),
    VALUES,
)
def test_whatever_is_sent_is_taken_or_refused_in_words(table: str, value: str) -> None:
    try:
        changed = proposed(f"{table} = {value}", IN_FORCE, now=NOW)
    except ConfigError:
        pass
    else:
        assert NOW + timedelta() < changed.targets()[0].due(NOW)
