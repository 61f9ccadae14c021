"""The words of a post. They come as plain text, in which the apps have shortened the links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_LINK = "app.bsky.richtext.facet#link"
_CUT = "…."


def plain(text: str, facets: Any) -> str:
    """The text with its links written out. What of the facets makes no sense is passed over.

    They count bytes of UTF-8.
    """
    said = text.encode(errors="replace")
    parts: list[bytes] = []
    done = 0
    for start, end, uri in sorted(_links(facets)):
        if not done <= start < end <= len(said):
            continue
        shown = said[start:end].decode(errors="replace")
        parts += [said[done:start], _written_out(shown, uri).encode(errors="replace")]
        done = end
    return b"".join([*parts, said[done:]]).decode(errors="replace")


def _links(facets: Any) -> Iterator[tuple[int, int, str]]:
    for facet in facets if isinstance(facets, list) else ():
        told = facet if isinstance(facet, dict) else {}
        index, features = told.get("index"), told.get("features")
        if not isinstance(index, dict) or not isinstance(features, list):
            continue
        start, end = index.get("byteStart"), index.get("byteEnd")
        for one in features:
            uri = one.get("uri") if isinstance(one, dict) and one.get("$type") == _LINK else None
            if type(start) is int and type(end) is int and isinstance(uri, str) and uri:
                yield start, end, uri


def _written_out(shown: str, uri: str) -> str:
    """The link itself where the text shows a part of it; behind the words where it shows words."""
    part = shown.strip().rstrip(_CUT).casefold()
    address = uri.casefold()
    bare = address.partition("://")[2] or address
    is_part = any(one.startswith(part) for one in (address, bare, bare.removeprefix("www.")))
    return uri if part and is_part else f"{shown} ({uri})"
