"""Apprise, the library itself, against a server on loopback: what arrives, and what each failure means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from monitor import registry
from monitor.domain.errors import ConfigError, NoSuchPlaceError, Outcome, SendError
from monitor.domain.judgement import Severity
from monitor.domain.notice import Notice, NoticeKind, Receipt, Unknowable, Words
from monitor.notifiers.apprise import Apprise
from monitor.ports import Secrets, TriesOut
from monitor.simulator.serving import Answer, Asked, Server
from tests.given import Given
from tests.notifiers.sample import NOW, card_notice


class Service(Server):
    """Takes whatever comes."""

    def serve(self, asked: Asked) -> Answer:
        return Answer(200)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as running:
        yield running


def address(service: Service, path: str = "care", scheme: str = "json") -> str:
    return f"{service.url.replace('http', scheme)}/{path}"


def apprise(secrets: Secrets, **table: Any) -> Apprise:
    cls = registry.load(registry.NOTIFIERS, "apprise")
    options = registry.options(cls, {"url": "care", **table}, "notifiers.apprise")
    made = registry.build(cls, options, secrets=secrets, clock=lambda: NOW)
    assert isinstance(made, Apprise)
    return made


def alert(**changes: Any) -> Notice:
    return card_notice(**{"audience": "", **changes})


def test_a_card_arrives_in_words_where_it_is_meant_for(service: Service) -> None:
    secrets = Given({"care": address(service), "boss": address(service, "leads")})
    sender = apprise(secrets, targets={"leads": "boss"}, zone="Europe/Bucharest")
    assert sender.send(alert(), None) == Receipt("care", "alert:1:1")
    assert sender.send(alert(audience="leads", severity=Severity.HIGH), None).place == "leads"
    assert [one.path for one in service.asked] == ["/care", "/leads"]
    said = service.asked[0].body
    assert said["title"] == "New complaint, normal: Acme, case 1, reddit"
    assert "“Still no refund, unde sunt banii?”" in said["message"]
    assert "Tue 3 Mar 2026 12:10 EET" in said["message"]
    assert isinstance(sender.find(alert()), Unknowable)


def test_of_the_edits_only_the_end_is_sent(service: Service) -> None:
    sender = apprise(Given({"care": address(service)}))
    card = Receipt("care", "alert:1:1")
    assert sender.send(alert(kind=NoticeKind.UPDATE, owner="Ana"), card) == card
    assert service.asked == []
    sender.send(alert(kind=NoticeKind.UPDATE, status="answered", answered_at=NOW), card)
    assert service.asked[0].body["title"].startswith("Answered after 2 h")


def test_a_customer_pings_nobody(service: Service) -> None:
    sender = apprise(Given({"care": address(service)}))
    text = "@everyone look @here <@123> <!channel>, https://m.example/@ana and @allison"
    sender.send(alert(text=text), None)
    said = service.asked[0].body["message"]
    for ping in ("@everyone", "@here", "<@", "<!"):
        assert ping not in said
    assert "https://m.example/@ana and @allison" in said


def test_what_is_too_long_comes_in_parts_and_whole(service: Service) -> None:
    sender = apprise(Given({"care": address(service)}))
    lines = tuple(f"{number} {'x' * 90}" for number in range(500))
    sender.send(alert(kind=NoticeKind.OPERATIONS, content=Words("Many", lines)), None)
    said = "".join(one.body["message"] for one in service.asked)
    assert len(service.asked) > 1
    assert all(f"{number} x" in said for number in range(500))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("400", Outcome.PERMANENT),
        ("404", Outcome.NOT_SENT),
        ("429", Outcome.NOT_SENT),
        ("503", Outcome.UNKNOWN),
        ("drop", Outcome.UNKNOWN),
        ("redirect", Outcome.UNKNOWN),
    ],
)
def test_what_a_failure_means(service: Service, kind: str, outcome: Outcome) -> None:
    service.fail(kind)
    secret = f"{address(service)}?retry=3&wait=0&redirect=yes&:token=s3cretpart"
    with pytest.raises(SendError) as caught:
        apprise(Given({"care": secret})).send(alert(), None)
    assert caught.value.outcome is outcome
    assert str(caught.value).startswith("care: ")
    assert "s3cretpart" not in str(caught.value)
    assert len(service.asked) == 1  # whatever the address asks for


def test_what_is_for_a_person_to_mend(service: Service) -> None:
    for known, says in (({}, '"care" is missing'), ({"care": "wrong"}, '"care" is no address')):
        sender = apprise(Given(known))
        with pytest.raises(SendError, match=says) as caught:
            sender.send(alert(), None)
        assert caught.value.outcome is Outcome.NOT_SENT
        with pytest.raises(ConfigError, match=says):
            list(sender.try_out())
    with pytest.raises(NoSuchPlaceError, match="no target"):
        apprise(Given({})).send(alert(audience="nobody"), None)


def test_to_try_it_out_sends_nothing(service: Service) -> None:
    sender = apprise(Given({"care": address(service)}))
    assert isinstance(sender, TriesOut)
    (found,) = sender.try_out()
    assert found.said.startswith("addresses of JSON")
    assert service.asked == []


@pytest.mark.parametrize("url", ["tgram://12:abc/99", "care token"])
def test_an_address_does_not_stand_in_the_config(url: str) -> None:
    with pytest.raises(ConfigError, match="secret itself, not its name") as caught:
        apprise(Given({}), url=url)
    assert url not in str(caught.value)
