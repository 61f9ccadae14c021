"""No statement of the program reaches several brands' rows without saying so."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import monitor
from monitor.store import maintenance
from monitor.store.cross_brand import Why, across
from monitor.store.engine import Database
from monitor.store.schema import brand, case_post, cases, mention, notice, post, wait
from tests.agency import agency
from tests.store.crossing import crossing, recorded
from tests.store.walk import UnmadeError, call, functions

PACKAGE = Path(monitor.__file__).parent
DOOR = {"across", "cross_brand.across"}
TIMES = 3
"""So often each function is called, with other arguments."""
its_post = mention.c.post_id == post.c.id
of_case = case_post.c.case_id == cases.c.id
here = sa.select(post.c.id).where(post.c.thread == "x")

TIED: dict[str, Any] = {
    "by its brand": sa.select(cases).where(cases.c.brand_id == 1),
    "by one of some brands": sa.select(cases).where(cases.c.brand_id.in_([1, 2])),
    "by its brand, off the index": sa.select(mention).where(mention.c.brand_id + 0 == 3),
    "by its number": sa.select(cases).where(cases.c.id == 1),
    "by either of two numbers": sa.select(cases).where((cases.c.id == 1) | (cases.c.id == 2)),
    "by way of its case": sa.select(wait)
    .join(cases, wait.c.case_id == cases.c.id)
    .where(cases.c.brand_id == 1),
    "by way of the case, whose brand it is": sa.select(cases)
    .join(case_post, of_case)
    .where(case_post.c.post_id == 1, cases.c.brand_id == 2),
    "by a post that a brand is named in": sa.select(post).where(
        sa.exists().where(its_post, mention.c.brand_id == 1)
    ),
    "the same as a list": sa.select(post).where(
        post.c.id.in_(sa.select(mention.c.post_id).where(mention.c.brand_id == 1))
    ),
    "a thread's posts, as far as they are the brand's": mention.update().where(
        mention.c.brand_id == 1, mention.c.post_id.in_(here)
    ),
    "by the brand's name": sa.select(cases).where(
        cases.c.brand_id == sa.select(brand.c.id).where(brand.c.name == "x").scalar_subquery()
    ),
    "of its own, without some": sa.select(cases.c.id).where(
        cases.c.brand_id == 1, cases.c.id.not_in(sa.select(case_post.c.case_id))
    ),
    "within": sa.select(sa.func.count()).select_from(
        sa.select(wait.c.due_at).where(wait.c.brand_id == 1).subquery()
    ),
    "a new row": notice.insert().values(key="x"),
}
CROSSING: dict[str, tuple[Any, set[str]]] = {
    "all": (sa.select(cases), {"cases"}),
    "counted": (sa.select(sa.func.count()).select_from(mention), {"mention"}),
    "by a post, that several are named in": (
        sa.select(mention).where(mention.c.post_id == 3),
        {"mention"},
    ),
    "a post's cases": (
        sa.select(cases).join(case_post, of_case).where(case_post.c.post_id == 1),
        {"cases", "case_post"},
    ),
    "what only seems to say it": (
        sa.select(mention).where(mention.c.brand_id.in_(sa.select(cases.c.brand_id))),
        {"mention", "cases"},
    ),
    "not the brand's": (
        sa.select(post).where(~sa.exists().where(its_post, mention.c.brand_id == 1)),
        {"post"},
    ),
    "without what others have": (
        sa.select(cases).where(
            cases.c.brand_id == 1, cases.c.root_post_id.not_in(sa.select(mention.c.post_id))
        ),
        {"mention"},
    ),
    "said of what is joined or not": (
        sa.select(cases).outerjoin(wait, (wait.c.case_id == cases.c.id) & (wait.c.brand_id == 1)),
        {"cases"},
    ),
    "in one of two ways": (
        sa.select(cases).where((cases.c.id == 1) | (cases.c.level == 2)),
        {"cases"},
    ),
    "a thread": (
        mention.update().where(mention.c.post_id.in_(here)),
        {"mention", "post"},
    ),
    "deleted": (mention.delete(), {"mention"}),
    "copied": (
        mention.insert().from_select(["brand_id"], sa.select(mention.c.brand_id)),
        {"mention"},
    ),
    "within": (
        sa.select(sa.func.count()).select_from(sa.select(wait.c.due_at).subquery()),
        {"wait"},
    ),
    "one of a union": (
        sa.select(cases.c.id).where(cases.c.id == 1).union(sa.select(cases.c.id)),
        {"cases"},
    ),
    "text": (sa.text("SELECT 1 FROM public.cases WHERE brand_id = 1"), {"cases"}),
}


@pytest.mark.parametrize("query", TIED.values(), ids=TIED.keys())
def test_what_says_whose_it_means_passes(query: Any) -> None:
    assert crossing(query) == set()


@pytest.mark.parametrize(("query", "tables"), CROSSING.values(), ids=CROSSING.keys())
def test_what_does_not_is_told_with_its_tables(query: Any, tables: set[str]) -> None:
    assert crossing(query) == tables


def test_what_is_sent_is_recorded_with_whether_it_is_marked(tmp_path: Path) -> None:
    """A forgotten brand is told with its place and text; the same statement with a mark is not."""
    deleted = mention.delete()
    database = Database(f"sqlite:///{tmp_path / 'monitor.db'}")
    maintenance.upgrade(database)
    with recorded(Path(__file__).parent) as sent, database.writing() as conn:
        conn.execute(across(deleted, Why.OPERATION))
        assert sent.unmarked() == []
        for _ in range(2):  # compiled once, and told once
            conn.execute(deleted)
            conn.execute(sa.text("SELECT 1 FROM cases"))
            conn.exec_driver_sql("SELECT 1 FROM wait")
        conn.execute(sa.select(cases).where(cases.c.id == 1))
    with database.writing() as conn:
        conn.execute(sa.select(notice))  # after the end: not recorded
    database.close()
    here = f"{Path(__file__).name}, {inspect.currentframe().f_code.co_qualname} reads"  # type: ignore[union-attr]
    assert sent.unmarked() == [
        f"{here} mention without saying whose: DELETE FROM mention",
        f"{here} cases without saying whose: SELECT 1 FROM cases",
        f"{here} wait without saying whose: SELECT 1 FROM wait",
    ]


def test_no_function_of_the_store_crosses_brands_unsaid(tmp_path: Path) -> None:
    """All that is sent while two brands are read, told and acted on, and by each function of the store.

    Each is called with made-up arguments. A statement that only other arguments would make is not seen.
    """
    unmade, called = set(), 0
    url = f"sqlite:///{tmp_path / 'monitor.db'}"
    with recorded(PACKAGE) as sent, agency(url, tmp_path) as its:
        by_stages = len(sent.statements)
        for name, one in functions():
            try:
                call(its.database, name, one, TIMES)
                called += 1
            except UnmadeError:
                unmade.add(name)
    assert sent.unmarked() == []
    # called by others of them, or by the stages
    assert unmade == {"coverage.record_failure", "outbox.supersede_updates", "searching.in_case"}
    assert called > 300
    assert len(sent.statements) > by_stages > 300


def test_the_door_is_the_store_s_and_each_use_says_why() -> None:
    used = set()
    for path in PACKAGE.rglob("*.py"):
        for call_ in _doors(ast.parse(path.read_text())):
            assert path.parent == PACKAGE / "store", path
            used.add(ast.unparse(call_.args[1]))
    assert used == {f"Why.{one.name}" for one in Why}


def _doors(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in DOOR:
            yield node
