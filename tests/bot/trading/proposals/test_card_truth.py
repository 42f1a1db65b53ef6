"""What a card says is what can be done: lots of today, what an exit makes, and no Confirm that can only fail."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted, Refused
from bot.domain.orders.order import Order, OrderDraft, OrderRequest, OrderStatus
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.positions.portfolio import Holding, Margin, Position
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, a_core, set_stage
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
SELL = replace(BUY, side=Side.SELL)


def row(quantity: int, product: Product = Product.MIS, average: str = "1471.40", *, call: bool = False) -> Position:
    return Position(
        instrument=NIFTY_CALL if call else RELIANCE, product=product, quantity=quantity, bought=max(quantity, 0),
        sold=max(-quantity, 0), bought_value=Decimal(0), sold_value=Decimal(0), average=Decimal(average),
    )  # fmt: skip


def shares(quantity: int, **changes: Any) -> Holding:
    held = Holding(
        instrument=RELIANCE, isin="", quantity=quantity, t1=0, authorised=quantity, collateral=0,
        average=Decimal(1400), last=None, previous_close=None,
    )  # fmt: skip
    return replace(held, **changes)


async def ask(stage: DeskStage, request: OrderRequest) -> Proposal:
    return await stage.proposals.propose(stage.actor, request, chat_id=PERSON)


def warnings(proposal: Proposal) -> dict[str, str]:
    return {warning.name: warning.say for warning in proposal.warnings}


async def test_an_exit_of_an_odd_position_closes_whole_lots_and_says_what_stays(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [row(75, Product.NRML, "95.10", call=True)]
    proposal = await stage.proposals.positions.exit_position(stage.actor, NIFTY_CALL.key, Product.NRML, chat_id=PERSON)
    assert (proposal.draft.quantity, proposal.closes) == (65, 75)
    assert warnings(proposal)["odd_rest"].startswith("10 cannot be sold: NIFTY 24500 CE · 23 Nov goes in lots of 65")
    stage.broker.held = [row(40, Product.NRML, "95.10", call=True)]
    with pytest.raises(CheckFailed, match="40 cannot be closed here: NIFTY goes in lots of 65"):
        await stage.proposals.positions.exit_position(stage.actor, NIFTY_CALL.key, Product.NRML, chat_id=PERSON)


@pytest.mark.parametrize("exits", [False, True])
async def test_a_card_drawn_for_another_lot_is_asked_anew_and_sends_nothing(clock: LoopClock, *, exits: bool) -> None:
    stage = await set_stage(clock)
    now = clock.now()
    stage.connection.adopt(Session(token=Secret("jwt"), issued=now, expires=now + timedelta(days=2)))
    midnight = at_ist(ist_date(now) + timedelta(days=1), 0)
    await asyncio.sleep((midnight - now).total_seconds() - 10)
    if exits:
        stage.broker.held = [row(-65, Product.NRML, "95.10", call=True)]
    request = OrderRequest(side=Side.BUY, symbol="nifty 24500 ce", lots=1, price=Decimal(1480))
    token = await stage.card(await ask(stage, request))
    stage.broker.scrips = [RELIANCE, replace(NIFTY_CALL, lot=75)]
    await asyncio.sleep(20)
    await stage.core.catalogue.refresh(ACCOUNT.id)
    with pytest.raises(ChoiceWanted, match="trades in lots of 75; 65 is no whole number of lots"):
        await stage.tap(token)
    assert stage.broker.posts == 0


@pytest.mark.parametrize(
    ("held", "request_", "figures"),
    [
        (row(25), replace(SELL, product=Product.MIS), ("1471.40", "88.00", "14.00")),
        (row(-25), replace(BUY, product=Product.MIS), ("1471.40", "-89.00", "-163.00")),
        (row(25), replace(SELL, product=Product.MIS, price=Decimal(1490)), ("1471.40", "88.00", "186.00")),
    ],
    ids=["long", "short", "at a limit"],
)
async def test_an_exit_card_shows_what_was_paid_and_what_it_makes_of_it(
    clock: LoopClock, held: Position, request_: OrderRequest, figures: tuple[str, ...]
) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [held]
    shown = (await ask(stage, request_)).figures
    assert shown is not None
    assert (shown.entry, shown.if_now, shown.at_worst) == tuple(map(Decimal, figures))


async def test_an_exit_from_holdings_uses_their_average_and_one_of_unknown_cost_says_so(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.demat = [shares(20)]
    known = (await ask(stage, replace(SELL, product=Product.CNC))).figures
    assert known is not None
    assert (known.entry, known.if_now) == (Decimal(1400), Decimal("802.00"))
    stage.broker.demat = [replace(shares(20), average=None)]
    unknown = (await ask(stage, replace(SELL, product=Product.CNC))).figures
    assert unknown is not None
    assert (unknown.entry, unknown.if_now, unknown.at_worst) == (None, None, None)


async def test_pledged_shares_are_not_sold_and_offer_no_short(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.demat = [shares(20, collateral=20)]
    with pytest.raises(CheckFailed, match="20 RELIANCE are pledged: unpledge them in the mStock app first"):
        await ask(stage, SELL)
    with pytest.raises(CheckFailed, match=r"20 are pledged\. Unpledge them in the mStock app first"):
        await ask(stage, replace(SELL, product=Product.CNC))
    stage.broker.demat = [shares(30, collateral=20)]
    assert "pledged" in warnings(await ask(stage, replace(SELL, product=Product.CNC)))
    with pytest.raises(CheckFailed, match="Only 10 RELIANCE can be sold"):
        await ask(stage, replace(SELL, product=Product.CNC, quantity=11))


@pytest.mark.parametrize(
    ("held", "named"),
    [
        (shares(0, t1=10, authorised=10), {"undelivered"}),
        (shares(5, t1=10, authorised=10), {"undelivered"}),
        (shares(10, t1=10, authorised=20), set()),
        (shares(10, authorised=0), {"unauthorised"}),
        (shares(0, t1=10, authorised=0), {"undelivered", "unauthorised"}),
    ],
)
async def test_what_a_sale_meets_at_the_depository_is_warned_about(clock: LoopClock, held: Holding, named: set[str]) -> None:
    stage = await set_stage(clock)
    stage.broker.demat = [held]
    said = set(warnings(await ask(stage, replace(SELL, product=Product.CNC))))
    assert said & {"undelivered", "unauthorised", "pledged"} == named


async def test_what_was_bought_today_meets_nothing_at_the_depository(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [row(10, Product.CNC)]
    stage.broker.demat = [shares(10, authorised=0)]
    assert not {"undelivered", "unauthorised"} & set(warnings(await ask(stage, replace(SELL, product=Product.CNC))))


async def test_a_refused_market_order_is_asked_again_with_a_worst_price(clock: LoopClock) -> None:
    stage = await set_stage(clock)

    def refuse() -> None:
        raise Refused("no", words="RMS:1: market orders are not allowed", broker_id="1", final=True)

    stage.broker.before_place = refuse
    order = await stage.tap(await stage.card(await ask(stage, replace(BUY, market=True))))
    assert isinstance(order, Order)
    assert (order.status, order.draft.kind) == (OrderStatus.REJECTED, OrderKind.MARKET)
    again = await stage.proposals.same_again(stage.actor, order.id, chat_id=PERSON)
    assert (again.draft.kind, again.draft.protected, again.draft.price) == (OrderKind.LIMIT, True, Decimal("1487.70"))


async def test_a_closed_market_is_no_card_to_confirm_but_says_when_it_opens(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    core = a_core(stage.store, stage.connection, clock, MARKET_HOURS="real")
    await core.catalogue.refresh(ACCOUNT.id)
    now = clock.now()
    stage.connection.adopt(Session(token=Secret("jwt"), issued=now, expires=now + timedelta(days=2)))
    await asyncio.sleep((at_ist(ist_date(now), 10) - now).total_seconds())
    assert (await core.services.proposals.propose(stage.actor, BUY, chat_id=PERSON)).opens is None
    await asyncio.sleep(10 * 3600)  # Friday, 20:00
    closed = await core.services.proposals.propose(stage.actor, BUY, chat_id=PERSON)
    assert closed.opens is not None
    assert closed.opens > clock.now() + timedelta(days=2), "the weekend lies between"
    stage.broker.held = [row(10)]
    way_out = await core.services.proposals.propose(stage.actor, replace(SELL, product=Product.MIS), chat_id=PERSON)
    assert way_out.opens == closed.opens


async def test_a_market_purchase_that_is_paid_whole_has_one_figure(clock: LoopClock) -> None:
    class Dearer(ScriptedBroker):
        async def margin(self, draft: OrderDraft) -> Margin:
            return Margin(required=Decimal("14804.00"))

    stage = await set_stage(clock, broker=Dearer(clock))
    proposal = await ask(stage, replace(BUY, market=True))
    assert (proposal.value, proposal.margin) == (Decimal("14804.00"), Decimal("14804.00"))


async def test_a_changes_card_counts_what_the_order_blocks_already_and_what_it_has_filled(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await stage.card(await ask(stage, replace(BUY, price=Decimal(1475)))))
    assert isinstance(order, Order)
    stage.broker.fill(4)
    await stage.reconcile.sync(ACCOUNT.id)
    dearer = await stage.proposals.modify(stage.actor, order.number, price=Decimal(1478), quantity=None, chat_id=PERSON)
    assert dearer.cash is not None
    assert dearer.cash_after == dearer.cash - 6 * 3
    more = await stage.proposals.modify(stage.actor, order.number, price=None, quantity=20, chat_id=PERSON)
    assert more.cash_after == dearer.cash - 10 * 1475
    assert "cash_short" not in warnings(more)


async def test_the_change_of_an_exit_offers_no_more_than_is_open_and_no_other_product(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [row(130, Product.NRML, "95.10", call=True)]
    whole = await stage.proposals.positions.exit_position(stage.actor, NIFTY_CALL.key, Product.NRML, chat_id=PERSON)
    options = await stage.proposals.change_options(stage.actor, await stage.card(whole))
    assert (options.quantities, options.products) == ((65,), ()), "260 or MIS would open a short"
    buy = await ask(stage, BUY)
    assert (await stage.proposals.change_options(stage.actor, await stage.card(buy))).quantities == (9, 11, 20)


async def test_a_change_of_a_working_order_offers_no_other_product(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = await stage.tap(await stage.card(await ask(stage, replace(BUY, price=Decimal(1475)))))
    assert isinstance(order, Order)
    dearer = await stage.proposals.modify(stage.actor, order.number, price=Decimal(1478), quantity=None, chat_id=PERSON)
    options = await stage.proposals.change_options(stage.actor, await stage.card(dearer, 78))
    assert (options.quantities, options.products) == ((9, 11, 20), ())


async def test_a_cancelled_exit_is_asked_again_as_an_exit_and_never_opens_a_short(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [row(10)]
    order = await stage.tap(await stage.card(await ask(stage, replace(SELL, product=Product.MIS, price=Decimal(1490)))))
    assert isinstance(order, Order)
    await stage.orders.cancel(stage.actor, order.number, chat_id=PERSON)
    again = await stage.proposals.same_again(stage.actor, order.id, chat_id=PERSON)
    assert again.closes == 10
    await asyncio.sleep(61)
    stage.broker.held = []
    with pytest.raises(CheckFailed, match="Nothing of it is open any more"):
        await stage.proposals.again(stage.actor, again.confirmation.token, chat_id=PERSON)
    with pytest.raises(CheckFailed, match="Nothing of it is open any more"):
        await stage.proposals.same_again(stage.actor, order.id, chat_id=PERSON)
