"""The bricks of a Slack message as plain dicts, each within Slack's limits whatever is put into it.

A stranger's words stand in `plain_text` and in elements of `rich_text` only: Slack shows those as they
are, so that nothing in them formats, links or pings. Only words of our own stand in `mrkdwn`.
Lengths are counted as Slack's own programs count them, in UTF-16 units.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

from monitor.render.words import cut, local_time, plain

Block: TypeAlias = dict[str, Any]
Element: TypeAlias = dict[str, Any]

HEADER = 150
SECTION = 3000
FALLBACK = 700
"""Of a message's `text`; escaping may make it five times as long, and 4,000 are the limit."""
MESSAGE = 11_000
"""Of a message's blocks as JSON; from about 13,200 on Slack says msg_blocks_too_long."""
LINE = 1500
"""Of one line. Longer ones go on in the next."""
_URL = 1000
_LINES = 40
"""In one block."""
_BLOCK = 40
"""What a block costs beside its elements, as JSON."""
_BLOCKS = 45
"""In one message: five less than the limit, for what stands around them."""
_UNSAFE = re.compile(r"[\s<>|\"`^{}\\\x00-\x20\x7f-\uffff\U00010000-\U0010ffff]+")


def short(text: str, most: int) -> str:
    """At most `most` UTF-16 units of the text."""
    kept = cut(text, most)
    return kept if len(kept.encode("utf-16-le")) <= 2 * most else cut(text, most // 2)


def escape(text: str) -> str:
    """For `mrkdwn` and the fallback: the three signs that could begin a link, a mention, an entity."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def header(text: str) -> Block:
    """The first line, large."""
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": short(text, HEADER) or "…", "emoji": True},
    }


def section(mrkdwn: str) -> Block:
    """Words of our own."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def context(*elements: Element) -> Block:
    """Small print."""
    return {"type": "context", "elements": list(elements)}


def own(mrkdwn: str) -> Element:
    """Words of our own, for a context."""
    return {"type": "mrkdwn", "text": mrkdwn}


def theirs(text: str) -> Element:
    """Somebody else's words, for a context."""
    return {"type": "plain_text", "text": short(text, 1000) or "…", "emoji": False}


def quoted(text: str) -> Block:
    """Somebody else's words, as a quotation."""
    return rich([{"type": "rich_text_quote", "elements": [said(text)]}])


def rich(elements: Sequence[Element]) -> Block:
    """Lines of rich text."""
    return {"type": "rich_text", "elements": list(elements)}


def line(*parts: Element) -> Element:
    """One line of a rich text."""
    return {"type": "rich_text_section", "elements": [*parts, said("\n")]}


def columns(text: str) -> Element:
    """One line whose columns stand under each other."""
    return {"type": "rich_text_preformatted", "elements": [said(text)]}


def said(text: str, *, bold: bool = False) -> Element:
    """A run of rich text, taken literally."""
    run: Element = {"type": "text", "text": text or "…"}
    return run | {"style": {"bold": True}} if bold else run


def linked(text: str, url: str | None) -> Element:
    """A run of rich text that leads somewhere, if the address is one."""
    address = web_address(url)
    return {"type": "link", "url": address, "text": text or "…"} if address else said(text)


def web_address(url: str | None) -> str | None:
    """The address as it may stand in a link; None for what is none, or is too long."""
    if url is None:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    address = _UNSAFE.sub(lambda found: quote(found.group(), errors="replace"), parts.geturl())
    return address if len(escape(address)) <= _URL else None


def link(url: str | None, label: str) -> str | None:
    """A link in `mrkdwn`, with a label of our own."""
    address = web_address(url)
    return f"<{escape(address)}|{escape(label)}>" if address else None


def moment(at: datetime, zone: tzinfo, *, ticking: bool = False) -> str:
    """A time in `mrkdwn`, which Slack shows to each reader in the reader's own zone.

    `ticking`: with how long it is to it, or was; Slack keeps that up to date by itself.
    """
    shown = "{date_short_pretty}, {time} ({ago})" if ticking else "{date_short_pretty}, {time}"
    return _date(at, zone, shown)


def ago(at: datetime, zone: tzinfo) -> str:
    """How long ago a time is (or how long it is until then), kept up to date by Slack."""
    return _date(at, zone, "{ago}")


def _date(at: datetime, zone: tzinfo, shown: str) -> str:
    return f"<!date^{int(at.timestamp())}^{shown}|{escape(local_time(at, zone))}>"


def pieces(text: str) -> Iterator[str]:
    """One line as as many as it takes, nothing left out."""
    for start in range(0, len(text) or 1, LINE):
        yield text[start : start + LINE]


def packed(head: Sequence[Block], lines: Iterable[Element]) -> list[list[Block]]:
    """As few messages as hold all lines: the first one begins with `head`."""
    messages: list[list[Block]] = [list(head)]
    used = sum(map(_size, head))
    for one in lines:
        blocks, needed = messages[-1], _size(one) + _BLOCK
        if blocks and (used + needed > MESSAGE or len(blocks) >= _BLOCKS):
            blocks, used = [], 0
            messages.append(blocks)
        used += needed
        last = blocks[-1] if blocks else None
        if last is not None and last["type"] == "rich_text" and len(last["elements"]) < _LINES:
            last["elements"].append(one)
        else:
            blocks.append(rich([one]))
    return messages


def paragraphs(text: str, most: int, lines: int) -> str:
    """A stranger's text with its line breaks, as far as it is to be shown."""
    kept = [one for one in map(plain, text.splitlines()) if one]
    shown = "\n".join(kept[:lines])
    return short(f"{shown} …" if len(kept) > lines else shown, most)


def _size(one: Block | Element) -> int:
    return len(json.dumps(one, ensure_ascii=False).encode("utf-16-le")) // 2
