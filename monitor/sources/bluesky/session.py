"""The log-in of one account: made once, renewed with what the network gave for that, kept over restarts.

Bluesky allows 300 log-ins a day. What a log-in brings is a token for some hours, and another with which
the next pair is got; both are kept among the secrets, so that a restart and every command go on with
them. When the second one, too, is too old or was revoked, the password is used again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from threading import RLock
from typing import Any

from monitor.domain.errors import ConfigError, SourceError
from monitor.fetching import Budget, Client, FetchError
from monitor.fetching.failing import source_error
from monitor.ports import Secrets

_CREATE = "xrpc/com.atproto.server.createSession"
_RENEW = "xrpc/com.atproto.server.refreshSession"
_LOG_INS, _PER = 10, timedelta(hours=1)
"""A day's 300 are never used up, however often the program is refused."""
_REFUSED = (400, 401)
KEPT = "_session"
"""Behind the password's name: what the secret is called in which the session is kept."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a log-in brought. `of`: a digest of account, server and password, to know others by."""

    did: str
    access: str
    renewal: str
    of: str


class Session:
    """The log-in; safe in threads, and beside other processes that keep theirs in the same place."""

    def __init__(
        self,
        door: Callable[[Callable[[], Mapping[str, str]]], Client],
        account: str,
        whose: str,
        password: str,
        secrets: Secrets,
    ) -> None:
        """`door` makes the client for log-ins from a function that tells its headers.

        `whose` tells this account on this server from all others: a session is shown to no other one.
        """
        self._client = door(self._presented)
        self._account = account
        self._whose = whose
        self._password = password
        self._secrets = secrets
        self._log_ins = Budget(_LOG_INS, _PER)
        self._lock = RLock()
        self._held: Tokens | None = None
        self._shown: str | None = None
        self._why = ""
        self.unkept: str | None = None
        """Why the log-in could not be kept for the next start, if so; this one goes on with it."""

    def tokens(self) -> Tokens:
        """The log-in as it is now, made if there is none. Raises SourceError."""
        with self._lock, _named():
            if self._held is None:
                self._held = self._kept() or self._made()
            return self._held

    def renew(self, refused: str) -> None:
        """Get others than the token that was refused. Raises SourceError."""
        with self._lock, _named():
            if self._held is None or self._held.access != refused:
                return  # another thread did
            kept = self._kept()
            if kept is not None and kept.access != refused:
                self._held = kept  # another process did
                return
            self._held = self._renewed(self._held) or self._made()

    def headers(self) -> Mapping[str, str]:
        """By which a call shows whose it is. Raises SourceError."""
        return {"authorization": f"Bearer {self.tokens().access}"}

    def _presented(self) -> Mapping[str, str]:
        return {} if self._shown is None else {"authorization": f"Bearer {self._shown}"}

    def _renewed(self, old: Tokens) -> Tokens | None:
        """None: it is too old for that, or was revoked."""
        try:
            self._shown = old.renewal
            return self._keep(self._client.post(_RENEW, None), old.of)
        except FetchError as error:
            if error.status not in _REFUSED:
                raise
            return None
        finally:
            self._shown = None

    def _made(self) -> Tokens:
        password = self._secret()
        said = {"identifier": self._account, "password": password}
        try:
            self._log_ins.spend()
        except SourceError as error:
            words = f"{_LOG_INS} were tried within the hour{self._why}"
            raise SourceError(
                f"log-in: {words}", retry_after=error.retry_after, out_of_budget=True
            ) from error
        try:
            return self._keep(self._client.post(_CREATE, said), self._digest(password))
        except FetchError as error:
            self._why = f"; the last time, {error}"
            raise

    def _keep(self, said: Any, of: str) -> Tokens:
        told = said if isinstance(said, dict) else {}
        found = [told.get(name) for name in ("did", "accessJwt", "refreshJwt")]
        did, access, renewal = (one if isinstance(one, str) else "" for one in found)
        if not (did.startswith("did:") and _is_token(access) and _is_token(renewal)):
            raise SourceError("Bluesky answers to the log-in with something that makes no sense")
        tokens = Tokens(did, access, renewal, of)
        try:
            self._secrets.put(self._password + KEPT, json.dumps(asdict(tokens)))
        except (ConfigError, OSError) as error:
            self.unkept = str(error)
        return tokens

    def _kept(self) -> Tokens | None:
        """That of an earlier run, if it is of the same account and password."""
        of = self._digest(self._secret())
        try:
            tokens = Tokens(**json.loads(self._secrets.get(self._password + KEPT)))
        except (ConfigError, ValueError, TypeError):
            return None
        is_whole = all(isinstance(one, str) for one in asdict(tokens).values())
        return tokens if is_whole and tokens.of == of else None

    def _secret(self) -> str:
        try:
            password = self._secrets.get(self._password).strip()
        except ConfigError as error:
            raise SourceError(str(error), permanent=True) from error
        if not password:
            raise SourceError(f'the secret "{self._password}" is empty', permanent=True)
        return password

    def _digest(self, password: str) -> str:
        return hashlib.sha256(f"{self._whose}\n{password}".encode()).hexdigest()


@contextmanager
def _named() -> Iterator[None]:
    """Say of what goes wrong that it did so at the log-in: whatever it was for was not sent."""
    try:
        yield
    except FetchError as error:
        raise source_error("log-in", error) from error


def _is_token(said: str) -> bool:
    """Whether a header can hold it."""
    return bool(said) and said.isascii() and said.isprintable() and " " not in said
