"""The secrets that a part under test is given."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.errors import ConfigError


@dataclass
class Given:
    """Secrets as a dict, which a test may change while the part runs."""

    known: dict[str, str]

    def get(self, name: str, /) -> str:
        if name not in self.known:
            raise ConfigError(f'the secret "{name}" is missing')
        return self.known[name]

    def put(self, name: str, value: str, /) -> None:
        self.known[name] = value
