"""How words become an order in legal shape, and what an exit may still close, which never crosses zero."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import CheckFailed, ChoiceWanted, UsageError
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.money import ZERO
from bot.domain.orders.order import Order, OrderRequest, OrderStatus
from bot.domain.orders.order_text import request_line
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.trading.drafts.drafting import Drafting, closable, product_of
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, NOW, RELIANCE, a_draft, an_order

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


class Still:
    def now(self) -> datetime:
        return NOW


DRAFTING = Drafting(REFERENCE_DATA.rules, Still())
SEEN = Price(last=Decimal("1480.30"), at=NOW, bid=Decimal("1480.20"), ask=Decimal("1480.30"))
BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)


@pytest.mark.parametrize(
    ("rupees", "price", "shares"),
    [("14803", None, 9), ("14803", "1480.30", 10), ("14802.99", "1480.30", 9), ("1480.30", "1480.30", 1)],
)  # fmt: skip
def test_rupees_buy_whole_shares_at_the_worst_price_and_never_more(rupees: str, price: str | None, shares: int) -> None:
    request = replace(BUY, quantity=None, rupees=Decimal(rupees), price=Decimal(price) if price else None)
    draft, _ = DRAFTING.draft(request, RELIANCE, SEEN, Product.CNC)
    assert draft.quantity == shares
    assert draft.price is not None
    assert draft.price * shares <= Decimal(rupees) < draft.price * (shares + 1)


@pytest.mark.parametrize(
    ("at", "protected", "why"),
    [
        (NOW, True, None),
        (NOW - timedelta(seconds=61), False, "Last trade is over a minute old: limit at mid, not market"),
        (None, False, "Age of the price is not known: limit at mid, not market"),
    ],
)
def test_a_price_that_is_old_or_of_unknown_age_makes_a_limit_at_mid(
    at: datetime | None, why: str | None, *, protected: bool
) -> None:
    draft, said = DRAFTING.draft(BUY, RELIANCE, replace(SEEN, at=at), Product.CNC)
    assert (draft.protected, [remark.say for remark in said]) == (protected, [why] if why else [])
    assert protected or draft.price == Decimal("1480.20")


def test_rupees_for_contracts_buy_whole_lots() -> None:
    request = replace(BUY, quantity=None, rupees=Decimal(20_000), price=Decimal("120.00"))
    draft, _ = DRAFTING.draft(request, NIFTY_CALL, None, Product.NRML)
    assert draft.quantity == 2 * 65


@pytest.mark.parametrize(
    ("instrument", "price", "says"),
    [
        (RELIANCE, "1480.30", "₹1,000.00 does not buy one share at 1,480.30."),
        (NIFTY_CALL, "120.00", "₹1,000.00 does not buy one lot at 120.00."),
    ],
)  # fmt: skip
def test_rupees_that_do_not_buy_one_are_refused_with_the_price(instrument: Instrument, price: str, says: str) -> None:
    request = replace(BUY, quantity=None, rupees=Decimal(1000), price=Decimal(price))
    with pytest.raises(CheckFailed) as refused:
        DRAFTING.draft(request, instrument, None, Product.NRML)
    assert refused.value.reasons == (says,)


def test_where_no_price_is_known_neither_a_worst_price_nor_rupees_can_be_worked_out() -> None:
    with pytest.raises(CheckFailed, match="Give a limit"):
        DRAFTING.draft(BUY, RELIANCE, None, Product.CNC)
    with pytest.raises(CheckFailed, match="give a quantity"):
        DRAFTING.draft(replace(BUY, quantity=None, rupees=Decimal(5000), market=True), RELIANCE, None, Product.CNC)


def test_an_order_at_the_market_by_name_carries_no_price() -> None:
    draft, _ = DRAFTING.draft(replace(BUY, market=True), RELIANCE, SEEN, Product.CNC)
    assert (draft.kind, draft.price, draft.protected) == (OrderKind.MARKET, None, False)


@pytest.mark.parametrize(("quantity", "says"), [(None, "How many?"), (0, "0 is not a quantity."), (-5, "-5 is not a quantity.")])
def test_what_is_no_quantity_is_answered_with_an_example(quantity: int | None, says: str) -> None:
    with pytest.raises(UsageError) as usage:
        DRAFTING.draft(replace(BUY, quantity=quantity), RELIANCE, SEEN, Product.CNC)
    assert (usage.value.say, usage.value.example) == (says, "/buy RELIANCE 1")


@pytest.mark.parametrize("price", ["0", "-1480"])
def test_a_price_of_nothing_or_less_is_no_price(price: str) -> None:
    with pytest.raises(UsageError, match="is no price"):
        DRAFTING.draft(replace(BUY, price=Decimal(price)), RELIANCE, SEEN, Product.CNC)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"price": Decimal("1475.04")}, "price"),
        ({"trigger": Decimal("1475.04")}, "trigger"),
        ({"trigger": Decimal("1475.00"), "trigger_limit": Decimal("1475.04")}, "trigger_limit"),
    ],
)
def test_each_figure_between_ticks_becomes_two_commands_that_differ_in_it_alone(terms: dict[str, Decimal], field: str) -> None:
    request = replace(BUY, **terms)  # type: ignore[arg-type] # fields by name
    with pytest.raises(ChoiceWanted) as wanted:
        DRAFTING.draft(request, RELIANCE, SEEN, Product.CNC)
    below, above = replace(request, **{field: Decimal("1475.0")}), replace(request, **{field: Decimal("1475.1")})  # type: ignore[arg-type] # the same
    assert [line for _, line in wanted.value.near] == [request_line(below), request_line(above)]


@pytest.mark.parametrize(
    ("side", "limit", "says"),
    [
        (Side.BUY, "1470.00", "The limit 1,470.00 is below the trigger 1,475.00: it could not fill."),
        (Side.SELL, "1480.00", "The limit 1,480.00 is above the trigger 1,475.00: it could not fill."),
    ],
)
def test_a_stop_whose_limit_lies_on_the_wrong_side_is_refused(side: Side, limit: str, says: str) -> None:
    request = replace(BUY, side=side, trigger=Decimal("1475.00"), trigger_limit=Decimal(limit))
    with pytest.raises(CheckFailed) as refused:
        DRAFTING.draft(request, RELIANCE, SEEN, Product.CNC)
    assert refused.value.reasons == (says,)


@pytest.mark.parametrize("product", [Product.CNC, Product.MTF])
@pytest.mark.parametrize("side", list(Side))
def test_a_contract_asked_for_as_shares_is_two_products_that_it_has(product: Product, side: Side) -> None:
    """Its card had a Confirm that could only be refused, and a sale said that there is none of it to sell."""
    request = replace(BUY, side=side, symbol="NIFTY 24500 CE", quantity=65, product=product)
    with pytest.raises(ChoiceWanted, match=f"{product} is for shares") as wanted:
        product_of(request, NIFTY_CALL, (), ())
    assert [line for _, line in wanted.value.near] == [
        request_line(replace(request, product=fits)) for fits in (Product.NRML, Product.MIS)
    ]


@pytest.mark.parametrize("side", list(Side))
def test_a_share_asked_for_as_a_contract_is_two_products_that_it_has(side: Side) -> None:
    """buy reliance 10 nrml made a card whose Confirm could only be refused."""
    request = replace(BUY, side=side, symbol="RELIANCE", quantity=10, product=Product.NRML)
    with pytest.raises(ChoiceWanted, match="NRML is for contracts, and RELIANCE is a share") as wanted:
        product_of(request, RELIANCE, (), ())
    assert [line for _, line in wanted.value.near] == [
        request_line(replace(request, product=fits)) for fits in (Product.CNC, Product.MIS)
    ]
