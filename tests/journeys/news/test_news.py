"""News as a phone hears it: what rings, under which card, in whose words, and what was missed while a chat was closed."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.broker.exchange.requests import OrderRequest
from bot.simulators.loop import LoopClock
from tests.stage.house import House, a_house


async def order(house: House, words: str, shows: str, button: str) -> dict[str, Any]:
    card = await house.me.ask(words, shows)
    house.me.press(button, card)
    return card


def fill(house: House, units: int) -> None:
    """The exchange fills some of the newest order."""
    broker = house.near.paper.broker
    newest = list(broker.ledger.orders.values())[-1]
    broker.book.fill(newest, units, newest.price or 38000, by="desk")


def from_the_app(house: House, price: int = 0) -> None:
    """Somebody buys ten ITC in the broker's own app, at the market or at a limit in paise."""
    broker = house.near.paper.broker
    listed = broker.named("NSE", "ITC-EQ")
    assert listed is not None
    request = OrderRequest(
        exchange="NSE", token=listed.token, symbol=listed.name, side="BUY", kind="LIMIT" if price else "MARKET",
        product="DELIVERY", validity="DAY", variety="NORMAL", quantity=10, price=price, trigger=0,
    )  # fmt: skip
    broker.exchange.place(next(iter(broker.ledger.accounts.values())), request, "WEB")


@pytest.mark.core
async def test_an_entry_tells_its_position_and_an_exit_what_it_booked_each_under_its_card(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await order(house, "/buy RELIANCE 10 mis", "BUY 10 RELIANCE", "Confirm buy")
        entry = await house.me.wait_for("Filled #1")
        assert "Position +10, avg " in entry["text"]
        assert entry["reply_to"] == card["id"]
        assert not entry["silent"]
        assert card["silent"], "an answer to one's own words makes no sound"
        await asyncio.sleep(10)
        out = await order(house, "/sell RELIANCE 10 mis", "SELL 10 RELIANCE", "Confirm sell")
        closed = await house.me.wait_for("Filled #2")
        assert re.search(r"Booked \S+ \S+ after charges ≈ −[0-9.]+ · position closed", closed["text"])
        assert closed["reply_to"] == out["id"]
        assert closed["buttons"] == []


async def test_a_cancel_that_met_a_part_rings_for_the_part_and_for_the_end(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        card = await house.me.wait_for("open at 380.00")
        house.near.paper.stream.drop()
        fill(house, 8)
        house.me.press("Cancel", card)
        end = await house.me.wait_for("Cancelled #1")
        assert "8 of 20 filled, 12 cancelled." in end["text"]
        assert not end["silent"]
        assert len([each for each in house.me.rings() if "Partly filled #1 BUY 8/20 ITC" in each["text"]]) == 1


async def test_parts_within_seconds_count_up_in_one_message_and_the_last_rings(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        for units in (5, 5, 4):
            fill(house, units)
            await asyncio.sleep(0.6)
        await asyncio.sleep(2)
        rung = [each["text"].splitlines()[0] for each in house.me.rings() if "illed #1" in each["text"]]
        assert rung == ["🔵 Partly filled #1 BUY 14/20 ITC, avg 380.00"]
        fill(house, 6)
        last = await house.me.wait_for("Filled #1 BUY 20 ITC, avg 380.00")
        assert "Position +20" in last["text"]
        assert len([each for each in house.me.rings() if "illed #1" in each["text"]]) == 2


async def test_a_blocked_chat_hears_what_it_missed_once_it_is_open_again(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        house.near.chats.faults.add("blocked", times=1000)
        fill(house, 8)
        await asyncio.sleep(600)
        fill(house, 12)
        await asyncio.sleep(590)
        assert not [each for each in house.me.history() if "illed #1" in each["text"]]
        house.near.chats.faults.clear()
        house.me.say("/positions")
        last = await house.me.wait_for("Filled #1 BUY 20 ITC")
        part = await house.me.wait_for("Partly filled #1 BUY 8/20 ITC")
        assert part["id"] < last["id"]
        assert "late 19 min" in part["text"]


async def test_a_session_that_mstock_ended_rings_though_the_seed_made_a_new_one(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await asyncio.sleep(60)
        broker = house.near.paper.broker
        broker.sessions.end_all(next(iter(broker.ledger.accounts)), clock.now())
        told = await house.me.wait_for("mStock ended our session", 120)
        assert not told["silent"]
        await house.me.ask("/funds", "2,50,000.00")


async def test_a_card_that_nobody_tapped_folds_and_can_be_asked_again(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        await asyncio.sleep(80)
        folded = house.me.message(card["id"])
        assert folded is not None
        assert folded["text"].splitlines()[0].startswith("🔵 BUY 10 RELIANCE · expired ")
        house.me.press("Ask again", folded)
        await house.me.wait_for("until ")
        assert house.placed == 0


async def test_a_start_tells_what_was_missed_while_the_bot_was_away(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        await house.stop()
        fill(house, 20)
        await asyncio.sleep(400)
        await house.start()
        back = await house.me.wait_for("Back. I was away ")
        assert "Missed: 1 fill (told apart). Books and records agree." in back["text"]
        assert len([each for each in house.me.history() if "Filled #1" in each["text"]]) == 1


async def test_an_outage_of_telegram_is_told_with_its_times_behind_what_came_late(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        faults = house.near.chats.faults
        faults.add("bad_gateway", times=10_000)
        faults.add("bad_gateway", "getUpdates", times=10_000)
        await asyncio.sleep(60)
        fill(house, 20)
        await asyncio.sleep(600)
        faults.clear()
        late = await house.me.wait_for("Filled #1", 60)
        assert "late " in late["text"]
        back = await house.me.wait_for("Telegram did not answer", 60)
        assert "Missed: 1 fill (told apart). Books and records agree." in back["text"]
        assert late["id"] < back["id"]


async def test_a_lost_orders_fill_is_told_within_ten_seconds_of_its_row(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        faults = house.near.paper.broker.faults
        faults.arm("answer_lost", route="place")
        faults.arm("socket_mute", times=None)
        faults.arm("book_late", times=None, seconds=33)
        sent = clock.now()
        await order(house, "/buy ITC 20", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("Filled #1 BUY 20 ITC", 60)
        assert (clock.now() - sent).total_seconds() < 45


async def test_orders_of_the_app_while_the_bot_was_away_ring_as_one_and_are_counted_with_what_was_missed(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await house.stop()
        await asyncio.sleep(200)
        for _ in range(2):
            from_the_app(house)
        await asyncio.sleep(200)
        await house.start()
        told = await house.me.wait_for("2 orders from elsewhere.", 60)
        assert told in house.me.rings()
        back = await house.me.wait_for("Back. I was away ")
        assert "Missed: 2 orders from elsewhere (told apart)." in back["text"]


async def test_a_lost_order_whose_row_has_no_tag_is_found_by_the_brokers_details_of_it(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        faults = house.near.paper.broker.faults
        faults.arm("tags_missing", times=None, route="orders")
        faults.arm("answer_lost", route="place")
        await order(house, "/buy ITC 20", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("Filled #1 BUY 20 ITC", 30)
        assert not any("elsewhere" in message["text"] for message in house.me.history())
        assert [each.status for each in await house.orders()] == [OrderStatus.FILLED]


async def test_a_row_without_a_tag_that_may_be_the_lost_order_says_so(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        faults = house.near.paper.broker.faults
        faults.arm("tags_missing", times=None)
        faults.arm("answer_lost", route="place")
        await order(house, "/buy ITC 20", "BUY 20 ITC", "Confirm buy")
        told = await house.me.wait_for("It may be #1, whose outcome is unknown", 60)
        assert told in house.me.rings()
        card = await house.me.wait_for("Not found", 240)
        assert "#1 BUY 20 ITC" in card["text"]
        assert house.placed == 1


async def test_a_burst_is_one_message_that_counts_up_while_it_goes_on_and_its_last_piece_rings_anew(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        for _ in range(11):
            from_the_app(house, 38000)
        await house.me.wait_for("11 orders from elsewhere.", 60)
        await asyncio.sleep(30)
        broker = house.near.paper.broker
        orders = list(broker.ledger.orders.values())
        for each in orders[:6]:
            broker.book.fill(each, 4, 38000, by="desk")
        burst = await house.me.wait_for("6 pieces of news", 30)
        for each in orders[6:]:
            broker.book.fill(each, 4, 38000, by="desk")
        await asyncio.sleep(20)
        grown = house.me.message(burst["id"])
        assert grown is not None
        assert "10 pieces of news" in grown["text"]
        assert grown["text"].count("Partly filled #") == 10
        last = [message for message in house.me.rings(burst["id"]) if "Partly filled #11" in message["text"]]
        assert len(last) == 1
