"""What a Slack workspace knows and refuses, behind the wire: channels, messages, threads, files.

Written from Slack's documentation of its Web API, so that it can contradict the program.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from monitor.simulator.slack_surfaces import Answer, Args, RefusedError, Surfaces, is_interactive

__all__ = ["ALL_SCOPES", "BOT", "Answer", "Args", "Channel", "Message", "RefusedError", "Workspace"]

BOT = "U0BOT00001"
_BLOCKS, _HEADER, _SECTION, _ELEMENTS, _BLOCKS_LENGTH = 50, 150, 3000, 10, 13_200
_TEXT, _EDITED_TEXT, _METADATA = 40_000, 4_000, 16_000
_SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "conversations.history": "history",
    "conversations.replies": "history",
    "conversations.info": "read",
    "chat.postEphemeral": "chat:write",
    "users.info": "users:read",
    "usergroups.users.list": "usergroups:read",
}
ALL_SCOPES = frozenset(
    {"chat:write", "files:write", "users:read", "usergroups:read", "commands"}
    | {f"{kind}:{what}" for kind in ("channels", "groups") for what in ("history", "read")}
)


@dataclass
class Message:
    """One message as it stands now. `edits` counts how often it was changed."""

    ts: str
    user: str
    text: str
    blocks: list[Any] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    files: list[str] = field(default_factory=list)
    edits: int = 0


@dataclass
class Channel:
    """A channel, public unless said otherwise."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_member: bool = True
    """Whether the app is."""
    messages: list[Message] = field(default_factory=list)
    """In order of time."""


class Workspace:
    """One workspace with one app in it. Safe to be called by several threads."""

    def __init__(
        self, channels: Iterable[Channel], *, clock: Callable[[], int] = time.time_ns
    ) -> None:
        """`clock` says nanoseconds since 1970: Slack's own, which may differ from the caller's."""
        self.channels = {one.id: one for one in channels}
        self.files: dict[str, bytes] = {}
        self.surfaces = Surfaces()
        self.scopes = ALL_SCOPES
        self.late_s = 0.0
        """How long a message stands in its channel before history and threads show it."""
        self._clock = clock
        self._last = 0
        self._lock = RLock()

    def say(self, channel: str, text: str, *, thread: str | None = None) -> str:
        """A person writes something. Returns its time stamp."""
        with self._lock:
            message = Message(self._stamp(), "U0PERSON01", text, thread_ts=thread)
            self.channels[channel].messages.append(message)
        return message.ts

    def call(self, method: str, args: Args) -> Answer:
        """What the method answers. Raises RefusedError."""
        do = {
            "auth.test": self._auth,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": self._info,
            "files.getUploadURLExternal": self._upload,
            "files.completeUploadExternal": self._complete,
        }.get(method)
        with self._lock:
            if do is not None:
                return do(args)
            return self._surface(method, args)

    def _surface(self, method: str, args: Args) -> Answer:
        do = self.surfaces.methods.get(method)
        if do is None:
            raise RefusedError("unknown_method")
        if method in _SCOPES:
            self._may(method)
        # a person who is told something alone must be in the channel, and so must the app
        if method == "chat.postEphemeral" and not self._channel(args, "chat.postMessage").is_member:
            raise RefusedError("not_in_channel")
        return do(args)

    def _may(self, method: str, channel: Channel | None = None) -> None:
        scope = _SCOPES[method]
        if ":" not in scope:
            kind = "groups" if channel and channel.is_private else "channels"
            scope = f"{kind}:{scope}"
        if scope not in self.scopes:
            raise RefusedError("missing_scope")

    def _channel(self, args: Args, method: str, name: str = "channel") -> Channel:
        found = self.channels.get(str(args.get(name)))
        self._may(method, found)
        if found is None or (found.is_private and not found.is_member):
            raise RefusedError("channel_not_found")
        return found

    def _mine(self, channel: Channel, args: Args, otherwise: str) -> Message:
        found = next((one for one in channel.messages if one.ts == str(args.get("ts"))), None)
        if found is None:
            raise RefusedError("message_not_found")
        if found.user != BOT:
            raise RefusedError(otherwise)
        return found

    def _stamp(self) -> str:
        """Micro-seconds that never come twice: a message's name."""
        self._last = max(self._last + 1, self._clock() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    # ---------------------------------------------------------------------------------- writing

    def _auth(self, args: Args) -> Answer:
        return {
            "url": "https://shop.slack.example/",
            "team": "Shop",
            "team_id": "T0SHOP0001",
            "user": "complaint_monitor",
            "user_id": BOT,
        }

    def _post(self, args: Args) -> Answer:
        if str(args.get("channel")) in self.surfaces.users:
            self._may("chat.postMessage")
            return self.surfaces.say(args)
        channel = self._channel(args, "chat.postMessage")
        if not channel.is_member:
            raise RefusedError("not_in_channel")
        if channel.is_archived:
            raise RefusedError("is_archived")
        text, blocks = _checked(args, _TEXT)
        message = Message(
            self._stamp(),
            BOT,
            text,
            blocks,
            _metadata(args),
            thread_ts=args.get("thread_ts") or None,
        )
        channel.messages.append(message)
        return {"channel": channel.id, "ts": message.ts, "message": _shown(message, whole=False)}

    def _update(self, args: Args) -> Answer:
        channel = self._channel(args, "chat.update")
        if channel.is_archived:
            raise RefusedError("is_inactive")
        message = self._mine(channel, args, "cant_update_message")
        message.text, message.blocks = _checked(args, _EDITED_TEXT)
        if "metadata" in args:
            message.metadata = _metadata(args)
        message.edits += 1
        return {"channel": channel.id, "ts": message.ts, "text": message.text}

    def _delete(self, args: Args) -> Answer:
        channel = self._channel(args, "chat.delete")
        message = self._mine(channel, args, "cant_delete_message")
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _upload(self, args: Args) -> Answer:
        self._may("files.getUploadURLExternal")
        if int(args.get("length", 0)) <= 0:
            raise RefusedError("missing_argument")
        file = f"F{len(self.files):09d}"
        self.files[file] = b""
        return {"file_id": file, "upload_url": f"/upload/{file}"}

    def _complete(self, args: Args) -> Answer:
        files = [str(one["id"]) for one in _decoded(args.get("files", "[]"))]
        if any(one not in self.files for one in files):
            raise RefusedError("file_not_found")
        name = "channel_id" if args.get("channel_id") else "channels"
        channel = self._channel(args, "files.completeUploadExternal", name)
        if not channel.is_member:
            raise RefusedError("not_in_channel")
        thread = args.get("thread_ts") or None
        channel.messages.append(Message(self._stamp(), BOT, "", thread_ts=thread, files=files))
        return {"files": [{"id": one} for one in files]}

    # ---------------------------------------------------------------------------------- reading

    def _info(self, args: Args) -> Answer:
        one = self._channel(args, "conversations.info")
        return {
            "channel": {
                "id": one.id,
                "name": one.name,
                "is_channel": not one.is_private,
                "is_private": one.is_private,
                "is_archived": one.is_archived,
                "is_member": one.is_member,
            }
        }

    def _history(self, args: Args) -> Answer:
        channel = self._channel(args, "conversations.history")
        if not channel.is_member:
            raise RefusedError("not_in_channel")
        tops = [one for one in self._indexed(channel) if one.thread_ts in (None, one.ts)]
        return _page(list(reversed(tops)), args)

    def _replies(self, args: Args) -> Answer:
        channel = self._channel(args, "conversations.replies")
        if not channel.is_member:
            raise RefusedError("not_in_channel")
        parent = str(args.get("ts"))
        if all(one.ts != parent for one in channel.messages):
            raise RefusedError("thread_not_found")
        shown = self._indexed(channel)
        return _page([one for one in shown if parent in (one.ts, one.thread_ts)], args)

    def _indexed(self, channel: Channel) -> list[Message]:
        if not self.late_s:
            return channel.messages
        until = self._clock() / 1e9 - self.late_s
        return [one for one in channel.messages if float(one.ts) <= until]


def _page(messages: Sequence[Message], args: Args) -> Answer:
    oldest = float(args.get("oldest") or 0)
    seen = [one for one in messages if float(one.ts) > oldest]
    start, limit = int(args.get("cursor") or 0), min(int(args.get("limit") or 100), 999)
    end = start + limit
    whole = str(args.get("include_all_metadata", "")).lower() in ("1", "true")
    has_more = end < len(seen)
    return {
        "messages": [_shown(one, whole=whole) for one in seen[start:end]],
        "has_more": has_more,
        "response_metadata": {"next_cursor": str(end) if has_more else ""},
    }


def _shown(one: Message, *, whole: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": "message", "user": one.user, "ts": one.ts, "text": one.text}
    if one.blocks:
        shown["blocks"] = one.blocks
    if one.thread_ts is not None:
        shown["thread_ts"] = one.thread_ts
    if whole and one.metadata is not None:
        shown["metadata"] = one.metadata
    return shown


def _metadata(args: Args) -> dict[str, Any] | None:
    found = _decoded(args.get("metadata"))
    if found is None:
        return None
    if not (
        isinstance(found.get("event_type"), str) and isinstance(found.get("event_payload"), dict)
    ):
        raise RefusedError("invalid_metadata_format")
    if len(json.dumps(found)) > _METADATA:
        raise RefusedError("metadata_too_large")
    return dict(found)


def _decoded(value: Any) -> Any:
    """A form carries JSON as text, a JSON body as it is."""
    return json.loads(value) if isinstance(value, str) else value


def _checked(args: Args, longest: int) -> tuple[str, list[Any]]:
    text, blocks = str(args.get("text") or ""), _decoded(args.get("blocks")) or []
    if not text and not blocks:
        raise RefusedError("no_text")
    if len(text) > longest:
        raise RefusedError("msg_too_long")
    if len(blocks) > _BLOCKS or not all(map(_is_block, blocks)):
        raise RefusedError("invalid_blocks")
    if _units(json.dumps(blocks, ensure_ascii=False)) > _BLOCKS_LENGTH:
        raise RefusedError("msg_blocks_too_long")
    return text, blocks


def _is_block(block: Mapping[str, Any]) -> bool:
    match block:
        case {"type": "header", "text": {"type": "plain_text", "text": str(text)}}:
            return 0 < _units(text) <= _HEADER
        case {"type": "section", "text": {"type": "plain_text" | "mrkdwn", "text": str(text)}}:
            return 0 < _units(text) <= _SECTION
        case {"type": "context", "elements": [*elements]}:
            return 0 < len(elements) <= _ELEMENTS and all(
                0 < _units(one.get("text", "")) <= _SECTION for one in elements
            )
        case {"type": "rich_text", "elements": [*elements]}:
            return bool(elements) and all(map(_is_rich, elements))
        case {"type": "divider"}:
            return True
        case {"type": "actions"}:
            return is_interactive(block)
        case _:
            return False


def _is_rich(element: Mapping[str, Any]) -> bool:
    match element:
        case {
            "type": "rich_text_section" | "rich_text_quote" | "rich_text_preformatted",
            "elements": [*runs],
        }:
            return bool(runs) and all(
                run.get("type") in ("text", "link") and run.get("text") for run in runs
            )
        case _:
            return False


def _units(text: str) -> int:
    """UTF-16 units: Slack's own programs count these."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
