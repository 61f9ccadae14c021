"""Files that are the same for everybody: the stylesheet, the scripts. No third party is asked for any."""

from __future__ import annotations

import gzip
from functools import cache
from http import HTTPStatus
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_KEPT = {"cache-control": "public, max-age=86400"}
"""A day; the address of each file names the version of the program."""
router = APIRouter(prefix="/static", include_in_schema=False)


@router.get("/{name}")
def fixed(name: str, request: Request) -> Response:
    """One of them; packed, where the browser unpacks it: there is nothing secret in it to be guessed."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    found = (_packed() if packed else _files()).get(name)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such file")
    kind = _KINDS[name.rpartition(".")[2]]
    headers = {**_KEPT, "vary": "accept-encoding"}
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(found, media_type=f"{kind}; charset=utf-8", headers=headers)


@cache
def _packed() -> dict[str, bytes]:
    return {name: gzip.compress(content, mtime=0) for name, content in _files().items()}


@cache
def _files() -> dict[str, bytes]:
    folder = files("monitor.web").joinpath("static")
    endings = tuple(f".{one}" for one in _KINDS)
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith(endings)}
