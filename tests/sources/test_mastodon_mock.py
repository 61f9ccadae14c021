"""Against `mastodon_mock`, a Mastodon server that nobody here wrote: the whole way there and back."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import uuid4

import mastodon
import pytest

from monitor.domain.errors import SourceError
from monitor.domain.notice import Absent
from monitor.domain.post import Gone, Post
from tests.sources.fediverse import source, texts
from tests.sources.seen import items, one, pages

SEED = """
[[seed.accounts]]
username = "our_shop"
access_token = "brand"
[[seed.accounts]]
username = "ana"
access_token = "customer"
"""
PATIENCE = 60
"""Seconds until the server has to be there."""


def now() -> datetime:
    """The server's clock is the machine's."""
    return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a process of its own."""
    folder = tmp_path_factory.mktemp("mastodon_mock")
    (folder / "mock.toml").write_text(SEED)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    program = Path(sys.executable).with_name("mastodon_mock")
    command = [str(program), "serve", "--in-memory", "--port", port, "--config", "mock.toml"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            where = f"http://127.0.0.1:{port}"
            _wait_for(where, process, folder / "log")
            yield where
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{url}/api/v2/instance", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"mastodon_mock did not start: {log.read_text()}")


@pytest.fixture
def ana(url: str) -> Any:
    return mastodon.Mastodon(access_token="customer", api_base_url=url)


@pytest.fixture
def fault(url: str) -> Iterator[Any]:
    """Make the server fail in one of its own ways, until the test's end."""

    def plan(kind: str, **effect: Any) -> None:
        said = {"match": {"path": "/api/v1/notifications"}, "effect": {"type": kind, **effect}}
        request = Request(
            f"{url}/api/v1/_mock/faults",
            data=json.dumps(said).encode(),
            headers={"content-type": "application/json"},
        )
        with urlopen(request, timeout=5):
            pass

    yield plan
    with urlopen(Request(f"{url}/api/v1/_mock/faults", method="DELETE"), timeout=5):
        pass


def word() -> str:
    """One that no other test's posts have."""
    return f"w{uuid4().hex[:12]}"


def reader(url: str, **said: Any) -> Any:
    return source(url, clock=now, account="our_shop@localhost", token="brand", **said)


def test_a_complaint_is_read_answered_in_private_edited_and_deleted(url: str, ana: Any) -> None:
    tag = word()
    asked = ana.status_post(f"@our_shop where is\n\nmy parcel? & #{tag}", visibility="direct")
    here = reader(url, hashtags=[tag])
    found = items(here, "mentions")
    posts = [item for item in found if isinstance(item, Post)]
    question = next(post for post in posts if post.reply_token == asked.id)
    assert question.key.external_id == asked.uri
    assert question.text == f"@our_shop where is\n\nmy parcel? & #{tag}"
    assert (question.visibility, question.is_root) == ("direct", True)
    assert abs(question.posted_at - now()) < timedelta(minutes=5)
    assert texts(pages(here, "tag-" + tag)) == [], "what is private is in no public list"

    assert isinstance(here.find_reply(question, "1"), Absent)
    answer = here.reply(question, "On its way!", f"case-{tag}")
    assert here.reply(question, "On its way!", f"case-{tag}").key == answer.key, (
        "the key is honoured"
    )
    assert here.find_reply(question, "1").key == answer.key
    assert (answer.visibility, answer.reply_to) == ("direct", question.key.external_id)
    heard = ana.notifications(types=["mention"])
    assert heard[0].status.uri == answer.key.external_id, "the customer hears of it"
    own = [item for item in items(reader(url), "own") if isinstance(item, Post)]
    shown = next(post for post in own if post.key == answer.key)
    assert (shown.reply_to, shown.thread) == (question.key.external_id, question.thread)

    ana.status_update(asked.id, "@our_shop it came!")
    (edited,) = here.refresh([question.key])
    assert edited.text == "@our_shop it came!"
    assert edited.edited_at is not None
    ana.status_delete(asked.id)
    (gone,) = reader(url).refresh([question.key])
    assert isinstance(gone, Gone)


def test_hashtags_and_searches_are_read_on_page_by_page(url: str, ana: Any) -> None:
    tag = word()
    here = reader(url, hashtags=[tag], search=[f"parcel {tag}"], page_size=3)
    cursors: dict[str, str] = {}
    for turn in range(3):
        put = [f"no. {turn}-{number} parcel {tag} #{tag}" for number in range(7)]
        for text in put:
            ana.status_post(text)
        found = pages(here, f"tag-{tag}", cursors.get("tag"))
        assert sorted(texts(found)) == put
        assert len(found) > 2
        cursors["tag"] = found[-1].cursor
    # its search takes no offset: the newest page is all that it shows
    assert len(texts(pages(here, f"search-parcel {tag}"))) == 3


def test_a_thread_s_root_is_found(url: str, ana: Any) -> None:
    tag = word()
    root = ana.status_post(f"a root {tag}")
    middle = ana.status_post("in between", in_reply_to_id=root.id)
    ana.status_post(f"look at this #{tag}", in_reply_to_id=middle.id)
    post = one(reader(url, hashtags=[tag]), f"tag-{tag}")
    assert (post.reply_to, post.thread) == (middle.uri, root.uri)


def test_check_says_what_the_account_is_not_told(url: str) -> None:
    brand = mastodon.Mastodon(access_token="brand", api_base_url=url)
    said = [one.said for one in reader(url).try_out()]
    assert said[0].startswith("log-in: works, as @our_shop@localhost")
    assert "answers: can be posted (an empty one was offered, and not taken)" in said
    assert not any("keeps back" in one for one in said)
    brand.update_notifications_policy(for_private_mentions="filter")
    said = [one.said for one in reader(url).try_out()]
    brand.update_notifications_policy(for_private_mentions="accept")
    assert any("keeps back those of private mentions" in one for one in said)


@pytest.mark.parametrize(
    ("kind", "effect", "permanent"),
    [
        ("status", {"status": 503}, False),
        ("status", {"status": 401}, True),
        ("malformed", {}, False),
        ("ratelimit", {}, False),
    ],
)
def test_its_faults_are_understood(
    url: str, fault: Any, kind: str, effect: dict[str, Any], permanent: bool
) -> None:
    fault(kind, **effect)
    with pytest.raises(SourceError) as raised:
        pages(reader(url), "mentions")
    assert raised.value.permanent is permanent
    assert (raised.value.retry_after is not None) is (kind == "ratelimit")


def test_a_wrong_token_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="401") as raised:
        pages(source(url, clock=now, token="wrong"), "mentions")
    assert raised.value.permanent
