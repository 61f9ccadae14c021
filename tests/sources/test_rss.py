"""What the source `rss` brings of feeds, and how it asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor import registry
from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.finding import Standing
from monitor.domain.post import Cursor, Gone, Page, Post, PostKey, PostKind, Rejected, StreamKind
from monitor.ports import Refreshes, Replies
from monitor.simulator.plain_http import PlainServer
from monitor.simulator.publisher import Entry, Publisher
from monitor.simulator.serving import Answer, Asked
from monitor.sources.rss import Rss
from monitor.sources.rss.entries import MUTE
from tests.given import Given

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
ITEM = (
    "<item><guid>{}</guid><title>{}</title><pubDate>Fri, 27 Mar 2026 11:00:00 GMT</pubDate></item>"
)


class Site:
    """Serves what a test writes there, word for word."""

    def __init__(self) -> None:
        self.body: bytes = b""
        self.headers: Mapping[str, str] = {"content-type": "application/rss+xml"}
        self.asked: list[Asked] = []

    def rss(self, *items: str) -> None:
        inner = "".join(items)
        self.body = f'<rss version="2.0"><channel>{inner}</channel></rss>'.encode()

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        self.asked.append(asked)
        return 200, Answer(200, self.body, self.headers)


class Feeds:
    """A publisher, or a page of the test's own, behind a port."""

    def __init__(self, network: Any) -> None:
        self.server = PlainServer(network)

    def source(self, **options: Any) -> Rss:
        given = {
            "feeds": {"blog": f"{self.server.url}/feed"},
            "private_hosts": ["127.0.0.1"],
            **options,
        }
        checked = registry.options(Rss, given, "sources.rss")
        assert isinstance(checked, Rss.Options)
        return Rss(checked, secrets=Given({}), clock=lambda: NOW)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def page(site: Site) -> Iterator[Feeds]:
    feeds = Feeds(site)
    with feeds.server:
        yield feeds


@pytest.fixture
def publisher() -> Publisher:
    return Publisher(page=3)


@pytest.fixture
def feeds(publisher: Publisher) -> Iterator[Feeds]:
    made = Feeds(publisher)
    with made.server:
        yield made


def read(of: Rss, since: Cursor | None = None) -> list[Page]:
    return list(of.pages(of.streams()[0], since))


def items(pages: list[Page]) -> list[Post | Gone | Rejected]:
    return [item for page in pages for item in page.items]


def the_post(of: Rss) -> Post:
    [post] = items(read(of))
    assert isinstance(post, Post), post
    return post


def entry(number: int, text: str = "My parcel is late", **more: Any) -> Entry:
    return Entry(**{"id": f"urn:{number}", "author": "ana_p", "text": text, "at": NOW, **more})


def test_an_entry_says_who_wrote_what_and_that_nothing_can_answer_it(
    page: Feeds, site: Site
) -> None:
    site.rss(
        "<language>ro-RO</language><item><title>Where &amp;amp; when?</title><guid>7</guid>"
        "<link>https://blog.example/7#c</link><author>ana@mail.example (Ana P)</author>"
        "<description>&lt;p&gt;Tot n-a &lt;b&gt;ajuns&lt;/b&gt;.&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;"
        "</description><pubDate>Fri, 27 Mar 2026 13:00:00 +0200</pubDate></item>"
    )
    post = the_post(page.source())
    assert post.key == PostKey("rss", "blog/7")
    assert (post.title, post.text, post.lang) == ("Where & when?", "Tot n-a ajuns.", "ro")
    assert (post.author.name, post.url) == ("Ana P", "https://blog.example/7#c")
    assert post.posted_at == NOW - timedelta(hours=1)
    assert (post.can_reply, post.cannot_reply_because) == (False, MUTE)
    assert post.is_root
    assert not isinstance(page.source(), Replies | Refreshes)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Ana P", "Ana P"),
        ("ana@mail.example", "ana@mail.example"),
        ("Ana P &lt;ana@mail.example&gt;", "Ana P"),
        ("ana@mail.example (Ana P)", "Ana P"),
        ("(Ana) P", "(Ana) P"),
    ],
)
def test_an_author_is_a_name_without_the_address(
    page: Feeds, site: Site, told: str, name: str
) -> None:
    site.rss(ITEM.format(1, "late").replace("<title>", f"<author>{told}</author><title>"))
    assert the_post(page.source()).author.handle == name


def test_the_longest_of_what_an_entry_says_is_its_text(page: Feeds, site: Site) -> None:
    site.rss(
        '<item xmlns:c="http://purl.org/rss/1.0/modules/content/"><guid>1</guid>'
        "<description>Tot n-a…</description><c:encoded><![CDATA[<p>Tot n-a ajuns</p>]]></c:encoded>"
        "<pubDate>Fri, 27 Mar 2026 11:00:00 GMT</pubDate></item>"
    )
    assert the_post(page.source()).text == "Tot n-a ajuns"


def test_an_answer_tells_what_it_answers(feeds: Feeds, publisher: Publisher) -> None:
    publisher.put(entry(1))
    publisher.put(entry(2, "Sorry!", reply_to="urn:1"))
    source = feeds.source(with_answers=["blog"])
    assert [stream.kind for stream in source.streams()] == [StreamKind.ALL]
    answer = items(read(source))[0]
    assert isinstance(answer, Post)
    assert (answer.kind, answer.thread, answer.reply_to) == (PostKind.COMMENT, "urn:1", "urn:1")


def test_a_feed_that_did_not_change_is_not_sent_again(feeds: Feeds, publisher: Publisher) -> None:
    publisher.put(entry(1))
    source = feeds.source()
    [first] = read(source)
    [second] = read(source, first.cursor)
    assert (second.items, second.gap, second.cost.calls) == ((), None, 1)
    assert second.cursor == first.cursor
    publisher.put(entry(2))
    assert len(items(read(source, second.cursor))) == 1


def test_a_cursor_of_another_address_asks_without_conditions(page: Feeds, site: Site) -> None:
    site.headers = {"etag": '"1"', "last-modified": "Fri, 27 Mar 2026 11:00:00 GMT"}
    site.rss(ITEM.format(1, "late"))
    [first] = read(page.source())
    read(page.source(), first.cursor)
    read(page.source(feeds={"blog": f"{page.server.url}/moved"}), first.cursor)
    asked = [question.headers for question in site.asked]
    assert [one.get("if-none-match") for one in asked] == [None, '"1"', None]
    assert [one.get("if-modified-since") is None for one in asked] == [True, False, True]


def test_a_senseless_etag_is_not_sent_back(page: Feeds, site: Site) -> None:
    site.headers = {"etag": "é" * 3}
    site.rss(ITEM.format(1, "late"))
    [first] = read(page.source())
    read(page.source(), first.cursor)
    assert "if-none-match" not in site.asked[1].headers


def test_an_edit_comes_again_and_nothing_else_does(feeds: Feeds, publisher: Publisher) -> None:
    publisher.put(entry(1))
    publisher.put(entry(2))
    source = feeds.source()
    [first] = read(source)
    publisher.put(entry(1, "My parcel is lost", edited_at=NOW + timedelta(minutes=5)))
    [edited] = items(read(source, first.cursor))
    assert isinstance(edited, Post)
    assert (edited.text, edited.posted_at) == ("My parcel is lost", NOW)
    assert edited.edited_at == NOW + timedelta(minutes=5)


def test_of_two_versions_of_an_entry_the_later_one_is_what_it_says(page: Feeds, site: Site) -> None:
    version = (
        "<entry><id>urn:1</id><title>{}</title><published>2026-03-27T10:00:00Z</published>"
        "<updated>2026-03-27T{}:00:00Z</updated></entry>"
    )
    those = version.format("lost", 11) + version.format("late", 10)
    site.body = f'<feed xmlns="http://www.w3.org/2005/Atom">{those}</feed>'.encode()
    assert the_post(page.source()).title == "lost"


def test_what_left_the_feed_between_two_looks_is_a_gap(site: Site, page: Feeds) -> None:
    source = page.source()
    site.rss(*(ITEM.format(number, "late") for number in (2, 1)))
    [first] = read(source)
    site.rss(*(ITEM.format(number, "late") for number in (3, 2)))
    [overlapping] = read(source, first.cursor)
    assert overlapping.gap is None
    site.rss(*(ITEM.format(number, "late") for number in (9, 8)))
    [cut] = read(source, overlapping.cursor)
    assert cut.gap is not None
    assert "all that the feed shows is new" in cut.gap.reason
    assert cut.gap.to == "8"
    [after] = read(source, cut.cursor)
    assert after.gap is None


def test_a_link_to_older_entries_leads_to_known_ground_instead_of_a_gap(
    feeds: Feeds, publisher: Publisher
) -> None:
    source = feeds.source()
    publisher.put(entry(0))
    cursor = read(source)[-1].cursor
    for number in range(1, 9):
        publisher.put(entry(number))
    pages = read(source, cursor)
    assert len(items(pages)) == 8
    assert [page.gap for page in pages] == [None] * 3
    assert sum(page.cost.calls for page in pages) == 3


def dated(number: int) -> str:
    at = f"Fri, 27 Mar 2026 {number // 60:02}:{number % 60:02}:00 GMT"
    return f"<item><guid>{number}</guid><title>late</title><pubDate>{at}</pubDate></item>"


def test_a_pinned_entry_is_no_known_ground_and_hides_no_gap(
    site: Site, page: Feeds, feeds: Feeds, publisher: Publisher
) -> None:
    source = page.source()
    site.rss(*map(dated, (2, 1, 0)))
    [first] = read(source)
    site.rss(*map(dated, (0, 12, 11, 10)))
    [cut] = read(source, first.cursor)
    assert len(cut.items) == 3
    assert cut.gap is not None
    source = feeds.source()
    for number in range(3):
        publisher.put(entry(number))
    cursor = read(source)[-1].cursor
    for number in range(3, 13):
        publisher.put(entry(number))
    publisher.put(entry(0))  # on top, as it was
    pages = read(source, cursor)
    assert {one.key.external_id for one in items(pages) if isinstance(one, Post)} == {
        f"urn:{number}" for number in range(3, 13)
    }
    assert [one.gap for one in pages] == [None] * len(pages)


@pytest.mark.parametrize(
    "shown",
    [(0, 4, 3, 2), (4, 3, 1, 0), (3, 1), (1, 2, 3, 4), (4, 0, 3, 2)],
    ids=["pinned", "taken back, another moves up", "one left", "upwards", "pinned below"],
)
def test_what_the_last_look_saw_in_its_place_is_known_ground(
    site: Site, page: Feeds, shown: tuple[int, ...]
) -> None:
    source = page.source()
    site.rss(*map(dated, (3, 2, 1)))
    [first] = read(source)
    site.rss(*map(dated, shown))
    [second] = read(source, first.cursor)
    assert second.gap is None


def test_older_entries_are_followed_so_far_and_then_it_is_a_gap(
    feeds: Feeds, publisher: Publisher
) -> None:
    for number in range(12):
        publisher.put(entry(number))
    pages = read(feeds.source(further_pages=1))
    assert len(items(pages)) == 6
    assert pages[-1].gap is not None
    assert "further_pages" in pages[-1].gap.reason


def test_a_feed_that_leads_to_itself_ends(site: Site, page: Feeds) -> None:
    link = '<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="next" href="/feed"/>'
    site.rss(link, ITEM.format(1, "late"))
    assert len(read(page.source())) == 1


def test_a_first_look_ends_where_nobody_wants_to_see_more(
    feeds: Feeds, publisher: Publisher
) -> None:
    for number in range(9):
        publisher.put(entry(number, at=NOW - timedelta(days=30 - number)))
    publisher.put(entry(9))
    pages = read(feeds.source())
    assert [item.key.external_id for item in items(pages) if isinstance(item, Post)] == ["urn:9"]
    assert (len(pages), pages[-1].gap) == (2, None)


def test_an_empty_feed_forgets_nothing(site: Site, page: Feeds) -> None:
    source = page.source()
    site.rss(ITEM.format(1, "late"))
    [first] = read(source)
    site.rss()
    [empty] = read(source, first.cursor)
    site.rss(ITEM.format(1, "late"))
    [again] = read(source, empty.cursor)
    assert (empty.gap, again.gap, again.items) == (None, None, ())


def test_an_entry_without_a_date_counts_from_when_it_came(site: Site, page: Feeds) -> None:
    source = page.source()
    site.rss("<item><guid>1</guid><title>old or new?</title></item>")
    [first] = read(source)
    [unknown] = first.items
    assert isinstance(unknown, Rejected)
    assert "names no date" in unknown.reason
    site.rss(
        "<item><guid>2</guid><title>new</title></item>",
        "<item><guid>1</guid><title>old or new?</title></item>",
    )
    [post] = items(read(source, first.cursor))
    assert isinstance(post, Post)
    assert (post.title, post.posted_at) == ("new", NOW)


@pytest.mark.parametrize("when", ["yesterday", "0001-01-01T00:00:00Z", "x" * 10**5, ""])
def test_a_date_that_is_none_is_none(site: Site, page: Feeds, when: str) -> None:
    site.rss(f"<item><guid>1</guid><title>x</title><pubDate>{when}</pubDate></item>")
    [item] = items(read(page.source()))
    assert isinstance(item, Rejected)


def test_without_an_id_the_link_is_one_and_without_a_link_the_words(
    site: Site, page: Feeds
) -> None:
    when = "<pubDate>Fri, 27 Mar 2026 11:00:00 GMT</pubDate>"
    site.rss(
        f"<item><link>https://blog.example/1</link><title>a</title>{when}</item>",
        f"<item><title>b</title>{when}</item>",
        f"<item><title>c</title>{when}</item>",
    )
    found = [item.key.external_id for item in items(read(page.source())) if isinstance(item, Post)]
    assert found[0] == "https://blog.example/1"
    assert len(set(found)) == 3
    assert all(one.startswith("words:") for one in found[1:])


def test_one_id_on_two_entries_hides_neither(site: Site, page: Feeds) -> None:
    source = page.source()
    site.rss(ITEM.format(1, "late"), ITEM.format(1, "rude"))
    [first] = read(source)
    post, doubled = first.items
    assert isinstance(post, Post)
    assert isinstance(doubled, Rejected)
    assert "the same id" in doubled.reason
    assert "rude" in doubled.sample
    assert read(source, first.cursor)[0].items == ()


def test_ids_of_two_feeds_are_told_apart_unless_they_are_the_world_s(
    site: Site, page: Feeds
) -> None:
    site.rss(ITEM.format(1, "a"), ITEM.format("https://blog.example/2", "b"))
    source = page.source(feeds=dict.fromkeys(("blog", "forum"), f"{page.server.url}/feed"))
    keys = {
        item.key.external_id
        for stream in source.streams()
        for page_ in source.pages(stream, None)
        for item in page_.items
        if isinstance(item, Post)
    }
    assert keys == {"blog/1", "forum/1", "https://blog.example/2"}


def test_terms_leave_out_what_does_not_mean_you_but_no_answer_of_yours(
    site: Site, page: Feeds
) -> None:
    site.rss(*(ITEM.format(n, text) for n, text in enumerate(["Bufnivo!", "bufnivoid", "else"])))
    found = items(read(page.source(terms=["bufnivo"])))
    assert [item.title for item in found if isinstance(item, Post)] == ["Bufnivo!"]
    assert len(items(read(page.source(terms=["bufnivo"], with_answers=["blog"])))) == 3


def test_a_feed_of_another_encoding_is_read(site: Site, page: Feeds) -> None:
    item = ITEM.format(1, "Țeapă, colet pierdut")
    for encoding, declared in [("utf-16", "utf-16"), ("iso8859-16", "iso-8859-16"), ("utf-8", "")]:
        said = f" encoding='{declared}'" if declared else ""
        text = f"<?xml version='1.0'{said}?><rss version='2.0'><channel>{item}</channel></rss>"
        site.body = text.encode(encoding)
        assert the_post(page.source()).title == "Țeapă, colet pierdut"


def test_check_looks_at_every_feed_and_says_what_is_wrong_with_it(site: Site, page: Feeds) -> None:
    site.rss(ITEM.format(1, "a"))
    assert [one.standing for one in page.source().try_out()] == [Standing.WELL, Standing.WELL]
    site.body = site.body.replace(b"<title>", b"<br><title>")
    [flawed, _] = page.source().try_out()
    assert flawed.standing is Standing.LACKS
    site.body = b'<html><link rel="alternate" type="application/rss+xml" href="/rss"></html>'
    [wrong, _] = page.source().try_out()
    assert wrong.standing is Standing.FAILS
    assert f"no feed, but a page that names one: “{page.server.url}/rss”" in wrong.said
    assert not any("may have" in one.said for one in page.source().try_out())


def test_a_feed_that_is_cut_off_is_not_taken_for_a_whole_one(site: Site, page: Feeds) -> None:
    site.rss(ITEM.format(1, "late"), ITEM.format(2, "My parcel"))
    site.body = site.body[: site.body.index(b"parcel")]
    with pytest.raises(SourceError, match="cut off") as caught:
        read(page.source())
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"feeds": {}}, "at least 1"),
        ({"feeds": {"blog": "ftp://blog.example"}}, "no address of the web"),
        ({"feeds": {"blog": "https://me:secret@blog.example/"}}, "no address of the web"),
        ({"feeds": {"My Blog": "https://blog.example/"}}, "pattern"),
        ({"with_answers": ["forum"]}, "names what is no feed: forum"),
    ],
)
def test_a_mistake_in_the_config_is_told(options: dict[str, Any], told: str) -> None:
    given = {"feeds": {"blog": "https://blog.example/feed"}, **options}
    with pytest.raises(ConfigError, match=told) as caught:
        registry.options(Rss, given, "sources.rss")
    assert "secret" not in str(caught.value)
