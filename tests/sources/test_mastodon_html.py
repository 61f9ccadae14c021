"""The words of statuses, out of the HTML in which servers write them."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import fetching

plain = partial(fetching.plain, without=frozenset({"quote-inline"}))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p></p>", ""),
        ("<p>one</p><p>two<br>three<br />four</p>", "one\n\ntwo\nthree\nfour"),
        ("  no   tags\n&amp; one &lt;3 ", "no tags & one <3"),
        ("<p>a &lt;b&gt; &quot;c&quot; &#39;d&#39; &nbsp;e</p>", "a <b> \"c\" 'd' \xa0e"),
        (
            (
                '<p><span class="h-card"><a href="https://s.example/@shop" class="u-url mention">@<span>shop'
                '</span></a></span> hi <a href="https://s.example/tags/x" class="mention hashtag">#<span>x'
                "</span></a></p>"
            ),
            "@shop hi #x",
        ),
        (
            (
                '<a href="https://x.example/very/long"><span class="invisible">https://</span><span '
                'class="ellipsis">x.example/very</span><span class="invisible">/long</span></a>'
            ),
            "https://x.example/very/long",
        ),
        (
            "<p>these:</p><ul><li>one</li><li>two</li></ul><p>end</p>",
            "these:\n\n- one\n- two\n\nend",
        ),
        ('<p class="quote-inline">RE: <a href="https://q.example">q<br></a></p><p>ha!</p>', "ha!"),
        ("<p>a<script>alert(1)</script><style>p{}</style>b</p>", "ab"),
        ("<p>in source\nlines  are\tspaces</p>", "in source lines are spaces"),
        ("<p>never ended <b>bold", "never ended bold"),
        ("</p></div>only ends", "only ends"),
        ("<p>a<![x[b</p>", "a"),
        ("<blockquote><p>q</p></blockquote><p>r</p>", "q\n\nr"),
    ],
)
def test_what_people_read_is_what_comes_out(html: str, text: str) -> None:
    assert plain(html) == text


@given(st.text(alphabet=st.sampled_from("<>/!&#;[]p br-\n'\"=xscriptaș"), max_size=60))
def test_no_html_breaks_it(html: str) -> None:
    assert isinstance(plain(html), str)


@given(
    st.lists(st.text(alphabet="aăb<&>\"' 😡", min_size=1).map(str.strip).filter(bool), max_size=4)
)
def test_escaped_words_come_back_as_they_were_written(paragraphs: list[str]) -> None:
    written = [
        " ".join(one.split(" ")).replace("&", "&amp;").replace("<", "&lt;") for one in paragraphs
    ]
    html = "".join(f"<p>{one}</p>" for one in written)
    assert plain(html) == "\n\n".join(" ".join(filter(None, one.split(" "))) for one in paragraphs)
