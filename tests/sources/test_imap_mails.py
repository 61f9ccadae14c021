"""What a mail means to the source `imap`, whatever its headers claim and whatever it is made of."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.post import AUTOMATIC, Post, PostKey, PostKind, Rejected
from monitor.domain.storable import admit
from monitor.sources.imap import mails, mime
from monitor.sources.imap.mails import Desk
from monitor.sources.imap.said import without_quotes
from monitor.sources.imap.session import Fetched

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
DESK = Desk("mail", frozenset({"care@shop.example"}), "no")


def fetched(body: bytes) -> Fetched:
    return Fetched(7, NOW, len(body), body.replace(b"\n", b"\r\n"))


def read(body: bytes, *, sent: bool = False) -> Post | Rejected:
    return mails.read("INBOX", fetched(body), DESK, NOW, sent=sent)


def post(*, sent: bool = False, body: str | bytes = "My parcel is late", **more: str) -> Post:
    """The post that a mail becomes: its headers, whose names are written with "_", and its body."""
    told = {name.replace("_", "-"): value for name, value in more.items()}
    headers = {"From": "Ana <Ana@mail.example>", "Subject": "Parcel", "Message-ID": "<1@x>", **told}
    head = "".join(f"{name}: {value}\n" for name, value in headers.items() if value)
    tail = body if isinstance(body, bytes) else body.encode()
    found = read(head.encode() + b"\n" + tail, sent=sent)
    assert isinstance(found, Post), found
    return found


def test_a_mail_says_who_wrote_what_and_when() -> None:
    found = post(
        Subject="=?utf-8?B?VW5kZSBlIGNvbGV0dWw/?=",
        Date="Fri, 27 Mar 2026 13:00:00 +0200",
        Content_Language="ro-RO, en",
        X_Mailer="Mutt",
    )
    assert (found.key, found.kind) == (PostKey("mail", "1@x"), PostKind.MAIL)
    assert (found.title, found.text, found.lang) == ("Unde e coletul?", "My parcel is late", "ro")
    assert (found.author.handle, found.author.name) == ("ana@mail.example", "Ana")
    assert (found.posted_at, found.indexed_at) == (NOW - timedelta(hours=1), NOW)
    assert (found.via, found.visibility, found.is_root) == ("Mutt", "private", True)
    assert (found.can_reply, found.cannot_reply_because) == (False, "no")


def test_an_answer_tells_its_thread_and_what_it_answers() -> None:
    found = post(References="<root@x>\n <2@x>", In_Reply_To="<2@x>")
    assert (found.thread, found.reply_to) == ("root@x", "2@x")
    found = post(References="<root@x> <2@x>")
    assert (found.thread, found.reply_to) == ("root@x", "2@x")
    found = post(In_Reply_To="<2@x>")
    assert (found.thread, found.reply_to) == ("2@x", "2@x")
    found = post(References="<1@x>", In_Reply_To="<1@x> said Ana")
    assert found.is_root


@pytest.mark.parametrize(
    "said", ["", "<>", "< @ >", "a b", "<a\\b@x>", '<"a b"@x>', "<" + "a" * 999 + ">", "<a@x\x00>"]
)
def test_a_mail_without_an_id_that_can_be_asked_for_is_known_by_what_it_says(said: str) -> None:
    one = post(Message_ID=said)
    assert one.key.external_id.startswith("sha256:")
    assert one.key == post(Message_ID="").key
    assert one.key != post(Message_ID="", body="something else").key


def test_an_id_without_brackets_is_one() -> None:
    assert post(Message_ID="1@x").key.external_id == "1@x"


@pytest.mark.parametrize(
    "date",
    [
        *("", "yesterday", "Fri, 27 Mar 1926 13:00:00 +0200", "Fri, 99 Mar 2026 13:00:00 +0200"),
        *("Fri, 27 Mar 2026 13:00:00 +9999999999", "=?x?b?!?="),
    ],
)
def test_a_date_that_is_none_gives_way_to_the_servers_own(date: str) -> None:
    assert post(Date=date).posted_at == NOW


def test_a_date_of_an_unknown_zone_is_utc() -> None:
    assert post(Date="Fri, 27 Mar 2026 10:00:00 -0000").posted_at == NOW - timedelta(hours=2)


def test_a_form_on_our_own_page_writes_for_whom_it_names() -> None:
    ours = "Shop form <CARE@shop.example>"
    found = post(From=ours, Reply_To="Dan <dan@mail.example>")
    assert (found.author.handle, found.author.name) == ("dan@mail.example", "Dan")
    assert post(From=ours).author.handle == "care@shop.example"
    assert post(From=ours, Reply_To="Dan <dan@mail.example>", sent=True).author.handle == (
        "care@shop.example"
    )
    assert post(Reply_To="list@other.example").author.handle == "ana@mail.example"


@pytest.mark.parametrize(
    ("said", "name"),
    [("undisclosed", "undisclosed"), ("", None), ("=?utf-8?q?=C8=98tefan?=", "Ștefan")],
)
def test_a_sender_without_an_address_is_a_name_or_nobody(said: str, name: str | None) -> None:
    assert post(From=said).author.handle == name


AUTOMATIC_MAILS: list[dict[str, Any]] = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "Auto-Replied; owner-email=x"},
    {"Precedence": "auto_reply"},
    {"X_Autoreply": "yes"},
    {"X_Failed_Recipients": "a@b.example"},
    {"Return_Path": "<>"},
    {"Content_Type": 'multipart/report; report-type=delivery-status; boundary="b"'},
    {"Content_Type": 'multipart/report; report-type="disposition-notification"; boundary=b'},
]


@pytest.mark.parametrize("headers", AUTOMATIC_MAILS)
def test_what_a_machine_answers_or_brings_back_is_marked(headers: dict[str, Any]) -> None:
    assert post(**headers).via == AUTOMATIC


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Auto_Submitted": "auto-generated"},  # as forms on pages send what people wrote there
        {"Precedence": "bulk", "List_Id": "<news.example>"},
        {"Return_Path": "<ana@mail.example>"},
        {"Content_Type": 'multipart/report; report-type=feedback-report; boundary="b"'},
    ],
)
def test_what_a_machine_only_brings_is_not(headers: dict[str, Any]) -> None:
    assert post(**headers).via is None


def test_a_receipt_of_our_own_is_automatic() -> None:
    assert post(Auto_Submitted="auto-generated", sent=True).via == AUTOMATIC
    assert post(Return_Path="<>", sent=True).via is None


@pytest.mark.parametrize(
    ("charset", "sent_as"),
    [
        *(
            ("utf-8", "utf-8"),
            ("iso-8859-1", "utf-8"),
            ("us-ascii", "utf-8"),
            ("x-unknown", "utf-8"),
        ),
        *(
            ("punycode", "utf-8"),
            ("idna", "utf-8"),
            ("utf-16", "utf-16"),
            ("iso-8859-16", "iso-8859-16"),
        ),
        *(("hex", "utf-8"), ("", "utf-8")),
    ],
)
def test_a_charset_may_be_a_lie(charset: str, sent_as: str) -> None:
    told = f"text/plain; charset={charset}" if charset else "text/plain"
    body = "Țeapă: n-a ajuns, și nimeni nu răspunde".encode(sent_as)
    found = post(Content_Type=told, Content_Transfer_Encoding="8bit", body=body.replace(b"\n", b""))
    assert found.text == "Țeapă: n-a ajuns, și nimeni nu răspunde"


def test_a_charset_of_escapes_is_no_lie() -> None:
    body = "荷物が届きません".encode("iso-2022-jp")
    assert (
        post(Content_Type="text/plain; charset=iso-2022-jp", body=body).text == "荷物が届きません"
    )


def test_words_of_windows_under_the_name_of_utf_8_are_read() -> None:
    body = "Unde e “coletul” – acum?".encode("cp1252")
    assert (
        post(Content_Type="text/plain; charset=utf-8", body=body).text == "Unde e “coletul” – acum?"
    )


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        ("=?iso-8859-2?Q?Re=E6?= =?utf-8?Q?_x?=", "Reć x"),
        ("=?utf-8?B?not base64!?=", "=?utf-8?B?not base64!?="),
        ("=?no-such?Q?=C8=9B?=", "ț"),
        ("Țeapă", "Țeapă"),
        ("a\n\tb", "a b"),
    ],
)
def test_a_subject_is_read_however_it_is_written(said: str, subject: str) -> None:
    assert post(Subject=said).title == subject


def multipart(kind: str, *parts: str) -> dict[str, Any]:
    body = "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return {"Content_Type": f'multipart/{kind}; boundary="b"', "body": body}


PLAIN = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<style>x</style><p>HTML <b>words</b></p>"
EMPTY = "Content-Type: text/plain\n\n \n"
PICTURE = "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
FILE = "Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nfile"
NAMED = 'Content-Type: text/html; name="=?utf-8?q?a?="\n\nfile'
INNER = "Content-Type: message/rfc822\n\nSubject: other\n\nothers' words"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (multipart("alternative", PLAIN, HTML), "plain words"),
        (multipart("alternative", HTML, PLAIN), "plain words"),
        (multipart("alternative", EMPTY, HTML), "HTML words"),
        (multipart("mixed", PICTURE, HTML, FILE, NAMED), "HTML words"),
        (multipart("mixed", PLAIN, PICTURE, HTML), "plain words\n\nHTML words"),
        (multipart("related", HTML, PICTURE), "HTML words"),
        (multipart("mixed", PLAIN, INNER), "plain words"),
        (multipart("signed", PLAIN, "Content-Type: application/pgp-signature\n\nx"), "plain words"),
        (multipart("mixed", PICTURE), ""),
        ({"Content_Type": "text/html", "body": "<p>Unde&nbsp;e?</p>"}, "Unde\xa0e?"),
        ({"Content_Type": "multipart/mixed", "body": "no boundary"}, ""),
        ({"Content_Type": "nonsense", "body": "words"}, "words"),
        (
            {
                "Content_Transfer_Encoding": "base64",
                "Content_Type": "text/plain",
                "body": "d29yZHM",
            },
            "words",
        ),
        ({"Content_Transfer_Encoding": "quoted-printable", "body": "wor=64s=\n!"}, "words!"),
    ],
)
def test_the_words_of_a_mail_are_found_among_its_parts(parts: dict[str, Any], text: str) -> None:
    assert post(**parts).text == text


def test_parts_in_parts_without_end_are_given_up() -> None:
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{at}"\n\n--b{at}\n' for at in range(2000)
    )
    began = time.process_time()
    assert read(f"Subject: x\nMessage-ID: <1@x>\n{head}\nwords".encode())
    assert time.process_time() - began < 30


def test_a_mail_that_is_cut_off_says_what_came() -> None:
    whole = multipart("mixed", PLAIN, PICTURE + "A" * 1000)
    cut = whole["body"][: whole["body"].index("AAAA")]
    assert post(**{**whole, "body": cut}).text == "plain words"


def test_a_mail_that_says_nothing_is_set_aside() -> None:
    found = read(b"From: ana@mail.example\nMessage-ID: <1@x>\n\n \n")
    assert isinstance(found, Rejected)
    assert (found.where, found.reason.partition(":")[0]) == ("INBOX/7", "it says nothing")
    assert "ana@mail.example" in found.sample


QUOTES = [
    ("Thanks!\n\nOn Fri, Ana <a@b.c> wrote:\n> My parcel is lost\n> again", "Thanks!"),
    ("Thanks!\n\nOn Friday, 27 March 2026 at\nAna <a@b.c> wrote:\n\n> lost", "Thanks!"),
    ("Mersi\n\nÎn vin., 27 mar. 2026 la 12:00, Ana <a@b.c> a scris:\n\n> pierdut", "Mersi"),
    ("> Where is it?\nI do not know.\n> Really?\nReally.", "I do not know.\nReally."),
    ("Thanks\n\n-----Original Message-----\nFrom: x\nlost", "Thanks"),
    (
        "Merci\n\n________________________________\nDe : Ana\nEnvoyé : lundi\nÀ : x\n\nperdu",
        "Merci",
    ),
    ("Mersi\nDe la: Ana\nTrimis: luni\nSubiect: colet\n\npierdut", "Mersi"),
    ("Ok\n\nAm 27.03.2026 schrieb Ana:\nverloren", "Ok"),
    ("> all of it\n> is quoted", "> all of it\n> is quoted"),
    (
        "From: the beginning it was late\nand then lost",
        "From: the beginning it was late\nand then lost",
    ),
    ("They wrote: nothing\n\nmore", "They wrote: nothing\n\nmore"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "own"), QUOTES)
def test_what_others_said_is_left_out(text: str, own: str) -> None:
    assert without_quotes(text) == own


@given(st.text(alphabet=st.sampled_from(list(">-_:\n aOnFrom wrote")), max_size=200))
def test_a_mail_without_others_words_keeps_its_own(text: str) -> None:
    found = without_quotes(text)
    assert bool(found) == bool(text.strip())
    assert all(line in text for line in found.split("\n"))


def test_what_html_marks_as_others_is_left_out() -> None:
    quoting = '<p>Thanks!</p><div class="gmail_quote">On Friday:<blockquote>lost</blockquote></div>'
    assert post(Content_Type="text/html", body=quoting).text == "Thanks!"
    quoting = '<p>Thanks!</p><blockquote type="cite"><p>lost</p></blockquote><p>Ana</p>'
    assert post(Content_Type="text/html", body=quoting).text == "Thanks!\n\nAna"
    only = '<div class="gmail_quote">lost</div>'
    assert post(Content_Type="text/html", body=only).text == "lost"


@pytest.mark.parametrize("subject", ["Fwd: parcel", "FW: parcel", "I: parcel", "wg: parcel"])
def test_what_is_passed_on_is_what_is_said(subject: str) -> None:
    said = "See below\n\n-----Original Message-----\nFrom: Ana\n\nlost"
    assert "lost" in post(Subject=subject, body=said).text


SAMPLES = [
    b"""Return-Path: <ana@mail.example>
From: =?utf-8?q?Ana_=C8=9A?= <ana@mail.example>
To: care@shop.example
Subject: =?utf-8?B?VW5kZSBlIGNvbGV0dWw/?=
Date: Fri, 27 Mar 2026 13:00:00 +0200
Message-ID: <17@mail.example>
In-Reply-To: <16@shop.example>
References: <15@mail.example>
 <16@shop.example>
Content-Language: ro
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Tot n-a ajuns =C8=99i nimeni nu r=C4=83spunde.

On Fri, Shop <care@shop.example> wrote:
> Sorry
--b
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

PHA+VG90IG4tYSBhanVuczwvcD4=
--b--
""",
    b"""From: MAILER-DAEMON@mail.example
Subject: Undelivered
Message-ID: <18@mail.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="c"

--c
Content-Type: text/plain

It came back.
--c
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
--c
Content-Type: message/rfc822

Subject: inner

words
--c--
""",
]
PIECES = st.sampled_from(
    [
        *(b"", b"\n", b"\n\n", b"\r", b"\x00", b"\xff\xfe", b"=?utf-8?B?", b"?=", b"--b", b"--b--"),
        *(
            b'"',
            b";",
            b"charset=",
            b"boundary=",
            b"*0*=",
            b"''",
            b"%",
            b"(",
            b"\\",
            b",",
            b":",
            b"@",
        ),
        *(b"<", b">", b"x" * 5000, b"(" * 500, b"message/rfc822", b"Content-Type: ", b"base64"),
        *(b"uuencode", b"\n\t"),
    ]
)


@settings(max_examples=2500)
@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 60), PIECES), min_size=1, max_size=5
    ),
    sent=st.booleans(),
)
def test_no_mail_is_too_broken(
    sample: bytes, cuts: list[tuple[int, int, bytes]], sent: bool
) -> None:
    body = sample
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    found = read(body, sent=sent)
    assert isinstance(found, Post | Rejected)
    admit(found)
    mails.has_text(fetched(body))


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "x", "punycode", "utf-7", "big5", None]))
def test_any_bytes_are_words(data: bytes, charset: str | None) -> None:
    assert isinstance(mime.decoded(data, charset), str)
