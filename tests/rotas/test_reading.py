"""A rota is read from a file, or over HTTP; what cannot be read leaves what was known, and is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from monitor.domain.notice import Reason
from monitor.domain.rota import Person
from monitor.rotas.reading import RotaReader
from monitor.rotas.shifts import RotaError
from monitor.stages.rota import Rota
from monitor.store import outbox, rotas, schema
from monitor.store.engine import Database
from tests.given import Given
from tests.rotas.test_shifts import calendar

NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
PEOPLE = {"ana": Person(name="ana", audience="email:ana@shop.example")}
ON_DUTY = calendar("UID:1\nSUMMARY:ana\nDTSTART:20261020T080000Z\nDTEND:20261020T180000Z")


def reader(**where: Any) -> RotaReader:
    secrets = Given({"care_rota": where.pop("its_secret")} if "its_secret" in where else {})
    return RotaReader("care", zone="UTC", people=PEOPLE, secrets=secrets, **where)


@pytest.fixture
def server() -> Iterator[tuple[HTTPServer, dict[str, Any]]]:
    says: dict[str, Any] = {"status": 200, "body": ON_DUTY, "to": None}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(says["status"])
            if says["to"]:
                self.send_header("location", says["to"])
            self.send_header("content-length", str(len(says["body"])))
            self.end_headers()
            self.wfile.write(says["body"])

        def log_message(self, *_: object) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Page)
    thread = Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made, says
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_rota_is_read_from_an_address_or_a_secret_one(
    server: tuple[HTTPServer, dict[str, Any]],
) -> None:
    url = f"http://127.0.0.1:{server[0].server_port}/care.ics"
    assert [one.people for one in reader(url=url).read(NOW)] == [("ana",)]
    secretly = reader(secret="care_rota", its_secret=url)
    assert [one.people for one in secretly.read(NOW)] == [("ana",)]


def test_what_goes_wrong_there_is_said_without_the_address(
    server: tuple[HTTPServer, dict[str, Any]],
) -> None:
    place, says = server
    url = f"http://127.0.0.1:{place.server_port}/private-token/care.ics"
    for status, said in ((404, "404"), (500, "trouble of its own"), (200, "no iCalendar")):
        says.update(status=status, body=b"<html>")
        with pytest.raises(RotaError, match=said) as told:
            reader(url=url).read(NOW)
        assert "private-token" not in str(told.value)
    says.update(status=302, to="http://10.0.0.1/inside")
    with pytest.raises(RotaError, match="no public address"):
        reader(url=url).read(NOW)


def test_a_missing_file_or_secret_is_told(tmp_path: Path) -> None:
    with pytest.raises(RotaError, match="No such file"):
        reader(file=tmp_path / "none.ics").read(NOW)
    with pytest.raises(RotaError, match="care_rota"):
        reader(secret="care_rota").read(NOW)
    with pytest.raises(RotaError, match=r"address|can't be"):
        reader(url="http://[::1").read(NOW)


def test_what_cannot_be_read_any_more_leaves_what_was_known(
    tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "care.ics"
    file.write_bytes(ON_DUTY)
    database = Database(database_url)
    schema.metadata.create_all(database.engine)
    every = timedelta(minutes=15)
    stage = Rota(database, {"care": (reader(file=file), every)}, operators="#ops")
    assert stage.due(NOW) == ["care"]
    stage.handle("care", NOW)
    another = Rota(database, {"care": (reader(file=file), every)}, operators="#ops")
    assert another.due(NOW) == ["care"], "its config may be another"
    assert another.due(NOW) == [], "somebody has read it"
    assert stage.due(NOW + every / 2) == []
    file.unlink()
    for times in (1, 2):
        assert stage.due(NOW + times * every) == ["care"]
        stage.handle("care", NOW + times * every)
    with database.reading() as conn:
        assert rotas.on_call(conn, "care", NOW + every) == ("ana",)
        assert rotas.on_call(conn, "care", NOW + timedelta(days=1)) == ()
        standing = rotas.standings(conn).get("care")
        told = outbox.entry(conn, f"rota:care:{NOW.date()}")
    assert standing is not None
    assert (standing.read_at, standing.tried_at) == (NOW, NOW + 2 * every)
    assert "No such file" in (standing.problem or "")
    assert told is not None
    assert told.reason is Reason.ROTA_UNREAD
    file.write_bytes(calendar())
    stage.handle("care", NOW + 3 * every)
    with database.reading() as conn:
        assert rotas.on_call(conn, "care", NOW) == ()
    without = Rota(database, {}, operators=None)
    assert without.due(NOW) == ["care"], "the config has it no more"
    without.handle("care", NOW)
    assert without.due(NOW) == []
    database.close()


def test_a_rota_that_was_never_read_is_told_of_too(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'r.db'}")
    schema.metadata.create_all(database.engine)
    stage = Rota(
        database, {"care": (reader(file=tmp_path / "no.ics"), timedelta(1))}, operators="#ops"
    )
    stage.handle("care", NOW)
    with database.reading() as conn:
        assert outbox.entry(conn, f"rota:care:{NOW.date()}") is not None
        assert rotas.standings(conn)["care"] == rotas.Standing(
            None, NOW, f"{tmp_path / 'no.ics'}: No such file or directory"
        )
    database.close()
