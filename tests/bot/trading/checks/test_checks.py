"""The checks as plain calls: each warning and refusal where it belongs, and silence where what it needs is not known."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.market.display_names import short
from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.market.prices import Price
from bot.domain.market.rules import Band, ExpiryStage
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.people.account import Limits
from bot.domain.positions.portfolio import Holding, Position
from bot.domain.terms import OrderKind, Product, Side
from bot.trading.checks.checks import closing_auction, refusals, repairs
from bot.trading.checks.remarks import remarks
from bot.trading.checks.situation import Situation
from bot.trading.checks.weight import weighs
from bot.trading.drafts.drafting import Drafting
from tests.stage.values.market import REFERENCE_DATA, a_share, an_index, an_option
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
DERIVATIVE = a_draft(instrument=NIFTY_CALL, product=Product.NRML, quantity=65, price=Decimal("120.00"))
NEAR = {"draft": DERIVATIVE, "stage": ExpiryStage.WARN}

MOVED = Price(last=Decimal(1480), previous_close=Decimal(1430))  # 3.5 %
WRITTEN = replace(DERIVATIVE, side=Side.SELL)
AT_1500 = Price(last=Decimal(1500))
SALE = a_draft(side=Side.SELL)  # of ten


def bought(quantity: int) -> Position:
    """Shares bought for delivery today."""
    return Position(
        instrument=RELIANCE, product=Product.CNC, quantity=quantity, bought=quantity, sold=0, bought_value=Decimal(0),
        sold_value=Decimal(0), average=Decimal(1500),
    )  # fmt: skip


def held(quantity: int = 10, *, t1: int = 0, authorised: int = 10, collateral: int = 0) -> Holding:
    return Holding(
        instrument=RELIANCE, isin="INE002A01018", quantity=quantity, t1=t1, authorised=authorised, collateral=collateral,
        average=None, last=None, previous_close=None,
    )  # fmt: skip


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
        ("near_band", {"band": Decimal(5), "price": MOVED}, {"band": Decimal(20), "price": MOVED}),
        ("address_refused", {"address_refused": True, "reduces": True}, {}),
        ("ban", {"banned": True}, {"banned": True, "reduces": True}),
        ("surveillance", {"measures": ("ASM stage 1",)}, {"measures": ("ASM stage 1",), "reduces": True}),
        ("near_expiry", NEAR | {"stage": ExpiryStage.TELL}, NEAR | {"reduces": True}),
        ("far_from_last", {"draft": a_draft(price=Decimal("1349.90")), "price": AT_1500},
         {"draft": a_draft(price=Decimal("1350.00")), "price": AT_1500}),
        ("cash_short", {"draft": a_draft(price=Decimal(1500)), "cash": Decimal("14999.99")},
         {"draft": a_draft(price=Decimal(1500)), "cash": Decimal(15000)}),
        ("cash_short", {"margin": Decimal(3001), "cash": Decimal(3000)},
         {"margin": Decimal(3001), "cash": Decimal(3000), "reduces": True}),
        ("odd_rest", {"draft": WRITTEN, "reduces": True, "closable": 70}, {"draft": WRITTEN, "reduces": True, "closable": 130}),
        ("odd_rest", {"draft": replace(WRITTEN, quantity=130), "reduces": True, "closable": 140},
         {"draft": WRITTEN, "reduces": True, "closable": 140}),
        ("bought_today", {"draft": SALE, "positions": (bought(4),)},
         {"draft": replace(SALE, product=Product.MIS), "positions": (bought(4),)}),
        ("undelivered", {"draft": SALE, "holdings": (held(5, t1=5),)}, {"draft": SALE, "holdings": (held(10, t1=5),)}),
        ("unauthorised", {"draft": SALE, "holdings": (held(authorised=9),)}, {"draft": SALE, "holdings": (held(),)}),
        ("unauthorised", {"draft": SALE, "holdings": (held(authorised=9),), "positions": (bought(9),)},
         {"draft": SALE, "holdings": (held(authorised=9),), "positions": (bought(10),)}),
        ("unauthorised", {"draft": SALE, "holdings": (held(authorised=0),)},
         {"draft": replace(SALE, product=Product.MIS), "holdings": (held(authorised=0),)}),
        ("pledged", {"draft": SALE, "holdings": (held(collateral=3),)},
         {"draft": replace(SALE, side=Side.BUY), "holdings": (held(collateral=3),)}),
    ],
)  # fmt: skip
def test_a_warning_stands_where_it_belongs_and_nowhere_else(name: str, there: dict[str, Any], not_there: dict[str, Any]) -> None:
    assert name in names(a_situation(**there))
    assert name not in names(a_situation(**not_there))


@pytest.mark.parametrize(
    ("draft", "best", "asked_again"),
    [
        (a_draft(price=Decimal(1650)), "1500", False),  # 10 %
        (a_draft(price=Decimal("1650.10")), "1500", True),
        (a_draft(price=Decimal("9.90")), "8.90", True),  # a share however cheap
        (replace(DERIVATIVE, price=Decimal("12.50")), "8.95", False),  # an option under ten rupees moves by such parts of itself
        (replace(DERIVATIVE, price=Decimal("12.60")), "8.95", True),
        (replace(DERIVATIVE, price=Decimal("11.10")), "10", True),  # from ten rupees on as any other
    ],
)
def test_a_limit_through_the_other_side_is_asked_again_from_a_tenth_on_or_two_fifths_of_a_cheap_option(
    draft: OrderDraft, best: str, asked_again: bool
) -> None:
    asked = weighs(a_situation(draft=draft, price=Price(last=Decimal(best), ask=Decimal(best))))
    assert bool(asked) is asked_again


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


@pytest.mark.parametrize(
    ("moment", "session", "refused"),
    [
        ("2026-11-20T14:30", date(2026, 11, 23), False),  # eight in the evening
        ("2026-11-23T06:30", date(2026, 11, 23), True),  # noon of the next session: it would be sent as an order of now
        ("2026-11-23T06:30", None, False),
    ],
)
def test_a_card_of_the_evening_is_refused_once_the_market_takes_orders_of_now(
    moment: str, session: date | None, refused: bool
) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    window = REFERENCE_DATA.calendar.may(a_share(), Product.CNC, at)
    evening = "The market takes orders now: this card was for the evening. Ask again."
    assert (evening in refusals(a_situation(now=at, window=window, draft=a_draft(session=session)))) is refused


@pytest.mark.parametrize(
    ("moment", "kind", "said"),
    [
        ("2026-11-20T09:20", OrderKind.SL, "At 15:15 the exchange cancels stop"),
        ("2026-11-20T09:20", OrderKind.LIMIT, None),
        ("2026-11-20T06:30", OrderKind.SL, None),
        ("2026-11-20T09:52", OrderKind.LIMIT, "What the closing auction does not fill, the exchange cancels"),
        ("2026-11-20T09:57", OrderKind.LIMIT, "Market orders can no longer be placed, changed or cancelled"),
    ],
)
def test_what_the_closing_auction_does_with_an_order_stands_on_its_card(moment: str, kind: OrderKind, said: str | None) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    window = REFERENCE_DATA.calendar.may(a_share(), Product.CNC, at, in_auction=True)
    trigger = Decimal("1480.00") if kind is OrderKind.SL else None
    told = closing_auction(a_situation(now=at, window=window, draft=a_draft(kind=kind, trigger=trigger)))
    assert (told is None) if said is None else (told is not None and said in told)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-23T03:00", None),  # before the open of its last day
        ("2026-11-23T10:00", None),
        ("2026-11-23T10:12", "ended today: what is open of it is settled by the exchange."),
        ("2026-11-25T05:00", "expired on 23 Nov."),
    ],
)
def test_a_contract_is_over_when_its_last_day_has_traded(moment: str, said: str | None) -> None:
    """Its card offered an order for the next day, on which it does not live."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    call = an_option(expiry=date(2026, 11, 23))
    window = REFERENCE_DATA.calendar.may(call, Product.NRML, at)
    for reduces in (False, True):
        reasons = refusals(a_situation(now=at, window=window, draft=a_draft(instrument=call, quantity=65), reduces=reduces))
        assert [reason.removeprefix(f"{short(call)} ") for reason in reasons] == ([said] if said else [])


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
    assert refusals(a_situation(draft=a_draft(quantity=25, price=Decimal(2000)), limits=limits)) == (), "just the limit passes"


def test_an_entry_outside_the_known_band_of_the_day_is_refused_and_offered_at_its_edge() -> None:
    far = a_situation(draft=a_draft(price=Decimal("1510.00")), band=Decimal(5), price=MOVED)
    assert refusals(far) == ("1,510.00 is outside the day's band, 1,358.50 to 1,501.50.",)
    assert repairs(far) == [("Limit 1,501.50", "/buy RELIANCE-EQ 10 @1501.5 cnc nse")]
    assert refusals(replace(far, reduces=True)) == ()
    stop = a_draft(side=Side.SELL, kind=OrderKind.SL, price=Decimal("1340.00"), trigger=Decimal("1350.00"))
    out = replace(far, draft=stop, reduces=True)
    assert refusals(out) == ()
    assert "1,350.00 is outside the day's band, 1,358.50 to 1,501.50: the exchange will reject it" in [
        remark.say for remark in remarks(out) if remark.name == "exit_beyond_band"
    ]
    assert "exit_beyond_band" not in names(replace(out, draft=a_draft(price=Decimal("1501.50"))))
    assert refusals(replace(far, band=None)) == ()
    assert refusals(replace(far, price=Price(last=Decimal(1480)))) == (), "without a previous close nobody knows"


def test_a_market_order_goes_no_further_than_the_known_band_of_the_day() -> None:
    band = Band(exchange=Exchange.NSE, symbol="RELIANCE", percent=Decimal(5), since=date(2026, 1, 1), source="test")
    rules = replace(REFERENCE_DATA.rules, bands=(band,))
    seen = Price(last=Decimal(1500), bid=Decimal(1499), ask=Decimal(1500), at=NOON, previous_close=Decimal(1430))
    draft, told = Drafting(rules, _Noon()).draft(
        OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10), RELIANCE, seen, Product.CNC
    )
    assert (draft.price, draft.protected) == (Decimal("1501.50"), True)
    assert [remark.name for remark in told] == ["band_edge"]


class _Noon:
    def now(self) -> datetime:
        return NOON
