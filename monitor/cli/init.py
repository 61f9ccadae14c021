"""`init`: asks what a config needs, and writes one with comments."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import config_path
from monitor.cli.printing import print_json
from monitor.domain.errors import ConfigError
from monitor.secrets import PREFIX

if TYPE_CHECKING:
    from monitor.cli.template import Answers

_LOCALTIME = Path("/etc/localtime")


@click.command(short_help="Write a config file, asking what it needs.")
@click.option("--brand", help="The brand's name.")
@click.option("--term", "terms", multiple=True, help="A word that names it. May be repeated.")
@click.option(
    "--handle",
    "handles",
    multiple=True,
    metavar="NETWORK:HANDLE",
    help="An account that answers for the brand, such as x:BufnivoHelp. May be repeated.",
)
@click.option("--timezone", help="IANA zone, such as Europe/Bucharest.")
@click.option("--hours", help='When the staff work, such as "mon-fri 09:00-18:00", or "always".')
@click.option("--holidays", help="Country of the public holidays, such as RO; none without.")
@click.option("--target", help="Answer within so much working time, such as 4h.")
@click.option("--x", metavar="ID:HANDLE", help="The brand's X account, to be watched.")
@click.option("--reddit", metavar="CLIENT_ID", help="The Reddit app that reads.")
@click.option("--subreddit", "subreddits", multiple=True, help="To be watched. May be repeated.")
@click.option("--file", "files", multiple=True, help="A file of posts to follow. May be repeated.")
@click.option("--slack", metavar="CHANNEL_ID", help="The Slack channel of the alerts.")
@click.option("--email", "emails", multiple=True, help="Who gets alerts by mail. May be repeated.")
@click.option("--smtp", help="The mail server's host name.")
@click.option("--sender", help="The address that mails come from.")
@click.option("--database", help="sqlite:///file or postgresql://…")
@click.option("--yes", is_flag=True, help="Ask nothing: take the defaults.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def init(ctx: click.Context, /, yes: bool, as_json: bool, **said: Any) -> None:
    r"""Write a config file with comments. On a terminal it asks for what no option says.

    A file that is there is never overwritten. --config says where it is written.

    \b
    Examples:
      complaint-monitor init
      complaint-monitor init --brand Bufnivo --handle x:BufnivoHelp --timezone Europe/Bucharest
      complaint-monitor init --brand Bufnivo --x 2244994945:BufnivoHelp --slack C0123456789
      complaint-monitor --config shop.toml init --brand Bufnivo --file posts.jsonl --yes
    """
    from monitor import settings as config
    from monitor.cli.template import config_text

    path = config_path(ctx)
    if path.exists():
        raise ConfigError(
            f"{path} is there already, and is not overwritten; --config names another"
        )
    asking = not yes and sys.stdin.isatty()
    answers = _answers(said, None, asking=asking)
    while True:
        text = config_text(answers)
        try:
            config.read_text(text, str(path))  # what was said may be wrong: better now than later
            break
        except ConfigError as error:
            if not asking:
                raise
            click.echo(f"{error}\nOnce more; Enter keeps what was said before.")
        answers = _answers({}, answers, asking=True)
    _write(path, text)
    if as_json:
        print_json({"config": path, "secrets": answers.secrets})
        return
    click.echo(f"{path} is written. Next:")
    for name in answers.secrets:
        click.echo(f"  export {PREFIX}{name.upper()}_FILE=…   the file of that token")
    click.echo("  complaint-monitor check          tries everything that it names")
    click.echo("  complaint-monitor run --shadow   watches, and tells nobody")
    click.echo("  complaint-monitor run            watches, and tells people")


def _write(path: Path, text: str) -> None:
    folder = path.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the folder {folder} can't be made: {error.strerror}") from error
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error


def _answers(said: dict[str, Any], before: Answers | None, *, asking: bool) -> Answers:
    """What options say, and of the rest what people say. `before`: what they said last time."""
    from monitor.cli.template import NONE, Answers

    def ask(name: str, question: str, default: str) -> str:
        if said.get(name):
            return str(said[name])
        default = getattr(before, name, None) or default
        return str(click.prompt(question, default=default)).strip() if asking else default

    def perhaps(name: str, question: str) -> str:
        answer = ask(name, f"{question} ({NONE} for none)", NONE)
        return "" if answer == NONE else answer

    def many(name: str, question: str) -> tuple[str, ...]:
        if said.get(name) or not asking:
            return tuple(said.get(name) or ())
        default = ", ".join(getattr(before, name, ()))
        answer = click.prompt(question, default=default, show_default=bool(default))
        return tuple(one.strip() for one in answer.split(",") if one.strip() not in ("", NONE))

    name = said.get("brand") or getattr(before, "brand", None)
    brand = click.prompt("The brand's name", default=name) if asking and not said else name
    if not brand and asking:
        brand = click.prompt("The brand's name")
    if not brand:
        raise ConfigError("say which brand: --brand NAME")
    emails = many("emails", "Who gets alerts by mail (addresses, or nothing: the console alone)")
    reddit = perhaps("reddit", "Client id of the Reddit app that reads")
    return Answers(
        brand=brand,
        terms=many("terms", f"Words that name it besides {brand} (with commas, or nothing)"),
        handles=many(
            "handles", "Accounts that answer for it, as x:Handle (with commas, or nothing)"
        ),
        timezone=ask("timezone", "Time zone", _local_zone()),
        hours=ask("hours", "When the staff work", "mon-fri 09:00-18:00"),
        holidays=ask("holidays", "Public holidays of which country (RO, DE-BY …; - for none)", "-"),
        target=ask("target", "Answer within so much working time", "4h"),
        x=perhaps("x", f"{brand}'s X account to watch, as id:handle"),
        reddit=reddit,
        subreddits=many("subreddits", "Subreddits to watch (with commas)") if reddit else (),
        files=many("files", "Files of posts to follow (with commas, or nothing)"),
        slack=perhaps("slack", "Id of the Slack channel for alerts"),
        emails=emails,
        smtp=ask("smtp", "Mail server", "localhost") if emails else "",
        sender=ask("sender", "Address that mails come from", emails[0]) if emails else "",
        database=ask("database", "Database", "sqlite:///complaint-monitor.db"),
    )


def _local_zone() -> str:
    """The machine's own zone, if it tells."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if "/" in named and not named.startswith("/"):
        return named
    target = str(_LOCALTIME.resolve())
    return target.partition("zoneinfo/")[2] or "UTC"
