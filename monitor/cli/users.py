"""`user` and `token`: who may use page and API."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from monitor.cli.acting import by_option
from monitor.cli.opening import opened
from monitor.cli.printing import print_json, print_table, tell
from monitor.clock import utc_now
from monitor.domain.access import AccessError, Role, Scope
from monitor.domain.errors import ConfigError
from monitor.render.words import local_time

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from monitor.settings import Settings

_LONGEST = 100
_ROLES = [one.word for one in Role]
_role_option = click.option(
    "--role", type=click.Choice(_ROLES), default=Role.AGENT.word, show_default=True
)
_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line."
)
_brand_option = click.option(
    "--brand",
    "brands",
    multiple=True,
    help="Sees and does something to this brand alone; may be given several times. Default: all.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")


@click.group(short_help="Who may use the page.")
def user() -> None:
    """Who may use the page: a viewer looks, an agent works on cases, a manager sees all, an admin rules."""


@user.command(short_help="Add a user.")
@click.argument("name")
@_role_option
@_brand_option
@_stdin_option
@click.option("--no-password", is_flag=True, help="The user signs in by [web.openid] alone.")
@by_option
@click.pass_context
def add(
    ctx: click.Context,
    /,
    name: str,
    role: str,
    brands: tuple[str, ...],
    password_stdin: bool,
    no_password: bool,
    by: str,
) -> None:
    r"""Add a user of the page. The password is asked for, twice.

    \b
    Examples:
      complaint-monitor user add ana --role admin
      complaint-monitor user add mihai --brand acme --password-stdin < password.txt
      complaint-monitor user add ilinca@shop.example --no-password
    """
    from monitor.store import users

    kept = None
    if not no_password:
        kept = _hashed(_password(from_stdin=password_stdin), _name(name))
    with opened(ctx) as its, its.database.writing() as conn:
        only, at = _known(its.settings, brands), utc_now()
        users.add(conn, _name(name), Role[role.upper()], kept, brands=only, by=by, at=at)
    click.echo(f"{_name(name)} may sign in as {role}")


@user.command("list", short_help="The users, their roles, since when.")
@_json_option
@click.pass_context
def list_users(ctx: click.Context, as_json: bool) -> None:
    r"""List the users, also those who may not come in any more.

    \b
    Example:
      complaint-monitor user list
    """
    from zoneinfo import ZoneInfo

    from monitor.store import users

    with opened(ctx) as its, its.database.reading() as conn:
        found, zone = users.every(conn), ZoneInfo(its.settings.timezone)
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "role": one.role.word,
                    "brands": _sorted(one.brands),
                    "made_at": one.made_at,
                    "disabled_at": one.disabled_at,
                }
                for one in found
            ]
        )
    elif not found:
        click.echo("there is no user: `complaint-monitor user add NAME --role admin`")
    else:
        print_table(
            ("name", "role", "brands", "since", "disabled"),
            [
                (
                    one.name,
                    one.role.word,
                    _shown(one.brands),
                    local_time(one.made_at, zone),
                    _at(one.disabled_at, zone),
                )
                for one in found
            ],
        )


@user.command(short_help="Give a user another role.")
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@by_option
@click.pass_context
def role(ctx: click.Context, name: str, role: str, by: str) -> None:
    r"""Give a user another role; it holds from the next click on.

    \b
    Example:
      complaint-monitor user role ana manager
    """
    from monitor.store import users

    with opened(ctx) as its, its.database.writing() as conn:
        users.change_role(conn, _name(name), Role[role.upper()], by=by, at=utc_now())
    click.echo(f"{_name(name)}: {role}")


@user.command(short_help="Say whose complaints a user sees.")
@click.argument("name")
@click.argument("brands", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Those of all brands.")
@by_option
@click.pass_context
def brands(ctx: click.Context, name: str, brands: tuple[str, ...], every: bool, by: str) -> None:
    r"""Say whose complaints a user sees and works on, from the next click on. Others are not there.

    \b
    Examples:
      complaint-monitor user brands mihai acme "Swift Courier"
      complaint-monitor user brands mihai --all
    """
    from monitor.store import users

    if every == bool(brands):
        raise ConfigError("say which brands, or --all")
    with opened(ctx) as its, its.database.writing() as conn:
        only = _known(its.settings, brands)
        users.change_brands(conn, _name(name), only, by=by, at=utc_now())
    click.echo(f"{_name(name)}: {_shown(only)}")


@user.command(short_help="Let a user in no more.")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let the user in again.")
@by_option
@click.pass_context
def disable(ctx: click.Context, name: str, undo: bool, by: str) -> None:
    r"""Sign a user out everywhere and let the user in no more. The name stays in the histories.

    \b
    Examples:
      complaint-monitor user disable mihai
      complaint-monitor user disable mihai --undo
    """
    from monitor.store import users

    change = users.enable if undo else users.disable
    with opened(ctx) as its, its.database.writing() as conn:
        change(conn, _name(name), by=by, at=utc_now())
    click.echo(f"{_name(name)} {'may sign in' if undo else 'may sign in no more'}")


@user.command(short_help="Give a user a new password.")
@click.argument("name")
@_stdin_option
@by_option
@click.pass_context
def password(ctx: click.Context, name: str, password_stdin: bool, by: str) -> None:
    r"""Give a user a new password; whoever is signed in as the user has to sign in again.

    \b
    Example:
      complaint-monitor user password ana
    """
    from monitor.store import users

    kept = _hashed(_password(from_stdin=password_stdin), _name(name))
    with opened(ctx) as its, its.database.writing() as conn:
        users.change_password(conn, _name(name), kept, by=by, at=utc_now())
    click.echo(f"{_name(name)} has a new password")


@click.group(short_help="By what programs come in.")
def token() -> None:
    """By what programs come in: each token with a role, and for what it may be used."""


@token.command("add", short_help="Make a token; it is shown once.")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default=Role.VIEWER.word, show_default=True)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([one.value for one in Scope]),
    multiple=True,
    default=(Scope.READ.value,),
    show_default=True,
    help="What for; may be given several times.",
)
@_brand_option
@click.option("--days", type=click.IntRange(1), help="It ends after so many; default: never.")
@by_option
@click.pass_context
def add_token(
    ctx: click.Context,
    /,
    name: str,
    role: str,
    scopes: tuple[str, ...],
    brands: tuple[str, ...],
    days: int | None,
    by: str,
) -> None:
    r"""Make a token for a program and print it: it is kept nowhere, and is not shown again.

    \b
    Examples:
      complaint-monitor token add dashboard
      complaint-monitor token add helpdesk --role agent --scope read --scope act --days 90
    """
    from monitor.store import tokens

    at = utc_now()
    with opened(ctx) as its, its.database.writing() as conn:
        secret = tokens.add(
            conn,
            _name(name),
            Role[role.upper()],
            {Scope(one) for one in scopes},
            ends_at=at + timedelta(days=days) if days else None,
            brands=_known(its.settings, brands),
            by=by,
            at=at,
        )
    tell("complaint-monitor: this is shown once: send it as `Authorization: Bearer …`")
    click.echo(secret)


@token.command("list", short_help="The tokens, what for, last used.")
@_json_option
@click.pass_context
def list_tokens(ctx: click.Context, as_json: bool) -> None:
    r"""List the tokens, without their secrets; revoked ones, too.

    \b
    Example:
      complaint-monitor token list
    """
    from zoneinfo import ZoneInfo

    from monitor.store import tokens

    with opened(ctx) as its, its.database.reading() as conn:
        found, zone = tokens.every(conn), ZoneInfo(its.settings.timezone)
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "role": one.role.word,
                    "scopes": sorted(one.scopes),
                    "brands": _sorted(one.brands),
                    "made_at": one.made_at,
                    "ends_at": one.ends_at,
                    "used_at": one.used_at,
                    "revoked_at": one.revoked_at,
                }
                for one in found
            ]
        )
    elif not found:
        click.echo("there is no token: `complaint-monitor token add NAME`")
    else:
        print_table(
            ("name", "role", "for", "brands", "last used", "ends", "revoked"),
            [
                (
                    one.name,
                    one.role.word,
                    ", ".join(sorted(one.scopes)),
                    _shown(one.brands),
                    *(_at(at, zone) for at in (one.used_at, one.ends_at, one.revoked_at)),
                )
                for one in found
            ],
        )


@token.command(short_help="Let a token in no more.")
@click.argument("name")
@by_option
@click.pass_context
def revoke(ctx: click.Context, name: str, by: str) -> None:
    r"""Let whoever comes with that token in no more, from now on.

    \b
    Example:
      complaint-monitor token revoke helpdesk
    """
    from monitor.store import tokens

    with opened(ctx) as its, its.database.writing() as conn:
        tokens.revoke(conn, _name(name), by=by, at=utc_now())
    click.echo(f"{_name(name)} lets nobody in any more")


def _known(settings: Settings, brands: tuple[str, ...]) -> frozenset[str] | None:
    """These brands; None, for all, if none is named. Raises AccessError: the config has none called so."""
    unknown = sorted({*brands} - {*settings.brand_names})
    if unknown:
        raise AccessError(f"the config has no brand called {', '.join(map(repr, unknown))}")
    return frozenset(brands) or None


def _sorted(brands: frozenset[str] | None) -> list[str] | None:
    return None if brands is None else sorted(brands)


def _shown(brands: frozenset[str] | None) -> str:
    return "all" if brands is None else ", ".join(sorted(brands))


def _at(at: datetime | None, zone: ZoneInfo) -> str:
    return local_time(at, zone) if at else "-"


def _name(said: str) -> str:
    name = said.strip()
    if not 0 < len(name) <= _LONGEST or not name.isprintable() or ":" in name:
        raise AccessError(f"{said!r} is no name: letters and digits, no colon, {_LONGEST} at most")
    return name


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _hashed(password: str, name: str) -> str:
    try:
        from monitor.web.access import passwords
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'passwords need the Python module {error.name}: pip install "complaint-monitor[web]"'
        ) from error
    return passwords.hashed(password, name)
