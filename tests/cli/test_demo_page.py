"""The demo's page: a link that signs in once, for this machine alone, until it is stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import httpx
import pytest

from monitor.cli import demo_page
from monitor.cli.playing import Played
from monitor.settings.reading import read_text
from monitor.store import brands
from monitor.wiring import Application
from tests.web.served import CONFIG

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def application(database_url: str) -> Iterator[Application]:
    one = Application(read_text(f'database = "{database_url}"\n{CONFIG}', "config.toml"))
    with one.database.writing() as conn:
        brands.ensure(conn, one.settings.brand_names)
    yield one
    one.close()


def _visit(url: str, link: str, password: str) -> None:
    page = {"accept": "text/html"}
    with httpx.Client(base_url=url, follow_redirects=True, headers=page) as first:
        assert "demo · admin" in first.get(link).text
        assert first.get("/audit/access").status_code == 200
    with httpx.Client(base_url=url, headers=page) as second:
        for one in (link, f"{link}x", "/welcome", "/welcome?key=%C3%A9"):
            again = second.get(one)
            assert again.status_code == 403, one
            assert "opened already" in again.text
        assert second.get("/queue").headers["location"].startswith("/sign-in")
        [proof] = set(re.findall(r'name="csrf" value="(\w+)"', second.get("/sign-in").text))
        said = {"csrf": proof, "name": "demo", "password": password}
        signed = second.post("/sign-in", data=said, headers={"origin": url})
        assert signed.status_code == 303
        assert second.get("/queue").status_code == 200


def _nobody_looks(stop: Event) -> None:
    stop.set()


def test_the_link_signs_in_once_and_the_password_after_it(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def somebody_looks(stop: Event) -> None:
        said = capsys.readouterr().out
        [(url, link)] = re.findall(r"(http://127\.0\.0\.1:\d+)(/welcome\?key=\S+)", said)
        [password] = re.findall(r"password (\w+)", said)
        _visit(url, link, password)
        stop.set()  # as Ctrl-C does: tests/cli/test_run.py sends it to a process of its own, not to pytest's
        seen.append(url)

    demo_page.show(Played(Path("report.html"), application, somebody_looks))
    [url] = seen
    assert capsys.readouterr().out.endswith("stopped\n")
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_without_anybody_it_opens_every_page_itself(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    demo_page.try_out(Played(Path("report.html"), application, _nobody_looks))
    said = capsys.readouterr().out
    for path in ("/", "/queue", "/review", "/numbers", "/coverage", "/audit"):
        assert f"{path} 200" in said
    assert "demo --web" in said


def test_a_page_that_does_not_answer_is_told(application: Application) -> None:
    with application.database.writing() as conn:
        conn.exec_driver_sql("DROP TABLE stream")
    with pytest.raises(demo_page.PageError, match="/coverage 503"):
        demo_page.try_out(Played(Path("report.html"), application, _nobody_looks))
