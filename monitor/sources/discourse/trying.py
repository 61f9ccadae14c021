"""Whether the key may do what is asked of it: its account, and one look at every stream. All is free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.domain.errors import SourceError
from monitor.domain.finding import Finding, Standing
from monitor.fetching import Client, FetchError, Listing

_HIDDEN = (403, 404)


def findings(
    client: Client, account: str | None, listings: Mapping[str, Listing]
) -> Iterator[Finding]:
    """What may be read, and as whom. Raises SourceError: the key is refused."""
    yield _login(client, account)
    for name, listing in listings.items():
        try:
            listing.leaf(0, None)
        except SourceError as error:
            yield Finding(f"{name}: {error}", Standing.FAILS)
        else:
            yield Finding(f"{name}: can be read")
    yield Finding(f"calls: {client.budget.left} of the budget are left now")


def _login(client: Client, account: str | None) -> Finding:
    if account is None:
        return Finding("log-in: none; what is public can be read, nothing can be answered")
    try:
        answer = client.get("session/current.json")
    except FetchError as error:
        if error.status not in _HIDDEN:
            raise
        said = (
            "log-in: the key may not tell whose it is; whether it may write, the first answer shows"
        )
        return Finding(said, Standing.LACKS)
    user = answer.get("current_user") if isinstance(answer, dict) else None
    name = user.get("username") if isinstance(user, dict) else None
    if not isinstance(name, str) or name.casefold() != account.casefold():
        return Finding(f"log-in: the key answers as {name}, not as {account}", Standing.FAILS)
    if isinstance(user, dict) and (user.get("admin") or user.get("moderator")):
        return Finding(
            f"log-in: works, as {name}, who is of the forum's staff: a plain account sees no deleted "
            "or private posts, and is enough"
        )
    return Finding(f"log-in: works, as {name}")
