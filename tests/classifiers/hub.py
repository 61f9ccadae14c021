"""A hub of one model, over HTTP: what the client of Hugging Face asks of the real one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "shop/tiny"


@contextmanager
def hub(folder: Path) -> Iterator[str]:
    """The address of a hub that has the folder's files as `NAME`, at `COMMIT`, which is its `main`."""

    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(words=True)

        def do_HEAD(self) -> None:
            self._answer(words=False)

        def _answer(self, *, words: bool) -> None:
            asked, _, name = self.path.partition(f"/{NAME}/resolve/")[2].partition("/")
            file = folder / name
            if asked not in {"main", COMMIT} or not name or not file.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = file.read_bytes()
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if words:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
