"""What mStock lent for shares on margin, night by night, and what nobody knows of it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.day_bill import Borrowed, DayBill, day_bill
from bot.domain.charges.tariff import ChargeName
from bot.domain.money import ZERO, total
from bot.domain.pnl.borrowing import Lent, MarginRow, borrowings, part_lent
from bot.domain.pnl.fifo import Lot, match, quantity_of
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import RELIANCE

DAY = date(2026, 11, 19)
SHARE = replace(RELIANCE, token="3045", symbol="SBIN", name="SBIN-EQ")
TARIFF = REFERENCE_DATA.tariff
LENT: Lent = {(RELIANCE.key, DAY): Decimal("0.7"), (SHARE.key, DAY): Decimal("0.5")}


def bought(quantity: int = 100, price: str | None = "1000", day: date | None = DAY) -> Lot:
    return Lot(quantity, None if price is None else Decimal(price), day)


def a_row(*lots: Lot, ended: int | None = None) -> MarginRow:
    began = quantity_of(lots)
    return MarginRow(instrument=RELIANCE, lots=lots, began=began, ended=began if ended is None else ended)


def billed(*events: Borrowed) -> DayBill:
    return day_bill(TARIFF, TARIFF.plan("flat-5"), (), events, day=DAY)


def test_the_lent_part_of_each_purchase_is_by_the_terms_of_its_own_day() -> None:
    later = DAY + timedelta(days=1)
    terms = {**LENT, (RELIANCE.key, later): Decimal("0.6")}
    (event,) = borrowings([a_row(bought(), bought(50, "1100", later))], terms, 1)
    assert event.rupees == 100 * 1000 * Decimal("0.7") + 50 * 1100 * Decimal("0.6")


def test_what_was_bought_before_the_bot_leaves_the_line_open_and_the_rest_stands() -> None:
    for unknown in (bought(day=None), bought(price=None), bought(day=DAY + timedelta(days=1))):
        bill = billed(*borrowings([a_row(bought(), unknown)], LENT, 1))
        assert bill.missing == ("MTF interest",)
        assert bill.amount(ChargeName.MTF_INTEREST) == Decimal("28.75")
    unmade = MarginRow(instrument=RELIANCE, lots=None, began=10, ended=10)
    assert billed(*borrowings([unmade], LENT, 1)).missing == ("MTF interest",)


def test_the_whole_loan_decides_the_slab_of_each_part() -> None:
    large = MarginRow(instrument=SHARE, lots=[bought(6000)], began=6000, ended=6000)
    events = borrowings([a_row(bought()), large], LENT, 1)
    assert {event.of for event in events} == {Decimal(70_000 + 3_000_000)}
    bill = billed(*events)
    assert bill.amount(ChargeName.MTF_INTEREST) == Decimal("840.25"), "9.99 % a year on the whole"


def test_a_day_pledges_what_came_and_unpledges_what_went_and_asks_no_fee_for_what_stays() -> None:
    fees = [billed(*borrowings([a_row(*lots, ended=ended)], LENT, 1)).amount(ChargeName.PLEDGE) for lots, ended in (
        ((), 10), ((bought(),), 100), ((bought(),), 40), ((bought(),), 0), ((bought(),), 150), ((), 0)
    )]  # fmt: skip
    assert fees == [32, 0, 32, 32, 32, 0]


def test_a_purchase_of_nothing_has_no_part() -> None:
    assert part_lent(ZERO, ZERO) is None
    assert part_lent(Decimal(3), Decimal(1)) == Decimal("0.333333")


@given(
    st.lists(st.integers(min_value=1, max_value=4), min_size=1, max_size=12),
    st.lists(st.integers(min_value=0, max_value=40), max_size=12),
)
def test_interest_over_any_calendar_is_that_of_the_nights_it_was_held(gaps: list[int], sales: list[int]) -> None:
    """gaps: calendar days between trading days. sales: what each of them sells of 100 shares."""
    lots: list[Lot] = [bought()]
    interest, nights = ZERO, 0
    for number, gap in enumerate(gaps):
        events = borrowings([a_row(*lots)], LENT, gap)
        interest += total(
            line.amount for event in events for line in TARIFF.mtf(event.rupees, DAY, days=event.nights, of=event.of).lines
        )
        nights += gap * quantity_of(lots)
        sold = min(sales[number] if number < len(sales) else 0, quantity_of(lots))
        lots = match(lots, [Lot(-sold, Decimal(1))])[1] if sold else lots
    each = 1000 * Decimal("0.7") * Decimal("14.99") / 100 / 365
    assert abs(interest - each * nights) < Decimal("0.000001")
