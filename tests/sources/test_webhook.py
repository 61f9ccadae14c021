"""The webhook's items: pointers, mapping, and that nothing that is sent is left out or too broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from monitor import registry
from monitor.domain.errors import ConfigError
from monitor.domain.post import Gone, Post, Rejected
from monitor.ports import Received
from monitor.sources.webhook.items import Mapped
from monitor.sources.webhook.pointer import MISSING, Pointer, at
from monitor.sources.webhook.source import Webhook
from monitor.store.schema import post
from tests.anything import ANYTHING
from tests.web.served import Served
from tests.web.test_intake import read, rows

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "sources" / "webhook.md"
RFC = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "m~n": 8,
    "k": None,
    "~1": {"0": "zero"},
}
SAMPLE: dict[str, Any] = {
    "external_id": "4711",
    "text": "Unde e coletul?",
    "title": "Parcel",
    "author": "ana",
    "author_id": 12,
    "posted_at": "2026-05-04T08:00:00Z",
    "edited_at": "2026-05-04T08:30:00+03:00",
    "reply_to": "4710",
    "rating": "4/5",
    "url": "https://reviews.example/4711",
    "lang": "ro",
}


def mapped(**said: Any) -> Mapped:
    told: dict[str, Any] = {
        "network": "webhook",
        "items": "",
        "mapping": {},
        "constants": {},
        "defaults": {},
        "is_html": False,
        "assume_now": False,
        "zone": None,
        "time_format": None,
    }
    return Mapped(**told | said)


def only(how: Mapped, item: Any) -> Post | Gone | Rejected:
    (letter,) = how.letters(json.dumps([item]).encode(), NOW)
    return how.read(Received(1, letter.said, NOW))


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/m~0n", 8),
        ("/k", None),
        ("/~01/0", "zero"),
        ("/foo/2", MISSING),
        ("/foo/-", MISSING),
        ("/foo/00", MISSING),
        ("/foo/bar", MISSING),
        ("/no/such", MISSING),
        ("/a~1b/x", MISSING),
    ],
)
def test_a_pointer_leads_where_the_rfc_says(pointer: str, found: Any) -> None:
    assert at(RFC, TypeAdapter(Pointer).validate_python(pointer)) == found


@pytest.mark.parametrize("wrong", ["foo", "/a~2", "/~", " /a"])
def test_what_is_no_pointer_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Pointer).validate_python(wrong)


def test_fields_are_found_where_the_config_says() -> None:
    how = mapped(
        mapping={"external_id": "/id", "text": "/words/0/html", "author": "/who/nick"},
        constants={"network": "Reviews", "via": "site"},
        defaults={"lang": "en", "author": "somebody"},
        is_html=True,
        assume_now=True,
    )
    said = {"id": 7, "words": [{"html": "<p>Late &amp; <b>broken</b></p>"}], "who": {"nick": ""}}
    found = only(how, said)
    assert isinstance(found, Post)
    assert (found.key, found.text) == (("reviews", "7"), "Late & broken")
    assert (found.author.handle, found.lang, found.via) == ("somebody", "en", "site")
    assert found.posted_at == NOW
    assert found.can_reply is False
    assert found.cannot_reply_because


def test_a_sender_files_under_another_network_only_where_the_config_lets_it() -> None:
    said = {"external_id": "1", "text": "awful", "network": "x"}
    found = [
        only(mapped(assume_now=True, mapping=mapping), said)
        for mapping in ({}, {"network": "/network"})
    ]
    assert [one.key.network for one in found if isinstance(one, Post)] == ["webhook", "x"]


def test_an_item_without_id_is_the_same_post_however_often_it_comes() -> None:
    how = mapped(assume_now=True)
    one, same = {"text": "awful", "author": "ana"}, {"author": "ana", "text": "awful", "x": 1}
    found = [only(how, said) for said in (one, same, {"text": "awful", "author": "ion"})]
    keys = [item.key for item in found if isinstance(item, Post)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ({}, "secrets: Field required"),
        ({"secrets": []}, "secrets"),
        ({"secrets": "Not a name but a secret"}, "this is the secret itself"),
        ({"secrets": "hook", "items": "data"}, "items"),
        ({"secrets": "hook", "mapping": {"txt": "/a"}}, "mapping"),
        (
            {"secrets": "hook", "constants": {"lang": "en"}, "defaults": {"lang": "ro"}},
            "a constant needs no mapping and no default",
        ),
    ],
)
def test_a_mistake_in_the_config_is_named(said: Mapping[str, object], mistake: str) -> None:
    with pytest.raises(ConfigError, match=mistake):
        registry.options(Webhook, said, "sources.hook")


@settings(max_examples=800)
@given(
    st.dictionaries(st.sampled_from(sorted(SAMPLE)), ANYTHING | st.just("9" * 150_000)),
    st.sets(st.sampled_from(sorted(SAMPLE)), max_size=3),
    st.booleans(),
)
def test_no_item_is_too_broken(changed: dict[str, Any], dropped: set[str], is_html: bool) -> None:
    item = {name: value for name, value in {**SAMPLE, **changed}.items() if name not in dropped}
    how = mapped(is_html=is_html)
    (letter,) = how.letters(json.dumps([item]).encode(), NOW)
    found = how.read(Received(1, letter.said, NOW))
    assert letter.flaw == (found.reason if isinstance(found, Rejected) else None)
    assert letter.said.isascii(), "no database refuses it"
    assert letter.key == how.letters(json.dumps([item]).encode(), NOW)[0].key


@settings(max_examples=300)
@given(st.binary(max_size=200) | ANYTHING.map(lambda said: json.dumps(said).encode()))
def test_no_body_is_too_broken_and_every_item_of_it_is_a_letter(said: bytes) -> None:
    letters = mapped().letters(said, NOW)
    try:
        items = json.loads(said)
    except ValueError:
        items = None
    assert len(letters) == (len(items) if isinstance(items, list) else 1)
    for letter in letters:
        found = mapped().read(Received(1, letter.said, NOW))
        assert isinstance(found, Rejected if letter.flaw else Post | Gone)


@pytest.mark.needs("curl")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_examples_of_the_page_work_as_they_stand(database_url: str) -> None:
    text = PAGE.read_text()
    (config,) = re.findall(r"^ *```toml\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    (python,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (shell,) = [
        block
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        if "curl" in block
    ]
    secret = "a secret of the page's reader"
    with Served(database_url, config, {"shop_hook": secret}) as served:
        environment = os.environ | {"SECRET": secret, "URL": f"{served.url}/intake/reviews"}
        answers = [
            json.loads(subprocess.check_output(command, env=environment, timeout=60))
            for command in (["bash", "-ec", shell], [sys.executable, "-c", python])
        ]
        read(served)
        stored = rows(served.application.database, post)
    assert [Counter(one)["new"] for one in answers] == [1, 1]
    assert [(one.network, one.external_id) for one in stored] == [
        ("shop-reviews", "4711"),
        ("shop-reviews", "4712"),
    ]
