"""What a person sees of Block Kit: messages, modals and Home tabs as a page, for pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

Block: TypeAlias = Mapping[str, Any]

_STYLE = """
body { margin: 0; padding: 18px; background: #fff; color: #1d1c1d;
  font: 15px/22px Lato, "DejaVu Sans", sans-serif }
.pane { border: 1px solid #ddd; border-radius: 10px; padding: 14px 18px; margin: 0 0 16px;
  max-width: 660px }
.modal { box-shadow: 0 6px 24px #0003 } .modal h1 { font-size: 18px; margin: 0 0 10px }
.who b { font-weight: 900 } .who span { color: #616061; font-size: 12px; margin-left: 6px }
.app { background: #eee; border-radius: 3px; font-size: 10px; padding: 1px 4px; color: #616061 }
.header { font-size: 18px; font-weight: 900; margin: 6px 0 } .block { margin: 7px 0 }
.context { color: #616061; font-size: 13px } .context span + span::before { content: "  " }
blockquote { border-left: 4px solid #ddd; margin: 6px 0; padding: 0 0 0 12px; white-space: pre-wrap }
pre { background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px;
  font-size: 13px; margin: 6px 0 }
.button { border: 1px solid #bbb; border-radius: 5px; display: inline-block; font-size: 13px;
  font-weight: 700; padding: 3px 11px; margin: 2px 6px 2px 0; background: #fff }
.primary { background: #007a5a; color: #fff; border-color: #007a5a }
.row { display: flex; justify-content: space-between; gap: 12px }
a { color: #1264a3; text-decoration: none }
.label { font-weight: 700; margin-top: 10px } .hint { color: #616061; font-size: 13px }
.field { border: 1px solid #999; border-radius: 5px; padding: 7px 10px; min-height: 22px;
  white-space: pre-wrap }
.mark { border-radius: 9px; color: #fff; display: inline-block; font: 700 13px/17px sans-serif;
  height: 17px; text-align: center; vertical-align: -2px; width: 17px }
.foot { text-align: right; margin-top: 14px } hr { border: 0; border-top: 1px solid #ddd }
"""
_MARKS = {
    "🔴": ("#d72b3f", ""),
    "🟠": ("#f2952f", ""),
    "🟡": ("#f2c744", ""),
    "⚪": ("#c8c8c8", ""),
    "🔵": ("#1d9bd1", ""),
    "✅": ("#2eb67d", "✓"),
    "☑️": ("#8a8a8a", "✓"),
    "⏰": ("#611f69", "!"),
    "⏳": ("#b8860b", "…"),
    "❌": ("#d72b3f", "×"),
    "❓": ("#611f69", "?"),
}
"""Drawn, as not every machine has a font with them."""
_TOKEN = re.compile(r"&lt;(.+?)&gt;")
_BOLD, _CODE = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), re.compile(r"`([^`\n]+)`")


class Page:
    """Renders what stands in Slack, as somebody in `zone` sees it `now`."""

    def __init__(self, now: datetime, zone: tzinfo = UTC) -> None:
        self._now = now
        self._zone = zone
        self._parts: list[str] = []

    @property
    def html(self) -> str:
        """The page so far."""
        shown = "".join(self._parts)
        for mark, (colour, sign) in _MARKS.items():
            drawn = f'<i class="mark" style="background: {colour}">{sign}</i>'
            shown = shown.replace(mark, drawn)
        return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>{shown}'

    def message(self, blocks: Sequence[Block], app: str = "Complaint monitor") -> None:
        """Add a message of the app's."""
        at = self._now.astimezone(self._zone)
        who = f'<div class="who"><b>{app}</b> <span class="app">APP</span><span>{at:%H:%M}</span></div>'
        self._pane(who + self._blocks(blocks), "message")

    def view(self, view: Mapping[str, Any]) -> None:
        """Add a modal, or a Home tab."""
        title = html.escape(_words(view.get("title")))
        head = f"<h1>{title}</h1>" if title else ""
        shown = [_words(view.get(one)) for one in ("close", "submit")]
        labels = zip(shown, ("", " primary"), strict=True)
        foot = "".join(_button(label, kind) for label, kind in labels if label)
        end = f'<div class="foot">{foot}</div>' if foot else ""
        self._pane(head + self._blocks(view["blocks"]) + end, str(view["type"]))

    def _pane(self, inside: str, kind: str) -> None:
        self._parts.append(f'<div class="pane {kind}">{inside}</div>')

    def _blocks(self, blocks: Iterable[Block]) -> str:
        return "".join(f'<div class="block">{self._block(one)}</div>' for one in blocks)

    def _block(self, block: Block) -> str:
        match block:
            case {"type": "header", "text": text}:
                return f'<div class="header">{html.escape(_words(text))}</div>'
            case {"type": "section", "text": text}:
                aside = self._element(block["accessory"]) if "accessory" in block else ""
                return f'<div class="row"><div>{self._text(text)}</div><div>{aside}</div></div>'
            case {"type": "context", "elements": elements}:
                shown = " ".join(f"<span>{self._text(one)}</span>" for one in elements)
                return f'<div class="context">{shown}</div>'
            case {"type": "rich_text", "elements": elements}:
                return "".join(map(_rich, elements))
            case {"type": "actions", "elements": elements}:
                return "".join(map(self._element, elements))
            case {"type": "input", "label": label, "element": element}:
                hint = f'<div class="hint">{html.escape(_words(block.get("hint")))}</div>'
                name = f'<div class="label">{html.escape(_words(label))}</div>'
                return name + self._field(element) + hint
            case _:
                return "<hr>"

    def _element(self, one: Mapping[str, Any]) -> str:
        match one["type"]:
            case "button":
                return _button(_words(one["text"]), " primary" if one.get("style") else "")
            case "overflow":
                return _button("⋯", "")
            case _:
                return _button(f"{_chosen(one)} ▾", "")

    def _field(self, one: Mapping[str, Any]) -> str:
        value = str(one.get("initial_value") or _chosen(one))
        if "initial_date_time" in one:
            at = datetime.fromtimestamp(one["initial_date_time"], self._zone)
            value = f"{at:%Y-%m-%d %H:%M}"
        return f'<div class="field">{html.escape(value)}</div>'

    def _text(self, text: Mapping[str, Any]) -> str:
        said = _words(text)
        if text["type"] != "mrkdwn":
            return html.escape(said).replace("\n", "<br>")
        shown = _TOKEN.sub(self._token, html.escape(said, quote=False).replace("&amp;", "&"))
        shown = _CODE.sub(r"<code>\1</code>", _BOLD.sub(r"<b>\1</b>", shown))
        return shown.replace("\n", "<br>")

    def _token(self, found: re.Match[str]) -> str:
        inside, _, label = found[1].partition("|")
        if inside.startswith("!date^"):
            _, stamp, how = inside.split("^")[:3]
            return self._date(datetime.fromtimestamp(int(stamp), self._zone), how)
        if inside.startswith(("@", "!")):
            return f"<b>{html.escape(label or inside)}</b>"
        return f'<a href="{inside}">{label or inside}</a>'

    def _date(self, at: datetime, how: str) -> str:
        values = {
            "{date_short_pretty}": f"{at:%b} {at.day}",
            "{time}": f"{at:%H:%M}",
            "{ago}": _ago(self._now - at),
        }
        for token, value in values.items():
            how = how.replace(token, value)
        return how


def _ago(span: timedelta) -> str:
    minutes = round(abs(span.total_seconds()) / 60)
    said = f"{minutes} minutes" if minutes < 90 else f"{round(minutes / 60)} hours"  # noqa: PLR2004
    return f"in {said}" if span < timedelta(0) else f"{said} ago"


def _rich(element: Mapping[str, Any]) -> str:
    inside = "".join(map(_run, element["elements"]))
    match element["type"]:
        case "rich_text_quote":
            return f"<blockquote>{inside}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        case _:
            return f"<div>{inside}</div>"


def _run(one: Mapping[str, Any]) -> str:
    text = html.escape(one["text"])
    if one["type"] == "link":
        return f'<a href="{html.escape(one["url"])}">{text}</a>'
    return f"<b>{text}</b>" if (one.get("style") or {}).get("bold") else text


def _button(label: str, kind: str) -> str:
    return f'<span class="button{kind}">{html.escape(label)}</span>'


def _chosen(one: Mapping[str, Any]) -> str:
    first = one.get("initial_option") or {"text": one.get("placeholder")}
    return _words(first["text"])


def _words(text: Any) -> str:
    return str(text["text"]) if isinstance(text, Mapping) else ""
