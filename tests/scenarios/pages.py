"""The networks of the live scenarios: people write there, at a time, and are seen from a later one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from monitor.simulator.app_store import AppStore
from monitor.simulator.bluesky import POST, Bluesky, did_of, tid
from monitor.simulator.bluesky_http import BlueskyServer
from monitor.simulator.google_play import GooglePlay
from monitor.simulator.ids import author_id
from monitor.simulator.reddit import Reddit, Thing
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.stores import Review, Store
from monitor.simulator.stores_http import Face, StoreServer
from monitor.simulator.x import XFace, id_at
from monitor.simulator.x_http import XServer
from tests.scenarios.world import clock_time

if TYPE_CHECKING:
    from tests.scenarios.live import Live

US, SALES = "acme_help", "acme_sales"
"""The brand's two accounts on every network."""
X_TOKEN, REDDIT_SECRET, REDDIT_REFRESH = "x-token", "reddit-secret", "reddit-refresh"


@dataclass(frozen=True, slots=True)
class Said:
    """A post that a scenario can refer to."""

    id: str
    thread: str
    author: str


class Page:
    """One network, on which people write at a time and can be read from that or a later one (`seen`)."""

    network: ClassVar[str]

    def __init__(self, live: Live) -> None:
        self._live = live
        self._count = 0

    def posts(
        self,
        text: str,
        *,
        at: str,
        by: str = "ana",
        to: Said | None = None,
        seen: str | None = None,
        **how: Any,
    ) -> Said:
        """Somebody writes; `to`: below that. What else can be said depends on the network."""
        self._count += 1
        name = self._name(clock_time(at), is_root=to is None)
        said = Said(name, to.thread if to else name, by)
        self._live.will(seen or at, lambda: self._show(said, text, clock_time(at), to, **how))
        return said

    def we_answer(self, to: Said, *, at: str, by: str = US, **how: Any) -> Said:
        """The brand replies, in the network's own app."""
        return self.posts(how.pop("text", f"So sorry! ({at})"), at=at, by=by, to=to, **how)

    def deletes(self, said: Said, *, at: str) -> None:
        """Its author takes it away."""
        self._live.will(at, lambda: self._delete(said))

    def edits(self, said: Said, text: str, *, at: str) -> None:
        """Its author changes what it says."""
        self._live.will(at, lambda: self._edit(said, text, clock_time(at)))

    def tables(self) -> str:
        """The `[[sources]]` that read it."""
        raise AssertionError

    def identities(self) -> str:
        """The brand's accounts, where they cannot be called as everywhere."""
        return ""

    def secrets(self) -> dict[str, str]:
        """What they need beside the names that they give, by environment variable."""
        return {}

    def _name(self, at: datetime, *, is_root: bool) -> str:
        raise AssertionError(at, is_root)

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        raise AssertionError(said, text, at, to, how)

    def _delete(self, said: Said) -> None:
        raise AssertionError(said)

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        raise AssertionError(said, text, at)


class XPage(Page):
    """X. What customers write names the account, so that it is among the mentions."""

    network = "x"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.face = XFace(live.now, rate_limit=10**9)
        self.accounts = {handle: author_id("x", handle) or "" for handle in (US, SALES)}
        for handle in self.accounts:
            self.face.person(handle)
        self.server = XServer(self.face, token=X_TOKEN)

    def tables(self) -> str:
        return "".join(
            f'[[sources]]\nuse = "x"\nname = "x-{handle}"\naccount = "{number}"\n'
            f'handle = "{handle}"\noverlap = "3h"\nbase_url = "{self.server.url}"\n'
            for handle, number in self.accounts.items()
        )

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del is_root
        return str(id_at(at) + self._count)

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        if said.author not in self.accounts:
            text = f"@{US} {text}"
        given: dict[str, Any] = {"reply_to": to.id if to else None, "conversation": said.thread}
        quotes = tuple(one.id for one in how.pop("quotes", ()))
        names_its_thread = how.pop("names_its_thread", True)
        shown = self.face.put(said.id, said.author, text, at=at, quotes=quotes, **(given | how))
        if not names_its_thread:  # as very old posts don't: known is only what it replies to
            shown.conversation = ""

    def _delete(self, said: Said) -> None:
        self.face.delete(said.id)

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        self._count += 1
        self.face.edit(said.id, f"@{US} {text}", str(id_at(at) + self._count))


class RedditPage(Page):
    """A subreddit: what stands below nothing is a submission, all else are comments."""

    network = "reddit"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.server = RedditServer(Reddit(live.clock), clients={"app": REDDIT_SECRET}, quota=10**9)
        self.server.refresh_tokens[REDDIT_REFRESH] = (US, "*")

    def tables(self) -> str:
        return (
            f'[[sources]]\nuse = "reddit"\nclient_id = "app"\nusername = "{US}"\n'
            f'refresh_token = "reddit_refresh"\naccounts = ["{SALES}"]\nsubreddits = ["help"]\n'
            f'inbox = false\noverlap = "3h"\nbase_url = "{self.server.url}"\n'
        )

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del at
        return f"t{3 if is_root else 1}_a{self._count:05}"

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        thing = Thing(
            name=said.id,
            author=said.author,
            title="" if to else text,
            text=text,
            at=at,
            link=said.thread if to else "",
            parent=to.id if to else None,
            subreddit="help",
            **how,
        )
        self.server.reddit.put(thing)

    def _delete(self, said: Said) -> None:
        self.server.reddit[said.id].fate = "deleted"

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        thing = self.server.reddit[said.id]
        thing.edited_at = at
        thing.text = text
        if not thing.is_comment:
            thing.title = text


class BlueskyPage(Page):
    """Bluesky, on which handles are domains. What customers write names the account."""

    network = "bluesky"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.world = Bluesky(live.clock, brand=_domain(US))
        self.world.account(_domain(SALES))
        self.server = BlueskyServer(self.world)

    def tables(self) -> str:
        return (
            f'[[sources]]\nuse = "bluesky"\naccount = "{_domain(US)}"\n'
            f'accounts = ["{_domain(SALES)}"]\nbase_url = "{self.server.url}"\n'
        )

    def identities(self) -> str:
        return "".join(f', {{ handle = "{_domain(one)}" }}' for one in (US, SALES))

    def secrets(self) -> dict[str, str]:
        return {"COMPLAINT_MONITOR_BLUESKY_PASSWORD": "pass-word"}

    def posts(self, text: str, *, by: str = "ana", **how: Any) -> Said:
        self._by = by
        return super().posts(text, by=by, **how)

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del at, is_root
        return f"at://{did_of(_domain(self._by))}/{POST}/{tid(self._count)}"

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        quotes = [one.id for one in how.pop("quotes", ())]
        shown = self.world.put(
            text,
            author=_domain(said.author),
            at=at,
            rkey=said.id.rpartition("/")[2],
            reply_to=to.id if to else None,
            mentions=() if said.author in (US, SALES) else (_domain(US),),
            quotes=quotes[0] if quotes else None,
            **how,
        )
        shown.seen_at = at

    def _delete(self, said: Said) -> None:
        self.world.delete(said.id)

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        self.world.posts[said.id].record["text"] = text


def _domain(name: str) -> str:
    return f"{name.replace('_', '-')}.example"


class ReviewsPage(Page):
    """A review site, as an export that grows."""

    network = "reviews"

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self._path = live.folder / "reviews.jsonl"
        self._path.touch()
        self._first: dict[str, dict[str, Any]] = {}

    def tables(self) -> str:
        return f'[[sources]]\nuse = "files"\npath = "{self._path}"\nfollow = true\n'

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del at, is_root
        return f"review-{self._count}"

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        row = {"external_id": said.id, "thread_id": said.thread, "author": said.author}
        row |= {"text": text, "posted_at": at.isoformat(), **how}
        if to is not None:  # the owner's response is named after its review
            row["external_id"] = f"{to.id}/response"
        self._first[said.id] = row
        self._write(row)

    def _delete(self, said: Said) -> None:
        gone = self._first[said.id]["external_id"]
        self._write({"external_id": gone, "deleted_at": self._live.now.isoformat()})

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        self._write({**self._first[said.id], "text": text, "edited_at": at.isoformat()})

    def _write(self, row: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"network": self.network, **row}) + "\n")


class StorePage(Page):
    """An app store: everybody has one review, and we one response to each."""

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.store = Store(self.network, live.clock)
        self.server = StoreServer(self._face())

    def _face(self) -> Face:
        raise AssertionError

    def _name(self, at: datetime, *, is_root: bool) -> str:
        del at, is_root
        return f"review-{self._count}"

    def _show(self, said: Said, text: str, at: datetime, to: Said | None, **how: Any) -> None:
        if to is None:
            self.store.put(Review(id=said.id, text=text, at=at, author=said.author, **how))
        else:
            self.store.respond(said.thread, text, at)

    def _delete(self, said: Said) -> None:
        if said.id == said.thread:
            self.store.delete(said.id)
        else:
            self._review(said).response = None

    def _edit(self, said: Said, text: str, at: datetime) -> None:
        review = self._review(said)
        review.text, review.at = text, at

    def _review(self, said: Said) -> Review:
        found = self.store.find(said.thread)
        assert found is not None
        return found


class GooglePlayPage(StorePage):
    network = "google_play"

    def _face(self) -> Face:
        self.face = GooglePlay(self.store, "example.acme.app")
        return self.face

    def tables(self) -> str:
        return (
            f'[[sources]]\nuse = "google_play"\npackage = "{self.face.package}"\n'
            f'service_account = "play"\nbase_url = "{self.server.url}"\n'
        )

    def secrets(self) -> dict[str, str]:
        return {"COMPLAINT_MONITOR_PLAY": self.face.service_account(self.server.url)}


class AppStorePage(StorePage):
    network = "app_store"

    def _face(self) -> Face:
        self.face = AppStore(self.store, "1577000001", key_id="K1", issuer="acme")
        return self.face

    def tables(self) -> str:
        return (
            f'[[sources]]\nuse = "app_store"\napp = "{self.face.app}"\nkey_id = "K1"\n'
            f'issuer = "acme"\nkey = "apple"\nbase_url = "{self.server.url}"\n'
        )

    def secrets(self) -> dict[str, str]:
        return {"COMPLAINT_MONITOR_APPLE": self.face.key}


PAGES: dict[str, type[Page]] = {
    one.network: one
    for one in (XPage, RedditPage, BlueskyPage, ReviewsPage, GooglePlayPage, AppStorePage)
}
