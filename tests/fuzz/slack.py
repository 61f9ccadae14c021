"""What Slack never sends, and might: signed, or through the socket, and taken apart by the real library."""

from __future__ import annotations

import json
import random
import re
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from structlog.testing import capture_logs

from monitor.simulator.slack_staff import Delivered, Staff
from monitor.store import maintenance
from monitor.store.engine import Database
from tests.fuzz.spoiling import Found, spoilt
from tests.notifiers.slack_side import ANA, CARE, workspace
from tests.slackapp.office import Office, office, picked, typed
from tests.sources.mutations import mutated

COMMANDS = ("open", "mine 2", "search refund", "new https://x.example/1 late", "handover @ion", "1")
MODALS = ("assign", "snooze", "answer")
CHOICES = ("duplicate", "elsewhere", "contact", "dismiss", "undo")
_SECONDS = 300.0
_LONG = re.compile(rb"x{50,}")


def by_http(found: Found, chance: random.Random, rounds: int) -> None:
    """Signed requests, spoilt: each is answered, none with an error of ours."""
    with _team(found, "http") as team:
        whole = list(_whole(team))
        for number in range(rounds):
            done = chance.choice(whole)
            body, is_form = _written(done, chance)
            of = f"round {number} {done.kind} {_LONG.sub(b'x..', body)!r}"
            found.answered(f"slack {done.kind}", of, _status(team.server.staff, body, is_form))
        _lives_on(found, team)


def by_socket(found: Found, chance: random.Random, rounds: int) -> None:
    """Envelopes through the socket, spoilt: the connection stands, and the next press is done."""
    with _team(found, "socket") as team:
        whole = list(_whole(team))
        staff = team.server.staff
        before = staff.connections
        for number in range(rounds):
            done = chance.choice(whole)
            told = {"type": done.kind, "payload": deepcopy(done.payload)}
            told = mutated(told, chance, enlarges=False)
            said = json.dumps({"envelope_id": f"spoilt-{number}"} | told)
            if chance.random() < 0.1:
                said = spoilt(said.encode(), chance).decode(errors="replace")
            staff._sockets[-1].send(said)
            found.rounds["slack socket"] += 1
        _lives_on(found, team)
        if (staff.connections, before) != (1, 1):
            found.unhandled.append(f"slack socket: {staff.connections} connections are left")


@contextmanager
def _team(found: Found, mode: str) -> Iterator[Office]:
    """The app at work; what it says of itself that it did not foresee is found."""
    with tempfile.TemporaryDirectory() as folder, capture_logs() as lines, workspace() as server:
        database = Database(f"sqlite:///{Path(folder) / 'monitor.db'}")
        maintenance.upgrade(database)
        with office(database, server, mode=mode) as team:
            yield team
        database.close()
    found.unhandled += [f"slack {mode}: {one}" for one in lines if one["log_level"] == "error"]
    found.refused[f"slack {mode}"] += sum(one["event"] == "slack_refused" for one in lines)


def _whole(team: Office) -> Iterator[Delivered]:
    """What people do, as Slack says it."""
    case = team.complains()
    staff = team.server.staff
    for one in ("claim", "ack"):
        yield team.press(case, one)
    for one in MODALS:
        yield team.press(case, one)
        view = team.modal()
        yield team.submits(view, person=_chosen(), span=picked("900"), text=typed("Sorry!"))
        if one == "answer":
            yield from _in_modal(team, view)
    for one in CHOICES:
        yield team.chooses(case, one)
    while team._unseen():
        view = team.modal()
        yield team.submits(view, case=typed("77"), channel=picked("phone"), at=_moment())
    for words in COMMANDS:
        yield staff.command(ANA, CARE, words)
    yield staff.opens_home(ANA)


def _in_modal(team: Office, view: Any) -> Iterator[Delivered]:
    for action in ("case.template",):
        for block in view.shown["blocks"]:
            element = block.get("element") or block.get("accessory") or {}
            if element.get("action_id") == action:
                choice = element["options"][0]["value"]
                yield team.server.staff.press_in(ANA, view, action, choice)


def _chosen() -> dict[str, Any]:
    return {"type": "users_select", "selected_user": ANA}


def _moment() -> dict[str, Any]:
    return {"type": "datetimepicker", "selected_date_time": 1777973400}


def _written(done: Delivered, chance: random.Random) -> tuple[bytes, bool]:
    """The body that says so, spoilt somewhere; and whether it is a form."""
    said = mutated(deepcopy(dict(done.payload)), chance, enlarges=False)
    if done.kind == "events_api":
        body, is_form = json.dumps(said), False
    elif done.kind == "slash_commands":
        body, is_form = urlencode(said, errors="surrogatepass"), True
    else:
        body, is_form = urlencode({"payload": json.dumps(said)}), True
    if chance.random() < 0.1:
        return spoilt(body.encode(), chance), is_form
    return body.encode(), is_form


def _status(staff: Staff, body: bytes, is_form: bool) -> int:
    try:
        with urllib.request.urlopen(staff.signed(body, form=is_form), timeout=_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _lives_on(found: Found, team: Office) -> None:
    """Whoever presses next is heard."""
    case = team.complains("awful, where is my parcel", by="dana")
    team.press(case, "claim")
    team.until(lambda: ("Claimed", "ana") in team.events(case))
