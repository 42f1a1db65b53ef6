"""First in, first out agrees with shares that are told apart one by one, and forgets nothing on the way."""

import random
from collections import deque
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import ZERO, total
from bot.domain.pnl.fifo import Exit, Lot, booked_by_day, carried_into, cost_of, lots_of, match, match_day, quantity_of
from bot.domain.terms import Product
from tests.stage.values.ledger import a_fill, on

PRICES = st.integers(1, 5000).map(lambda ticks: Decimal(ticks) / 20)
FILLS = st.lists(st.tuples(st.integers(-6, 6).filter(bool), PRICES), max_size=12)
PRODUCTS = st.sampled_from([Product.MIS, Product.NRML, Product.CNC])


def lots(fills: list[tuple[int, Decimal]]) -> list[Lot]:
    return [Lot(signed, price) for signed, price in fills]


def one_by_one(fills: list[tuple[int, Decimal]]) -> tuple[Decimal, list[tuple[int, Decimal]]]:
    """A model that matches single shares."""
    booked, opened = ZERO, deque[tuple[int, Decimal]]()
    for signed, price in fills:
        sign = 1 if signed > 0 else -1
        for _ in range(abs(signed)):
            if opened and opened[0][0] == -sign:
                way, entry = opened.popleft()
                booked += (price - entry) * way
            else:
                opened.append((sign, price))
    return booked, list(opened)


def booked_of(exits: list[Exit]) -> Decimal:
    return total(each.amount for each in exits if each.amount is not None)


@given(FILLS)
def test_it_books_what_shares_told_apart_would_book(fills: list[tuple[int, Decimal]]) -> None:
    exits, left = match((), lots(fills))
    booked, opened = one_by_one(fills)
    assert booked_of(exits) == booked
    assert [(1 if lot.quantity > 0 else -1, lot.price) for lot in left for _ in range(abs(lot.quantity))] == opened


@given(FILLS, FILLS, PRODUCTS)
def test_without_a_record_of_each_exit_the_same_is_booked_and_left(
    before: list[tuple[int, Decimal]], fills: list[tuple[int, Decimal]], product: Product
) -> None:
    carried = match((), lots(before))[1]
    exits, left = match_day(carried, lots(fills), product)
    assert booked_by_day(carried, lots(fills), product) == (booked_of(exits), left)
    unknown = [lot._replace(price=None) for lot in carried]
    closes_unknown = any(each.entry is None for each in match_day(unknown, lots(fills), product)[0])
    assert (booked_by_day(unknown, lots(fills), product)[0] is None) is closes_unknown


@given(FILLS, PRICES, PRODUCTS)
def test_booked_and_open_are_all_that_came_in_less_all_that_went_out(
    fills: list[tuple[int, Decimal]], last: Decimal, product: Product
) -> None:
    exits, left = match_day((), lots(fills), product)
    cost = cost_of(left)
    assert cost is not None
    flow = total(-signed * price for signed, price in fills)
    assert booked_of(exits) + last * quantity_of(left) - cost == flow + last * sum(signed for signed, _ in fills)


@given(FILLS, st.randoms(use_true_random=False), PRODUCTS)
def test_the_order_in_which_fills_are_read_changes_nothing(
    fills: list[tuple[int, Decimal]], chance: random.Random, product: Product
) -> None:
    trades = [a_fill(signed, price, number, product=product) for number, (signed, price) in enumerate(fills)]
    mixed = list(trades)
    chance.shuffle(mixed)
    assert match_day((), lots_of(mixed), product) == match_day((), lots_of(trades), product)
    later = on(1).date()
    assert carried_into(later, mixed, (), product) == carried_into(later, trades, (), product)


@given(st.lists(st.tuples(st.integers(1, 500), PRICES), min_size=1, max_size=12), PRODUCTS)
def test_what_was_never_sold_has_booked_exactly_nothing(fills: list[tuple[int, Decimal]], product: Product) -> None:
    exits, left = match_day((), lots(fills), product)
    assert exits == []
    assert quantity_of(left) == sum(quantity for quantity, _ in fills)


def test_a_fill_goes_through_zero_and_opens_the_other_side() -> None:
    exits, left = match((Lot(10, Decimal(100)),), (Lot(-25, Decimal(110)),))
    assert [(each.quantity, each.amount) for each in exits] == [(10, Decimal(100))]
    assert left == [Lot(-15, Decimal(110))]


def test_an_exit_names_the_quantity_the_day_and_the_orders_of_both_ends() -> None:
    trades = [a_fill(65, "90.00", 1, at=on(0)), a_fill(65, "95.00", 2, at=on(1)), a_fill(-100, "99.00", 3, at=on(1))]
    exits, left = match((), lots_of(trades))
    assert [(each.quantity, each.entry, each.opened, each.entry_order) for each in exits] == [
        (65, Decimal("90.00"), trades[0].day, trades[0].broker_id),
        (35, Decimal("95.00"), trades[1].day, trades[1].broker_id),
    ]
    assert {(each.closed, each.order) for each in exits} == {(trades[2].day, trades[2].broker_id)}
    assert [each.amount for each in exits] == [Decimal("585.00"), Decimal("140.00")]
    assert quantity_of(left) == 30


def test_delivery_is_netted_within_its_day_before_it_touches_what_was_held() -> None:
    held = (Lot(100, Decimal(1400), on(-30).date()),)
    exits, left = match_day(held, lots([(-40, Decimal(1500)), (10, Decimal(1490))]), Product.CNC)
    assert [(each.quantity, each.entry) for each in exits] == [(-10, Decimal(1500)), (30, Decimal(1400))]
    assert quantity_of(left) == 70


def test_what_has_no_cost_books_no_figure() -> None:
    exits, _ = match((Lot(10, None),), (Lot(-10, Decimal(5)),))
    assert exits[0].amount is None
    assert cost_of([Lot(10, None), Lot(5, Decimal(1))]) is None
