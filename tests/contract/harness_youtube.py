"""A channel on YouTube, whose comments a source `youtube` reads in all its streams."""

from __future__ import annotations

from typing import ClassVar

from monitor.domain.post import PostKey
from monitor.simulator.youtube import Comment, YouTube
from tests.contract.harness import NOON, Item
from tests.contract.harness_plain import PlainHarness

CHANNEL, HANDLE, VIDEO = "UC0123456789abcdefghijkl", "Bufnivo", "dQw4w9WgXcQ"


class Harness(PlainHarness):
    name: ClassVar[str] = "youtube"
    capped: ClassVar[dict[str, object] | None] = {"max_pages": 1}
    beyond: ClassVar[int] = 20
    streams: ClassVar[dict[str, str]] = {
        "comments": "replies&allThreadsRelatedToChannelId",
        f"video-{VIDEO}": "videoId",
        "held": "heldForReview",
    }

    def network(self) -> YouTube:
        self._youtube = YouTube(lambda: NOON, channel=CHANNEL, handle=HANDLE)
        return self._youtube

    def options(self) -> dict[str, object]:
        return {
            "channel": CHANNEL,
            "videos": [VIDEO],
            "moderated": ["held"],
            "client_id": self._youtube.tokens.form["client_id"],
            "page_size": self.page,
            "units_per_day": 10**6,
            "base_url": self.server.url,
            "login_url": self.server.url,
        }

    def secrets(self) -> dict[str, str]:
        form = self._youtube.tokens.form
        return {
            "google_client_secret": form["client_secret"],
            "youtube_refresh_token": form["refresh_token"],
        }

    def key(self, item_id: str) -> PostKey:
        return PostKey(self.name, item_id)

    def item_id(self, number: int) -> str:
        return f"Ugw{2**63 + number}"

    def put(self, item: Item) -> None:
        handle = HANDLE if item.by_brand else item.author
        comment = Comment(
            id=item.id,
            handle=handle,
            text=item.text,
            at=item.at,
            parent=item.reply_to,
            video=VIDEO,
            edited_at=item.edited_at,
        )
        self._youtube.put(comment)

    def put_broken(self) -> None:
        broken = {"publishedAt": "yesterday"}
        comment = Comment(id="broken", handle="ana_p", text="my parcel", at=NOON, broken=broken)
        self._youtube.put(comment)

    def delete(self, item_id: str) -> None:
        self._youtube.delete(item_id)
