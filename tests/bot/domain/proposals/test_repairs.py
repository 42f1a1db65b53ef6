"""What repairs a rejection: for each of the broker's words one change of the order, never one that asks for more."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import on_tick
from bot.domain.orders.order import OrderStatus
from bot.domain.proposals.repairs import repairs
from bot.domain.terms import OrderKind, Product, Side
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, a_draft, an_order

FUNDS = "RMS:1:NSE,EQUITY,FUND LIMIT INSUFFICIENT,AVAILABLE FUND={have},ADDITIONAL REQUIRED FUND={short}{needed}"
CALLS = a_draft(instrument=NIFTY_CALL, product=Product.NRML, price=Decimal("100.05"), quantity=1950)
A_STOP = a_draft(side=Side.SELL, kind=OrderKind.SL, trigger=Decimal("1450.00"), price=Decimal("1430.00"), product=Product.MIS)


def offered(words: str, **changes: Any) -> list[str]:
    changes = {"broker_id": "1", "closes": False, **changes}
    order = an_order(status=OrderStatus.REJECTED, reason=words, **changes)
    return [each.label for each in repairs(order, REFERENCE_DATA.rejections.explain(order.reason))]


def funds(short: str, needed: str = "", have: str = "0") -> str:
    return FUNDS.format(have=have, short=short, needed=f",CALCULATED MARGIN FOR ORDER={needed}" if needed else "")


@pytest.mark.parametrize(
    ("words", "changes", "labels"),
    [
        (funds("572.36", "14803"), {}, ["Buy 9 instead", "Funds"]),
        (funds("572.36"), {}, ["Buy 9 instead", "Funds"]),  # a delivery purchase needs its value
        (funds("572.36"), {"draft": a_draft(product=Product.MIS)}, ["Ask again", "Funds"]),  # how much of it is not known
        (funds("1.00", "195097.50"), {"draft": CALLS}, ["Buy 1,885 instead", "Funds"]),
        (funds("14803", "14803"), {}, ["Ask again", "Funds"]),
        ("ORDER QUANTITY SHOULD BE IN multiple of LOT SIZE 75", {"draft": CALLS}, ["Ask again"]),  # 1,950 is 26 lots of 75
        ("ORDER QUANTITY SHOULD BE IN multiple of LOT SIZE 130", {"draft": replace(CALLS, quantity=195)}, ["Buy 130 instead"]),
        ("QUANTITY SHOULD BE MULTIPLE OF LOT SIZE", {"draft": CALLS}, ["Ask again"]),
        ("QUANTITY EXCEEDS freeze QUANTITY 1800", {"draft": CALLS}, ["Buy 1,755 instead"]),
        ("QUANTITY FREEZE", {"draft": CALLS}, ["Buy 975 instead"]),
        ("ORDER PRICE SHOULD BE IN multiple of TICK SIZE 0.25", {}, ["Buy at 1,480.00"]),
        ("RATE NOT MULTIPLE OF TICK [0.50000000]", {"draft": a_draft(side=Side.SELL)}, ["Sell at 1,480.50"]),
        ("TICK SIZE", {}, ["Buy at 1,480.00"]),
        ("TICK SIZE", {"draft": a_draft(protected=True)}, ["Buy at the price of now"]),
        ("EXCH:16284:The order price is out of the days price range.", {}, ["Buy at the price of now"]),
        ("EXCH:16448:Difference between limit price and trigger price", {"draft": A_STOP}, ["Sell at 1,440.00"]),
        ("MARKET ORDER NOT ALLOWED. PLACE LIMIT ORDER", {}, ["Buy at the price of now"]),
        ("INTRADAY NOT ALLOWED IN TRADE TO TRADE SECURITY", {"draft": a_draft(product=Product.MIS)}, ["Buy as CNC"]),
        ("PRODUCT NOT ALLOWED FOR THIS SECURITY", {"draft": replace(CALLS, product=Product.MIS)}, ["Buy as NRML"]),
        ("PRODUCT NOT ALLOWED", {"draft": a_draft(side=Side.SELL, product=Product.MIS), "closes": True}, ["Ask again"]),
        ("PRODUCT NOT ALLOWED", {"draft": a_draft(side=Side.SELL, product=Product.MIS)}, ["Ask again"]),
        ("SELL QUANTITY EXCEEDS AVAILABLE HOLDINGS,AVAILABLE QUANTITY=4,ORDER QUANTITY=10",
         {"draft": a_draft(side=Side.SELL), "closes": True}, ["Sell 4 instead", "Holdings"]),
        ("invalid session. Kindly logout and login again", {}, ["Log in", "Ask again"]),
        ("SECURITY IN BAN PERIOD", {}, ["Ask again"]),
        ("words that nobody has read", {}, ["Ask again", "Funds"]),
        ("The session ended. /login, then ask again. Nothing was sent.", {"broker_id": None}, ["Log in", "Ask again"]),
        ("mStock does not answer. Nothing was sent.", {"broker_id": None}, ["Ask again"]),
        (funds("572.36", "14803"), {"filled": 4}, ["Ask again for 6", "Funds"]),
    ],
)  # fmt: skip
def test_each_refusal_offers_what_repairs_it(words: str, changes: dict[str, Any], labels: list[str]) -> None:
    assert offered(words, **changes) == labels


def test_only_a_rejected_order_is_repaired() -> None:
    why = REFERENCE_DATA.rejections.explain(funds("1", "2"))
    assert [status for status in OrderStatus if repairs(an_order(status=status), why)] == [OrderStatus.REJECTED]


@given(
    row=st.sampled_from(REFERENCE_DATA.rejections.rows),
    figures=st.dictionaries(
        st.sampled_from(["short", "needed", "lot", "tick", "freeze", "left"]), st.decimals(0, 10**7, places=2), max_size=6
    ),
    draft=st.sampled_from([a_draft(), CALLS, A_STOP, a_draft(side=Side.SELL), a_draft(product=Product.MIS, protected=True)]),
    closes=st.booleans(),
    filled=st.integers(0, 9),
)
def test_no_repair_asks_for_more_than_the_order_did(
    row: Any, figures: dict[str, Decimal], draft: Any, closes: bool, filled: int
) -> None:
    why = replace(REFERENCE_DATA.rejections.explain(row.example), figures=figures)
    order = an_order(status=OrderStatus.REJECTED, broker_id="1", draft=draft, closes=closes, filled=filled)
    for each in repairs(order, why):
        change = each.change
        if change is None:
            continue
        assert change.quantity is None or 0 < change.quantity <= draft.quantity - filled
        if change.price is not None:
            assert on_tick(change.price, draft.instrument.tick)
        if change.price is not None and draft.trigger is None:
            assert (change.price - draft.price) * draft.side.sign <= 0, "a limit is never moved against the person"
