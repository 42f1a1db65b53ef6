"""A full disk, a database held by another program: no order leaves unrecorded, what stops still stops, and the bot goes on."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.orders.order import OrderStatus
from bot.runtime.heartbeat import heartbeat_beside
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.disk import Disk
from tests.stage.house import House, a_house

OPENING = (9, 20)


async def at_the_market(house: House, clock: LoopClock, loop: VirtualLoop) -> None:
    await house.log_in()
    loop.shift((at_ist(clock.now().date(), *OPENING) - clock.now()).total_seconds())


def still_running(house: House) -> bool:
    assert house._running is not None
    return not house._running.done()


def said(house: House, words: str) -> int:
    return sum(words in message["text"] for message in house.me.history())


@contextmanager
def held(house: House) -> Iterator[None]:
    """Another program writes on the database and does not come to an end."""
    other = sqlite3.connect(house.settings.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_on_a_full_disk_no_order_leaves_and_looking_kill_and_cancels_work(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await at_the_market(house, clock, loop)
        await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        await house.me.choose("Confirm buy", "open at 380.00")
        card = await house.me.ask("/buy ITC 7 @381", "BUY 7 ITC")
        assert house.store is not None
        disk = Disk(house.store)

        house.me.press("Confirm buy", card)
        told = await house.me.wait_for("Nothing was sent.")
        assert "The disk is full" in told["text"]
        await asyncio.sleep(5)
        assert house.placed == 1
        assert said(house, "No order is sent and no fill is told until that is over") == 1, "the owner is told once"

        await house.me.ask("/orders", "380.00")
        await house.me.ask("/positions", "POSITIONS")
        await house.me.ask("/kill", "New orders are blocked.")
        await house.me.ask("/buy ITC 1 @380", "stopped since")
        await house.me.ask("/cancel_all", "Cancel sent")
        (order,) = house.near.paper.broker.ledger.orders.values()
        assert not order.working
        await asyncio.sleep(600)
        assert still_running(house)
        assert said(house, "No order is sent and no fill is told until that is over") == 1

        disk.full = False
        await house.me.wait_for("My records can be written again")
        await asyncio.sleep(15)
        assert [order.status for order in await house.orders()] == [OrderStatus.CANCELLED]
        account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        assert await house.store.transaction(lambda db: db.stops.stopped(account.id)) is not None
        acts = [act[3] for act in await house.store.transaction(lambda db: db.audit.page())]
        assert acts.count("kill") == 1
        assert acts.count("cancel") == 1
        assert house.store.owed == 0
        await house.restart()
        await house.me.ask("/buy ITC 1 @380", "stopped since")
        assert house.placed == 1


@pytest.mark.core
async def test_a_confirm_refused_by_a_full_disk_stays_open_and_sends_one_order_when_there_is_room(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await at_the_market(house, clock, loop)
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        assert house.store is not None
        disk = Disk(house.store)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Nothing was sent.")
        disk.full = False
        await asyncio.sleep(2)
        house.me.press("Confirm buy", card)
        await house.me.wait_for("open at 380.00")
        assert house.placed == 1


async def test_a_disk_that_fills_up_between_an_orders_leaving_and_its_answer_loses_nothing(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await at_the_market(house, clock, loop)
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        house.near.paper.broker.faults.arm("answer_late", route="place", seconds=3)
        house.me.press("Confirm buy", card)
        await asyncio.sleep(1)
        assert house.store is not None
        disk = Disk(house.store)
        await asyncio.sleep(60)
        assert house.placed == 1
        await house.me.ask("/orders", "380.00")
        disk.full = False
        await house.me.wait_for("My records can be written again")
        assert said(house, "open at 380.00") == 1
        assert [order.status for order in await house.orders()] == [OrderStatus.OPEN]
        assert house.placed == 1


async def test_a_database_held_for_twenty_seconds_at_a_confirm_is_told_and_the_bot_goes_on(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await at_the_market(house, clock, loop)
        card = await house.me.ask("/buy ITC 5 @380", "BUY 5 ITC")
        with held(house):
            house.me.press("Confirm buy", card)
            told = await house.me.wait_for("Nothing was sent.")
            assert "held by another program" in told["text"]
            await house.me.ask("/positions", "POSITIONS")
            await house.me.ask("/kill", "New orders are blocked.")
            await asyncio.sleep(20)
            assert house.placed == 0
        await house.me.wait_for("My records can be written again")
        house.me.press("Confirm buy", card)
        await asyncio.sleep(5)
        assert house.placed == 0, "the kill switch was overtaken"
        assert still_running(house)


@pytest.mark.parametrize("moment", ["fill", "summary"])
async def test_a_database_held_for_twenty_seconds_at_a_fill_or_at_the_summary_delays_it_and_loses_nothing(
    clock: LoopClock, loop: VirtualLoop, tmp_path: Path, moment: str
) -> None:
    async with a_house(clock, tmp_path) as house:
        await at_the_market(house, clock, loop)
        if moment == "fill":
            house.near.paper.broker.faults.arm("fill_late", seconds=6)
            await house.me.ask("/buy ITC 5", "BUY 5 ITC")
            await house.me.choose("Confirm buy", "open at")
            words = "Filled #1"
        else:
            loop.shift((at_ist(clock.now().date(), 16, 14) - clock.now()).total_seconds() + 50)
            words = "20 NOV 2026"
        with held(house):
            await asyncio.sleep(25)
            assert said(house, words) == 0
        await house.me.wait_for(words, 90)
        await asyncio.sleep(120)
        assert said(house, words) == 1
        assert still_running(house)


async def test_a_heartbeat_that_cannot_be_written_ends_nothing(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        file = heartbeat_beside(house.settings.database)
        file.unlink()
        file.mkdir()
        await asyncio.sleep(60)
        await house.me.ask("/positions", "POSITIONS")
        assert still_running(house)
        file.rmdir()
        await asyncio.sleep(60)
        assert file.is_file()
