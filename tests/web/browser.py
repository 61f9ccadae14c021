"""A real browser at the real server: Debian's chromium, driven by Playwright."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.web.visitor import PASSWORD

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
KEEP = "KEEP_PICTURES"
"""In the environment: the pictures of the docs are taken anew."""
COLOURS = 96
"""Of a picture: text and plain areas need no more, and the file is a third."""
WIDE, PHONE = {"width": 1240, "height": 800}, {"width": 390, "height": 780}


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)  # a busy machine is no fault of the page
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Window:
    """One person's browser window, and all that it asked for and complained about."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(
            base_url=url, locale="en-GB", **{"viewport": WIDE, **options}
        )
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.page.on("console", lambda one: self._hear(one.type, one.text))
        self.page.on("pageerror", lambda one: self.complaints.append(str(one)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def sign_in(self, name: str, to: str = "/queue") -> None:
        self.page.goto(to)
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"**{to}")

    def turn(self, colours: Literal["light", "dark"]) -> None:
        """The same page, for whoever likes it so."""
        self.page.emulate_media(color_scheme=colours)

    def barriers(self, *rules: str) -> list[str]:
        """What axe-core finds that keeps somebody out, by these rules or all, on the page as it is shown."""
        # of what is well nobody wants to hear every place
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = list(rules)
        said = Axe().run(self.page, options=options).response
        assert said["passes"], "nothing was tried"
        found = said["violations"]
        return [
            f"{self.page.url}: {one['id']}: {node['target']} {node['html'][:120]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def picture(self, name: str) -> None:
        """Take a picture for the docs, if they are to be taken anew."""
        shot = self.page.screenshot(animations="disabled")
        assert len(shot) > 1000
        if os.environ.get(KEEP):
            image = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS)
            image.save(PICTURES / f"{name}.png", optimize=True)

    def close(self) -> None:
        self.context.close()
