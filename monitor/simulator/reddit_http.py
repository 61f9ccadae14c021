"""Reddit's wire: OAuth tokens, its paths, rate-limit headers."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from monitor.simulator.reddit import Reddit
from monitor.simulator.serving import Answer, Asked, Server, as_json

_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105  # a path


class RedditServer(Server):
    """One Reddit on a local port, from `with` to its end. `url` is both oauth_url and reddit_url."""

    elsewhere = "/subreddits/search?q=nobody"

    def __init__(self, reddit: Reddit, *, clients: Mapping[str, str], quota: int = 1000) -> None:
        """`clients`: secrets by client id. `quota`: calls in ten minutes."""
        super().__init__()
        self.reddit = reddit
        self.refresh_tokens: dict[str, tuple[str, str]] = {}
        """Refresh token -> account and scopes."""
        self.passwords: dict[str, str] = {}
        self.private: set[str] = set()
        """Subreddits that are not for everybody."""
        self.quota = quota
        self._clients = clients
        self._tokens: dict[str, tuple[str | None, str]] = {}

    def serve(self, asked: Asked) -> Answer:
        """What Reddit says to a call."""
        said = dict(parse_qsl(urlsplit(asked.address).query) + parse_qsl(asked.content.decode()))
        bearer = asked.headers.get("authorization", "")
        if asked.path == _TOKEN_PATH:
            status, answer = self.token_for(bearer, said)
        else:
            status, answer = self.answer(asked.method, asked.path, said, bearer)
        return as_json(status, answer, self.quota_left())

    def refusal(self, status: int, manner: str) -> Answer:
        del manner
        return as_json(status, {"message": "no", "error": status})

    def expire_tokens(self) -> None:
        """All tokens handed out are worth nothing any more; refresh tokens stay."""
        self._tokens.clear()

    def token_for(self, basic: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """A token, or how Reddit says no."""
        client, _, secret = base64.b64decode(basic.partition(" ")[2]).decode().partition(":")
        if self._clients.get(client) != secret:
            return 401, {"message": "Unauthorized", "error": 401}
        account: str | None = None
        scopes = "*"
        match form.get("grant_type"):
            case "refresh_token":
                if form.get("refresh_token") not in self.refresh_tokens:
                    return 400, {"message": "Bad Request", "error": 400}
                account, scopes = self.refresh_tokens[form["refresh_token"]]
            case "password":
                account = form.get("username", "")
                if self.passwords.get(account) != form.get("password"):
                    return 200, {"error": "invalid_grant"}
            case "client_credentials":
                pass
            case _:
                return 200, {"error": "unsupported_grant_type"}
        token = f"token-{len(self._tokens)}-{time.monotonic_ns()}"
        self._tokens[token] = (account, scopes)
        about = {"token_type": "bearer", "expires_in": 3600, "scope": scopes}
        return 200, {"access_token": token, **about}

    def answer(
        self, method: str, path: str, said: Mapping[str, str], bearer: str
    ) -> tuple[int, dict[str, Any]]:
        """What Reddit has at a path."""
        account, scopes = self._tokens.get(bearer.partition(" ")[2], (None, ""))
        if bearer.partition(" ")[2] not in self._tokens:
            return 401, {"message": "Unauthorized", "error": 401}
        shown = self._public(path, said)
        if shown is not None:
            return shown
        if account is None:
            return 403, {"message": "Forbidden", "error": 403}
        match method, path.strip("/").split("/"):
            case "GET", ["api", "v1", "me"] if {"identity", "*"} & {*scopes.split()}:
                return 200, {"name": account, "id": account.lower(), "is_suspended": False}
            case "GET", ["api", "v1", "me"]:
                return 403, {"message": "Forbidden", "error": 403}
            case "GET", ["message", ("inbox" | "mentions") as box]:
                return 200, self.reddit.inbox(account, said, only_mentions=box == "mentions")
            case "POST", ["api", "comment"]:
                return 200, self.reddit.reply(account, said["thing_id"], said["text"])
            case _:
                return 404, {"message": "Not Found", "error": 404}

    def _public(self, path: str, said: Mapping[str, str]) -> tuple[int, dict[str, Any]] | None:
        match path.strip("/").split("/"):
            case ["r", _, "search"]:
                return 200, self.reddit.found(said)
            case ["r", names, ("new" | "comments") as what]:
                subreddits = set(re.split(r"\+", names))
                if subreddits & self.private:
                    return 403, {"message": "Forbidden", "reason": "private", "error": 403}
                listed = self.reddit.submissions if what == "new" else self.reddit.comments
                return 200, listed(subreddits, said)
            case ["user", name, "comments"]:
                return 200, self.reddit.comments_of(name, said)
            case ["api", "info"]:
                return 200, self.reddit.by_name(said.get("id", "").split(","))
            case _:
                return None

    def quota_left(self) -> dict[str, str]:
        """The headers, as Reddit writes them: a float, and two whole numbers."""
        used = len(self.asked)
        left = {"remaining": f"{max(self.quota - used, 0):.1f}", "used": str(used)}
        return {f"x-ratelimit-{name}": said for name, said in {**left, "reset": "60"}.items()}
