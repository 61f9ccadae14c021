"""A real PgBouncer before the tests' PostgreSQL, run by an unprivileged user on a socket of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

_STARTING_S = 60.0
"""Until a pool that does not answer is given up."""
_CONFIG = """
[databases]
* = host={host} port={port} user={user} {password}
[pgbouncer]
pool_mode = {mode}
auth_type = trust
auth_file = {folder}/users
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
logfile = {folder}/log
default_pool_size = 60
"""


@contextmanager
def pooled(database_url: str, mode: str) -> Iterator[str]:
    """The URL of the same database behind a pool in that mode ("session" or "transaction")."""
    url = make_url(database_url)
    folder = Path(tempfile.mkdtemp(prefix="pool-"))
    server = {
        "host": url.query.get("host") or url.host,
        "port": url.query.get("port") or url.port or 5432,
        "user": url.username,
        "password": f"password={url.password}" if url.password else "",
    }
    (folder / "pool.ini").write_text(_CONFIG.format(folder=folder, mode=mode, **server))
    (folder / "users").write_text(f'"{url.username}" ""\n')
    program = shutil.which("pgbouncer", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    assert program is not None
    process = subprocess.Popen(
        [program, "-q", folder / "pool.ini"], stderr=subprocess.DEVNULL, **_unprivileged(folder)
    )
    try:
        behind = url.set(query={"host": str(folder), "port": "6432"}, host=None, port=None)
        _wait(behind.set(drivername="postgresql").render_as_string(hide_password=False), process)
        yield behind.render_as_string(hide_password=False)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """It refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _STARTING_S
    while time.monotonic() < ends and process.poll() is None:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url).close()
            return
        time.sleep(0.05)
    raise RuntimeError("PgBouncer did not start")
