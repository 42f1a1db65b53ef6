"""The day of a row, as the trial of the product found it wrong and as it is right, and days that add up."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.charges import Trade
from bot.domain.clock import ist_date
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.market.prices import Price
from bot.domain.money import ZERO, total
from bot.domain.pnl.day import DayPnl, OwnRow, day_line, mark_of
from bot.domain.pnl.fifo import Lot
from bot.domain.pnl.trades import DayMark, LedgerTrade
from bot.domain.positions.portfolio import Holding, Missing, Off, PositionLine, Reason
from bot.domain.terms import Product
from tests.stage.values.ledger import a_fill, on, own_row, the_brokers
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import RELIANCE

FUTURE = Instrument(
    exchange=Exchange.NFO, token="35001", symbol="NIFTY", name="NIFTY26DECFUT", kind=InstrumentKind.INDEX_FUTURE, lot=65,
    tick=Decimal("0.10"), expiry=date(2026, 12, 29),
)  # fmt: skip
STOCK = replace(FUTURE, token="35002", symbol="RELIANCE", name="RELIANCE26DECFUT", kind=InstrumentKind.STOCK_FUTURE)
OPTION = replace(
    STOCK, token="35003", name="RELIANCE26DEC1500CE", kind=InstrumentKind.STOCK_OPTION, tick=Decimal("0.05"),
    strike=Decimal(1500), right=Right.CE,
)  # fmt: skip
TODAY, NEXT = ist_date(on(0)), ist_date(on(1))


def a_price(last: str | Decimal, close: str | Decimal | None = None) -> Price:
    return Price(last=Decimal(last), previous_close=Decimal(close) if close is not None else None)


def a_holding(quantity: int, average: str | None) -> Holding:
    return Holding(
        instrument=RELIANCE, isin="INE002A01018", quantity=quantity, t1=0, authorised=0, collateral=0,
        average=Decimal(average) if average is not None else None, last=None, previous_close=None,
    )  # fmt: skip


def test_what_was_carried_counts_from_the_previous_close_and_since_entry_stands_beside_it() -> None:
    short = own_row([a_fill(-65, "25328.10", instrument=FUTURE)], NEXT)
    put = own_row([a_fill(130, "31.80")], NEXT)
    rows = [
        day_line(the_brokers(short, instrument=FUTURE), a_price("25190.00", "25192.40"), short),
        day_line(the_brokers(put), a_price("58.65", "57.85"), put),
    ]
    assert [row.today for row in rows] == [Decimal("156.00"), Decimal("104.00")]
    assert DayPnl.of(rows).gross == Decimal("260.00")
    assert [row.since_entry for row in rows] == [Decimal("8976.50"), Decimal("3490.50")]
    assert total(row.since_entry or ZERO for row in rows) == Decimal("12467.00"), "what the sum of the day once was"
    assert [row.difference for row in rows] == [0, 0]


def test_three_fills_and_nothing_sold_have_booked_nothing_and_the_broker_differs_by_its_rounding() -> None:
    fills = [a_fill(65, price, number) for number, price in enumerate(("686.10", "693.50", "693.50"))]
    own = own_row(fills, TODAY)
    last = (Decimal("686.10") + 2 * Decimal("693.50")) / 3 - Decimal("1147.25") / 195
    line = day_line(the_brokers(own), Price(last=last), own)
    assert line.booked == 0
    assert line.open is not None
    assert line.open.quantize(Decimal("0.01")) == Decimal("-1147.25")
    assert line.position.booked_profit() == Decimal("-0.65"), "what the broker's rounded average says"
    assert line.average == Decimal("691.0333")
    assert line.difference == 0, "its parts are rounded, its sum is not"


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 9000)), min_size=1, max_size=40))
def test_a_position_that_was_never_exited_has_booked_nothing_after_any_day(fills: list[tuple[int, int]]) -> None:
    own = own_row([a_fill(size, Decimal(ticks) / 20, number) for number, (size, ticks) in enumerate(fills)], TODAY)
    assert day_line(the_brokers(own), a_price("100"), own).booked == 0


def test_a_carried_lot_that_is_closed_today_books_from_the_previous_close() -> None:
    own = own_row([a_fill(130, "31.80"), a_fill(-65, "60.00", at=on(1))], NEXT)
    line = day_line(the_brokers(own), a_price("58.65", "57.85"), own)
    assert (line.booked, line.open) == (Decimal("139.75"), Decimal("52.00"))
    assert line.since_entry == Decimal("1745.25")
    assert line.difference == 0


def test_the_official_close_that_differs_from_our_own_mark_is_a_line_of_the_next_day() -> None:
    own = own_row([a_fill(65, "100.00")], TODAY)
    first = day_line(the_brokers(own), a_price("104.00"), own)
    kept = mark_of("a1", first, TODAY)
    after = own_row([a_fill(65, "100.00")], NEXT, mark=kept)
    second = day_line(the_brokers(after), a_price("103.00", "103.50"), after)
    assert second.today == Decimal("-32.50")
    assert second.adjustment == Decimal("-32.50"), "65 units, valued at 104.00 and closed at 103.50"
    assert second.reasons == (Reason.CLOSE_ADJUSTMENT,)
    assert DayPnl.of([first]).gross + DayPnl.of([second]).gross == Decimal("195.00"), "3 rupees on 65 since entry"


def test_contracts_that_a_split_made_two_of_one_begin_the_day_where_the_last_one_ended() -> None:
    first = own_row([a_fill(65, "25000.00", instrument=FUTURE)], TODAY)
    kept = mark_of("a1", day_line(the_brokers(first, instrument=FUTURE), a_price("25200.00"), first), TODAY)
    after = own_row([a_fill(65, "25000.00", instrument=FUTURE)], NEXT, mark=kept)
    split = replace(
        the_brokers(after, instrument=FUTURE), quantity=130, bought=130, bought_value=Decimal(1_625_000), average=Decimal(12500),
        carried=130, carried_average=Decimal(12500),
    )  # fmt: skip
    line = day_line(split, a_price("12610.00", "12600.00"), after)
    assert (line.today, line.adjustment) == (Decimal(1300), Decimal(0)), "130 at 12,600 is what 65 at 25,200 was"
    assert line.since_entry == Decimal(14300)


@pytest.mark.parametrize(
    ("carried", "last", "base"),
    [
        (65, "12610.00", "12600.00"),  # the new price beside the old quantity
        (-65, "12610.00", "12600.00"),
        (130, "12610.00", "25200.00"),  # the new quantity, and a previous close of before
        (-130, "12610.00", "25200.00"),
    ],
)
def test_a_split_of_which_quantity_and_price_do_not_tell_alike_leaves_the_row_unknown_and_out_of_the_sums(
    carried: int, last: str, base: str
) -> None:
    sign = 1 if carried > 0 else -1
    first = own_row([a_fill(sign * 65, "25000.00", instrument=STOCK)], TODAY)
    kept = mark_of("a1", day_line(the_brokers(first, instrument=STOCK), a_price("25200.00"), first), TODAY)
    after = own_row([a_fill(sign * 65, "25000.00", instrument=STOCK)], NEXT, mark=kept)
    position = replace(the_brokers(after, instrument=STOCK), quantity=carried, carried=carried)
    line = day_line(position, a_price(last, base), after)
    assert (line.booked, line.open, line.since_entry, line.adjustment) == (None, None, None, Decimal(0))
    assert line.missing == (Missing.SPLIT,)
    assert not DayPnl.of([line]).known


def an_option_morning(carried: int, last: str, base: str, strike: str = "750") -> PositionLine:
    """A call of 1,500 that was worth 40.00 in the evening, on a morning on which it is one of that strike."""
    first = own_row([a_fill(65, "30.00", instrument=OPTION)], TODAY)
    kept = mark_of("a1", day_line(the_brokers(first, instrument=OPTION), a_price("40.00"), first), TODAY)
    after = own_row([a_fill(65, "30.00", instrument=OPTION)], NEXT, mark=kept)
    shown = replace(
        the_brokers(after, instrument=replace(OPTION, strike=Decimal(strike))), quantity=carried, bought=carried,
        average=Decimal(15), carried=carried, carried_average=Decimal(15),
    )  # fmt: skip
    return day_line(shown, a_price(last, base), after)


@pytest.mark.parametrize(
    ("carried", "last", "base"),
    [
        (65, "21.00", "20.00"),  # the new strike and price beside the old quantity
        (130, "21.00", "40.00"),  # a previous close of before
        (65, "21.00", "40.00"),
    ],
)
def test_an_option_whose_strike_a_split_changed_is_unknown_until_quantity_and_price_tell_alike(
    carried: int, last: str, base: str
) -> None:
    line = an_option_morning(carried, last, base)
    assert (line.today, line.since_entry, line.missing) == (None, None, (Missing.SPLIT,))
    assert not DayPnl.of([line]).known


def test_an_option_of_which_a_split_is_told_alike_begins_the_day_where_the_last_one_ended() -> None:
    line = an_option_morning(130, "21.00", "20.00")
    assert (line.today, line.adjustment, line.missing) == (Decimal(130), Decimal(0), ())
    worn = an_option_morning(130, "21.00", "22.00")
    assert worn.adjustment == Decimal(260), "130 at 22.00 less what 65 at 40.00 was: the official close"
    assert an_option_morning(65, "18.00", "20.00", strike="1500").missing == (), "a premium halves by itself"
    assert an_option_morning(65, "38.00", "40.00", strike="1480").missing == (), "a dividend is no split"


def test_a_price_far_from_our_mark_is_no_split_where_none_is_usual_nor_is_a_quantity_that_was_bought_elsewhere() -> None:
    first = own_row([a_fill(65, "25000.00", instrument=STOCK)], TODAY)
    kept = mark_of("a1", day_line(the_brokers(first, instrument=STOCK), a_price("25200.00"), first), TODAY)
    after = own_row([a_fill(65, "25000.00", instrument=STOCK)], NEXT, mark=kept)
    assert day_line(the_brokers(after, instrument=STOCK), a_price("23000.00", "23600.00"), after).missing == ()
    twice = replace(the_brokers(after, instrument=STOCK), quantity=130, carried=130, average=Decimal(25000))
    assert day_line(twice, a_price("25300.00", "25200.00"), after).missing == ()
    option = own_row([a_fill(65, "4.00")], TODAY)
    worn = mark_of("a1", day_line(the_brokers(option), a_price("4.00"), option), TODAY)
    later = own_row([a_fill(65, "4.00")], NEXT, mark=worn)
    assert day_line(the_brokers(later), a_price("2.10", "2.00"), later).missing == (), "a premium halves by itself"


def test_where_the_broker_says_no_previous_close_our_own_mark_serves() -> None:
    own = own_row([a_fill(65, "100.00")], NEXT)
    line = day_line(the_brokers(own), a_price("103.00"), own)
    assert (line.today, line.missing) == (None, (Missing.PREVIOUS_CLOSE,))
    assert line.since_entry == Decimal("195.00")
    first = own_row([a_fill(65, "100.00")], TODAY)
    kept = mark_of("a1", day_line(the_brokers(first), a_price("104.00"), first), TODAY)
    line = day_line(the_brokers(own), a_price("103.00"), replace(own, mark=kept))
    assert (line.today, line.adjustment) == (Decimal("-65.00"), Decimal(0))


def test_what_is_brought_forward_has_its_day_and_says_so_where_the_broker_differs() -> None:
    forward = Lot(65, Decimal("120.00"))
    own = own_row([a_fill(65, "124.00", at=on(1)), a_fill(-65, "125.03", 2, at=on(1))], NEXT, begun=[forward])
    position = the_brokers(own)
    position = replace(position, average=Decimal("122.00"))  # where we are first in first out, the broker may average
    line = day_line(position, a_price("126.00", "121.00"), own)
    assert (line.booked, line.open) == (Decimal("261.95"), Decimal("130.00"))
    assert line.difference == 0
    costless = day_line(replace(position, carried_average=None), a_price("126.00", "121.00"), replace(own, lots=(Lot(65, None),)))
    assert costless.today == line.today, "the day hangs on the previous close, not on the cost"
    other = day_line(replace(position, carried_average=Decimal("119.00")), a_price("126.00", "121.00"), own)
    assert (other.today, other.off) == (line.today, (Off(reason=Reason.BROUGHT_FORWARD, rupees=Decimal("65.00")),))


def test_a_position_without_its_trades_is_the_brokers_word_and_says_why() -> None:
    position = the_brokers(own_row([a_fill(65, "100.00")], TODAY))
    line = day_line(position, a_price("104.00"))
    assert line.today == line.broker == Decimal("260.00")
    assert line.reasons == (Reason.MISSING_TRADE,)


def test_an_open_position_of_which_nobody_says_the_cost_has_booked_no_loss() -> None:
    position = replace(the_brokers(own_row([a_fill(65, "100.00")], TODAY)), average=None)
    line = day_line(position, a_price("104.00"))
    assert (line.booked, line.open, line.today, line.missing) == (None, None, None, (Missing.COST,))


def test_a_round_trip_that_the_trade_book_has_not_is_not_lost() -> None:
    own = own_row([a_fill(65, "100.00"), a_fill(-65, "101.00", 2)], TODAY)
    line = day_line(the_brokers(own), None)
    assert line.booked == Decimal("65.00")
    assert line.reasons == (Reason.MISSING_TRADE,)


def test_shares_sold_out_of_the_holdings_are_booked_at_their_first_cost_where_we_bought_them_all() -> None:
    bought = [
        a_fill(10, "1400.00", 1, at=on(-9), instrument=RELIANCE, product=Product.CNC),
        a_fill(10, "1450.00", 2, at=on(-8), instrument=RELIANCE, product=Product.CNC),
    ]
    sold = a_fill(-12, "1500.00", 3, instrument=RELIANCE, product=Product.CNC)
    own = own_row([*bought, sold], TODAY)
    position = replace(the_brokers(OwnRow(trades=(sold,)), instrument=RELIANCE, product=Product.CNC), average=Decimal(1500))
    line = day_line(position, a_price("1490"), own, a_holding(20, "1425.00"))
    assert (line.booked, line.open) == (Decimal("1100.00"), Decimal(0))
    assert line.broker == Decimal("900.00")
    assert line.off == (Off(reason=Reason.OLDEST_FIRST, rupees=Decimal("200.00")),)
    other = day_line(position, a_price("1490"), own, a_holding(25, "1425.00"))
    assert other.booked == Decimal("900.00"), "five of them we never saw bought, so the broker's average counts for all"
    unknown = day_line(position, a_price("1490"), own, a_holding(25, None))
    assert (unknown.today, unknown.missing) == (None, (Missing.COST,))


def test_a_scope_adds_its_rows_and_names_what_it_leaves_out() -> None:
    call = own_row([a_fill(65, "100.00")], TODAY)
    share = own_row([a_fill(5, "1400.00", instrument=RELIANCE, product=Product.MIS)], TODAY)
    rows = [
        day_line(the_brokers(call), a_price("104.00"), call),
        day_line(the_brokers(share, instrument=RELIANCE, product=Product.MIS), None, share),
    ]
    assert DayPnl.of(rows, lambda row: row.position.instrument.symbol == "NIFTY").known
    whole = DayPnl.of(rows)
    assert not whole.known
    assert [row.missing for row in whole.missing] == [(Missing.PRICE,)]
    assert whole.gross == Decimal("260.00")
    assert DayPnl.of(rows, lambda row: row.position.product is Product.CNC).gross == 0


PRICES = st.integers(1, 5000).map(lambda ticks: Decimal(ticks) / 20)


@given(
    st.lists(st.tuples(st.integers(-3, 3).filter(bool), PRICES), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
    st.sampled_from([Product.NRML, Product.MIS]),
)
def test_booked_open_and_charges_are_the_same_in_whatever_order_the_fills_are_read(
    fills: list[tuple[int, Decimal]], chance: random.Random, product: Product
) -> None:
    trades = [a_fill(65 * signed, each, number, product=product) for number, (signed, each) in enumerate(fills)]
    mixed = list(trades)
    chance.shuffle(mixed)
    found = []
    for read in (trades, mixed):
        own = own_row(read, TODAY)
        line = day_line(the_brokers(own, product=product), a_price("100"), own)
        bill = REFERENCE_DATA.tariff.day([_charged(trade) for trade in read], REFERENCE_DATA.tariff.plan("flat-5"))
        found.append((line.booked, line.open, line.average, bill.total))
    assert found[0] == found[1]


def _charged(trade: LedgerTrade) -> Trade:
    assert trade.price is not None
    return Trade(
        instrument=trade.instrument, side=trade.side, product=trade.product, quantity=trade.quantity, price=trade.price,
        day=trade.day, order=trade.broker_id,
    )  # fmt: skip


SESSIONS = st.lists(
    st.tuples(st.lists(st.tuples(st.integers(-3, 3).filter(bool), PRICES), max_size=4), PRICES, PRICES), min_size=1, max_size=7
)


@given(SESSIONS, st.sets(st.integers(1, 6)))
def test_days_add_up_to_the_paisa_over_any_cut(
    sessions: list[tuple[list[tuple[int, Decimal]], Decimal, Decimal]], cuts: set[int]
) -> None:
    """A session: its fills, the last price that its day is valued at, the official close that the next one begins from."""
    edges = [0, *sorted(cut for cut in cuts if cut < len(sessions)), len(sessions)]
    trades: list[LedgerTrade] = []
    made = ZERO
    mark: DayMark | None = None
    close: Decimal | None = None
    for begin, end in pairwise(edges):
        at = on(begin)
        for fills, _, _ in sessions[begin:end]:
            for signed, price in fills:
                trades.append(a_fill(65 * signed, price, len(trades), at=at + timedelta(seconds=len(trades))))
        last = sessions[end - 1][1]
        own = own_row(trades, ist_date(at), mark=mark)
        line = day_line(the_brokers(own), a_price(last, close), own)
        assert line.today is not None
        assert line.difference is not None
        rounded = sum(abs(lot.quantity) for lot in own.lots) * Decimal("0.005")
        assert abs(line.difference - line.adjustment) <= rounded, "the broker's average of what was carried"
        assert total(part.rupees for part in line.off) == line.difference
        assert {part.reason for part in line.off} <= {Reason.ROUNDING, Reason.CLOSE_ADJUSTMENT}
        made += line.today + line.adjustment
        mark, close = replace(mark_of("a1", line, ist_date(at)), mark=last), sessions[end - 1][2]
    flow = total(-trade.signed * (trade.price or ZERO) for trade in trades)
    assert made == flow + sessions[-1][1] * sum(trade.signed for trade in trades)
