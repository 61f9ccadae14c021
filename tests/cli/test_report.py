"""`report` and `digest` from the command line: what is asked for is what is printed, written or mailed."""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner, Result

from monitor.cli import cli
from monitor.cli.periods import moment, period_of
from monitor.domain.event import Answered, Opened
from monitor.domain.judgement import Band
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import Channel
from monitor.store import maintenance
from monitor.store.engine import Database
from tests.cli.shop import EMAIL
from tests.domain.histories import an_ask
from tests.store.shop import Shop

ZONE = ZoneInfo("Europe/Bucharest")
CONFIG = """
database = "sqlite:///{folder}/monitor.db"
timezone = "Europe/Bucharest"
[[brands]]
name = "shop"
"""
CONSOLE = """
[[notifiers]]
use = "console"
"""
SLACK = """
[[notifiers]]
use = "slack"
channel = "C0CARE0001"
targets = {{ leads = "C0LEADS001" }}
base_url = "{url}"
"""
DAY = ("--from", "2026-05-04", "--to", "2026-05-05", "--as-of", "2026-05-04T18:00")
NOTHING_READ = "2026-05-04T15:30"

Command = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Of a Monday: answered in time, answered late, open, and one to confirm."""
    database = Database(f"sqlite:///{tmp_path / 'monitor.db'}")
    maintenance.upgrade(database)
    shop = Shop(database)
    shop.case((0, Opened(an_ask(1, 0))), (30, Answered(100)), thread="1")
    shop.case((0, Opened(an_ask(2, 0))), (90, Answered(101)), thread="2")
    shop.case((5, Opened(an_ask(3, 5))), thread="3")
    shop.case((6, Opened(an_ask(4, 6, band=Band.REVIEW))), thread="4")
    yield shop
    database.close()


@pytest.fixture
def command(config: Path, shop: Shop) -> Command:
    def run(*words: object) -> Result:
        return CliRunner().invoke(cli, ["--config", str(config), *map(str, words)])

    return run


def good(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_terminal_shows_the_figures(command: Command) -> None:
    text = good(command("report", *DAY))
    assert text.startswith("shop: waits that began from Mon 4 May 2026 00:00 EEST to before Tue 5")
    assert "50.0 %  33.3–66.7 %" in text


def test_the_same_question_has_the_same_answer(command: Command) -> None:
    for format_ in ("terminal", "html", "csv", "json"):
        first = good(command("report", *DAY, "--format", format_))
        assert first == good(command("report", *DAY, "--format", format_))


def test_a_page_is_written_to_a_file(command: Command, tmp_path: Path) -> None:
    page = tmp_path / "may.html"
    assert good(command("report", *DAY, "--format", "html", "--output", page)) == ""
    assert page.read_text().startswith("<!doctype html>")


def test_json_and_csv_agree(command: Command, tmp_path: Path) -> None:
    data = json.loads(good(command("report", *DAY, "--json")))
    sheet = tmp_path / "may.csv"
    good(command("report", *DAY, "--format", "csv", "--output", sheet))
    [whole, *_] = csv.DictReader(StringIO(sheet.read_bytes().decode(), newline=""))
    assert int(whole["waits"]) == data["total"]["waits"] == 3
    assert float(whole["within_sla"]) == data["total"]["within_sla"]["value"] == 0.5
    assert data["total"]["unconfirmed"] == 1


def test_paper_and_romanian_are_asked_for(command: Command, tmp_path: Path) -> None:
    paper = tmp_path / "mai.pdf"
    good(command("report", *DAY, "--format", "pdf", "--language", "ro", "--output", paper))
    assert paper.read_bytes().startswith(b"%PDF")
    refused = command("report", *DAY, "--format", "pdf")
    assert refused.exit_code == 2
    assert "say --output FILE" in refused.output
    text = good(command("report", *DAY, "--language", "ro"))
    assert "Față de perioada dinainte" in text
    assert "50,0 %" in text


def test_what_stands_beside_the_figures_leads_to_its_waits(command: Command) -> None:
    [mon_noon] = json.loads(good(command("report", *DAY, "--json")))["over_time"]
    assert mon_noon["waits"] == 3
    for of in ("arrival=Mon 15", "began=2026-05-04", "lag=under 1 min", "age=under 4 h"):
        listed = json.loads(good(command("report", *DAY, "--waits", "--of", of, "--json")))
        assert isinstance(listed, list)
    assert "there are under 4 h" in command("report", *DAY, "--waits", "--of", "age=old").output


def test_a_figure_leads_to_its_waits(command: Command) -> None:
    asked = ("report", *DAY, "--waits", "--of", "network=x", "--state", "breached_answered")
    [late] = json.loads(good(command(*asked, "--json")))
    assert (late["case"], late["waited_s"]) == (2, 5400)
    assert good(command(*asked)).splitlines()[1].startswith("2.1")
    [row] = csv.DictReader(StringIO(good(command(*asked, "--format", "csv"))))
    assert row["state"] == "breached_answered"
    everything = good(command("report", *DAY, "--waits", "--json"))
    assert len(json.loads(everything)) == 4


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--state", "met"], "--waits"),
        (["--waits", "--format", "html"], "terminal, csv or json"),
        (["--waits", "--of", "colour=red"], "network=…"),
        ([*DAY, "--waits", "--of", "network=mars"], "there are x"),
        (["--brand", "rival"], "known: shop"),
        (["--from", "yesterday"], "neither a day like"),
        (["--to", "2026-05-05"], "needs --from"),
        (["--from", "2026-05-05", "--to", "2026-05-05"], "before it begins"),
        (["--last", "week", "--from", "2026-05-05"], "two ways"),
        (["--last", "fortnight"], "week, month"),
        (["--last", "36500d"], "up to 9999 of each"),
        (["--from", "0001-01-01"], "the years 1970 to 2999"),
        (["--from", "2026-05-04", "--to", "9999-12-31T23:00-12:00"], "the years 1970 to 2999"),
        (["--as-of", "2999-01-01"], "in the future"),
        ([*DAY, "--output", "no/folder/may.html"], "No such file or directory"),
        ([*DAY, "--output", "/dev/full"], "No space left"),
        (["--email"], '[[notifiers]] with use = "email"'),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    command: Command, words: list[str], remedy: str
) -> None:
    result = command("report", *words)
    assert result.exit_code == 2
    assert remedy in result.output.replace("\n", " ")


def test_a_digest_of_the_future_is_refused(command: Command) -> None:
    assert "in the future" in command("digest", "--as-of", "2999-01-01").output


FULL_DISK = """
import resource, signal
from pathlib import Path
from monitor.cli.sending import give
from monitor.domain.errors import ConfigError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    give("new " * 1000, Path("may.html"))
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize("before", [{}, {"may.html": "old"}])
def test_a_full_disk_leaves_no_half_report(tmp_path: Path, before: dict[str, str]) -> None:
    """(A limit on the size of files stands in for the disk.)"""
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    code = [sys.executable, "-c", FULL_DISK]
    done = subprocess.run(code, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "--output may.html: File too large" in done.stdout
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == before


def test_of_several_brands_one_must_be_named(command: Command, config: Path) -> None:
    config.write_text(config.read_text() + '[[brands]]\nname = "rival"\n')
    assert "--brand with one of shop, rival" in command("report").output
    assert "nothing was read for rival yet" in command("digest", "--brand", "rival").output
    assert good(command("report", *DAY, "--brand", "shop")).startswith("shop")


def test_the_digest_lists_who_waits(command: Command) -> None:
    text = good(command("digest", "--as-of", NOTHING_READ))
    assert text.startswith("shop, Mon 4 May 2026: 2 at risk, 1 unconfirmed")
    assert "https://example.com/3" in text
    assert "1 overdue" in good(command("digest", "--as-of", "2026-05-04T17:00"))
    assert "1 overdue, 1 unconfirmed" in good(command("digest"))


def test_the_digest_is_a_page_or_data_too(command: Command, tmp_path: Path) -> None:
    data = json.loads(good(command("digest", "--as-of", NOTHING_READ, "--json")))
    _, line = data["at_risk"]
    assert (line["case_id"], line["waited"], line["author"]) == (3, 1500, "@ana")
    page = tmp_path / "today.html"
    good(command("digest", "--format", "html", "--output", page))
    assert "text 3" in page.read_text()


class Mailbox:
    """The other side: keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.rcpt_tos, message))
        return "250 OK"


@pytest.fixture
def mailbox(config: Path) -> Iterator[Mailbox]:
    """A mail server, named in the config."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Mailbox()
    with ExitStack() as stack:
        server = Controller(box, hostname="127.0.0.1", port=port)
        server.start()
        stack.callback(server.stop)
        config.write_text(
            config.read_text() + CONSOLE + EMAIL.format(port=port, to="leads@shop.example")
        )
        yield box


def test_a_report_is_mailed_with_its_page(command: Command, mailbox: Mailbox) -> None:
    assert good(command("report", *DAY, "--email", "ana@shop.example")) == ""
    [(recipients, mail)] = mailbox.mails
    assert recipients == ["ana@shop.example"]
    assert mail["Subject"] == "shop: complaints and answers, 4 May 2026 to 4 May 2026"
    body = mail.get_body(("plain",))
    assert body is not None
    [row] = [line for line in body.get_content().splitlines() if line.startswith("  all  ")][:1]
    assert row.split()[:4] == ["all", "3", "1", "1"]
    assert "of 2 decided, 50.0 % were answered within the SLA" in body.get_content()
    shown = mail.get_body(("html",))
    assert shown is not None
    assert 'src="cid:picture@complaint-monitor"' in shown.get_content()
    page = next(one for one in mail.iter_attachments() if one.get_filename())
    assert page.get_filename() == "shop-2026-05-04-2026-05-04.html"
    printed = good(command("report", *DAY, "--format", "html"))
    assert page.get_content().replace("\r\n", "\n") == printed


def test_a_report_is_told_in_slack_with_its_chart_and_its_page(
    command: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLAINT_MONITOR_SLACK", TOKEN)
    with SlackServer([Channel("C0CARE0001", "care"), Channel("C0LEADS001", "leads")]) as slack:
        config.write_text(config.read_text() + SLACK.format(url=slack.url))
        assert good(command("report", *DAY, "--tell", "slack:leads")) == ""
        summary, shared = slack.messages("C0LEADS001")
        chart, page = [slack.workspace.files[one] for one in shared.files]
        assert "shop: complaints and answers, 4 May 2026 to 4 May 2026" in summary.text
        assert "of 2 decided, 50.0 % were answered" in json.dumps(
            summary.blocks, ensure_ascii=False
        )
        assert shared.thread_ts == summary.ts
        assert chart.startswith(b"\x89PNG")
        assert page.decode() == good(command("report", *DAY, "--format", "html")).rstrip("\n")
        assert "no notifier is called slak" in command("report", *DAY, "--tell", "slak").output


def test_a_digest_is_mailed_to_whom_the_config_names(command: Command, mailbox: Mailbox) -> None:
    good(command("digest", "--as-of", NOTHING_READ, "--email"))
    [(recipients, mail)] = mailbox.mails
    assert recipients == ["leads@shop.example"]
    assert mail["Subject"] == "shop, Mon 4 May 2026: 2 at risk, 1 unconfirmed"


AS_OF = datetime(2026, 11, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "since", "until"),
    [
        ("week", "2026-10-26T00:00+02:00", "2026-11-02T00:00+02:00"),
        ("month", "2026-10-01T00:00+03:00", "2026-11-01T00:00+02:00"),
        ("30d", "2026-10-05T10:00+00:00", "2026-11-04T10:00+00:00"),
        ("12h", "2026-11-03T22:00+00:00", "2026-11-04T10:00+00:00"),
        ("4w", "2026-10-07T10:00+00:00", "2026-11-04T10:00+00:00"),
        (None, "2026-10-05T10:00+00:00", "2026-11-04T10:00+00:00"),
    ],
)
def test_last_means_whole_local_weeks_and_months(last: str | None, since: str, until: str) -> None:
    found = period_of(None, None, last, as_of=AS_OF, zone=ZONE)
    assert found.since == datetime.fromisoformat(since)
    assert found.until == datetime.fromisoformat(until)


def test_days_are_local_and_half_open() -> None:
    october = period_of("2026-10-01", "2026-11-01", None, as_of=AS_OF, zone=ZONE)
    assert october == period_of(None, None, "month", as_of=AS_OF, zone=ZONE)
    since = period_of("2026-10-01T09:00+00:00", None, None, as_of=AS_OF, zone=ZONE)
    assert (since.since.hour, since.until) == (9, AS_OF)
    with pytest.raises(click.UsageError, match="neither a day"):
        moment("soon", ZONE)
