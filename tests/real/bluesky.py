"""Against the real PDS and AppView of Bluesky, from npm: the whole way there and back.

Not a part of the suite, as it needs node, npm, redis-server and postgresql, and installs some 360 MB once
(docs/sources/bluesky.md says how); `just bluesky` runs it. The packages are kept in the folder that
BLUESKY_PACKAGES names, or in one of the system's for temporary files.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest

from monitor import registry
from monitor.domain.errors import SendError
from monitor.domain.notice import Absent
from monitor.domain.post import Cursor, Gone, Post
from monitor.sources.bluesky import Bluesky
from tests import postgres
from tests.contract.harness import Remembered

pytestmark = pytest.mark.timeout(1200)
PACKAGES = {"@atproto/dev-env": "0.3.215"}
NAMES = ("bufnivo", "ana", "dan")
PATIENCE = 60
"""Seconds until the AppView shows what a PDS took."""
Found = TypeVar("Found")
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"


@dataclass
class Network:
    """A running one. `as_` calls a method in somebody's name."""

    url: str
    dids: dict[str, str]
    secrets: Remembered = field(
        default_factory=lambda: Remembered({"bluesky_password": "bufnivo-pass"}, [])
    )
    cursors: dict[str, Cursor] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def source(self, **options: object) -> Bluesky:
        said = {
            "base_url": self.url,
            "account": "bufnivo.test",
            "accounts": ["dan.test"],
            **options,
        }
        checked = registry.options(Bluesky, said, "sources.bluesky")
        assert isinstance(checked, Bluesky.Options)
        return Bluesky(checked, secrets=self.secrets, clock=now)

    def call(self, name: str, method: str, said: dict[str, Any]) -> dict[str, Any]:
        """A procedure in the name of an account."""
        if name not in self._tokens:
            login = {"identifier": f"{name}.test", "password": f"{name}-pass"}
            made = httpx.post(f"{self.url}/xrpc/com.atproto.server.createSession", json=login)
            self._tokens[name] = made.raise_for_status().json()["accessJwt"]
        headers = {"authorization": f"Bearer {self._tokens[name]}"}
        done = httpx.post(f"{self.url}/xrpc/{method}", json=said, headers=headers, timeout=30)
        return dict(done.raise_for_status().json() if done.content else {})

    def writes(self, name: str, text: str, collection: str = POST, **more: Any) -> str:
        """The address of a new record."""
        rkey = more.pop("rkey", None)
        record = {"$type": collection, "text": text, "createdAt": iso(now()), **more}
        said = {"repo": self.dids[name], "collection": collection, "record": record}
        made = self.call(
            name, "com.atproto.repo.createRecord", said | ({"rkey": rkey} if rkey else {})
        )
        return str(made["uri"])

    def deletes(self, uri: str) -> None:
        did, collection, rkey = uri.removeprefix("at://").split("/")
        name = next(one for one, its in self.dids.items() if its == did)
        said = {"repo": did, "collection": collection, "rkey": rkey}
        self.call(name, "com.atproto.repo.deleteRecord", said)

    def asks(self, text: str, **more: Any) -> str:
        """Ana names the shop."""
        whole = f"@bufnivo.test {text}"
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.dids["bufnivo"]}
        facet = {"index": {"byteStart": 0, "byteEnd": 13}, "features": [feature]}
        return self.writes("ana", whole, facets=[facet], **more)

    def sought(self, uri: str, stream: str = "mentions", **options: object) -> Post:
        """The post, as soon as a look at the stream brings it."""

        def look() -> Post | None:
            found = [one for one in read(self.source(**options), stream) if isinstance(one, Post)]
            return next((one for one in found if one.key.external_id == uri), None)

        return waited(look)


def now() -> datetime:
    """The network's clock is the machine's."""
    return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(source: Bluesky, name: str) -> list[Any]:
    (stream,) = (one for one in source.streams() if one.name == name)
    return [item for page in source.pages(stream, None) for item in page.items]


def waited(look: Callable[[], Found | None]) -> Found:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError("the network did not show it in time")


def is_whole(folder: Path) -> bool:
    """Whether all packages are there: npm writes down what it installed when all of it is built."""
    try:
        said = json.loads((folder / "node_modules" / ".package-lock.json").read_bytes())
        known = {f"node_modules/{name}": version for name, version in PACKAGES.items()}
        return {name: said["packages"][name]["version"] for name in known} == known
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def packages() -> Path:
    """Where they are, installed if they are not; what an installation left that was broken off goes."""
    there = os.environ.get("BLUESKY_PACKAGES")
    folder = Path(there or Path(tempfile.gettempdir()) / "complaint-monitor-bluesky")
    if not is_whole(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder / "node_modules", ignore_errors=True)  # npm would not build it again
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, *wanted], check=True
        )
        assert is_whole(folder), f"npm did not install all of {wanted} in {folder}"
    return folder


def programs() -> Path:
    """The system's PostgreSQL: the one from the wheel lacks an extension that the AppView needs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    there = str(found[-1]) if found else shutil.which("initdb")
    assert there, "apt-get install postgresql"
    return Path(there).resolve().parent


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command: list[str | Path] = [
        "redis-server",
        "--port",
        port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        folder,
    ]
    with (folder / "redis.log").open("wb") as log, subprocess.Popen(command, stdout=log) as running:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder, installed = tmp_path_factory.mktemp("bluesky"), packages()
    script = Path(__file__).with_name("bluesky_network.js")
    with (
        postgres.server(programs()) as database,
        redis(folder) as cache,
        (folder / "log").open("wb") as log,
    ):
        environment = {
            **os.environ,
            "NODE_PATH": str(installed / "node_modules"),
            "NODE_ENV": "test",
            "DB_POSTGRES_URL": f"postgresql://postgres@localhost/postgres?host={database.folder}",
            "DB_POSTGRES_SCHEMA": "network",
            "REDIS_HOST": cache,
        }
        with subprocess.Popen(
            ["node", script, *NAMES],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as running:
            assert running.stdout is not None
            told = next((line for line in running.stdout if line.startswith(b'{"url"')), b"")
            assert told, f"the network did not start: {(folder / 'log').read_text()[-2000:]}"
            yield Network(**json.loads(told))
            running.terminate()


def test_check_tries_every_stream(network: Network) -> None:
    found = [one.said for one in network.source(search=["parcel"]).try_out()]
    assert found[:5] == [
        "log-in: works, as @bufnivo.test",
        "mentions: can be read",
        "search-parcel: can be read",
        "own: can be read",
        "own-dan.test: can be read",
    ]


def test_a_question_is_read_answered_once_and_the_answer_is_seen(network: Network) -> None:
    text = "where is it? shop.test/ord…"
    start = len(f"@bufnivo.test {text}".encode()) - len("shop.test/ord…".encode())
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://shop.test/orders/7"}
    mention = {"$type": "app.bsky.richtext.facet#mention", "did": network.dids["bufnivo"]}
    facets = [
        {"index": {"byteStart": 0, "byteEnd": 13}, "features": [mention]},
        {"index": {"byteStart": start, "byteEnd": start + 16}, "features": [link]},
    ]
    uri = network.writes("ana", f"@bufnivo.test {text}", facets=facets, langs=["ro"])
    to = network.sought(uri)
    assert to.text == "@bufnivo.test where is it? https://shop.test/orders/7"
    assert (to.lang, to.author.handle, to.can_reply) == ("ro", "ana.test", True)
    source, key = network.source(), f"case-{uuid4()}"
    assert isinstance(source.find_reply(to, key), Absent)
    posted = source.reply(to, "On its way, @ana.test! https://shop.test/t/7 #parcel", key)
    assert source.reply(to, "On its way, again", key).key == posted.key, "the key is taken"
    assert source.find_reply(to, key) == posted
    shown = network.sought(posted.key.external_id, "own")
    assert (shown.reply_to, shown.thread, shown.lang) == (uri, uri, "ro")
    assert shown.posted_at - to.posted_at < timedelta(seconds=PATIENCE)


def test_a_search_and_a_quote_and_an_answer_to_the_shop_are_read(network: Network) -> None:
    word = f"word{uuid4().hex[:8]}"
    ours = network.writes("bufnivo", "New shop!")
    network.sought(ours, "own")
    said = {"uri": ours, "cid": network.sought(ours, "own").reply_token.split()[0]}  # type: ignore[union-attr]
    quote = network.writes("ana", word, embed={"$type": "app.bsky.embed.record", "record": said})
    answer = network.writes("dan", "and mine?", reply={"root": said, "parent": said})
    assert network.sought(quote, f"search-{word}", search=[word]).quotes == (ours,)
    assert network.sought(quote).quotes == (ours,)
    assert network.sought(answer).reply_to == ours
    assert network.sought(answer, "own-dan.test").thread == ours


def test_more_than_a_page_is_read_whole(network: Network) -> None:
    uris = {network.asks(f"number {number}") for number in range(12)}
    for uri in uris:
        network.sought(uri)
    found = {
        one.key.external_id
        for one in read(network.source(page_size=5), "mentions")
        if isinstance(one, Post)
    }
    assert uris <= found


def test_what_is_dated_back_is_read_and_dated_by_the_network(network: Network) -> None:
    uri = network.asks("an hour ago", createdAt=iso(now() - timedelta(hours=1)))
    assert network.sought(uri).key.external_id == uri
    ahead = network.asks("next year", createdAt=iso(now() + timedelta(days=365)))
    assert network.sought(ahead).posted_at < now() + timedelta(minutes=1)


def test_a_closed_thread_says_why_it_cannot_be_answered(network: Network) -> None:
    uri = network.asks("between friends")
    to = network.sought(uri)
    rule = {"$type": f"{GATE}#followerRule"}
    network.writes("ana", "", GATE, rkey=uri.rpartition("/")[2], post=uri, allow=[rule])
    closed = waited(
        lambda: next(
            (
                one
                for one in network.source().refresh([to.key])
                if isinstance(one, Post) and not one.can_reply
            ),
            None,
        )
    )
    why = "only the author's followers may answer in this thread"
    assert closed.cannot_reply_because == why
    with pytest.raises(SendError, match=why):
        network.source().reply(to, "hi", str(uuid4()))


def test_an_edit_and_a_deletion_are_found(network: Network) -> None:
    uri = network.asks("lost")
    to = network.sought(uri)
    did, collection, rkey = uri.removeprefix("at://").split("/")
    record = {"$type": POST, "text": "found it", "createdAt": iso(now())}
    said = {"repo": did, "collection": collection, "rkey": rkey, "record": record}
    network.call("ana", "com.atproto.repo.putRecord", said)

    def looked_up(kind: type[Any]) -> Callable[[], Any]:
        return lambda: next(
            (
                one
                for one in network.source().refresh([to.key])
                if isinstance(one, kind) and getattr(one, "text", "found it") == "found it"
            ),
            None,
        )

    assert waited(looked_up(Post)).text == "found it"
    network.deletes(uri)
    assert waited(looked_up(Gone)).key == to.key


def test_one_log_in_has_served_all_of_this(network: Network) -> None:
    """And a renewed one goes on: it is what is kept between two starts."""
    kept = json.loads(network.secrets.known["bluesky_password_session"])
    source = network.source()
    read(source, "own")
    source._calls.session.renew(kept["access"])
    read(source, "own")
    again = json.loads(network.secrets.known["bluesky_password_session"])
    assert again["renewal"] != kept["renewal"]
    read(network.source(), "own")
