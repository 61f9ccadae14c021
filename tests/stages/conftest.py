"""The scenarios' world, for stages whose work needs those before them."""

from __future__ import annotations

from tests.scenarios.conftest import world

__all__ = ["world"]
