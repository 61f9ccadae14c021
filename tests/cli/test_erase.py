"""`erase`: what is kept of somebody, and that it goes."""

from __future__ import annotations

from tests.cli.shop import Shop


def test_somebody_is_erased_after_a_look_at_what_there_is(shop: Shop) -> None:
    shop.post("1", "awful parcel", author="ana")
    shop.post("2", "awful lamp", author="dan")
    shop.runs()
    said = shop.does("erase", "x:@Ana", "--dry-run").stdout
    assert said == "would be erased: x:@Ana: the words of 1 posts, 0 notes, in 1 cases\n"
    assert "awful parcel" in shop.does("cases", "list").stdout
    said = shop.does("erase", "x:@Ana").stdout
    assert said == "erased: x:@Ana: the words of 1 posts, 0 notes, in 1 cases\n"
    shop.runs()
    listed = shop.does("cases", "list").stdout
    assert "awful parcel" not in listed
    assert "awful lamp" in listed
    assert "posts and notes of authors who were erased" in shop.does("keep").stdout
    told = shop.data("erase", "x:ana")
    assert told == {"dry_run": False, "authors": 1, "posts": 0, "cases": 1, "notes": 0}


def test_who_is_unknown_and_what_is_no_name_is_told(shop: Shop) -> None:
    shop.post("1", "awful parcel")
    shop.runs()
    assert shop.does("erase", "x:nobody", status=1).stdout == "nobody is known as x:nobody\n"
    for wrong in ("ana", "x:", ":ana"):
        assert "give the network and the name" in shop.does("erase", wrong, status=2).stderr
