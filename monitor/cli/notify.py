"""`notify`: whether a message arrives."""

from __future__ import annotations

import secrets as randomness
import sys
from collections.abc import Iterable
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import settings_of
from monitor.cli.printing import print_json, tell
from monitor.domain.errors import ConfigError, SendError
from monitor.domain.notice import Notice, NoticeKind, Reason, Words
from monitor.domain.rota import PERSON, ROTA

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.wiring import Application

TEXT = Words(
    "This is a test alert: the way from complaint-monitor to you works.",
    ("Nobody has complained. There is nothing to do.",),
)


@click.command(short_help="Send a test alert.")
@click.option("--test", is_flag=True, required=True, expose_value=False, help="Send a test alert.")
@click.option(
    "--to",
    multiple=True,
    metavar="AUDIENCE",
    help="Whom, such as email:leads@shop.example; default: everybody that the config names.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def notify(ctx: click.Context, to: tuple[str, ...], as_json: bool) -> None:
    r"""Send a test alert to everybody whom the config names. Exit status 1: somebody was not reached.

    \b
    Examples:
      complaint-monitor notify --test
      complaint-monitor notify --test --to console
    """
    from monitor.wiring import Application

    settings = settings_of(ctx)
    application = Application(settings)
    try:
        # what the console prints must not stand among the data
        with redirect_stdout(sys.stderr) if as_json else nullcontext():
            results = {one: _send(application, one) for one in to or audiences(settings)}
    finally:
        application.close()
    if as_json:
        print_json(
            {
                "sent": {audience: problem is None for audience, problem in results.items()},
                "problems": {one: problem for one, problem in results.items() if problem},
            }
        )
    else:
        for audience, problem in results.items():
            tell(f"{audience}: {problem or 'sent'}")
    if any(results.values()):
        ctx.exit(1)


def audiences(settings: Settings) -> list[str]:
    """Everybody whom the config names, each once."""
    named: Iterable[str | None] = (
        *map(settings.digest_place, settings.brand_names),
        *map(settings.surge_place, settings.brand_names),
        settings.operators.tell,
        *(rule.audience for rule in settings.targets()),
        *(
            name
            for rule in settings.targets()
            for step in rule.steps
            for name in step.audiences
            if name.partition(":")[0] not in (PERSON, ROTA)
        ),
        *(one.audience for one in settings.staff().values()),
    )
    return list(dict.fromkeys(one or settings.audience for one in named))


def _send(application: Application, audience: str) -> str | None:
    """What went wrong, in words; None: it was sent."""
    name, _, target = audience.partition(":")
    notifier = application.notifiers.get(name)
    if notifier is None:
        known = ", ".join(application.notifiers)
        raise ConfigError(f"--to {audience}: no notifier is called {name}; known: {known}")
    notice = Notice(
        key=f"test:{randomness.token_hex(8)}",
        kind=NoticeKind.TEST,
        audience=target,
        reason=Reason.REQUESTED,
        brand=application.settings.brand_names[0],
        content=TEXT,
        written_at=application.clock(),
    )
    try:
        notifier.send(notice, None)
    except (SendError, ConfigError) as error:
        return str(error)
    return None
