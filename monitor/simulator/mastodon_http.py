"""Mastodon's wire: bearer tokens with scopes, its paths, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from monitor.simulator.mastodon import Mastodon, Status
from monitor.simulator.serving import Answer, Asked, Server, as_json, packed

_NEEDED = {"notifications": "read:notifications", "search": "read:search"}
EVERYTHING = frozenset({"read", "write"})
"""The scopes of a token that may read and write."""


class MastodonServer(Server):
    """One server on a local port, from `with` to its end."""

    elsewhere = "/about"

    def __init__(
        self, world: Mastodon, *, tokens: Mapping[str, frozenset[str]], quota: int = 300
    ) -> None:
        """`tokens`: their scopes, by token. `quota`: calls until the limits' next reset."""
        super().__init__(world.clock)
        self.world, self.tokens, self.quota = world, tokens, quota
        self.multi = True
        """Whether several statuses can be asked for at once, as since version 4.3."""

    def serve(self, asked: Asked) -> Answer:
        """What Mastodon says to a call, packed if the caller can unpack it."""
        question = f"{urlsplit(asked.address).query}&{asked.content.decode()}"
        said = parse_qs(question, keep_blank_values=True)
        status, answer = self.answer(asked.method, asked.path, said, asked.headers)
        whole = as_json(status, answer, self.limits())
        return packed(whole) if "gzip" in asked.headers.get("accept-encoding", "") else whole

    def refusal(self, status: int, manner: str) -> Answer:
        del manner
        return as_json(status, {"error": "no"})

    def limits(self) -> dict[str, str]:
        """The headers, as Mastodon writes them: a count, and an ISO date."""
        left = max(self.quota - len(self.asked), 0)
        reset = self.world.clock() + timedelta(seconds=60)
        names = {"limit": str(self.quota), "remaining": str(left), "reset": reset.isoformat()}
        return {f"x-ratelimit-{name}": said for name, said in names.items()}

    def answer(
        self, method: str, path: str, said: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """What is to be had at a path, with that token."""
        scopes = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return 401, {"error": "The access token is invalid"}
        parts = path.strip("/").split("/")[2:]
        needed = "write:statuses" if method == "POST" else _NEEDED.get(parts[0], "read:statuses")
        if not scopes & {needed, needed.partition(":")[0]}:
            return 403, {"error": "This action is outside the authorized scopes"}
        asked = {name: values[-1] for name, values in said.items()}
        with self.lock:
            if method == "POST" and parts == ["statuses"]:
                return self.world.post(asked, headers.get("idempotency-key", ""))
            shown = self._listed(parts, asked, said)
            return shown if shown is not None else self._shown(parts, asked, said)

    def _listed(
        self, parts: list[str], asked: Mapping[str, str], said: Mapping[str, list[str]]
    ) -> tuple[int, Any] | None:
        world = self.world
        match parts:
            case ["notifications"]:
                return 200, world.notifications(asked, said.get("types[]", []))
            case ["timelines", "tag", tag]:
                return 200, world.timeline(
                    asked, lambda one: tag in one.tags and one.visibility == "public"
                )
            case ["accounts", number, "statuses"]:

                def written(one: Status) -> bool:
                    return world.account_number(one.author) == number and not one.reblog

                return 200, world.timeline(asked, written)
            case ["search"]:
                return 200, world.found(asked)
            case _:
                return None

    def _shown(
        self, parts: list[str], asked: Mapping[str, str], said: Mapping[str, list[str]]
    ) -> tuple[int, Any]:
        world = self.world
        match parts:
            case ["accounts", "verify_credentials"]:
                return 200, world.account(world.brand)
            case ["accounts", "lookup"] if "nobody" not in asked["acct"]:
                return 200, world.account(asked["acct"].removesuffix(f"@{world.host}"))
            case ["statuses"] if self.multi:
                shown = world.some(said.get("id[]", []))
                return (422, {"error": "too many"}) if shown is None else (200, shown)
            case ["statuses", number] if number in world.statuses:
                return 200, world.json(world.statuses[number])
            case ["statuses", number, "context"] if number in world.statuses:
                return 200, world.context(number)
            case ["instance"]:
                return 200, {"domain": world.host, "version": "4.5.0"}
            case ["notifications", "policy"] if world.policy:
                return 200, world.policy
            case _:
                return 404, {"error": "Record not found"}
