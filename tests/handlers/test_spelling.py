"""The card's canonical line, typed as a command, gives the same request."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.order import OrderDraft, OrderKind, OrderRequest, Product, Side, Validity
from handlers import parse
from handlers.commands import hear
from handlers.spelling import request_of, spell, words_of
from tests.stage.orders import NIFTY_CALL, RELIANCE, a_draft

_SYMBOLS = st.sampled_from(
    [
        "RELIANCE",
        "M&M",
        "BAJAJ-AUTO",
        "360ONE",
        "NIFTY 24500 CE",
        "NIFTY 24500CE 23NOV",
        "BANKNIFTY DEC FUT",
        "NIFTY 24500 CE 23 NOV",
        "NF",
    ]
)
_PRICES = st.integers(1, 10_000_000).map(lambda paise: Decimal(paise).scaleb(-2))


@st.composite
def requests(draw: st.DrawFn) -> OrderRequest:
    """Any request that words can ask for."""
    size = draw(st.sampled_from(["quantity", "lots", "rupees"]))
    kind = draw(st.sampled_from(["protected", "market", "limit", "stop", "stop limit"]))
    return OrderRequest(
        side=draw(st.sampled_from(Side)),
        symbol=draw(_SYMBOLS),
        quantity=draw(st.integers(1, 10**9)) if size == "quantity" else None,
        lots=draw(st.integers(1, 10**6)) if size == "lots" else None,
        rupees=draw(_PRICES) if size == "rupees" else None,
        price=draw(_PRICES) if kind == "limit" else None,
        market=kind == "market",
        trigger=draw(_PRICES) if kind.startswith("stop") else None,
        trigger_limit=draw(_PRICES) if kind == "stop limit" else None,
        product=draw(st.none() | st.sampled_from(Product)),
        exchange=draw(st.none() | st.sampled_from(Exchange)),
        validity=draw(st.sampled_from(Validity)),
    )


def typed(line: str) -> OrderRequest:
    spoken = hear(line)
    assert spoken is not None
    assert spoken.label is None
    return parse.order(Side(spoken.command.name.upper()), spoken.words)


@given(requests())
def test_a_request_survives_being_spelled_and_typed(request: OrderRequest) -> None:
    assert typed(spell(request)) == request


_INSTRUMENTS = st.sampled_from(
    [
        RELIANCE,
        NIFTY_CALL,
        Instrument(
            exchange=Exchange.BSE, token="1", symbol="M&M", name="M&M", kind=InstrumentKind.EQUITY, lot=1, tick=Decimal("0.05")
        ),
        Instrument(
            exchange=Exchange.BFO,
            token="2",
            symbol="INFY",
            name="INFY26NOVFUT",
            kind=InstrumentKind.STOCK_FUTURE,
            lot=400,
            tick=Decimal("0.05"),
            expiry=date(2026, 11, 26),
        ),
        Instrument(
            exchange=Exchange.NFO,
            token="3",
            symbol="SBIN",
            name="SBIN26DEC802.5PE",
            kind=InstrumentKind.STOCK_OPTION,
            lot=750,
            tick=Decimal("0.05"),
            expiry=date(2026, 12, 29),
            strike=Decimal("802.5"),
            right=Right.PE,
        ),
    ]
)


@given(_INSTRUMENTS, st.sampled_from(OrderKind), st.integers(1, 50), st.sampled_from(Product), st.booleans())
def test_the_line_on_a_card_asks_for_exactly_its_terms(
    instrument: Instrument, kind: OrderKind, lots: int, product: Product, protected: bool
) -> None:
    limited = kind in (OrderKind.LIMIT, OrderKind.SL)
    draft = OrderDraft(
        instrument=instrument,
        side=Side.SELL,
        quantity=lots * instrument.lot,
        kind=kind,
        product=product,
        price=instrument.tick * 1000 if limited else None,
        trigger=instrument.tick * 1010 if kind in (OrderKind.SL, OrderKind.SL_M) else None,
        protected=protected and kind is OrderKind.LIMIT,
    )
    request = request_of(draft)
    assert typed(spell(request)) == request
    assert (request.quantity, request.product, request.exchange) == (draft.quantity, product, instrument.exchange)
    assert request.price == (None if draft.protected or kind is not OrderKind.LIMIT else draft.price)
    assert (request.trigger, request.trigger_limit) == (draft.trigger, draft.price if kind is OrderKind.SL else None)


def test_samples() -> None:
    assert spell(request_of(a_draft())) == "/buy RELIANCE 10 @1480.30 cnc nse"
    assert words_of(NIFTY_CALL) == "NIFTY 24500 CE 23 NOV"
