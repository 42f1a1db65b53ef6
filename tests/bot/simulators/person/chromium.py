"""A visitor's tab on the page in a real Chromium."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect
from playwright.async_api import Page as Tab

from tests.bot.simulators.person.demo_page import Demo

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# One loop for all of a file, so that one browser can serve them.
in_real_time = pytest.mark.asyncio(loop_scope="module", loop_factories=["real"])
no_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is found on this machine")

# How many lines of text an element shows.
LINES = """node => {
    const style = getComputedStyle(node);
    return Math.round((node.clientHeight - 2 * parseFloat(style.paddingTop)) / parseFloat(style.lineHeight));
}"""
CARD = "BUY 10 RELIANCE          PAPER\nDelivery (CNC) · NSE · main\n\nMarket     (max 1,487.70)\nValue        14,877.00"


@dataclass
class Seen:
    """A tab on the page, and what its browser complained of or asked for."""

    tab: Tab
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def row(self, text: str) -> Locator:
        """The message that holds this text."""
        return self.tab.locator("li.row", has_text=text)

    async def types(self, text: str) -> None:
        await self.tab.get_by_label("Message", exact=True).fill(text)
        await self.tab.keyboard.press("Enter")


@asynccontextmanager
async def opened(
    chromium: Browser, demo: Demo, *, width: int = 390, height: int = 844, dark: bool = False
) -> AsyncIterator[Seen]:
    """A fresh visitor on the page. Afterwards nothing was complained of and nobody else was asked."""
    tab = await chromium.new_page(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    seen = Seen(tab)
    tab.set_default_timeout(5000)
    tab.on("console", lambda said: seen.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
    tab.on("request", lambda request: seen.asked.append(request.url))
    try:
        await tab.goto(demo.url)
        await expect(tab.locator("#presence")).to_have_text("bot")
        yield seen
    finally:
        await tab.close()
    assert seen.complaints == []
    assert [url for url in seen.asked if not url.startswith(f"{demo.url}/")] == []


def artifact(name: str, tmp_path: Path) -> Path:
    """Where a screenshot is kept: with CI's artifacts where it collects them, else with the test's own files."""
    folder = Path("artifacts")
    return (folder if folder.is_dir() else tmp_path) / name


def content(path: Path) -> bytes:
    return path.read_bytes()
