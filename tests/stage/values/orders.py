"""Orders, instruments and facts with good defaults."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.orders.order import Order, OrderDraft, OrderFact, OrderStatus, TradeFact
from bot.domain.terms import OrderKind, Product, Side

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # Friday, 09:30 IST

RELIANCE = Instrument(
    exchange=Exchange.NSE,
    token="2885",
    symbol="RELIANCE",
    name="RELIANCE-EQ",
    kind=InstrumentKind.EQUITY,
    lot=1,
    tick=Decimal("0.10"),
    series="EQ",
)
NIFTY_CALL = Instrument(
    exchange=Exchange.NFO,
    token="45268",
    symbol="NIFTY",
    name="NIFTY26NOV24500CE",
    kind=InstrumentKind.INDEX_OPTION,
    lot=65,
    tick=Decimal("0.05"),
    expiry=date(2026, 11, 23),
    strike=Decimal(24500),
    right=Right.CE,
)


def a_draft(**changes: Any) -> OrderDraft:
    draft = OrderDraft(
        instrument=RELIANCE, side=Side.BUY, quantity=10, kind=OrderKind.LIMIT, product=Product.CNC, price=Decimal("1480.30")
    )
    return replace(draft, **changes)


def an_order(**changes: Any) -> Order:
    order = Order(
        id="o1",
        account_id="a1",
        number=1,
        tag="TAG0000000000000001",
        draft=a_draft(),
        status=OrderStatus.SUBMITTING,
        placed_by=1001,
        created_at=NOW,
        sent_at=NOW,
        updated_at=NOW,
    )
    return replace(order, **changes)


def a_fact(**changes: Any) -> OrderFact:
    fact = OrderFact(
        broker_id="1151261120101",
        tag="TAG0000000000000001",
        key=RELIANCE.key,
        symbol="RELIANCE",
        side=Side.BUY,
        product=Product.CNC,
        kind=OrderKind.LIMIT,
        quantity=10,
        filled=0,
        status=OrderStatus.OPEN,
        price=Decimal("1480.30"),
        at=NOW,
    )
    return replace(fact, **changes)


def a_trade(quantity: int, price: str, number: int = 1, **changes: Any) -> TradeFact:
    trade = TradeFact(
        broker_id="1151261120101",
        trade_id=f"{number:09}",
        key=RELIANCE.key,
        side=Side.BUY,
        product=Product.CNC,
        quantity=quantity,
        price=Decimal(price),
        at=NOW,
    )
    return replace(trade, **changes)
