"""What the tests of the page share: a chat whose time runs, and one Chromium a file."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot.simulators.loop import LoopClock
from bot.simulators.telegram.chat.chats import Chats
from tests.bot.simulators.person.chromium import CHROMIUM, FLAGS
from tests.bot.simulators.person.demo_page import Bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium. Each test has a profile of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def talking() -> Bot:
    """A chat whose time runs."""
    chats = Chats(LoopClock(asyncio.get_running_loop(), datetime(2026, 11, 20, 3, 30, tzinfo=UTC)))
    chats.set_commands(
        ("default",),
        [{"command": name, "description": f"About {name}"} for name in ("start", "login", "buy", "positions", "kill")],
    )
    return Bot(chats, chats.person(4211, name="Asha", started=True))
