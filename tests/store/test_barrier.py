"""No statement reaches several brands' rows without saying so: it is refused, on both databases."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

import monitor
from monitor.domain.errors import CrossingError
from monitor.store.barrier import crossing
from monitor.store.cross_brand import Why, across
from monitor.store.engine import Connection, Database
from monitor.store.schema import brand, case_post, cases, failure, mention, notice, post, wait
from tests.agency import agency
from tests.plugins.door import as_the_program
from tests.store.walk import UnmadeError, call, functions

PACKAGE = Path(monitor.__file__).parent
DOOR = {"across", "cross_brand.across"}
TIMES = 3
"""So often each function is called, with other arguments."""
ROUND_IT = {f"store/{one}.py" for one in ("engine", "maintenance", "moving")}
ROUND_IT |= {"store/jobs.py", "worker.py"}  # the jobs' engine, in a schema of its own
AS_A_WHOLE = {"store/maintenance.py", "store/moving.py"}
"""Where a connection is let through with all that is sent on it."""
its_post = mention.c.post_id == post.c.id
of_case = case_post.c.case_id == cases.c.id
here = sa.select(post.c.id).where(post.c.thread == "x")
others = cases.alias()
alarm = notice.alias()
first = sa.select(sa.func.min(alarm.c.id)).where(alarm.c.case_id == 1).scalar_subquery()
last = sa.select(sa.func.max(alarm.c.id)).where(alarm.c.brand_id == 1).scalar_subquery()
any_ = sa.select(sa.func.max(alarm.c.id)).scalar_subquery()
worst = sa.select(sa.func.max(cases.c.level)).scalar_subquery()

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
    "a new row, in text": sa.text("INSERT INTO notice (key) VALUES ('x')"),
    "a value called like a table": sa.text("UPDATE jobs SET at = now() + :wait::interval"),
    "the same as a driver has it": sa.text("UPDATE jobs SET at = now() + %(wait)s WHERE id = 1"),
    "a condition in text": sa.select(post).where(post.c.id == 1, sa.text("post.to_judge")),
    "its own rows anew, each of them tied": cases.update().where(
        cases.c.brand_id == 1, cases.c.id.in_(sa.select(cases.c.id).where(cases.c.level > 2))
    ),
    "by one of two lists": notice.update().where(
        notice.c.id.in_(
            sa.select(sa.func.coalesce(first, sa.func.abs(last))).union(
                sa.select(notice.c.under).where(notice.c.case_id == 1)
            )
        )
    ),
    "changed by way of another": cases.update().where(
        cases.c.id == wait.c.case_id, wait.c.brand_id == 1
    ),
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
        {"mention"},
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
        {"mention"},
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
    "text within": (
        sa.select(post).where(post.c.id == 1, sa.text("EXISTS (SELECT 1 FROM wait)")),
        {"wait"},
    ),
    "text as a column": (sa.select(sa.literal_column("(SELECT max(id) FROM cases)")), {"cases"}),
    "text that fills from another": (
        sa.text("INSERT INTO cases (id) SELECT id FROM post"),
        {"post"},
    ),
    "by the table's mere name": (sa.select(sa.table("cases", sa.column("level"))), {"cases"}),
    "a sample": (sa.select(sa.tablesample(cases, 5)), {"cases"}),
    "the first of a case, or else of all": (
        sa.select(notice).where(notice.c.id.in_(sa.select(sa.func.coalesce(first, any_)))),
        {"notice"},
    ),
    "the worst of all, which hides the table around it": (
        sa.select(cases).where(cases.c.brand_id == 1, cases.c.level == worst),
        {"cases"},
    ),
    "whether there is any": (
        sa.select(cases).where(cases.c.brand_id == 1, sa.exists().where(cases.c.level > 3)),
        {"cases"},
    ),
    "as bad as the brand's": (
        sa.select(cases).where(
            cases.c.level.in_(sa.select(cases.c.level).where(cases.c.brand_id == 1))
        ),
        {"cases"},
    ),
    "somebody else's, beside the brand's": (
        sa.select(post).where(
            sa.exists().where(its_post, mention.c.brand_id == 1),
            sa.exists().where(its_post, mention.c.own),
        ),
        {"mention"},
    ),
    "in the brand or not": (
        sa.select(post.c.id).where(
            sa.exists(
                sa.select(mention.c.post_id)
                .where(its_post, mention.c.brand_id == 1)
                .union(sa.select(mention.c.post_id).where(its_post))
            )
        ),
        {"post", "mention"},
    ),
    "the brand's, if it is the newest of all": (
        sa.select(cases).where(
            cases.c.brand_id == 1,
            cases.c.id == sa.select(others.c.id).order_by(others.c.id).limit(1).scalar_subquery(),
        ),
        {"cases"},
    ),
    "compared with another in a change": (
        cases.update().where(cases.c.brand_id == 1, cases.c.level == wait.c.number),
        {"wait"},
    ),
    "a list in a change": (
        cases.update().where(cases.c.id == sa.select(wait.c.case_id).subquery().c.case_id),
        {"wait"},
    ),
    "a list with a name": (sa.select(sa.select(cases).cte().c.id), {"cases"}),
    "a sum": (sa.select(mention).where(mention.c.brand_id + mention.c.post_id == 3), {"mention"}),
    "equal to text": (
        sa.select(cases).where(cases.c.brand_id == sa.literal_column("cases.brand_id")),
        {"cases"},
    ),
    "text as a table": (sa.select(sa.text("1")).select_from(sa.text("cases")), {"cases"}),
    "text at the end": (
        sa.select(post.c.id).where(post.c.id == 1).suffix_with("UNION SELECT id FROM cases"),
        {"cases"},
    ),
    "text that replaces": (sa.text("REPLACE INTO cases (id) VALUES (1)"), {"cases"}),
    "a table made of another": (
        sa.DDL("CREATE TABLE mine AS SELECT * FROM cases"),  # type: ignore[no-untyped-call]
        {"cases"},
    ),
    "a value of new rows": (notice.insert().values([{"wait": worst}, {"wait": 1}]), {"cases"}),
    "a value if it is there": (
        sqlite.insert(notice)
        .values(key="x")
        .on_conflict_do_update(index_elements=["key"], set_={"wait": worst}),
        {"cases"},
    ),
}


def told(query: Any) -> frozenset[str]:
    return crossing(query, str(query.compile(dialect=sqlite.dialect())))


@pytest.mark.parametrize("query", TIED.values(), ids=TIED.keys())
def test_what_says_whose_it_means_passes(query: Any) -> None:
    assert told(query) == set()


@pytest.mark.parametrize(("query", "tables"), CROSSING.values(), ids=CROSSING.keys())
def test_what_does_not_is_told_with_its_tables(query: Any, tables: set[str]) -> None:
    assert told(query) == tables


def level_of(conn: Connection, post_id: int) -> int | None:
    """What is easily written: of a post's cases it takes whichever comes first, of whatever brand."""
    mine = sa.select(cases.c.level).join(case_post, of_case).where(case_post.c.post_id == post_id)
    found: int | None = conn.scalar(mine)
    return found


def test_a_function_that_forgets_the_brand_is_refused_each_time(database: Database) -> None:
    said = r"whose rows of case_post, cases it means.* name the brand"
    forgotten = pytest.raises(CrossingError, match=said)
    for _ in range(2):  # the second time it is compiled already
        for opened in (database.reading, database.writing):
            with as_the_program(), forgotten, opened() as conn:
                level_of(conn, 1)


def test_nothing_of_what_is_refused_is_done(database: Database) -> None:
    """One that came through the door opens it to no other, of the same form or in the same transaction."""
    everything, refused = brand.delete(), pytest.raises(CrossingError, match="whose rows of brand")
    with database.writing() as conn:
        conn.execute(brand.insert().values(name="Shop"))
    with as_the_program():
        with refused, database.writing() as conn:
            assert conn.execute(across(everything, Why.OPERATION)).rowcount == 1
            conn.execute(everything)
        with database.writing() as conn:
            assert conn.execute(across(everything, Why.OPERATION)).rowcount == 1, "it was undone"
            for text in ('DELETE FROM "brand"', "SELECT 1 FROM done, brand WHERE brand.id = 1"):
                with refused:
                    conn.execute(sa.text(text))
                with refused:
                    conn.exec_driver_sql(text)
            across(conn, Why.OPERATION).exec_driver_sql('DELETE FROM "brand"')
        with refused, database.writing() as conn:
            conn.execute(everything)  # that door was of the transaction before


@pytest.mark.timeout(900)
def test_no_function_of_the_store_crosses_brands_unsaid(database_url: str, tmp_path: Path) -> None:
    """Each is called with made-up arguments, where two brands are read, told and acted on.

    A statement that only other arguments would make is not seen.
    """
    refused, unmade = {}, set()
    with agency(database_url, tmp_path) as its:
        with its.database.reading() as conn:
            assert conn.execute(sa.select(failure)).all() == [], "what the stages sent was refused"
        for name, one in functions():
            try:
                refused[name] = call(its.database, name, one, TIMES)
            except UnmadeError:
                unmade.add(name)
    assert {name: said for name, said in refused.items() if said} == {}
    # called by others of them, or by the stages
    assert unmade == {"coverage.record_failure", "outbox.supersede_updates", "searching.in_case"}
    assert len(refused) > 300


def test_only_what_is_about_the_database_as_a_whole_goes_round_it() -> None:
    """By a connection of its own, or by the driver's: its statements are not looked at."""
    round_it = re.compile(
        r"driver_connection|raw_connection|sqlite3\.connect|psycopg\.connect|create_engine|PsycopgConnector"
    )
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if round_it.search(path.read_text())
    }
    assert found == ROUND_IT


def test_the_door_is_the_store_s_and_each_use_says_why() -> None:
    used, whole, keys = set(), set(), set()
    for path in PACKAGE.rglob("*.py"):
        text, name = path.read_text(), str(path.relative_to(PACKAGE))
        for call_ in _doors(ast.parse(text)):
            assert path.parent == PACKAGE / "store", path
            used.add(ast.unparse(call_.args[1]))
            if ast.unparse(call_.args[0]) in {"conn", "ours"}:
                whole.add(name)
        if "across_brands" in text or "cross_brand import OPTION" in text:
            keys.add(name)
    assert used == {f"Why.{one.name}" for one in Why}
    assert whole == AS_A_WHOLE
    assert keys == {"store/barrier.py", "store/cross_brand.py"}, "what else opens it"


def _doors(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in DOOR:
            yield node
