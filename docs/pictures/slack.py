"""Makes the pictures of docs/slack.md: cards, modals and a Home tab of the real app, as Slack shows them.

    .venv/bin/python docs/pictures/slack.py

Plays a scene against the simulated Slack; the blocks are the app's own. Needs chromium.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from make import shoot  # noqa: E402 - beside this file

from monitor.domain.event import Channel  # noqa: E402
from monitor.domain.reply import Length  # noqa: E402
from monitor.simulator.slack_page import Page  # noqa: E402
from monitor.stages import act  # noqa: E402
from monitor.stages.reply import Reply  # noqa: E402
from monitor.store import schema  # noqa: E402
from monitor.store.engine import Database  # noqa: E402
from tests.notifiers.slack_side import ANA, workspace  # noqa: E402
from tests.plugins.door import let_tests_ask  # noqa: E402
from tests.slackapp.office import Office, office, typed  # noqa: E402
from tests.stages.front import TellingNet  # noqa: E402

COMPLAINT = (
    "Third week without my Pufi kettle. Every message gets the same answer, that it left "
    "yesterday. Where is it, and if it is lost, where is my money?"
)
ANSWER = (
    "We are sorry, Dana: it was lost on the way. The full amount is on its way back to you today."
)


class Net(TellingNet):
    """Takes a whole answer."""

    def reply_length(self, text: str, /) -> Length:
        """As X has it."""
        return Length(len(text), 280)


def main() -> None:
    """Write the pictures beside this file."""
    let_tests_ask()
    with tempfile.TemporaryDirectory() as name, workspace() as server:
        database = Database(f"sqlite:///{name}/scene.db")
        schema.metadata.create_all(database.engine)
        with office(database, server, net=Net) as team:
            play(team, Path(name))
        database.close()


def play(team: Office, folder: Path) -> None:
    """A complaint from its card to its answer."""
    first = team.complains("Still waiting for my refund!", by="dana", url="https://x.example/7")
    now = team.now + timedelta(minutes=5)
    database = team.database
    act.answered_elsewhere(
        database, first, Channel.PHONE, by="ana", now=now, answered_at=team.now, text="Refunded."
    )
    team.front.machine.passes(timedelta(hours=3))
    case = team.complains(COMPLAINT, by="dana", url="https://x.example/9")
    act.note_contact(database, case, Channel.PHONE, "0712 000 111", by="ana", now=team.now)
    team.front.machine.passes(timedelta(minutes=40))
    team.shows(case)
    card = Page(team.now)
    card.message(team.card(case).blocks)

    team.press(case, "answer")
    view = team.modal()
    answer = Page(team.now)
    view.shown["blocks"][-1]["element"]["initial_value"] = ANSWER
    answer.view(view.shown)
    team.submits(view, text=typed(ANSWER))
    team.until(lambda: bool(team.events(case)[1:]))
    home(team, folder)
    machine = team.front.machine
    stage = Reply(database, [team.front.desk], clock=machine, machine=machine)
    for item in stage.due(team.now):
        stage.handle(item, team.now)
    team.until(lambda: "Posted" in str(view.shown))
    answer.view(view.shown)
    team.front.settles()
    team.shows(case)
    card.message(team.card(case).blocks)
    draw(card, folder, "slack-card", (730, 730))
    draw(answer, folder, "slack-answer", (730, 580))


def home(team: Office, folder: Path) -> None:
    """The Home tab of who has it."""
    team.server.staff.opens_home(ANA)
    homes = team.server.workspace.surfaces.homes
    team.until(lambda: ANA in homes)
    page = Page(team.now)
    page.view(homes[ANA].shown)
    draw(page, folder, "slack-home", (730, 325))


def draw(page: Page, folder: Path, name: str, size: tuple[int, int]) -> None:
    """The page as a picture."""
    path = folder / f"{name}.html"
    path.write_text(page.html, encoding="utf-8")
    shoot(path, HERE / f"{name}.png", size)


if __name__ == "__main__":
    main()
