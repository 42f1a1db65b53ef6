"""The host's clock is set back or forward: durations of this process do not notice, and what is stored is bounded both ways."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone, Unclear
from bot.domain.news.orders.orders import OrderNotSeen
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.orders.research import PastTrade
from bot.domain.people.account import Session, Stop
from bot.domain.people.secret import Secret
from bot.domain.positions.portfolio import Position
from bot.domain.proposals.proposal import Proposal, Question
from bot.domain.terms import Product, Side
from handlers.views.orders.card import card, not_there
from tests.stage.desk import DeskStage, set_stage
from tests.stage.loop import HostClock
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))
INTRADAY = replace(BUY, product=Product.MIS)
EXIT = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, product=Product.MIS)
STEPS = (-7200, -120, 120, 7200)


async def ask(stage: DeskStage, request: OrderRequest) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, request, chat_id=PERSON))


def holds(stage: DeskStage) -> None:
    stage.broker.held = [
        Position(
            instrument=RELIANCE, product=Product.MIS, quantity=10, bought=10, sold=0,
            bought_value=Decimal(14700), sold_value=Decimal(0), average=Decimal(1470),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("request_", [BUY, INTRADAY, EXIT])
async def test_a_card_made_after_the_clock_was_set_is_no_card_of_before_a_restart(
    host_clock: HostClock, step: int, request_: OrderRequest
) -> None:
    stage = await set_stage(host_clock)
    holds(stage)
    await asyncio.sleep(30)
    host_clock.step(step)
    order = await stage.tap(await ask(stage, request_))
    assert isinstance(order, Order), order
    assert stage.broker.posts == 1


@pytest.mark.parametrize("step", STEPS)
async def test_an_entry_whose_card_has_the_clock_set_under_it_is_not_sent_and_can_be_asked_again(
    host_clock: HostClock, step: int
) -> None:
    stage = await set_stage(host_clock)
    token = await ask(stage, BUY)
    host_clock.step(step)
    await asyncio.sleep(5)
    with pytest.raises(ConfirmationGone, match="Nothing was sent") as gone:
        await stage.tap(token)
    assert gone.value.again
    assert stage.broker.posts == 0
    again = await stage.proposals.again(stage.actor, token, chat_id=PERSON)
    assert isinstance(await stage.tap(await stage.card(again, 78), 78), Order)


@pytest.mark.parametrize("step", STEPS)
async def test_an_exit_goes_whatever_the_clock_does_under_its_card(host_clock: HostClock, step: int) -> None:
    stage = await set_stage(host_clock)
    holds(stage)
    token = await ask(stage, EXIT)
    host_clock.step(step)
    await asyncio.sleep(5)
    assert isinstance(await stage.tap(token), Order)
    assert stage.broker.urgent == [True]


@pytest.mark.parametrize("step", [-7200, -120, -30, -20])
@pytest.mark.parametrize("request_", [BUY, EXIT])
async def test_a_card_of_sixty_seconds_is_over_after_seventy_five_though_the_clock_was_set_back(
    host_clock: HostClock, step: int, request_: OrderRequest
) -> None:
    stage = await set_stage(host_clock)
    holds(stage)
    token = await ask(stage, request_)
    await asyncio.sleep(40)
    host_clock.step(step)
    await asyncio.sleep(35)
    with pytest.raises(ConfirmationGone, match="Nothing was sent"):
        await stage.tap(token)
    assert stage.broker.posts == 0


@pytest.mark.parametrize("step", [-7200, -120])
async def test_a_card_of_before_a_restart_that_comes_from_the_future_is_dead(host_clock: HostClock, step: int) -> None:
    first = await set_stage(host_clock)
    token = await ask(first, BUY)
    host_clock.step(step)
    stage = await set_stage(host_clock, store=first.store, broker=first.broker, chance=12)
    await asyncio.sleep(75)
    with pytest.raises(ConfirmationGone, match="Nothing was sent"):
        await stage.tap(token)
    assert stage.broker.posts == 0


@pytest.mark.parametrize("step", STEPS)
async def test_the_cancel_of_a_stop_asked_in_words_goes_whatever_the_clock_does(host_clock: HostClock, step: int) -> None:
    stage = await set_stage(host_clock)
    holds(stage)
    order = await stage.tap(await ask(stage, replace(EXIT, trigger=Decimal("1460.00"))))
    assert isinstance(order, Order)
    stage.broker.true[0].status = OrderStatus.TRIGGER_PENDING
    await stage.reconcile.sync(ACCOUNT.id)
    question = await stage.orders.cancel(stage.actor, order.id, chat_id=PERSON)
    assert isinstance(question, Question)
    await stage.proposals.shown(question.confirmation.token, 79)
    host_clock.step(step)
    await stage.tap(question.confirmation.token, 79)
    assert stage.broker.cancels == [stage.broker.true[0].broker_id]


@pytest.mark.parametrize("step", STEPS)
async def test_the_kill_switch_is_not_lifted_by_a_question_that_the_clock_was_set_under(host_clock: HostClock, step: int) -> None:
    stage = await set_stage(host_clock)
    stop = Stop(account_id=ACCOUNT.id, by=PERSON, at=host_clock.now(), why="")
    await stage.store.transaction(lambda db: db.stops.stop(stop))
    question = await stage.switch.ask_resume(stage.actor, chat_id=PERSON)
    await stage.proposals.shown(question.confirmation.token, 79)
    host_clock.step(step)
    with pytest.raises(ConfirmationGone):
        await stage.tap(question.confirmation.token, 79)
    assert await stage.store.transaction(lambda db: db.stops.stopped(ACCOUNT.id)) is not None


@pytest.mark.parametrize("step", [-7200, 7200])
async def test_an_order_of_unknown_outcome_is_looked_for_and_given_up_by_the_time_that_passes(
    host_clock: HostClock, step: int
) -> None:
    stage = await set_stage(host_clock)

    def lost() -> None:
        stage.broker.true.clear()
        raise Unclear("no answer")

    stage.broker.after_place = lost
    order = await stage.tap(await ask(stage, BUY))
    assert isinstance(order, Order)
    assert order.status is OrderStatus.UNKNOWN
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(2)
    host_clock.step(step)
    await asyncio.sleep(20)
    with pytest.raises(CheckFailed, match="still looking"):
        await stage.orders.give_up(stage.actor, order.id)
    seen = await stage.order()
    assert seen is not None
    assert seen.looks >= 5, "the steps of the look-out are kept"
    await asyncio.sleep(165)
    assert (await stage.orders.give_up(stage.actor, order.id)).status is OrderStatus.NOT_SEEN
    looking.cancel()


@pytest.mark.parametrize("off", [-7200.0, -11.0, 11.0, 7200.0])
async def test_a_clock_that_is_off_against_the_broker_refuses_an_entry_at_the_card_and_at_the_tap_and_lets_an_exit_go(
    host_clock: HostClock, off: float
) -> None:
    stage = await set_stage(host_clock)
    holds(stage)
    token = await ask(stage, BUY)
    stage.broker.off = off
    with pytest.raises(CheckFailed, match="clock"):
        await stage.tap(token)
    with pytest.raises(CheckFailed, match="clock"):
        await ask(stage, BUY)
    assert stage.broker.posts == 0
    assert isinstance(await stage.tap(await ask(stage, EXIT)), Order)


async def test_a_clock_that_cannot_be_compared_warns_of_an_entry(host_clock: HostClock) -> None:
    stage = await set_stage(host_clock)
    holds(stage)
    stage.broker.off = None
    asked = await stage.proposals.propose(stage.actor, BUY, chat_id=PERSON)
    assert "clock_unknown" in [remark.name for remark in asked.warnings]
    leaving = await stage.proposals.propose(stage.actor, EXIT, chat_id=PERSON)
    assert isinstance(leaving, Proposal)
    assert "clock_unknown" not in [remark.name for remark in leaving.warnings]


async def unknown_of_yesterday(host_clock: HostClock) -> tuple[DeskStage, Order]:
    stage = await set_stage(host_clock)

    def lost() -> None:
        stage.broker.true.clear()
        raise Unclear("no answer")

    stage.broker.after_place = lost
    order = await stage.tap(await ask(stage, BUY))
    assert isinstance(order, Order)
    await asyncio.sleep(24 * 3600)
    stage.connection.adopt(Session(token=Secret("new"), issued=host_clock.now(), expires=host_clock.now() + timedelta(hours=9)))
    return stage, order


TRADE = PastTrade(
    exchange="NSE", name="RELIANCE INDUSTRIES LTD", side=Side.BUY, product=Product.CNC, quantity=10, price=Decimal("1474.50"),
    trade_id="77", time="09:31:02",
)  # fmt: skip


async def test_an_order_still_unknown_on_the_next_day_is_looked_for_in_the_trade_history_and_the_positions(
    host_clock: HostClock,
) -> None:
    stage, order = await unknown_of_yesterday(host_clock)
    stage.broker.history = [TRADE, replace(TRADE, side=Side.SELL), replace(TRADE, quantity=500)]
    seen = await stage.orders.sync(stage.actor, order.id)
    assert seen.status is OrderStatus.UNKNOWN
    history = "Trade history of 20 Nov: BUY 10 RELIANCE INDUSTRIES LTD at 1474.50 (09:31:02)."
    assert seen.reason == f"{history} Open position in it now: none."
    assert "another day's" in card(seen, label="main", mode="LIVE", now=host_clock.now(), explain=str).plain
    assert history in not_there(seen, "main", "LIVE", host_clock.now()).plain
    told = next(notice for notice in await stage.notices() if isinstance(notice, OrderNotSeen))
    assert told.order.reason == seen.reason


async def test_an_order_of_yesterday_is_not_closed_while_the_trade_history_cannot_be_read(host_clock: HostClock) -> None:
    stage, order = await unknown_of_yesterday(host_clock)
    stage.broker.history = None
    before = await stage.store.transaction(lambda db: db.orders.find(order.id))
    seen = await stage.orders.sync(stage.actor, order.id)
    assert before is not None
    assert seen.looks == before.looks
    with pytest.raises(CheckFailed, match="trade history could not be read"):
        await stage.orders.give_up(stage.actor, order.id)
    stage.broker.history = []
    assert (await stage.orders.give_up(stage.actor, order.id)).status is OrderStatus.NOT_SEEN
