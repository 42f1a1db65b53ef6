"""The checks as plain calls: each warning and refusal where it belongs, and silence where what it needs is not known."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.market.instrument import InstrumentKind
from bot.domain.market.prices import Price
from bot.domain.market.rules import ExpiryStage
from bot.domain.people.account import Limits
from bot.domain.terms import OrderKind, Product, Side
from bot.trading.proposals.checks import refusals
from bot.trading.proposals.remarks import remarks
from bot.trading.proposals.situation import Situation
from tests.stage.market import REFERENCE_DATA, a_share, an_index
from tests.stage.orders import NIFTY_CALL, RELIANCE, a_draft

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
DERIVATIVE = a_draft(instrument=NIFTY_CALL, product=Product.NRML, quantity=65, price=Decimal("120.00"))

WRITTEN = replace(DERIVATIVE, side=Side.SELL)


def a_situation(**changes: Any) -> Situation:
    plain = Situation(
        draft=a_draft(),
        now=NOON,
        reduces=False,
        stop=None,
        limits=Limits(value=None),
        sent_today=0,
        sent_last_minute=0,
        clock_off=0.0,
    )
    return replace(plain, **changes)


def names(at: Situation) -> set[str]:
    return {remark.name for remark in remarks(at)}


def test_an_order_about_which_nothing_more_is_known_is_neither_refused_nor_warned_of() -> None:
    assert refusals(a_situation()) == ()
    assert remarks(a_situation()) == ()


@pytest.mark.parametrize(
    ("name", "there", "not_there"),
    [
        ("over_freeze", {"freeze": 9}, {"freeze": 10}),
        ("series", {"draft": a_draft(product=Product.MIS, instrument=replace(RELIANCE, series="BE"))},
         {"draft": a_draft(product=Product.CNC, instrument=replace(RELIANCE, series="BE"))}),
        ("naked_short", {"draft": WRITTEN}, {"draft": WRITTEN, "reduces": True}),
        ("near_expiry", {"draft": DERIVATIVE, "stage": ExpiryStage.WARN}, {"draft": DERIVATIVE, "stage": None}),
    ],
)  # fmt: skip
def test_a_warning_stands_where_it_belongs_and_nowhere_else(name: str, there: dict[str, Any], not_there: dict[str, Any]) -> None:
    assert name in names(a_situation(**there))
    assert name not in names(a_situation(**not_there))


@pytest.mark.parametrize(
    ("moment", "kind", "warned"),
    [
        ("2026-11-20T06:30", OrderKind.LIMIT, set()),  # noon
        ("2026-11-20T14:30", OrderKind.LIMIT, {"market_hours"}),  # eight in the evening
        ("2026-11-21T06:30", OrderKind.LIMIT, {"market_hours"}),  # a Saturday
        ("2026-11-20T03:33", OrderKind.SL, {"kind_now"}),  # before the open no stop is taken
    ],
)
def test_hours_and_kinds_are_the_calendars(moment: str, kind: OrderKind, warned: set[str]) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    window = REFERENCE_DATA.calendar.may(a_share(), Product.CNC, at)
    trigger = Decimal("1480.00") if kind is OrderKind.SL else None
    assert names(a_situation(now=at, window=window, draft=a_draft(kind=kind, trigger=trigger))) == warned


def test_an_index_is_refused_for_it_cannot_be_traded() -> None:
    index = an_index()
    assert index.kind is InstrumentKind.INDEX
    (say,) = refusals(a_situation(draft=a_draft(instrument=index)))
    assert "NIFTY" in say


def test_on_the_days_before_expiry_that_settle_in_shares_an_entry_is_refused_and_an_exit_passes() -> None:
    assert len(refusals(a_situation(draft=DERIVATIVE, stage=ExpiryStage.REFUSE))) == 1
    assert refusals(a_situation(draft=DERIVATIVE, stage=ExpiryStage.REFUSE, reduces=True)) == ()


def test_where_a_limit_for_one_order_is_set_an_order_of_unknown_worth_is_refused() -> None:
    market = a_draft(kind=OrderKind.MARKET, price=None)
    limits = Limits(value=Decimal(50_000))
    (say,) = refusals(a_situation(draft=market, limits=limits))
    assert say == "What it is worth is not known now, and your own limit for one order is 50,000.00."
    seen = Price(last=Decimal("1480.30"), bid=None, ask=None)
    assert refusals(a_situation(draft=market, limits=limits, price=seen)) == ()
    assert len(refusals(a_situation(draft=replace(market, quantity=100), limits=limits, price=seen))) == 1
