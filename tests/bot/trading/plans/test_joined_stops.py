"""Adding to a guarded position raises its stop after the fill.

A stop guards at most what is open, whoever made that less.
"""

import asyncio
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed
from bot.domain.orders.order import OrderDraft, OrderRequest, OrderStatus
from bot.domain.plans.plan import Attached
from bot.domain.proposals.proposal import Raising
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.tape import TapeStage, a_stop, set_tape
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import PERSON

TEN = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"), product=Product.MIS)
GUARDED = Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1440.00"), target=Decimal("1500.00"))
STOP = OrderRequest(
    side=Side.SELL,
    symbol="RELIANCE",
    quantity=10,
    trigger=Decimal("1450.00"),
    trigger_limit=Decimal("1440.00"),
    product=Product.MIS,
)
SOLD = OrderDraft(
    instrument=RELIANCE, side=Side.SELL, quantity=4, kind=OrderKind.LIMIT, product=Product.MIS, price=Decimal("1400.00")
)


async def settle(seconds: float = 8) -> None:
    await asyncio.sleep(seconds)


async def add(stage: TapeStage, message: int = 88, *, join: bool = True) -> None:
    desk = stage.desk
    card = await desk.proposals.propose(desk.actor, TEN, chat_id=PERSON)
    token = await desk.card(card, message)
    if not join:
        kept = await desk.proposals.raise_stop(desk.actor, token, join=False, chat_id=PERSON)
        assert kept.raising is not None
        assert not kept.raising.raised
        token = kept.confirmation.token
    await desk.tap(token, message)


async def guarded_by_plan(stage: TapeStage) -> None:
    stage.trade("1474.00")
    await stage.plan(TEN, GUARDED)
    await settle()


async def guarded_by_hand(stage: TapeStage) -> None:
    stage.trade("1474.00")
    stage.broker.open_with(10)
    card = await stage.desk.proposals.propose(stage.desk.actor, STOP, chat_id=PERSON)
    await stage.desk.tap(await stage.desk.card(card, 66), 66)
    await settle()


@pytest.mark.parametrize("guarded", [guarded_by_plan, guarded_by_hand])
async def test_the_stop_is_raised_once_the_entry_is_filled_and_not_before(clock: LoopClock, guarded: object) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await (guarded_by_plan if guarded is guarded_by_plan else guarded_by_hand)(stage)
        assert stage.standing() == [(OrderKind.SL, 10)]
        card = await stage.desk.proposals.propose(stage.desk.actor, TEN, chat_id=PERSON)
        assert card.raising == Raising(
            number=card.raising.number if card.raising else 0, is_ours=True, before=10, after=20, raised=True
        )
        stage.trade("1476.00")  # the limit rests
        await add(stage)
        await settle()
        assert sorted(stage.standing()) == [(OrderKind.LIMIT, 10), (OrderKind.SL, 10)]
        stage.trade("1474.50")
        await settle()
        assert stage.standing() == [(OrderKind.SL, 20)]
        stage.trade("1449.00")
        await settle()
    assert (stage.broker.net, stage.broker.over) == (0, [])


async def test_the_target_of_the_position_takes_what_was_added_as_well(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await guarded_by_plan(stage)
        await add(stage)
        await settle()
        assert stage.standing() == [(OrderKind.SL, 20)]
        stage.trade("1501.00")
        await settle()
    assert (stage.broker.net, stage.broker.over, stage.broker.posts) == (0, [], 3)


async def test_the_stop_left_as_it_is_guards_what_it_guarded(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await guarded_by_plan(stage)
        await add(stage, join=False)
        await settle()
        assert stage.standing() == [(OrderKind.SL, 10)]
        assert stage.broker.net == 20


async def test_a_stop_of_the_app_is_named_on_the_card_and_raised_too(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        stage.trade("1474.00")
        stage.broker.open_with(10)
        stage.broker.app_order(a_stop(10))
        await settle()
        card = await stage.desk.proposals.propose(stage.desk.actor, TEN, chat_id=PERSON)
        assert card.raising is not None
        assert not card.raising.is_ours
        await stage.desk.tap(await stage.desk.card(card, 88), 88)
        await settle()
        assert stage.standing() == [(OrderKind.SL, 20)]
        stage.broker.app_order(SOLD)  # part of it is sold in the app
        await settle(15)
        assert stage.standing() == [(OrderKind.SL, 16)]
    assert stage.broker.net == 16


async def test_a_stop_that_was_hit_between_card_and_tap_refuses_the_entry(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await guarded_by_plan(stage)
        card = await stage.desk.proposals.propose(stage.desk.actor, TEN, chat_id=PERSON)
        token = await stage.desk.card(card, 88)
        stage.trade("1449.00")
        await settle()
        with pytest.raises(CheckFailed, match="waits no longer"):
            await stage.desk.tap(token, 88)
    assert stage.broker.net == 0


async def test_a_part_that_is_sold_in_the_app_lowers_a_stop_placed_by_hand_and_the_rest_cancels_it(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await guarded_by_hand(stage)
        stage.broker.app_order(SOLD)
        await settle(15)
        assert stage.standing() == [(OrderKind.SL, 6)]
        stage.broker.net = 0  # the rest is gone too
        stage.desk.core.plans.filled()
        await settle(15)
    assert stage.standing() == []
    assert [order.status for order in stage.broker.true] == [OrderStatus.CANCELLED, OrderStatus.FILLED]


async def test_a_part_that_is_sold_here_lowers_the_stop_and_a_restart_goes_on(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await guarded_by_hand(stage)
        sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=4, product=Product.MIS)
        card = await stage.desk.proposals.propose(stage.desk.actor, sell, chat_id=PERSON)
        await stage.desk.tap(await stage.desk.card(card, 99), 99)
        await settle()
        assert stage.standing() == [(OrderKind.SL, 6)]
    after = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with after.running():
        await settle()
        after.broker.app_order(SOLD)
        await settle(15)
        assert after.standing() == [(OrderKind.SL, 2)]


@pytest.mark.parametrize("shown", [0, 4])
async def test_a_book_that_shows_too_little_once_neither_lowers_a_stop_nor_takes_it_away(clock: LoopClock, shown: int) -> None:
    stage = await set_tape(clock)
    async with stage.running():
        await guarded_by_hand(stage)
        stage.broker.net = shown
        stage.desk.core.plans.filled()
        await asyncio.sleep(1.5)
        stage.broker.net = 10
        await settle(15)
        assert stage.standing() == [(OrderKind.SL, 10)]
    assert (stage.broker.changes, stage.broker.cancels) == ([], [])
