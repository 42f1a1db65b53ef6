"""Fills of the ledger, and the row that a broker would make of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument
from bot.domain.money import ZERO, total
from bot.domain.pnl.day import OwnRow
from bot.domain.pnl.fifo import Lot, carried_into, cost_of, lots_of, match_day, quantity_of
from bot.domain.pnl.trades import DayMark, LedgerTrade
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from tests.stage.values.orders import NIFTY_CALL, NOW

PAISA = Decimal("0.01")


def a_fill(signed: int, price: str | Decimal, number: int = 1, **changes: Any) -> LedgerTrade:
    """A fill of the account. A negative quantity sells. Numbers order the fills of a day."""
    at = changes.pop("at", NOW + timedelta(seconds=number))
    trade = LedgerTrade(
        account_id="a1", day=ist_date(at), broker_id=f"11512611{number:05}", step=abs(signed), trade_id=f"{number:09}",
        order_id=None, instrument=NIFTY_CALL, product=Product.NRML, side=Side.BUY if signed > 0 else Side.SELL,
        quantity=abs(signed), price=Decimal(price), at=at,
    )  # fmt: skip
    return replace(trade, **changes)


def on(day: int) -> datetime:
    """A moment of the session, so many days after the stage's Friday."""
    return NOW + timedelta(days=day)


def own_row(trades: Sequence[LedgerTrade], today: date, begun: Sequence[Lot] = (), mark: DayMark | None = None) -> OwnRow:
    """What the records say of one row when a day has those fills, and all before it."""
    product = trades[0].product if trades else Product.NRML
    return OwnRow(
        trades=tuple(trade for trade in trades if trade.day == today),
        lots=tuple(carried_into(today, trades, begun, product)),
        mark=mark,
    )


def the_brokers(own: OwnRow, *, instrument: Instrument = NIFTY_CALL, product: Product = Product.NRML) -> Position:
    """The same row as the broker shows it: quantities, values, and averages rounded to the paisa."""
    start, cost = quantity_of(own.lots), cost_of(own.lots) or ZERO
    bought = [trade for trade in own.trades if trade.side is Side.BUY]
    sold = [trade for trade in own.trades if trade.side is Side.SELL]
    left = match_day(own.lots, lots_of(own.trades), product)[1]
    net, open_cost = quantity_of(left), cost_of(left) or ZERO
    return Position(
        instrument=instrument, product=product, quantity=net,
        bought=sum(trade.quantity for trade in bought) + max(start, 0),
        sold=sum(trade.quantity for trade in sold) + max(-start, 0),
        bought_value=total((trade.price or ZERO) * trade.quantity for trade in bought) + max(cost, ZERO),
        sold_value=total((trade.price or ZERO) * trade.quantity for trade in sold) + max(-cost, ZERO),
        average=(open_cost / net).quantize(PAISA) if net else None,
        carried=start, carried_average=(cost / start).quantize(PAISA) if start else None,
    )  # fmt: skip
