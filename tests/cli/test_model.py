"""`model`: what judges, as people measure, teach and change it from the command line."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.classifiers import weights
from monitor.clock import utc_now
from monitor.domain.sampling import week_of
from monitor.learning import revisions
from monitor.learning.pooled import Pooled
from monitor.learning.revisions import Origin
from monitor.store import schema
from monitor.store.engine import Database
from tests.classifiers.tiny import sentiment
from tests.cli.shop import CONFIG, Shop

SHIPPED = CONFIG.replace('use = "tests.cli.keywords:Keywords"', "")


@contextmanager
def database_of(shop: Shop) -> Iterator[Database]:
    database = Database(f"sqlite:///{shop.folder / 'complaint-monitor.db'}")
    yield database
    database.close()


@pytest.fixture
def judged(shop: Shop) -> Shop:
    """Sixty complaints and sixty others that the model told apart, and four it let pass."""
    for number in range(60):
        shop.post(f"a{number}", "awful lamp", author=f"a{number}")
        shop.post(f"h{number}", "hmm, a lamp", author=f"h{number}")
    for number in range(4):
        shop.post(f"n{number}", "nice lamp", author=f"n{number}")
    shop.runs()
    return shop


def number_of(shop: Shop, external_id: str) -> int:
    with database_of(shop) as database, database.reading() as conn:
        query = schema.post.select().where(schema.post.c.external_id == external_id)
        return int(conn.execute(query).one().id)


def teach(shop: Shop, complaints: int = 60, others: int = 60) -> None:
    """What staff would say one by one."""
    now = utc_now()
    rows = [
        {
            "brand_id": 1,
            "post_id": number_of(shop, f"{letter}{number}"),
            "at": now,
            "by": "ana",
            "said": said,
            "reviewed": False,
        }
        for letter, said, many in (
            ("a", "complaint", complaints),
            ("h", "not_a_complaint", others),
        )
        for number in range(many)
    ]
    with database_of(shop) as database, database.writing() as conn:
        conn.execute(schema.correction.insert(), rows)


def test_before_anything_was_said_show_says_so(shop: Shop) -> None:
    shop.runs()
    said = shop.does("model", "show").stdout
    assert "keywords@1" in said
    assert "no source; these thresholds hold for all" in said
    told = shop.data("model", "show")
    assert told["adopted"] is None
    assert told["corrections"]["corrected"] == {"complaints": 0, "others": 0}
    assert "review` shows some" in shop.refuses("model", "eval")


def test_a_missed_complaint_opens_a_case_and_teaches(judged: Shop) -> None:
    number = str(number_of(judged, "n0"))
    before = len(judged.data("cases", "list", "--limit", "500"))
    assert "; case " in judged.does("model", "correct", number, "complaint", "--by", "ana").stdout
    assert len(judged.data("cases", "list", "--limit", "500")) == before + 1
    awful = str(number_of(judged, "a0"))
    said = judged.does("model", "correct", awful, "praise").stdout
    assert "`complaint-monitor cases dismiss" in said
    told = judged.data("model", "show")["corrections"]
    assert told["corrected"] == {"complaints": 1, "others": 1}
    judged.does("model", "correct", awful, "--take-back")
    assert judged.data("model", "show")["corrections"]["corrected"]["others"] == 0
    assert "no post 9999" in judged.refuses("model", "correct", "9999", "other")
    assert "say what it is" in judged.refuses("model", "correct", number)
    assert "--brand" in judged.refuses("model", "correct", number, "other", "--brand", "x")


def test_the_sample_is_looked_at_one_by_one_without_the_score(judged: Shop) -> None:
    waiting = judged.data("model", "review")
    assert [one["text"] for one in waiting] == ["nice lamp"] * 4
    assert {one["week"] for one in waiting} == {week_of(utc_now())}
    assert "nice lamp" in judged.does("model", "review", "--list", "--limit", "2").stdout
    said = judged.does("model", "review", "--by", "ana", said="c\nz\np\ns\nx\n").stdout
    assert "0.1" not in said
    assert "; case " in said
    assert ": praise" in said
    assert len(judged.data("model", "review")) == 2
    judged.does("model", "review", said="o\nq\n")
    assert "nothing waits for a look" in judged.does("model", "review").stdout
    told = judged.data("model", "show")["corrections"]["reviewed"]
    assert told == {"complaints": 1, "others": 3}


def test_eval_on_corrections_and_what_it_leaves_out(judged: Shop) -> None:
    teach(judged, 10, 10)
    told = judged.data("model", "eval")
    whole = told["figures"][0]
    assert (told["model"], whole["n"], whole["complaints"]) == ("keywords@1", 20, 10)
    assert whole["recall"]["value"] == 1
    assert whole["recall"]["low"] < 1
    said = judged.does("model", "eval").stdout
    assert "These are no random posts" in said
    assert "macro-F1" in said


def test_a_source_is_calibrated_shown_and_taken_back(judged: Shop) -> None:
    teach(judged, 49, 60)
    assert "of 49 posts that they are complaints" in judged.refuses("model", "calibrate", "files")
    teach(judged)
    told = judged.data("model", "calibrate", "files", "--by", "ana")
    assert 0.5 < told["alert"] <= 0.9
    assert told["figures"]["precision"]["value"] == 1
    shown = judged.does("model", "show").stdout
    assert "calibrated" in shown
    assert "files" in shown
    [one] = judged.data("model", "show")["calibrations"]
    assert (one["source"], one["by"], one["model"]) == ("files", "ana", "keywords@1")
    judged.does("model", "calibrate", "files", "--undo")
    assert judged.data("model", "show")["calibrations"] == []
    assert "there is no source reddit" in judged.refuses("model", "calibrate", "reddit")
    done = judged.does("model", "calibrate", "files")
    assert "precision" in done.stdout
    assert "0 of the 124 posts (0.0%) of the last 30 days would go to review" in done.stderr


def test_texts_are_measured_without_a_config_or_a_database(shop: Shop) -> None:
    (shop.folder / "config.toml").unlink()
    rows = [{"text": "Still no refund after a month", "label": "complaint"}] * 3
    rows += [{"text": "Lovely day in the park", "label": "no"}] * 3
    (shop.folder / "ours.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = shop.data("model", "eval", "--texts", "ours.jsonl")
    assert told["figures"][0]["n"] == 6
    assert told["model"].startswith("complaint-e5-small@")
    folder = str(weights.find(weights.installed()))
    again = shop.data("model", "eval", "--texts", "ours.jsonl", "--classifier", folder)
    assert again["figures"] == told["figures"]
    mine = "tests.cli.keywords:Keywords"
    other = shop.data("model", "eval", "--texts", "ours.jsonl", "--classifier", mine)
    assert other["model"] == "keywords@1"
    assert "NEGATIVE=complaint" in shop.refuses(
        "model", "eval", "--texts", "ours.jsonl", "--classifier", "x", "--label", "LABEL_1"
    )


def test_a_model_is_measured_by_the_thresholds_it_would_judge_by(shop: Shop) -> None:
    shop.configure(CONFIG + "\n[classifier.thresholds]\nalert = 0.45\n")
    rows = [{"text": "hmm", "label": "complaint"}, {"text": "nice", "label": "no"}]
    (shop.folder / "ours.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = ("model", "eval", "--texts", "ours.jsonl")
    told = shop.data(*asked, "--classifier", "tests.cli.keywords:Keywords")
    assert told["thresholds"]["alert"] == 0.45
    assert told == shop.data(*asked)


@pytest.mark.needs("torch")
def test_a_hugging_face_model_from_a_folder_is_measured_by_the_same_command(shop: Shop) -> None:
    folder = sentiment(shop.folder / "theirs")
    rows = [{"text": "late parcel no refund", "label": "complaint"}] * 3
    rows += [{"text": "great thanks", "label": "praise"}] * 3
    (shop.folder / "ours.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = ("model", "eval", "--texts", "ours.jsonl", "--classifier", str(folder))
    labels = ("--label", "NEGATIVE=complaint", "--label", "POSITIVE=praise")
    told = shop.data(*asked, *labels)
    name, _, revision = told["model"].partition("@")
    assert name == str(folder)
    assert re.fullmatch("[0-9a-f]{8}", revision)
    assert told["figures"][0]["n"] == 6
    assert "NEGATIVE, POSITIVE" in shop.refuses(*asked)


def test_a_label_that_is_none_of_ours_is_refused(shop: Shop) -> None:
    (shop.folder / "ours.jsonl").write_text('{"text": "a", "label": "other"}')
    asked = ("model", "eval", "--texts", "ours.jsonl", "--classifier", "theirs")
    said = shop.refuses(*asked, "--label", "NEGATIVE=angry")
    assert "labels.NEGATIVE: Input should be 'complaint', 'question'" in said


def test_compare_lists_what_would_have_been_decided_otherwise(judged: Shop) -> None:
    (judged.folder / "gruff.py").write_text(
        "from tests.cli.keywords import Keywords\n\n\n"
        "class Gruff(Keywords):\n"
        "    model = 'gruff@2'\n\n"
        "    def _judge(self, text):\n"
        "        return super()._judge(text.replace('nice', 'awful'))\n"
    )
    import sys

    sys.path.insert(0, str(judged.folder))
    try:
        told = judged.data("model", "compare", "gruff:Gruff", "--days", "2")
        said = judged.does("model", "compare", "gruff:Gruff", "--limit", "1").stdout
    finally:
        sys.path.remove(str(judged.folder))
    assert (told["old"], told["new"], told["posts"], told["changed"]) == (
        *("keywords@1", "gruff@2"),
        *(124, 4),
    )
    assert told["bands"]["pass>alert"] == 4
    assert {one["text"] for one in told["posts_changed"]} == {"nice lamp"}
    assert "3 more: --limit 4" in said
    same = judged.does("model", "compare", "tests.cli.keywords:Keywords").stdout
    assert "nothing would have been decided otherwise" in same


def test_drift_says_that_there_is_too_little_to_say(judged: Shop) -> None:
    assert "too few posts to say: 124 in a week" in judged.does("model", "drift").stdout
    then = utc_now() - timedelta(days=12)
    with database_of(judged) as database, database.writing() as conn:
        rows = list(conn.execute(schema.judgement.select()))
        first = len(rows)
        posts = [row._asdict() for row in conn.execute(schema.post.select())]
        for copy in range(4):
            made = [
                {**one, "id": one["id"] + first * (copy + 1), "external_id": f"{copy}{one['id']}"}
                for one in posts
            ]
            conn.execute(schema.post.insert(), made)
            moved = {"judged_at": then} if copy % 2 else {}
            conn.execute(
                schema.judgement.insert(),
                [
                    {**row._asdict(), "post_id": row.post_id + first * (copy + 1), **moved}
                    for row in rows
                ],
            )
    said = judged.does("model", "drift").stdout
    assert "scores: as they were, index 0.000 (372 posts, 248 before)" in said
    assert [one["what"] for one in judged.data("model", "drift")] == ["scores", "languages"]


# ---------------------------------------------------------------------------- revisions and adoption


@pytest.fixture
def revision(shop: Shop) -> str:
    """A revision beside the database whose head always says "complaint"."""
    shop.configure(SHIPPED)
    shop.runs()
    pooled = Pooled(weights.find(weights.installed()))
    matrix, bias = pooled.head
    bias[:] = [50.0, 0, 0, 0]
    folder = revisions.beside(Path("complaint-monitor.db")) / "loud"
    pooled.write(folder, (matrix * 0, bias))
    names = pooled.card.sha256
    card = pooled.card.model_copy(
        update={
            "revision": "loud",
            "sha256": {name: weights.sha256(folder / name) for name in names},
        }
    )
    (folder / weights.CARD).write_text(card.model_dump_json())
    origin = Origin(
        base=pooled.card.model,
        made_at=datetime(2026, 5, 4, tzinfo=UTC),
        by="ana",
        complaints=20,
        others=20,
        stock=80,
        hold=0.1,
        figures=(),
    )
    (folder / "origin.json").write_text(origin.model_dump_json())
    return "loud"


def test_a_revision_is_adopted_judges_and_is_rolled_back(shop: Shop, revision: str) -> None:
    shipped = shop.data("classify", "The lamp is blue")
    assert "loud" in shop.does("model", "list").stdout
    assert "there are: loud, shipped" in shop.refuses("model", "adopt", "quiet")
    said = shop.does("model", "adopt", f"complaint-e5-small@{revision}", "--by", "ana").stdout
    assert "complaint-e5-small@loud judges from now on" in said
    adopted = shop.data("classify", "The lamp is blue")
    assert (adopted["model"], adopted["band"]) == ("complaint-e5-small@loud", "alert")
    assert adopted["score"] > 0.99
    shop.post("1", "The lamp is blue")
    shop.runs()
    assert [one["text"] for one in shop.data("cases", "list")] == ["The lamp is blue"]
    told = shop.data("model", "show")
    assert (told["model"], told["adopted"]["by"]) == ("complaint-e5-small@loud", "ana")
    assert "adopted" in shop.does("model", "show").stdout
    shop.does("model", "rollback", "--by", "bob")
    assert shop.data("classify", "The lamp is blue")["model"] == shipped["model"]
    assert "no model before it" in shop.refuses("model", "rollback")
    told = shop.data("model", "list")
    assert [one["by"] for one in told["adopted"]][-2:] == ["bob", "ana"]
    assert [one["model"] for one in told["revisions"]] == ["complaint-e5-small@loud"]
    assert "adopted" in shop.does("model", "list").stdout


def test_rollback_goes_back_step_by_step_to_the_shipped_model(shop: Shop, revision: str) -> None:
    shipped = shop.data("model", "show")["model"]
    folder = Path("complaint-monitor-models")
    shutil.copytree(folder / revision, folder / "louder")
    card = folder / "louder" / weights.CARD
    card.write_text(card.read_text().replace('"loud"', '"louder"'))
    loud = "complaint-e5-small@loud"
    shop.does("model", "adopt", "loud")
    shop.does("model", "adopt", "louder")
    for expected in (loud, shipped):
        shop.does("model", "rollback")
        assert shop.data("model", "show")["model"] == expected
    assert "no model before it" in shop.refuses("model", "rollback")
    shop.does("model", "adopt", "loud")
    shop.does("model", "adopt", "louder")
    shop.does("model", "adopt", "shipped")
    assert shop.data("model", "show")["model"] == shipped
    shop.does("model", "rollback")
    assert shop.data("model", "show")["model"] == "complaint-e5-small@louder"


def test_a_revision_that_is_gone_or_damaged_is_named(shop: Shop, revision: str) -> None:
    folder = Path("complaint-monitor-models") / revision
    with (folder / "model.bin").open("r+b") as file:
        file.write(b"\xff\xff\xff")
    assert "model.bin is corrupt" in shop.refuses("model", "adopt", revision)
    (folder / "model.bin").write_bytes(b"")
    assert "nothing was adopted" in shop.refuses("model", "rollback")
    with database_of(shop) as database, database.writing() as conn:
        adopted = {"at": utc_now(), "by": "ana", "model": "m@1", "folder": "/nowhere/at/all"}
        conn.execute(schema.adoption.insert().values(adopted))
    assert "its folder /nowhere/at/all is gone" in shop.refuses("classify", "hello")
    shop.does("model", "rollback")
    assert shop.data("classify", "hello")["model"].startswith("complaint-e5-small@")


def test_without_revisions_list_says_how_to_make_one(shop: Shop) -> None:
    shop.runs()
    assert "`complaint-monitor model retrain` makes one" in shop.does("model", "list").stdout
    assert "use is tests.cli.keywords" in shop.refuses("model", "retrain")
    shop.configure(SHIPPED)
    assert "review` shows some" in shop.refuses("model", "retrain")


# ------------------------------------------------------------------------------------- explanation


def test_a_case_and_a_line_are_explained_on_request(shop: Shop) -> None:
    shop.configure(SHIPPED)
    shop.does("cases", "open", "My parcel never arrived and nobody answers")
    said = shop.does("cases", "show", "1", "--why").stdout
    assert "never" in said.partition("words")[2]
    told = shop.data("cases", "show", "1", "--why")
    assert {"never", "parcel"} & {word for word, _ in told["words"]}
    assert "words" not in shop.data("cases", "show", "1")
    line = json.dumps({"text": "My parcel never arrived"}) + "\nno json\n"
    first, second = shop.does("classify", "--jsonl", "--explain", said=line).stdout.splitlines()
    assert {"never", "parcel"} & {word for word, _ in json.loads(first)["words"]}
    assert "error" in json.loads(second)
    shop.configure(CONFIG)
    assert "the model cannot say" in shop.does("cases", "show", "1", "--why").stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Qwxyz", "not told: the score may mean less"),
        ("Still waiting for the parcel", "language  en\n"),
    ],
)
def test_a_language_that_is_not_known_is_said_to_be(shop: Shop, text: str, said: str) -> None:
    shop.configure(SHIPPED)
    assert said in shop.does("classify", text).stdout
