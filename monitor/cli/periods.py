"""Which period a report is asked for: local days, half-open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from monitor.domain.report import Period, days, last_week

DEFAULT = "30d"

since_option = click.option(
    "--since",
    default="7d",
    show_default=True,
    help="A day, a time, or a span such as 12h or 4w.",
)
"""For `since_moment`."""

_YEARS = range(1970, 3000)
"""What lies outside is a slip of the pen; within them no arithmetic of times overflows."""
_SPAN = re.compile(r"([1-9]\d{0,3})([dhw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}


def period_of(
    since: str | None, until: str | None, last: str | None, *, as_of: datetime, zone: ZoneInfo
) -> Period:
    """What `--from`, `--to` and `--last` ask for, seen from `as_of`.

    A day means its local midnight, so `--from 2026-10-01 --to 2026-11-01` is October. `--last` is the
    last whole week (from Monday) or month, or a span up to `as_of`.

    Raises:
        click.UsageError: they contradict each other, or one cannot be read.

    """
    if last is not None and (since or until):
        raise click.UsageError("--last and --from/--to are two ways to say it: use one")
    if since is None and until is None:
        return _last(last or DEFAULT, as_of, zone)
    if since is None:
        raise click.UsageError("--to needs --from")
    found = Period(moment(since, zone), moment(until, zone) if until else as_of)
    if found.since >= found.until:
        raise click.UsageError(f"the period ends ({found.until}) before it begins ({found.since})")
    return found


def as_of_moment(text: str | None, zone: ZoneInfo, *, now: datetime) -> datetime:
    """The moment that `--as-of` names, or `now`. Raises click.UsageError: it is yet to come."""
    found = moment(text, zone) if text else now
    if found > now:
        raise click.UsageError(f"--as-of {text}: that is in the future, and nobody knows it yet")
    return found


since_option = click.option(
    "--since", default="7d", show_default=True, help="A day, a time, or a span such as 12h or 4w."
)


def since_moment(text: str, zone: ZoneInfo, *, now: datetime) -> datetime:
    """What `--since` names: a local day or time, or a span back from `now`. Raises click.UsageError."""
    if _SPAN.fullmatch(text):
        return _last(text, now, zone).since
    found = moment(text, zone)
    if found >= now:
        raise click.UsageError(f"--since {text}: that is not over yet")
    return found


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A day (its midnight) or a time, local unless it says its zone. Raises click.UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"{text!r} is neither a day like 2026-10-01 nor a time like 2026-10-01T09:00"
        ) from error
    if found.year not in _YEARS:
        raise click.UsageError(f"{text!r}: the years {_YEARS[0]} to {_YEARS[-1]} are understood")
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _last(text: str, as_of: datetime, zone: ZoneInfo) -> Period:
    today = as_of.astimezone(zone).date()
    if text == "week":
        return last_week(as_of, zone)
    if text == "month":
        first = today.replace(day=1)
        return days((first - timedelta(days=1)).replace(day=1), first, zone)
    span = _SPAN.fullmatch(text)
    if span is None:
        raise click.UsageError(
            f"--last {text}: say week, month, or a span like 30d, 12h or 4w, up to 9999 of each"
        )
    return Period(as_of - int(span[1]) * _UNITS[span[2]], as_of)
