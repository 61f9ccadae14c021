"""Finds folders by what they are for, and mails by their Message-ID wherever they were moved to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor.domain.errors import SourceError
from monitor.domain.post import Gone, Post, PostKey, Rejected
from monitor.ports import Clock
from monitor.sources.imap.mails import MADE_UP
from monitor.sources.imap.session import Session

_ASKABLE = re.compile(r'[^"\\<>\x00-\x20\x7f-\U0010ffff]{1,400}')


class Read(Protocol):
    """Reads one mail of the folder that is open; nothing, if it is no more."""

    def __call__(
        self, box: Session, folder: str, uid: int, /, *, sent: bool
    ) -> Iterator[Post | Rejected]: ...


def sent_folder(box: Session) -> str:
    """The folder that the server marks as the one of sent mails.

    Raises:
        SourceError: it marks none.

    """
    folders = box.folders()
    for one in folders:
        if "\\sent" in {flag.casefold() for flag in one.flags}:
            return str(one.name)
    names = ", ".join(str(one.name) for one in folders)
    raise SourceError(
        "the server marks no folder as that of sent mails: name it with sent, or set sent = false; "
        f"there are {names}",
        permanent=True,
    )


def find(
    box: Session,
    keys: Sequence[PostKey],
    first: Sequence[tuple[str, bool]],
    read: Read,
    clock: Clock,
) -> Iterator[Post | Gone | Rejected]:
    """The mails, from whatever folder they are in by now; of those that are nowhere the deletion.

    `first`: the folders that are read, and whether sent mails are in them. What people move to another
    folder, the bin included, is there still. A mail without Message-ID is not looked for.
    """
    left = [key for key in keys if _can_be_asked(key)]
    others = {str(one.name): False for one in box.folders()} if left else {}
    for folder, is_sent in {**dict(first), **others, **dict(first)}.items():
        if not left:
            return
        box.open(folder)
        for key in tuple(left):
            for uid in box.uids(f'HEADER Message-ID "{key.external_id}"'):
                found = next(read(box, folder, uid, sent=is_sent), None)
                if isinstance(found, Post) and found.key == key:
                    left.remove(key)
                    yield found
                    break
    for key in left:
        yield Gone(key, clock())


def _can_be_asked(key: PostKey) -> bool:
    one = key.external_id
    return _ASKABLE.fullmatch(one) is not None and not one.startswith(MADE_UP)
