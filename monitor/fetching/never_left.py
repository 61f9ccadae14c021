"""Whether a call by `requests` that failed can have reached anybody; libraries of networks send by it."""

from __future__ import annotations

import requests
from urllib3.exceptions import NewConnectionError


def never_left(error: Exception) -> bool:
    """No connection came about: nothing can have arrived."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
