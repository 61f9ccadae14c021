"""Whether token and keys may do what is asked of them: tried at no cost, or said what it would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from monitor.domain.errors import SourceError
from monitor.domain.finding import Finding, Standing
from monitor.sources.x import budget, snowflake
from monitor.sources.x.calls import Answer, Calls, NoAnswerError, RefusedError
from monitor.sources.x.options import Options
from monitor.sources.x.reading import Fares, listed
from monitor.sources.x.refusals import source_error
from monitor.sources.x.wire import Account

_READ_ONLY = (
    "answer_keys: the app may only read, so no answer can be sent from here: set its permissions to "
    "read and write, then make a new access token (docs/sources/x.md)"
)
OWNED = Finding(
    "owned: X does not say whether the app is the account's own; if it is not, reading costs "
    f"{budget.POST_READ // budget.OWNED_READ} times what is counted here"
)


def token(usage: Answer) -> Finding:
    """What X says of the app's use of it."""
    data: Any = usage.body.get("data")
    told = data if isinstance(data, dict) else {}
    used, cap = told.get("project_usage"), told.get("project_cap")
    said = f"; {used} of {cap} posts of this month are read" if used and cap else ""
    return Finding(f"token: works{said}")


def stream(
    name: str,
    ask: Callable[[int | None, str | None, int], Answer],
    account: Account,
    fares: Fares,
    *,
    least: int,
    now: datetime,
) -> Finding:
    """Ask for what is newer than now: that is nothing, and nothing is what it costs."""
    try:
        reading = listed(ask(snowflake.id_at(now), None, least), account, name)
    except (RefusedError, NoAnswerError) as error:
        return Finding(str(source_error(error, name)), Standing.FAILS)
    except SourceError as error:
        return Finding(str(error), Standing.FAILS)
    paid = sum(price * len(set(names)) for price, names in fares.of(reading))
    return Finding(
        f"{name}: can be read (this look cost {_usd(paid)}; a post costs {_usd(fares.most)} at most)"
    )


def limits(options: Options) -> Finding:
    """What a day may cost by this config."""
    usd, calls = options.budget_usd_per_day, options.budget_calls_per_day
    said = [f"${usd:.2f}"] if usd is not None else []
    said += [f"{calls} calls"] if calls is not None else []
    if not said:
        return Finding("budget: a day may cost whatever it takes", Standing.LACKS)
    return Finding(f"budget: a day ends at {' or '.join(said)}")


def unasked(account: Account) -> Finding:
    """That a handle is as the config says, X tells for money or to the account itself."""
    return Finding(
        f"handle: whether account {account.id} is called @{account.handle} is not checked without "
        f"answer_keys; https://x.com/i/user/{account.id} shows it to you"
    )


def answers(calls: Calls, account: Account) -> Iterator[Finding]:
    """Whose keys they are, and whether they may write. X may charge a cent for that: a person read."""
    try:
        me = calls.ask(calls.client.get_me, user_auth=True)
    except (RefusedError, NoAnswerError) as error:
        yield Finding(str(source_error(error, "answer_keys")), Standing.FAILS)
        return
    data: Any = me.body.get("data")
    found = data if isinstance(data, dict) else {}
    if found.get("id") != account.id:
        said = f"answer_keys: they are those of account {found.get('id')}, not of {account.id}"
        yield Finding(said, Standing.FAILS)
        return
    handle = str(found.get("username") or account.handle)
    if handle.casefold() != account.handle.casefold():
        said = f"handle: the account is called @{handle}, not @{account.handle}"
        yield Finding(said, Standing.FAILS)
    if me.access == "read":
        yield Finding(_READ_ONLY, Standing.FAILS)
        return
    may = f"may {me.access}" if me.access else "X does not say what they may do"
    yield Finding(
        f"answer_keys: those of @{handle} ({account.id}), {may}; "
        f"an answer costs {_usd(budget.REPLY)}, with a link {_usd(budget.REPLY_WITH_LINK)} "
        f"(this look {_usd(budget.USER_READ)} at most)"
    )


def _usd(micros: int) -> str:
    return f"${micros / budget.DOLLAR:.3f}"
