"""A P&L exit that strikes: what is stored in which commit, what leaves at once, and what a restart makes of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial

from bot.domain.errors import NotSent, Unreadable
from bot.domain.market.instrument import Instrument
from bot.domain.orders.order import OrderDraft, OrderFact, OrderStatus
from bot.domain.plans.pnl_card import PnlCard
from bot.domain.ports.broker import Leaving
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from storage.topics import Topic
from tests.bot.trading.pnl_exits.test_pnl_exits import begin
from tests.stage.floor import BANK, CALL, PUT, FloorStage, set_floor
from tests.storage.samples import ACCOUNT


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


def sale(instrument: Instrument, quantity: int) -> OrderDraft:
    return OrderDraft(
        instrument=instrument, side=Side.SELL, quantity=quantity, kind=OrderKind.LIMIT, product=Product.NRML, price=Decimal(10)
    )


async def strike_due(stage: FloorStage, meanwhile: Callable[[PnlCard], Awaitable[object]]) -> list[float]:
    """A P&L exit whose level stands, something that happens between the look ahead and its end, and ten seconds more.

    Gives the seconds after the level was reached at which the books were looked at, up to that end.
    """
    async with stage.running():
        card = await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5.2)
        began = asyncio.get_running_loop().time()
        stage.trade(BANK, "10")  # −5,400
        await asyncio.sleep(2.6)
        await meanwhile(card)
        await asyncio.sleep(10)
    return [round(at - began, 1) for at in stage.broker.looks if began + 2.2 < at < began + 3.05]


async def test_what_was_opened_between_the_look_ahead_and_the_strike_is_looked_at_and_closed_too(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)

    async def opens(_: PnlCard) -> None:
        stage.broker.opens(CALL, 65)
        stage.desk.reconcile.notify(ACCOUNT.id)

    looks = await strike_due(stage, opens)
    assert looks[:2] == [2.3, 2.6]
    assert (stage.broker.posts, stage.broker.wrong) == (2, [])
    assert not any(stage.broker.net.values())


async def test_what_filled_from_elsewhere_between_the_look_ahead_and_the_strike_is_not_closed_again(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.opens(CALL, 65)
    theirs = stage.broker.app_order(sale(BANK, 60))

    async def fills(_: PnlCard) -> None:
        stage.trade(CALL, "10")  # −5,850 by itself
        stage.broker.passes(theirs)
        stage.desk.reconcile.notify(ACCOUNT.id)

    await strike_due(stage, fills)
    assert [draft.instrument for _, draft in stage.broker.sent] == [CALL]
    assert stage.broker.wrong == []


async def test_an_order_of_the_app_that_no_event_told_of_holds_what_it_would_close(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)

    async def orders(_: PnlCard) -> None:
        stage.broker.app_order(sale(BANK, 60))
        await stage.desk.reconcile.sync(ACCOUNT.id)

    await strike_due(stage, orders)
    assert (stage.broker.posts, stage.broker.wrong) == (0, [])


async def test_one_that_its_maker_removes_between_the_look_ahead_and_the_strike_closes_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    removes = stage.desk.core.services.pnl_exits.remove
    await strike_due(stage, lambda card: removes(stage.desk.actor, card.exit.id))
    assert (stage.broker.posts, stage.broker.quantity(BANK)) == (0, 60)


async def test_without_a_session_at_its_end_it_sends_nothing_and_strikes_when_there_is_one(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    session = stage.desk.connection.session

    async def loses(_: PnlCard) -> None:
        stage.desk.connection.session = None

    await strike_due(stage, loses)
    assert stage.broker.posts == 0
    stage.desk.connection.session = session
    async with stage.running():
        await asyncio.sleep(10)
    assert (stage.broker.posts, stage.broker.quantity(BANK)) == (1, 0)


async def test_a_kill_between_the_look_ahead_and_the_strike_stops_no_exit(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    await strike_due(stage, lambda _: stage.desk.switch.kill(stage.desk.actor))
    assert (stage.broker.posts, stage.broker.quantity(BANK)) == (1, 0)


async def test_where_the_look_ahead_fails_the_strike_reads_for_itself_and_is_not_late(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.opens(CALL, 65)
    looks = stage.broker.orders
    failing = [0]

    async def once(*, urgent: bool = False) -> Sequence[OrderFact]:
        found = await looks(urgent=urgent)
        if failing[0]:
            failing[0] -= 1
            raise Unreadable("no book now")
        return found

    stage.broker.orders = once  # type: ignore[method-assign] # which fails as often as is said
    async with stage.running():
        await begin(stage, stop=Decimal(-5000))
        await asyncio.sleep(5.2)
        began = asyncio.get_running_loop().time()
        stage.trade(BANK, "10")
        await asyncio.sleep(2)
        failing[0] = 1
        await asyncio.sleep(8)
    assert [round(at - began, 1) for at, _ in stage.broker.sent] == [3.0, 3.0]
