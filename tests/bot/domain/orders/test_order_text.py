"""The card's canonical line, typed as a command, asks for the same order again.

There is one writer of such lines.
"""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.master import TODAY
from bot.domain.clock import at_ist
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.market.prices import Price
from bot.domain.orders.legs import Leg, Measure, Portion
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.orders.order_text import draft_line, request_line, words_of
from bot.domain.terms import Product, Side, Validity
from bot.trading.drafts.drafting import Drafting
from handlers.context.words.readings import readings
from handlers.registry import parse_command
from tests.stage.values.market import REFERENCE_DATA, a_share, an_option
from tests.stage.values.master import MADE
from tests.stage.values.orders import NIFTY_CALL, a_draft
from tests.stage.values.words import Ordered, meaning

_NAMES = [
    "RELIANCE",
    "M&M",
    "BAJAJ-AUTO",
    "360ONE",
    "IOC",
    "BSE",
    "MARUTI",
    "NIFTY 24500 CE",
    "NIFTY 24500CE 23NOV",
    "IOC NOV FUT",
]
_NAMES += ["BANKNIFTY DEC FUT", "NIFTY 24500 CE 23 NOV", "NIFTY 24500 CE 28DEC2027", "BSE 2800 CE", "NF"]
_PRICES = st.integers(1, 10_000_000).map(lambda paise: Decimal(paise).scaleb(-2))


_LEGS = st.builds(Leg, value=_PRICES, measure=st.sampled_from(Measure))
_STOPS = _LEGS | st.builds(Leg, value=_PRICES, limit=_PRICES)


@st.composite
def requests(draw: st.DrawFn) -> OrderRequest:
    """Any request that words can ask for."""
    size = draw(st.sampled_from(["quantity", "lots", "rupees", "portion", "risk"]))
    kind = draw(st.sampled_from(["protected", "market", "limit", "stop", "stop limit", "stop market"]))
    return OrderRequest(
        side=draw(st.sampled_from(Side)),
        symbol=draw(st.sampled_from(_NAMES)),
        quantity=draw(st.integers(1, 10**9)) if size == "quantity" else None,
        lots=draw(st.integers(1, 10**6)) if size == "lots" else None,
        rupees=draw(_PRICES) if size == "rupees" else None,
        portion=draw(st.sampled_from(Portion)) if size == "portion" else None,
        risk=draw(_PRICES) if size == "risk" else None,
        stop=draw(_STOPS if size == "risk" else st.none() | _STOPS),
        target=draw(st.none() | _LEGS),
        disclosed=draw(st.none() | st.integers(1, 10**6)),
        after_market=draw(st.booleans()),
        price=draw(_PRICES) if kind == "limit" else None,
        market=kind in ("market", "stop market"),
        trigger=draw(_PRICES) if kind.startswith("stop") else None,
        trigger_limit=draw(_PRICES) if kind == "stop limit" else None,
        product=draw(st.none() | st.sampled_from(Product)),
        exchange=draw(st.none() | st.sampled_from(Exchange)),
        validity=draw(st.sampled_from(Validity)),
    )


def typed(line: str) -> OrderRequest:
    spoken = parse_command(line)
    assert spoken is not None
    assert spoken.label is None
    (first, *_), *_ = readings(Side(spoken.command.name.upper()), spoken.words, TODAY)
    return first.request


@given(requests())
def test_a_request_survives_being_written_and_typed(request: OrderRequest) -> None:
    assert typed(request_line(request)) == request


TRADED = [row for row in MADE.rows if row.is_tradable and (row.expiry is None or row.expiry >= TODAY)]
# Shares whose names are words of an order, or begin like a month, come up as often as all the others together.
TRICKY = [row for row in TRADED if row.symbol in ("IOC", "BSE", "MARUTI", "MARICO", "M&M", "BAJAJ-AUTO", "360ONE", "DECCANCE")]


class _Noon:
    def now(self) -> datetime:
        return at_ist(TODAY, 12)


DRAFTING = Drafting(REFERENCE_DATA.rules, _Noon())


@st.composite
def drafts(draw: st.DrawFn) -> tuple[OrderDraft, Price]:
    """Any draft that the desk can make of words, with the price that it was made at."""
    instrument: Instrument = draw(st.sampled_from(TRADED) | st.sampled_from(TRICKY))
    ticks = draw(st.integers(20, 2_000_000))
    last = ticks * instrument.tick
    seen = Price(last=last, bid=last - instrument.tick, ask=last, at=at_ist(TODAY, 12))
    kind = draw(st.sampled_from(["protected", "market", "limit", "stop limit"]))
    side = draw(st.sampled_from(Side))
    wish = OrderRequest(
        side=side,
        symbol=instrument.name,
        quantity=draw(st.integers(1, 5_000)) * instrument.lot,
        price=last if kind == "limit" else None,
        market=kind == "market",
        trigger=last if kind == "stop limit" else None,
        trigger_limit=last + side.sign * instrument.tick if kind == "stop limit" else None,
        validity=draw(st.sampled_from(Validity)),
    )
    draft, _ = DRAFTING.draft(wish, instrument, seen, draw(st.sampled_from(Product)))
    return draft, seen


@given(drafts())
def test_the_line_on_a_card_typed_as_a_command_gives_the_same_draft(made: tuple[OrderDraft, Price]) -> None:
    draft, seen = made
    order = meaning(draft_line(draft, TODAY))
    assert isinstance(order, Ordered), order
    assert order.instrument == draft.instrument
    assert order.request.product is not None
    again, _ = DRAFTING.draft(order.request, order.instrument, seen, order.request.product)
    if draft.protected:  # at the price of now, which here is the price of then
        assert again.protected
    assert again == draft


def test_a_contract_of_next_year_is_written_with_its_year_and_never_read_as_this_years() -> None:
    far = an_option(expiry=date(2027, 12, 28))
    assert words_of(far, TODAY) == "NIFTY 24500 CE 28DEC2027"
    assert typed(f"/buy {words_of(far, TODAY)} 1lot").symbol == "NIFTY 24500 CE 28DEC2027"
    by_hand = typed("/buy nifty 24500 ce 28 dec 2027 1lot")
    assert (by_hand.symbol, by_hand.lots, by_hand.price) == ("NIFTY 24500 CE 28 DEC 2027", 1, None)


def test_a_size_behind_a_month_is_no_year_where_no_contract_lives_so_long() -> None:
    said = meaning("/buy nifty 24500 ce 29 dec 2080 @50")
    assert isinstance(said, Ordered), said
    assert (said.instrument.expiry, said.request.quantity, said.request.price) == (date(2026, 12, 29), 2080, Decimal(50))


@pytest.mark.parametrize(
    ("line", "draft"),
    [
        ("/buy RELIANCE 10 @1480.3 cnc nse", a_draft()),
        ("/buy M&M 10 @2900.5 cnc bse", a_draft(instrument=a_share("M&M", exchange=Exchange.BSE), price=Decimal("2900.50"))),
        ("/sell NIFTY 24500 CE 23 NOV 65 nrml nfo", None),
    ],
)
def test_a_price_is_written_in_one_way(line: str, draft: OrderDraft | None) -> None:
    call = a_draft(
        instrument=NIFTY_CALL, side=Side.SELL, quantity=65, product=Product.NRML, price=Decimal("80.00"), protected=True
    )
    assert draft_line(draft or call, TODAY) == line


def test_the_year_stands_there_where_today_is_not_known() -> None:
    assert words_of(NIFTY_CALL) == "NIFTY 24500 CE 23NOV2026"
    assert NIFTY_CALL.kind is InstrumentKind.INDEX_OPTION
