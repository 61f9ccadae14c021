"""The plug-in `webhook`: takes in what is sent and signed, and reads it from its inbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from monitor.domain.errors import CallError, ConfigError, Refusal, SourceError
from monitor.domain.finding import Finding, Standing
from monitor.domain.post import Cursor, Page, Stream, StreamKind
from monitor.fetching import letters
from monitor.ports import About, Call, Clock, Inbox, Letter, Secrets
from monitor.rows.meaning import Field as RowField
from monitor.settings.secret_names import SecretName
from monitor.settings.spans import PositiveSpan
from monitor.sources.webhook import signing
from monitor.sources.webhook.items import Mapped
from monitor.sources.webhook.pointer import Pointer

_EVERY = timedelta(seconds=10)
"""A letter wakes the stream when it comes; this is how soon it shows that nobody listens."""
_STREAM = "letters"
_LEAST = 16
"""Characters of a secret."""

SecretNames = Annotated[
    tuple[SecretName, ...],
    BeforeValidator(lambda said: (said,) if isinstance(said, str) else said),
    Field(min_length=1),
]


class Webhook:
    """What is sent to /intake/NAME: customers' posts, deletions, and the brand's own answers."""

    extra: ClassVar[str | None] = "web"
    about: ClassVar[About] = About(
        title="Webhook",
        reads="what any other site or automation sends to /intake/NAME, your answers included",
        rights="a secret that you share with whoever sends",
        limits="nothing is asked for: what the sender does not send is not seen",
        cost="none",
        page="sources/webhook.md",
        cannot_reply_because="there is no address to send answers to",
    )

    class Options(BaseModel):
        """The table of a source `use = "webhook"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        secrets: SecretNames = Field(description="Names of secrets; each of them may sign.")
        network: str = Field(
            default="webhook",
            pattern=r"^[a-z0-9][a-z0-9._-]{0,40}$",
            description="What items are filed under that name no other.",
        )
        items: Pointer = Field(default="", description="Where the list of items is in a body.")
        mapping: dict[RowField, Pointer] = Field(
            default_factory=dict, description="Our field -> where it is in an item."
        )
        constants: dict[RowField, str] = Field(default_factory=dict)
        defaults: dict[RowField, str] = Field(
            default_factory=dict, description="Where an item says nothing."
        )
        html: bool = Field(default=False, description="The text is HTML.")
        assume_now: bool = Field(
            default=False, description="A missing posted_at is when the item came."
        )
        timezone: ZoneInfo | None = Field(default=None, description="Of times that name none.")
        time_format: str | None = Field(default=None, description="strptime's, for other times.")
        tells_answers: bool = Field(
            default=False, description="Your answers are sent, too: silence here is silence."
        )
        window: PositiveSpan = Field(
            default=timedelta(minutes=5), description="How old a signature may be."
        )
        page_size: int = Field(default=500, ge=1, le=10_000, description="Items stored at once.")

        @model_validator(mode="after")
        def _said_once(self) -> Self:
            twice = sorted(self.constants.keys() & (self.mapping.keys() | self.defaults.keys()))
            if twice:
                raise ValueError(f"{', '.join(twice)}: a constant needs no mapping and no default")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock, inbox: Inbox) -> None:
        """`secrets` are asked for when a call comes; `clock` tells when the inbox is read."""
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._inbox = inbox
        self._mapped = Mapped(
            network=options.network,
            items=options.items,
            mapping=options.mapping,
            constants=options.constants,
            defaults=options.defaults,
            is_html=options.html,
            assume_now=options.assume_now,
            zone=options.timezone,
            time_format=options.time_format,
        )

    def streams(self) -> Sequence[Stream]:
        kind = StreamKind.ALL if self._options.tells_answers else StreamKind.MENTIONS
        network = self._options.constants.get("network", self._options.network)
        return (Stream(_STREAM, kind, network.lower(), _EVERY),)

    def reading_stream(self) -> str:
        return _STREAM

    def greet(self, call: Call, /) -> str:
        """Nobody has to ask first. Raises CallError."""
        raise CallError("items are sent by POST", Refusal.NOT_ASKED)

    def take(self, call: Call, /) -> Sequence[Letter]:
        signing.check(call, self._known_secrets(), self._options.window)
        return self.split(call)

    def split(self, call: Call, /) -> Sequence[Letter]:
        return self._mapped.letters(call.body, call.at)

    def pages(self, stream: Stream, since: Cursor | None, /) -> Iterator[Page]:
        for some, cursor in letters.read(
            self._inbox, since, self._options.page_size, self._clock()
        ):
            yield Page(tuple(self._mapped.read(one) for one in some), cursor)
        try:
            self._known_secrets()
        except ConfigError as error:
            raise SourceError(f"nothing can be sent to it: {error}", permanent=True) from error
        letters.require_listener(self._inbox, self._clock())

    def try_out(self) -> Iterator[Finding]:
        """Say which secrets there are, and whether somebody listens. Costs nothing."""
        for name in self._options.secrets:
            try:
                secret = self._secrets.get(name).strip()
            except ConfigError as error:
                yield Finding(str(error), Standing.LACKS)
            else:
                is_long = len(secret) >= _LEAST
                said = "may sign" if is_long else f"is shorter than {_LEAST} characters: no use"
                yield Finding(
                    f'the secret "{name}" {said}', Standing.WELL if is_long else Standing.FAILS
                )
        self._known_secrets()
        letters.require_listener(self._inbox, self._clock())
        yield Finding("somebody listens at its address")

    def _known_secrets(self) -> list[str]:
        """Those that there are: one that is on its way in or out may be missing. Raises ConfigError."""
        found, missing = [], None
        for name in self._options.secrets:
            try:
                secret = self._secrets.get(name).strip()
            except ConfigError as error:
                missing = error
            else:
                found += [secret] if len(secret) >= _LEAST else []
        if not found:
            raise missing or ConfigError(f"no secret has {_LEAST} characters or more")
        return found
