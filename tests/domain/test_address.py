"""Which addresses are one page, and which must never be taken for one."""

from __future__ import annotations

import pytest

from monitor.domain.address import page_of

STORED = "https://x.com/ana/status/1"


@pytest.mark.parametrize(
    "shared",
    [
        "https://x.com/ana/status/1?s=20",
        "https://x.com/ana/status/1?s=20&t=AbC",
        "http://www.X.com/ana/status/1/",
        "HTTPS://x.com:443/ana/status/1?utm_source=share&utm_medium=web",
        "https://x.com/ana/status/1#:~:text=parcel",
        " https://x.com/ana/status/1?ref_src=twsrc%5Etfw ",
    ],
)
def test_what_sharing_hangs_on_is_no_other_page(shared: str) -> None:
    assert page_of(shared) == page_of(STORED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (STORED, "https://x.com/ana/status/12"),
        ("https://forum.example/view?t=81", "https://forum.example/view?t=82"),
        ("https://forum.example/view?t=81", "https://forum.example/view"),
        ("https://shop.example/p#comment-1", "https://shop.example/p#comment-2"),
        ("https://a.example/P", "https://a.example/p"),
        ("https://a.example:8443/p", "https://a.example/p"),
    ],
)
def test_what_names_the_page_is_kept(one: str, other: str) -> None:
    assert page_of(one) != page_of(other)


@pytest.mark.parametrize("text", ["", "parcel", "https://[::1", "https://a.example:x/p"])
def test_what_is_no_address_stays(text: str) -> None:
    assert page_of(text) == text
