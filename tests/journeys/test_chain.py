"""An option chain at the phone: its pages, its tickets, and how long its prices are asked for."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.house import House, a_house


def watched(house: House) -> int:
    """Instruments that the feed is asked for."""
    assert house.app is not None
    account = next(iter(house.app.core.services.host.lines.connections.opened()))
    return house.app.core.watcher.subscriptions(account)


@pytest.mark.core
async def test_a_page_of_strikes_leads_to_a_ticket_and_from_there_to_an_order(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        before = watched(house)
        page = await house.me.ask("/chain nifty", "strike")
        lines = page["text"].splitlines()
        assert all(len(line) <= 30 for line in lines[:17])
        strikes = [line for line in lines if line.count("|") == 2][1:]
        assert len(strikes) == 11
        assert sum("*" in line for line in strikes) == 1
        assert "-" not in "".join(strikes), "every price and every open interest is known from the feed's full packets"
        assert watched(house) >= before + 22
        await asyncio.sleep(61)
        assert watched(house) <= before + 1, "the page is 60 s old; the index alone is looked at for two minutes"
        strike = strikes[5].split("|")[1].strip("* ")
        ticket = await house.me.choose(f"{strike} CE", "1 lot = 65")
        assert f"NIFTY {strike} CE" in ticket["text"]
        card = await house.me.choose("Buy 1 lot", f"BUY 65 NIFTY {strike} CE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled", 30)
        assert [(order.draft.quantity, order.status) for order in await house.orders()] == [(65, OrderStatus.FILLED)]


async def test_pages_by_expiry_turn_in_place_and_a_button_of_an_expiry_that_is_over_is_told(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    monday = LoopClock(loop, datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    async with a_house(monday, tmp_path) as house:
        await house.log_in()
        page = await house.me.ask("/chain nifty", "strike")
        first = page["buttons"][-1]
        assert [item["label"][0] for item in first] == ["R", first[1]["label"][0]]
        later = first[1]["label"].removesuffix(" ▸")
        turned = await house.me.choose(later, f"{later} ")
        assert turned["id"] == page["id"]
        back = await house.me.choose("◂", "strike")
        assert back["id"] == page["id"]
        await asyncio.sleep(2)
        fresh = await house.me.choose("Refresh", "as of")
        assert fresh["id"] == page["id"]
        loop.shift(timedelta(days=2, hours=1).total_seconds())
        await asyncio.sleep(5)
        await house.me.ask("/login", "lives until")
        house.me.press("Refresh", fresh)
        told = await house.me.wait_for("that day is over", 60)
        assert told["buttons"], "the expiries that live"
        house.me.press("24500 CE", fresh)
        await house.me.wait_for("NIFTY has no 24500 CE", 60)


async def test_words_that_name_no_chain_say_what_there_is(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        assert "/chain NIFTY" in (await house.me.ask("/chain", "The chain of what?"))["text"]
        wrong = await house.me.ask("/chain nifty 9 dec", "that day")
        assert await house.me.choose(wrong["buttons"][0][0]["label"], "strike")
        await house.me.ask("/chain zzzz", "No ")
        assert "RELIANCE" in (await house.me.ask("/chain reliance", "strike"))["text"]
        await house.me.ask("/chain sensex", "SENSEX")


async def test_without_the_feed_it_is_made_of_quotes_and_of_mstocks_own_list_and_says_so(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm("socket_mute", times=None)
        house.near.paper.broker.faults.arm("socket_refused", times=None)
        await asyncio.sleep(300)
        page = await house.me.ask("/chain banknifty", "strike", 60)
        assert "time is unknown" in page["text"]
        assert "mStock's list's" in page["text"]
        strikes = [line for line in page["text"].splitlines() if line.count("|") == 2][1:]
        assert "-" not in "".join(strikes)
