"""Cheap posts by the million, for measuring: right in shape and proportion, not in wording.

One post in ten is a complaint; of these seven in ten are answered, after lognormal delays with a
long tail; some customers ask again before that, some say thanks after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from math import log
from random import Random
from typing import NamedTuple, TypeAlias

from monitor.simulator.shop import BRAND_HANDLES

Fields: TypeAlias = dict[str, str | int]
"""One line of a feed, before JSON: the fields of the `files` source."""

COMPLAINTS = 0.11
"""Share of opening posts; follow-ups and answers bring it to a tenth of all posts."""
ANSWERED = 0.7
ASKED_AGAIN = 0.15
THANKED = 0.2
MEDIAN_ANSWER = timedelta(hours=6)
SPREAD = 1.2
"""Sigma of the answers' lognormal delay: one in ten takes over a day."""
CUSTOMERS_PER_POST = 0.6
_POSTS_PER_ROOT = 1.09

_OPENERS = ("Hi team,", "Bună ziua,", "Salut,", "Hello?", "So,", "Ok,", "Serios,", "Today again:")
_COMPLAINTS = (
    "my parcel is nine days late and nobody says where it is",
    "coletul meu nu a ajuns nici azi, deși scrie livrat",
    "the refund you promised never reached my account",
    "mi-ați luat banii de două ori pentru aceeași comandă",
    "the lamp arrived broken and support hung up on me",
    "aplicatia se inchide de fiecare data cand deschid cosul",
    "what a wonderful idea to deliver an empty box",
    "aștept de trei săptămâni un răspuns la reclamație",
)
_OTHERS = (
    "the owl lamp looks lovely in the hall",
    "livrare rapidă, ambalaj frumos, recomand",
    "do you deliver on Saturdays?",
    "știe cineva până când ține reducerea?",
    "reading a book about owls, no shop involved",
    "ploaie, ceai, liniște",
    "just unpacked the blanket, so soft",
    "ce culoare se potrivește la o canapea verde?",
)
_CLOSERS = ("", "please advise.", "mulțumesc.", "order below.", "ce ziceți?", "thanks!", "🦉")
_ANSWERS = (
    "We are sorry, it is being put right today.",
    "Ne cerem scuze, am rezolvat acum.",
    "Thank you for telling us; a colleague writes to you directly.",
    "Am verificat comanda, mâine ajunge la tine.",
)
_THANKS = ("Thank you!", "Mulțumesc, s-a rezolvat.", "ok, mersi", "Great, that worked.")
_NETWORKS = ("x", "reddit", "google_play", "app_store", "reviews", "forum")
_SHARES = (45, 20, 15, 8, 7, 5)
_REVIEWS = ("google_play", "app_store", "reviews")


class Loaded(NamedTuple):
    """A line of a feed, and whether it is truly a complaint."""

    fields: Fields
    complaint: bool


class _Due(NamedTuple):
    """Something that will be said later in a thread. `number` breaks ties in order of birth."""

    at: datetime
    number: int
    says: str
    root: Fields

    @property
    def talks(self) -> bool:
        """Whether customers can speak again below their own post; under reviews they can't."""
        return self.root["network"] not in _REVIEWS


def posts(n: int, seed: int, start: datetime, days: float) -> Iterator[Loaded]:
    """Exactly `n` posts in the order of `posted_at`, over about `days` days from `start`.

    The same arguments give the same posts. Memory holds only what is still to be said in open
    threads. Answers due after the end are never given.
    """
    chance = Random(seed)
    numbers = count()
    start = start.astimezone(UTC)
    end = start + timedelta(days=days)
    pace = timedelta(days=days) / max(n, 1) * _POSTS_PER_ROOT
    due: list[_Due] = []
    roots = 0
    for number in range(n):
        next_root_at = min(start + pace * roots, end)
        if due and due[0].at <= next_root_at:
            said = heappop(due)
            yield _said(said, number, chance)
            if said.says == "answer" and said.talks and chance.random() < THANKED:
                thanked_at = said.at + timedelta(minutes=chance.uniform(2, 180))
                heappush(due, _Due(thanked_at, next(numbers), "thanks", said.root))
            continue
        roots += 1
        root = _root(number, n, next_root_at, chance)
        yield root
        if root.complaint:
            for says, after in _what_follows(chance, str(root.fields["network"])):
                heappush(due, _Due(next_root_at + after, next(numbers), says, root.fields))


def _what_follows(chance: Random, network: str) -> Iterator[tuple[str, timedelta]]:
    if chance.random() < ASKED_AGAIN and network not in _REVIEWS:
        yield "again", timedelta(hours=chance.uniform(1, 48))
    if chance.random() < ANSWERED:
        median = MEDIAN_ANSWER / timedelta(hours=1)
        yield "answer", timedelta(hours=chance.lognormvariate(log(median), SPREAD))


def _root(number: int, n: int, at: datetime, chance: Random) -> Loaded:
    complaint = chance.random() < COMPLAINTS
    network = chance.choices(_NETWORKS, _SHARES)[0]
    customer = int(chance.random() * n * CUSTOMERS_PER_POST)
    told = chance.choice(_COMPLAINTS if complaint else _OTHERS)
    text = f"{chance.choice(_OPENERS)} {told} {chance.choice(_CLOSERS)} #{number}"
    fields = _fields(network, str(10**17 + number), f"customer_{customer}", text, at)
    fields["thread_id"] = fields["external_id"]
    if network in _REVIEWS:
        fields["rating"] = chance.randint(1, 2) if complaint else chance.randint(3, 5)
    return Loaded(fields, complaint)


def _said(due: _Due, number: int, chance: Random) -> Loaded:
    network = str(due.root["network"])
    root_id = str(due.root["external_id"])
    own_id = str(10**17 + number)
    match due.says:
        case "answer":
            author, text = BRAND_HANDLES[network][0], chance.choice(_ANSWERS)
            if network in _REVIEWS:
                own_id = f"{root_id}/response"
        case "thanks":
            author, text = str(due.root["author"]), chance.choice(_THANKS)
        case _:
            author, text = str(due.root["author"]), f"{chance.choice(_COMPLAINTS)}, still #{number}"
    fields = _fields(network, own_id, author, text, due.at)
    fields |= {"thread_id": root_id, "reply_to": root_id}
    return Loaded(fields, complaint=due.says == "again")


def _fields(network: str, external_id: str, author: str, text: str, at: datetime) -> Fields:
    return {
        "network": network,
        "external_id": external_id,
        "author": author,
        "text": text,
        "posted_at": at.isoformat(timespec="seconds"),
    }
