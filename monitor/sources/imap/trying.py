"""Whether the mailbox can be read: every folder is opened once, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.domain.errors import SourceError
from monitor.domain.finding import Finding, Standing
from monitor.sources.imap import looking_up
from monitor.sources.imap.session import Session


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
