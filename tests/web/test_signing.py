"""Guessing passwords: at once, in another's name, and while the password changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta

import pytest

from monitor.clock import utc_now
from monitor.domain.access import Change, Role
from monitor.store import access_events, sessions, users
from monitor.store.engine import Database
from monitor.web import signing
from monitor.web.access.passwords import Checked
from tests.store.written import rows
from tests.web.served import Served
from tests.web.visitor import PASSWORD, Visitor, add_user

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
RIGHT = Checked(is_right=True, anew="by today's measure")


@pytest.fixture
def served(database_url: str) -> Iterator[Served]:
    with Served(database_url) as one:
        add_user(one.application.database, "ana", Role.AGENT)
        yield one


def counted(database: Database) -> int:
    [(number,)] = rows(database, "SELECT count(*) FROM refused_sign_in")
    return int(number)


def test_of_guesses_that_come_at_once_no_more_are_looked_at(served: Served) -> None:
    with ExitStack() as open_ones:
        visitors = [Visitor(served) for _ in range(9)]
        for one in visitors:
            open_ones.enter_context(closing(one.client))
        proofs = [one.proof() for one in visitors]

        def guess(number: int) -> int:
            one = visitors[number]
            said = {"name": "ana", "password": f"guess {number}", "csrf": proofs[number]}
            return one.client.post(
                "/sign-in", data=said, headers={"origin": one.origin}
            ).status_code

        with ThreadPoolExecutor(len(visitors)) as pool:
            found = sorted(pool.map(guess, range(len(visitors))))
    assert found == [401] * signing.MOST_OF_ONE + [429] * (len(found) - signing.MOST_OF_ONE)


@SQLITE
def test_the_right_password_counts_for_nothing_and_wrong_ones_of_the_name_no_more(
    served: Served,
) -> None:
    database = served.application.database
    visitor = Visitor(served)
    with closing(visitor.client):
        assert visitor.sign_in("ana").status_code == 303
        assert counted(database) == 0
        now = utc_now()
        with database.writing() as conn:
            sessions.refuse(conn, ["ana\0" + "127.0.0.1", "ana\0"], now, now)
        visitor.client.cookies.clear()
        assert visitor.sign_in("ana").status_code == 303
    assert counted(database) == 1  # of the name from anywhere: somebody else may be at it


@SQLITE
@pytest.mark.parametrize(
    ("proxies", "said", "believed"),
    [
        (None, ["1.1.1.1, 7.7.7.7"], "7.7.7.7"),
        (None, ["1.1.1.1", "7.7.7.7"], "7.7.7.7"),
        (None, [""], "127.0.0.1"),
        (["127.0.0.1", "10.0.0.0/8"], ["7.7.7.7"], "7.7.7.7"),
        (["10.0.0.0/8"], ["7.7.7.7"], "127.0.0.1"),
        ([], ["7.7.7.7"], "127.0.0.1"),
    ],
)
def test_the_last_word_of_a_server_before_us_says_who_calls(
    database_url: str, proxies: Sequence[str] | None, said: Sequence[str], believed: str
) -> None:
    """The first words are whatever the caller himself wrote."""
    config = "" if proxies is None else f"[web]\nproxies = {list(proxies)}"
    with Served(database_url, config) as served, closing((visitor := Visitor(served)).client):
        now, database = utc_now(), served.application.database
        with database.writing() as conn:
            for _ in range(signing.MOST_OF_ONE):
                sessions.refuse(conn, [f"ana\0{believed}"], now, now - timedelta(hours=1))
        headers = [("origin", visitor.origin), *(("x-forwarded-for", one) for one in said)]
        form = {"name": "ana", "password": PASSWORD, "csrf": visitor.proof()}
        answer = visitor.client.post("/sign-in", data=form, headers=headers)
    assert answer.status_code == 429


@SQLITE
@pytest.mark.parametrize("change", ["password", "disabled", "nothing"])
def test_a_password_that_is_changed_while_it_is_checked_lets_nobody_in(
    served: Served, change: str
) -> None:
    database, now = served.application.database, utc_now()
    site = served.application.site()
    its = signing._Try("ana", signing._keys("ana", "127.0.0.1"), now)
    may_go_on, user = signing._begun(site, its)
    assert may_go_on
    assert user
    with database.writing() as conn:
        if change == "password":
            users.change_password(conn, "ana", "another hash", by="test", at=now)
        elif change == "disabled":
            users.disable(conn, "ana", by="test", at=now)
    is_same = change == "nothing"
    assert signing._let_in(site, its, user.password, RIGHT, "secret") is is_same
    with database.reading() as conn:
        assert (sessions.of(conn, "secret", now) is not None) is is_same
        [last] = access_events.latest(conn, 1)
        [kept] = (one.password for one in users.every(conn))
    assert last.what is (Change.SIGNED_IN if is_same else Change.SIGN_IN_REFUSED)
    assert kept == {"password": "another hash", "nothing": RIGHT.anew}.get(change, user.password)


@SQLITE
def test_a_new_hash_takes_the_place_of_the_one_that_was_checked_alone(served: Served) -> None:
    database = served.application.database
    with database.writing() as conn:
        [before] = users.every(conn)
        users.rehash(conn, before.id, "another hash", "anew")
        assert users.every(conn) == [before]
