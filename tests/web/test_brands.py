"""Who is let in for some brands sees and does nothing of others: every role, every route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute

from monitor.clock import utc_now
from monitor.domain.access import Role, Scope
from monitor.store import sight, tokens, users
from monitor.store.schema import metadata
from monitor.web import api
from monitor.web.app import PARTS
from tests.agency import Agency, agency
from tests.web.served import Served
from tests.web.visitor import Visitor, kept

FOR_ALL = {"/healthz", "/readyz", "/sign-in", "/language", "/sign-out"}


@pytest.fixture
def its(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def served(its: Agency) -> Iterator[Served]:
    url = its.database.url.render_as_string(hide_password=False)
    with Served(url, brand=its.config, clock=its.application.clock) as made:
        yield made


SignIn = Callable[[str, Role, "set[str] | None"], Visitor]


@pytest.fixture
def signed_in(served: Served) -> Iterator[SignIn]:
    """Makes a user for some brands, or all, and gives the user's browser."""
    visitors: list[Visitor] = []

    def sign_in(name: str, role: Role, brands: set[str] | None) -> Visitor:
        with served.application.database.writing() as conn:
            users.add(conn, name, role, kept(), brands=brands, by="test", at=utc_now())
        visitors.append(Visitor(served))
        assert visitors[-1].sign_in(name).status_code == 303
        return visitors[-1]

    yield sign_in
    for one in visitors:
        one.client.close()


def token(served: Served, name: str, role: Role, brands: set[str] | None) -> dict[str, str]:
    with served.application.database.writing() as conn:
        secret = tokens.add(
            conn, name, role, {*Scope}, ends_at=None, brands=brands, by="test", at=utc_now()
        )
    return {"authorization": f"Bearer {secret}"}


def routes(served: Served, *methods: str) -> list[tuple[str, str]]:
    """Every route and method that the site answers, pages and API."""
    pages = [
        (method, one.path)
        for part in PARTS
        if part is not api.router
        for one in part.routes
        if isinstance(one, APIRoute)
        for method in sorted(one.methods or ())
    ]
    of_api = [
        (method.upper(), path)
        for path, its in served.app.openapi()["paths"].items()
        for method in its
    ]
    found = {one for one in [*pages, *of_api] if one[0] in methods}
    assert len(found) > 10
    return sorted(found)


def filled(path: str, its: Agency) -> str:
    """The address with a case, a post and the number of the other brand in it."""
    case, post = its.cases["beta"][0], its.posts["beta"][0]
    path = re.sub(r"\{post(_id)?\}", str(post), path)
    path = path.replace("{name}", "beta posts").replace("{what}", "claim")
    path = path.replace("{brand}", "2")
    return re.sub(r"\{[^}]*\}", str(case), path)


def of_beta(its: Agency) -> dict[str, list[Any]]:
    with sight.only({"beta"}), its.database.reading() as conn:
        return {
            name: sorted(str(tuple(row)) for row in conn.execute(sa.select(metadata.tables[name])))
            for name in sight.shadowed()
        }


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Every route takes its time; that sight is the same on PostgreSQL is tested by `test_sight` and below."""


@on_sqlite
@pytest.mark.timeout(300)
def test_no_route_shows_a_role_what_is_anothers(
    its: Agency, served: Served, signed_in: SignIn
) -> None:
    read = 0
    for role in Role:
        visitor = signed_in(f"u{role}", role, {"acme"})
        header = token(served, f"t{role}", role, {"acme"})
        for _, path in routes(served, "GET"):
            if path in FOR_ALL or path == "/news":
                continue
            for asked in ("", "?brand=beta"):
                if path.startswith(("/api", "/metrics")):
                    said = served.client.get(filled(path, its) + asked, headers=header)
                else:
                    said = visitor.get(filled(path, its) + asked)
                text = said.text.replace("brand=beta", "").replace("beta posts", "", 1)
                text = text.replace("'beta'", "") if "beta" in asked else text  # what was asked
                assert "beta" not in re.sub(r'"(instance|path)": ?"[^"]*"', "", text), (role, path)
                read += said.status_code == 200
                if re.search(r"\{(case_id|post_id|number)\}", path):
                    assert said.status_code in {403, 404, 422}, (role, path, said.status_code)
    assert read > 20


@on_sqlite
@pytest.mark.timeout(300)
def test_no_route_lets_a_role_act_on_what_is_anothers(
    its: Agency, served: Served, signed_in: SignIn
) -> None:
    before, case = of_beta(its), its.cases["beta"][0]
    visitor = signed_in("visitor", Role.ADMIN, {"acme"})
    proof = visitor.proof("/queue")
    for role in Role:
        header = token(served, f"t{role}", role, {"acme"})
        for number, (method, path) in enumerate(routes(served, "POST", "PUT", "DELETE", "PATCH")):
            if path.startswith("/api"):
                body: Any
                for body in ({}, {"to": "x", "text": "done", "reason": "x", "brand": "beta"}, []):
                    key = {"idempotency-key": f"key-{role}-{number}-{len(body)}"}
                    said = served.client.request(
                        method, filled(path, its), json=body, headers=header | key
                    )
                    assert said.status_code >= 400, (role, path, said.text)
            elif path not in FOR_ALL:
                fields = {"csrf": proof, "case": str(case), "cases": str(case), "act": "claim"}
                visitor.client.post(
                    filled(path, its), data=fields, headers={"origin": visitor.origin}
                )
    assert of_beta(its) == before


@pytest.mark.parametrize(("brands", "seen"), [({"acme"}, 1), ({"acme", "beta"}, 2), (None, 2)])
def test_each_is_shown_what_it_is_let_in_for(
    its: Agency, served: Served, signed_in: SignIn, brands: set[str] | None, seen: int
) -> None:
    header = token(served, "t", Role.AGENT, brands)
    found = served.client.get("/api/v1/cases", headers=header).json()["items"]
    assert len({one["brand"] for one in found}) == seen
    case = its.cases["acme"][0]
    done = served.client.post(
        f"/api/v1/cases/{case}/claim", headers=header | {"idempotency-key": "one-key"}
    )
    assert done.status_code == 200, done.text
    page = signed_in("u", Role.MANAGER, brands).get("/queue").text
    assert ("secret-of-beta" in page) is (seen == 2)
    assert "secret-of-acme" in page


def test_it_holds_from_the_next_click_on(its: Agency, signed_in: SignIn) -> None:
    eva = signed_in("eva", Role.MANAGER, None)
    assert "secret-of-beta" in eva.get("/queue").text
    with its.database.writing() as conn:
        users.change_brands(conn, "eva", {"acme"}, by="test", at=utc_now())
    both = [eva.get("/queue").text, eva.get("/audit").text]
    assert [one for one in both if "beta" in one] == []
    assert "secret-of-acme" in both[0]
    with its.database.writing() as conn:
        users.change_brands(conn, "eva", None, by="test", at=utc_now())
    assert "secret-of-beta" in eva.get("/queue").text


def test_pairs_of_brands_and_roles_are_kept_and_listed(its: Agency) -> None:
    with its.database.writing() as conn:
        for role, brands in product(Role, (None, {"acme"})):
            users.add(conn, f"{role}{brands}", role, None, brands=brands, by="t", at=utc_now())
        found = {one.name: one.brands for one in users.every(conn)}
    assert {one for one in found.values() if one is not None} == {frozenset({"acme"})}
    assert len([one for one in found.values() if one is None]) == len(Role)
