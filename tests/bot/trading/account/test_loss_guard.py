"""The daily loss locks the day by itself: at the fill that reaches it, or when prices do, and with what the trades cost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, NotSent
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled
from bot.domain.news.safety import DayLocked
from bot.domain.orders.order import OrderRequest, TradeFact
from bot.domain.people.account import Role, User
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.account.loss_guard import FLAT, OPEN, LossGuard
from tests.bot.trading.desk.asked import a_position, ask
from tests.bot.trading.safety.test_limits import a_loss, renew
from tests.stage.access import access
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, a_core, set_stage
from tests.storage.samples import ACCOUNT, NOW

RAVI = User(telegram_id=2002, name="Ravi")


class CountingBroker(ScriptedBroker):
    """Counts how often the positions are asked for, and can keep its trades to itself."""

    looks = 0
    down = False
    silent_trades = False

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        self.looks += 1
        if self.down:
            raise NotSent("mStock does not answer.")
        return await super().positions()

    async def trades(self, *, urgent: bool = False) -> Sequence[TradeFact]:
        if self.silent_trades:
            raise NotSent("mStock does not answer.")
        return await super().trades()


@asynccontextmanager
async def watched(clock: LoopClock, limit: int | None = 5000) -> AsyncIterator[tuple[DeskStage, CountingBroker, LossGuard]]:
    """A desk whose account locks its day at that loss, with the watch running."""
    broker = CountingBroker(clock)
    stage = await set_stage(clock, broker=broker)
    await stage.store.transaction(lambda db: db.people.add(RAVI, Role.VIEWER, None, NOW))
    if limit is not None:
        await access(stage).put(daily_loss=Decimal(limit))
    losses = stage.core.losses
    running = asyncio.create_task(losses.run())
    try:
        yield stage, broker, losses
    finally:
        running.cancel()
        await asyncio.wait([running])


async def is_locked(stage: DeskStage) -> bool:
    today = ist_date(stage.clock.now())
    return await stage.store.transaction(lambda db: db.limits.day_lock(ACCOUNT.id, today)) is not None


def locks(told: list[Notice]) -> list[DayLocked]:
    return [each for each in told if isinstance(each, DayLocked)]


async def test_the_fill_that_reaches_the_loss_locks_the_day_at_once_and_everybody_is_told(clock: LoopClock) -> None:
    async with watched(clock) as (stage, broker, _):
        await stage.tap(await ask(stage))
        resting = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=3, product=Product.MIS, price=Decimal("1470.00"))
        await stage.tap(await ask(stage, resting), 77)
        await asyncio.sleep(1)
        stage.wakes.clear()
        broker.fill(10)
        broker.held = [a_loss(5000)]
        await stage.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(0.5)
        assert await is_locked(stage)
        woken = len(stage.wakes)
        told = await stage.notices()
        assert any(isinstance(each, Filled) for each in told)
        first, second = locks(told)
        assert first == second, "Asha and Ravi"
        assert first.charges is not None
        assert first.result == Decimal(-5000) - first.charges
        assert first.entries == 1, "the other order may still fill"
        assert woken == 2, "for the fill, and for the lock"
        with pytest.raises(CheckFailed, match="day is locked"):
            await ask(stage)
        await asyncio.sleep(300)
        assert locks(await stage.notices()) == [], "told once"


async def test_a_price_that_falls_locks_it_without_any_fill(clock: LoopClock) -> None:
    async with watched(clock) as (stage, broker, _):
        broker.held = [a_position(25)]
        await asyncio.sleep(60)
        assert not await is_locked(stage)
        stage.feed.bid = stage.feed.ask = Decimal("1200.00")  # 25 shares, some 280 rupees each
        await asyncio.sleep(OPEN + 1)
        assert await is_locked(stage)


@pytest.mark.parametrize(("silent", "locked"), [(False, True), (True, False)])
async def test_what_the_trades_cost_counts_where_it_is_known(silent: bool, locked: bool, clock: LoopClock) -> None:
    async with watched(clock) as (stage, broker, _):
        await stage.tap(await ask(stage))
        broker.fill(10)
        broker.silent_trades = silent
        broker.held = [a_loss(4999)]  # a rupee short of it; the trade cost more than that
        await stage.reconcile.sync(ACCOUNT.id)
        await asyncio.sleep(1)
        assert await is_locked(stage) is locked


async def test_one_that_nobody_limited_or_that_is_locked_is_not_looked_at(clock: LoopClock) -> None:
    async with watched(clock, limit=None) as (stage, broker, _):
        broker.held = [a_loss(50_000)]
        await asyncio.sleep(600)
        assert broker.looks == 0
        await access(stage).limits.change(stage.actor, "daily_loss", Decimal(5000))
        await asyncio.sleep(1)
        assert await is_locked(stage), "a limit set below what is lost already locks the day"
        seen = broker.looks
        await asyncio.sleep(600)
        assert broker.looks == seen


async def test_it_looks_no_more_often_than_it_must(clock: LoopClock) -> None:
    async with watched(clock) as (_, broker, losses):
        for _ in range(600):
            losses.wake()  # cards are drawn, news is written: nothing of it is a fill
            await asyncio.sleep(1)
        assert broker.looks <= 600 / FLAT + 1
        broker.held = [a_position(25)]
        await asyncio.sleep(60)
        seen = broker.looks
        await asyncio.sleep(600)
        assert 600 / OPEN * 0.8 <= broker.looks - seen <= 600 / OPEN + 1


async def test_what_is_not_known_locks_nothing_and_is_asked_again(clock: LoopClock) -> None:
    async with watched(clock) as (stage, broker, _):
        broker.held = [replace(a_loss(9000), average=None)]
        await asyncio.sleep(60)
        assert not await is_locked(stage), "a cost that nobody knows is no loss"
        broker.down = True
        broker.held = [a_loss(9000)]
        await asyncio.sleep(60)
        assert not await is_locked(stage)
        broker.down = False
        await asyncio.sleep(60)
        assert await is_locked(stage)


async def test_without_a_session_nothing_is_asked_and_the_next_day_begins_open(clock: LoopClock) -> None:
    async with watched(clock) as (stage, broker, losses):
        broker.held = [a_loss(9000)]
        await asyncio.sleep(2)
        assert await is_locked(stage)
        await asyncio.sleep(24 * 3600)
        assert not await is_locked(stage)
        seen = broker.looks
        losses.wake()
        await asyncio.sleep(3600)
        assert broker.looks == seen, "the session ended with the day"
        renew(stage)
        losses.wake()  # as a login does
        await asyncio.sleep(1)
        assert await is_locked(stage)


async def test_two_looks_at_once_lock_once(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await access(stage).put(daily_loss=Decimal(5000))
    stage.broker.held = [a_loss(6000)]
    processes = [a_core(stage.store, stage.connection, clock, chance=number) for number in range(20)]
    await asyncio.gather(*(core.losses.judge(ACCOUNT.id) for core in processes))
    assert len(locks(await stage.notices())) == 1

    def acts(db: Repositories) -> int:
        return sum(row[3] == "day locked" for row in db.audit.page(None, 50, None))

    assert await stage.store.transaction(acts) == 1
