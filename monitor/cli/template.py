"""The text of a first config: every table that matters, with a comment on what it does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

NONE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What `init` was told.

    `hours` is "always", or weekdays and hours: "mon-fri 09:00-18:00". `x` is the watched account
    as id:handle, `reddit` the app's client id, `slack` a channel's id; empty: not wanted.
    """

    brand: str
    terms: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    timezone: str = "UTC"
    hours: str = "always"
    holidays: str = NONE
    target: str = "4h"
    x: str = ""
    reddit: str = ""
    subreddits: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    slack: str = ""
    emails: tuple[str, ...] = ()
    smtp: str = ""
    sender: str = ""
    database: str = "sqlite:///complaint-monitor.db"

    @property
    def tell(self) -> str:
        """The notifier that people look at first."""
        return "slack" if self.slack else "email" if self.emails else "console"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets that the config needs."""
        wanted = {"x_token": self.x, "reddit_client_secret": self.reddit, "slack": self.slack}
        return tuple(name for name, said in wanted.items() if said)


def config_text(answers: Answers) -> str:
    """A config file. What was told wrongly stands in it wrongly: read it before it is written."""
    parts = (_top, _calendar, _brand, _sources, _policies, _notifiers, _rest)
    return "\n\n".join("\n".join(part(answers)) for part in parts) + "\n"


def _top(answers: Answers) -> Iterator[str]:
    yield "# complaint-monitor. Every key: docs/configuration.md. `complaint-monitor check` reads this file."
    yield "# Relative paths count from the folder in which the program is started."
    yield ""
    yield f"database = {_text(answers.database)}"
    yield f"timezone = {_text(answers.timezone)}"


def _calendar(answers: Answers) -> Iterator[str]:
    yield "# When the staff are at work: targets count this time alone."
    yield "[calendars.office]"
    if answers.hours.strip() == "always":
        yield "always = true"
    else:
        days, _, hours = answers.hours.strip().partition(" ")
        yield f"weekly = {{ {days} = {_list(hours.replace(',', ' ').split())} }}"
    if answers.holidays.strip() not in ("", NONE):
        yield f"holidays = {_text(answers.holidays.strip())}"
    yield '# exceptions = { "2026-12-24" = ["09:00-13:00"], "2026-12-31" = [] }'


def _brand(answers: Answers) -> Iterator[str]:
    yield "# Whom customers complain to. `identities` are the accounts whose posts are answers."
    yield "[[brands]]"
    yield f"name = {_text(answers.brand)}"
    yield f"terms = {_list((answers.brand, *answers.terms))}"
    yield "identities = ["
    if answers.x:
        number, _, handle = answers.x.partition(":")
        yield f'  {{ network = "x", id = {_text(number)}, handle = {_text(handle)} }},'
    for one in answers.handles:
        network, colon, handle = one.partition(":")
        said = f"network = {_text(network.strip())}, " if colon else ""
        yield f"  {{ {said}handle = {_text((handle if colon else network).strip())} }},"
    yield "]"
    yield "# Replies that no person wrote end no wait:"
    yield '# automatic_apps = ["AutoReply"]'
    yield "# automatic_patterns = ['^This is an automatic message']"


def _sources(answers: Answers) -> Iterator[str]:
    yield "# Where posts come from. docs/sources tells of each how to get its token."
    if answers.x:
        account, _, handle = answers.x.partition(":")
        yield "[[sources]]"
        yield 'use = "x"'
        yield f"account = {_text(account)}"
        yield f"handle = {_text(handle)}"
        yield f"# query = {_text(answers.brand)}   # a search costs more than mentions"
        yield "budget_usd_per_day = 5.0"
        yield ""
    if answers.reddit:
        yield "[[sources]]"
        yield 'use = "reddit"'
        yield f"client_id = {_text(answers.reddit)}"
        yield f"subreddits = {_list(answers.subreddits)}"
        yield f"accounts = {_list(_reddit_accounts(answers))}   # whose comments are your answers"
        yield f"terms = {_list((answers.brand, *answers.terms))}"
        yield ""
    for number, path in enumerate(answers.files, start=1):
        yield "[[sources]]"
        yield 'use = "files"'
        yield f"name = {_text('files' if number == 1 else f'files {number}')}"
        yield f"path = {_text(path)}"
        yield "follow = true"
        yield ""
    if not (answers.files or answers.x or answers.reddit):
        yield "# [[sources]]"
        yield '# use = "files"'
        yield '# path = "posts.jsonl"   # or a pattern: exports/*.csv'
        yield "# follow = true"


def _reddit_accounts(answers: Answers) -> list[str]:
    named = (one.partition(":") for one in answers.handles)
    return [handle.strip() for network, _, handle in named if network.strip() == "reddit"]


def _policies(answers: Answers) -> Iterator[str]:
    yield "# How soon an answer is due, and who hears when there is none. The first that matches holds."
    yield "[[policies]]"
    yield 'name = "grave"'
    yield 'match = { severities = ["high", "critical"] }'
    yield 'target = "1h"'
    yield 'calendar = "office"'
    yield f"tell = {_text(answers.tell)}"
    yield "steps = ["
    yield '  { name = "due soon", before_due = "15m" },'
    yield '  { name = "overdue", after_due = "0m", repeat = "1h", repeats = 3 },'
    yield "]"
    yield ""
    yield "[[policies]]"
    yield 'name = "everything else"'
    yield f"target = {_text(answers.target)}"
    yield 'calendar = "office"'
    yield f"tell = {_text(answers.tell)}"
    yield "steps = ["
    yield f'  {{ name = "due soon", before_due = "{_quarter(answers.target)}" }},'
    yield '  { name = "overdue", after_due = "0m" },'
    yield "]"


def _notifiers(answers: Answers) -> Iterator[str]:
    yield "# How people are told."
    yield "[[notifiers]]"
    yield 'use = "console"'
    yield 'log = "notices.jsonl"   # remembers what was told, so that nothing is told twice'
    if answers.slack:
        yield ""
        yield "[[notifiers]]"
        yield 'use = "slack"'
        yield f"channel = {_text(answers.slack)}"
    if answers.emails:
        yield ""
        yield "[[notifiers]]"
        yield 'use = "email"'
        yield f"host = {_text(answers.smtp)}"
        if answers.smtp in ("localhost", "127.0.0.1", "::1"):
            yield 'security = "none"   # "starttls" or "tls" for a server that is not this machine'
        yield '# username = "…"'
        yield '# password = "smtp"   # the secret in COMPLAINT_MONITOR_SMTP'
        yield f"sender = {_text(answers.sender)}"
        yield f"recipients = {_list(answers.emails)}"


def _rest(answers: Answers) -> Iterator[str]:
    yield "# The unanswered, once a working day."
    yield "[digest]"
    yield 'at = "08:30"'
    yield 'calendar = "office"'
    yield f"tell = {_text(answers.tell)}"
    yield ""
    yield "# Who hears when a source fails, something is set aside, or a notifier cannot be reached: not"
    yield "# by the same way, if there is another one."
    yield "[operators]"
    yield f"tell = {_text('email' if answers.emails else 'console')}"
    yield ""
    yield "# An address that is called while all is well, and raises the alarm when it is not called."
    yield "# [heartbeat]"
    yield '# url = "https://…"'
    yield '# every = "5m"'


def _quarter(target: str) -> str:
    """The last quarter of the target, in minutes."""
    from monitor.settings.spans import span

    try:
        return f"{span(target) // timedelta(minutes=4)}m"
    except ValueError:
        return target  # the target's own mistake is told when the text is read


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are among TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, dict.fromkeys(values)))}]"
