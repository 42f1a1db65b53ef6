"""What each order of a day cost: its own where the day charges it as it would alone, and together what the day cost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.charges import Trade
from bot.domain.charges.day_bill import day_bill
from bot.domain.charges.order_charges import order_charges
from bot.domain.charges.tariff import ChargeName
from bot.domain.clock import ist_date
from bot.domain.money import total
from bot.domain.terms import Product, Side
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, NOW, RELIANCE

TARIFF = REFERENCE_DATA.tariff
PLAN = TARIFF.plan("flat-5")
DAY = ist_date(NOW)


def deal(order: str, signed: int, price: str, product: Product) -> Trade:
    """In RELIANCE, or in the option where it is carried forward. A negative quantity sells."""
    return Trade(
        instrument=NIFTY_CALL if product is Product.NRML else RELIANCE, side=Side.BUY if signed > 0 else Side.SELL,
        product=product, quantity=abs(signed), price=Decimal(price), day=DAY, order=order,
    )  # fmt: skip


def test_a_small_trip_beside_a_large_one_pays_its_own_brokerage_and_no_share_of_the_others() -> None:
    trades = [
        deal("1", 65, "100.00", Product.NRML),
        deal("2", -65, "101.00", Product.NRML),
        deal("3", 650, "100.00", Product.NRML),
        deal("4", -650, "101.00", Product.NRML),
    ]
    costs = order_charges(day_bill(TARIFF, PLAN, trades, day=DAY), trades, TARIFF, PLAN)
    alone = TARIFF.day(trades[:2], PLAN).total
    assert costs["1"] + costs["2"] == alone
    assert costs["1"] == TARIFF.day(trades[:1], PLAN).total, "stamp is the buyer's"
    assert costs["2"] > costs["1"], "STT is the seller's"


def test_an_intraday_trip_beside_a_sale_of_holdings_in_the_same_share_pays_neither_its_stt_nor_its_depository() -> None:
    trip = [deal("1", 10, "1480.00", Product.MIS), deal("2", -10, "1484.00", Product.MIS)]
    sale = [deal("3", -40, "1482.00", Product.CNC)]
    bill = day_bill(TARIFF, PLAN, trip + sale, day=DAY)
    costs = order_charges(bill, trip + sale, TARIFF, PLAN)
    assert costs["1"] + costs["2"] == TARIFF.day(trip, PLAN).total
    assert costs["3"] > bill.amount(ChargeName.DP)
    assert abs(costs["3"] - TARIFF.day(sale, PLAN).total) < Decimal("0.50"), "but for the average of its side"


def test_delivery_that_was_bought_and_sold_shares_what_the_share_cost_by_turnover() -> None:
    trades = [deal("1", 30, "100.00", Product.CNC), deal("2", -10, "300.00", Product.CNC)]
    bill = day_bill(TARIFF, PLAN, trades, day=DAY)
    costs = order_charges(bill, trades, TARIFF, PLAN)
    assert costs["1"] == costs["2"] == bill.rows[0].bill.total / 2


PRODUCTS = st.sampled_from([Product.MIS, Product.CNC])
DEALS = st.lists(st.tuples(st.integers(-200, 200).filter(bool), st.integers(2000, 40000), PRODUCTS), max_size=9)


@given(DEALS)
def test_whatever_was_dealt_the_orders_cost_together_what_the_share_did(deals: list[tuple[int, int, Product]]) -> None:
    trades = [
        deal(f"{number}", signed, str(Decimal(ticks) / 20), product) for number, (signed, ticks, product) in enumerate(deals)
    ]
    bill = day_bill(TARIFF, PLAN, trades, day=DAY)
    costs = order_charges(bill, trades, TARIFF, PLAN)
    assert abs(total(costs.values()) - total(row.bill.total for row in bill.rows)) < Decimal("0.0001")
