"""Which working orders are ways out, and which stop guards alone."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.standing import OpenRows, guards_alone, is_exit
from bot.domain.terms import OrderKind, Product, Side
from tests.stage.values.orders import NOW, RELIANCE, a_draft, an_order

LATER = NOW + timedelta(seconds=5)


def resting(side: Side = Side.SELL, product: Product = Product.MIS, quantity: int = 10, **changes: object) -> Order:
    order = an_order(draft=a_draft(side=side, product=product, quantity=quantity), status=OrderStatus.OPEN)
    return replace(order, **changes)  # type: ignore[arg-type] # fields of an order


def waiting(number: int = 1, quantity: int = 10) -> Order:
    draft = a_draft(
        side=Side.SELL, product=Product.MIS, quantity=quantity, kind=OrderKind.SL, price=Decimal(1440), trigger=Decimal(1450)
    )  # fmt: skip
    return an_order(id=f"o{number}", number=number, draft=draft, status=OrderStatus.TRIGGER_PENDING)


def rows(quantity: int, product: Product = Product.MIS) -> OpenRows:
    return OpenRows(units={(RELIANCE.key, product): quantity}, as_of=LATER)


@pytest.mark.parametrize(
    ("order", "held", "exits"),
    [
        (resting(), rows(10), True),
        (resting(quantity=20), rows(10), False),
        (resting(quantity=20, filled=10, status=OrderStatus.PARTIAL), rows(10), True),
        (resting(), rows(-10), False),
        (resting(Side.BUY), rows(-10), True),
        (resting(Side.BUY), rows(10), False),
        (resting(), rows(10, Product.NRML), False),
        (resting(), None, False),
        (resting(closes=True), rows(0), True),
        (resting(product=Product.CNC), None, True),
        (resting(Side.BUY, Product.CNC), None, False),
        (waiting(), None, True),
        (waiting(), rows(10), True),
        (waiting(), rows(0), False),
    ],
)
def test_an_order_that_can_only_make_a_row_smaller_is_a_way_out(order: Order, held: OpenRows | None, exits: bool) -> None:
    assert is_exit(order, held) is exits


def test_a_stop_that_is_younger_than_the_last_look_guards_what_may_be_younger_still() -> None:
    assert is_exit(waiting(), replace(rows(0), as_of=NOW))


def test_a_stop_guards_alone_unless_others_guard_all_that_is_open() -> None:
    stop = waiting(1)
    assert guards_alone(stop, [stop], rows(10))
    assert not guards_alone(stop, [stop, waiting(2)], rows(10))
    assert guards_alone(stop, [stop, waiting(2, quantity=5)], rows(10))
    assert guards_alone(stop, [stop, waiting(2)], rows(20))
    assert not guards_alone(stop, [stop], rows(0)), "a stop that opens is an entry"
    assert not guards_alone(resting(), [resting()], rows(10))
