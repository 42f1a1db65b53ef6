"""Exits leave before entries that wait for their turn, also under the kill switch, and so does a new price for one."""

import asyncio
from decimal import Decimal

from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.routes import Bucket
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.people.account import Stop
from bot.domain.ports.broker import Leaving
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import LIMIT, a_position, ask
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import set_stage
from tests.storage.samples import ACCOUNT, PERSON


class BusyBroker(ScriptedBroker):
    """A broker behind the real queue for orders, three a second."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.rate_limits = BrokerRateLimits()
        self.left: list[str] = []

    async def place(self, draft: OrderDraft, tag: str, *, urgent: bool = False, leaving: Leaving | None = None) -> str:
        await self.rate_limits.enter(Bucket.ORDERS, urgent=urgent)
        self.left.append(f"{draft.side} {draft.product}")
        return await super().place(draft, tag, urgent=urgent, leaving=leaving)

    async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
        await self.rate_limits.enter(Bucket.ORDERS, urgent=urgent)
        self.left.append(f"CHANGE {draft.side} {draft.product}")
        await super().modify(broker_id, draft, urgent=urgent)


async def test_an_exit_leaves_before_entries_that_wait_for_their_turn(clock: LoopClock) -> None:
    broker = BusyBroker(clock)
    stage = await set_stage(clock, broker=broker)
    broker.held = [a_position(25)]
    entries = [await stage.card(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), 100 + at) for at in range(9)]
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    leave = await stage.card(await stage.proposals.propose(stage.actor, sell, chat_id=PERSON), 200)
    async with asyncio.TaskGroup() as taps:
        for at, token in enumerate(entries):
            taps.create_task(stage.tap(token, 100 + at))
        await asyncio.sleep(0.5)  # the bucket is empty and six entries wait
        assert len(broker.left) == 3
        taps.create_task(stage.tap(leave, 200))
    assert broker.left == [*["BUY CNC"] * 3, "SELL MIS", *["BUY CNC"] * 6]
    assert broker.urgent == [False] * 3 + [True] + [False] * 6


async def test_an_exit_under_the_kill_switch_is_known_at_the_tap_and_leaves_first(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS)
    token = await ask(stage, sell)  # nothing is held yet: a short, as far as the card knows
    stage.broker.held = [a_position(25)]
    await stage.store.transaction(lambda db: db.stops.stop(Stop(account_id=ACCOUNT.id, by=None, at=clock.now())))
    await stage.tap(token)
    assert stage.broker.urgent == [True]


async def test_a_new_price_for_an_exit_overtakes_too_and_one_for_an_entry_does_not(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(25)]
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=25, product=Product.MIS, price=Decimal("1500.00"))
    for request, number in ((sell, 1), (LIMIT, 2)):
        await stage.tap(await ask(stage, request))
        change = await stage.proposals.modify(stage.actor, number, price=Decimal("1490.00"), quantity=None, chat_id=PERSON)
        await stage.tap(await stage.card(change))
    assert stage.broker.urgent == [True, True, False, False]
