"""`init`, `check` and `notify`: from nothing to a config that is known to work."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from monitor import settings
from monitor.cli import cli
from monitor.cli.template import Answers, config_text
from tests.cli.shop import CONFIG, Shop

MAIL = """
[[notifiers]]
use = "email"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "monitor@acme.example"
recipients = ["care@acme.example"]
"""


@pytest.fixture
def new(shop: Shop) -> Shop:
    """A folder without a config."""
    (shop.folder / "config.toml").unlink()
    return shop


def test_a_config_is_written_that_is_right_and_says_what_to_do_next(new: Shop) -> None:
    told = new.does(
        "init", "--brand", "Acme", "--handle", "x:AcmeHelp", "--timezone", "Europe/Bucharest",
        "--holidays", "RO", "--target", "2h", "--file", "posts.jsonl", "--email", "care@acme.example",
    )  # fmt: skip
    assert "complaint-monitor check" in told.stdout
    said = settings.read(new.folder / "config.toml")
    assert said.brand_names == ("Acme",)
    assert [one.called for one in said.notifiers] == ["console", "email"]
    assert [rule.audience for rule in said.targets()] == ["email", "email"]
    assert said.hours("office").holidays


def test_the_three_tokens_are_asked_for_by_name(new: Shop) -> None:
    told = new.does(
        "init", "--brand", "Acme", "--x", "2244994945:AcmeHelp", "--reddit", "-aB3x",
        "--subreddit", "acme", "--handle", "reddit:Acme_Team", "--slack", "C0123456789",
    ).stdout  # fmt: skip
    for name in ("X_TOKEN", "REDDIT_CLIENT_SECRET", "SLACK"):
        assert f"export COMPLAINT_MONITOR_{name}_FILE=" in told
    said = settings.read(new.folder / "config.toml")
    assert [one.use for one in said.sources] == ["x", "reddit"]
    assert [rule.audience for rule in said.targets()] == ["slack", "slack"]
    assert said.brands[0].brand().identities[0].handle == "AcmeHelp"
    assert said.sources[1].options["accounts"] == ["Acme_Team"]  # else its answers end no wait
    assert said.operators.tell == "console"  # else Slack's own trouble is told in Slack


def test_on_a_terminal_a_wrong_answer_is_asked_again_and_the_others_are_kept(new: Shop) -> None:
    here, there = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "init", "--brand", "Acme", "--timezone", "Mars/Base"],
        stdin=there, stdout=there, stderr=there, cwd=new.folder,
    )  # fmt: skip
    os.close(there)
    heard = _talk(here, [(b"[Mars/Base]", b"Europe/Bucharest"), (b"within so much", b"3h")])
    assert process.wait() == 0
    assert b"is no IANA time zone" in heard
    said = settings.read(new.folder / "config.toml")
    assert (said.timezone, said.brand_names) == ("Europe/Bucharest", ("Acme",))


def _talk(terminal: int, told: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Press Enter at every question but those that are told otherwise. What was said, to the end."""
    heard, answered = b"", 0
    with contextlib.suppress(OSError):  # how a terminal says that nobody is left
        while said := os.read(terminal, 4096):
            heard += said
            question = heard[answered:]
            if question.endswith(b": "):
                words = next((words for asked, words in told if asked in question), b"")
                answered = len(heard)
                os.write(terminal, words + b"\n")
    os.close(terminal)
    return heard


def test_a_config_is_never_overwritten(shop: Shop) -> None:
    assert "is not overwritten" in shop.refuses("init", "--brand", "x")
    assert (shop.folder / "config.toml").read_text() == CONFIG


def test_the_config_is_written_where_it_is_said(new: Shop) -> None:
    assert (
        new.data("--config", "etc/shop.toml", "init", "--brand", "x")["config"] == "etc/shop.toml"
    )
    assert settings.read(Path("etc/shop.toml")).brand_names == ("x",)


def test_a_folder_that_is_a_file_is_told(new: Shop) -> None:
    (new.folder / "afile").touch()
    assert "afile can't be made" in new.refuses("--config", "afile/c.toml", "init", "--brand", "x")


def test_without_a_terminal_a_brand_must_be_named(new: Shop) -> None:
    assert "--brand NAME" in new.refuses("init")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--timezone", "Mars/Base"), "is no IANA time zone"),
        (("--target", "soon"), "is no span of time"),
        (("--hours", "9 to 5"), "names no weekdays"),
        (("--holidays", "Narnia"), "no public holidays are known"),
        (("--database", "shop.db"), "write sqlite:///"),
        (("--email", "nobody"), "is no e-mail address"),
    ],
)
def test_what_is_said_wrongly_is_told_and_nothing_is_written(
    new: Shop, words: tuple[str, str], said: str
) -> None:
    assert said in new.refuses("init", "--brand", "x", *words)
    assert not (new.folder / "config.toml").exists()


@pytest.mark.parametrize("target", ["4h", "20m", "1d", "5m"])
@pytest.mark.parametrize("brand", ['Ac"me', "Bufniță 🦉", "a\\b"])
def test_any_answers_make_a_right_config(brand: str, target: str) -> None:
    said = settings.read_text(config_text(Answers(brand=brand, target=target)), "x")
    assert said.brand_names == (brand,)


def test_check_names_every_mistake_with_its_line(shop: Shop) -> None:
    shop.configure(CONFIG + "tell = 5\n[digest]\nat = 'noon'\n")
    said = shop.refuses("check")
    assert "config.toml:16: notifiers[0].tell" in said
    assert "config.toml:18: digest.at" in said


SEARCHING = """
[[sources]]
use = "reddit"
client_id = "a"
subreddits = ["acme"]
base_url = "http://127.0.0.1:1"
"""


def test_check_says_where_answers_are_not_seen(shop: Shop) -> None:
    shop.configure(CONFIG.replace("[classifier]", SEARCHING + "[classifier]"))
    said = shop.does("check", status=1).stdout
    assert "LACK  answers: acme's answers on reddit are not seen" in said


def test_check_says_that_trouble_with_a_notifier_is_told_by_itself_alone(shop: Shop) -> None:
    by_mail = '[[policies]]\nname = "all"\ntarget = "4h"\ntell = "email"\n'
    with_mail = CONFIG + MAIL.format(port=1) + by_mail
    shop.configure(with_mail + '[operators]\ntell = "email"\n')
    assert '[operators] tell = "console" would be heard' in shop.does("check", status=1).stdout
    shop.configure(with_mail)
    assert "LACK  operators" not in shop.does("check", status=1).stdout


def test_check_tries_everything_that_the_config_names(shop: Shop) -> None:
    tried = {one["what"]: one for one in shop.data("check")["tried"]}
    assert set(tried) == {
        "config",
        "database",
        "classifier",
        "source files",
        "notifier console",
        "items",
    }
    assert all(one["standing"] == "ok" for one in tried.values())
    assert "keywords@1" in tried["classifier"]["said"]


def test_check_says_what_does_not_work(shop: Shop) -> None:
    shop.configure(
        CONFIG.replace('Keywords"\n', 'Keywords"\nbroken = true\n').replace("posts.jsonl", "none")
        + MAIL.format(port=9)
    )
    said = shop.does("check", status=1).stdout
    assert "FAIL  classifier: the weights are missing" in said
    assert "FAIL  source files: none" in said
    assert "FAIL  notifier email: 127.0.0.1" in said
    assert "ok    notifier console" in said


def test_check_says_that_a_journal_cannot_be_kept_and_makes_none(shop: Shop) -> None:
    shop.does("check")
    assert not (shop.folder / "notices.jsonl").exists()
    shop.configure(CONFIG.replace("notices.jsonl", "none/notices.jsonl"))
    said = shop.does("check", status=1).stdout
    assert "FAIL  notifier console: the journal none/notices.jsonl: is " in said
    (shop.folder / "none" / "notices.jsonl").mkdir(parents=True)
    assert "notices.jsonl: Is a directory" in shop.does("check", status=1).stdout


def test_check_without_the_world_reads_the_config_alone(shop: Shop) -> None:
    shop.configure(CONFIG + MAIL.format(port=9))
    assert [one["what"] for one in shop.data("check", "--offline")["tried"]] == ["config"]


def test_check_stores_nothing(shop: Shop) -> None:
    shop.post("1", "awful")
    shop.does("check")
    assert not (shop.folder / "complaint-monitor.db").exists()


def test_a_test_alert_is_sent(shop: Shop) -> None:
    said = shop.does("notify", "--test")
    assert "This is a test alert" in said.stdout
    assert "console: sent" in said.stderr
    assert [one["kind"] for one in shop.told()] == ["test"]


class _Mailbox:
    """The other side of SMTP."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802 - aiosmtpd
        self.mails.append(str(getattr(envelope, "rcpt_tos", None)))
        return "250 OK"


def test_credentials_are_tried_and_a_test_alert_mailed(shop: Shop) -> None:
    box = _Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        shop.configure(CONFIG + MAIL.format(port=port))
        assert "ok    notifier email: it can be used" in shop.does("check").stdout
        assert box.mails == []
        shop.does("notify", "--test", "--to", "email:leads@acme.example")
        assert box.mails == ["['leads@acme.example']"]
    finally:
        server.stop()


def test_a_test_alert_that_does_not_arrive_says_why(shop: Shop) -> None:
    shop.configure(CONFIG + MAIL.format(port=9))
    told = shop.data("notify", "--test", "--to", "console", "--to", "email", status=1)
    assert told["sent"] == {"console": True, "email": False}
    assert "127.0.0.1" in told["problems"]["email"]
    assert "no notifier is called slack" in shop.refuses("notify", "--test", "--to", "slack:#care")


def test_a_missing_config_says_what_makes_one(new: Shop) -> None:
    for words in (("run",), ("check",), ("cases", "list"), ("import", "x"), ("db", "upgrade")):
        assert "`complaint-monitor init` writes one" in new.refuses(*words)


def test_the_environment_names_the_config(new: Shop) -> None:
    (new.folder / "other.toml").write_text(CONFIG)
    run = CliRunner().invoke(
        cli, ["check", "--offline"], env={"COMPLAINT_MONITOR_CONFIG": "other.toml"}
    )
    assert "other.toml" in run.stdout
