"""Says to the mail server who we are: by password, or by a token of OAuth."""

from __future__ import annotations

from dataclasses import dataclass

from imap_tools import BaseMailBox

from monitor.domain.errors import ConfigError, SourceError
from monitor.ports import Secrets
from monitor.secrets import for_header


@dataclass(frozen=True, slots=True)
class LogIn:
    """Logs in as a user. `secret`: the name of what proves it, asked for each time."""

    secrets: Secrets
    username: str
    secret: str
    is_token: bool

    def __call__(self, box: BaseMailBox) -> None:
        """Raises SourceError if there is no such secret, and what imap_tools raises."""
        try:
            if self.is_token:
                box.xoauth2(self.username, for_header(self.secrets, self.secret), None)
                return
            password = self.secrets.get(self.secret)
        except ConfigError as error:
            raise SourceError(str(error), permanent=True) from error
        if not password.isprintable():
            said = f'the secret "{self.secret}" holds a sign that no mail server can be told'
            raise SourceError(said, permanent=True)
        if (self.username + password).isascii():
            box.login(self.username, password, None)
        else:
            box.login_utf8(self.username, password, None)
