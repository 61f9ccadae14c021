"""A webhook: each notice as a CloudEvent, signed as Standard Webhooks has it, to an address of yours.

Every attempt at a notice bears the same id, so whoever receives it can tell a repeat. It is tried again
by the outbox alone; a redirect is not followed, and what was refused is named and told to people.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from monitor.clock import utc_now
from monitor.domain.errors import ConfigError, NoSuchPlaceError, Outcome, SendError, SourceError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, Notice, Receipt, Unknowable
from monitor.fetching import Budget, FetchError, send_error
from monitor.fetching.outside import Roamer
from monitor.ports import Clock, Secrets
from monitor.render.cloud_event import CONTENT_TYPE, cloud_event, event_id
from monitor.secrets import for_header
from monitor.settings.addresses import Host, is_loopback, web_address
from monitor.settings.secret_names import SecretName, secret_name

_HOUR = timedelta(hours=1)
_MOST_ANSWERED = 64 * 1024
_OURS_TO_MEND = timedelta(minutes=5)
"""The address or a secret is at fault, not the notice: rest until a person may have mended it."""
_MENDABLE = (401, 403, 404, 407)
_PREFIX = "whsec_"
_LEAST_KEY = 24
"""Bytes, as Standard Webhooks wants."""
_IN_SECRET = "secret:"  # noqa: S105 - what stands before a secret's name
_REDIRECTS = range(300, 400)


def _target(text: str) -> str:
    """An address, or the name of the secret that is one."""
    if text.startswith(_IN_SECRET):
        return _IN_SECRET + secret_name(text.removeprefix(_IN_SECRET))
    return web_address(text)


Target = Annotated[str, AfterValidator(_target)]


class Webhook:
    """Posts notices to addresses."""

    one_by_one: ClassVar[bool] = True
    """A program reads each event, however many come at once."""

    class Options(BaseModel):
        """The table of a notifier `use = "webhook"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        url: Target = Field(
            description="For audiences that name nobody. secret:NAME: the address is that secret."
        )
        targets: dict[str, Target] = Field(
            default_factory=dict, description='Addresses by name: crm = "https://…".'
        )
        secret: SecretName = Field(
            default="webhook_out", description="The name of the secret that signs (whsec_…)."
        )
        secret_before: SecretName | None = Field(
            default=None, description="One that signs, too, while receivers change to the new one."
        )
        token: SecretName | None = Field(
            default=None, description="The name of a secret sent as Authorization: Bearer."
        )
        source: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")] = Field(
            default="/complaint-monitor",
            description="Which installation says it: the events' source, a URI.",
        )
        words: bool = Field(
            default=True, description="Send customers' words, names and addresses, too."
        )
        zone: ZoneInfo = Field(ZoneInfo("UTC"), description="IANA zone of the times in the words.")
        private_hosts: tuple[Host, ...] = Field(
            default=(), description="Hosts that may have a private address."
        )
        allow_insecure: bool = Field(
            default=False, description="Lets an address be http beyond this machine."
        )
        calls_per_hour: int = Field(default=20_000, ge=1, description="All addresses together.")
        timeout: float = Field(default=10, gt=0, le=25, description="Seconds of silence.")

        @model_validator(mode="after")
        def _guarded(self) -> Self:
            for one in (self.url, *self.targets.values()):
                if not one.startswith(_IN_SECRET):
                    _see_safe(one, allow_insecure=self.allow_insecure)
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` sign; `clock` is not needed: signatures are dated by the machine's own time."""
        del clock
        self._options = options
        self._secrets = secrets
        known = (options.url, *options.targets.values())
        named = [urlsplit(one).hostname or "" for one in known]
        self._client = Roamer(
            "the webhook",
            budget=Budget(options.calls_per_hour, _HOUR),
            timeout=options.timeout,
            most_bytes=_MOST_ANSWERED,
            # this machine is meant where a config names it; what a name leads to is another matter
            but=(*options.private_hosts, *filter(is_loopback, named)),
        )

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        name = event_id(notice)
        try:
            url = self._address(self._target(notice.audience))
            body = self._body(notice)
            headers = self._headers(name, body)
        except ConfigError as error:
            raise SendError(
                str(error), outcome=Outcome.NOT_SENT, retry_after=_OURS_TO_MEND
            ) from error
        try:
            self._client.hand_in(url, body, headers)
        except SourceError as error:
            raise _refused(error) from error
        return Receipt(notice.audience or "webhook", name)

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        return Unknowable("a webhook cannot be looked up; its id tells a repeat")

    def try_out(self) -> Iterator[Finding]:
        """Nothing is sent: whoever receives events may act on every one."""
        for one in (self._options.url, *self._options.targets.values()):
            self._address(one)
        self._headers("msg_0", b"")
        yield Finding("addresses and secrets are there; `notify --test` sends an event")

    def _target(self, audience: str) -> str:
        if not audience:
            return self._options.url
        if audience in self._options.targets:
            return self._options.targets[audience]
        raise NoSuchPlaceError(f'"{audience}" is no target of this notifier')

    def _address(self, target: str) -> str:
        """Raises ConfigError: the secret that should be one is missing, or none."""
        if not target.startswith(_IN_SECRET):
            return target
        name = target.removeprefix(_IN_SECRET)
        url = for_header(self._secrets, name)
        try:
            _see_safe(web_address(url), allow_insecure=self._options.allow_insecure)
        except ValueError:
            # which quotes what it was given
            raise ConfigError(f'the secret "{name}" is no address of https') from None
        return url

    def _body(self, notice: Notice) -> bytes:
        its = self._options
        event = cloud_event(notice, source=its.source, zone=its.zone, with_words=its.words)
        return json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode()

    def _headers(self, name: str, body: bytes) -> dict[str, str]:
        """Raises ConfigError."""
        its, at = self._options, str(int(utc_now().timestamp()))
        keys = [one for one in (its.secret, its.secret_before) if one is not None]
        signatures = [signature(_key(self._secrets, one), name, at, body) for one in keys]
        headers = {
            "content-type": CONTENT_TYPE,
            "webhook-id": name,
            "webhook-timestamp": at,
            "webhook-signature": " ".join(signatures),
        }
        if its.token is not None:
            headers["authorization"] = f"Bearer {for_header(self._secrets, its.token)}"
        return headers


def signature(key: bytes, name: str, at: str, body: bytes) -> str:
    """The signature of Standard Webhooks, version 1. `at`: seconds since 1970, in figures."""
    signed = b".".join((name.encode(), at.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _key(secrets: Secrets, name: str) -> bytes:
    """Raises ConfigError: there is no such secret, or it is no key."""
    said = for_header(secrets, name)
    try:
        key = base64.b64decode(said.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not said.startswith(_PREFIX) or len(key) < _LEAST_KEY:
        raise ConfigError(
            f'the secret "{name}" signs webhooks: it has to be {_PREFIX} and at least '
            f"{_LEAST_KEY} bytes in base64 (docs/notifiers/webhook.md makes one)"
        )
    return key


def _refused(error: SourceError) -> SendError:
    """What is wrong with the place is for a person to mend; with the event, it is refused for good."""
    status = error.status if isinstance(error, FetchError) else None
    if status in _MENDABLE:
        return SendError(str(error), outcome=Outcome.NOT_SENT, retry_after=_OURS_TO_MEND)
    if status in _REDIRECTS:
        message = f"the webhook redirects ({status}), which is not followed: name the right address"
        return SendError(message, outcome=Outcome.NOT_SENT, retry_after=_OURS_TO_MEND)
    if error.permanent and status is None:  # a private address, a name that is none
        return SendError(str(error), outcome=Outcome.NOT_SENT, retry_after=_OURS_TO_MEND)
    return send_error(error)


def _see_safe(url: str, *, allow_insecure: bool) -> None:
    """Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (allow_insecure or is_loopback(parts.hostname or "")):
        raise ValueError(
            f"events to {parts.hostname} would travel in the open: use https "
            "(or allow_insecure = true)"
        )
