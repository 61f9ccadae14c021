"""The invented shop: its name, its accounts, and the marks of its automatic replies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAME = "Bufnivo"

BRAND_HANDLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "x": ("BufnivoShop", "BufnivoHelp"),
        "reddit": ("Bufnivo_Team",),
        "google_play": ("Bufnivo",),
        "app_store": ("Bufnivo",),
        "reviews": ("Bufnivo",),
        "forum": ("bufnivo_ajutor",),
    },
)
"""The shop's accounts by network; posts by these are the shop's own."""

AUTOMATIC_APPS = ("AutoReply",)
"""What `via` says on replies that no person wrote."""

AUTOMATIC_PATTERNS = (r"^This is an automatic message", r"^Mesaj automat")
"""How automatic replies begin on networks that don't tell the app."""
