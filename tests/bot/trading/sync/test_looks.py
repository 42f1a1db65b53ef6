"""Which events make the books be read, how often, and how soon."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

from bot.domain.news.orders.orders import Filled
from bot.domain.orders.order import OrderFact, OrderRequest
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import ACCOUNT, PERSON


class Counted(ScriptedBroker):
    """Each look at the order book takes five milliseconds and is counted."""

    looks = 0

    async def orders(self, *, urgent: bool = False) -> Sequence[OrderFact]:
        self.looks += 1
        await asyncio.sleep(0.005)
        return await super().orders(urgent=urgent)


@asynccontextmanager
async def an_order_just_sent(clock: LoopClock) -> AsyncIterator[tuple[DeskStage, Counted]]:
    broker = Counted(clock)
    stage = await set_stage(clock, broker=broker)
    running = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(1)
    broker.looks = 0
    request = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))
    await stage.tap(await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON)))
    yield stage, broker
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def fills(stage: DeskStage) -> int:
    return len([notice for notice in await stage.notices() if isinstance(notice, Filled)])


async def test_the_sending_and_the_steps_of_an_order_that_fills_at_once_share_the_look_of_its_fill(clock: LoopClock) -> None:
    async with an_order_just_sent(clock) as (stage, broker):
        for pause in (0.003, 0.02):
            await asyncio.sleep(pause)
            stage.reconcile.notify(ACCOUNT.id, urgent=False)
        await asyncio.sleep(0.025)
        assert broker.looks == 0
        broker.fill(10)
        stage.reconcile.notify(ACCOUNT.id)
        await asyncio.sleep(0.01)
        assert await fills(stage) == 1
        await asyncio.sleep(1)
        assert broker.looks == 1


async def test_step_upon_step_puts_the_look_off_no_further(clock: LoopClock) -> None:
    async with an_order_just_sent(clock) as (stage, broker):
        broker.fill(10)  # and the news of it got lost
        for _ in range(4):
            await asyncio.sleep(0.03)
            stage.reconcile.notify(ACCOUNT.id, urgent=False)
        assert await fills(stage) == 1


async def test_an_order_of_which_no_event_comes_is_looked_for_in_the_first_second(clock: LoopClock) -> None:
    async with an_order_just_sent(clock) as (stage, broker):
        await asyncio.sleep(0.2)
        assert broker.looks == 1
        broker.fill(10)
        await asyncio.sleep(0.6)
        assert await fills(stage) == 1


async def test_a_look_that_saw_an_order_change_serves_an_exit_in_its_second_and_one_that_saw_a_fill_does_not(
    clock: LoopClock,
) -> None:
    async with an_order_just_sent(clock) as (stage, broker):
        await asyncio.sleep(2)  # the look that followed the sending is old
        broker.true[0].draft = replace(broker.true[0].draft, price=Decimal("1476.00"))
        await stage.reconcile.sync(ACCOUNT.id)  # sees the new price
        order = await stage.order()
        assert order is not None
        assert order.draft.price == Decimal("1476.00")
        broker.looks = 0
        await stage.reconcile.look(ACCOUNT.id)
        assert broker.looks == 0
        broker.fill(4)
        await stage.reconcile.sync(ACCOUNT.id)  # its positions were read beside the orders, and may miss the fill
        await stage.reconcile.look(ACCOUNT.id)
        assert broker.looks == 2
