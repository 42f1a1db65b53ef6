"""However a range is told apart, its parts add up to the days' own nets."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import ist_date
from bot.domain.money import ZERO, to_paise, total
from bot.domain.pnl.fifo import cost_of, quantity_of
from bot.domain.pnl.range_report import (
    REST,
    CurvePoint,
    OrderSource,
    RangeDay,
    RangeReport,
    Slip,
    by_product,
    by_source,
    by_symbol,
)
from bot.domain.pnl.round_trips import RowDay, walk
from bot.domain.pnl.trades import DayMark, LedgerTrade
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product, Side
from bot.trading.account.day_charges import ledger_charges, ledger_order_charges
from tests.stage.values.ledger import a_fill, on
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, NOW, RELIANCE

TARIFF = REFERENCE_DATA.tariff
PLAN = TARIFF.plan("flat-5")
FIRST = ist_date(NOW)
Moves = list[tuple[int, int, Decimal, bool]]  # day, lots, price, whether the bot placed it

PRICES = st.integers(2000, 5000).map(lambda ticks: Decimal(ticks) / 20)
MOVES = st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4).filter(bool), PRICES, st.booleans()), max_size=12)
MARKS = st.lists(PRICES, min_size=4, max_size=4)


def a_report(day: date, **changes: Any) -> DayReport:
    report = DayReport(
        account_id="a1", date=day.isoformat(), booked=ZERO, open=ZERO, charges=ZERO, orders=0, filled_orders=0,
        rejected_orders=0, trades=0, carried=(), cash=None, made_at=NOW,
    )  # fmt: skip
    return replace(report, **changes)


def the_days(moves: Moves, marks: list[Decimal]) -> tuple[list[RangeDay], list[RowDay], list[LedgerTrade]]:
    """Four days of one contract as their own rows say: booked and open since the mark of the day before."""
    trades = [
        a_fill(signed * 65, price, number, at=on(day) + timedelta(seconds=number))
        for number, (day, signed, price, _) in enumerate(moves, 1)
    ]
    days, held, before = [], 0, ZERO
    for number, mark in enumerate(marks):
        day = FIRST + timedelta(days=number)
        of_day = tuple(trade for trade in trades if trade.day == day)
        made = held * (mark - before) + total(trade.signed * (mark - (trade.price or ZERO)) for trade in of_day)
        held, before = held + sum(trade.signed for trade in of_day), mark
        bill = ledger_charges(of_day, tariff=TARIFF, plan=PLAN, day=day)
        costs = ledger_order_charges(bill, of_day, tariff=TARIFF, plan=PLAN, day=day)
        row = DayMark(
            account_id="a1", day=day, instrument=NIFTY_CALL, product=Product.NRML, quantity=held, mark=mark if held else None,
            booked=ZERO, open=made, adjustment=ZERO, since_entry=None,
        )  # fmt: skip
        report = a_report(day, open=made, charges=bill.total, trades=len(of_day))
        days.append(RangeDay(day=day, report=report, marks=(row,), trades=of_day, bill=bill, costs=costs))
    rows = walk(trades, marks={day.day: day.marks[0] for day in days})
    return days, rows, trades


@given(MOVES, MARKS)
def test_by_symbol_product_and_source_the_parts_add_up_to_the_net_of_the_days(moves: Moves, marks: list[Decimal]) -> None:
    days, rows, trades = the_days(moves, marks)
    net = total(day.net for day in days if day.net is not None)
    sources = {
        trade.broker_id: OrderSource.BOT if moves[number][3] else OrderSource.ELSEWHERE for number, trade in enumerate(trades)
    }
    for parts in (by_symbol(days), by_product(days), by_source(days, {(NIFTY_CALL.key, Product.NRML): rows}, sources, {})):
        assert total(part.net for part in parts) == net
        assert total(to_paise(part.net) for part in parts) == to_paise(net), "as they are read"
        assert all(part.gross == 0 for part in parts if part.name == REST), "our fills make all of it"
        assert all(abs(part.charges) < len(days) for part in parts if part.name == REST), "the rounding of each day's STT"


@given(MOVES, MARKS, st.integers(0, 3))
def test_two_parts_of_a_range_make_the_whole_range(moves: Moves, marks: list[Decimal], cut: int) -> None:
    days, _, _ = the_days(moves, marks)

    def net(some: list[RangeDay]) -> Decimal:
        return RangeReport(account_id="a1", first=FIRST, last=FIRST, days=tuple(some)).net

    assert net(days[:cut]) + net(days[cut:]) == net(days)


def test_what_the_bot_opened_and_elsewhere_closed_is_the_bots() -> None:
    moves = [(0, 1, Decimal(100), True), (1, -1, Decimal(110), False)]
    days, rows, trades = the_days(moves, [Decimal(104), Decimal(111), Decimal(1), Decimal(1)])
    sources = {trades[0].broker_id: OrderSource.BOT, trades[1].broker_id: OrderSource.ELSEWHERE}
    parts = {part.name: part for part in by_source(days, {(NIFTY_CALL.key, Product.NRML): rows}, sources, {})}
    assert parts[OrderSource.BOT].gross == 650
    assert parts[OrderSource.ELSEWHERE].gross == 0
    assert parts[OrderSource.ELSEWHERE].charges > 0, "its order was charged all the same"
    assert quantity_of(rows[0].left) == 65
    assert cost_of(rows[0].left) == 6500


def test_a_day_without_data_is_named_and_counts_nothing() -> None:
    days = (
        RangeDay(day=FIRST, report=a_report(FIRST, booked=Decimal(100), charges=Decimal(10))),
        RangeDay(day=FIRST + timedelta(days=1), report=a_report(FIRST + timedelta(days=1), records_only=True, charges=None)),
    )
    made = RangeReport(account_id="a1", first=FIRST, last=FIRST, days=days)
    assert (made.net, made.no_data, made.charges_missing) == (Decimal(90), (FIRST + timedelta(days=1),), ())


def test_charges_that_are_not_known_are_named_and_the_rest_stands() -> None:
    days = (
        RangeDay(day=FIRST, report=a_report(FIRST, booked=Decimal(100), charges=Decimal(10), charges_missing=("brokerage",))),
    )
    made = RangeReport(account_id="a1", first=FIRST, last=FIRST, days=days)
    assert (made.net, made.charges_missing) == (Decimal(90), ("brokerage",))


def test_slippage_is_a_loss_where_a_purchase_cost_more_than_the_ask_and_a_sale_brought_less_than_the_bid() -> None:
    def slip(side: Side, average: str) -> Slip:
        return Slip(
            number=1, day=FIRST, at=NOW, instrument=RELIANCE, side=side, quantity=10, touch=Decimal(100), average=Decimal(average)
        )

    assert [slip(Side.BUY, "100.50").amount, slip(Side.SELL, "99.50").amount, slip(Side.BUY, "99.90").amount] == [-5, -5, 1]


def test_a_day_that_ends_at_its_worst_is_lowest_at_its_end_and_its_curve_leads_there() -> None:
    watched = CurvePoint(at=NOW - timedelta(minutes=2), net=Decimal(-100))
    day = RangeDay(day=FIRST, report=a_report(FIRST, open=Decimal(-250), made_at=NOW), curve=(watched,))
    assert day.lowest == CurvePoint(at=NOW, net=Decimal(-250))
    assert day.course == (watched, CurvePoint(at=NOW, net=Decimal(-250)))


def test_a_row_that_was_made_on_a_later_day_is_no_moment_of_its_own_day() -> None:
    watched = CurvePoint(at=NOW, net=Decimal(-100))
    late = RangeDay(day=FIRST, report=a_report(FIRST, open=Decimal(-250), made_at=NOW + timedelta(days=1)), curve=(watched,))
    unwatched = RangeDay(day=FIRST, report=a_report(FIRST, open=Decimal(-250)))
    assert (late.course, late.lowest) == ((watched,), watched)
    assert (unwatched.course, unwatched.lowest) == ((), None)


def test_the_lowest_of_a_range_lies_no_higher_than_a_day_that_nobody_watched() -> None:
    later = NOW + timedelta(days=1)
    unwatched = RangeDay(day=FIRST, report=a_report(FIRST, open=Decimal(-250)))
    watched = RangeDay(
        day=FIRST + timedelta(days=1), report=a_report(FIRST + timedelta(days=1), open=Decimal(90), made_at=later),
        curve=(CurvePoint(at=later - timedelta(hours=1), net=Decimal(40)),),
    )  # fmt: skip
    both = RangeReport(account_id="a1", first=FIRST, last=watched.day, days=(unwatched, watched))
    assert both.lowest == CurvePoint(at=NOW, net=Decimal(-250))
    assert RangeReport(account_id="a1", first=FIRST, last=FIRST, days=(unwatched,)).lowest is None
