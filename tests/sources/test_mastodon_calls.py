"""What the calls to a Mastodon server say of Mastodon.py's own errors."""

from __future__ import annotations

import pytest

from monitor.fetching import CallError
from monitor.sources.mastodon.calls import Calls
from tests.sources.fediverse import NOW


def test_what_the_library_cannot_ask_is_told_by_the_error_s_class() -> None:
    calls = Calls(base_url="http://127.0.0.1", token=lambda: "t", timeout=1, clock=lambda: NOW)
    with pytest.raises(CallError, match="can't ask this: TypeError “"):
        calls.ask(lambda client: client.status())
