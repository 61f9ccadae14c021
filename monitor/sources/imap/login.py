"""Says to the mail server who we are: by password, by a token, or by what a token is had for."""

from __future__ import annotations

import imaplib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError
from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.errors import ConfigError, SourceError
from monitor.fetching import Budget, Client
from monitor.fetching.oauth import Login
from monitor.ports import Secrets
from monitor.secrets import for_header
from monitor.settings.secret_names import SecretName

_LOG_INS = 60
"""Tokens that are had in an hour at most; one is good for about as long."""


class OAuth(BaseModel):
    """Where access tokens are had, and for what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: str = Field(pattern=r"^https?://[^@\s]+$", description="Where tokens are had.")
    client_id: str = Field(min_length=1)
    client_secret: SecretName | None = None
    refresh_token: SecretName
    scope: str | None = None


class Renewed:
    """Access tokens for a refresh token, which is itself kept as the network changes it."""

    def __init__(self, options: OAuth, secrets: Secrets) -> None:
        """No I/O here."""
        self._options = options
        self._secrets = secrets
        budget = Budget(_LOG_INS, timedelta(hours=1))
        client = Client("the log-in for the mailbox", options.token_url, budget=budget)
        self._login = Login(
            client,
            options.token_url,
            self._form,
            mend="get a new refresh token, and look at client_id and scope",
            rotated=lambda new: secrets.put(options.refresh_token, new),
        )

    def token(self) -> str:
        """One that is good. Raises SourceError, ConfigError."""
        return self._login.headers()["authorization"].removeprefix("Bearer ")

    def forget(self) -> None:
        """The token was refused: the next is had anew."""
        self._login.renew()

    def _form(self) -> Mapping[str, str]:
        options = self._options
        form = {
            "grant_type": "refresh_token",
            "client_id": options.client_id,
            "refresh_token": for_header(self._secrets, options.refresh_token),
        }
        if options.client_secret:
            form["client_secret"] = for_header(self._secrets, options.client_secret)
        return form | ({"scope": options.scope} if options.scope else {})


@dataclass(frozen=True, slots=True)
class LogIn:
    """Logs in as a user, by one of three: secrets' names, or tokens that are renewed."""

    secrets: Secrets
    username: str
    password: str | None
    access_token: str | None
    renewed: Renewed | None

    def __call__(self, box: BaseMailBox) -> None:
        """Raises SourceError if there is no such secret, and what imap_tools raises."""
        try:
            if self.renewed is not None:
                self._by_renewed(box, self.renewed)
            elif self.access_token is not None:
                box.xoauth2(self.username, for_header(self.secrets, self.access_token), None)
            else:
                self._by_password(box)
        except ConfigError as error:
            raise SourceError(str(error), permanent=True) from error

    def _by_renewed(self, box: BaseMailBox, renewed: Renewed) -> None:
        try:
            box.xoauth2(self.username, renewed.token(), None)
        except (imaplib.IMAP4.error, ImapToolsError):
            renewed.forget()
            raise

    def _by_password(self, box: BaseMailBox) -> None:
        name = self.password or ""
        password = self.secrets.get(name)
        if not password.isprintable():
            raise ConfigError(f'the secret "{name}" holds a sign that no mail server can be told')
        if (self.username + password).isascii():
            box.login(self.username, password, None)
        else:
            box.login_utf8(self.username, password, None)
