"""A cancel or a change that meets a fill, an order that is over, or an address that is not registered."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import (
    AddressRefused,
    OrderOver,
)
from bot.domain.news.connections import AddressNotRegistered
from bot.domain.orders.order import Order, OrderDraft, OrderRequest, OrderStatus
from bot.domain.orders.standing import Cancelled
from bot.domain.proposals.proposal import Question
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import LIMIT, ask
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import set_stage
from tests.storage.samples import PERSON


async def test_cancelling_a_resting_order_asks_nothing_again_and_the_book_decides(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    cancelled = await stage.orders.cancel(stage.actor, 1, chat_id=PERSON)
    assert isinstance(cancelled, Cancelled)
    assert (cancelled.order.status, cancelled.error) == (OrderStatus.CANCELLED, None)
    assert await stage.notices() == []  # the person asked for it and sees it on the card


async def test_cancelling_what_filled_meanwhile_shows_the_fill_and_is_no_error(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    stage.broker.fill(10)
    done = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(done, Cancelled)
    assert (done.order.status, done.order.filled, done.error) == (OrderStatus.FILLED, 10, None)


async def test_cancelling_what_is_over_while_the_book_is_late_is_said_in_words(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    stage.broker.fill(10)
    stage.broker.book_lag = 30
    told = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    assert isinstance(told, Cancelled)
    assert isinstance(told.error, OrderOver)
    assert len(stage.broker.cancels) == 1


async def test_changing_what_filled_meanwhile_changes_nothing_and_shows_the_fill(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    change = await stage.proposals.modify(stage.actor, order.number, price=Decimal("1470.00"), quantity=None, chat_id=PERSON)
    token = await stage.card(change, 78)
    stage.broker.fill(10)
    with pytest.raises(OrderOver):
        await stage.tap(token, 78)
    known = await stage.order()
    assert known is not None
    assert (known.status, known.draft.price) == (OrderStatus.FILLED, Decimal("1475.00"))


@pytest.mark.parametrize("act", ["place", "change", "cancel"])
async def test_an_address_that_is_not_registered_is_told_once_a_day_whichever_act_met_it(clock: LoopClock, act: str) -> None:
    class Elsewhere(ScriptedBroker):
        refusing = False

        def refuse(self) -> None:
            if self.refusing:
                raise AddressRefused("not from here", code="IA403", words="Primary and Secondary IP Address are not matching")

        async def modify(self, broker_id: str, draft: OrderDraft, *, urgent: bool = False) -> None:
            self.refuse()

        async def cancel(self, broker_id: str) -> None:
            self.refuse()

    broker = Elsewhere(clock)
    broker.before_place = broker.refuse
    stage = await set_stage(clock, broker=broker)
    order = await stage.tap(await ask(stage))
    assert isinstance(order, Order)
    await stage.notices()
    broker.refusing = True
    for again in range(2):
        if act == "place":
            await stage.tap(await ask(stage, replace(LIMIT, quantity=20 + again)))
        elif act == "cancel":
            told_of = await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
            assert isinstance(told_of, Cancelled)
            assert isinstance(told_of.error, AddressRefused)
        else:
            change = await stage.proposals.modify(
                stage.actor, order.number, price=Decimal("1470.00"), quantity=None, chat_id=PERSON
            )
            token = await stage.card(change, 90 + again)
            with pytest.raises(AddressRefused):
                await stage.tap(token, 90 + again)
    told = [notice for notice in await stage.notices() if isinstance(notice, AddressNotRegistered)]
    assert [notice.words for notice in told] == ["Primary and Secondary IP Address are not matching"]
    asked = await stage.proposals.propose(stage.actor, replace(LIMIT, quantity=30), chat_id=PERSON)
    assert "address_refused" in {remark.name for remark in asked.warnings}, "seen today, said on each card"


async def test_cancelling_a_waiting_stop_is_asked_again_in_words(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stop = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, product=Product.MIS, trigger=Decimal("1450.00"))
    order = await stage.tap(await ask(stage, stop))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.TRIGGER_PENDING
    question = await stage.orders.cancel(stage.actor, 1, chat_id=PERSON)
    assert isinstance(question, Question)
    assert stage.broker.cancels == []
    await stage.proposals.shown(question.confirmation.token, 80)
    await stage.tap(question.confirmation.token, 80)
    assert len(stage.broker.cancels) == 1
