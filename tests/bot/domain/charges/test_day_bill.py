"""The day's bill: rounded as the contract note rounds, rows that add up to it, and an unknown line that leaves the rest."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.charges import Trade
from bot.domain.charges.day_bill import Borrowed, DayBill, Delivered, Event, Exercised, SquaredOff, at_expiry, day_bill
from bot.domain.charges.tariff import BrokeragePlan, ChargeName
from bot.domain.market.instrument import Exchange, Instrument, Right
from bot.domain.money import to_paise, total
from bot.domain.terms import Product, Side
from tests.stage.values.market import REFERENCE_DATA, a_future, a_share, an_option

TARIFF = REFERENCE_DATA.tariff
TODAY = date(2026, 11, 20)


def plan(name: str = "flat-5") -> BrokeragePlan:
    found = TARIFF.plan(name)
    assert found is not None
    return found


def a_trade(side: Side = Side.BUY, product: Product = Product.CNC, quantity: int = 10, price: str = "1487.70") -> Trade:
    return Trade(instrument=a_share(), side=side, product=product, quantity=quantity, price=Decimal(price), day=TODAY)


def billed(*trades: Trade, on: str | None = "flat-5", events: tuple[Event, ...] = ()) -> DayBill:
    return day_bill(TARIFF, plan(on) if on else None, trades, events, day=TODAY)


def test_stt_is_paid_in_whole_rupees_once_a_segment() -> None:
    bill = billed(
        a_trade(Side.SELL, Product.MIS, 1, "2072"),  # 0.518
        replace(a_trade(Side.SELL, Product.NRML, 1, "5050"), instrument=a_future()),  # 2.525
        replace(a_trade(Side.SELL, Product.MIS, 1, "836"), instrument=a_share("TCS", exchange=Exchange.BSE)),  # 0.209
    )
    assert [row.bill.amount(ChargeName.STT) for row in bill.rows] == [Decimal("0.518"), Decimal("2.525"), Decimal("0.209")]
    assert bill.amount(ChargeName.STT) == 1 + 3 + 0
    assert all(line.amount == to_paise(line.amount) for line in bill.lines)


def test_stt_is_rounded_on_the_sum_of_a_segment_and_not_on_each_of_its_instruments() -> None:
    other = replace(a_trade(Side.SELL, Product.MIS, 1, "1600"), instrument=a_share("TCS"))
    assert billed(a_trade(Side.SELL, Product.MIS, 1, "1600"), other).amount(ChargeName.STT) == 1  # 0.40 + 0.40


def test_one_mtf_order_on_flat_5_pays_five_rupees_and_gst() -> None:
    bill = billed(a_trade(product=Product.MTF), a_trade(Side.SELL, Product.MIS, 5))
    assert bill.missing == ()
    assert bill.amount(ChargeName.BROKERAGE) == 10


@pytest.mark.parametrize(("on", "known"), [("flat-20", "20"), ("zero", "0")])
def test_one_mtf_order_whose_brokerage_nobody_knows_leaves_the_rest_of_the_day_standing(on: str, known: str) -> None:
    future = replace(a_trade(Side.SELL, Product.NRML, 65, "26000"), instrument=a_future())
    bill = billed(a_trade(product=Product.MTF), future, on=on)
    assert bill.missing == ("brokerage",)
    assert [gap.why for gap in bill.gaps] == [f"what plan {on} takes for mtf"]
    assert bill.amount(ChargeName.BROKERAGE) == Decimal(known)
    assert bill.amount(ChargeName.STT) == 845 + 15  # 0.05 % of the future, 0.1 % of the shares
    assert bill.total > 860


def test_without_a_plan_brokerage_is_missing_and_a_trade_nobody_can_name_is_counted_as_missing_too() -> None:
    bill = day_bill(TARIFF, None, [a_trade()], day=TODAY, uncounted=2)
    assert bill.missing == ("brokerage", "charges of 2 trades")
    assert bill.total > 15
    assert day_bill(TARIFF, plan(), [], day=TODAY, uncounted=1).missing == ("charges of 1 trade",)


def test_a_delivery_share_bought_and_sold_on_the_day_is_intraday_and_leaves_no_depository_charge() -> None:
    bill = billed(a_trade(), a_trade(Side.SELL))
    assert bill.amount(ChargeName.DP) == 0
    assert bill.amount(ChargeName.STT) == 4  # 0.025 % of the sale, 3.72
    alone = TARIFF.order(a_trade(Side.SELL), plan(), meets=10)
    assert to_paise(alone.total) == Decimal("4.28")


def test_what_is_sold_beyond_what_was_bought_today_leaves_the_depository() -> None:
    sale = a_trade(Side.SELL, quantity=15)
    bill = billed(a_trade(quantity=10), sale)
    assert bill.amount(ChargeName.DP) == Decimal("21.24")
    mixed = TARIFF.order(sale, plan(), meets=10)
    five, ten = TARIFF.order(replace(sale, quantity=5), plan()), TARIFF.order(replace(sale, quantity=10), plan(), meets=10)
    assert abs(mixed.total - five.total - ten.total) < Decimal("1e-9")


def test_a_trade_to_trade_share_never_meets_the_days_other_side() -> None:
    sale = replace(a_trade(Side.SELL), instrument=a_share(series="BE"))
    assert TARIFF.order(sale, plan(), meets=10) == TARIFF.order(sale, plan())


def test_an_exercise_mstocks_own_square_off_and_a_loan_stand_in_the_days_charges() -> None:
    call = an_option(strike="24500", expiry=TODAY)
    events: tuple[Event, ...] = (
        Exercised(instrument=call, quantity=65, settlement=Decimal("24620.35")),
        SquaredOff(instrument=a_share(), orders=2),
        Borrowed(instrument=None, rupees=Decimal(100_000), nights=3, pledges=1),
    )
    bill = billed(a_trade(Side.SELL, Product.MIS), events=events)
    assert bill.amount(ChargeName.STT) == 4 + 12  # NSE 3.72; NFO 120.35 x 65 x 0.15 % = 11.73
    assert bill.amount(ChargeName.SQUARE_OFF) == 236
    assert bill.amount(ChargeName.MTF_INTEREST) == Decimal("123.21")
    assert bill.amount(ChargeName.PLEDGE) == 32
    assert [row.instrument.symbol if row.instrument else None for row in bill.rows] == ["RELIANCE", "NIFTY", None]


def test_a_stock_contract_that_ends_in_shares_is_taxed_on_both_sides_and_stamped_on_the_receivers() -> None:
    put = an_option("RELIANCE", "1500", right=Right.PE, lot=500, stock=True)
    taken = billed(events=(Delivered(instrument=put, side=Side.BUY, quantity=500, settlement=Decimal("1484.60")),))
    given_ = billed(events=(Delivered(instrument=put, side=Side.SELL, quantity=500, settlement=Decimal("1484.60")),))
    assert (taken.amount(ChargeName.STT), taken.amount(ChargeName.STAMP)) == (Decimal(750), Decimal("112.50"))
    assert (given_.amount(ChargeName.STT), given_.amount(ChargeName.STAMP)) == (Decimal(750), Decimal(0))


STOCK_CALL = an_option("RELIANCE", "1460", lot=500, stock=True)
STOCK_PUT = an_option("RELIANCE", "1500", right=Right.PE, lot=500, stock=True)
STOCK_FUTURE = a_future("RELIANCE", lot=500, stock=True)


@pytest.mark.parametrize(
    ("instrument", "quantity", "settlement", "side"),
    [
        (STOCK_FUTURE, 500, "1484.60", Side.BUY), (STOCK_FUTURE, -500, "1484.60", Side.SELL),
        (STOCK_CALL, 500, "1484.60", Side.BUY), (STOCK_CALL, -500, "1484.60", Side.SELL), (STOCK_CALL, 500, "1460", None),
        (STOCK_PUT, 500, "1484.60", Side.SELL), (STOCK_PUT, -500, "1484.60", Side.BUY), (STOCK_PUT, -500, "1500.05", None),
        (a_future(), 65, "24620.35", None), (STOCK_FUTURE, 0, "1484.60", None),
    ],
)  # fmt: skip
def test_a_stock_contract_held_to_its_end_takes_or_gives_shares(
    instrument: Instrument, quantity: int, settlement: str, side: Side | None
) -> None:
    end = at_expiry(instrument, quantity, Decimal(settlement))
    if side is None:
        assert end is None
        return
    assert end == Delivered(instrument=instrument, side=side, quantity=500, settlement=Decimal(settlement))
    assert billed(events=(end,)).missing == ("brokerage",)


def test_only_the_holder_of_an_index_option_in_the_money_exercises_it() -> None:
    call, put = an_option(strike="24500"), an_option(strike="24500", right=Right.PE)
    assert at_expiry(call, 65, Decimal("24620.35")) == Exercised(instrument=call, quantity=65, settlement=Decimal("24620.35"))
    assert at_expiry(call, -65, Decimal("24620.35")) is None
    assert at_expiry(put, 65, Decimal("24620.35")) is None
    assert at_expiry(put, 65, Decimal(24400)) is not None


def test_a_trade_of_another_day_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-11-19"):
        billed(replace(a_trade(), day=date(2026, 11, 19)))


def test_a_day_without_trades_costs_nothing_and_misses_nothing() -> None:
    bill = billed(on=None)
    assert bill == DayBill()
    assert bill.total == 0


INSTRUMENTS = [a_share(), a_share("TCS"), a_share("NIFTYBEES"), a_share(exchange=Exchange.BSE), a_future(), an_option()]


@st.composite
def trades(draw: st.DrawFn) -> Trade:
    instrument = draw(st.sampled_from(INSTRUMENTS))
    products = [Product.NRML, Product.MIS] if instrument.is_derivative else [Product.CNC, Product.MIS, Product.MTF]
    side, product = draw(st.sampled_from(list(Side))), draw(st.sampled_from(products))
    name = draw(st.sampled_from(["", "a", "b"]))  # fills of one order have everything but price and quantity in common
    return Trade(
        instrument=draw(st.sampled_from([instrument, replace(instrument)])),
        side=side,
        product=product,
        quantity=draw(st.integers(1, 5000)),
        price=draw(st.decimals("0.05", "90000", places=2)),
        day=TODAY,
        order=f"{name}-{instrument.token}-{side}-{product}" if name else "",
    )


def rows_of(bill: DayBill) -> Decimal:
    return total(row.bill.total for row in bill.rows)


@given(st.data(), st.lists(trades(), max_size=8), st.sampled_from([None, *TARIFF.plans]))
def test_the_rows_are_the_total_before_rounding_whatever_the_order_of_the_fills(
    data: st.DataObject, made: list[Trade], on: BrokeragePlan | None
) -> None:
    bill, unrounded = day_bill(TARIFF, on, made, day=TODAY), TARIFF.day(made, on)
    assert abs(rows_of(bill) - unrounded.total) < Decimal("1e-9")
    assert abs(bill.total - unrounded.total) <= Decimal("0.5") * 4 + Decimal("0.005") * len(bill.lines)
    assert {gap.name for gap in bill.gaps} == unrounded.unknown
    turned = day_bill(TARIFF, on, data.draw(st.permutations(made)), day=TODAY)
    assert turned.missing == bill.missing
    assert abs(rows_of(turned) - rows_of(bill)) < Decimal("1e-9")
