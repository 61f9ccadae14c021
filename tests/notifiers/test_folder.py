"""Reports as files: whole, found again, and never beside the folder that was named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.domain.errors import ConfigError, Outcome, SendError
from monitor.domain.notice import Absent, Attachment, Document, NoticeKind, Receipt
from monitor.notifiers.folder import Folder
from monitor.registry import NOTIFIERS, build, load, options
from tests.given import Given
from tests.notifiers.sample import NOW, card_notice

PAGE = Document(
    "October",
    ("all  5",),
    "acme.html",
    "<p>ă",
    attached=(Attachment("acme.csv", "text/csv", b"a"),),
)


def folder(path: Path) -> Folder:
    cls: Any = load(NOTIFIERS, "folder")
    made = build(cls, options(cls, {"path": path}, "folder"), secrets=Given({}), clock=lambda: NOW)
    assert isinstance(made, Folder)
    return made


def a_report(audience: str = "") -> Any:
    return replace(card_notice(), kind=NoticeKind.REPORT, content=PAGE, audience=audience)


def test_a_report_is_its_page_and_its_files(tmp_path: Path) -> None:
    place = folder(tmp_path / "out")
    assert place.find(a_report()) == Absent()
    receipt = place.send(a_report(), None)
    assert receipt == Receipt(str(tmp_path / "out"), "acme.html")
    assert place.find(a_report()) == receipt
    assert {one.name: one.read_bytes() for one in (tmp_path / "out").iterdir()} == {
        "acme.html": "<p>ă".encode(),
        "acme.csv": b"a",
    }
    assert place.send(a_report(), None) == receipt  # once more changes nothing


def test_an_audience_is_a_folder_within(tmp_path: Path) -> None:
    folder(tmp_path).send(a_report("agency two"), None)
    assert (tmp_path / "agency two" / "acme.html").is_file()


@pytest.mark.parametrize("audience", ["..", "../etc", "/etc", "a/b", ".hidden", "a\n"])
def test_no_audience_leads_out_of_it(tmp_path: Path, audience: str) -> None:
    with pytest.raises(SendError) as refused:
        folder(tmp_path / "out").send(a_report(audience), None)
    assert refused.value.outcome is Outcome.PERMANENT
    assert not (tmp_path / "out").exists()


def test_another_notice_is_a_text(tmp_path: Path) -> None:
    place = folder(tmp_path)
    place.send(card_notice(audience=""), None)
    assert "Still no refund" in (tmp_path / "alert-1-1.txt").read_text()


def test_where_nothing_can_be_written_it_is_tried_again_and_check_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    place = folder(tmp_path / "file")
    with pytest.raises(SendError) as refused:
        place.send(a_report(), None)
    assert refused.value.outcome is Outcome.NOT_SENT
    with pytest.raises(ConfigError, match="file"):
        list(place.try_out())
    assert [one.said for one in folder(tmp_path / "new").try_out()] == [
        "it can be used: files can be written there"
    ]
    assert list((tmp_path / "new").iterdir()) == []
