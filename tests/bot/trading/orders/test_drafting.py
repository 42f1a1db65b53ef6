"""What an exit may still close: whatever else works, filled or just filled, no order of that size crosses zero."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import ZERO
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.portfolio import Position
from bot.domain.terms import Product, Side
from bot.trading.orders.drafting import closable
from tests.stage.orders import NIFTY_CALL, NOW, RELIANCE, a_draft, an_order

READ_AT = NOW


@st.composite
def exits(draw: st.DrawFn) -> Order:
    quantity = draw(st.integers(1, 10)) * 65
    status = draw(st.sampled_from([OrderStatus.OPEN, OrderStatus.PARTIAL, OrderStatus.FILLED, OrderStatus.UNKNOWN]))
    filled = {OrderStatus.FILLED: quantity, OrderStatus.PARTIAL: quantity - 1}.get(status, 0)
    terms = a_draft(
        instrument=draw(st.sampled_from([NIFTY_CALL, RELIANCE])),
        side=draw(st.sampled_from(Side)),
        product=draw(st.sampled_from([Product.NRML, Product.MIS])),
        quantity=quantity,
    )
    late = draw(st.booleans())
    return an_order(draft=terms, status=status, filled=filled, updated_at=READ_AT + timedelta(seconds=1 if late else -1))


@given(st.integers(-20, 20), st.lists(exits(), max_size=4), st.sampled_from(Side))
def test_no_order_of_that_size_crosses_zero_whatever_works_or_has_just_filled(lots: int, others: list[Order], side: Side) -> None:
    held = lots * 65
    position = Position(
        instrument=NIFTY_CALL,
        product=Product.NRML,
        quantity=held,
        average=None,
        bought=0,
        sold=0,
        bought_value=ZERO,
        sold_value=ZERO,
    )
    draft = a_draft(instrument=NIFTY_CALL, side=side, product=Product.NRML, quantity=65)
    size = closable(draft, [position], [], others, read_at=READ_AT)
    mine = [each for each in others if each.draft.instrument is NIFTY_CALL and each.draft.product is Product.NRML]
    same_side = [each for each in mine if each.draft.side is side]
    # The worst case: what filled after the reading is not in it, and all that works fills as well.
    unseen = sum(each.filled for each in same_side if each.updated_at >= READ_AT)
    to_come = sum(each.pending for each in same_side if each.status is not OrderStatus.FILLED)
    after = held + side.sign * (size + unseen + to_come)
    assert size >= 0
    if size:
        assert held * side.sign < 0
        assert after * held >= 0
