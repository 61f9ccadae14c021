"""Plug-ins in trouble, named in the tests' configs: they hang, have nothing, or stumble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event

from pydantic import BaseModel, ConfigDict

from monitor.domain.judgement import Judgement
from monitor.domain.post import Page, Post, Stream, StreamKind
from monitor.ports import Clock, Secrets
from tests.cli.keywords import Keywords


class Hangs:
    """A network that never answers."""

    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")

    def __init__(self, options: Options, *, secrets: Secrets, clock: Clock) -> None:
        """It needs nothing."""

    def streams(self) -> Sequence[Stream]:
        return (Stream("all", StreamKind.ALL, "y"),)

    def pages(self, stream: Stream, since: str | None, /) -> Iterator[Page]:
        Event().wait()
        return iter(())


class Nothing(Hangs):
    """A network in which nothing is there to be read."""

    def streams(self) -> Sequence[Stream]:
        return ()


class Stumbles(Keywords):
    """A classifier with a mistake in it."""

    def classify(self, posts: Sequence[Post], /) -> Sequence[Judgement]:
        raise ZeroDivisionError
