"""What a config says becomes the domain's calendars, brands, policies and thresholds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import settings
from monitor.domain.judgement import Severity, Thresholds
from monitor.domain.policy import Anchor, Subject, first_match
from monitor.domain.post import Author
from monitor.settings import Settings
from monitor.settings.spans import minutes, span

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Europe/Bucharest")

TEXT = """
timezone = "Europe/Bucharest"

[calendars.office]
weekly = { mon-fri = ["09:00-18:00"] }
holidays = "RO"
exceptions = { "2026-12-24" = ["09:00-13:00"], "2026-11-28" = ["10:00-12:00"] }

[calendars.hotline]
zone = "Europe/London"
always = true

[[brands]]
name = "acme"
terms = "acme"
identities = [{ network = "X", handle = "@AcmeHelp" }, { id = "77" }]
automatic_apps = ["AutoReply"]

[[policies]]
name = "grave"
match = { severities = ["high", "critical"], networks = ["X"] }
target = "1h 30m"
calendar = "hotline"
tell = "email:leads@acme.example"
acknowledged_for = "30m"

[[policies]]
name = "rest"
target = "8h"
calendar = "office"

[[policies.steps]]
name = "warn"
before_due = "30m"

[[policies.steps]]
name = "late"
after_due = "0m"
tell = "email:leads@acme.example"
mentions = "ana"
repeat = "1h"
repeats = 2

[[policies.steps]]
name = "start"
after = "2h"

[[notifiers]]
use = "console"

[[notifiers]]
use = "email"
host = "localhost"
security = "none"
sender = "monitor@acme.example"

[classifier.thresholds]
alert = 0.8
"""


@pytest.fixture
def said() -> Settings:
    return settings.read_text(TEXT, "shop.toml")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-27 16:30", 4, "2026-03-30 11:30"),
        ("2026-04-09 17:00", 2, "2026-04-14 10:00"),
        ("2026-04-30 16:00", 4, "2026-05-04 11:00"),
        ("2026-05-29 17:00", 3, "2026-06-02 11:00"),
        ("2026-07-04 12:00", 1, "2026-07-06 10:00"),
        ("2026-10-23 17:30", 1, "2026-10-26 09:30"),
        ("2026-12-23 17:00", 2, "2026-12-24 10:00"),
        ("2026-11-27 17:00", 2, "2026-11-28 11:00"),
    ],
)
def test_a_calendar_knows_romanian_holidays_and_its_own_exceptions(
    said: Settings, start: str, hours: int, due: str
) -> None:
    office = said.hours("office")
    since = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    assert office.add(since, timedelta(hours=hours)) == datetime.fromisoformat(due).replace(
        tzinfo=ZONE
    )


def test_a_calendar_says_by_which_list_of_holidays_it_goes(said: Settings) -> None:
    assert said.hours("office").holidays_version.startswith("RO, holidays 0.")
    assert date(2026, 12, 1) in said.hours("office").holidays
    assert not said.hours("hotline").holidays


def test_a_calendar_is_in_the_configs_zone_unless_it_names_its_own(said: Settings) -> None:
    assert said.hours("office").zone == "Europe/Bucharest"
    assert said.hours("hotline").zone == "Europe/London"
    assert said.hours("always").zone == "Europe/Bucharest"


def test_policies_become_rules_in_order(said: Settings) -> None:
    grave, rest = said.targets()
    assert grave.target == timedelta(hours=1, minutes=30)
    assert grave.audience == "email:leads@acme.example"
    assert grave.acknowledged_for == timedelta(minutes=30)
    assert rest.audience == "console"
    warn, late, start = rest.steps
    assert (warn.anchor, warn.offset, warn.audiences) == (
        Anchor.DUE,
        -timedelta(minutes=30),
        ("console",),
    )
    assert (late.anchor, late.offset, late.mentions) == (Anchor.DUE, timedelta(), ("ana",))
    assert (late.repeat, late.repeats) == (timedelta(hours=1), 2)
    assert (start.anchor, start.offset) == (Anchor.START, timedelta(hours=2))


def test_the_first_policy_that_matches_holds(said: Settings) -> None:
    def chosen(network: str, severity: Severity) -> str:
        subject = Subject(brand="acme", network=network, severity=severity)
        return first_match(said.targets(), subject).name

    assert chosen("x", Severity.HIGH) == "grave"
    assert chosen("x", Severity.NORMAL) == "rest"
    assert chosen("forum", Severity.CRITICAL) == "rest"


def test_every_complaint_has_a_target_though_no_policy_matches_it() -> None:
    text = '[[brands]]\nname = "b"\n[[policies]]\nname = "p"\ntarget = "1h"\nmatch = {networks = "x"}\n'
    rules = settings.read_text(text, "shop.toml").targets()
    last = first_match(rules, Subject(brand="b", network="forum", severity=Severity.LOW))
    assert last.target == timedelta(hours=24)
    assert last.audience == "console"


def test_a_rules_snapshot_is_the_same_on_every_day_and_in_every_process(said: Settings) -> None:
    again = settings.read_text(TEXT, "elsewhere.toml")
    assert [one.digest for one in said.targets()] == [one.digest for one in again.targets()]


def test_a_brands_accounts_are_known_by_handle_or_id(said: Settings) -> None:
    [brand] = said.brands_of(settings.SourceTable(use="files"))
    by_handle, by_id = brand.identities
    assert by_handle.is_("x", Author(handle="acmehelp"))
    assert not by_handle.is_("forum", Author(handle="acmehelp"))
    assert by_id.is_("forum", Author(id="77"))
    assert brand.terms == ("acme",)


def test_thresholds_override_the_models_own_one_by_one(said: Settings) -> None:
    assert said.thresholds(lambda: Thresholds(0.5, 0.2, 0.6)) == Thresholds(0.8, 0.2, 0.6)


def test_a_model_is_not_asked_for_thresholds_that_the_config_gives() -> None:
    text = '[[brands]]\nname="b"\n[classifier.thresholds]\nalert=0.9\nreview=0.4\nquestion=0.3\n'

    def never() -> Thresholds:
        raise AssertionError

    assert settings.read_text(text, "x").thresholds(never) == Thresholds(0.9, 0.4, 0.3)


def test_two_lines_are_a_config() -> None:
    said = settings.read_text('[[brands]]\nname = "acme"\n', "x")
    assert said.audience == "console"
    assert said.digest.at == time(8, 30)
    assert said.targets()[-1].match.is_everything


def test_the_example_config_is_right() -> None:
    assert settings.read(ROOT / "config.example.toml").targets()


def test_words_of_the_config_change_the_shipped_rules() -> None:
    text = '[[brands]]\nname="b"\n[rules.gifts]\ntopic="gifts"\nwords="gift card*"\n'
    lexicon = settings.read_text(text, "x").lexicon()
    assert "gifts" in lexicon.read("My gift cards are gone").topics
    assert lexicon.topics > {"delivery", "gifts"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("2h", timedelta(hours=2)),
        ("1d 4h", timedelta(hours=28)),
        ("1d4h30m15s", timedelta(days=1, hours=4, minutes=30, seconds=15)),
        ("0m", timedelta()),
        (" 45 m ", timedelta(minutes=45)),
        ("366d", timedelta(days=366)),
    ],
)
def test_spans_are_read(text: str, expected: timedelta) -> None:
    assert span(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1", "h", "-1h", "1.5h", "1h 1d", "1w", 5, None, "1h, 5m", "١h "]
)
def test_what_is_no_span_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no span of time"):
        span(text)


@given(st.integers(0, 24 * 60))
def test_times_of_day_are_minutes(number: int) -> None:
    assert minutes(f"{number // 60:02}:{number % 60:02}") == number


def test_a_report_by_schedule_is_of_all_brands_unless_some_are_named(said: Settings) -> None:
    assert said.plans() == ()
    text = TEXT + '\n[[reports]]\nevery = "month"\nlanguage = "ro"\n[numbers]\nstaffed = "office"\n'
    again = settings.read_text(text, "shop.toml")
    [plan] = again.plans()
    assert (plan.every, plan.brands, plan.language) == ("month", again.brand_names, "ro")
    assert plan.audiences == (again.audience,)
    assert again.staffed() == again.hours("office")
    assert said.staffed() == said.hours(said.digest.calendar)


def test_the_digest_falls_due_on_days_that_are_open(said: Settings) -> None:
    text = TEXT + '\n[digest]\nat = "08:00"\ncalendar = "office"\n'
    schedule = settings.read_text(text, "x").schedule()
    assert schedule.sent_at(date(2026, 12, 1)) is None
    assert schedule.sent_at(date(2026, 12, 2)) == datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
