"""Changes and cancels that meet an order's end, rests that are left, and orders from mStock's own app."""

import asyncio
from pathlib import Path

import httpx
import pytest

from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house


async def resting(house: House, words: str = "/buy RELIANCE 10 @1475") -> None:
    await house.log_in()
    price(house, "1480.00")
    house.me.press("Confirm buy", await house.me.ask(words, "BUY 10 RELIANCE"))
    await house.me.wait_for("open at")


@pytest.mark.core
async def test_a_change_card_and_its_question_die_with_the_order(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        asked = await house.me.ask("/modify 1", "Tap a price")
        card = await house.me.ask("/modify 1 1470", "CHANGE #1")
        price(house, "1474.00")
        await house.me.wait_for("Filled #1 BUY 10 RELIANCE")
        await asyncio.sleep(12)
        folded, prompt = house.me.message(card["id"]), house.me.message(asked["id"])
        assert folded is not None
        assert prompt is not None
        assert folded["text"] == "🔵 Change to BUY 10 RELIANCE · #1 is filled already, nothing was changed"
        assert folded["buttons"] == []
        assert "filled, avg" in prompt["text"]
        assert "Cancel order" not in str(prompt["buttons"])


async def test_of_two_change_cards_the_second_dies(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        first = await house.me.ask("/modify 1 1470", "CHANGE #1")
        second = await house.me.ask("/modify 1 1465", "CHANGE #1")
        house.me.press("Confirm change", first)
        await house.me.wait_for("open at 1,470.00")
        house.me.press("Confirm change", second)
        await house.me.wait_for("The order changed since this card.")
        assert [order.draft.price for order in await house.orders()] == [1470]


async def test_a_change_whose_answer_is_lost_is_read_from_the_book(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        card = await house.me.ask("/modify 1 1470", "CHANGE #1")
        house.near.paper.broker.faults.arm("answer_lost", route="modify")
        house.me.press("Confirm change", card)
        await asyncio.sleep(60)
        assert [order.draft.price for order in await house.orders()] == [1470]
        assert [order.price for order in house.near.paper.broker.ledger.orders.values()] == [147000]
        assert "open at 1,470.00" in str([message["text"] for message in house.me.history()])


async def test_a_cancel_that_races_a_fill_says_what_the_book_says(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        house.near.paper.broker.faults.arm("request_late", route="cancel", seconds=8)
        house.me.press("Cancel")
        await asyncio.sleep(0.5)
        price(house, "1474.00")
        await house.me.wait_for("Filled #1 BUY 10 RELIANCE")
        await asyncio.sleep(20)
        assert [order.status for order in await house.orders()] == [OrderStatus.FILLED]
        assert "Cancelled #1" not in str([message["text"] for message in house.me.history()])


async def test_a_cancel_that_is_refused_is_told_as_refused_and_the_order_works_on(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        house.near.paper.broker.faults.arm("error_instead", route="cancel", status=403, body="json", times=None)
        house.me.press("Cancel")
        told = await house.me.wait_for("Not cancelled: 1 order. It works on.", 60)
        assert "#1 BUY 10 RELIANCE: open at 1,475.00" in told["text"]
        house.near.paper.broker.faults.clear()
        await house.me.ask("/cancel 1", lambda message: "cancelled" in message["text"].lower(), 30)
        await asyncio.sleep(5)
        assert [order.status for order in await house.orders()] == [OrderStatus.CANCELLED]


async def test_a_cancel_whose_answer_was_lost_is_told_as_not_known_until_the_book_tells(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        faults = house.near.paper.broker.faults
        faults.arm("answer_lost", route="cancel")
        faults.arm("connection_dropped", route="orders", times=None)
        await house.me.ask("/cancel_order 1", "Not known whether cancelled: 1 order.", 60)
        assert "It works on" not in house.me.transcript(1)
        faults.clear()
        await house.me.wait_for("Cancelled #1 BUY 10 RELIANCE", 60)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_cancel_that_never_arrived_is_told_once_the_book_shows_the_order_working(
    clock: LoopClock, tmp_path: Path, restarted: bool
) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        faults = house.near.paper.broker.faults
        faults.arm("connection_dropped", times=None)
        await house.me.ask(
            "/cancel_order 1", "Not known whether cancelled: 1 order. I keep looking, and tell what the book says.", 60
        )
        await asyncio.sleep(60)
        assert "Not cancelled so far" not in house.me.transcript()
        if restarted:
            await house.restart()
        faults.clear()
        told = await house.me.wait_for("Not cancelled so far #1 BUY 10 RELIANCE", 60)
        assert "open at 1,475.00" in told["text"]
        assert not told["silent"]
        await asyncio.sleep(120)
        assert house.me.transcript().count("Not cancelled so far") == 1
        house.me.press("Cancel", told)
        await house.me.wait_for("cancelled, nothing filled", 30)


async def test_a_cancel_that_was_taken_while_the_books_were_away_is_told_if_the_order_works_on(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        faults = house.near.paper.broker.faults
        faults.arm("cancel_not_final", route="cancel", times=None)
        faults.arm("connection_dropped", route="orders", times=None)
        await house.me.ask("/cancel_order 1", "Cancel sent for 1 order.", 60)
        faults.clear()
        await house.me.wait_for("Not cancelled so far #1 BUY 10 RELIANCE", 60)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            "answer_lost",
            "Changed #1 BUY 10 RELIANCE\nIt is open at 1,470.00 since 09:00:00: mStock made the change, whose answer was lost.",
        ),
        (
            "connection_dropped",
            "Not changed so far #1 BUY 10 RELIANCE\nIt is open at 1,475.00 since 09:00:00: the change,",
        ),
    ],
)
async def test_a_change_whose_answer_was_lost_is_told_as_the_book_has_it(
    clock: LoopClock, tmp_path: Path, fault: str, told: str
) -> None:
    async with a_house(clock, tmp_path) as house:
        await resting(house)
        card = await house.me.ask("/modify 1 1470", "CHANGE #1")
        faults = house.near.paper.broker.faults
        faults.arm(fault, route="modify")
        faults.arm("connection_dropped", route="orders", times=None)
        house.me.press("Confirm change", card)
        await house.me.wait_for("mStock's answer did not arrive.")
        await asyncio.sleep(30)
        faults.clear()
        await house.me.wait_for(told, 60)
        await asyncio.sleep(120)
        assert house.me.transcript().count("changed so far") + house.me.transcript().count("Changed #1") == 1


async def test_a_rest_that_the_price_ran_away_from_is_chased_left_or_cancelled(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "100.00", "NIFTY26NOV24500CE", "NFO")
        house.near.paper.broker.faults.arm("fill_in_parts", parts=3, seconds=60)
        card = await house.me.ask("/buy nifty 24500 ce 3lots", "BUY 195 NIFTY 24500 CE")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Partly filled #1", 30)
        price(house, "110.00", "NIFTY26NOV24500CE", "NFO")
        told = await house.me.wait_for("Rest not filled #1", 60)
        labels = [item["label"] for line in told["buttons"] for item in line]
        assert labels[0].startswith("Chase to 11")
        assert labels[1:] == ["Cancel rest", "Leave"]
        house.me.press("Leave", told)
        await asyncio.sleep(2)
        left = house.me.message(told["id"])
        assert left is not None
        assert left["buttons"] == []
        assert (await house.orders())[0].status is OrderStatus.PARTIAL


async def test_orders_from_elsewhere_are_one_counted_message_each_with_its_cancel(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        async with httpx.AsyncClient() as client:
            for size in (1, 2, 3):
                body = {"name": "RELIANCE", "side": "BUY", "kind": "LIMIT", "quantity": size, "price": "1400.00"}
                answer = await client.post(f"{house.near.broker_url}/desk/orders", json=body)
                answer.raise_for_status()
        told = await house.me.wait_for("3 orders from elsewhere.", 60)
        labels = [item["label"] for line in told["buttons"] for item in line]
        assert labels == ["Cancel #1", "Cancel #2", "Cancel #3", "Orders"]
        house.me.press("Cancel #2", told)
        await asyncio.sleep(10)
        states = {order.number: order.status for order in await house.orders()}
        assert states == {1: OrderStatus.OPEN, 2: OrderStatus.CANCELLED, 3: OrderStatus.OPEN}


async def test_an_old_button_names_its_order_and_asks_again_at_the_price_of_now(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        card = await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE")
        data = card["buttons"][0][0]["data"]
        await house.stop()
        await asyncio.sleep(70)
        await house.start()
        house.me.forge(card["id"], data)
        old = await house.me.wait_for("This card was for BUY 10 RELIANCE and expired at ")
        price(house, "1490.00")
        house.me.press("Ask again at the price of now", old)
        again = await house.me.wait_for("until ")
        assert "LTP 1,490.00" in again["text"]
        assert house.placed == 0
