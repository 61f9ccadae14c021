"""A network of one growing file, which a source `files` follows."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from monitor.domain.post import PostKey
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item


class Harness(harness.Harness):
    name: ClassVar[str] = "files"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = {
        "file missing": Expected(permanent=False),
        "file is a folder": Expected(permanent=True),
        "file is packed": Expected(permanent=True),
        "file is one JSON array": Expected(permanent=True),
    }

    def start(self) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self._file = self._folder / "posts.txt"
        self._kept = self._folder / "kept.txt"
        self._file.touch()

    def stop(self) -> None:
        shutil.rmtree(self._folder)

    def options(self) -> dict[str, object]:
        path = str(self._file)
        return {"path": path, "network": "forum", "follow": True, "page_size": self.page}

    def key(self, item_id: str) -> PostKey:
        return PostKey("forum", item_id)

    def item_id(self, number: int) -> str:
        return str(2**63 + number)

    def put(self, item: Item) -> None:
        author = "our_shop" if item.by_brand else item.author
        row = {
            "external_id": int(item.id),
            "text": item.text,
            "author": author,
            "posted_at": item.at.isoformat(),
            "reply_to": item.reply_to,
            "edited_at": item.edited_at and item.edited_at.isoformat(),
        }
        self._append(row)

    def put_broken(self) -> None:
        with self._file.open("ab") as file:
            file.write(b'{"external_id": 7, "text": "half a li\n')

    def delete(self, item_id: str) -> None:
        self._append({"external_id": item_id, "deleted_at": NOON.isoformat()})

    def fail(self, fault: str) -> None:
        self._file.rename(self._kept)
        if fault == "file is a folder":
            self._file.mkdir()
        elif fault == "file is packed":
            self._file.write_bytes(b"PK\x03\x04\x14\x00")
        elif fault == "file is one JSON array":
            self._file.write_text('[{"text": "all in one"}]\n')

    def fail_stream(self, name: str) -> None:
        self.fail("file missing")

    def heal(self) -> None:
        if self._file.is_dir():
            self._file.rmdir()
        self._kept.replace(self._file)

    def _append(self, row: dict[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
