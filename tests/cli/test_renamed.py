"""What was written under one config and waits under another: it is told late, not lost, nor to others."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.shop import CONFIG, Shop

CRM = """
[[policies]]
name = "care"
target = "1h"
tell = "crm"
[[notifiers]]
use = "console"
name = "crm"
log = "crm/notices.jsonl"
"""


def _told(shop: Shop, journal: str) -> list[str]:
    path = shop.folder / journal
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(one)["kind"] for one in lines]


def _lacks(shop: Shop, what: str) -> list[Any]:
    tried = shop.data("check")["tried"]
    return [one["said"] for one in tried if (one["what"], one["standing"]) == (what, "lacks")]


def test_an_alert_for_a_notifier_that_is_named_no_longer_waits_for_it(shop: Shop) -> None:
    shop.configure(CONFIG + CRM)
    shop.runs()
    shop.post("1", "awful parcel")
    shop.runs()  # nowhere to write to: it waits
    (shop.folder / "crm").mkdir()
    shop.configure(CONFIG)
    while not any("names no notifier" in one for one in _lacks(shop, "notices")):
        shop.runs()
    [said] = _lacks(shop, "notices")
    assert said.startswith("1 notice waits for crm since ")
    assert said.endswith('UTC: the config names no notifier "crm" (any more)')
    assert "alert" not in _told(shop, "notices.jsonl")
    shop.configure(CONFIG + CRM)
    while not _told(shop, "crm/notices.jsonl"):
        shop.runs()
    assert _told(shop, "crm/notices.jsonl") == ["alert"]
    assert _lacks(shop, "notices") == []
