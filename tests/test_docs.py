"""The docs name everything that a user meets, and nothing that is not there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

from monitor import registry
from monitor.cli import cli
from monitor.domain.event import Event
from monitor.domain.notice import NoticeKind, NoticeState, Reason
from monitor.settings.model import Settings
from monitor.settings.reading import read_text
from tests import readme
from tests.contract.harness import harnesses

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
GROUPS = (registry.SOURCES, registry.CLASSIFIERS, registry.NOTIFIERS)


def test_every_command_is_described() -> None:
    rows = re.findall(r"^\| `([a-z ]+(?:-[a-z]+)*)[^`]*` \|", _page("commands.md"), re.MULTILINE)
    commands = [" ".join(words) for words, _ in _commands(cli, ())]
    assert sorted(row.strip() for row in rows) == sorted(commands)


def test_every_option_says_what_it_is_or_may_be() -> None:
    silent = [
        f"{' '.join(words)} {option.opts[0]}"
        for words, command in _commands(cli, ())
        for option in command.params
        if isinstance(option, click.Option)
        and not (option.help or isinstance(option.type, click.Choice))
    ]
    assert silent == []


def test_every_command_line_in_the_docs_exists() -> None:
    known = {words for words, _ in _commands(cli, ())}
    groups = {words[:1] for words in known if len(words) > 1}
    wrong = [
        line
        for line in re.findall(r"complaint-monitor +([a-z][a-z -]*)", _shell())
        if not _begins_with_a_command(tuple(line.split()), known | groups)
    ]
    assert wrong == []


def test_every_config_key_is_described_in_its_table_and_no_other() -> None:
    page = _page("configuration.md")
    described = [
        (table, sorted(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)))
        for table, section in re.findall(
            r"^##+ [^`\n]*`([\w.]+)`$(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL
        )
    ]
    # a list: a source and a notifier may be called alike
    tables = [*dict(_tables(Settings, "")).items(), *_plug_ins()]
    assert sorted(described) == sorted((table, sorted(keys)) for table, keys in tables)


def test_every_config_key_stands_in_the_example() -> None:
    example = (ROOT / "config.example.toml").read_text()
    keys = set().union(*(keys for _, keys in [*_tables(Settings, ""), *_plug_ins()]))
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", example)] == []


def test_every_event_and_every_word_about_notices_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", _page("history.md"), re.MULTILINE)
    events = [kind.__name__ for kind in get_args(Event)]
    words = [word.value for kind in (NoticeKind, NoticeState, Reason) for word in kind]
    assert sorted(rows) == sorted([*events, *words])


def test_every_link_between_pages_leads_somewhere() -> None:
    links = [
        (page, link)
        for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
    ]
    assert [link for page, link in links if not (page.parent / link).exists()] == []


def test_every_test_that_a_page_names_is_there() -> None:
    tests = "\n".join(one.read_text() for one in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))
    assert set(re.findall(r"`(test_\w+)`", TEXT)) - there == set()


def test_the_command_about_faults_runs_every_test_that_the_page_names() -> None:
    page = _page("faults.md")
    (command,) = re.findall(r"^\S+ -m pytest (.*)$", page, re.MULTILINE)
    run = [
        path.read_text()
        for one in map(ROOT.joinpath, command.split())
        for path in ([one] if one.is_file() else one.rglob("test_*.py"))
    ]
    there = set(re.findall(r"^def (test_\w+)", "\n".join(run), re.MULTILINE))
    assert set(re.findall(r"`(test_\w+)`", page)) - there == set()


def test_every_fault_of_the_contract_is_described() -> None:
    """A case of it is named, whether after `contract` or after another one."""
    page = re.sub(r"^```.*?^```$", "", _page("faults.md"), flags=re.MULTILINE | re.DOTALL)
    described = set(re.findall(r"`(?:contract )?([^`]+)`", page))
    networks = ("x", "reddit", "discourse", "hackernews")
    faults = {fault for name in networks for fault in harnesses()[name].faults}
    assert faults - described == set()


def test_the_quick_start_is_two_commands_of_one_line() -> None:
    blocks = readme.blocks((ROOT / "README.md").read_text())
    assert [len(block.splitlines()) for block in blocks] == [1, 1]
    assert all("-c constraints.txt" in block for block in blocks)
    assert "demo" in blocks[0]
    assert "pytest" in blocks[1]


@pytest.mark.parametrize(
    "name", ["config.example.toml", *(str(page.relative_to(ROOT)) for page in PAGES)]
)
def test_every_example_of_a_config_loads(name: str) -> None:
    for number, example in enumerate(_configs(name), 1):
        brand = "" if "brands" in tomllib.loads(example) else '[[brands]]\nname = "Shop"\n'
        assert read_text(f"{example}\n{brand}", f"{name}, example {number}")


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def _commands(
    group: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(group, click.Group):
        yield words, group
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if not command.hidden:
            yield from _commands(command, (*words, name))


def _configs(name: str) -> list[str]:
    """A config file, or a page's blocks of `toml` (a part of a config may stand without its brand)."""
    text = (ROOT / name).read_text()
    if name.endswith(".toml"):
        return [text]
    return re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _shell() -> str:
    """The command lines of all pages: blocks of `sh`, and what stands in backquotes in a sentence."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"(?<!`)`(complaint-monitor [^`\n]*)`", TEXT)])


def _begins_with_a_command(words: tuple[str, ...], known: set[tuple[str, ...]]) -> bool:
    return any(words[:length] in known for length in (1, 2, 3))


def _tables(model: type[BaseModel], path: str) -> Iterator[tuple[str, set[str]]]:
    """The tables of a config file: each one's path, and the keys that hold no table themselves."""
    inner = {name: list(_models_in(field.annotation)) for name, field in model.model_fields.items()}
    plain = {name for name, models in inner.items() if not models or path}
    yield path or "top", plain
    for name, models in inner.items():
        for one in models:
            yield from _tables(one, f"{path}.{name}".lstrip("."))


def _plug_ins() -> Iterator[tuple[str, set[str]]]:
    for group in GROUPS:
        for name in registry.names(group):
            options: type[BaseModel] = registry.load(group, name).Options  # type: ignore[attr-defined]
            yield name, set(options.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
