"""How a listing is gone through whose places have names, and whose things are filled in together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from monitor.domain.errors import SourceError
from monitor.domain.post import Rejected
from monitor.fetching import Descent, Leaf, Place, Spot, Thing, descent

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())


@dataclass
class Named:
    """Three pages of two; what was asked for."""

    asked: list[Spot | None] = field(default_factory=list)

    def leaf(self, floor: int, spot: Spot | None, /) -> Leaf:
        self.asked.append(spot)
        number = int(spot.token) if spot else 0
        orders = [SECOND - 2 * number, SECOND - 2 * number - 1]
        things = [Thing(str(one), one, float(one), 0, "listed") for one in orders]
        further = Spot(orders[-1], 0, str(number + 1)) if number < 2 else None
        return Leaf(things, further, calls=2)


def read(thing: Thing) -> Rejected:
    return Rejected(thing.name, str(thing.said), "")


def looks(listing: Named, fill_in: descent.FillIn) -> Descent:
    return Descent(listing, read, 100, is_timed=True, fill_in=fill_in)


def filled(things: Sequence[Thing]) -> tuple[Sequence[Thing], int]:
    return [replace(one, said="filled in") for one in things], len(things)


def test_a_look_goes_on_by_the_name_of_a_place_also_after_a_restart() -> None:
    listing = Named()
    look = looks(listing, descent.as_listed)
    first = next(iter(look.pages(Place(0.0, SECOND - 50), NOW)))
    place = descent.read(first.cursor, "any", lambda: Place(0.0, 0))
    assert place.spot == Spot(SECOND - 1, 0, "1")
    rest = list(look.pages(place, NOW))
    assert len([item for page in [first, *rest] for item in page.items]) == 6


def test_new_things_alone_are_filled_in_and_all_calls_are_counted() -> None:
    look = looks(Named(), filled)
    pages = list(look.pages(Place(0.0, SECOND - 50), NOW))
    assert {item.reason for page in pages for item in page.items if isinstance(item, Rejected)} == {
        "filled in"
    }
    assert [page.cost.calls for page in pages] == [4, 4, 4]
    again = descent.read(pages[-1].cursor, "any", lambda: Place(0.0, 0))
    assert [page.cost.calls for page in look.pages(again, NOW)] == [6], "nothing is new"


def test_a_page_that_cannot_be_filled_in_is_read_again() -> None:
    def fails(things: Sequence[Thing]) -> tuple[Sequence[Thing], int]:
        raise SourceError("no")

    place = Place(0.0, SECOND - 50)
    with pytest.raises(SourceError):
        list(looks(Named(), fails).pages(place, NOW))
    assert len(list(looks(Named(), filled).pages(place, NOW))) == 3
