"""An order only moves where it may, and its fills only grow."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import IllegalMove
from bot.domain.orders.order import FINAL, MOVES, WORKING, Order, OrderFact, OrderStatus
from bot.domain.terms import OrderKind, Product, Side
from tests.stage.values.orders import NIFTY_CALL, NOW, a_draft, a_fact, an_order

BOOK_STATUSES = sorted(WORKING | FINAL)


@st.composite
def facts(draw: st.DrawFn) -> OrderFact:
    status = draw(st.sampled_from(BOOK_STATUSES))
    filled = draw(st.integers(0, 10))
    return a_fact(status=status, filled=filled, average=Decimal("1480.30") if filled else None)


@given(st.lists(facts(), max_size=12))
def test_whatever_the_book_says_in_whatever_order_fills_never_shrink_and_no_final_status_is_left(rows: list[OrderFact]) -> None:
    order = an_order()
    for second, row in enumerate(rows):
        after = order.after(row, NOW + timedelta(seconds=second))
        assert order.filled <= after.filled <= after.draft.quantity
        if order.status.is_final:
            assert after.status is order.status
        assert after.version in (order.version, order.version + 1)
        order = after


@given(st.lists(facts(), max_size=8))
def test_a_row_applied_twice_changes_nothing_the_second_time(rows: list[OrderFact]) -> None:
    order = an_order()
    for row in rows:
        order = order.after(row, NOW)
        assert order.after(row, NOW + timedelta(hours=1)) is order


@given(facts(), facts())
def test_a_late_row_with_fewer_shares_filled_does_not_turn_the_order_back(early: OrderFact, late: OrderFact) -> None:
    newest = max(early, late, key=lambda row: row.filled)
    oldest = min(early, late, key=lambda row: row.filled)
    order = an_order().after(newest, NOW)
    if oldest.filled < newest.filled:
        assert order.after(oldest, NOW) is order


def test_traded_with_fewer_shares_than_ordered_is_partly_filled() -> None:
    order = an_order().after(a_fact(status=OrderStatus.FILLED, filled=4), NOW)
    assert order.status is OrderStatus.PARTIAL
    assert order.pending == 6


def test_no_table_of_moves_leaves_a_final_status() -> None:
    assert all(not MOVES[status] for status in FINAL)
    assert set(MOVES) == set(OrderStatus)


def test_a_closed_unknown_order_reopens_when_it_turns_up() -> None:
    given_up = an_order().unclear(NOW).given_up(NOW)
    assert given_up.after(a_fact(), NOW).status is OrderStatus.OPEN


def test_a_refusal_that_is_no_proof_gives_way_to_a_row_in_the_book() -> None:
    refused = an_order().refused("no funds", NOW, broker_id=None, final=False)
    assert not refused.status.is_final
    assert refused.after(a_fact(filled=10, status=OrderStatus.FILLED), NOW).status is OrderStatus.FILLED


def test_a_refusal_with_the_brokers_own_id_is_final() -> None:
    refused = an_order().refused("FUND LIMIT INSUFFICIENT", NOW, broker_id="1151261120101", final=True)
    assert refused.status is OrderStatus.REJECTED
    with pytest.raises(IllegalMove):
        refused.unclear(NOW)


def test_the_answer_to_our_post_does_not_overwrite_a_book_that_was_quicker() -> None:
    filled = an_order().after(a_fact(filled=10, status=OrderStatus.FILLED), NOW)
    assert filled.accepted("1151261120101", NOW) is filled


def test_new_terms_from_the_brokers_app_are_taken_over() -> None:
    order: Order = an_order().after(a_fact(price=Decimal("1475.00"), quantity=20), NOW)
    assert (order.draft.price, order.draft.quantity) == (Decimal("1475.00"), 20)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": -10},
        {"price": Decimal("1480.33")},
        {"price": Decimal(0)},
        {"price": None},
        {"kind": OrderKind.MARKET},
        {"kind": OrderKind.SL},
        {"trigger": Decimal(1470)},
        {"instrument": NIFTY_CALL},
    ],
)
def test_a_draft_without_legal_shape_cannot_exist(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        a_draft(**changes)


@given(
    side=st.sampled_from(Side),
    quantity=st.integers(1, 50),
    ticks=st.integers(1, 40_000),
    product=st.sampled_from(Product),
    protected=st.booleans(),
)
def test_two_drafts_share_a_digest_only_when_every_field_agrees(
    side: Side, quantity: int, ticks: int, product: Product, protected: bool
) -> None:
    one = a_draft()
    other = a_draft(side=side, quantity=quantity, price=ticks * Decimal("0.10"), product=product, protected=protected)
    assert (one.digest() == other.digest()) is (one == other)
