"""`policy simulate`: past cases under changed policies, before they are adopted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from monitor.cli.explaining import settings_brand
from monitor.cli.opening import config_path, opened
from monitor.cli.periods import as_of_moment, period_of
from monitor.cli.printing import print_json, print_table
from monitor.clock import utc_now
from monitor.domain.escalation_difference import Change, Difference
from monitor.render.policy_words import both_sides
from monitor.render.tongue import ENGLISH, LANGUAGES, Tongue, tongue
from monitor.render.words import local_time

if TYPE_CHECKING:
    from monitor.domain.report import Period

_SHOWN = 20


@click.command(short_help="Past cases under changed policies: what would be told otherwise.")
@click.option("--from", "since", help="The first day, or a time.")
@click.option("--to", "until", help="The day or time at which it ends; default: now.")
@click.option("--last", help="week, month, or a span such as 30d; default: 30d.")
@click.option(
    "--config",
    "changed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The config with the changed policies; default: the one in force.",
)
@click.option("--brand", help="Of one brand alone.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_SHOWN,
    show_default=True,
    help="Changed messages that are listed; 0: all.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default=ENGLISH, help="Of words.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every message.")
@click.pass_context
def simulate(ctx: click.Context, /, limit: int, language: str, as_json: bool, **asked: Any) -> None:
    r"""Play the cases of a period again, by the policies that held for them and by changed ones.

    Both are played as if the program had always run, and people had done what they did: so the
    difference is that of the policies alone. Which message would have come earlier, later, to others, no
    longer or newly; how many were answered in time by either target. Without --config the changed ones
    are those of the config in force, which may have changed since. Nothing is stored, nobody is told.

    \b
    Examples:
      complaint-monitor policy simulate --last month --config new.toml
      complaint-monitor policy simulate --from 2026-10-01 --to 2026-11-01 --config new.toml --limit 0
    """
    from monitor import settings as config
    from monitor.policies.simulating import difference

    with opened(ctx) as its:
        changed = config.read(asked["changed"]) if asked["changed"] else its.settings
        zone, now = ZoneInfo(its.settings.timezone), utc_now()
        as_of = as_of_moment(None, zone, now=now)
        period = period_of(asked["since"], asked["until"], asked["last"], as_of=as_of, zone=zone)
        if asked["brand"]:
            settings_brand(its.settings, asked["brand"])
        with its.database.reading() as conn:
            found = difference(
                conn,
                its.settings,
                changed,
                period,
                now=now,
                brands_of=[asked["brand"]] if asked["brand"] else None,
            )
    if as_json:
        print_json(_as_object(found, period))
        return
    name = asked["changed"] or config_path(ctx)
    _Printed(found, zone, tongue(language)).print(period, str(name), limit)


DUE = ((Change.EARLIER, "earlier"), (Change.LATER, "later"), (Change.SAME, "at the same time"))
"""How due times move, in words."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """The difference in words."""

    found: Difference
    zone: ZoneInfo
    say_in: Tongue

    def print(self, period: Period, name: str, limit: int) -> None:
        found, say_in = self.found, self.say_in
        click.echo(
            say_in(
                "{number} waits that began from {since} to {until}, played by {config}",
                number=found.waits,
                since=self._time(period.since),
                until=self._time(period.until),
                config=name,
            )
        )
        if not found.waits:
            return
        self._counts()
        click.echo("")
        before, after = say_in("before"), say_in("after")
        told = found.messages
        places = sorted({*told["before"], *told["after"]})
        print_table(
            (say_in("whom"), before, after),
            [(one, told["before"][one], told["after"][one]) for one in places],
        )
        self._changed(limit)
        self._summaries(limit)

    def _time(self, at: datetime) -> str:
        return local_time(at, self.zone, self.say_in)

    def _counts(self) -> None:
        found, say_in = self.found, self.say_in
        moved = ", ".join(f"{found.due[one]} {say_in(said)}" for one, said in DUE)
        in_time = say_in(
            "{before} before, {after} after; {never} never answered",
            never=found.unanswered,
            **found.in_time,
        )
        changes = ", ".join(f"{found.changes[one]} {say_in(one.value)}" for one in Change)
        summaries = say_in(
            "{before} before, {after} after",
            before=sum(bool(one.before) for one in found.summaries),
            after=sum(bool(one.after) for one in found.summaries),
        )
        heads = [say_in(one) for one in ("due", "answered in time", "messages", "summaries")]
        wide = max(map(len, heads))
        for head, line in zip(heads, (moved, in_time, changes, summaries), strict=True):
            click.echo(f"  {head:<{wide}}  {line}")

    def _changed(self, limit: int) -> None:
        say_in = self.say_in
        changed = [one for one in self.found.lines if one.change is not Change.SAME]
        if not changed:
            if all(one.is_same for one in self.found.summaries):
                click.echo(f"\n{say_in('no message would change')}")
            return
        shown = changed[: limit or None]
        click.echo("")
        heads = ("case", "step", "change", "before", "after")
        rows = [
            (one.case_id, one.step, say_in(one.change.value), *both_sides(one, self.zone, say_in))
            for one in shown
        ]
        print_table([say_in(one) for one in heads], rows)
        self._more(len(shown), len(changed))

    def _summaries(self, limit: int) -> None:
        """Whose mornings are others."""
        say_in = self.say_in
        changed = [one for one in self.found.summaries if not one.is_same]
        if not changed:
            return
        shown = changed[: limit or None]
        click.echo("")
        rows = [
            (self._time(one.at), one.audience, _cases(one.before), _cases(one.after))
            for one in shown
        ]
        heads = ("summary of", "whom", "cases before", "cases after")
        print_table([say_in(one) for one in heads], rows)
        self._more(len(shown), len(changed))

    def _more(self, shown: int, changed: int) -> None:
        if shown < changed:
            said = "and {number} more: --limit 0 shows all {all}"
            click.echo(self.say_in(said, number=changed - shown, all=changed))


def _cases(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers)) or "-"


def _as_object(found: Difference, period: Period) -> dict[str, Any]:
    return {
        "from": period.since,
        "to": period.until,
        "waits": found.waits,
        "unanswered": found.unanswered,
        "due": {one.value: found.due[one] for one in (Change.EARLIER, Change.LATER, Change.SAME)},
        "answered_in_time": found.in_time,
        "changes": {one.value: found.changes[one] for one in Change},
        "messages": found.messages,
        "lines": found.lines,
        "summaries": found.summaries,
    }
