"""Round trips and exits make what the fills made, wherever the days are cut."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import ist_date
from bot.domain.money import ZERO, total
from bot.domain.pnl.fifo import Lot, carried_into
from bot.domain.pnl.round_trips import booked, round_trips, walk
from bot.domain.pnl.trades import FINE, DayMark, LedgerTrade
from bot.domain.terms import Product
from tests.stage.values.ledger import a_fill, on
from tests.stage.values.orders import NIFTY_CALL, NOW, RELIANCE

PRICES = st.integers(1, 5000).map(lambda ticks: Decimal(ticks) / 20)
MOVES = st.lists(st.tuples(st.integers(0, 4), st.integers(-6, 6).filter(bool), PRICES), max_size=14)


def fills(moves: list[tuple[int, int, Decimal]], product: Product) -> list[LedgerTrade]:
    """Fills on five days, in the order of their numbers within a day."""
    return [
        a_fill(signed, price, number, at=on(day) + timedelta(seconds=number), product=product)
        for number, (day, signed, price) in enumerate(moves, 1)
    ]


@given(MOVES)
def test_trips_from_flat_to_flat_make_what_the_exits_book(
    moves: list[tuple[int, int, Decimal]],
) -> None:
    trades = fills(moves, Product.NRML)
    rest = -sum(trade.signed for trade in trades)
    if rest:
        trades.append(a_fill(rest, "100.00", 99, at=on(5)))
    days = walk(trades)
    exits = booked(days)
    trips = round_trips(days, {})
    flow = total(-trade.signed * (trade.price or ZERO) for trade in trades)
    assert total(trip.gross for trip in trips if trip.gross is not None) == flow
    assert total(each.amount for each in exits if each.amount is not None) == flow
    assert sum(abs(each.quantity) for each in exits) == sum(trip.quantity for trip in trips)


@given(MOVES, st.integers(0, 4))
def test_exits_are_the_same_wherever_the_days_are_cut(moves: list[tuple[int, int, Decimal]], cut: int) -> None:
    trades = fills(moves, Product.NRML)
    at = ist_date(on(cut))
    whole = walk(trades)
    first = walk([trade for trade in trades if trade.day <= at])
    second = walk([trade for trade in trades if trade.day > at], first[-1].left if first else ())
    assert booked(whole) == booked(first) + booked(second)


def test_one_trip_of_three_exits_and_its_holding_time() -> None:
    trades = [a_fill(195, "100.00", 1), a_fill(-65, "101.00", 61), a_fill(-65, "99.00", 62), a_fill(-65, "103.00", 121)]
    (trip,) = round_trips(walk(trades), {trades[0].broker_id: Decimal(20), trades[3].broker_id: Decimal(30)})
    assert (trip.gross, trip.charges, trip.net) == (Decimal("195.00"), Decimal(50), Decimal("145.00"))
    assert (trip.quantity, trip.held) == (195, timedelta(minutes=2))
    assert [each.amount for each in booked(walk(trades))] == [Decimal(65), Decimal(-65), Decimal(195)]


def test_a_fill_that_turns_the_position_round_ends_a_trip_and_begins_the_next() -> None:
    trades = [a_fill(65, "100.00", 1), a_fill(-130, "110.00", 2), a_fill(65, "105.00", 3)]
    first, second = round_trips(walk(trades), {})
    assert (first.gross, second.gross) == (Decimal(650), Decimal(325))
    assert second.opened == trades[1].at


def test_what_a_delivery_purchase_cost_is_shared_by_its_sales() -> None:
    shares = {"instrument": RELIANCE, "product": Product.CNC}
    buy, later = a_fill(30, "1500.00", 1, **shares), {"at": on(3), **shares}
    first, second = a_fill(-10, "1510.00", 2, **later), a_fill(-20, "1520.00", 3, **later)
    cost = {buy.broker_id: Decimal(60), first.broker_id: Decimal(25), second.broker_id: Decimal(27)}
    trips = round_trips(walk([buy, first, second]), cost)
    assert [trip.charges for trip in trips] == [Decimal(45), Decimal(67)]
    (since,) = round_trips(walk([second], [Lot(20, Decimal(1500), buy.day, buy.broker_id)]), cost)
    assert since.charges == Decimal(87), "of a range that begins later, what is left of the purchase bears it"


def test_the_shares_of_what_a_purchase_cost_never_make_more_than_it() -> None:
    shares = {"instrument": RELIANCE, "product": Product.CNC}
    buy = a_fill(3, "1500.00", 1, **shares)
    sales = [a_fill(-1, "1510.00", number, at=on(number), **shares) for number in (2, 3, 4)]
    trips = round_trips(walk([buy, *sales]), {buy.broker_id: 2 * FINE})
    assert [trip.charges for trip in trips] == [FINE, FINE, ZERO], "two thirds of the smallest amount are rounded up to one"


def test_a_contract_that_was_open_before_the_first_day_is_closed_by_its_sale_and_the_sale_opens_nothing() -> None:
    sale = a_fill(-65, "110.00", 1)
    (trip,) = round_trips(walk([sale], [Lot(65, Decimal(100))]), {})
    assert (trip.gross, trip.quantity, trip.held) == (Decimal(650), 65, None)
    (unknown,) = round_trips(walk([sale], [Lot(65, None)]), {})
    assert unknown.gross is None


def test_shares_brought_forward_make_a_trip_without_a_beginning() -> None:
    sale = a_fill(-10, "1500.00", 1, instrument=RELIANCE, product=Product.CNC)
    (known,) = round_trips(walk([sale], [Lot(25, Decimal(1400))]), {})
    assert (known.gross, known.held) == (Decimal(1000), None)
    (unknown,) = round_trips(walk([sale], [Lot(25, None)]), {})
    assert unknown.net is None


def test_each_delivery_sale_is_a_trip_for_the_row_is_never_flat() -> None:
    bought = a_fill(100, "1400.00", 1, instrument=RELIANCE, product=Product.CNC)
    sales = [replace(a_fill(-40, "1410.00", day, at=on(day)), instrument=RELIANCE, product=Product.CNC) for day in (2, 3)]
    trips = round_trips(walk([bought, *sales]), {})
    assert [trip.gross for trip in trips] == [Decimal(400), Decimal(400)]
    assert [trip.opened for trip in trips] == [bought.at, bought.at]


def test_an_option_held_to_its_end_closes_at_that_days_mark_and_not_before() -> None:
    last = date(2026, 11, 23)  # its expiry
    mark = DayMark(
        account_id="a1", day=last, instrument=NIFTY_CALL, product=Product.NRML, quantity=65, mark=Decimal("12.30"),
        booked=ZERO, open=ZERO, adjustment=ZERO, since_entry=None,
    )  # fmt: skip
    bought = a_fill(65, "100.00", 1, at=NOW)
    over = walk([bought], marks={last: mark}, over=last)
    (trip,) = round_trips(over, {})
    assert (trip.gross, trip.day, trip.closed) == (Decimal("-5700.50"), last, None)
    assert over[-1].left == ()
    assert round_trips(walk([bought], marks={last: mark}, over=last - timedelta(days=1)), {}) == []


def test_what_is_sold_out_of_older_holdings_is_booked_at_the_cost_that_the_day_had_for_it() -> None:
    sale = a_fill(-40, "412.85", 1, instrument=RELIANCE, product=Product.CNC)
    mark = DayMark(
        account_id="a1", day=sale.day, instrument=RELIANCE, product=Product.CNC, quantity=-40, mark=None,
        booked=Decimal("588.00"), open=ZERO, adjustment=ZERO, since_entry=None,
    )  # fmt: skip
    (known,) = booked(walk([sale], marks={sale.day: mark}))
    assert (known.quantity, known.entry, known.amount) == (40, Decimal("398.1500"), Decimal("588.00"))
    (unknown,) = booked(walk([sale]))
    assert (unknown.entry, unknown.amount) == (None, None)


def test_shares_bought_after_such_a_sale_are_not_taken_for_its_cover() -> None:
    sale = a_fill(-40, "412.85", 1, instrument=RELIANCE, product=Product.CNC)
    bought = a_fill(10, "420.00", 2, at=on(1), instrument=RELIANCE, product=Product.CNC)
    assert [lot.quantity for lot in carried_into(ist_date(on(2)), [sale, bought], (), Product.CNC)] == [10]
    assert [lot.quantity for lot in walk([sale, bought])[-1].left] == [10]
