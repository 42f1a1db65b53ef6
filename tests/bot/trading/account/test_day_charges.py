"""The day's charges out of the trade book: what is not known leaves the rest standing, and is named."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.charges.tariff import BrokeragePlan, ChargeName
from bot.domain.clock import ist_date
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.orders.order import TradeFact
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.account.day_charges import day_charges
from tests.stage.desk import set_stage
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT

TARIFF = REFERENCE_DATA.tariff
SOLD = TradeFact(
    broker_id="1282", trade_id="1", key=RELIANCE.key, side=Side.SELL, product=Product.MIS, quantity=10, price=Decimal("1480.30")
)
ELSEWHERE = replace(SOLD, broker_id="1283", key=InstrumentKey(Exchange.NFO, "999999"))


def plan(name: str) -> BrokeragePlan:
    found = TARIFF.plan(name)
    assert found is not None
    return found


async def test_one_trade_that_nobody_can_name_leaves_the_days_other_charges_standing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    today = ist_date(clock.now())
    parts = [replace(SOLD, trade_id=str(part), quantity=1) for part in range(10)]
    alone, both = (
        day_charges(facts, instruments=stage.core.catalogue, tariff=TARIFF, plan=plan("flat-5"), today=today)
        for facts in ([SOLD], [*parts, ELSEWHERE])
    )
    assert alone.missing == ()
    assert alone.amount(ChargeName.BROKERAGE) == 5
    assert both.missing == ("charges of 1 trade",)
    assert both.total == alone.total, "ten fills of one order are one order"


async def test_one_mtf_order_whose_brokerage_nobody_knows_no_longer_hides_what_the_whole_day_cost(clock: LoopClock) -> None:
    facts = [SOLD, replace(SOLD, broker_id="1284", side=Side.BUY, product=Product.MTF, quantity=40)]
    whole, part = [(await set_stage(clock)).core.services.account_views for _ in range(2)]
    part.plan = plan("flat-20")
    assert whole.bill(ACCOUNT.id, facts).missing == ()
    assert whole.bill(ACCOUNT.id, facts).amount(ChargeName.BROKERAGE) == 10
    bill = part.bill(ACCOUNT.id, facts)
    assert bill.missing == ("brokerage",)
    assert bill.amount(ChargeName.BROKERAGE) == 20, "that of the intraday order is known"
    assert bill.amount(ChargeName.STT) == whole.bill(ACCOUNT.id, facts).amount(ChargeName.STT)
