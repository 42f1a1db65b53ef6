"""The way out of a row: whatever stops and orders stand in it, the exits never exceed what is open, and it comes to an end."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.exits.closing import StepKind, closing_row, next_step
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.terms import OrderKind, Side
from tests.stage.depth import examples
from tests.stage.values.orders import a_draft, an_order

LEAVE = a_draft(side=Side.SELL)


def exit_order(number: int, quantity: int, status: OrderStatus) -> Order:
    stop = status is OrderStatus.TRIGGER_PENDING
    draft = a_draft(
        side=Side.SELL,
        quantity=quantity,
        kind=OrderKind.SL if stop else OrderKind.LIMIT,
        trigger=Decimal("1490.00") if stop else None,
    )
    return an_order(id=f"o{number}", broker_id=f"b{number}", number=number, draft=draft, status=status)


def going(orders: list[Order]) -> int:
    return sum(order.pending for order in orders)


@settings(max_examples=examples(400))
@given(
    open_=st.integers(0, 40),
    stops=st.lists(st.integers(1, 20), max_size=4),
    others=st.lists(st.integers(1, 20), max_size=2),
    wanted=st.integers(1, 50),
)
def test_every_way_out_ends_and_at_no_moment_more_is_on_its_way_than_is_open(
    open_: int, stops: list[int], others: list[int], wanted: int
) -> None:
    orders = [exit_order(number, each, OrderStatus.TRIGGER_PENDING) for number, each in enumerate(stops)]
    orders += [exit_order(10 + number, each, OrderStatus.OPEN) for number, each in enumerate(others)]
    most = max(open_, going(orders))  # what others sent beyond it is not ours to cure
    for _ in range(8):
        row = closing_row(LEAVE, open_, orders)
        step = next_step(row, wanted)
        if step.kind is StepKind.NOTHING:
            assert open_ - going([order for order in orders if order.draft.trigger is None]) <= 0
            return
        if step.kind is StepKind.PLACE:
            orders.append(exit_order(99, step.quantity, OrderStatus.OPEN))
            assert going(orders) <= most
            assert step.quantity == min(wanted, open_ - sum(others))
            return
        assert step.order is not None
        orders.remove(step.order)
        if step.kind is StepKind.TURN:
            orders.append(exit_order(98, step.quantity, OrderStatus.OPEN))
            assert going(orders) <= most
            assert step.quantity == min(wanted, open_ - sum(others))
            return
        if step.kind is StepKind.LOWER:
            orders.append(replace(step.order, draft=replace(step.order.draft, quantity=step.quantity)))
        assert going(orders) <= most
    raise AssertionError("no end")


def test_an_exit_closed_as_not_there_counts_no_more_and_one_possibly_working_does() -> None:
    lost = exit_order(1, 10, OrderStatus.UNKNOWN)
    assert closing_row(LEAVE, 10, [lost]).unguarded == 0
    assert closing_row(LEAVE, 10, [replace(lost, status=OrderStatus.NOT_SEEN)]).unguarded == 10
