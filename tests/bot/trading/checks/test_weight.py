"""What is heavy is asked again in words, and what can only be a slip is refused.

Exits are neither.
"""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone, WordsWanted
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)


async def ask(stage: DeskStage, request: OrderRequest, message: int = 77) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON), message)


async def say_yes(stage: DeskStage, token: str, message: int = 77) -> object:
    return await stage.desk.confirm(stage.actor, token, chat_id=PERSON, message_id=message, in_words=True)


def holding(quantity: int, product: Product = Product.MIS, *, call: bool = False) -> Position:
    return Position(
        instrument=NIFTY_CALL if call else RELIANCE, product=product, quantity=quantity, bought=max(quantity, 0),
        sold=max(-quantity, 0), bought_value=Decimal(0), sold_value=Decimal(0), average=Decimal(100),
    )  # fmt: skip


HEAVY = [
    (replace(BUY, price=Decimal(1700)), r"The limit 1,700.00 is 15 % above the ask 1,480.30\."),
    (replace(BUY, side=Side.SELL, product=Product.MIS, price=Decimal(1300)), r"12 % below the bid 1,480.20\."),
    (replace(BUY, quantity=600), r"It blocks 8,92,620.00, over 3 times the 2,50,000.00 that is available\."),
    (OrderRequest(side=Side.SELL, symbol="nifty 24500 ce", quantity=65), "its loss has no floor"),
]


@pytest.mark.parametrize(("request_", "why"), HEAVY, ids=["far above", "far below", "beyond the means", "bare short"])
async def test_a_heavy_entry_goes_only_after_its_question_in_words(clock: LoopClock, request_: OrderRequest, why: str) -> None:
    stage = await set_stage(clock)
    stage.feed.bid, stage.feed.ask = Decimal("1480.20"), Decimal("1480.30")
    token = await ask(stage, request_)
    with pytest.raises(ConfirmationGone):
        await say_yes(stage, token)
    with pytest.raises(WordsWanted, match=why):
        await stage.tap(token)
    with pytest.raises(ConfirmationGone):  # a second tap in the same breath was meant for the first button
        await say_yes(stage, token)
    await asyncio.sleep(2)
    with pytest.raises(WordsWanted):
        await stage.tap(token)
    await asyncio.sleep(2)
    assert stage.broker.posts == 0
    assert isinstance(await say_yes(stage, token), Order)
    with pytest.raises(ConfirmationGone, match="answered already"):
        await say_yes(stage, token)
    assert stage.broker.posts == 1


@pytest.mark.parametrize(
    "request_",
    [
        replace(BUY, price=Decimal(1600)),
        replace(BUY, price=Decimal(1000)),
        replace(BUY, quantity=450),
    ],
    ids=["a little above", "far below what is asked", "under three times"],
)
async def test_an_ordinary_entry_takes_one_tap(clock: LoopClock, request_: OrderRequest) -> None:
    stage = await set_stage(clock)
    assert isinstance(await stage.tap(await ask(stage, request_)), Order)


async def test_a_covered_short_option_takes_one_tap(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    further = replace(NIFTY_CALL, token="45270", name="NIFTY26NOV24800CE", strike=Decimal(24800))
    stage.broker.held = [replace(holding(65, Product.NRML, call=True), instrument=further)]
    short = OrderRequest(side=Side.SELL, symbol="nifty 24500 ce", quantity=65)
    assert isinstance(await stage.tap(await ask(stage, short)), Order)


async def test_an_exit_is_never_asked_again_whatever_its_price(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [holding(100_000)]
    way_out = replace(BUY, side=Side.SELL, product=Product.MIS, quantity=100_000, price=Decimal(900))
    assert isinstance(await stage.tap(await ask(stage, way_out)), Order)


@pytest.mark.parametrize("request_", [replace(BUY, quantity=1_000_000_000), replace(BUY, price=Decimal(99_999_999))])
async def test_a_size_that_can_only_be_a_slip_is_refused(clock: LoopClock, request_: OrderRequest) -> None:
    stage = await set_stage(clock)
    with pytest.raises(CheckFailed, match=r"over the ceiling of 5,00,00,000\.00 for one order"):
        await ask(stage, request_)


async def test_a_stop_is_moved_with_the_worst_price_that_was_said_and_a_limit_has_none(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [holding(10)]
    order = await stage.tap(await ask(stage, replace(BUY, side=Side.SELL, product=Product.MIS, trigger=Decimal(1450))))
    assert isinstance(order, Order)
    to, limit = Decimal(1460), Decimal(1452)
    change = await stage.proposals.modify(stage.actor, order.number, price=to, limit=limit, quantity=None, chat_id=PERSON)
    assert (change.draft.trigger, change.draft.price) == (to, limit)
    resting = await stage.tap(await ask(stage, replace(BUY, price=Decimal(1400))))
    assert isinstance(resting, Order)
    with pytest.raises(CheckFailed, match="waits for no trigger"):
        await stage.proposals.modify(stage.actor, resting.number, price=to, limit=limit, quantity=None, chat_id=PERSON)


async def test_more_than_a_hundred_freezes_are_refused_however_cheap(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.feed.bid = stage.feed.ask = Decimal("1.00")
    with pytest.raises(CheckFailed, match="over 100 times the freeze"):
        await ask(stage, OrderRequest(side=Side.BUY, symbol="nifty 24500 ce", lots=3000, price=Decimal("1.00")))


@pytest.mark.parametrize(("to", "heavy"), [(1440, True), (1460, False)])
async def test_widening_a_stop_is_asked_in_words_and_tightening_it_is_not(clock: LoopClock, *, to: int, heavy: bool) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [holding(10)]
    stop = replace(BUY, side=Side.SELL, product=Product.MIS, trigger=Decimal(1450))
    order = await stage.tap(await ask(stage, stop))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.TRIGGER_PENDING
    change = await stage.proposals.modify(stage.actor, order.number, price=Decimal(to), quantity=None, chat_id=PERSON)
    token = await stage.card(change, 78)
    if heavy:
        with pytest.raises(WordsWanted, match=r"from 1,450.00 to 1,440.00: it lets you lose more\."):
            await stage.tap(token, 78)
        await asyncio.sleep(2)
        await say_yes(stage, token, 78)
    else:
        await stage.tap(token, 78)
    assert stage.broker.true[0].draft.trigger == Decimal(to)


async def test_of_two_change_cards_the_second_dies_when_the_order_changed(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage, replace(BUY, price=Decimal(1475))))
    assert isinstance(order, Order)
    first = await stage.proposals.modify(stage.actor, 1, price=Decimal(1476), quantity=None, chat_id=PERSON)
    second = await stage.proposals.modify(stage.actor, 1, price=Decimal(1470), quantity=None, chat_id=PERSON)
    await stage.card(first, 78)
    await stage.card(second, 79)
    await stage.tap(first.confirmation.token, 78)
    with pytest.raises(ConfirmationGone, match=r"The order changed since this card\."):
        await stage.tap(second.confirmation.token, 79)
    assert stage.broker.true[0].draft.price == Decimal(1476)


@pytest.mark.parametrize(
    ("side", "trigger", "warned"), [(Side.SELL, 1500, True), (Side.SELL, 1450, False), (Side.BUY, 1400, True)]
)
async def test_a_trigger_that_the_price_has_passed_is_warned_about(
    clock: LoopClock, side: Side, trigger: int, *, warned: bool
) -> None:
    stage = await set_stage(clock)
    stop = replace(BUY, side=side, product=Product.MIS, trigger=Decimal(trigger))
    proposal = await stage.proposals.propose(stage.actor, stop, chat_id=PERSON)
    assert ("trigger_passed" in [warning.name for warning in proposal.warnings]) is warned
