"""What a question offers before it is tapped: readings as buttons, repairs that work, charges, and what is held now."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import (
    CheckFailed,
    ChoiceWanted,
    NotAllowed,
    StopWordsRefused,
)
from bot.domain.market.instrument import Exchange
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.people.account import Role
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import BUY, LIMIT, a_holding, a_position, ask
from tests.stage.desk import set_stage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON


async def test_a_cash_sale_with_two_readings_becomes_buttons_and_a_short_is_never_the_default(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    sell = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10)
    with pytest.raises(ChoiceWanted) as nothing_held:
        await stage.proposals.propose(stage.actor, sell, chat_id=PERSON)
    assert [label for label, _ in nothing_held.value.near] == ["New intraday short 10"]
    stage.broker.demat = [a_holding(40)]
    assert (await stage.proposals.propose(stage.actor, sell, chat_id=PERSON)).draft.product is Product.CNC
    stage.broker.held = [a_position(10)]
    with pytest.raises(ChoiceWanted) as both:
        await stage.proposals.propose(stage.actor, sell, chat_id=PERSON)
    assert [label for label, _ in both.value.near] == ["Close intraday 10", "From holdings 40", "New intraday short 10"]


async def test_a_viewer_looks_and_cannot_trade_and_a_guardian_only_reduces(clock: LoopClock) -> None:
    viewer = await set_stage(clock, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        await viewer.proposals.propose(viewer.actor, LIMIT, chat_id=PERSON)
    guardian = await set_stage(clock, role=Role.GUARDIAN)
    with pytest.raises(CheckFailed, match="guardian"):
        await guardian.proposals.propose(guardian.actor, LIMIT, chat_id=PERSON)


async def test_a_price_between_ticks_and_a_broken_lot_become_buttons_that_work(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    with pytest.raises(ChoiceWanted) as tick:
        await stage.proposals.propose(stage.actor, replace(BUY, price=Decimal("1475.13")), chat_id=PERSON)
    assert [command for _, command in tick.value.near] == ["/buy RELIANCE 10 @1475.1", "/buy RELIANCE 10 @1475.2"]
    call = OrderRequest(side=Side.BUY, symbol="nifty 24500 ce", quantity=100, exchange=Exchange.NFO)
    with pytest.raises(ChoiceWanted) as lot:
        await stage.proposals.propose(stage.actor, call, chat_id=PERSON)
    assert [label for label, _ in lot.value.near] == ["1 lot = 65", "2 lots = 130"]


async def test_a_change_offers_each_size_once_and_prices_on_the_tick(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    options = await stage.proposals.change_options(stage.actor, await ask(stage, replace(LIMIT, quantity=1)))
    assert options.quantities == (2,)
    assert options.steps == (("Lower", Decimal("1473.50")), ("Higher", Decimal("1476.50")))
    assert options.seen == (("Bid", Decimal("1480.20")), ("Ask", Decimal("1480.30"))), "no tick lies between them"


async def test_a_sale_out_of_the_holdings_names_its_charges_and_what_comes_in(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.demat = [a_holding(40)]
    sale = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))
    asked = await stage.proposals.propose(stage.actor, sale, chat_id=PERSON)
    assert asked.draft.product is Product.CNC
    assert asked.charges is not None
    assert asked.charges > Decimal("21.24"), "18 rupees and GST of the depository, and STT"
    assert asked.proceeds == Decimal("14750.00") - asked.charges
    assert asked.charges_both is None, "the other side lies in the past"


async def test_the_exit_of_a_position_closes_what_is_held_now(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(25, Product.CNC), a_position(-10)]
    asked = await stage.proposals.positions.exit_position(stage.actor, RELIANCE.key, Product.MIS, chat_id=PERSON)
    assert asked.closes == asked.draft.quantity
    assert (asked.draft.side, asked.draft.quantity, asked.draft.product) == (Side.BUY, 10, Product.MIS)
    assert asked.draft.protected
    stage.broker.held = []
    with pytest.raises(CheckFailed, match="no open MIS position"):
        await stage.proposals.positions.exit_position(stage.actor, RELIANCE.key, Product.MIS, chat_id=PERSON)


async def test_a_refused_stop_spelling_is_not_sent_again_but_asked_anew_in_the_other_words(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stop = OrderRequest(side=Side.SELL, symbol="RELIANCE", quantity=10, product=Product.MIS, trigger=Decimal("1450.00"))

    def quarrel() -> None:
        raise StopWordsRefused("mStock does not take this spelling", code="IA400", words="Invalid ordertype")

    stage.broker.before_place = quarrel
    refused = await stage.tap(await ask(stage, stop))
    assert isinstance(refused, Order)
    assert refused.status is OrderStatus.REFUSED
    assert stage.broker.posts == 1
    assert await stage.store.transaction(lambda db: db.accounts.stop_words(ACCOUNT.id)) == "split"
    stage.broker.before_place = lambda: None
    looking = asyncio.create_task(stage.reconcile.run())
    await asyncio.sleep(250)  # a refusal is no proof: the same entry waits until it was looked for
    looking.cancel()
    again = await stage.proposals.same_again(stage.actor, refused.id, chat_id=PERSON)
    placed = await stage.tap(await stage.card(again, 91), 91)
    assert isinstance(placed, Order)
    assert (stage.broker.posts, stage.broker.stop_words) == (2, "split")


async def test_contracts_are_not_entered_on_an_old_list_and_shares_are(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    call = OrderRequest(side=Side.BUY, symbol="nifty 24500 ce", quantity=65)
    await asyncio.sleep(timedelta(days=1).total_seconds())
    assert isinstance(await stage.proposals.propose(stage.actor, call, chat_id=PERSON), Proposal)
    await asyncio.sleep(timedelta(days=1).total_seconds())
    with pytest.raises(CheckFailed, match="list of contracts"):
        await stage.proposals.propose(stage.actor, call, chat_id=PERSON)
    assert isinstance(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), Proposal)
