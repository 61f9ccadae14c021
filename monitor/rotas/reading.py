"""Reads rotas: from a file, or from an address that the config names or keeps secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.domain.errors import ConfigError, SourceError
from monitor.domain.rota import Person
from monitor.fetching.budget import Budget
from monitor.fetching.outside import Roamer
from monitor.ports import Secrets
from monitor.rotas.shifts import RotaError, Shift, shifts_of
from monitor.settings import RotaTable

AHEAD = timedelta(days=60)
"""So far ahead shifts are read: for so long it is known who is on call if the calendar is gone."""
BEHIND = timedelta(days=1)
_MOST_BYTES = 4 * 2**20
_CALLS_AN_HOUR = 120
_TIMEOUT_S = 10


def readers(
    tables: Mapping[str, RotaTable], *, zone: str, people: Mapping[str, Person], secrets: Secrets
) -> dict[str, tuple[RotaReader, timedelta]]:
    """Those of the config, each with how often it is read; `zone` holds where a table names none."""
    return {
        name: (
            RotaReader(
                name,
                zone=one.zone or zone,
                people=people,
                secrets=secrets,
                file=one.file,
                url=one.url,
                secret=one.secret,
            ),
            one.every,
        )
        for name, one in tables.items()
    }


class RotaReader:
    """One rota. Where it is is asked for at each reading, as a secret may be changed meanwhile."""

    def __init__(
        self,
        name: str,
        *,
        zone: str,
        people: Mapping[str, Person],
        secrets: Secrets,
        file: Path | None = None,
        url: str | None = None,
        secret: str | None = None,
    ) -> None:
        self.name = name
        self._zone = ZoneInfo(zone)
        self._people = people
        self._secrets = secrets
        self._file = file
        self._url = url
        self._secret = secret
        self._budget = Budget(_CALLS_AN_HOUR, timedelta(hours=1))

    def read(self, now: datetime) -> tuple[Shift, ...]:
        """The shifts from a day ago to sixty days ahead. Raises RotaError."""
        return shifts_of(
            self._text(),
            zone=self._zone,
            people=self._people,
            since=now - BEHIND,
            until=now + AHEAD,
        )

    def _text(self) -> bytes:
        if self._file is not None:
            try:
                return self._file.read_bytes()
            except OSError as error:
                raise RotaError(f"{self._file}: {error.strerror or error}") from error
        try:
            url = self._secrets.get(self._secret) if self._secret else self._url or ""
            return self._fetched(url)
        except (ConfigError, SourceError) as error:
            raise RotaError(str(error)) from error
        except ValueError:  # which quotes the address, and that may be the secret
            raise RotaError("what should be its address is none") from None

    def _fetched(self, url: str) -> bytes:
        # the host is the config's own choice and may be inside; where it redirects to may not
        own = urlsplit(url).hostname or ""
        asker = Roamer(
            "the rota's server",
            budget=self._budget,
            timeout=_TIMEOUT_S,
            most_bytes=_MOST_BYTES,
            but=[own],
        )
        found = asker.document(url, {"accept": "text/calendar, */*;q=0.1"})
        return found.body or b""
