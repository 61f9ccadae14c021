"""What an app store knows of one app: reviews with stars, and the owner's one response to each.

How a store shows that is the business of `google_play` and `app_store`; `stores_http` carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

from monitor.simulator.world import Happening, What, World

_RESPONSE = "/response"

Payload = dict[str, Any]


@dataclass(slots=True)
class Response:
    """What the owner says to a review. `at`: when it was written, or changed last."""

    text: str
    at: datetime
    published: bool = True


@dataclass(slots=True, kw_only=True)
class Review:
    """What one customer says. `at`: when it was written, or changed last."""

    id: str
    text: str
    at: datetime
    author: str | None = None
    title: str | None = None
    rating: int = 1
    lang: str | None = None
    response: Response | None = None
    broken: Mapping[str, Any] | None = None
    """Fields that are not as they should be, of the form in which the store shows it."""


class Store:
    """The reviews of one app in one store. Safe to be used by several threads."""

    def __init__(self, network: str, clock: Callable[[], datetime]) -> None:
        """`clock` dates what is written through the API."""
        self.network = network
        self.clock = clock
        self.lock = RLock()
        self._reviews: dict[str, Review] = {}
        self._played = 0

    def put(self, review: Review) -> None:
        """Write a review, or write over it, at whatever time it claims."""
        with self.lock:
            self._reviews[review.id] = review

    def find(self, number: str) -> Review | None:
        """The review of that id, unless it was deleted or never was."""
        return self._reviews.get(number)

    def respond(self, number: str, text: str, at: datetime | None = None) -> Response:
        """The owner answers, or changes the answer; `at`: None is now."""
        with self.lock:
            response = Response(text, at or self.clock())
            self._reviews[number].response = response
            return response

    def delete(self, number: str) -> None:
        """The customer takes the review back; the response goes with it."""
        with self.lock:
            self._reviews.pop(number, None)

    def newest(self) -> list[Review]:
        """All reviews, the latest written or changed first."""
        with self.lock:
            return sorted(self._reviews.values(), key=lambda one: (one.at, one.id), reverse=True)

    def advance_to(self, world: World, now: datetime) -> int:
        """Let happen what became visible in the world's store by `now`. Returns how much that was."""
        mine = [one for one in world.until(now) if one.network == self.network]
        new, self._played = mine[self._played :], len(mine)
        for happening in new:
            self.play(happening)
        return len(new)

    def play(self, what: Happening) -> None:
        """Let one thing happen."""
        number, is_response = what.thread_id, what.external_id.endswith(_RESPONSE)
        with self.lock:
            if what.what is What.DELETED:
                if is_response:
                    self._reviews[number].response = None
                else:
                    self.delete(number)
            elif is_response:
                self.respond(number, what.text, what.edited_at or what.posted_at)
            else:
                before = self._reviews.get(number)
                self.put(
                    Review(
                        id=number,
                        text=what.text,
                        title=what.title,
                        at=what.edited_at or what.posted_at,
                        author=what.author,
                        rating=what.rating or 1,
                        lang=what.lang,
                        response=before.response if before else None,
                    )
                )
