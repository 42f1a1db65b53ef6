"""An option chain at the phone: its pages, its tickets, and how long its prices are asked for."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.telegram.chat.messages import Json
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
        assert [len(line) for line in page["buttons"][:-1]] == [4] * 5 + [2], "two strikes side by side: the table stays in sight"
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
        await house.me.ask("/chain mrf", "MRF has no options.")
        await house.me.choose("Price of MRF", "LTP")


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


@pytest.mark.parametrize(("name", "pages"), [("nifty", 3), ("sensex", 2), ("banknifty", 2), ("reliance", 2)])
async def test_in_the_last_days_of_a_year_the_pages_go_into_the_next_one_and_back(
    loop: VirtualLoop, tmp_path: Path, name: str, pages: int
) -> None:
    async with a_house(LoopClock(loop, datetime(2026, 12, 28, 5, 30, tzinfo=UTC)), tmp_path) as house:
        await house.log_in()
        page = await house.me.ask(f"/chain {name}", "strike")
        heads = [head_of(page)]
        for _ in range(1, pages):
            page = await turned(house, page, -1)
            heads.append(head_of(page))
        assert len(set(heads)) == pages
        assert "Jan" in heads[-1]
        assert "▸" not in page["buttons"][-1][-1]["label"], "the last expiry that there is"
        strike = page["buttons"][2][0]["label"]
        ticket = await house.me.choose(strike, "1 lot = ")
        assert "Jan" in ticket["text"].splitlines()[0]
        for before in reversed(heads[:-1]):
            page = await turned(house, page, 0)
            assert head_of(page) == before


async def test_in_a_closed_market_a_page_says_when_its_trades_were_and_a_ticket_leads_to_the_next_opening(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    evening = LoopClock(loop, datetime(2026, 11, 20, 12, 30, tzinfo=UTC))
    async with a_house(evening, tmp_path, hours="real") as house:
        await house.log_in()
        page = await house.me.ask("/chain nifty", "strike", 60)
        lines = [" ".join(line.split()) for line in page["text"].splitlines()]
        assert "spot at 15:30 as of 18:00:00" in lines
        assert "Oldest trade at 15:40" in lines
        await house.me.choose(page["buttons"][2][0]["label"], "1 lot = 65")
        card = await house.me.choose("Buy 1 lot", "BUY 65 NIFTY", 30)
        assert [line[0]["label"] for line in card["buttons"]] == ["Card at 09:16 on Mon 23 Nov", "Discard"]


async def turned(house: House, page: Json, place: int) -> Json:
    """The same message after its button for the page before (0) or after (-1)."""
    button = page["buttons"][-1][place]["label"]
    house.me.press(button, page)
    found = await house.me.wait_for(button.strip("◂▸ "), 30)
    assert found["id"] == page["id"]
    return found


def head_of(page: Json) -> str:
    """Underlying and expiry, which stand on one line or two."""
    lines = page["text"].splitlines()
    return " ".join(" ".join(lines[: next(place for place, line in enumerate(lines) if "as of" in line)]).split())
