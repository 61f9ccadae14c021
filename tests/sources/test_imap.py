"""What the source `imap` brings of a mailbox of a real Dovecot, and that it leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import AUTOMATIC, Gone, Post, PostKey, Rejected, StreamKind
from monitor.ports import Refreshes
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Asked
from monitor.sources.imap.source import MUTE
from tests.notifiers.ports import free_port
from tests.sources.dovecot import SENT, Dovecot, Mailbox, mailbox, shared
from tests.sources.imap_world import INBOX, NOW, ids, items, mail, read, source
from tests.sources.mail_door import Door, Plan

pytestmark = pytest.mark.needs("dovecot")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox(f"u{uuid4().hex}") as made:
        yield made


def key(number: int) -> PostKey:
    return PostKey("mail", f"{number}@mail.example")


def test_nothing_is_marked_seen_and_nothing_else_changes(box: Mailbox) -> None:
    box.put(mail(1), NOW)
    before = box.flags()
    of = source(box)
    read(of)
    list(of.refresh([key(1)]))
    list(of.try_out())
    assert box.flags() == before
    assert b"Seen" not in before[0]


def test_the_sent_folder_shows_what_was_answered(box: Mailbox) -> None:
    box.put(mail(1), NOW)
    box.put(mail(2, "Sorry!", From="care@shop.example", References="<1@mail.example>"), NOW, SENT)
    box.put(
        mail(3, "We got it", From="care@shop.example", Auto_Submitted="auto-replied"), NOW, SENT
    )
    of = source(box)
    assert {one.name: one.kind for one in of.streams()} == {
        INBOX: StreamKind.MENTIONS,
        "sent": StreamKind.OWN,
    }
    answer, receipt = items(read(of, "sent"))
    assert isinstance(answer, Post)
    assert (answer.reply_to, answer.thread) == ("1@mail.example", "1@mail.example")
    assert answer.author.handle == "care@shop.example"
    assert (answer.can_reply, answer.cannot_reply_because) == (False, MUTE)
    assert isinstance(receipt, Post)
    assert receipt.via == AUTOMATIC


def test_a_quiet_look_brings_nothing_again(box: Mailbox) -> None:
    """A server answers to "n:*" with the last mail also where its UID is below n."""
    box.put(mail(1), NOW)
    of = source(box)
    [first] = read(of)
    [second] = read(of, since=first.cursor)
    assert (second.items, second.gap) == ((), None)
    box.put(mail(2), NOW)
    assert ids(read(of, since=second.cursor)) == ["2@mail.example"]


def test_what_is_older_than_the_first_look_wants_is_not_brought(box: Mailbox) -> None:
    box.put(mail(1), NOW - timedelta(days=8))
    box.put(mail(2), NOW - timedelta(days=7, hours=1))
    box.put(mail(3), NOW - timedelta(days=6))
    of = source(box)
    pages = read(of)
    assert ids(pages) == ["3@mail.example"]
    box.put(mail(4), NOW - timedelta(days=30))
    assert ids(read(of, since=pages[-1].cursor)) == []


def test_a_folder_that_is_made_anew_is_read_anew_and_nothing_is_missed(box: Mailbox) -> None:
    box.make("Support")
    box.put(mail(1), NOW, "Support")
    box.put(mail(2), NOW, "Support")
    of = source(box, folders=["Support"], look_back="2d")
    [first] = read(of, "folder-support")
    box.remove("Support")
    box.make("Support")
    box.put(mail(3), NOW, "Support")
    box.put(mail(2), NOW, "Support")
    box.put(mail(0), NOW - timedelta(days=3), "Support")
    [second] = read(of, "folder-support", first.cursor)
    assert ids([second]) == ["3@mail.example", "2@mail.example"]
    assert read(of, "folder-support", second.cursor)[0].items == ()


def test_a_mail_that_was_moved_is_not_gone_and_one_that_was_expunged_is(box: Mailbox) -> None:
    for number in (1, 2, 3):
        box.put(mail(number), NOW)
    of = source(box)
    assert isinstance(of, Refreshes)
    box.move("2@mail.example", "Archive")
    box.expunge("3@mail.example")
    nameless = PostKey("mail", "sha256:" + "0" * 64)
    strange = PostKey("mail", 'a"b@mail.example')
    told = list(of.refresh([key(1), key(2), key(3), nameless, strange, PostKey("x", "1")]))
    stand = {one.key for one in told if isinstance(one, Post)}
    gone = [one for one in told if isinstance(one, Gone)]
    assert stand == {key(1), key(2)}
    assert gone == [Gone(key(3), NOW)]


def test_a_mail_is_not_taken_for_another_whose_id_holds_its_own(box: Mailbox) -> None:
    box.put(mail(11), NOW)
    told = list(source(box).refresh([PostKey("mail", "1@mail.example")]))
    assert told == [Gone(PostKey("mail", "1@mail.example"), NOW)]


def test_where_a_folder_cannot_be_searched_nothing_is_said_to_be_gone(box: Mailbox) -> None:
    box.put(mail(1), NOW)
    with Door(shared().plain) as door:
        of = source(box, port=door.port)
        door.plan = Plan(refused="EXAMINE.*Archive", refusal="NO [UNAVAILABLE] later")
        told: list[Post | Gone | Rejected] = []
        with pytest.raises(SourceError):
            told.extend(of.refresh([key(1), key(2)]))
    assert not any(isinstance(one, Gone) for one in told)


def test_of_a_big_mail_as_much_is_fetched_as_it_takes_to_find_its_words(box: Mailbox) -> None:
    attached = b"A" * 76 + b"\r\n"
    parts = (
        b"--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        attached * 8000,
    )
    words = b"--b\r\nContent-Type: text/plain\r\n\r\nMy parcel is late\r\n"
    head = b"Message-ID: <%d@mail.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    box.put(head % 1 + words + b"".join(parts) + b"--b--\r\n", NOW)
    box.put(head % 2 + b"".join(parts) + words + b"--b--\r\n", NOW)
    box.put(head % 3 + b"".join(parts) + b"--b--\r\n", NOW)
    with Door(shared().plain) as door:
        found = items(read(source(box, port=door.port)))
        fetches = [one for one in door.plan.commands if "FETCH" in one]
    assert [one.text for one in found if isinstance(one, Post)] == ["My parcel is late"] * 2
    assert isinstance(found[-1], Rejected)
    assert len(fetches) == 3
    assert all("BODY.PEEK[]<0." in one for one in fetches)
    small = items(read(source(box, most_bytes=2**18)))
    assert [type(one) for one in small] == [Post, Rejected, Rejected]


def test_a_folder_of_any_name_is_read(box: Mailbox) -> None:
    box.make("Reclamații & co")
    box.put(mail(1), NOW, "Reclamații & co")
    of = source(box, folders=["Reclamații & co"], sent=False)
    assert ids(read(of, "folder-reclamații & co")) == ["1@mail.example"]


def test_tls_is_checked_against_the_authority_that_is_named(box: Mailbox, tmp_path: Path) -> None:
    box.put(mail(1), NOW)
    server = shared()
    good = {"host": "localhost", "ca_file": str(server.ca_file)}
    for kind in ({"security": "tls", "port": server.tls}, {"security": "starttls"}):
        assert ids(read(source(box, **good, **kind))) == ["1@mail.example"]
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(other)
        for bad in ({"ca_file": str(other)}, {"host": "127.0.0.1"}, {"ca_file": None}):
            with pytest.raises(SourceError, match="is not trusted") as caught:
                read(source(box, **{**good, **kind, **bad}))
            assert caught.value.permanent


def test_a_wrong_password_is_for_good_and_never_told(box: Mailbox) -> None:
    of = source(box, password="mail_token")
    with pytest.raises(SourceError, match="log-in was refused") as caught:
        read(of)
    assert caught.value.permanent
    assert "t0ken" not in str(caught.value)


def test_a_missing_secret_is_for_good(box: Mailbox) -> None:
    with pytest.raises(SourceError, match='the secret "other" is missing') as caught:
        read(source(box, password="other"))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"port": None}, "ConnectionRefusedError “"),
        ({"host": "nowhere.invalid", "allow_insecure": True}, "gaierror “"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_by_the_error_s_class(
    box: Mailbox, options: dict[str, Any], said: str
) -> None:
    """The log leaves out what is quoted: by that alone all that can be wrong looks alike."""
    if "port" in options:
        options = {"port": free_port()}
    with pytest.raises(SourceError, match="can't be reached: " + said) as caught:
        read(source(box, **options))
    assert not caught.value.permanent


class Tokens:
    """Gives tokens, and says what they are worth, as Google's and Microsoft's places for that do."""

    def __init__(self) -> None:
        self.good = "t0ken"
        self.had: list[dict[str, Any]] = []

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        if asked.method == "POST":
            self.had.append(asked.body)
            if asked.body.get("refresh_token") not in ("r3fresh", "rotated"):
                return 400, {"error": "invalid_grant"}
            return 200, {
                "access_token": self.good,
                "expires_in": 3600,
                "refresh_token": "rotated",
            }
        if asked.query.get("access_token") == self.good:
            return 200, {"email": "ana", "active": "yes"}
        return 401, {"error": "invalid_token"}


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def oauth_server(tokens: Tokens) -> Iterator[dict[str, Any]]:
    """A mailbox with one mail that takes tokens alone: the options by which it is reached."""
    with PlainServer(tokens) as giver, Dovecot(giver.url) as server:
        box = Mailbox(server, "ana")
        box.put(mail(1), NOW)
        box.close()
        oauth = {"token_url": f"{giver.url}/token", "client_id": "app", "refresh_token": "refresh"}
        yield {"port": server.plain, "username": "ana", "password": None, "oauth": oauth}


def test_a_token_of_oauth_opens_a_mailbox(oauth_server: dict[str, Any]) -> None:
    options = {**oauth_server, "oauth": None}
    of = source(None, access_token="mail_token", **options)
    assert ids(read(of)) == ["1@mail.example"]
    with pytest.raises(SourceError, match="log-in was refused") as caught:
        read(source(None, access_token="old_token", **options))
    assert caught.value.permanent


def test_a_token_is_had_for_a_refresh_token_and_that_one_kept_as_it_changes(
    oauth_server: dict[str, Any], tokens: Tokens
) -> None:
    of = source(None, **oauth_server)
    assert ids(read(of)) == ids(read(of)) == ["1@mail.example"]
    assert [one["refresh_token"] for one in tokens.had] == ["r3fresh"]
    tokens.good = "an0ther"
    with pytest.raises(SourceError, match="log-in was refused"):
        read(of)
    assert ids(read(of)) == ["1@mail.example"]
    assert [one["refresh_token"] for one in tokens.had] == ["r3fresh", "rotated"]
    assert tokens.had[0]["grant_type"] == "refresh_token"


def test_a_refresh_token_that_is_refused_says_what_to_mend(oauth_server: dict[str, Any]) -> None:
    oauth = {**oauth_server["oauth"], "refresh_token": "old_token", "scope": "imap"}
    with pytest.raises(SourceError, match="get a new refresh token") as caught:
        read(source(None, **{**oauth_server, "oauth": oauth}))
    assert caught.value.permanent
    assert "0ld" not in str(caught.value)


def test_check_opens_every_folder_and_says_what_is_missing(box: Mailbox) -> None:
    of = source(box, folders=["INBOX", "Nowhere"])
    said = {one.said: one.standing for one in of.try_out()}
    assert said[f'sent: the folder "{SENT}" can be read'] is Standing.WELL
    [fails] = [one for one, standing in said.items() if standing is Standing.FAILS]
    assert fails.startswith('folder-nowhere: the folder "Nowhere" can\'t be opened')
    lacks = [
        one.said for one in source(box, sent=False).try_out() if one.standing is Standing.LACKS
    ]
    assert lacks == ["sent: not read, so a complaint that you answered stays unanswered here"]


def test_where_no_folder_is_marked_as_sent_it_has_to_be_named(box: Mailbox) -> None:
    with Door(shared().plain) as door:
        of = source(box, port=door.port, sent="Sent Items")
        with pytest.raises(SourceError, match='"Sent Items" can\'t be opened') as caught:
            read(of, "sent")
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"host": "mail.shop.example"}, "would travel in the open"),
        ({"password": None}, "a password, an access_token or oauth"),
        ({"access_token": "mail_token"}, "a password, an access_token or oauth"),
        ({"folders": ["INBOX", "INBOX"]}, "named once"),
        ({"addresses": ["no address"]}, "no e-mail address"),
    ],
)
def test_a_mistake_in_the_config_is_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        source(None, **options)
