"""Whether the mailbox can be read: every folder is opened once, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor import mailing
from monitor.domain.errors import SendError, SourceError
from monitor.domain.finding import Finding, Standing
from monitor.mailing import Outgoing
from monitor.ports import Secrets
from monitor.sources.imap import looking_up
from monitor.sources.imap.session import Session


def outgoing(smtp: Outgoing | None, secrets: Secrets, mute: str) -> Iterator[Finding]:
    """Whether answers can go out; none does."""
    if smtp is None:
        yield Finding(f"answers: {mute}")
        return
    try:
        with mailing.session(smtp, secrets):
            yield Finding(f"answers: {smtp.host} lets us in, as {smtp.sender}")
    except SendError as error:
        yield Finding(f"answers: {error}", Standing.FAILS)


def findings(box: Session, folders: Mapping[str, str | None]) -> Iterator[Finding]:
    """What may be read, by the names of streams."""
    yield Finding("log-in: works")
    for stream, name in folders.items():
        try:
            folder = name or looking_up.sent_folder(box)
            box.open(folder)
        except SourceError as error:
            yield Finding(f"{stream}: {error}", Standing.FAILS)
        else:
            yield Finding(f'{stream}: the folder "{folder}" can be read')
    if "sent" not in folders:
        said = "sent: not read, so a complaint that you answered stays unanswered here"
        yield Finding(said, Standing.LACKS)
