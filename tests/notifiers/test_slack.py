"""The Slack notifier against a workspace on this machine, through Slack's own client."""

from __future__ import annotations

import gc
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor import registry
from monitor.clock import utc_now
from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.finding import Standing
from monitor.domain.notice import (
    Absent,
    Document,
    Notice,
    NoticeKind,
    Receipt,
    StillOpen,
    Unknowable,
    Words,
)
from monitor.notifiers.slack.errors import ERRORS, Means, in_words, meaning
from monitor.notifiers.slack.pacing import Pace
from monitor.notifiers.slack.scopes import missing
from monitor.ports import Notifier, TriesOut
from monitor.settings.reading import read_text
from monitor.simulator import slack as faults
from monitor.simulator.serving import Fault
from monitor.simulator.slack import TOKEN, SlackServer
from monitor.simulator.slack_workspace import ALL_SCOPES
from tests.given import Given
from tests.notifiers.sample import LINE, NOTHING, NOW, card_notice
from tests.notifiers.slack_side import ANA, CARE, LEADS, mark, shown, slack, workspace
from tests.plugins.needs import ROOT, SHARED

POST, UPDATE = "chat.postMessage", "chat.update"


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with workspace() as running:
        yield running


def alert(**changes: Any) -> Notice:
    return card_notice(**{"audience": "", **changes})


def failure(server: SlackServer, notice: Notice, **table: Any) -> SendError:
    with pytest.raises(SendError) as caught:
        slack(server, **table).send(notice, None)
    return caught.value


# ------------------------------------------------------------------------------------- sending


def test_a_card_is_one_message_that_bears_its_key(server: SlackServer) -> None:
    notice = alert()
    receipt = slack(server).send(notice, None)
    (card,) = server.messages(CARE)
    assert receipt == Receipt(CARE, card.ts)
    assert card.metadata == mark(notice)
    assert "Still no refund" in card.text
    assert card.thread_ts is None


@pytest.mark.parametrize(
    ("audience", "channel"), [("", CARE), ("leads", LEADS), (CARE, CARE), (LEADS, LEADS)]
)
def test_an_audience_is_a_target_or_a_channel(
    server: SlackServer, audience: str, channel: str
) -> None:
    assert slack(server).send(alert(audience=audience), None).place == channel


def test_an_audience_that_is_nowhere_is_a_mistake_for_good(server: SlackServer) -> None:
    error = failure(server, alert(audience="#care"))
    assert error.outcome is Outcome.PERMANENT
    assert "neither a target" in str(error)


def test_the_card_is_edited_in_place_and_keeps_its_key(server: SlackServer) -> None:
    sender, notice = slack(server), alert()
    card = sender.send(notice, None)
    answered = alert(key="update:1:2", kind=NoticeKind.UPDATE, status="answered", answered_at=NOW)
    assert sender.send(answered, card) == card
    (message,) = server.messages(CARE)
    assert "✅ Answered after 2 h" in shown(message)
    assert (message.edits, message.metadata) == (1, mark(notice))


def test_an_escalation_stands_in_the_thread_and_names_people(server: SlackServer) -> None:
    sender = slack(server)
    card = sender.send(alert(), None)
    step = alert(key="step", kind=NoticeKind.ESCALATION, thread=card, mentions=("ana",))
    sender.send(step, None)
    reply = server.messages(CARE)[1]
    assert reply.thread_ts == card.name
    assert f"<@{ANA}>" in shown(reply)


def test_an_escalation_to_another_channel_stands_there(server: SlackServer) -> None:
    sender = slack(server)
    card = sender.send(alert(), None)
    step = alert(key="step", kind=NoticeKind.ESCALATION, audience="leads", thread=card)
    receipt = sender.send(step, None)
    (message,) = server.messages(LEADS)
    assert message.thread_ts is None
    assert sender.find(step) == receipt


@pytest.mark.parametrize("error", ["thread_not_found", "restricted_action_thread_locked"])
def test_a_thread_that_is_gone_does_not_hold_an_escalation_back(
    server: SlackServer, error: str
) -> None:
    sender = slack(server)
    card = sender.send(alert(), None)
    server.plan(POST, faults.refused(error))
    step = alert(key="step", kind=NoticeKind.ESCALATION, thread=card)
    receipt = sender.send(step, None)
    assert server.messages(CARE)[1].thread_ts is None
    assert sender.find(step) == receipt
    server.workspace.channels[CARE].messages.pop(0)  # a person deleted the card
    assert sender.find(step) == receipt


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
def test_what_slack_will_not_draw_is_told_in_words(server: SlackServer, error: str) -> None:
    server.plan(POST, faults.refused(error))
    sender = slack(server)
    card = sender.send(alert(), None)
    (message,) = server.messages(CARE)
    assert message.blocks == []
    assert "Still no refund" in message.text
    server.plan(UPDATE, faults.refused("block_mismatch"))
    sender.send(alert(kind=NoticeKind.UPDATE, owner="Ana"), card)
    assert "Ana has it" in server.messages(CARE)[0].text


def test_a_report_has_its_page_in_the_thread(server: SlackServer) -> None:
    page = Document("Week 9", ("answered  12",), "report.html", "<p>all of it</p>")
    receipt = slack(server).send(alert(kind=NoticeKind.REPORT, content=page), None)
    summary, file = server.messages(CARE)
    assert "answered  12" in shown(summary)
    assert file.thread_ts == receipt.name
    assert [server.workspace.files[one] for one in file.files] == [b"<p>all of it</p>"]


def test_without_the_right_to_files_the_report_is_told_all_the_same(server: SlackServer) -> None:
    server.workspace.scopes -= {"files:write"}
    page = Document("Week 9", (), "report.html", "<p>")
    slack(server).send(alert(kind=NoticeKind.REPORT, content=page), None)
    assert len(server.messages(CARE)) == 1


# --------------------------------------------------------------------------- a very long digest


def long_digest() -> Notice:
    line = LINE._replace(text="Still no refund " * 5)
    digest = replace(NOTHING, overdue=tuple(line._replace(case_id=number) for number in range(120)))
    return alert(key="digest:1", kind=NoticeKind.DIGEST, content=digest)


def test_a_long_digest_goes_on_in_its_thread(server: SlackServer) -> None:
    notice = long_digest()
    receipt = slack(server).send(notice, None)
    head, *others = server.messages(CARE)
    assert len(others) > 1
    assert {one.thread_ts for one in others} == {receipt.name} == {head.ts}
    said = "".join(shown(one) for one in (head, *others))
    assert all(f"case {number} " in said for number in range(120))


@pytest.mark.parametrize("well", [0, 1, 2])
@pytest.mark.parametrize("fault", [faults.DROP_AFTER, faults.DROP_BEFORE, faults.limited(1)])
def test_a_digest_that_was_cut_off_is_completed_and_nothing_of_it_is_told_twice(
    server: SlackServer, well: int, fault: Fault
) -> None:
    notice = long_digest()
    server.plan(POST, *[None] * well, fault)
    with pytest.raises(SendError):
        slack(server).send(notice, None)
    sender = slack(server)  # after a restart
    assert sender.find(notice) == Absent()
    receipt = sender.send(notice, None)
    assert sender.find(notice) == receipt
    parts = [one.metadata["event_payload"]["part"] for one in server.messages(CARE) if one.metadata]
    assert sorted(parts) == list(range(1, len(parts) + 1))


@pytest.mark.parametrize("well", [1, 2])
def test_where_slack_may_not_be_read_no_part_is_told_again_that_is_known_to_be_out(
    server: SlackServer, well: int
) -> None:
    server.workspace.scopes -= {"channels:history"}
    notice, sender = long_digest(), slack(server)
    server.plan(POST, *[None] * well, faults.limited(1), faults.limited(1))
    for _ in range(2):
        with pytest.raises(SendError) as caught:
            sender.send(notice, None)
        assert caught.value.outcome is Outcome.UNKNOWN, "some of it is out"
        assert caught.value.retry_after == timedelta(seconds=1)
        assert sender.find(notice) == Absent(), "it knows what is out, and sends the rest"
    sender.send(notice, None)
    parts = [one.metadata["event_payload"]["part"] for one in server.messages(CARE) if one.metadata]
    assert parts == list(range(1, len(parts) + 1))


def test_where_slack_may_not_be_read_a_restart_in_the_midst_says_that_it_may_be_repeated(
    server: SlackServer,
) -> None:
    server.workspace.scopes -= {"channels:history"}
    notice = long_digest()
    server.plan(POST, None, faults.limited(1))
    with pytest.raises(SendError):
        slack(server).send(notice, None)
    restarted = slack(server)
    assert isinstance(restarted.find(notice), Unknowable)
    restarted.send(replace(notice, possibly_repeated=True), None)
    heads = [one for one in server.messages(CARE) if one.metadata == mark(notice)]
    assert ["(possibly repeated)" in shown(one) for one in heads] == [False, True]


def test_what_is_too_long_for_one_message_reaches_a_member_too(server: SlackServer) -> None:
    server.workspace.surfaces.users |= {ANA: {"name": "ana"}}
    lines = tuple(LINE._replace(case_id=number) for number in range(30))
    handed = StillOpen(NOW, lines, by="dan")
    notice = alert(key="w", kind=NoticeKind.WAITING, audience=ANA, content=handed)
    sender = slack(server)
    sender.send(notice, None)
    said = json.dumps(server.workspace.surfaces.direct, ensure_ascii=False)
    assert all(f"case {number} " in said for number in range(30))
    assert isinstance(sender.find(notice), Unknowable)


def test_a_part_that_the_history_shows_late_is_not_told_again(server: SlackServer) -> None:
    notice, sender = long_digest(), slack(server)
    server.workspace.late_s = 60
    server.plan(POST, None, faults.limited(1))
    with pytest.raises(SendError):
        sender.send(notice, None)
    assert sender.find(replace(notice, attempted_at=utc_now())) == Absent(), "it need not wait"
    sender.send(notice, None)
    parts = [one.metadata["event_payload"]["part"] for one in server.messages(CARE) if one.metadata]
    assert parts == list(range(1, len(parts) + 1))


def test_a_part_that_slack_refuses_for_good_fails_the_notice(server: SlackServer) -> None:
    server.plan(POST, None, faults.refused("msg_too_long"))
    assert failure(server, long_digest()).outcome is Outcome.PERMANENT


# ------------------------------------------------------------------------------- what went wrong

FATES = {
    "dropped before": (faults.DROP_BEFORE, Outcome.UNKNOWN),
    "dropped after": (faults.DROP_AFTER, Outcome.UNKNOWN),
    "cut off in the answer": (faults.TRUNCATED_AFTER, Outcome.UNKNOWN),
    "no JSON": (faults.GARBAGE_AFTER, Outcome.UNKNOWN),
    "no object": (faults.NO_OBJECT_AFTER, Outcome.UNKNOWN),
    "an empty list": (faults.EMPTY_LIST_AFTER, Outcome.UNKNOWN),
    "a file": (faults.BYTES_AFTER, Outcome.UNKNOWN),
    "slow": (faults.SLOW_AFTER, Outcome.UNKNOWN),
    "500": (faults.broken(500, accepted=True), Outcome.UNKNOWN),
    "503": (faults.broken(503), Outcome.UNKNOWN),
    "a gateway's 401": (faults.broken(401), Outcome.NOT_SENT),
    "a gateway's 402": (faults.broken(402), Outcome.NOT_SENT),
    "a gateway's 403": (faults.broken(403), Outcome.NOT_SENT),
    "a gateway's 404": (faults.broken(404), Outcome.NOT_SENT),
    "too many calls": (faults.limited(None), Outcome.NOT_SENT),
    "fatal": (faults.refused("fatal_error"), Outcome.UNKNOWN),
    "internal": (faults.refused("internal_error"), Outcome.UNKNOWN),
    "unavailable": (faults.refused("service_unavailable"), Outcome.NOT_SENT),
    "unheard of": (faults.refused("some_new_error"), Outcome.NOT_SENT),
    "too long": (faults.refused("msg_too_long"), Outcome.PERMANENT),
}


@pytest.mark.parametrize(("fault", "outcome"), FATES.values(), ids=FATES.keys())
def test_every_failure_leaves_a_known_fate(
    server: SlackServer, fault: Fault, outcome: Outcome
) -> None:
    server.plan(POST, fault)
    notice = alert()
    error = failure(server, notice, timeout=1)
    assert error.outcome is outcome
    assert server.calls[POST] == 1, "the library called again by itself"
    found = slack(server).find(notice)
    assert isinstance(found, Receipt) is fault.accepted
    assert len(server.messages(CARE)) == fault.accepted


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_answer_that_stops_in_the_middle_leaves_the_fate_unknown(server: SlackServer) -> None:
    """slack-sdk leaves the half answer's socket to the garbage collector: that warns, and is no harm."""
    server.plan(POST, faults.STALLED_AFTER)
    notice = alert()
    assert failure(server, notice, timeout=1).outcome is Outcome.UNKNOWN
    gc.collect()
    assert server.calls[POST] == 1
    assert isinstance(slack(server).find(notice), Receipt)


def test_nobody_listens(server: SlackServer) -> None:
    with workspace() as gone:
        url = gone.url
    assert failure(server, alert(), base_url=url).outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    ("said", "pause"), [(30, 30), (None, 30), ("soon", 30), ("0", 1), ("999999999999", 3600)]
)
def test_slack_says_when_to_come_again(
    server: SlackServer, said: int | str | None, pause: int
) -> None:
    server.plan(POST, faults.limited(said))
    sender = slack(server)
    with pytest.raises(SendError) as caught:
        sender.send(alert(), None)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert caught.value.retry_after == timedelta(seconds=pause)


def test_a_limit_holds_for_its_channel_alone_and_is_kept(server: SlackServer) -> None:
    server.plan(f"{POST} {CARE}", faults.limited(600))
    sender = slack(server)
    for _ in range(2):
        with pytest.raises(SendError) as caught:
            sender.send(alert(), None)
        assert caught.value.retry_after is not None
    assert server.calls[POST] == 1, "asked again before the time"
    sender.send(alert(audience="leads"), None)


def test_a_place_that_changed_keeps_the_notice_for_when_it_is_mended(server: SlackServer) -> None:
    """Not refused for good: a complaint is not lost because somebody archived a channel."""
    care = server.workspace.channels[CARE]
    told = []
    for change in ("archived", "removed", "revoked", "scope"):
        care.is_archived, care.is_member = change == "archived", change != "removed"
        server.revoked = change == "revoked"
        server.workspace.scopes = frozenset({"x"}) if change == "scope" else ALL_SCOPES
        error = failure(server, alert())
        assert error.outcome is Outcome.NOT_SENT
        told.append(str(error))
    assert "is_archived; unarchive the channel" in told[0]
    assert "not_in_channel; /invite the app" in told[1]
    assert "token_revoked; make a new token" in told[2]
    assert "missing_scope; add the scopes" in told[3]


def test_a_channel_to_be_mended_holds_up_no_other(server: SlackServer) -> None:
    """Deliver rests at a notifier that names no time; and an archived channel is asked once, not for each."""
    server.workspace.channels[CARE].is_archived = True
    sender = slack(server)
    for number in range(3):
        with pytest.raises(SendError, match="is_archived; unarchive") as caught:
            sender.send(alert(key=f"alert:{number}"), None)
        assert caught.value.retry_after is not None
    assert server.calls[POST] == 1
    sender.send(alert(audience="leads"), None)


def test_an_edit_of_a_card_that_was_deleted_is_refused_for_good(server: SlackServer) -> None:
    sender = slack(server)
    card = sender.send(alert(), None)
    server.workspace.channels[CARE].messages.clear()
    with pytest.raises(SendError, match="message_not_found") as caught:
        sender.send(alert(kind=NoticeKind.UPDATE), card)
    assert caught.value.outcome is Outcome.PERMANENT


@pytest.mark.parametrize("token", ["xoxb-1\nHUSH-HUSH", "xoxb-1 HUSH-HUSH", "xoxb-HUSH…", " \n"])
def test_a_token_that_no_header_holds_is_not_sent_and_never_repeated(
    server: SlackServer, token: str
) -> None:
    notifier = slack(server, Given({"slack": token}))
    with pytest.raises(SendError) as caught:
        notifier.send(alert(), None)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert 'the secret "slack" ' in str(caught.value)
    assert "HUSH" not in str(caught.value)
    assert not server.calls


def test_blanks_around_a_token_are_not_of_it(server: SlackServer) -> None:
    slack(server, Given({"slack": f" {TOKEN}\r\n"})).send(alert(), None)
    assert len(server.messages(CARE)) == 1


def test_a_missing_token_is_told_with_its_name(server: SlackServer) -> None:
    error = failure(server, alert(), token="another")
    assert (error.outcome, str(error)) == (Outcome.NOT_SENT, 'the secret "another" is missing')


# ------------------------------------------------------------------------------------- looking


def test_what_was_never_sent_is_absent(server: SlackServer) -> None:
    assert slack(server).find(alert()) == Absent()


def test_an_edit_needs_no_look(server: SlackServer) -> None:
    assert slack(server).find(alert(kind=NoticeKind.UPDATE)) == Absent()
    assert not server.calls


def test_it_is_found_among_many_others(server: SlackServer) -> None:
    sender = slack(server)
    receipt = sender.send(alert(), None)
    for number in range(450):
        server.workspace.say(CARE, f"talk {number}")
    assert sender.find(alert()) == receipt
    assert server.calls["conversations.history"] == 3


def test_another_installation_s_notice_of_the_same_key_is_not_ours(server: SlackServer) -> None:
    sender = slack(server)
    sender.send(alert(), None)
    assert sender.find(alert(written_at=NOW + timedelta(seconds=1))) == Absent()


def test_what_a_database_put_back_does_not_remember_is_found_by_what_it_is_about(
    server: SlackServer,
) -> None:
    sender, later = slack(server), NOW + timedelta(days=2)
    receipt = sender.send(alert(about="anas"), None)
    again = alert(key="alert:8:1", about="anas", written_at=later)
    assert sender.find(again) == Absent()
    assert sender.find(replace(again, told_since=NOW)) == receipt
    assert sender.find(replace(again, about="berts", told_since=NOW)) == Absent()


def test_a_simulated_clock_hides_nothing(server: SlackServer) -> None:
    """Slack dates by its own clock: a notice written in a year to come is found all the same."""
    sender, later = slack(server), alert(written_at=NOW.replace(year=2099))
    receipt = sender.send(later, None)
    assert sender.find(later) == receipt


@pytest.mark.parametrize("hours", [-1, 1], ids=["Slack behind", "Slack ahead"])
def test_a_slack_whose_clock_differs_by_an_hour_hides_nothing(hours: int) -> None:
    skew = hours * 3600 * 10**9
    with workspace(clock=lambda: time.time_ns() + skew) as server:
        sender, notice = slack(server), alert(written_at=utc_now())
        receipt = sender.send(notice, None)
        assert sender.find(notice) == receipt


def test_what_is_there_twice_is_made_once(server: SlackServer) -> None:
    sender = slack(server)
    first = sender.send(alert(), None)
    sender.send(alert(), None)
    assert sender.find(alert()) == first
    assert [one.ts for one in server.messages(CARE)] == [first.name]


def test_a_duplicate_that_cannot_be_deleted_stays(server: SlackServer) -> None:
    sender = slack(server)
    first = sender.send(alert(), None)
    sender.send(alert(), None)
    server.plan("chat.delete", faults.refused("compliance_exports_prevent_deletion"))
    assert sender.find(alert()) == first
    assert len(server.messages(CARE)) == 2


def test_an_app_that_may_not_read_cannot_know(server: SlackServer) -> None:
    server.workspace.scopes -= {"channels:history"}
    found = slack(server).find(alert())
    assert isinstance(found, Unknowable)
    assert "missing_scope" in found.because
    receipt = slack(server).send(long_digest(), None)
    assert receipt.place == CARE


@pytest.mark.parametrize(
    ("ago", "is_believed"), [(-1, False), (1, False), (30, False), (60, True), (-3600, True)]
)
def test_what_the_history_does_not_show_yet_is_not_taken_for_absent(
    server: SlackServer, ago: int, is_believed: bool
) -> None:
    """Nor is it waited for an hour where our clock was set back by one."""
    notice = alert(attempted_at=utc_now() - timedelta(seconds=ago))
    if is_believed:
        assert slack(server).find(notice) == Absent()
        return
    with pytest.raises(SendError, match="perhaps not yet") as caught:
        slack(server).find(notice)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.retry_after == timedelta(seconds=45)


def test_what_the_history_shows_is_found_however_soon(server: SlackServer) -> None:
    sender = slack(server)
    receipt = sender.send(alert(), None)
    assert sender.find(alert(attempted_at=utc_now())) == receipt


@pytest.mark.parametrize("fault", [faults.limited(3), faults.DROP_BEFORE, faults.broken(500)])
def test_a_look_that_fails_says_nothing(server: SlackServer, fault: Fault) -> None:
    server.plan("conversations.history", fault)
    with pytest.raises(SendError):
        slack(server).find(alert())


def test_a_look_through_too_much_is_given_up(server: SlackServer) -> None:
    channel = server.workspace.channels[CARE]
    ts = server.workspace.say(CARE, "talk")
    channel.messages *= 5001
    found = slack(server).find(alert())
    assert isinstance(found, Unknowable)
    assert "more than 5000 messages" in found.because
    assert ts


# ------------------------------------------------------------------------------------------ check


def tried(server: SlackServer, **table: Any) -> dict[str, Standing]:
    notifier: Notifier = slack(server, **table)
    assert isinstance(notifier, TriesOut)
    return {one.said: one.standing for one in notifier.try_out()}


def test_check_says_what_the_app_may_do_and_tells_nobody(server: SlackServer) -> None:
    found = tried(server)
    assert set(found.values()) == {Standing.WELL}
    assert list(found) == [
        "token: works, as complaint_monitor in Shop",
        f"scopes: {', '.join(sorted(ALL_SCOPES))}",
        f"#care ({CARE}): found, the app is in it, its history can be read",
        f"#leads ({LEADS}): found, the app is in it, its history can be read",
    ]
    assert server.messages(CARE) == []


def test_check_names_everything_that_is_to_be_mended_each_thing_on_its_own(
    server: SlackServer,
) -> None:
    channels = server.workspace.channels
    channels[CARE].is_archived, channels[CARE].is_member = True, False
    channels[LEADS].is_member = False
    server.workspace.scopes -= {"channels:history", "files:write"}
    found = tried(server)
    assert {said for said, one in found.items() if one is Standing.FAILS} == {
        f"#care ({CARE}) is archived: unarchive it or name another one",
        f"the app is not in #care ({CARE}): /invite it there",
        (
            f"Slack, conversations.info in {LEADS}: channel_not_found; "
            "check the channel's id; in a private channel: /invite the app"
        ),
    }
    lacking = [said.partition(";")[0] for said, one in found.items() if one is Standing.LACKS]
    assert lacking == [
        "scope files:write is missing: a report comes without its chart and its page",
        (
            "scope channels:history is missing: a message of which Slack did not say that it arrived "
            "is sent again, marked as possibly repeated"
        ),
    ]


@pytest.mark.parametrize(
    ("scope", "standing", "told"),
    [
        ("chat:write", Standing.FAILS, "nothing can be told"),
        ("channels:history", Standing.LACKS, "sent again, marked as possibly repeated"),
        ("channels:read", Standing.LACKS, "is not known before a message fails"),
        ("files:write", Standing.LACKS, "without its chart"),
    ],
)
def test_check_says_what_a_missing_scope_costs(
    server: SlackServer, scope: str, standing: Standing, told: str
) -> None:
    server.workspace.scopes -= {scope}
    found = tried(server, targets={})
    assert [one for said, one in found.items() if said.startswith(f"scope {scope}")] == [standing]
    assert any(told in said for said in found)
    assert (Standing.FAILS in found.values()) == (standing is Standing.FAILS)


def test_check_of_a_wrong_token(server: SlackServer) -> None:
    server.revoked = True
    with pytest.raises(SendError, match="token_revoked; make a new token"):
        tried(server)


# ---------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({}, "slack.channel: Field required"),
        ({"channel": "#care"}, "no channel id such as"),
        ({"channel": CARE, "targets": {"leads": "leads"}}, "slack.targets.leads: .*no channel id"),
        ({"channel": CARE, "people": {"ana": "@ana"}}, "slack.people.ana: .*Copy member ID"),
        ({"channel": CARE, "base_url": "http://shop.example/api/"}, "travel in the open"),
        ({"channel": CARE, "timeout": 60}, "slack.timeout"),
    ],
)
def test_mistakes_are_told_with_their_remedy(table: dict[str, Any], told: str) -> None:
    cls = registry.load(registry.NOTIFIERS, "slack")
    with pytest.raises(ConfigError, match=told):
        registry.options(cls, table, "slack")


def test_constructing_reads_no_secret() -> None:
    cls = registry.load(registry.NOTIFIERS, "slack")
    options = registry.options(cls, {"channel": CARE}, "slack")
    assert registry.build(cls, options, secrets=Given({}), clock=lambda: NOW)


# ----------------------------------------------------------------------------------------- errors


@pytest.mark.needs("shared")
def test_every_error_that_slack_documents_has_its_meaning() -> None:
    path = SHARED / "recordings" / "slack-specs" / "web-api" / "slack_web_openapi_v2.json"
    spec = json.loads(Path(path).read_text())
    used = [
        *("auth.test", POST, UPDATE, "chat.delete", "files.upload"),
        *("conversations.history", "conversations.info", "conversations.replies"),
    ]
    documented = {
        error
        for method in used
        for error in next(iter(spec["paths"][f"/{method}"].values()))["responses"]["default"][
            "schema"
        ]["properties"]["error"]["enum"]
    }
    assert len(documented) > 30
    assert documented - set(ERRORS) == set()


def test_what_a_person_can_mend_says_how() -> None:
    mended = [name for name, means in ERRORS.items() if means is Means.MEND]
    assert all("; " in in_words(name, "chat.postMessage") for name in mended)
    assert meaning("invented_tomorrow") is Means.LATER


# ----------------------------------------------------------------------------------------- pacing


class Ticks:
    """A machine's clock that only rests move."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at

    def rest(self, seconds: float) -> None:
        self.at += seconds


def test_a_channel_gets_a_message_a_second_and_others_do_not_wait() -> None:
    ticks = Ticks()
    pace = Pace(1, now=ticks, rest=ticks.rest)
    taken = []
    for channel in (CARE, CARE, LEADS, CARE):
        pace.await_turn(POST, channel)
        taken.append(ticks.at)
    assert taken == [0, 1, 1, 2]
    pace.await_turn("auth.test", "")
    assert ticks.at == 2


def test_a_method_has_one_rate_for_all_channels() -> None:
    ticks = Ticks()
    pace = Pace(2, now=ticks, rest=ticks.rest)
    for channel in (CARE, LEADS, CARE):
        pace.await_turn(UPDATE, channel)
    assert ticks.at == pytest.approx(1.2)


def test_a_long_queue_is_left_to_the_outbox() -> None:
    ticks = Ticks()
    pace = Pace(1, now=ticks, rest=ticks.rest)
    pace.hold(POST, CARE, timedelta(seconds=60), "slowly")
    with pytest.raises(SendError, match="slowly") as caught:
        pace.await_turn(POST, CARE)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert caught.value.retry_after == timedelta(seconds=60)
    ticks.rest(60)
    pace.await_turn(POST, CARE)
    assert ticks.at == 60


def test_a_test_alert_arrives(server: SlackServer) -> None:
    slack(server).send(alert(kind=NoticeKind.TEST, content=Words("It works")), None)
    assert "It works" in shown(server.messages(CARE)[0])


# ------------------------------------------------------------------------------------ the docs page


PAGE = (ROOT / "docs" / "notifiers" / "slack.md").read_text()


def test_the_page_s_example_loads() -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    settings = read_text(f'[[brands]]\nname = "Shop"\n{example}', "slack.md")
    assert settings.notifiers[0].use == "slack"


def test_the_page_names_the_scopes_that_check_asks_for() -> None:
    kinds: list[dict[str, bool]] = [{}, {"is_private": True}]
    needed = {scope for kind in kinds for scope in missing(frozenset(), kind)}
    assert set(re.findall(r"^ +- (\w+:\w+)$", PAGE, re.MULTILINE)) == needed
    assert set(re.findall(r"^\| `(\w+:\w+)` \|", PAGE, re.MULTILINE)) == needed
    assert missing(None, {}) == []
    assert "im:history" in missing(frozenset(), {"is_im": True})
