"""The webhook against a server on loopback: what a receiver's own libraries make of it, and each failure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from monitor import registry
from monitor.domain.errors import ConfigError, NoSuchPlaceError, Outcome, SendError
from monitor.domain.judgement import Severity
from monitor.domain.notice import (
    Backlog,
    Content,
    Notice,
    NoticeKind,
    Reason,
    Receipt,
    StillOpen,
    Unknowable,
    Words,
)
from monitor.domain.storm import Common, Group, NamedCase, RollUp
from monitor.notifiers.webhook import Webhook
from monitor.ports import Secrets, TriesOut
from monitor.render.reply_words import about_reply
from monitor.simulator.serving import Answer, Asked, Server
from tests.given import Given
from tests.notifiers.sample import LINE, NOTHING, NOW, card_notice
from tests.render.test_reply_words import ONE

KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NAMED = NamedCase(
    case_id=12,
    network="reddit",
    severity=Severity.HIGH,
    status="open",
    title="A title",
    text="Still no refund",
    author="@dana",
    url="https://reddit.example/1",
    owner=None,
    posted_at=NOW,
)
PRIVATE = ("A title", "Still no", "@dana", "reddit.example", "https://x.example/1")
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()


class Hook(Server):
    """Takes whatever comes."""

    def serve(self, asked: Asked) -> Answer:
        return Answer(202)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as running:
        yield running


def webhook(url: str, secrets: Secrets | None = None, /, **table: Any) -> Webhook:
    cls = registry.load(registry.NOTIFIERS, "webhook")
    options = registry.options(cls, {"url": url, "timeout": 2, **table}, "notifiers.webhook")
    given = secrets or Given({"webhook_out": KEY})
    made = registry.build(cls, options, secrets=given, clock=lambda: NOW)
    assert isinstance(made, Webhook)
    return made


def alert(**changes: Any) -> Notice:
    return card_notice(**{"audience": "", **changes})


def event(hook: Hook) -> dict[str, Any]:
    """The last one, its signature checked."""
    asked = hook.asked[-1]
    said: dict[str, Any] = Receiver(KEY).verify(asked.content, dict(asked.headers))
    return said


def failure(url: str, notice: Notice | None = None, /, **table: Any) -> SendError:
    with pytest.raises(SendError) as caught:
        webhook(url, **table).send(notice or alert(), None)
    return caught.value


# ---------------------------------------------------------------------------------- what arrives


def test_a_card_is_a_cloud_event_that_a_receivers_libraries_accept(hook: Hook) -> None:
    notice = alert(mentions=("ana",))
    receipt = webhook(f"{hook.url}/in?x=1", source="https://shop.example/care").send(notice, None)
    (asked,) = hook.asked
    assert (asked.method, asked.address) == ("POST", "/in?x=1")
    said = event(hook)
    message = HTTPMessage(headers=dict(asked.headers), body=asked.content)
    one = from_structured(message, JSONFormat())
    assert one.get_type() == "complaint-monitor.case.opened"
    assert one.get_source() == "https://shop.example/care"
    assert one.get_subject() == "case/1"
    assert one.get_time() == NOW.astimezone(UTC)
    assert one.get_id() == receipt.name == asked.headers["webhook-id"]
    assert said["data"]["headline"] == "New complaint, normal: Acme, case 1, reddit"
    assert said["data"]["mentions"] == ["ana"]
    case = said["data"]["case"]
    assert case["text"] == "Still no refund, unde sunt banii?"
    assert (case["number"], case["status"], case["waited_seconds"]) == (1, "open", 7200)
    assert case["due_at"] == "2026-03-03T14:10:00Z"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"reason": Reason.GRAVER}, "case.graver"),
        ({"kind": NoticeKind.ESCALATION, "step": "overdue"}, "case.escalated"),
        ({"kind": NoticeKind.UPDATE, "owner": "Ana"}, "case.changed"),
        (
            {"kind": NoticeKind.UPDATE, "status": "answered", "answered_at": NOW},
            "case.answered",
        ),
        ({"kind": NoticeKind.REPLY, "content": Words("x")}, "case.reply"),
        ({"kind": NoticeKind.OPERATIONS, "content": Words("x")}, "operations"),
        ({"kind": NoticeKind.TEST, "content": Words("x")}, "test"),
        ({"kind": NoticeKind.DIGEST, "content": NOTHING}, "digest"),
        (
            {
                "kind": NoticeKind.BACKLOG,
                "content": Backlog(brand="Acme", as_of=NOW, waits=2, oldest_at=None),
            },
            "backlog",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_notice_has_a_name(hook: Hook, changes: dict[str, Any], name: str) -> None:
    webhook(hook.url).send(alert(**changes), None)
    said = event(hook)
    assert said["type"] == f"complaint-monitor.{name}"
    assert said["data"]["headline"]


@pytest.mark.parametrize(
    ("changes", "breached"),
    [
        ({}, False),
        ({"due_at": None, "no_answer_seen_as_of": NOW}, False),
        ({"due_at": NOW, "no_answer_seen_as_of": NOW}, True),
        ({"due_at": NOW, "no_answer_seen_as_of": NOW - timedelta(seconds=1)}, False),
        ({"due_at": NOW, "no_answer_seen_as_of": NOW, "status": "withdrawn"}, False),
        ({"due_at": NOW, "answered_at": NOW, "status": "answered"}, False),
        (
            {"due_at": NOW, "answered_at": NOW + timedelta(seconds=1), "status": "answered"},
            True,
        ),
    ],
)
def test_a_breach_is_said_when_it_is_sure(
    hook: Hook, changes: dict[str, Any], breached: bool
) -> None:
    webhook(hook.url).send(alert(**changes), None)
    assert event(hook)["data"]["case"]["breached"] is breached


def test_every_attempt_bears_the_same_id_and_another_notice_another(hook: Hook) -> None:
    sender = webhook(hook.url)
    first = sender.send(alert(), None)
    assert sender.send(alert(possibly_repeated=True), None) == first
    assert event(hook)["data"]["possibly_repeated"] is True
    others = (alert(key="alert:2:1"), alert(written_at=NOW + timedelta(seconds=1)))
    assert len({first.name, *(sender.send(one, None).name for one in others)}) == 3
    assert isinstance(sender.find(alert()), Unknowable)


def test_a_target_has_an_address_of_its_own_and_may_be_a_secret(hook: Hook) -> None:
    secrets = Given({"webhook_out": KEY, "crm_url": f"{hook.url}/crm"})
    sender = webhook(f"{hook.url}/all", secrets, targets={"crm": "secret:crm_url"})
    assert sender.send(alert(audience="crm"), None).place == "crm"
    assert hook.asked[-1].path == "/crm"
    secrets.known["crm_url"] = "ftp://where"
    with pytest.raises(SendError, match='"crm_url" is no address') as caught:
        sender.send(alert(audience="crm"), None)
    assert "ftp" not in str(caught.value)
    assert isinstance(failure(hook.url, alert(audience="leads")), NoSuchPlaceError)


def test_while_a_secret_changes_both_sign_and_a_token_goes_along(hook: Hook) -> None:
    secrets = Given({"webhook_out": KEY, "before": OTHER, "hook_token": "s3cret"})
    webhook(hook.url, secrets, secret_before="before", token="hook_token").send(alert(), None)
    (asked,) = hook.asked
    headers = dict(asked.headers)
    assert headers["authorization"] == "Bearer s3cret"
    for one in (KEY, OTHER):
        assert Receiver(one).verify(asked.content, headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(KEY).verify(asked.content.replace(b"reddit", b"reddot"), headers)


def test_without_words_no_customer_is_in_it(hook: Hook) -> None:
    sender = webhook(hook.url, words=False)
    sender.send(alert(title="A title", contact="phone: 0722"), None)
    sender.send(alert(content=replace(NOTHING, new=(LINE,)), kind=NoticeKind.DIGEST), None)
    for asked in hook.asked:
        for told in (b"refund,", b"@dana", b"reddit.example", b"A title", b"0722", b"Still no"):
            assert told not in asked.content
    assert json.loads(hook.asked[0].content)["data"]["case"]["topics"] == ["refund"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (NoticeKind.WAITING, StillOpen(NOW, (LINE,))),
        (NoticeKind.ROLL_UP, RollUp(brand="Acme", group=Group(Common.BRAND, ""), cases=(NAMED,))),
        (NoticeKind.REPLY, about_reply(ONE, Reason.REPLY_UNKNOWN)),
    ],
    ids=["quiet hours", "roll-up", "reply"],
)
def test_without_words_no_customer_is_in_what_else_names_cases(
    hook: Hook, kind: NoticeKind, content: Content
) -> None:
    notice = alert(kind=kind, content=content)
    webhook(hook.url).send(notice, None)
    webhook(hook.url, words=False).send(notice, None)
    said, silent = (asked.content.decode() for asked in hook.asked)
    private = [one for one in PRIVATE if one in said]
    assert private
    assert [one for one in private if one in silent] == []
    assert "case 12" in silent


def test_to_try_it_out_sends_nothing(hook: Hook) -> None:
    sender = webhook(hook.url)
    assert isinstance(sender, TriesOut)
    (found,) = sender.try_out()
    assert "notify --test" in found.said
    assert hook.asked == []
    with pytest.raises(ConfigError, match="webhook_out"):
        list(webhook(hook.url, Given({})).try_out())


# -------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("kind", "outcome", "says"),
    [
        ("400", Outcome.PERMANENT, "(400)"),
        ("410", Outcome.PERMANENT, "gone (410)"),
        ("422", Outcome.PERMANENT, "(422)"),
        ("401", Outcome.NOT_SENT, "(401)"),
        ("404", Outcome.NOT_SENT, "(404)"),
        ("429", Outcome.NOT_SENT, "too many calls"),
        ("503", Outcome.UNKNOWN, "(503)"),
        ("drop", Outcome.UNKNOWN, "broke off"),
        ("redirect", Outcome.NOT_SENT, "redirects (302)"),
    ],
)
def test_each_failure_is_named(hook: Hook, kind: str, outcome: Outcome, says: str) -> None:
    hook.fail(kind, location="http://169.254.169.254/latest/meta-data")
    error = failure(hook.url)
    assert (error.outcome, says in str(error)) == (outcome, True), str(error)
    assert len(hook.asked) == 1  # nothing is tried twice by itself, and no redirect followed


def test_a_server_that_asks_for_a_pause_gets_it(hook: Hook) -> None:
    hook.fail("429", headers={"Retry-After": "7"})
    assert failure(hook.url).retry_after == timedelta(seconds=7)


def test_nobody_listens_means_not_sent() -> None:
    with Hook() as gone:
        url = gone.url
    assert failure(url).outcome is Outcome.NOT_SENT


def test_a_name_that_leads_to_a_private_address_is_not_called(hook: Hook) -> None:
    """A name: an address of this machine that stands in the config is meant."""
    port = hook.url.rpartition(":")[2]
    secrets = Given({"webhook_out": KEY, "there": f"http://localhost:{port}/"})
    with pytest.raises(SendError, match="no public address") as caught:
        webhook("secret:there", secrets).send(alert(), None)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert hook.asked == []
    known = webhook("secret:there", secrets, private_hosts=["localhost"])
    assert isinstance(known.send(alert(), None), Receipt)


@pytest.mark.parametrize(
    "key", ["", "whsec_", "whsec_AAAA", KEY.removeprefix("whsec_"), "whsec_%%"]
)
def test_a_secret_that_signs_nothing_is_for_a_person_to_mend(hook: Hook, key: str) -> None:
    with pytest.raises(SendError) as caught:
        webhook(hook.url, Given({"webhook_out": key})).send(alert(), None)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert '"webhook_out"' in str(caught.value)
    assert key == "" or key not in str(caught.value) or key == "whsec_"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"url": "http://hooks.shop.example/"}, "in the open"),
        ({"url": "https://ana:pass@shop.example/"}, "without a log-in"),
        ({"url": "shop.example"}, "no address of the web"),
        ({"url": "secret:xoxb-1"}, "the secret itself"),
        ({"url": "https://shop.example", "source": "a b"}, "source"),
        ({"url": "https://shop.example", "urls": {}}, "no such key"),
    ],
)
def test_mistakes_in_the_config_are_named(table: dict[str, Any], says: str) -> None:
    cls = registry.load(registry.NOTIFIERS, "webhook")
    with pytest.raises(ConfigError, match=says):
        registry.options(cls, table, "notifiers.webhook")
