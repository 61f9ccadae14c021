"""A config that changes while the program runs is in force at once, and nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from monitor.cli.reloading import Reload
from monitor.cli.run import begin
from monitor.domain.errors import ConfigError
from monitor.domain.notice import Reason
from monitor.secrets import Keyring, Lent
from monitor.settings import Settings, read_text
from monitor.settings.watching import GLANCES, QUIET, QUIET_FOLDER, News, Watch
from monitor.store import maintenance, outbox
from monitor.store.schema import brand
from monitor.wiring import Application
from tests.cli.shop import CONFIG, Shop

BETA = """
[[brands]]
name = "beta"
[[sources]]
use = "files"
name = "beta posts"
path = "beta.jsonl"
follow = true
every = "1s"
"""
POLICY = '[[policies]]\nname = "strict"\ntarget = "5m"\ntell = "console:leads"\n'
ONE = f"""{CONFIG}
[[notifiers]]
use = "slack"
channel = "C0123456789"
""".replace('path = "posts', 'brands = "acme"\npath = "posts')
TWO = ONE + BETA.replace('path = "beta', 'brands = "beta"\npath = "beta')


@pytest.fixture
def folder(shop: Shop) -> Shop:
    """A shop whose config is a folder."""
    (shop.folder / "config.toml").unlink()
    (shop.folder / "config.toml").mkdir()
    (shop.folder / "config.toml" / "acme.toml").write_text(CONFIG)
    (shop.folder / "beta.jsonl").touch()
    return shop


class Running:
    """A command that runs, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def says(self, words: str) -> str:
        assert self.process.stderr is not None
        while words not in (line := self.process.stderr.readline()):
            assert line, "it ended"
        return line

    def takes_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)
        self.says("config_taken_up")


@pytest.fixture
def starts(folder: Shop) -> Iterator[Callable[..., Running]]:
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> Running:
        running.append(folder.starts(*words))
        return Running(running[-1])

    yield start
    for one in running:
        one.kill()
        one.communicate()


def until(true: Callable[[], object], within: float = 60) -> None:
    ends = time.monotonic() + within
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def told(shop: Shop, kind: str) -> list[dict[str, Any]]:
    return [one for one in shop.told() if one["kind"] == kind]


def complains(shop: Shop, brand: str, number: int) -> None:
    posts = shop.folder / "posts.jsonl"
    shop.post(f"{brand}{number}", f"awful {number}")
    if brand == "beta":
        *before, last = posts.read_text().splitlines(keepends=True)
        posts.write_text("".join(before))
        with (shop.folder / "beta.jsonl").open("a") as file:
            file.write(last)


@pytest.mark.timeout(300)
def test_a_brand_comes_a_mistake_is_told_once_and_a_brand_goes(
    folder: Shop, starts: Callable[..., Running]
) -> None:
    beta = folder.folder / "config.toml" / "beta.toml"
    run = starts("run")
    run.says("watches")
    complains(folder, "acme", 1)
    until(lambda: len(told(folder, "alert")) == 1)

    beta.write_text(BETA)
    run.takes_up()
    complains(folder, "beta", 1)
    until(lambda: len(told(folder, "alert")) == 2)

    beta.write_text(BETA.replace("every", "evry"))
    for _ in range(2):
        run.process.send_signal(signal.SIGHUP)
        run.says("config_refused")
    until(lambda: told(folder, "operations"))
    complains(folder, "beta", 2)
    until(lambda: len(told(folder, "alert")) == 3)

    beta.write_text(BETA)
    run.says("config_unchanged")  # by itself, this time
    beta.unlink()
    run.takes_up()
    complains(folder, "acme", 2)
    until(lambda: len(told(folder, "alert")) == 4)
    run.process.terminate()
    assert run.process.wait(60) == 0
    assert Counter(one["key"] for one in told(folder, "alert")).most_common(1)[0][1] == 1
    assert len(told(folder, "operations")) == 1


def test_the_page_takes_it_up(folder: Shop, starts: Callable[..., Running]) -> None:
    folder.does("run", "--once")
    web = starts("web", "--port", "0")
    address = web.says("serves").rpartition(" ")[2].strip()
    assert httpx.get(f"{address}/metrics").status_code == 401
    (folder.folder / "config.toml" / "web.toml").write_text(
        "[web]\nopen_metrics = true\nport = 1\n"
    )
    web.takes_up()
    assert "restart" in web.says("port")
    assert httpx.get(f"{address}/metrics").status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.timeout(300)
def test_a_worker_takes_it_up(
    folder: Shop, starts: Callable[..., Running], database_url: str
) -> None:
    config = folder.folder / "config.toml"
    (config / "common.toml").write_text(f'database = "{database_url}"\n')
    folder.does("db", "upgrade")
    worker = starts("worker")
    worker.says("works on")
    (config / "beta.toml").write_text(BETA)
    worker.takes_up()
    complains(folder, "beta", 1)
    complains(folder, "acme", 1)
    until(lambda: len(told(folder, "alert")) == 2, within=120)
    worker.process.terminate()
    assert worker.process.wait(60) == 0


# ------------------------------------------------------------------------------- in this process


class Says:
    """Stands where the watch stands, and says what it is given."""

    def __init__(self) -> None:
        self.files: frozenset[str] = frozenset(["a.toml"])
        self.next: News | None = None

    def says(self, said: Settings | ConfigError, *, is_asked: bool = True) -> None:
        self.next = News(said, self.files, is_asked)

    def taken(self) -> News | None:
        news, self.next = self.next, None
        return news


@pytest.mark.parametrize("seed", range(3))
def test_whenever_it_is_taken_up_each_complaint_is_told_once(shop: Shop, seed: int) -> None:
    """Between any two rounds, while sources are being read and notices are leaving."""
    chance = random.Random(seed)
    configs = [CONFIG + BETA, CONFIG + BETA + POLICY, CONFIG, CONFIG.replace('"1s"', '"2s"') + BETA]
    configs = [one.replace('path = "posts', 'brands = "acme"\npath = "posts') for one in configs]
    configs = [one.replace('path = "beta', 'brands = "beta"\npath = "beta') for one in configs]
    (shop.folder / "beta.jsonl").touch()
    application = Application(read_text(configs[0], "c"))
    maintenance.upgrade(application.database)
    begin(application)
    runner = application.runner()
    news = Says()

    def adopt(fresh: Application) -> None:
        begin(fresh)
        runner.adopt(fresh.stages(), fresh.operators)

    reload = Reload(application, news, adopt)  # type: ignore[arg-type]
    stop, written = Event(), Counter[str]()
    for step in range(40):
        match chance.choice(["config", "acme", "beta", "wrong", "round", "round"]):
            case "config":
                news.says(read_text(chance.choice(configs), "c"))
            case "wrong":
                news.says(ConfigError("c:1: is wrong"))
            case "round":
                runner.round(stop)
            case brand:
                written[brand] += 1
                complains(shop, brand, step)
        reload.look()
    news.says(read_text(configs[0], "c"))
    reload.look()
    until(lambda: not runner.round(stop) or len(told(shop, "alert")) >= written.total())
    time.sleep(0.3)
    runner.until_idle()
    keys = [one["key"] for one in told(shop, "alert")]
    application.close()
    assert len(keys) == len(set(keys)) == written.total()
    assert len(told(shop, "operations")) <= 1


def test_what_is_as_before_stays_what_it_was(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("one")
    secret.chmod(0o600)
    slack = '[[notifiers]]\nuse = "slack"\nchannel = "C0123456789"\n'
    text = f'database = "sqlite:///{tmp_path}/m.db"\n{CONFIG}{slack}'
    its = Application(
        read_text(text, "c"), environment={"COMPLAINT_MONITOR_SLACK_FILE": str(secret)}
    )
    assert its.changed(read_text(text, "c")) is its
    before = its.notifiers["slack"], its.feeds[0].source, its.classifier
    other = its.changed(read_text(text.replace('"1s"', '"5s"'), "c"))
    assert (other.notifiers["slack"], other.feeds[0].source, other.classifier) == before
    assert other.feeds[0].every != its.feeds[0].every
    elsewhere = its.changed(read_text(text.replace("C0123456789", "C0123456780"), "c"))
    assert elsewhere.notifiers["slack"] is not before[0]
    with pytest.raises(ConfigError, match="restart"):
        its.changed(read_text(text.replace("m.db", "n.db"), "c"))
    its.close()


def test_another_secret_in_its_file_makes_anew_what_had_the_old_one(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("one")
    secret.chmod(0o600)
    keyring = Keyring(tmp_path / "store", {"COMPLAINT_MONITOR_X_TOKEN_FILE": str(secret)})
    lent = Lent(keyring)
    assert keyring.files() == [secret]
    assert lent.get("x_token") == "one"
    holds = [lent.still_hold]
    secret.unlink()
    holds.append(lent.still_hold)  # it is being written
    secret.write_text("two")
    secret.chmod(0o600)
    assert [*holds, lent.still_hold] == [True, True, False]
    assert lent.get("x_token") == "two"


@pytest.fixture
def reload(shop: Shop) -> Iterator[Reload]:
    """Of a shop with two brands; it is told by `Says` what the config says."""
    secret = shop.folder / "token"
    secret.write_text("one")
    secret.chmod(0o600)
    application = Application(
        read_text(TWO, "c"), environment={"COMPLAINT_MONITOR_SLACK_FILE": str(secret)}
    )
    maintenance.upgrade(application.database)
    begin(application)
    _ = application.notifiers
    yield Reload(application, Says(), begin)  # type: ignore[arg-type]
    application.close()


def says(reload: Reload, text: str, *, is_asked: bool) -> tuple[str, ...]:
    """The brands that are in force then."""
    watch: Any = reload._watch
    watch.says(read_text(text, "c"), is_asked=is_asked)
    reload.look()
    return reload.application.settings.brand_names


def test_what_is_gone_unasked_stays_until_somebody_asks(reload: Reload) -> None:
    watch: Any = reload._watch
    assert says(reload, ONE, is_asked=False) == ("acme", "beta")
    watch.files = frozenset(["b.toml"])
    assert says(reload, TWO + POLICY, is_asked=False) == ("acme", "beta")
    assert not reload.application.settings.policies
    with reload.application.database.reading() as conn:
        counts = outbox.counts(conn)
    assert sum(n for (_, why), n in counts.items() if why is Reason.CONFIG_REFUSED) == 2
    assert says(reload, ONE, is_asked=True) == ("acme",)
    assert says(reload, TWO, is_asked=False) == ("acme", "beta")


def test_a_rotated_secret_holds_beside_a_config_with_a_mistake(reload: Reload, shop: Shop) -> None:
    before = reload.application.notifiers["slack"]
    for one in reload.application._made.values():
        one.secrets.get("slack")
    watch: Any = reload._watch
    (shop.folder / "token").write_text("other")
    watch.says(ConfigError("c:1: is wrong"))
    reload.look()
    assert reload.application.notifiers["slack"] is not before


def test_what_the_database_says_against_one_transaction_is_tried_again(reload: Reload) -> None:
    deadlocks = [True]

    def adopt(fresh: Application) -> None:
        if deadlocks:
            deadlocks.pop()
            with fresh.database.writing() as conn:
                for _ in range(2):
                    conn.execute(brand.insert().values(name="twice"))
        begin(fresh)

    reload._adopt = adopt
    assert says(reload, ONE, is_asked=True) == ("acme", "beta")
    reload.look()
    assert reload.application.settings.brand_names == ("acme",)


def glances(watch: Watch, number: int) -> News | None:
    for _ in range(number):
        watch.glance()
    return watch.taken()


def test_a_folder_is_not_read_while_it_is_being_copied(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(CONFIG)
    watch = Watch(tmp_path)
    beta = tmp_path / "beta.toml"
    for step in range(20):
        beta.write_text(BETA[: step + 1])
        assert glances(watch, QUIET_FOLDER // 2) is None
    beta.write_text(BETA)
    assert glances(watch, QUIET_FOLDER) is None
    news = glances(watch, 1)
    assert news is not None
    assert isinstance(news.said, Settings)
    assert (news.said.brand_names, len(news.files)) == (("acme", "beta"), 2)
    beta.unlink()
    news = glances(watch, GLANCES + QUIET_FOLDER)
    assert news is not None
    assert set(news.files) == {str(tmp_path / "acme.toml")}


def test_what_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    path, looks = tmp_path / "c.toml", [0]
    path.write_text(CONFIG)

    def beside() -> list[Path]:
        """Asked before and after the reading: between the two somebody writes."""
        looks[0] -= 1
        if looks[0] == 0:
            path.write_text(f"{CONFIG}\n# more")
        return []

    watch = Watch(path, beside=beside)
    path.write_text(f"{CONFIG}\n")
    assert glances(watch, GLANCES + QUIET - 1) is None
    looks[0] = 2
    assert glances(watch, 1) is None
    assert looks[0] == 0
    assert glances(watch, QUIET) is None
    assert glances(watch, 1) is not None


def test_who_asks_has_it_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(CONFIG)
    watch = Watch(path)
    watch.ask()
    news = glances(watch, 1)
    assert news is not None
    assert (news.is_asked, list(news.files)) == (True, [str(path)])


def test_a_file_is_read_when_it_is_still(tmp_path: Path) -> None:
    path, beside = tmp_path / "config.toml", tmp_path / "token"
    path.write_text(CONFIG)
    both = f"{CONFIG}{BETA}".replace("[[sources]]", '[[sources]]\nbrands = "beta"')
    found: list[Settings | ConfigError] = []
    with Watch(path, beside=lambda: [beside], glance_s=0.01) as watch:

        def takes() -> bool:
            news = watch.taken()
            found.extend([] if news is None else [news.said])
            return news is not None

        path.write_text(CONFIG + "x = 1\n")
        until(takes)
        path.write_text(both)
        until(takes)
        beside.write_text("rotated")
        until(takes)
        watch.ask()
        until(takes)
    assert isinstance(found[0], ConfigError)
    assert [one.brand_names for one in found[1:] if isinstance(one, Settings)] == [
        ("acme", "beta")
    ] * 3
