"""A real mail server: Dovecot, run by an unprivileged user on local ports, with its mails in a folder.

Any user name logs in with PASSWORD, and has a mailbox of its own from then on.
"""

from __future__ import annotations

import atexit
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import trustme
from imap_tools.imap_utf7 import utf7_encode

PASSWORD = "s3cret"
_STARTING = 20.0
"""Seconds until a server that does not answer is given up."""
_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
maildir_very_dirty_syncs = yes
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
{oauth2}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  client_limit = 200
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    address = 127.0.0.1
    port = {plain}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "Trimise & altele" {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Archive {{
    auto = create
  }}
}}
"""
_OAUTH2 = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""
_TOKENS = """
tokeninfo_url = {url}/tokeninfo?access_token=
username_attribute = email
active_attribute = active
active_value = yes
"""
SENT = "Trimise & altele"


class Dovecot:
    """The server, from `with` to its end. `tokens_at`: where it asks what a token of OAuth is worth."""

    def __init__(self, tokens_at: str | None = None) -> None:
        self._tokens_at = tokens_at
        self.plain, self.tls = free_port(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.ca_file = self.folder / "ca.pem"

    def __enter__(self) -> Self:
        self._write()
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program is not None, "apt-get install dovecot-imapd"
        told: dict[str, Any] = {}
        if os.geteuid() == 0:
            told = {"user": self._user, "group": self._group, "extra_groups": []}
        self._process = subprocess.Popen(
            [program, "-F", "-c", self.folder / "dovecot.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **told,
        )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """What the server has to say."""
        return (self.folder / "log").read_text(errors="replace")

    def _write(self) -> None:
        uid = os.geteuid()
        self._user = "nobody" if uid == 0 else pwd.getpwuid(uid).pw_name
        owner = pwd.getpwnam(self._user)
        self._group = grp.getgrgid(owner.pw_gid).gr_name
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        issued = authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(self.folder / "key.pem")
        for part in issued.cert_chain_pems:
            part.write_to_path(self.folder / "cert.pem", append=True)
        oauth2 = ""
        if self._tokens_at:
            oauth2 = _OAUTH2.format(folder=self.folder)
            (self.folder / "oauth2.conf").write_text(_TOKENS.format(url=self._tokens_at))
        config = _CONFIG.format(
            folder=self.folder,
            user=self._user,
            group=self._group,
            plain=self.plain,
            tls=self.tls,
            oauth2=oauth2,
            password=PASSWORD,
        )
        (self.folder / "dovecot.conf").write_text(config)
        if uid == 0:
            for one in (self.folder, *self.folder.iterdir()):
                os.chown(one, owner.pw_uid, owner.pw_gid)

    def _wait(self) -> None:
        until = time.monotonic() + _STARTING
        while time.monotonic() < until:
            with suppress(OSError, imaplib.IMAP4.abort):
                imaplib.IMAP4("127.0.0.1", self.plain, timeout=2).logout()
                return
            time.sleep(0.05)
        raise AssertionError(f"Dovecot does not start: {self.log}")


class Mailbox:
    """A mailbox of that server, as those see it who deliver to it, answer from it, and tidy it up."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self.user = user
        self._box = imaplib.IMAP4("127.0.0.1", server.plain, timeout=10)
        self._box.login(user, PASSWORD)

    def put(self, mail: bytes, at: datetime, folder: str = "INBOX") -> None:
        """Lay a mail into a folder, received at that time."""
        self._ok(self._box.append(_quoted(folder), "", f'"{at:%d-%b-%Y %H:%M:%S %z}"', mail))

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """What is marked of each mail."""
        self._ok(self._box.select(_quoted(folder), readonly=True))
        _, found = self._box.fetch("1:*", "(FLAGS)")
        self._box.unselect()
        return [one for one in found if isinstance(one, bytes)]

    def move(self, message_id: str, to: str) -> None:
        """Put a mail of the inbox into another folder."""
        self._ok(self._box.select("INBOX"))
        self._ok(self._box.uid("MOVE", self._found(message_id), _quoted(to)))
        self._box.unselect()

    def expunge(self, message_id: str) -> None:
        """Delete a mail of the inbox for good."""
        self._ok(self._box.select("INBOX"))
        self._ok(self._box.uid("STORE", self._found(message_id), "+FLAGS", r"(\Deleted)"))
        self._ok(self._box.expunge())
        self._box.unselect()

    def rename(self, folder: str, to: str) -> None:
        """Call a folder otherwise; the inbox itself stays, empty."""
        self._ok(self._box.rename(_quoted(folder), _quoted(to)))

    def make(self, folder: str) -> None:
        self._ok(self._box.create(_quoted(folder)))

    def remove(self, folder: str) -> None:
        self._ok(self._box.delete(_quoted(folder)))

    def close(self) -> None:
        self._box.logout()

    def _found(self, message_id: str) -> str:
        _, found = self._box.uid("SEARCH", "HEADER", "Message-ID", f'"{message_id}"')
        return str(found[0].decode())

    def _ok(self, answer: tuple[str, Any]) -> None:
        assert answer[0] == "OK", answer


@cache
def shared() -> Dovecot:
    """One server for all tests of this process: mailboxes keep them apart."""
    server = Dovecot()
    atexit.register(server.__exit__)
    return server.__enter__()


@contextmanager
def mailbox(user: str) -> Iterator[Mailbox]:
    """A mailbox of the shared server, which nobody used before if nobody was called so."""
    box = Mailbox(shared(), user)
    try:
        yield box
    finally:
        box.close()


def _quoted(folder: str) -> str:
    return '"' + utf7_encode(folder).decode() + '"'


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
