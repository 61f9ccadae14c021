"""What an error may say in the log: our words and the operating system's, of any other where it was."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
import structlog

from monitor import log
from monitor.domain.errors import CrossingError, SourceError
from monitor.domain.quoting import quoted

WORD = "zanzibar"


def breaks(error: Exception) -> None:
    raise error


def raised(what: Exception) -> Exception:
    with pytest.raises(type(what)) as found:
        breaks(what)
    return found.value


def test_our_own_words_and_the_operating_system_s_are_kept(tmp_path: Path) -> None:
    assert log.in_a_line(raised(SourceError("the key is wrong\nmore"))) == "the key is wrong"
    assert log.in_a_line(raised(CrossingError("DELETE FROM brand"))) == "DELETE FROM brand"
    with pytest.raises(OSError, match="No such file") as error:
        (tmp_path / "missing").read_text()
    assert "No such file or directory" in log.in_a_line(error.value)


@pytest.mark.parametrize(
    "error", [ValueError(WORD), KeyError(WORD), ConnectionError(f"for url: /?q={WORD}")]
)
def test_of_any_other_only_its_class_and_place(error: Exception) -> None:
    kind = type(error).__name__
    assert log.in_a_line(raised(error)).startswith(f"{kind} at test_log.py:")
    assert log.in_a_line(error.with_traceback(None)) == kind


@pytest.mark.parametrize("written", ["json", "text"])
def test_a_traceback_is_told_without_the_words_it_ends_in(
    written: Literal["json", "text"],
) -> None:
    stream = io.StringIO()
    log.configure(format=written, stream=stream)
    error = ValueError(f"Still no {WORD}")
    error.__cause__ = raised(KeyError(WORD))
    try:
        breaks(error)
    except ValueError:
        structlog.get_logger().exception("odd")
    structlog.get_logger().error("odd", exc_info=error)
    log.tell("odd", error)
    structlog.reset_defaults()
    assert WORD not in stream.getvalue()
    assert stream.getvalue().count("KeyError") == 3


@pytest.mark.parametrize("written", ["json", "text"])
def test_what_others_said_is_left_out_of_every_line(written: Literal["json", "text"]) -> None:
    stream = io.StringIO()
    log.configure(format=written, stream=stream)
    refused = SourceError(f"X refuses (403): {quoted(f'no {WORD}')}; make a new token")
    structlog.get_logger().warning("odd", problem=str(refused), more=[str(refused)], of=refused)
    log.tell("odd", refused)
    structlog.reset_defaults()
    assert WORD not in stream.getvalue()
    assert stream.getvalue().count("X refuses (403): “…”; make a new token") == 4


ENDS = """
import logging, threading
from monitor import uncaught
uncaught.take_over()
def breaks(): raise ValueError("zanzibar")
try:
    breaks()
except ValueError:
    logging.getLogger("library").exception("no %s", "zanzibar")
thread = threading.Thread(target=breaks)
thread.start()
thread.join()
breaks()
"""


def test_neither_a_library_nor_what_ends_a_thread_or_the_program_prints_its_words() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert WORD not in ended.stderr
    assert ended.stderr.count("ended_unforeseen") == 2
    assert "library_warns" in ended.stderr
    assert ended.stderr.count("ValueError") >= 3
