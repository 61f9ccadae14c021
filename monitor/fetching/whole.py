"""Answers to what a network's own library asks by `requests`: whole, in a bounded time, of a bounded size.

requests counts the silence between two bytes alone: whoever sends one now and then would hold a call
for ever, and whoever never stops would fill the memory.
"""

from __future__ import annotations

import io
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

MOST_BYTES = 32 * 2**20
"""The longest body that is read, unpacked."""
_SLOWNESS = 4
"""So many times the time-out may an answer take that comes in drop by drop."""
_AT_ONCE = 2**16


class WholeAnswers(HTTPAdapter):
    """Sends a call once, and hands its answer on when all of it is there.

    For one session's `mount`; whatever the library sets for the time-out gives way to this one.
    """

    def __init__(self, timeout: float) -> None:
        """`timeout`: seconds of silence; a whole body may take four times as long."""
        self._timeout = timeout
        super().__init__(max_retries=0)

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """The answer, read. Raises requests.RequestException."""
        response = super().send(request, *args, **{**kwargs, "timeout": self._timeout})
        until = time.monotonic() + _SLOWNESS * self._timeout
        with response:
            body = _body(response, until)
        response.raw = io.BytesIO(body)
        return response


def _body(response: requests.Response, until: float) -> bytes:
    found = bytearray()
    try:
        while part := response.raw.read1(_AT_ONCE, decode_content=True):
            found += part
            if len(found) > MOST_BYTES:
                raise requests.ConnectionError("an answer without end")
            if time.monotonic() > until:
                raise requests.ReadTimeout("an answer that only drips")
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except HTTPError as error:
        raise requests.ConnectionError(error) from error
    return bytes(found)
