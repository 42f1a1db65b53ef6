"""What stands beside the chat in a real Chromium: the tour, the clock, the hours, the control desk."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.simulators.loop import LoopClock
from tests.bot.simulators.person.chromium import (
    artifact,
    in_real_time,
    no_chromium,
    opened,
)
from tests.bot.simulators.person.demo_page import Bot, button, served

pytestmark = [pytest.mark.exhaustive, no_chromium, in_real_time]


async def test_the_desk_moves_prices_misbehaves_and_shows_the_account(chromium: Browser, talking: Bot, tmp_path: Path) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo, width=1280, height=1100) as seen:
        tab, faults = seen.tab, demo.broker.faults
        desk = tab.get_by_role("complementary", name="Exchange control desk")
        await expect(tab.locator("#price-now")).to_have_text("1,480.30")
        await desk.get_by_role("button", name="+1 %", exact=True).click()
        await expect(tab.locator("#price-now")).to_have_text("1,495.10")
        await desk.get_by_label("Price in rupees").fill("1500.50")
        await desk.get_by_role("button", name="Set", exact=True).click()
        await expect(tab.locator("#price-now")).to_have_text("1,500.50")
        # The tour's resting order follows the price: two percent over it, on the tick.
        await expect(tab.locator("#guide-text")).to_have_text("Say hello")
        await seen.types("/login")  # whoever begins otherwise is not asked for a hello any more
        await expect(tab.locator("#guide-text")).to_have_text("Ask for ten shares; nothing is sent yet")
        await seen.types("/buy TCS 10")
        await expect(tab.get_by_label("Symbol whose price moves")).to_have_value("TCS")
        await seen.types("/positions")
        bot.send("#1 BUY 10 TCS · filled")
        await expect(tab.locator("#guide-try")).to_have_text("/sell RELIANCE 5 1530.60")

        never = desk.get_by_role("button", name="never", exact=True)
        await desk.get_by_role("button", name="in parts").click()
        await expect(desk.get_by_role("button", name="in parts")).to_have_attribute("aria-pressed", "true")
        await never.click()
        await expect(never).to_have_attribute("aria-pressed", "true")
        await expect(tab.locator("#behaviour-words")).to_have_text("It rests until you fill it below.")
        assert [each.fault.name for each in faults.armed()] == ["fill_never"]
        await desk.get_by_role("button", name="at once").click()
        await expect(never).to_have_attribute("aria-pressed", "false")
        lose = desk.get_by_role("button", name="lose next answer")
        await lose.click()
        await expect(lose).to_have_attribute("aria-pressed", "true")
        assert [(each.fault.name, each.route) for each in faults.armed()] == [("answer_lost", "place")]
        await lose.click()
        await expect(lose).to_have_attribute("aria-pressed", "false")
        await desk.get_by_text("More ways to misbehave").click()
        await desk.get_by_label("Misbehaviour").select_option("token expired")
        await desk.get_by_role("button", name="Arm", exact=True).click()
        await desk.get_by_role("button", name="Clear token expired").click()
        await expect(desk.get_by_role("list", name="Armed").get_by_role("listitem")).to_have_count(0)
        assert faults.armed() == []
        await desk.get_by_role("button", name="drop socket").click()
        await expect(tab.locator("#toast")).to_have_text("No socket is open")
        await expect(desk.get_by_role("button", name="square off")).to_be_visible()

        await desk.get_by_role("button", name="Place").click()
        account = tab.locator("#account")
        await expect(account).to_contain_text("Buy 5 TCS")
        await expect(account).to_contain_text("filled")
        await expect(account).to_contain_text("+5")
        assert [(order.side, order.quantity, order.channel) for order in demo.broker.ledger.orders.values()] == [
            ("BUY", 5, "WEB")
        ]

        await expect(desk.locator("[data-clock=long]")).to_have_text(re.compile(r"09:00:\d\d"))
        await desk.get_by_role("button", name="to 15:10").click()
        await expect(desk.get_by_role("button", name="to 15:10")).to_be_enabled()
        assert [round(each, -2) for each in demo.shifted] == [22_200]  # 09:00 to 15:10
        await tab.screenshot(path=artifact("demo-desk-1280.png", tmp_path))


async def test_the_tour_follows_what_has_happened_and_not_what_was_typed(chromium: Browser, talking: Bot) -> None:
    bot = talking
    async with served(bot) as demo, opened(chromium, demo) as seen:
        line, offer = seen.tab.locator("#guide-text"), seen.tab.locator("#guide-try")
        for words in ("/start", "/login", "/buy RELIANCE 10"):
            await seen.types(words)
        await expect(line).to_have_text("Ask for ten shares; nothing is sent yet")
        card = bot.send("BUY 10 RELIANCE", [button("Confirm buy", "c:1:y")])
        await expect(line).to_have_text("Read the card, then tap Confirm")
        await seen.types("/positions")  # a look at something else confirms nothing
        await expect(seen.row("/positions")).to_be_visible()
        await expect(line).to_have_text("Read the card, then tap Confirm")
        bot.edit(card, "BUY 10 RELIANCE: not confirmed in time")
        await expect(line).to_have_text("Ask for ten shares; nothing is sent yet")
        bot.edit(card, "#1 BUY 10 RELIANCE\nfilled", [button("Exit", "e")])
        await expect(line).to_have_text("Offer five above the price, so that it waits")

        # One that was filled is nothing to take back: the tour asks for another, and names the one that rests.
        card = bot.send("SELL 5 RELIANCE", [button("Confirm sell", "c:2:y")])
        await expect(line).to_have_text("Tap Confirm: this one rests in the book")
        bot.edit(card, "#2 SELL 5 RELIANCE\nfilled")
        await expect(line).to_have_text("Offer five above the price, so that it waits")
        stop = [button("Modify", "m"), button("Cancel", "x")]
        bot.send("#9 SELL 10 RELIANCE\nwaiting for 1,450.00, then sells down to 1,440.00", stop)  # what guards is not taken back
        await expect(seen.row("#9 SELL")).to_be_visible()
        await expect(line).to_have_text("Offer five above the price, so that it waits")
        card = bot.send("#3 SELL 5 RELIANCE\nopen at 1,527.10", [button("Modify", "m"), button("Cancel", "x")])
        bot.send("Filled #2 SELL 5 RELIANCE, avg 1,480.30", [button("Exit", "e")])
        bot.send("#10 SELL 5 RELIANCE\nwaiting for 1,450.00, then sells down to 1,440.00", stop)
        await expect(seen.row("#10 SELL")).to_be_visible()
        await expect(offer).to_have_text("/cancel_order 3")
        await seen.types("/cancel_order 3")
        bot.edit(card, "#3 SELL 5 RELIANCE\nopen at 1,527.10 · cancel sent")
        await expect(seen.row("cancel sent")).to_be_visible()
        await expect(line).not_to_have_text("Buy five with a stop and a target under one Confirm")
        bot.edit(card, "#3 SELL 5 RELIANCE\ncancelled, nothing filled")
        await expect(offer).to_have_text("/buy RELIANCE 5 mis sl 1% t 1%")

        card = bot.send("BUY 5 RELIANCE\nTarget, by me 1,495.10", [button("Confirm buy", "c:4:y")])
        await expect(line).to_have_text("Tap Confirm: the stop goes to the exchange once it fills")
        bot.edit(card, "#4 BUY 5 RELIANCE\nfilled")
        bot.send("Stop placed.\n#5 SELL 5 RELIANCE")
        await expect(offer).to_have_text("/panic")
        card = bot.send("PANIC", [button("Close these", "q:1:y")])
        await expect(line).to_have_text("Tap it: the stop becomes the exit")
        bot.edit(card, "Closing main (PAPER)")
        bot.send("Flat at 09:01:12. 1 row closed in 1 order.")
        await expect(offer).to_have_text("/resume")
        question = bot.send("Allow new orders again?", [button("Yes, allow new orders", "y")])
        await expect(line).to_have_text("It asks once more, in words")
        bot.edit(question, "New orders are allowed again.")
        await expect(offer).to_have_text("/report")


async def test_a_clock_that_runs_ahead_is_seen_after_a_reload_too_and_can_be_stopped(
    chromium: Browser, talking: Bot, tmp_path: Path
) -> None:
    gone = asyncio.Event()

    async def a_long_way(_: float) -> None:
        await gone.wait()

    async with served(talking, shift=a_long_way) as demo, opened(chromium, demo, width=1280, height=900) as seen:
        tab, race, ahead = seen.tab, seen.tab.locator("#race-words"), re.compile(r"Runs ahead to 08:40, Sat,? 21 Nov 2026")
        await tab.get_by_role("button", name="next 08:40").click()
        await expect(race).to_have_text(ahead)
        await expect(tab.get_by_role("button", name="+15 min")).to_be_hidden()
        await tab.reload()
        await expect(race).to_have_text(ahead)
        await tab.screenshot(path=artifact("demo-ahead-1280.png", tmp_path))
        await tab.get_by_role("button", name="Stop here").click()
        await expect(race).to_be_hidden()
        await expect(tab.get_by_role("button", name="+15 min")).to_be_enabled()


async def test_a_market_that_never_closes_says_so_and_can_be_given_real_hours(chromium: Browser, talking: Bot) -> None:
    kept: asyncio.Queue[str] = asyncio.Queue()
    # 07:30 IST on a Friday, before any session: the exchange is closed, this market is not.
    talking.chats.clock = LoopClock(asyncio.get_running_loop(), datetime(2026, 11, 20, 2, 0, tzinfo=UTC))
    async with served(talking, keep_hours=kept.put_nowait) as demo, opened(chromium, demo) as seen:
        said = "The exchange is closed now; this market never closes."
        await expect(seen.tab.locator("#welcome-hours")).to_have_text(said)
        await seen.tab.get_by_role("button", name="Exchange control desk").click()
        await expect(seen.tab.locator("#hours-words")).to_have_text(said)
        await seen.tab.get_by_role("button", name="Real hours").click()
        assert await asyncio.wait_for(kept.get(), 5) == "real"


@pytest.mark.parametrize("width", [390, 320])
async def test_nothing_on_the_desk_is_cut_in_a_wide_font(chromium: Browser, talking: Bot, width: int) -> None:
    beyond = """card => [...card.querySelectorAll("*")].filter((node) => {
        const [outer, inner] = [card.getBoundingClientRect(), node.getBoundingClientRect()];
        return inner.width && (inner.right > outer.right - 8 || inner.left < outer.left);
    }).map((node) => node.textContent)"""
    async with served(talking) as demo, opened(chromium, demo, width=width) as seen:
        await seen.tab.evaluate("document.documentElement.style.setProperty('--sans', '\"DejaVu Sans\", sans-serif')")
        await seen.tab.evaluate("document.body.style.letterSpacing = '0.6px'")  # as wide where that font is not there
        await seen.tab.get_by_role("button", name="Exchange control desk").click()
        await expect(seen.tab.locator("#account")).to_contain_text("Cash free")
        for card in await seen.tab.locator(".desk .card").all():
            assert await card.evaluate(beyond) == []
