"""Whatever is wrong with a config is said all at once, each mistake with its line and a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor import settings
from monitor.domain.errors import ConfigError

BRAND = '[[brands]]\nname = "acme"\n'
POLICY = '[[policies]]\nname = "p"\ntarget = "4h"\n'
STEP = f'{BRAND}{POLICY}[[policies.steps]]\nname = "s"\n'
THE_REST = "[[policies]]\nname='q'\ntarget='1h'\nmatch = { severities = ['high', 'critical'] }\n"
LATE = "[[policies]]\nname = 'r'\ntarget = '1h'\nmatch = { languages = 'ro' }\n"

# By what is wrong: the text, the line that is named, and words of what is said.
MISTAKES = {
    "unknown key": (f'databse = "x"\n{BRAND}', 1, 'did you mean "database"?'),
    "unknown key of a table": (f"{BRAND}nmae = 1\n", 3, "brands[0].nmae: there is no such key; did you"),
    "unknown table": (f"{BRAND}[polices]\n", 3, 'did you mean "policies"?'),
    "wrong type": (f"{BRAND}terms = 5\n", 3, "brands[0].terms: Input should be a valid list, not 5"),
    "wrong type of a table": ('brands = "acme"\n', 1, "brands: Input should be a valid"),
    "no brands": ("timezone = 'UTC'\n", 1, "brands: is missing: name at least one brand"),
    "empty brands": ("brands = []\n", 1, "is empty: name at least one"),
    "no name": ("[[brands]]\nterms = ['x']\n", 1, "brands[0].name: is missing"),
    "empty name": ("[[brands]]\nname = ''\n", 2, "at least 1 character"),
    "name with a colon": ("[[brands]]\nname = 'a:b'\n", 2, "hold a colon"),
    "two of a name": (f"{BRAND}{BRAND}", 4, 'there are two called "acme"'),
    "nameless account": (f"{BRAND}identities = [{{ network = 'x' }}]\n", 3, "a handle, or better its id"),
    "bad regex": (f"{BRAND}automatic_patterns = ['(']\n", 3, "is no regular expression"),
    "bad zone": (f"timezone = 'Europe/Bucarest'\n{BRAND}", 1, "is no IANA time zone"),
    "zone as a path": (f"timezone = '../x'\n{BRAND}", 1, "is no IANA time zone"),
    "no database": (f"database = 'monitor.db'\n{BRAND}", 1, "write sqlite:///"),
    "another database": (f"database = 'mysql://h/d'\n{BRAND}", 1, "or postgresql://"),
    "bad hours": (f"{BRAND}[calendars.o]\nweekly = {{ mon = ['9-18'] }}\n", 4, "is no time of day"),
    "no hours": (f"{BRAND}[calendars.o]\nweekly = {{ mon = ['x'] }}\n", 4, 'write "09:00-18:00"'),
    "hours backwards": (f"{BRAND}[calendars.o]\nweekly = {{ mon = ['18:00-09:00'] }}\n", 4, "ends before"),
    "hours overlap": (
        f"{BRAND}[calendars.o]\nweekly = {{ mon = ['09:00-12:00', '11:00-18:00'] }}\n", 4, "overlap",
    ),
    "bad days": (f"{BRAND}[calendars.o]\nweekly = {{ fri-mon = ['09:00-18:00'] }}\n", 4, "no weekdays"),
    "days twice": (
        f"{BRAND}[calendars.o]\nweekly = {{ mon-fri = ['09:00-18:00'], wed = ['09:00-12:00'] }}\n",
        4,
        '"wed" is given hours twice',
    ),
    "never open": (f"{BRAND}[calendars.o]\nzone = 'UTC'\n", 3, "say when it is open"),
    "no country": (f"{BRAND}[calendars.o]\nalways = true\nholidays = 'XX'\n", 5, "no public holidays"),
    "no part": (f"{BRAND}[calendars.o]\nalways = true\nholidays = 'DE-QQ'\n", 5, "no public holidays"),
    "bad date": (f"{BRAND}[calendars.o]\nalways = true\nexceptions = {{ '2026-13-01' = [] }}\n", 5, "date"),
    "bad span": (f"{BRAND}[[policies]]\nname = 'p'\ntarget = 'soon'\n", 5, 'write "90m", "2h" or "1d 4h"'),
    "no span": (f"{BRAND}[[policies]]\nname = 'p'\ntarget = 4\n", 5, "4 is no span of time"),
    "empty span": (f"{BRAND}[[policies]]\nname = 'p'\ntarget = '0m'\n", 5, "longer than no time"),
    "endless span": (f"{BRAND}[[policies]]\nname = 'p'\ntarget = '999999999d'\n", 5, "at most 366d"),
    "span beyond a year": (f"{BRAND}[[policies]]\nname='p'\ntarget='366d 1s'\n", 5, "at most 366d"),
    "no number": (f"{BRAND}[[policies]]\nname='p'\ntarget='{'9' * 5000}s'\n", 5, "at most 366d"),
    "no target": (f"{BRAND}[[policies]]\nname = 'p'\n", 3, "policies[0].target: is missing"),
    "step called as the card": (
        f"{BRAND}{POLICY}[[policies.steps]]\nname = 'alert'\nafter = '1h'\n", 7, "give it another name",
    ),
    "step called as what waits for a yes": (
        f"{BRAND}{POLICY}[[policies.steps]]\nname = 'unconfirmed'\nafter = '1h'\n", 7, "another name",
    ),
    "unknown calendar": (f"[calendars.office]\nalways = true\n{BRAND}{POLICY}calendar = 'ofice'\n", 8,
                         'no calendar is called "ofice"; did you mean "office"?'),
    "unknown person": (f"{STEP}after='1h'\ntell='person:ana'\n[people.anna]\ntell='console:a'\n", 9,
                       'no person is called "ana"; did you mean "anna"?; they stand in [people.NAME]'),
    "unknown rota": (f"{STEP}after = '1h'\ntell = 'rota:care'\n", 9, 'no rota is called "care"'),
    "a notifier called rota": (f"{BRAND}[[notifiers]]\nuse = 'console'\nname = 'rota'\n", 5, "another name"),
    "a person at no notifier": (f"{BRAND}[people.ana]\ntell = 'slack:U1'\n", 4, "no notifier is called"),
    "a person of no calendar": (f"{BRAND}[people.ana]\ntell='console:a'\ncalendar='o'\n", 5, "no calendar"),
    "two ways to sleep": (
        f"{BRAND}[people.ana]\ntell='console:a'\ncalendar='always'\nquiet='22:00-07:00'\n", 3, "use one",
    ),
    "a zone for a calendar": (
        f"{BRAND}[people.ana]\ntell='console:a'\ncalendar='always'\nzone='UTC'\n", 3, "zone goes with quiet",
    ),
    "asleep all day": (f"{BRAND}[people.ana]\ntell='console:a'\nquiet='08:00-08:00'\n", 3, "never be told"),
    "no quiet hours": (f"{BRAND}[people.ana]\ntell='console:a'\nquiet='night'\n", 3, 'write "22:00-07:00"'),
    "a rota nowhere": (f"{BRAND}[rotas.care]\nevery = '5m'\n", 3, "one of file, url and secret"),
    "a step called like a repeat": (f"{BRAND}{POLICY}[[policies.steps]]\nname = 's#1'\nafter = '1h'\n", 7,
                                    "no # and no colon"),
    "a policy in vain": (
        f"{BRAND}{POLICY}[[policies]]\nname = 'q'\ntarget = '1h'\nmatch = {{ networks = 'x' }}\n",
        6,
        'no post ever reaches "q": "p" before it takes all',
    ),
    "a policy in vain by two": (
        f"{BRAND}{POLICY}match = {{ severities = ['low', 'normal'] }}\n{THE_REST}{LATE}",
        11,
        'no post ever reaches "r": "p", "q" before it together take all',
    ),
    "unknown notifier": (f"{BRAND}{POLICY}tell = 'slack:#care'\n", 6, 'no notifier is called "slack"'),
    "unknown brand": (f"{BRAND}{POLICY}match = {{ brands = ['acne'] }}\n", 6, 'did you mean "acme"?'),
    "unknown severity": (f"{BRAND}{POLICY}match = {{ severities = 'hihg' }}\n", 6, "'high'"),
    "unknown topic": (f"{BRAND}{POLICY}match = {{ topics = 'deliverie' }}\n", 6, 'mean "delivery"?'),
    "step without a time": (STEP, 6, "one of after, before_due and after_due"),
    "step with two times": (f"{STEP}after = '1h'\nafter_due = '1h'\n", 6, "one of after, before_due"),
    "repeats without repeat": (f"{STEP}after = '1h'\nrepeats = 3\n", 6, "both or none"),
    "a warning too early": (f"{STEP}before_due = '5h'\n", 8, "5h is no less than the target, 4h"),
    "step of a name": (f"{STEP}after='1h'\n[[policies.steps]]\nname = 's'\nafter='2h'\n", 10, "two called"),
    "unknown plug-in": (f"{BRAND}[[sources]]\nuse = 'fiels'\n", 4, "no source is called"),
    "no plug-in": (f"{BRAND}[[sources]]\npath = 'x'\n", 3, "sources[0].use: is missing"),
    "a plug-in's missing key": (f"{BRAND}[[sources]]\nuse = 'files'\n", 3, "sources[0].path: is missing"),
    "a plug-in's unknown key": (f"{BRAND}[[sources]]\nuse = 'files'\npath = 'x'\nfolow = true\n", 6,
                                'sources[0].folow: there is no such key; did you mean "follow"?'),
    "a plug-in's wrong value": (f"{BRAND}[[sources]]\nuse='files'\npath='x'\nformat='xls'\n", 6, "'csv'"),
    "a stranger's module": (f"{BRAND}[[notifiers]]\nuse = 'no.such:Thing'\n", 4, "there is no module no"),
    "whose posts": (f"{BRAND}[[brands]]\nname = 'b'\n[[sources]]\nuse = 'files'\npath = 'x'\n", 5,
                    'say whose posts it brings: brands = ["acme", "b"]'),
    "no notifiers": (f"notifiers = []\n{BRAND}", 1, "is empty"),
    "thresholds": (f"{BRAND}[classifier.thresholds]\nalert = 0.4\nreview = 0.6\n", 5, "is above alert"),
    "a threshold": (f"{BRAND}[classifier.thresholds]\nalert = 1.5\n", 4, "less than or equal to 1"),
    "a report to nobody known": (
        f"{BRAND}[[reports]]\ntell = ['mars:leads']\n",
        4,
        'no notifier is called "mars"',
    ),
    "people who subscribe": (
        f"{BRAND}[[subscriptions]]\ntell = 'console:care'\n",
        4,
        '"console:care" is for people: only programs subscribe',
    ),
    "a report of no brand": (f"{BRAND}[[reports]]\nbrands = 'x'\n", 4, 'no brand is called "x"'),
    "a report told twice": (
        f"{BRAND}[[reports]]\ntell = 'console'\n[[reports]]\nevery = 'week'\n",
        5,
        "is told of each week of acme already",
    ),
    "staffed by no calendar": (f"{BRAND}[numbers]\nstaffed = 'x'\n", 4, "no calendar is called"),
    "a brand's digest to nobody": (f"{BRAND}digest_tell = 'slak:acme'\n", 3, 'no notifier is called "slak"'),
    "a digest to nobody": (f"{BRAND}[digest]\ntell = 'mail'\n", 4, 'no notifier is called "mail"'),
    "surges to nobody": (f"{BRAND}[storms]\ntell = 'mail'\n", 4, 'no notifier is called "mail"'),
    "trouble to nobody": (f"{BRAND}[operators]\ntell = 'mail'\n", 4, 'no notifier is called "mail"'),
    "digest at no time": (f"{BRAND}[digest]\nat = '25:00'\n", 4, "is no time of day"),
    "heartbeat nowhere": (f"{BRAND}[heartbeat]\nurl = 'example'\n", 4, "write https://"),
    "a rule without words": (f"{BRAND}[rules.gift]\ntopic = 'gifts'\n", 3, "rules.gift: words"),
    "a rule's bad word": (f"{BRAND}[rules.gift]\ntopic = 'gifts'\nwords = ['g*']\n", 3, "3 letters"),
    "a brand apart that is none": (
        BRAND
        + "[[notifiers]]\nuse = 'slack'\nchannel = 'C0123456789'\n"
        + "[slack_app]\nbrands = { acne = 'U0123ANA01' }\n",
        7,
        'no brand is called "acne"; did you mean "acme"?',
    ),
    "syntax": (f"{BRAND}name = \n", 3, "is no TOML: Invalid value"),
    "end of file": (f"{BRAND}terms = [1,", 3, "is no TOML"),
    "key twice": (f"{BRAND}name = 'b'\n", 3, "is no TOML: Cannot overwrite"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.read_text(text, "shop.toml")
    told = str(caught.value).splitlines()
    assert any(one.startswith(f"shop.toml:{line}: ") and words in one for one in told), told
    assert len(told) == 1, told


def test_all_mistakes_are_named_at_once_in_the_order_of_their_lines() -> None:
    text = f"{BRAND}x = 1\n{POLICY}calendar = 'none'\n[digest]\nat = 'noon'\n"
    with pytest.raises(ConfigError) as caught:
        settings.read_text(text, "shop.toml")
    assert [one.split(":")[1] for one in str(caught.value).splitlines()] == ["3", "7", "9"]


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`complaint-monitor init` writes one"):
        settings.read(tmp_path / "config.toml")


def test_a_file_in_another_encoding_is_told_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('[[brands]]\nname = "Bufniță"\n'.encode("iso-8859-16"))
    with pytest.raises(ConfigError, match=r"config\.toml:2: is not UTF-8"):
        settings.read(path)


def test_a_file_saved_on_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbf[[brands]]\r\nname = "acme"\r\n')
    assert settings.read(path).brand_names == ("acme",)
