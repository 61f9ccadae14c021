"""The marks that a place remembers: where they are too many, those of the newest reviews."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.reviewing.cursor import Place

MOST = 10_000


def marks(first: int, after: int, mark: str = "a") -> Mapping[str, str]:
    """As a listing shows them: the newest, which has the lowest number here, first."""
    return {str(number): mark for number in range(first, after)}


def test_of_too_many_marks_the_newest_are_remembered() -> None:
    place = Place(0).partly(marks(0, MOST), "next").wholly(marks(MOST, MOST + 3))
    assert len(place.known) == MOST
    assert (place.mark_of("0"), place.mark_of(str(MOST - 1))) == ("a", "a")
    assert place.mark_of(str(MOST)) is None


def test_one_page_may_have_too_many() -> None:
    place = Place(0).wholly(marks(0, MOST + 3))
    assert (place.mark_of("0"), place.mark_of(str(MOST))) == ("a", None)


def test_what_a_look_that_was_cut_off_did_not_come_to_is_behind_what_it_saw() -> None:
    before = Place(0).wholly(marks(10, MOST + 10, "old"))
    cut_off = before.broken_off(marks(0, 20, "new"))
    begun_again = before.partly(marks(0, 20, "new"), "next").again()
    for place in (cut_off, begun_again):
        assert len(place.known) == MOST
        assert {place.mark_of(str(number)) for number in range(20)} == {"new"}
        assert place.mark_of("20") == place.mark_of(str(MOST - 1)) == "old"
        assert place.mark_of(str(MOST)) is None


def test_a_review_on_two_pages_has_the_mark_that_it_had_last() -> None:
    place = Place(0).partly({"1": "a", "2": "a"}, "next").wholly({"2": "b", "3": "b"})
    assert [place.mark_of(name) for name in "123"] == ["a", "b", "b"]
