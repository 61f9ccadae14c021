"""Whose a post is: the brand's own, about it, or about none of the brands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.identity import Brand, Identity
from monitor.domain.post import AUTOMATIC, Author, Post, PostKey, PostKind
from monitor.domain.roll import Roll

ACME = Brand("Acme", (Identity("x", handle="@AcmeHelp"),), terms=("acme",))
RIVAL = Brand("Rival", (Identity("x", handle="rival"),), terms=("rival",))


def a_post(text: str, by: str | None = "ana", kind: PostKind = PostKind.POST) -> Post:
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    key = PostKey("x", "1")
    return Post(key=key, thread="1", text=text, author=Author(handle=by), posted_at=at, kind=kind)


def test_a_response_to_a_review_is_the_brands_whoever_signed_it() -> None:
    assert ACME.wrote(a_post("Sorry!", by=None, kind=PostKind.RESPONSE))
    assert not ACME.wrote(a_post("Sorry!", by="ana"))


@pytest.mark.parametrize(
    ("text", "by", "concerned"),
    [
        ("acme lost my parcel, rival would not", "ana", (ACME, RIVAL)),
        ("acmes and rivals", "ana", ()),
        ("we are sorry", "acmehelp", (ACME,)),
    ],
)
def test_a_source_of_several_brands_brings_a_post_to_those_it_names_or_who_wrote_it(
    text: str, by: str, concerned: tuple[Brand, ...]
) -> None:
    both = (ACME, RIVAL)
    assert tuple(both[one] for one in Roll(both).concerned(a_post(text, by))) == concerned


def test_a_source_of_one_brand_brings_it_everything() -> None:
    assert Roll([ACME]).concerned(a_post("nobody is named here")) == (0,)


WORDS = st.sampled_from(
    ["Acme", "ACME", "acme-2", "@acme", "ac", "me", "€", "Iași", "IAȘI", "ı", "i̇"]
)
MANY = st.builds(
    lambda terms, handle: Brand("b", (Identity("x", handle=handle),), tuple(terms)),
    st.lists(st.lists(WORDS, min_size=1, max_size=2).map(" ".join), max_size=2),
    st.sampled_from(["ana", "@Ana", "acme"]),
)


@given(
    brands=st.lists(MANY, min_size=2, max_size=5),
    text=st.lists(WORDS | st.sampled_from([",", "x"]), max_size=6),
    glue=st.sampled_from([" ", "", "-"]),
    kind=st.sampled_from([PostKind.POST, PostKind.RESPONSE]),
)
def test_of_many_brands_the_same_are_found_as_by_asking_each(
    brands: list[Brand], text: list[str], glue: str, kind: PostKind
) -> None:
    post = a_post(glue.join(text), kind=kind)
    asked = [at for at, one in enumerate(brands) if one.wrote(post) or one.is_named_in(post)]
    assert list(Roll(brands).concerned(post)) == asked


@pytest.mark.parametrize(("via", "automatic"), [(AUTOMATIC, True), ("Mutt", False), (None, False)])
def test_what_says_of_itself_that_a_machine_wrote_it_answers_nobody(
    via: str | None, automatic: bool
) -> None:
    receipt = replace(a_post("we have got your message", "acmehelp"), via=via)
    assert ACME.answers_automatically(receipt) is automatic
