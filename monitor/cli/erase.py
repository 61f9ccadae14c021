"""`erase`: forget a person who asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened
from monitor.cli.printing import print_json
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError

if TYPE_CHECKING:
    from monitor.store.authors import Account
    from monitor.store.engine import Connection
    from monitor.store.erasing import Erased


@click.command(short_help="Erase a person: words, names, and notes about them.")
@click.argument("author", metavar="NETWORK:NAME")
@click.option("--dry-run", is_flag=True, help="Only say what is kept of them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def erase(ctx: click.Context, author: str, *, dry_run: bool, as_json: bool) -> None:
    r"""Erase what a person wrote, how they are called, and what staff wrote of their cases, for good.

    NAME is the handle, or the network's own number of the account; with @ it is the handle only. If several
    are known by it, nobody is erased: they are listed. Keys, times and counts stay; cases are
    withdrawn, and `run` takes the words out of their Slack cards. What is erased does not come back when
    it is read again; what they write anew is taken in. Backups, mails and exports are yours to erase.

    \b
    Examples:
      complaint-monitor erase x:@ana --dry-run
      complaint-monitor erase reddit:ana_p
    """
    from monitor.store import erasing

    network, colon, name = author.partition(":")
    if not (network and colon and name):
        raise ConfigError(f'"{author}": give the network and the name, as in x:@ana')
    with opened(ctx) as its:
        if dry_run:
            with its.database.reading() as conn:
                found = erasing.held(conn, _meant(conn, network, name))
        else:
            with its.database.writing() as conn:
                meant = _meant(conn, network, name)
                called = None if name.startswith("#") else name
                found = erasing.erase(conn, meant, utc_now(), called=called)
            its.database.empty_log()
    if as_json:
        print_json({"dry_run": dry_run, **found._asdict()})
    else:
        click.echo(_as_words(found, author, dry_run=dry_run))
    if not found.authors:
        ctx.exit(1)


def _meant(conn: Connection, network: str, name: str) -> list[int]:
    """The row of the one who is known by that name, if anybody is.

    Raises:
        ConfigError: several are.

    """
    from monitor.store import authors

    found = authors.known_as(conn, network, name)
    if len(found) > 1:
        listed = "".join(f"\n  {network}:#{one.id}: {_called(one)}" for one in found)
        raise ConfigError(
            f"{len(found)} accounts are known as {network}:{name}; nobody was erased. "
            f"Say which one, as in {network}:#{found[0].id}:{listed}"
        )
    return [one.id for one in found]


def _called(one: Account) -> str:
    if one.handle is None and one.external_id is None:
        return "no name kept"
    handle = f"@{one.handle.removeprefix('@')}" if one.handle else "no handle kept"
    return f"{handle}, number {one.external_id}" if one.external_id else handle


def _as_words(found: Erased, author: str, *, dry_run: bool) -> str:
    if not found.authors:
        return f"nobody is known as {author}"
    verb = "would be erased" if dry_run else "erased"
    parts = (
        f"{found.authors} accounts, the words of {found.posts} posts, "
        f"{found.notes} notes, in {found.cases} cases"
    )
    return f"{verb}: {author}: {parts}"
