"""A quote as the 51, 123 or 379 bytes of the socket, written from the layout table of mstock-type-b.md 14.4."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.simulators.broker.market.hours import ist

LTP, QUOTE, SNAP = 1, 2, 3
SIZES: Final = {LTP: 51, QUOTE: 123, SNAP: 379}
EPOCH: Final = datetime(1980, 1, 1)  # noqa: DTZ001 - IST wall clock, deliberately without a zone

_HEAD = struct.Struct("<BB25sqqq")
_DAY = struct.Struct("<qqqddqqqq")
_MORE = struct.Struct("<qqq")
_LEVEL = struct.Struct("<hqqh")
_LIMITS = struct.Struct("<qqqq")


@dataclass(frozen=True, slots=True)
class Level:
    """One price of the book: units, paise, number of orders."""

    quantity: int
    price: int
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Everything that is known of an instrument's market at a moment. Prices in paise, quantities in units."""

    ltp: int
    ltq: int
    average: int
    volume: int
    total_buy: int
    total_sell: int
    open: int
    high: int
    low: int
    close: int  # of the session before
    traded_at: datetime
    open_interest: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def wall_seconds(moment: datetime) -> int:
    """Seconds since 1980-01-01 00:00 on an IST wall clock (14.4: 1445161246 is 2025-10-17 09:40:46)."""
    return int((ist(moment).replace(tzinfo=None) - EPOCH).total_seconds())


def packet(mode: int, stream_code: int, token: str, quote: Quote) -> bytes:
    """One bare little-endian packet. Sequence, OI change, depth flags, limits and 52-week fields are 0 as they are live."""
    at = wall_seconds(quote.traded_at)
    parts = [_HEAD.pack(mode, stream_code, token.encode("ascii"), 0, at, quote.ltp)]
    if mode >= QUOTE:
        parts.append(
            _DAY.pack(
                quote.ltq, quote.average, quote.volume, float(quote.total_buy), float(quote.total_sell),
                quote.open, quote.high, quote.low, quote.close,
            )
        )  # fmt: skip
    if mode >= SNAP:
        parts.append(_MORE.pack(at, quote.open_interest, 0))
        for side in (quote.bids, quote.asks):
            levels = (*side, *(Level(0, 0, 0),) * 5)[:5]
            parts.extend(_LEVEL.pack(0, level.quantity, level.price, level.orders) for level in levels)
        parts.append(_LIMITS.pack(0, 0, 0, 0))
    return b"".join(parts)


def framed(packets: list[bytes]) -> bytes:
    """Packets of one size behind the documented header: u16 count, u16 size, little-endian (14.5)."""
    return struct.pack("<HH", len(packets), len(packets[0])) + b"".join(packets)
