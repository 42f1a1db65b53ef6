"""P&L exits that no scope or time fits, ways out beyond their licence, and what cannot go beside an order: nothing is sent."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone
from bot.domain.orders.legs import Leg, TrailSaid
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.plans.plan import LegKind, PlanLeg
from bot.domain.plans.pnl_card import PnlSaid
from bot.domain.plans.pnl_exit import ScopeKind
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.exits.exit_wanted import ExitWanted
from tests.stage.floor import BANK, ITC, set_floor
from tests.storage.samples import ACCOUNT, PERSON

OUT = OrderDraft(instrument=BANK, side=Side.SELL, quantity=60, kind=OrderKind.MARKET, product=Product.NRML)
SHARES = OrderRequest(side=Side.BUY, symbol="ITC", quantity=10, product=Product.MIS)
MUCH = OrderRequest(
    side=Side.BUY, symbol=BANK.name, quantity=3000, product=Product.NRML, price=Decimal(100), exchange=BANK.exchange
)


async def test_a_pnl_exit_is_for_one_position_and_not_for_some_or_for_a_time_that_is_over(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    stage.broker.opens(ITC, 50, Product.MIS)
    exits, actor = stage.desk.core.services.pnl_exits, stage.desk.actor
    said = PnlSaid(stop=Decimal(-5000), after_charges=False)
    card = await exits.ask(actor, "banknifty nrml", said, chat_id=PERSON)
    assert (card.exit.scope.kind, card.exit.scope.instrument) == (ScopeKind.POSITION, BANK)
    with pytest.raises(CheckFailed, match="for one position, for one underlying, or for all"):
        await exits.ask(actor, "longs", said, chat_id=PERSON)
    past = (clock.now() + timedelta(hours=5, minutes=25)).time()
    with pytest.raises(CheckFailed, match="That time is over today"):
        await exits.ask(actor, "all", replace(said, blocks=True, blocks_till=time(past.hour, past.minute)), chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_a_pnl_exit_of_another_account_or_begun_already_is_not_begun(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, 60)
    exits, actor = stage.desk.core.services.pnl_exits, stage.desk.actor
    card = await exits.ask(actor, "all", PnlSaid(stop=Decimal(-5000), after_charges=False), chat_id=PERSON)
    token = card.confirmation.token
    await stage.desk.proposals.shown(token, 77)
    other = replace(actor, account=replace(ACCOUNT, id="a2"))
    with pytest.raises(ConfirmationGone, match="belongs to another account"):
        await exits.confirm(other, token, chat_id=PERSON, message_id=77)
    await stage.desk.store.transaction(lambda db: (db.pnl_exits.begin(token), db.pnl_exits.end(token)))
    with pytest.raises(ConfirmationGone, match="begun already"):
        await exits.confirm(actor, token, chat_id=PERSON, message_id=77)
    assert stage.broker.posts == 0


async def test_a_trail_beside_an_order_that_goes_in_parts_is_refused(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    with pytest.raises(CheckFailed, match="goes in parts: say trail once they are filled"):
        await stage.desk.proposals.propose(stage.desk.actor, replace(MUCH, trail=TrailSaid(every=Decimal(10))), chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_a_stop_beside_a_stop_order_is_refused(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    request = replace(SHARES, trigger=Decimal(110), price=Decimal(111), stop=Leg(value=Decimal(90)))
    with pytest.raises(CheckFailed, match="A stop order takes nothing with it"):
        await stage.desk.proposals.propose(stage.desk.actor, request, chat_id=PERSON)
    assert stage.broker.posts == 0


async def test_much_that_closes_and_opens_is_asked_as_one_order_and_not_in_parts(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(BANK, -60)
    card = await stage.desk.proposals.propose(stage.desk.actor, MUCH, chat_id=PERSON)
    token = card.confirmation.token
    assert (card.draft.quantity, await stage.desk.store.transaction(lambda db: db.plans.find(token))) == (3000, None)
    assert stage.broker.posts == 0


@pytest.mark.parametrize(
    "draft",
    [
        replace(OUT, side=Side.BUY, kind=OrderKind.LIMIT, price=Decimal("100.00")),
        replace(OUT, quantity=90, kind=OrderKind.LIMIT, price=Decimal("100.00")),
        replace(OUT, kind=OrderKind.LIMIT, price=Decimal("99.00")),
        OUT,
    ],
)
def test_a_way_out_beyond_its_leg_is_not_even_made(draft: OrderDraft) -> None:
    leg = PlanLeg(number=0, kind=LegKind.EXIT, draft=replace(OUT, kind=OrderKind.LIMIT, price=Decimal("100.00")))
    with pytest.raises(ValueError, match="does not license"):
        ExitWanted(account_id=ACCOUNT.id, plan_id="p1", leg=leg, draft=draft, by=PERSON, name="Asha")


def test_a_leg_without_a_price_licenses_one_at_a_price() -> None:
    leg, draft = PlanLeg(number=0, kind=LegKind.EXIT, draft=OUT), replace(OUT, kind=OrderKind.LIMIT, price=Decimal("99.00"))
    assert ExitWanted(account_id=ACCOUNT.id, plan_id="p1", leg=leg, draft=draft, by=PERSON, name="Asha").draft == draft
