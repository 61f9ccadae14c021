"""The notifier: each notice as one message, or as one with others in its thread.

Every message carries the notice's key as metadata, which nobody sees: by it a message is found whose
posting was never answered. An edit needs no such look: done twice, it is done once.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from slack_sdk import WebClient
from slack_sdk.models.metadata import Metadata
from slack_sdk.web import SlackResponse

from monitor.domain.errors import NoSuchPlaceError, Outcome, SendError
from monitor.domain.finding import Finding
from monitor.domain.notice import Absent, Document, Notice, NoticeKind, Receipt, Unknowable
from monitor.notifiers.slack import trying
from monitor.notifiers.slack.errors import WITHOUT_BLOCKS, WITHOUT_THREAD
from monitor.notifiers.slack.lookup import EVENT, Lookup, label, thread_of
from monitor.notifiers.slack.pacing import Pace
from monitor.notifiers.slack.wire import RefusedError, Wire
from monitor.ports import Clock, Secrets
from monitor.render.slack_cards import Message, messages
from monitor.render.slack_case import Look, is_group, is_member
from monitor.render.tongue import ENGLISH, LANGUAGES, tongue
from monitor.render.words import cut
from monitor.settings.secret_names import SecretName

_CHANNEL_ID = 9
"""Signs, at least."""
_ALT_TEXT = 500
"""Half of what Slack takes: it may count otherwise."""

_log = structlog.get_logger(__name__)


def _channel(text: str) -> str:
    if is_channel(text):
        return text
    raise ValueError(
        f'"{text}" is no channel id such as C0123456789: in Slack, open the channel\'s details; '
        "the id stands at their end"
    )


def is_channel(text: str) -> bool:
    """Whether that is the id of a channel (C…), a private one (G…) or a direct message (D…)."""
    written_so = text.isascii() and text.isalnum() and text == text.upper()
    return text[:1] in ("C", "G", "D") and len(text) >= _CHANNEL_ID and written_so


def _person(text: str) -> str:
    if is_member(text) or is_group(text):
        return text
    raise ValueError(
        f"\"{text}\" is neither a member's id (U…) nor a user group's (S…): "
        'in Slack, open the profile, "⋮", "Copy member ID"'
    )


def _language(text: str) -> str:
    if text in LANGUAGES:
        return text
    raise ValueError(f'"{text}" is not spoken here; known: {", ".join(LANGUAGES)}')


Language = Annotated[str, AfterValidator(_language)]
ChannelId = Annotated[str, AfterValidator(_channel)]
PersonId = Annotated[str, AfterValidator(_person)]


class Slack:
    """Posts, edits and finds messages as an app of the workspace."""

    class Options(BaseModel):
        """The table of a notifier `use = "slack"`."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        token: SecretName = Field(default="slack", description="The secret's name, not the secret.")
        channel: ChannelId = Field(description="For audiences that name nobody.")
        targets: dict[str, ChannelId] = Field(
            default_factory=dict, description="Channels by name: leads = C0123456789."
        )
        people: dict[str, PersonId] = Field(
            default_factory=dict, description="Members and groups by the names in the policies."
        )
        languages: dict[str, Language] = Field(
            default_factory=dict,
            description='By target or channel id; "*" is every other: { leads = "ro" }.',
        )
        buttons: bool = Field(
            default=False, description="On cards. Default: if there is a [slack_app]."
        )
        zone: ZoneInfo = Field(
            ZoneInfo("UTC"), description="IANA zone of times that Slack does not localise."
        )
        per_second: float = Field(
            default=1, gt=0, le=1000, description="Messages a channel takes a second."
        )
        timeout: int = Field(default=10, ge=1, le=30, description="Seconds a call may take.")
        base_url: str = Field(
            default=WebClient.BASE_URL, description="Of the Web API: a proxy, a gateway."
        )

        def language_of(self, channel: str) -> str:
            """The language of a channel, by its id or the name of a target."""
            names = [name for name, its_id in self.targets.items() if its_id == channel]
            known = (self.languages.get(one) for one in (channel, *names, "*"))
            return next((one for one in known if one), ENGLISH)

        @model_validator(mode="after")
        def _guarded(self) -> Self:
            parts = urlsplit(self.base_url)
            if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
                raise ValueError(f"{self.base_url}: the token would travel in the open; use https")
            return self

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """`secrets` has the token; `clock` is not needed, Slack dates its messages itself."""
        del clock
        self._options = options
        self._wire = Wire(
            options.token,
            secrets,
            Pace(options.per_second),
            base_url=options.base_url,
            timeout=options.timeout,
        )
        self._lookup = Lookup(self._wire)
        self._begun: dict[str, dict[int, str]] = {}
        """Of notices of which a part was refused: the messages that are out, and no others."""

    def send(self, notice: Notice, earlier: Receipt | None, /) -> Receipt:
        if earlier is not None:
            self._edit(earlier, self._messages(notice, earlier.place)[0])
            return earlier
        channel = self._channel(notice.audience)
        parts = self._messages(notice, channel)
        thread = thread_of(notice, channel)
        if len(parts) == 1:
            ts = self._post(notice, 1, channel, thread, parts[0])
        else:
            ts = self._post_all(notice, channel, thread, parts)
        if isinstance(notice.content, Document):
            self._attach(notice.content, channel, thread or ts)
        return Receipt(channel, ts)

    def _post_all(
        self, notice: Notice, channel: str, thread: str | None, parts: Sequence[Message]
    ) -> str:
        """Post what is not there yet of several messages. Returns the first one's time stamp."""
        there = self._there(notice, channel)
        try:
            for number, part in enumerate(parts, start=1):
                if number not in there:
                    under = thread if number == 1 else thread or there[1]
                    there[number] = self._post(notice, number, channel, under, part)
        except SendError as error:
            if error.outcome is not Outcome.NOT_SENT or not there:
                raise
            # some of it is out: after a restart, who may not look must say that it may be repeated
            self._begun[notice.key] = there
            raise SendError(
                str(error), outcome=Outcome.UNKNOWN, retry_after=error.retry_after
            ) from error
        return there[1]

    def find(self, notice: Notice, /) -> Receipt | Absent | Unknowable:
        if notice.kind is NoticeKind.UPDATE:
            return Absent()
        channel = self._channel(notice.audience)
        parts = len(self._messages(notice, channel))
        there = self._lookup.there(notice, channel)
        known = {} if isinstance(there, Unknowable) else there
        if all(number in known for number in range(1, parts + 1)):
            return Receipt(channel, known[1])
        if notice.key in self._begun:
            return Absent()  # as a whole; what of it is out is known, and not sent again
        if isinstance(there, Unknowable):
            return there
        self._lookup.believe_absence(notice)
        return Absent()

    def try_out(self) -> Iterator[Finding]:
        channels = (self._options.channel, *self._options.targets.values())
        return trying.findings(self._wire, channels)

    def language(self, target: str, /) -> str:
        its = self._options
        return its.language_of(its.targets.get(target, target or its.channel))

    def _messages(self, notice: Notice, channel: str) -> tuple[Message, ...]:
        """As this channel is spoken to."""
        its = self._options
        look = Look(tongue(its.language_of(channel)), has_buttons=its.buttons)
        return messages(notice, its.zone, its.people, look)

    def _there(self, notice: Notice, channel: str) -> dict[int, str]:
        """The messages of a notice that are out, as the channel shows and as this process remembers."""
        there = self._lookup.there(notice, channel)
        begun = self._begun.pop(notice.key, {})
        return begun if isinstance(there, Unknowable) else {**begun, **there}

    def _channel(self, audience: str) -> str:
        if not audience:
            return self._options.channel
        if audience in self._options.targets:
            return self._options.targets[audience]
        if is_channel(audience) or is_member(audience):
            return audience
        raise NoSuchPlaceError(
            f'"{audience}" is neither a target of this notifier nor the id of a channel or a member'
        )

    def _post(
        self, notice: Notice, number: int, channel: str, thread: str | None, message: Message
    ) -> str:
        """Post it; plainer, or beside its thread, where Slack will not take it as it should be."""
        blocks: Sequence[Mapping[str, Any]] | None = message.blocks
        while True:
            try:
                return self._post_once(notice, number, channel, thread, message.text, blocks)
            except RefusedError as refusal:
                if refusal.name in WITHOUT_BLOCKS and blocks is not None:
                    blocks = None
                elif refusal.name in WITHOUT_THREAD and thread is not None:
                    thread = None
                else:
                    raise
                _log.warning("slack_message_simplified", key=notice.key, error=refusal.name)

    def _post_once(
        self,
        notice: Notice,
        number: int,
        channel: str,
        thread: str | None,
        text: str,
        blocks: Sequence[Mapping[str, Any]] | None,
    ) -> str:
        payload = label(notice, number)
        answer = self._wire.call(
            "chat.postMessage",
            channel,
            lambda client: client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=_plain(blocks),
                thread_ts=thread,
                metadata=Metadata(EVENT, payload),
                mrkdwn=False,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return _stamp(answer)

    def _edit(self, earlier: Receipt, message: Message) -> None:
        """Change the card; its metadata stay. Unsaid, `parse` would become `client`."""
        blocks: Sequence[Mapping[str, Any]] | None = message.blocks
        while True:
            shown = blocks
            try:
                self._wire.call(
                    "chat.update",
                    earlier.place,
                    lambda client: client.chat_update(
                        channel=earlier.place,
                        ts=earlier.name,
                        text=message.text,
                        blocks=_plain(shown) or [],  # noqa: B023 - called before the next turn
                        parse="none",
                        link_names=False,
                    ),
                )
            except RefusedError as refusal:
                if refusal.name not in WITHOUT_BLOCKS or blocks is None:
                    raise
                blocks = None
            else:
                return

    def _attach(self, document: Document, channel: str, thread: str) -> None:
        """Put picture and page under the summary. That is told: without them it is told still."""
        files: list[dict[str, Any]] = [
            {"content": document.html, "filename": document.name, "title": document.name}
        ]
        files += [
            {"content": one.content, "filename": one.name, "title": one.name}
            for one in document.attached
        ]
        if document.picture is not None:
            shown = document.picture
            said = cut(shown.words, _ALT_TEXT)
            files.insert(
                0,
                {
                    "content": shown.png,
                    "filename": shown.name,
                    "title": shown.name,
                    "alt_txt": said,
                },
            )
        try:
            self._wire.call(
                "files.completeUploadExternal",
                channel,
                lambda client: client.files_upload_v2(
                    file_uploads=files, channel=channel, thread_ts=thread
                ),
            )
        except SendError as error:
            _log.warning("slack_file_not_attached", name=document.name, problem=str(error))


def _plain(blocks: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    return None if blocks is None else [dict(one) for one in blocks]


def _stamp(answer: SlackResponse) -> str:
    ts = answer.get("ts")
    if not isinstance(ts, str):
        raise SendError("Slack said yes, but not where", outcome=Outcome.UNKNOWN)
    return ts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
