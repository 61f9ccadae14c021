"""`erase`: what is kept of somebody, and that it goes."""

from __future__ import annotations

from tests.cli.shop import Shop


def test_somebody_is_erased_after_a_look_at_what_there_is(shop: Shop) -> None:
    shop.post("1", "awful parcel", author="ana")
    shop.post("2", "awful lamp", author="dan")
    shop.runs()
    said = shop.does("erase", "x:@Ana", "--dry-run").stdout
    assert (
        said == "would be erased: x:@Ana: 1 accounts, the words of 1 posts, 0 notes, in 1 cases\n"
    )
    assert "awful parcel" in shop.does("cases", "list").stdout
    said = shop.does("erase", "x:@Ana").stdout
    assert said == "erased: x:@Ana: 1 accounts, the words of 1 posts, 0 notes, in 1 cases\n"
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


def test_nobody_is_erased_who_only_goes_by_what_was_said(shop: Shop) -> None:
    shop.post("1", "awful parcel", author="ana", author_id="783214")
    shop.post("2", "awful lamp", author="783214", author_id="5")
    shop.post("3", "awful chair", author="ana", author_id="6")  # ana gave her handle up
    shop.runs()
    told = shop.data("erase", "x:@783214", "--dry-run")
    assert (told["authors"], told["posts"]) == (1, 1)
    said = ""
    for name in ("x:@ana", "x:783214"):
        for only in ((), ("--dry-run",)):
            said = shop.refuses("erase", name, *only)
            assert f"2 accounts are known as {name}; nobody was erased" in said
            assert "@ana, number 783214" in said
    assert shop.data("erase", "x:5")["posts"] == 1
    [line] = [one for one in said.splitlines() if "number 783214" in one]
    assert shop.data("erase", line.strip().partition(": ")[0])["posts"] == 1
    listed = shop.does("cases", "list").stdout
    assert "awful chair" in listed
    for wrong in ("x:#", "x:#one", "x:#999", "reddit:#1"):
        shop.does("erase", wrong, "--dry-run", status=1)


def test_who_was_erased_since_a_copy_was_made_is_erased_again_from_it(shop: Shop) -> None:
    shop.post("1", "awful parcel", author="ana", author_id="783214")
    shop.runs()
    shop.does("db", "backup", "monday.db")
    shop.does("erase", "x:@ana")
    for one in shop.folder.glob("complaint-monitor.db*"):
        one.unlink()
    (shop.folder / "monday.db").rename(shop.folder / "complaint-monitor.db")
    shop.does("replay", "--check")
    shop.does("db", "restored")
    assert "awful parcel" in shop.does("cases", "list").stdout
    assert shop.data("erase", "x:@ana")["posts"] == 1
    raw = b"".join(one.read_bytes() for one in shop.folder.glob("complaint-monitor.db*"))
    assert b"783214" not in raw
    shop.runs()
    assert "awful parcel" not in shop.does("cases", "list").stdout
    assert shop.does("erase", "x:@ana", status=1).stdout == "nobody is known as x:@ana\n"
    assert shop.data("erase", "x:783214")["posts"] == 0
