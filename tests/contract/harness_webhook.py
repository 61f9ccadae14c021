"""A sender who signs what it sends, and the inbox of which a source `webhook` reads."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from monitor import registry
from monitor.domain.post import PostKey
from monitor.ports import Call, Receives, Secrets, Source
from monitor.sources.webhook import signing
from monitor.store import inbox, maintenance
from monitor.store.engine import Database
from monitor.store.inbox import OwnInbox
from tests.contract import harness
from tests.contract.harness import NOON, Expected, Item

SECRET = "of sixteen letters or more"


class Harness(harness.Harness):
    name: ClassVar[str] = "webhook"
    page: ClassVar[int] = 4
    faults: ClassVar[dict[str, Expected]] = {
        "nobody listens": Expected(permanent=False),
        "nobody ever listened": Expected(permanent=False),
        "no secret": Expected(permanent=True),
    }
    _template: ClassVar[Path | None] = None

    def start(self) -> None:
        self._folder = Path(tempfile.mkdtemp())
        path = self._folder / "shop.db"
        shutil.copyfile(self._with_tables(), path)
        self._database = Database(f"sqlite:///{path}")
        self._secrets = {"shop_hook": SECRET}
        self._sender = self.source()
        self.heal()

    def stop(self) -> None:
        self._database.close()
        shutil.rmtree(self._folder)

    def construct(self, options: BaseModel, secrets: Secrets) -> Source:
        source: Source = registry.build(
            self._class,
            options,
            secrets=secrets,
            clock=lambda: NOON,
            inbox=OwnInbox(self._database, "hook"),
        )
        return source

    def options(self) -> dict[str, object]:
        return {"secrets": ["shop_hook"], "tells_answers": True, "page_size": self.page}

    def secrets(self) -> dict[str, str]:
        return self._secrets

    def key(self, item_id: str) -> PostKey:
        return PostKey("webhook", item_id)

    def item_id(self, number: int) -> str:
        return str(2**63 + number)

    def put(self, item: Item) -> None:
        author = "our_shop" if item.by_brand else item.author
        said = {"external_id": int(item.id), "text": item.text, "author": author}
        said |= {"posted_at": item.at.isoformat(), "reply_to": item.reply_to}
        self._send(said | {"edited_at": item.edited_at and item.edited_at.isoformat()})

    def put_broken(self) -> None:
        self._send({"external_id": 7, "text": None})

    def delete(self, item_id: str) -> None:
        self._send({"external_id": item_id, "deleted_at": NOON.isoformat()})

    def fail(self, fault: str) -> None:
        if fault == "no secret":
            self._secrets.clear()
        elif fault == "nobody listens":
            self._listen(NOON - timedelta(hours=1))
        else:
            with self._database.writing() as conn:
                conn.exec_driver_sql("DELETE FROM listening")

    def fail_stream(self, name: str) -> None:
        self.fail("nobody listens")

    def heal(self) -> None:
        self._secrets["shop_hook"] = SECRET
        self._listen(NOON)

    def _listen(self, at: datetime) -> None:
        with self._database.writing() as conn:
            inbox.listen(conn, ["hook"], at)

    def _send(self, said: dict[str, Any]) -> None:
        assert isinstance(self._sender, Receives)
        body, at = json.dumps(said).encode(), f"{NOON.timestamp():.0f}"
        headers = {signing.TIME: at, signing.SIGNATURE: signing.sign(body, at, SECRET)}
        letters = self._sender.take(Call({}, headers, body, NOON))
        with self._database.writing() as conn:
            inbox.put(conn, "hook", letters, NOON)

    @classmethod
    def _with_tables(cls) -> Path:
        """A database with tables and no rows, made once."""
        if cls._template is None:
            cls._template = Path(tempfile.mkdtemp()) / "template.db"
            database = Database(f"sqlite:///{cls._template}")
            maintenance.upgrade(database)
            database.close()
        return cls._template
