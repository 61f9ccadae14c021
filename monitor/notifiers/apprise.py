"""Apprise: more than a hundred services (Teams, Discord, Telegram …), each named by one address.

The address holds the service's password, so the config names the secret that it is. The library says
whether a message was taken, and of a failure what it logged; nothing can be looked up or edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import apprise
from apprise.common import NotifyFormat, NotifyType, OverflowMode, PersistentStoreMode
from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.finding import Finding
from monitor.domain.judgement import Severity
from monitor.domain.notice import Absent, CaseCard, Notice, NoticeKind, Receipt, Unknowable
from monitor.domain.quoting import quoted
from monitor.ports import Clock, Secrets
from monitor.render.words import Spoken, cut, say
from monitor.settings.secret_names import SecretName

_OURS_TO_MEND = timedelta(minutes=5)
_TITLE = 200
_STATUS = re.compile(r"error=(\d{3})\b")
_MENDABLE, _TOO_MANY, _REFUSED = (401, 403, 404, 407), 429, range(400, 500)
_PINGS = re.compile(r"@(?=everyone|here|channel|all\b)|<(?=[@!#&])")
"""What makes a service call people: customers may not."""


class Apprise:
    """Sends each notice as a message of words."""

    class Options(BaseModel):
        """The table of a notifier `use = "apprise"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        url: SecretName = Field(
            description="For audiences that name nobody: the name of the secret that is the address."
        )
        targets: dict[str, SecretName] = Field(
            default_factory=dict, description='Such secrets by name: leads = "telegram_leads".'
        )
        zone: ZoneInfo = Field(ZoneInfo("UTC"), description="IANA zone of the times in the words.")

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` are the addresses; `clock` is not needed, services date what they get."""
        del clock
        self._options = options
        self._secrets = secrets

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if earlier is not None and not notice.ends_a_case:
            return earlier
        name = self._secret_of(notice.audience)
        try:
            service = self._service(name)
        except ConfigError as error:
            raise SendError(
                str(error), outcome=Outcome.NOT_SENT, retry_after=_OURS_TO_MEND
            ) from error
        spoken = say(notice, self._options.zone)
        title, body = cut(_calm(spoken.headline), _TITLE), _calm(_body(spoken))
        every = apprise.Apprise()
        every.add(service)
        result = every.notify(
            title=title, body=body, notify_type=_weight(notice), body_format=NotifyFormat.TEXT
        )
        if not result:
            in_parts = len(title) + len(body) > service.body_maxlen
            raise _failure(notice.audience or name, _logged(result), in_parts=in_parts)
        return Receipt(notice.audience or name, notice.key)

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        return Unknowable("what Apprise sent cannot be looked up")

    def try_out(self) -> Iterator[Finding]:
        names = (self._options.url, *self._options.targets.values())
        services = [str(self._service(name).service_name) for name in names]
        yield Finding(f"addresses of {', '.join(services)}; `notify --test` sends a message")

    def _secret_of(self, audience: str) -> str:
        if not audience:
            return self._options.url
        if audience in self._options.targets:
            return self._options.targets[audience]
        raise SendError(f'"{audience}" is no target of this notifier', outcome=Outcome.PERMANENT)

    def _service(self, name: str) -> Any:
        """The service behind the secret. Raises ConfigError."""
        asset = apprise.AppriseAsset(
            async_mode=False, http_redirects=False, storage_mode=PersistentStoreMode.MEMORY
        )
        service = apprise.Apprise.instantiate(self._secrets.get(name).strip(), asset=asset)
        if service is None:
            raise ConfigError(
                f'the secret "{name}" is no address that Apprise knows: '
                "such as tgram://TOKEN/CHAT (docs/notifiers/apprise.md)"
            )
        # what the address may say otherwise: only the outbox repeats, and nothing is cut off
        service.redirects, service.retry, service.overflow_mode = False, 0, OverflowMode.SPLIT
        return service


def _calm(text: str) -> str:
    """The text without what pings: a mark that nobody sees stands between."""
    return _PINGS.sub(lambda found: f"{found[0]}\N{ZERO WIDTH SPACE}", text)


def _body(spoken: Spoken) -> str:
    return "\n".join(spoken.lines) or spoken.headline


def _weight(notice: Notice) -> NotifyType:
    """The colour that some services give a message."""
    match notice.content:
        case CaseCard(answered_at=at) if at is not None:
            return NotifyType.SUCCESS
        case CaseCard(severity=Severity.HIGH | Severity.CRITICAL):
            return NotifyType.FAILURE
        case CaseCard():
            return NotifyType.WARNING
        case _:
            pass
    return NotifyType.WARNING if notice.kind is NoticeKind.OPERATIONS else NotifyType.INFO


def _logged(result: Any) -> list[str]:
    """What the library said of the failure: it masks what is secret."""
    return [log.message for one in result for attempt in one for log in attempt.logs]


def _failure(place: str, logged: list[str], *, in_parts: bool) -> SendError:
    said = "; ".join(logged)
    message = f"{place}: {quoted(said) if said else 'the service did not take it'}"
    found = _STATUS.search(said)
    status = int(found[1]) if found else None
    if status is None or status not in _REFUSED or in_parts:
        return SendError(message, outcome=Outcome.UNKNOWN)
    if status in _MENDABLE or status == _TOO_MANY:
        wait = None if status == _TOO_MANY else _OURS_TO_MEND
        return SendError(message, outcome=Outcome.NOT_SENT, retry_after=wait)
    return SendError(message, outcome=Outcome.PERMANENT)
