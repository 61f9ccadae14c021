"""What X and Reddit really sent to others, through the whole program: where each thing of it went.

    python -m tests.scenarios.recorded ../shared/recordings

Serves the recordings over HTTP to the real sources of a real `Application`, from intake to the
console, and prints for each of them what was served and what became of it. Exit status 1: something
is unaccounted for. The recordings hold real people's words; nothing of them is printed or kept.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from monitor import log
from monitor.cli.run import begin
from monitor.settings import Settings
from monitor.simulator.reddit import Reddit
from monitor.simulator.reddit_http import RedditServer
from monitor.simulator.serving import Answer, Asked, Server, as_json, packed
from monitor.store import maintenance, schema
from monitor.wiring import Application
from tests.plugins.door import let_tests_ask
from tests.sources import test_reddit_recordings as of_reddit
from tests.sources import test_x_recordings as of_x

BEFORE, NOW = datetime(2000, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
"""Watching began before the first recorded post, so that each complaint alerts; all are past now."""
_EVER = timedelta(days=20_000)
_PAGE = 100
_SECRETS = {
    "COMPLAINT_MONITOR_X_TOKEN": "T",
    "COMPLAINT_MONITOR_REDDIT_CLIENT_SECRET": "s3cret",
    "COMPLAINT_MONITOR_REDDIT_REFRESH": "r3fresh",
}
_BRAND = "Our_Shop"
_NO_POSTS = {"t4": "private messages", "more": "links to more comments"}


@dataclass(slots=True)
class Served:
    """What a server gave away: things, and those among them that are no post of anybody's."""

    things: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Reposts, private messages and the like, and what a listing showed twice: no source brings these."""


@dataclass(frozen=True, slots=True)
class Row:
    """A recording, and where what it served went."""

    name: str
    served: Served
    stored: int
    known: int
    rejected: int

    @property
    def missing(self) -> int:
        """What is unaccounted for."""
        found = self.stored + self.known + self.rejected + self.served.left_out.total()
        return self.served.things - found


@dataclass(frozen=True, slots=True)
class Outcome:
    """The whole run. `cases` are those that alert, `unconfirmed` those that wait for a person.

    `deletions` is news of posts that nobody had seen, which is part of what was known.
    """

    rows: Sequence[Row]
    posts: int
    judged: int
    deletions: int
    cases: int
    unconfirmed: int
    alerts: int
    printed: int
    problems: Sequence[str]

    @property
    def adds_up(self) -> bool:
        """Whether nothing was lost on the way, and nothing told twice."""
        return (
            not self.problems
            and not any(one.missing for one in self.rows)
            and self.posts == sum(one.stored for one in self.rows)
            and self.judged == self.posts
            and self.cases == self.alerts == self.printed
        )


class XReplay(Server):
    """Every recording under a path of its own, as the mentions of an account; other listings are empty."""

    def __init__(self, recordings: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        super().__init__()
        self.served = {name: Served() for name in recordings}
        self._left = {name: iter(bodies) for name, bodies in recordings.items()}

    def serve(self, asked: Asked) -> Answer:
        return packed(as_json(200, self.answer(asked.path)))

    def answer(self, path: str) -> dict[str, Any]:
        _, name, *rest = path.split("/")
        nothing: dict[str, Any] = {"meta": {"result_count": 0}}
        if rest[-1] != "mentions":
            return nothing
        with self.lock:
            body = next(self._left[name], nothing)
            served = self.served[name]
            served.things += len(body.get("data", ()))
            served.left_out["reposts"] += sum(map(of_x.is_repost, body.get("data", ())))
        return body


class RedditReplay(RedditServer):
    """One recording: what each of its listings showed, page by page; other listings are empty."""

    def __init__(self, listings: Mapping[str, list[Any]]) -> None:
        super().__init__(Reddit(lambda: NOW), clients={"app": "s3cret"}, quota=10**9)
        self.refresh_tokens["r3fresh"] = (_BRAND, "*")
        self.served = Served()
        self._left = {stream: iter(pages) for stream, pages in listings.items()}
        self._shown: dict[str, set[str]] = {stream: set() for stream in listings}
        for pages in listings.values():
            pages[-1]["data"]["after"] = None  # the recording ends, so the listing does

    def answer(
        self, method: str, path: str, said: Mapping[str, str], bearer: str
    ) -> tuple[int, dict[str, Any]]:
        del method, said, bearer
        stream = next(
            (
                name
                for name, (first, last) in of_reddit.FOLDERS.items()
                if _is_at(path, first, last)
            ),
            "",
        )
        empty: Any = {"kind": "Listing", "data": {"children": [], "after": None}}
        page = next(self._left.get(stream, iter(())), empty)
        for thing in page["data"]["children"]:
            self._count(stream, thing)
        return 200, page

    def _count(self, stream: str, thing: Any) -> None:
        self.served.things += 1
        name = str(thing["data"].get("name"))
        if thing["kind"] in _NO_POSTS:
            self.served.left_out[_NO_POSTS[thing["kind"]]] += 1
        elif name in self._shown[stream]:
            self.served.left_out["shown twice"] += 1
        self._shown[stream].add(name)


def _is_at(path: str, first: str, last: str) -> bool:
    path = f"/{path.strip('/')}"
    return path.startswith(first) and path.endswith(last) and bool(first)


def reddit_recordings(recordings: Path) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """Every cassette that lists something; and all that any of them shows, at any depth, as comments."""
    calls = list(of_reddit.recorded(recordings))
    for cassette in dict.fromkeys(one.cassette for one in calls):
        listings: dict[str, list[Any]] = {}
        for stream, (first, last) in of_reddit.FOLDERS.items():
            pages = [
                one.answer
                for one in calls
                if one.cassette == cassette
                and _is_at(one.path, first, last)
                and one.answer.get("kind") == "Listing"
                and one.answer["data"]["children"]
            ]
            # the inbox and the mentions are listings of their own: the narrower path is taken first
            if pages and not any(pages[0] is one[0] for one in listings.values()):
                listings[stream] = pages
        if listings:
            yield f"reddit/{cassette}", listings
    things = {
        one["data"]["name"]: one for call in calls for one in of_reddit.things_in(call.answer)
    }
    rest, pages = iter(things.values()), []
    while some := list(islice(rest, _PAGE)):
        after = some[-1]["data"]["name"]
        pages.append({"kind": "Listing", "data": {"after": after, "children": some}})
    if pages:
        yield "reddit/(all things of all cassettes)", {"comments": pages}


def run(recordings: Path, folder: Path, classifier: str = "shipped") -> Outcome:
    """Serve all recordings to the program, which keeps its database in `folder`."""
    with ExitStack() as servers:
        of_all_x = {f"x-{name}": bodies for name, bodies in of_x.recorded(recordings)}
        x = servers.enter_context(XReplay(of_all_x))
        served = dict(x.served)
        sources = [_x_table(name, f"{x.url}/{name}") for name in served]
        for name, listings in reddit_recordings(recordings):
            replay = servers.enter_context(RedditReplay(json.loads(json.dumps(listings))))
            served[name] = replay.served
            sources.append(_reddit_table(name, replay.url))
        application = _application(folder, sources, classifier)
        try:
            done = application.runner().until_idle()
            problems = [done.broken] if done.broken else []
            problems += [f"{stage}: {n} failed" for stage, n in done.failed.items()]
            return _outcome(application, served, folder / "notices.jsonl", problems)
        finally:
            application.close()


def _application(folder: Path, sources: list[dict[str, Any]], classifier: str) -> Application:
    settings = Settings.model_validate(
        {
            "database": f"sqlite:///{folder / 'monitor.db'}",
            "brands": [{"name": "shop", "identities": [{"handle": _BRAND}]}],
            "sources": sources,
            "classifier": {"use": classifier},
            "policies": [{"name": "all", "target": "1d"}],
            "storms": {"alarms": 10**6},  # each case has an alert of its own, to be counted
            "notifiers": [{"use": "console", "log": str(folder / "notices.jsonl"), "quiet": True}],
        }
    )
    clock = [BEFORE]
    application = Application(settings, clock=lambda: clock[0], environment=_SECRETS)
    maintenance.upgrade(application.database)
    begin(application)
    clock[0] = NOW
    return application


def _x_table(name: str, url: str) -> dict[str, Any]:
    account = {"account": of_x.US.id, "handle": of_x.US.handle, "budget_usd_per_day": 1000.0}
    return {"use": "x", "name": name, "base_url": url, **account}


def _reddit_table(name: str, url: str) -> dict[str, Any]:
    return {
        "use": "reddit",
        "name": name,
        "base_url": url,
        "client_id": "app",
        "username": _BRAND,
        "refresh_token": "reddit_refresh",
        "subreddits": ["all"],
        "look_back": _EVER,
    }


def _outcome(
    application: Application, served: Mapping[str, Served], journal: Path, problems: list[str]
) -> Outcome:
    ledger, streams = schema.coverage.c, schema.stream.c
    sums = [sa.func.sum(one) for one in (ledger.stored, ledger.duplicate, ledger.rejected)]
    by_source = (
        sa.select(streams.source, *sums)
        .join(schema.stream, streams.id == ledger.stream_id)
        .group_by(streams.source)
    )
    confirmed, notices = schema.cases.c.confirmed, schema.notice.c
    with application.database.reading() as conn:
        counted = {source: rest for source, *rest in conn.execute(by_source)}
        failing = conn.scalars(sa.select(streams.problem).where(streams.problem.is_not(None)))
        problems += [str(one) for one in failing]

        def number(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            count = sa.select(sa.func.count()).select_from(table).where(*where)
            return int(conn.scalar(count) or 0)

        sent = (notices.kind == "alert", notices.state == "sent")
        return Outcome(
            rows=[Row(name, one, *counted.get(name, (0, 0, 0))) for name, one in served.items()],
            posts=number(schema.post),
            judged=number(schema.judgement),
            deletions=number(schema.gone),
            cases=number(schema.cases, confirmed),
            unconfirmed=number(schema.cases, ~confirmed),
            alerts=number(schema.notice, *sent),
            printed=_printed(journal),
            problems=problems,
        )


def _printed(journal: Path) -> int:
    """Alerts that the console's journal holds, each once."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return len({one["key"] for one in map(json.loads, lines) if one["kind"] == "alert"})


def table(outcome: Outcome) -> Iterator[str]:
    """The outcome as lines; recordings of one network are summed up, but where something is missing."""
    heads = ("recordings", "served", "stored", "known", "rejected", "left out", "missing")
    yield f"{heads[0]:<44}" + "".join(f"{one:>10}" for one in heads[1:])
    for network in ("x", "reddit"):
        rows = [one for one in outcome.rows if one.name.startswith(network)]
        shown = [one for one in rows if one.missing]
        for name, some in (
            (f"{network} ({len(rows)})", rows),
            *((one.name, [one]) for one in shown),
        ):
            numbers = (
                sum(one.served.things for one in some),
                sum(one.stored for one in some),
                sum(one.known for one in some),
                sum(one.rejected for one in some),
                sum(one.served.left_out.total() for one in some),
                sum(one.missing for one in some),
            )
            yield f"{name:<44}" + "".join(f"{one:>10}" for one in numbers)
    why = sum((one.served.left_out for one in outcome.rows), Counter[str]())
    yield "left out: " + ", ".join(f"{n} {what}" for what, n in sorted(why.items()))
    yield (
        f"posts {outcome.posts} = judged {outcome.judged}; deletions {outcome.deletions}; "
        f"cases {outcome.cases} = alerts {outcome.alerts} = printed {outcome.printed}; "
        f"unconfirmed {outcome.unconfirmed}"
    )
    yield from (f"PROBLEM: {one}" for one in outcome.problems)
    yield "everything adds up" if outcome.adds_up else "IT DOES NOT ADD UP"


def main() -> int:
    """Print the table for the folder of recordings that is named."""
    log.configure(level="error")
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(sys.argv[1]), Path(folder))
    sys.stdout.write("\n".join(table(outcome)) + "\n")
    return 0 if outcome.adds_up else 1


if __name__ == "__main__":
    let_tests_ask()
    sys.exit(main())
