"""Instruments with good defaults, and the dated data that ships with the bot, for tests about the market."""

from datetime import date, datetime
from decimal import Decimal

from bot.domain.clock import at_ist
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.reference.load import load_reference

REFERENCE_DATA = load_reference()


def a_share(symbol: str = "RELIANCE", *, exchange: Exchange = Exchange.NSE, tick: str = "0.10", series: str = "EQ") -> Instrument:
    return Instrument(
        exchange=exchange,
        token=f"{exchange}-{symbol}",
        symbol=symbol,
        name=f"{symbol}-EQ",
        kind=InstrumentKind.EQUITY,
        lot=1,
        tick=Decimal(tick),
        series=series if exchange is Exchange.NSE else "",
    )


def a_future(symbol: str = "NIFTY", expiry: date = date(2026, 11, 23), *, lot: int = 65, stock: bool = False) -> Instrument:
    exchange = Exchange.BFO if symbol in {"SENSEX", "BANKEX", "SENSEX50"} else Exchange.NFO
    return Instrument(
        exchange=exchange,
        token=f"{exchange}-{symbol}-{expiry}",
        symbol=symbol,
        name=f"{symbol}{expiry:%y%b}FUT".upper(),
        kind=InstrumentKind.STOCK_FUTURE if stock else InstrumentKind.INDEX_FUTURE,
        lot=lot,
        tick=Decimal("0.10"),
        expiry=expiry,
    )


def an_option(
    symbol: str = "NIFTY",
    strike: str = "24500",
    *,
    right: Right = Right.CE,
    expiry: date = date(2026, 11, 23),
    lot: int = 65,
    stock: bool = False,
) -> Instrument:
    exchange = Exchange.BFO if symbol in {"SENSEX", "BANKEX", "SENSEX50"} else Exchange.NFO
    return Instrument(
        exchange=exchange,
        token=f"{exchange}-{symbol}-{expiry}-{strike}-{right}",
        symbol=symbol,
        name=f"{symbol}{expiry:%y%b}{strike}{right}".upper(),
        kind=InstrumentKind.STOCK_OPTION if stock else InstrumentKind.INDEX_OPTION,
        lot=lot,
        tick=Decimal("0.05"),
        expiry=expiry,
        strike=Decimal(strike),
        right=right,
    )


def an_index(symbol: str = "NIFTY") -> Instrument:
    return Instrument(
        exchange=Exchange.NSE,
        token=f"index-{symbol}",
        symbol=symbol,
        name=symbol,
        kind=InstrumentKind.INDEX,
        lot=1,
        tick=Decimal("0.05"),
    )


def ist_at(text: str) -> datetime:
    """`2026-11-20 15:16` on India's wall clock, as UTC."""
    wall = datetime.fromisoformat(text)
    return at_ist(wall.date(), wall.hour, wall.minute, wall.second)
