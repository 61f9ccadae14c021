"""No process prints a person's words, names or addresses, whatever goes wrong on the way."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import httpx
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from monitor.clock import utc_now
from monitor.simulator.reddit import Reddit as World
from monitor.simulator.reddit import Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.slack import TOKEN, SlackServer, refused
from monitor.simulator.slack_workspace import Channel
from monitor.sources.webhook import signing
from monitor.store import schema
from monitor.store.engine import Database
from monitor.store.jobs import SCHEMA
from tests.cli import parrot
from tests.cli.shop import CONFIG, EMAIL, REDDIT, Shop
from tests.notifiers.mailbox import Mailbox
from tests.notifiers.ports import free_port

WORDS = "Where is Kookaburra's parcel?"
CANARIES = ("kookaburra", "quokka@mail.example")
LOG = '\n[log]\nlevel = "debug"\n'
CARE = "C0CARE0001"
HOOK = "a secret of thirty-two letters !"
AT_WORK = """
[[sources]]
use = "webhook"
name = "letters"
secrets = ["hook"]
[[notifiers]]
use = "slack"
channel = "{care}"
base_url = "{slack}"
[operators]
tell = "email"
[web]
open_metrics = true
"""


def prints(shop: Shop, *words: str) -> str:
    """All that a command prints as a process of its own, in lower case."""
    process = shop.starts(*words)
    try:
        said, told = process.communicate(timeout=300)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode in (0, 1), told
    return f"{said}\n{told}".casefold()


def found_in(told: str) -> list[str]:
    return [one for one in CANARIES if one in told]


@pytest.fixture(params=[(400, False), (403, True), (200, True)])
def repeating(
    request: pytest.FixtureRequest, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """A shop all of whose networks repeat what a customer said, whatever they are asked."""
    status, grants = request.param
    with parrot.Parrot(WORDS, status, grants=grants) as server, parrot.mail_server(WORDS) as port:
        for name, one in parrot.secrets(server.url).items():
            monkeypatch.setenv(name, one)
        mail = f'[[sources]]\nuse = "imap"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        mail += 'username = "acme"\npassword = "any"\n'
        every = CONFIG.replace("[classifier]", f"{parrot.sources(server.url)}{mail}\n[classifier]")
        shop.configure(every + LOG)
        yield shop


@pytest.mark.timeout(600)
def test_what_networks_say_stays_in_the_database(repeating: Shop) -> None:
    told = prints(repeating, "run", "--once")
    assert "could not be read" in told
    assert found_in(told) == []
    database = Database("sqlite:///complaint-monitor.db")
    with database.reading() as conn:
        rows = conn.execute(sa.select(schema.stream.c.source, schema.stream.c.problem)).all()
    database.close()
    failing = {source for source, problem in rows if problem}
    assert failing >= {"imap", "bluesky", "x", "google_business"}, rows
    # it was there to be told, and staff can look it up
    assert any("Kookaburra" in (problem or "") for _, problem in rows), rows


@dataclass
class Office:
    """A shop with customers on Reddit, in a file and at `/intake`, Slack and mail, and what was printed."""

    shop: Shop
    reddit: RedditServer
    slack: SlackServer
    mailbox: Mailbox
    database_url: str
    printed: list[str] = field(default_factory=list)

    def runs(self) -> None:
        time.sleep(1.1)  # so often is looked
        self.printed.append(prints(self.shop, "run", "--once"))

    def alerts(self) -> list[str]:
        return [one.text for one in self.slack.messages(CARE) if "Kookaburra" in one.text]

    def beside(self, *words: str, until: Callable[[str], object]) -> None:
        """Run a command that goes on, until it has said how it stands and something came of it."""
        path = self.shop.folder / f"{words[0]}.printed"
        with path.open("w") as file:  # a pipe that nobody reads would hold it up
            process = self.shop.starts(*words, to=file)
            try:
                waits(lambda: "\n" in path.read_text())
                until(path.read_text().splitlines()[0])
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=120)
            finally:
                process.kill()
                process.wait()
        told = path.read_text()
        assert process.returncode == 0, told
        self.printed.append(told.casefold())


def waits(done: Callable[[], bool], within: float = 240) -> None:
    ends = time.monotonic() + within
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.1)


@pytest.fixture
def office(shop: Shop, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    for name, one in {
        "REDDIT_CLIENT_SECRET": "s3cret",
        "REFRESH": "r3fresh",
        "SLACK": TOKEN,
        "HOOK": HOOK,
    }.items():
        monkeypatch.setenv(f"COMPLAINT_MONITOR_{name}", one)
    mailbox, port = Mailbox(), free_port()
    mail = Controller(mailbox, hostname="127.0.0.1", port=port)
    with ExitStack() as stack:
        mail.start()
        stack.callback(mail.stop)
        reddit = RedditServer(World(utc_now), clients={"app": "s3cret"})
        reddit.refresh_tokens["r3fresh"] = ("acme_help", "*")
        stack.enter_context(reddit)
        slack = stack.enter_context(SlackServer([Channel(CARE, "care")]))
        # Slack first: cases are told there, and the operators by mail
        more = REDDIT.format(url=reddit.url) + AT_WORK.format(slack=slack.url, care=CARE)
        more += EMAIL.format(port=port, to="quokka@mail.example")
        quiet = CONFIG[: CONFIG.index("[[notifiers]]")]
        shop.configure(f'database = "{database_url}"\n{quiet}{more}{LOG}')
        shop.does("db", "upgrade")
        yield Office(shop, reddit, slack, mailbox, database_url)


SAID = (
    ("lamp", "The lamp is awful, it broke at once, and nobody answers me. Kookaburra"),
    ("chair", "What an awful chair! I am Kookaburra, write to quokka@mail.example"),
)
LATER = (
    ("kettle", "Awful service again: my kettle leaks since Monday, says Kookaburra"),
    (
        "carpet",
        "Kookaburra here (quokka@mail.example). This awful carpet has moths, I want money back",
    ),
)


def complains(office: Office, there: tuple[str, str], here: tuple[str, str]) -> None:
    """Kookaburra is angry on Reddit and in a file, where not everything can be read."""
    name, text = there
    office.reddit.reddit.put(
        Thing(
            name=f"t3_{name}",
            author="kookaburra",
            title=f"{WORDS} And the {name}?",
            text=text,
            subreddit="help",
            at=utc_now(),
        )
    )
    name, text = here
    office.shop.post(name, text, author="kookaburra", author_name="Kookaburra")
    with (office.shop.folder / "posts.jsonl").open("a") as file:
        file.write(f'{{"text": "{WORDS}", "posted_at": "Kookaburra\'s birthday"}}\n')


def is_in_the_way(office: Office) -> None:
    """Slack, the mail server and Reddit refuse, and say why in her words."""
    office.slack.plan("chat.postMessage", refused(WORDS), refused("fatal_error"))
    office.mailbox.data_answer = f"550 not to Kookaburra: {WORDS}"
    office.reddit.fail("403", "api/comment", times=1, body=json.dumps(parrot.said(WORDS)))


def comes_by_post(office: Office, line: str) -> None:
    """Calls from outside that can't be read, and people who look her up."""
    [url] = re.findall(r"serves (http://127\.0\.0\.1:\d+)$", line.strip())
    for said in (
        json.dumps({"text": WORDS, "posted_at": WORDS}).encode(),
        f'["{WORDS}"'.encode(),
        WORDS.encode(),
    ):
        when = str(int(time.time()))  # noqa: TID251 - the command takes the machine's
        headers = {signing.TIME: when, signing.SIGNATURE: signing.sign(said, when, HOOK)}
        httpx.post(f"{url}/intake/letters", content=said, headers=headers)
        httpx.post(f"{url}/intake/letters", content=said)
    for path in ("/?q=kookaburra", "/api/v1/cases?q=kookaburra", "/sign-in?next=/kookaburra"):
        httpx.get(url + path)
    office.printed.append(httpx.get(f"{url}/metrics").text.casefold())


@pytest.mark.timeout(900)
def test_nothing_of_a_customer_is_printed_while_all_goes_wrong(office: Office) -> None:
    office.runs()
    complains(office, *SAID)
    is_in_the_way(office)
    office.runs()
    listed = office.shop.data("cases", "list")
    assert {one["network"] for one in listed} == {"reddit", "x"}, office.printed
    [case] = [one["case"] for one in listed if one["network"] == "reddit"]
    office.shop.does("cases", "answer", str(case), "Sorry, Kookaburra!")
    office.runs()
    office.beside("web", "--port", "0", until=lambda line: comes_by_post(office, line))

    def tells_her_latest(_: str) -> None:
        complains(office, *LATER)
        waits(lambda: any("moths" in one for one in office.alerts()))

    is_sqlite = office.database_url.startswith("sqlite")
    office.beside("run" if is_sqlite else "worker", until=tells_her_latest)
    printed = "\n".join(office.printed)
    for event in ("items_rejected", "reply_refused", "notice_postponed", "call_refused"):
        assert event in printed, event
    assert found_in(printed) == []
    assert found_in(events(office.database_url)) == []


def events(url: str) -> str:
    """The history of all cases, and whatever of jobs the workers left."""
    database = Database(url)
    with database.reading() as conn:
        told = [str(tuple(row)) for row in conn.execute(schema.case_event.select())]
        if not database.is_sqlite:
            jobs = sa.text(f"SELECT * FROM {SCHEMA}.procrastinate_jobs")
            told += [str(tuple(row)) for row in conn.execute(jobs)]
    database.close()
    assert told
    return "\n".join(told).casefold()
