"""Feeds that nobody should have written; those that others recorded are in tests/fuzz/recorded.py."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import SourceError
from monitor.domain.post import Gone, Post, Rejected
from monitor.domain.storable import admit
from monitor.fetching.outside import Document
from monitor.sources.rss import documents
from monitor.sources.rss.entries import Place
from monitor.sources.rss.ground import Ground
from monitor.sources.rss.looking import Look

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
HEAD = b'<rss version="2.0"><channel><item><title>'
SAMPLES = [
    b"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:c="http://purl.org/rss/1.0/modules/content/"><channel><title>Forum</title><language>ro</language>
<item><title>Colet</title><guid isPermaLink="false">17</guid><link>https://forum.example/17</link>
<dc:creator>ana_p</dc:creator><pubDate>Fri, 27 Mar 2026 11:00:00 +0200</pubDate>
<description>&lt;p&gt;Unde e?&lt;/p&gt;</description><c:encoded><![CDATA[<p>Unde e coletul?</p>]]></c:encoded>
<enclosure url="https://forum.example/a.mp3" length="1" type="audio/mpeg"/></item>
<item><title>Still late</title><guid>18</guid><pubDate>Fri, 27 Mar 2026 10:00:00 GMT</pubDate></item>
</channel></rss>""",
    b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"
xmlns:thr="http://purl.org/syndication/thread/1.0" xmlns:at="http://purl.org/atompub/tombstones/1.0">
<id>urn:f</id><link rel="next" href="?page=2"/><at:deleted-entry ref="urn:3" when="2026-03-27T11:00:00Z"/>
<entry><id>urn:1</id><title type="html">My &amp;lt;b&gt; parcel</title><author><name>Ana</name>
<uri>https://a.example</uri></author><published>2026-03-27T11:00:00Z</published>
<updated>2026-03-27T11:30:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>late</p></div></content></entry><entry><id>urn:2</id><thr:in-reply-to ref="urn:1"/><title>Re</title>
<updated>2026-03-27T11:30:00Z</updated><summary>sorry</summary></entry></feed>""",
]


def feed_of(body: bytes, kind: str = "application/xml") -> documents.Feed:
    return documents.read(Document("https://blog.example/f", {"content-type": kind}, body))


def items_of(feed: documents.Feed) -> list[Post | Gone | Rejected]:
    return list(Look(Place("rss", "blog"), Ground(0, is_first=False), NOW).items(feed))


BOMB = (
    b"<!DOCTYPE rss [<!ENTITY a '"
    + b"ha" * 500
    + b"'>"
    + b"".join(
        b"<!ENTITY %c '%s'>" % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(8)
    )
    + b"]>"
    + HEAD
    + b"&i;</title></item></channel></rss>"
)


TEMPTING = b'<?x?><!DOCTYPE rss SYSTEM "<!--" [%s]>'
"""A comment for whoever does not see that it is a literal."""
LONG = TEMPTING % (b'<!ENTITY i "' + b"ha" * 500 + b'">')
REST = HEAD + b"&i;" * 9 + b"</title></item></channel></rss>"


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        LONG + REST,
        TEMPTING % b'<!ATTLIST item a CDATA "ha">' + REST,
        "<?xml version='1.0' encoding='utf-16'?>".encode("utf-16")
        + BOMB.decode().encode("utf-16-le"),
        b"<?xml version='1.0' encoding='utf-7'?>" + BOMB.decode().encode("utf-7"),
        b"<!-- <a> -->" + BOMB,
        b"<?x <a> ?>" + BOMB,
        b"<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
        + HEAD
        + b"&a;</title></item></rss>",
    ],
    ids=[
        "laughs",
        "behind a literal",
        "of attributes",
        "in UTF-16",
        "in UTF-7",
        "behind a comment",
        "behind a note",
        "of a file",
    ],
)
def test_entities_of_a_feed_s_own_are_not_unfolded(body: bytes) -> None:
    with pytest.raises(SourceError, match="entities of its own"):
        feed_of(body)


@pytest.mark.parametrize("decoy", [b"<!-- <a> -->", b"<?x <a> ?>"])
@pytest.mark.parametrize("declared", [b'ENTITY i "%s"', b'ATTLIST rss ref CDATA "%s"'])
def test_a_declaration_behind_what_looks_like_a_root_and_a_comment_is_none(
    decoy: bytes, declared: bytes
) -> None:
    body = decoy + TEMPTING % (b"<!" + declared % (b"ha" * 500) + b">") + REST
    try:
        found = str(feed_of(body))
    except SourceError:
        return
    assert "haha" not in found


def test_words_about_entities_are_no_entities() -> None:
    for flaw in (b"", b"<br>"):
        said = b"<description>%s<![CDATA[&lt;!DOCTYPE x [<!ENTITY a 'b'>]]]></description>" % flaw
        body = HEAD + b"XML</title>" + said + b"</item></channel></rss>"
        feed = feed_of(b"<!DOCTYPE rss>" + body)
        assert (feed.flaw is None) == (not flaw)
        assert "<!ENTITY a 'b'>" in unescape(feed.entries[0]["summary"])


def test_a_body_that_is_the_name_of_a_file_opens_no_file(tmp_path: Path) -> None:
    path = tmp_path / "feed"
    path.write_bytes(SAMPLES[0])
    with pytest.raises(SourceError, match="is no feed"):
        feed_of(str(path).encode())


def test_words_in_an_entry_delete_nothing() -> None:
    tomb = b'<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="urn:1"/>'
    for said in (b"<![CDATA[%s]]>" % tomb, tomb):
        body = HEAD + said + b"</title></item></channel></rss>"
        assert not any(isinstance(item, Gone) for item in items_of(feed_of(body)))
    whole = SAMPLES[1]
    assert any(isinstance(item, Gone) for item in items_of(feed_of(whole)))
    assert feed_of(whole.replace(b"<title>Re</title>", b"<br>")).deleted == []


@pytest.mark.parametrize(
    "unit",
    [b"<", b"<a ", b"<a b='", b"&", b"<![CDATA[", b"<!--", b"<?", b"<a>", b"</", b"<item>", b"&a;"],
)
def test_what_never_ends_is_given_up_in_time(unit: bytes) -> None:
    body = HEAD + unit * (2**17 // len(unit))
    began = time.process_time()
    with pytest.raises(SourceError):
        feed_of(body)
    assert time.process_time() - began < 30


def test_blanks_before_the_feed_cost_nothing() -> None:
    began = time.process_time()
    assert items_of(feed_of(b"<?xml version='1.0'?>" + b"\n" * 2**19 + SAMPLES[1]))
    assert time.process_time() - began < 30


PIECES = st.sampled_from(
    [
        *(b"", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"&#xD800;", b"&nbsp;", b"&amp;"),
        *(b"<item>", b"</item>", b"<entry>", b"<title>", b"<guid>", b"\x00", b"\xff", b"x" * 5000),
    ]
)


@settings(max_examples=1500)
@given(
    sample=st.sampled_from(SAMPLES),
    cuts=st.lists(
        st.tuples(st.integers(0, 1500), st.integers(0, 40), PIECES), min_size=1, max_size=4
    ),
    kind=st.sampled_from(
        ["application/xml", "text/xml", "text/html; charset=koi8-r", "", "x;charset="]
    ),
)
def test_no_feed_is_too_broken(
    sample: bytes, cuts: list[tuple[int, int, bytes]], kind: str
) -> None:
    body = sample
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    try:
        found = items_of(feed_of(body, kind))
    except SourceError:
        return
    assert all(isinstance(item, Post | Gone | Rejected) for item in found)
    for item in found:
        admit(item)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("9" * 10_000),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = sorted({name for one in SAMPLES for entry in feed_of(one).entries for name in entry})


@settings(max_examples=1000)
@given(
    number=st.integers(0, 3),
    changed=st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4),
    dropped=st.sets(st.sampled_from(FIELDS), max_size=4),
)
def test_no_entry_is_too_broken(number: int, changed: dict[str, object], dropped: set[str]) -> None:
    feed = feed_of(SAMPLES[number // 2])
    said = {**feed.entries[number % 2], **changed}
    entry = {name: value for name, value in said.items() if name not in dropped}
    whole = documents.Feed([entry], [], None, None, None)
    assert len(items_of(whole)) == 1
