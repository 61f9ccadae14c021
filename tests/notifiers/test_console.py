"""The console prints what the journal remembers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import Outcome, SendError
from monitor.domain.judgement import Severity
from monitor.domain.notice import (
    Absent,
    Notice,
    NoticeKind,
    Reason,
    Receipt,
    Unknowable,
    Words,
)
from monitor.notifiers.console import Console
from monitor.registry import NOTIFIERS, build, load, options
from tests.given import Given
from tests.notifiers.sample import CARD, card_notice, storm_notice

NOW = datetime(2026, 3, 3, 12, 10, tzinfo=UTC)


def console(**table: Any) -> Console:
    cls = load(NOTIFIERS, "console")
    made = build(cls, options(cls, table, "notify.console"), secrets=Given({}), clock=lambda: NOW)
    assert isinstance(made, Console)
    return made


def words(key: str, headline: str = "hello") -> Notice:
    return Notice(
        key=key,
        kind=NoticeKind.TEST,
        audience="#care",
        reason=Reason.REQUESTED,
        brand="Acme",
        content=Words(headline, ("a line",)),
        written_at=NOW,
    )


def journalled(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Screen(TextIOWrapper):
    """What standard output is connected to."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(BytesIO(), encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def shown(self) -> str:
        self.seek(0)
        return self.read()


# --------------------------------------------------------------------------------------- the view


def test_a_notice_is_printed_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    console(zone="Europe/Bucharest").send(words("k"), None)
    printed = capsys.readouterr().out
    assert printed == "Tue 3 Mar 2026 14:10 EET → #care\nhello\n  a line\n\n"


def edit(**changes: Any) -> Notice:
    return card_notice(key="update:1:2", kind=NoticeKind.UPDATE, **changes)


def test_an_edit_is_one_line_that_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log = tmp_path / "journal"
    sender = console(log=log)
    card = sender.send(card_notice(), None)
    capsys.readouterr()
    sender.send(edit(owner="Ana"), card)
    printed = capsys.readouterr().out
    assert "(the card, edited) Ana has it: Acme, case 1" in printed
    assert printed.count("\n") == 1
    assert journalled(log)[1]["edits"] == card.name


def test_an_edit_that_only_shows_a_level_more_is_not_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The escalation says it, before or after; but a follow-up of the customer is said."""
    log = tmp_path / "journal"
    sender = console(log=log)
    card = sender.send(card_notice(), None)
    capsys.readouterr()
    printed = []
    for changes in (
        {"level": 1},
        {"level": 1, "text": "Still nothing"},
        {"level": 2},
        {"level": 3, "owner": "Ana"},
        {"level": 3, "status": "answered", "answered_at": NOW},
    ):
        sender.send(edit(**changes), card)
        printed.append(capsys.readouterr().out != "")
    assert printed == [False, True, False, True, True]
    assert len(journalled(log)) == 6


def test_brief_is_two_lines_a_case_and_the_digest_in_full(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sender = console(brief=True)
    sender.send(card_notice(), None)
    printed = capsys.readouterr().out
    assert printed.endswith(
        "→ #care New complaint, normal: Acme, case 1, reddit\n"
        "  “Still no refund, unde sunt banii?”\n"
    )
    assert printed.count("\n") == 2
    sender.send(words("k"), None)
    assert capsys.readouterr().out.endswith("\nhello\n  a line\n\n")


def test_a_notice_to_nobody_in_particular(capsys: pytest.CaptureFixture[str]) -> None:
    console().send(card_notice(audience=""), None)
    assert "→" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("notice", "style"),
    [
        (card_notice(severity=Severity.CRITICAL), "1;31"),
        (card_notice(severity=Severity.HIGH), "1;33"),
        (card_notice(severity=Severity.NORMAL), "1"),
        (card_notice(status="answered", answered_at=NOW), "32"),
        (words("k"), "1"),
        (card_notice(kind=NoticeKind.OPERATIONS, content=Words("x")), "31"),
    ],
    ids=["critical", "high", "normal", "answered", "words", "operations"],
)
def test_colours_are_few_and_mean_something(
    notice: Notice, style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console(colour="always").send(notice, None)
    assert f"\n\033[{style}m" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("colour", "terminal", "no_color", "coloured"),
    [
        ("auto", True, "", True),
        ("auto", True, "1", False),
        ("auto", False, "", False),
        ("never", True, "", False),
        ("always", False, "1", True),
    ],
    ids=["terminal", "asked-not-to", "pipe", "never", "always"],
)
def test_colours_are_for_terminals_that_want_them(
    colour: str,
    terminal: bool,
    no_color: str,
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen(terminal=terminal)
    monkeypatch.setenv("NO_COLOR", no_color)
    with redirect_stdout(screen):
        console(colour=colour).send(words("k"), None)
    assert ("\033[" in screen.shown()) is coloured


def test_a_screen_that_cannot_show_a_letter_shows_a_question_mark() -> None:
    screen = Screen(encoding="ascii")
    with redirect_stdout(screen):
        console().send(words("k", "șters"), None)
    assert "?ters" in screen.shown()


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    console(quiet=True, log=tmp_path / "journal").send(words("k"), None)
    assert capsys.readouterr().out == ""
    assert [one["key"] for one in journalled(tmp_path / "journal")] == ["k"]


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    """`… | head`: with a journal the notice is delivered all the same, without one it is not."""
    screen = Screen()
    screen.close()
    with redirect_stdout(screen):
        console(log=tmp_path / "journal").send(words("k"), None)
        with pytest.raises(SendError) as caught:
            console().send(words("k"), None)
    assert caught.value.outcome is Outcome.NOT_SENT


# ------------------------------------------------------------------------------------ the journal


def test_the_journal_holds_what_was_said_and_is_for_the_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "journal"
    thread = Receipt("console", "m1")
    receipt = console(log=log).send(card_notice(thread=thread, possibly_repeated=True), None)
    (line,) = journalled(log)
    text = line.pop("text")
    assert line == {
        "key": "alert:1:1",
        "about": "",
        "kind": "alert",
        "audience": "#care",
        "place": "console",
        "name": receipt.name,
        "edits": None,
        "thread": "m1",
        "possibly_repeated": True,
    }
    assert CARD.text is not None
    assert CARD.text in text
    assert log.stat().st_mode & 0o077 == 0


def test_what_was_delivered_is_found_also_by_another_process(tmp_path: Path) -> None:
    log = tmp_path / "journal"
    sender, other = console(log=log), console(log=log)
    assert other.find(words("k")) == Absent()
    receipt = sender.send(words("k"), None)
    assert other.find(words("k")) == receipt
    assert sender.find(words("k")) == receipt
    assert console(log=log).find(words("k")) == receipt
    assert other.find(words("another")) == Absent()


def test_of_two_deliveries_the_first_one_is_the_notice(tmp_path: Path) -> None:
    sender = console(log=tmp_path / "journal")
    first = sender.send(words("k"), None)
    sender.send(words("k"), None)
    assert sender.find(words("k")) == first


def test_without_a_journal_nobody_knows() -> None:
    assert isinstance(console().find(words("k")), Unknowable)


@given(cut_at=st.integers(0, 400), more=st.integers(0, 3))
def test_a_line_torn_by_a_crash_costs_that_line_alone(cut_at: int, more: int) -> None:
    """Wherever the power failed: what is whole is known, what follows begins on a line of its own."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "journal"
        sender = console(log=log)
        kept = sender.send(words("kept"), None)
        sender.send(words("torn"), None)
        whole = log.read_bytes()
        first = whole.index(b"\n") + 1
        end = min(first + cut_at, len(whole))
        log.write_bytes(whole[:end])
        later = console(log=log)
        assert later.find(words("kept")) == kept
        if later.find(words("torn")) == Absent():
            later.send(words("torn"), None)
        for number in range(more):
            later.send(words(f"more{number}"), None)
        fresh = console(log=log)
        assert fresh.find(words("kept")) == kept
        expected = Counter(["kept", "torn", *(f"more{number}" for number in range(more))])
        assert Counter(readable(log)) == expected
        assert all(isinstance(fresh.find(words(key)), Receipt) for key in expected)


def test_strange_lines_do_not_hide_the_others(tmp_path: Path) -> None:
    log = tmp_path / "journal"
    log.write_bytes(b'\n[1]\n{"key": 7}\nnull\n\xff\xfe\n{"key":"k","place":"p","name":"n"}\n')
    assert console(log=log).find(words("k")) == Receipt("p", "n")


def test_a_rotated_journal_is_read_anew_and_what_was_known_stays_known(tmp_path: Path) -> None:
    log = tmp_path / "journal"
    sender, other = console(log=log), console(log=log)
    old = sender.send(words("old"), None)
    assert other.find(words("old")) == old
    log.rename(tmp_path / "journal.1")
    new = sender.send(words("new"), None)
    assert other.find(words("new")) == new
    assert other.find(words("old")) == old
    log.write_bytes(b"")  # copied and truncated
    assert other.find(words("new")) == new
    again = sender.send(words("third"), None)
    assert other.find(words("third")) == again


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "journal"
    senders = [console(log=log) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        for number in range(120):
            pool.submit(senders[number % 3].send, words(f"k{number}", "x" * 5000), None)
    assert Counter(readable(log)) == Counter(f"k{number}" for number in range(120))


def test_a_journal_in_no_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="No such file or directory") as caught:
        console(log=tmp_path / "none" / "journal").send(words("k"), None)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert console(log=tmp_path / "none" / "journal").find(words("k")) == Absent()


def test_a_journal_that_cannot_be_read_leaves_the_fate_unknown(tmp_path: Path) -> None:
    with pytest.raises(SendError, match="Is a directory") as caught:
        console(log=tmp_path).find(words("k"))
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_full_disk_leaves_the_fate_to_a_look(tmp_path: Path) -> None:
    """Part of a line was written. (A limit on the size of files stands in for the disk.)"""
    code = FULL_DISK.format(log=str(tmp_path / "journal"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["unknown", "Absent()", "not_sent"], done.stderr


FULL_DISK = """
import resource, signal
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from monitor.domain.errors import SendError
from monitor.notifiers.console import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
journal = Journal(Path({log!r}))
journal.append({{"key": "a", "place": "p", "name": "n"}})
line = {{"key": "b", "place": "p", "name": "x" * 500}}
for _ in range(2):
    try:
        journal.append(line)
    except SendError as error:
        print(error.outcome)
    if _ == 0:
        print("Absent()" if journal.find("b") is None else "found")
"""


def readable(log: Path) -> Iterator[str]:
    for line in log.read_bytes().splitlines():
        try:
            yield json.loads(line)["key"]
        except ValueError:
            continue


def test_after_a_database_was_put_back_what_it_is_about_tells(tmp_path: Path) -> None:
    """A case's number is given out anew: one key may be of two notices, and one notice have two keys."""
    its = console(log=str(tmp_path / "log"), quiet=True)
    receipt = its.send(replace(words("alert:7:1"), about="anas"), None)
    assert its.find(replace(words("alert:8:1"), about="anas", told_since=NOW)) == receipt
    another = replace(words("alert:7:1"), about="berts")
    assert its.find(another) == Absent()
    assert its.find(replace(another, told_since=NOW)) == Absent()


def test_a_storm_may_have_named_what_the_journal_does_not_hold_by_itself(tmp_path: Path) -> None:
    its = console(log=str(tmp_path / "log"), quiet=True)
    again = card_notice(key="alert:8:1", about="berts", told_since=NOW)
    assert its.find(again) == Absent()
    its.send(storm_notice(), None)
    assert isinstance(its.find(again), Unknowable)
    assert its.find(replace(again, told_since=None)) == Absent()
    assert its.find(replace(words("test:1"), about="berts", told_since=NOW)) == Absent()
