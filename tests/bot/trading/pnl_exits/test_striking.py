"""A P&L exit that strikes: what is stored in which commit, what leaves at once, and what a restart makes of it."""

import asyncio
from decimal import Decimal
from functools import partial

from bot.domain.errors import NotSent
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.ports.broker import Leaving
from bot.simulators.loop import LoopClock
from storage.topics import Topic
from tests.bot.trading.pnl_exits.test_pnl_exits import begin
from tests.stage.floor import BANK, CALL, PUT, set_floor


async def test_what_strikes_and_the_orders_that_may_leave_at_once_are_one_commit(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.opens(CALL, 65)
    loop, sends = asyncio.get_running_loop(), stage.broker.place
    commits: list[set[Topic]] = [set()]
    waited: list[bool] = []  # of each order: whether it was stored once more before its first byte

    def note(topic: Topic) -> None:
        if not commits[-1]:
            loop.call_soon(lambda: commits.append(set()))
        commits[-1].add(topic)

    async def place(draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        waited.append(leaving is not None)
        return await sends(draft, tag, urgent=urgent, leaving=leaving)

    stage.broker.place = place  # type: ignore[method-assign] # seen on its way
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5.2)
        for topic in (Topic.NOTICES, Topic.SENDING):
            stage.desk.store.on_commit(topic, partial(note, topic))
        stage.trade(BANK, "10")
        await asyncio.sleep(3.01)
    assert (commits[0], waited) == ({Topic.NOTICES, Topic.SENDING}, [False, False])
    assert (stage.broker.posts, stage.broker.wrong) == (2, [])


async def test_of_many_rows_those_that_have_to_wait_and_those_with_a_stop_follow_by_themselves(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    for instrument, quantity in ((BANK, 60), (CALL, 65), (PUT, 65)):
        stage.broker.opens(instrument, quantity)
    stop, stage.broker.at_once = stage.broker.guards(PUT), 1
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.trade(BANK, "10")
        await asyncio.sleep(8)
        assert not any(stage.broker.net.values())
    assert [broker_id for broker_id, _ in stage.broker.changes] == [stop.broker_id]
    assert (stage.broker.posts, stage.broker.wrong) == (2, [])


async def test_a_process_that_is_gone_before_the_stored_exit_left_sends_no_second_one(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    sends, gone = stage.broker.place, asyncio.Event()

    async def never_leaves(draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        await gone.wait()
        raise NotSent("Nothing was sent.")

    stage.broker.place = never_leaves  # type: ignore[method-assign] # of this process alone
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5)
        stage.trade(BANK, "10")
        await asyncio.sleep(4)
        stage.broker.place = sends  # type: ignore[method-assign] # nothing of the first process ever runs again
        again = await set_floor(clock, store=stage.desk.store, broker=stage.broker)
        await again.desk.reconcile.settle_start()
        async with again.running():
            await asyncio.sleep(20)
        order = await again.desk.order()
        gone.set()
    assert order is not None
    assert (order.status, stage.broker.posts) == (OrderStatus.UNKNOWN, 0), "it may have left: a person decides"
