"""How far it is from a tap to its order, in durable transactions, and from a fill to the chat, in what waits before its look."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from bot.simulators.loop import LoopClock
from storage.topics import Topic
from tests.stage.house import House, a_house

INBOX, CLAIM, QUESTION = 1, 1, 1


class Count:
    """The transactions that begin before the exchange has one more order."""

    def __init__(self, house: House) -> None:
        assert house.store is not None
        self.transactions, placed = 0, house.placed

        @event.listens_for(house.store._engine, "begin")
        def begin(_: Connection) -> None:
            if house.placed == placed:
                self.transactions += 1


@pytest.mark.core
async def test_an_order_leaves_after_two_transactions_and_an_exit_after_three(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        await asyncio.sleep(0.5)
        entry = Count(house)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        assert entry.transactions == INBOX + CLAIM
        await asyncio.sleep(8)  # the looks that follow an order are over
        card = await house.me.ask("/sell RELIANCE 10 mis", "SELL 10 RELIANCE")
        await asyncio.sleep(0.5)
        leaving = Count(house)
        house.me.press("Confirm sell", card)
        await house.me.wait_for("Filled")
        assert leaving.transactions == INBOX + QUESTION + CLAIM, "what is held is read in between"


@pytest.mark.core
async def test_a_fill_is_read_at_once_though_everything_was_looked_at_in_that_second(clock: LoopClock, tmp_path: Path) -> None:
    """The books may be read so often a second. A part of that is kept for the look that a fill asks for."""
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        card = await house.me.ask("/buy ITC 20 @380", "BUY 20 ITC")
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at 380.00")
        await asyncio.sleep(30)
        for words in ("/positions", "/holdings", "/buy RELIANCE 1", "/buy TCS 1", "/orders", "/pnl"):
            house.me.say(words)
        await asyncio.sleep(0.3)
        broker, loop = house.near.paper.broker, asyncio.get_running_loop()
        order = list(broker.ledger.orders.values())[-1]
        filled = loop.time()
        broker.book.fill(order, 20, 38000, by="desk")
        read = asyncio.Event()
        assert house.store is not None
        house.store.on_commit(Topic.NOTICES, read.set)
        await read.wait()
        assert (await house.orders())[0].filled == 20
        assert loop.time() - filled < 0.1
