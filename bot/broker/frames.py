"""A binary frame of the feed into ticks: pure, little-endian, in whichever way the server wraps its packets."""

import dataclasses
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.broker.words import EPOCH
from bot.domain.errors import Unreadable
from bot.domain.instrument import Exchange, InstrumentKey
from bot.domain.market import Level, Tick

# mstock-type-b.md 14.4. Sizes of the three modes; the larger holds the smaller.
SIZES = {1: 51, 2: 123, 3: 379}
_MODES = {size: mode for mode, size in SIZES.items()}
_LTP = struct.Struct("<BB25sqqq")
_QUOTE = struct.Struct("<BB25sqqqqqqddqqqq")
_DEPTH = struct.Struct("<BB25sqqqqqqddqqqq" + "qqq" + "hqqh" * 10 + "qqqq")
_EXCHANGES = {1: Exchange.NSE, 2: Exchange.NFO, 3: Exchange.BSE, 4: Exchange.BFO}
_FIRST = EPOCH.astimezone(UTC)
_MOST_PAISE = 10**12


class NotPackets(Unreadable):
    """The frame is no market data: perhaps news of an order, perhaps noise."""


def packets(frame: bytes) -> Iterator[bytes]:
    """Cuts a frame into packets, trying the shapes in the order of 14.5; NotPackets when none fits."""
    size = len(frame)
    if size in _MODES:
        if not 1 <= frame[0] <= 3:
            raise NotPackets("a frame of a packet's length that is none")
        return iter((frame,))
    for cut in (_headed, _prefixed, _joined):
        parts = cut(frame)
        if parts:
            return iter(parts)
    raise NotPackets("a frame that is no packet")


def _headed(frame: bytes) -> list[bytes] | None:
    """u16 count, u16 size, packets; either byte order."""
    if len(frame) < 55:
        return None
    for order in "<>":
        count, size = struct.unpack_from(order + "HH", frame)
        if size in _MODES and count * size + 4 == len(frame):
            return _sliced(frame, 4, size)
    return None


def _prefixed(frame: bytes) -> list[bytes] | None:
    """u16 count, then each packet behind its own u16 length."""
    if len(frame) < 55:
        return None
    for order in "<>":
        (count,) = struct.unpack_from(order + "H", frame)
        parts: list[bytes] = []
        at = 2
        while len(parts) < count and at + 2 <= len(frame):
            (size,) = struct.unpack_from(order + "H", frame, at)
            if size not in _MODES or at + 2 + size > len(frame):
                break
            parts.append(frame[at + 2 : at + 2 + size])
            at += 2 + size
        if parts and len(parts) == count and at == len(frame) and all(_is_packet(part) for part in parts):
            return parts
    return None


def _joined(frame: bytes) -> list[bytes] | None:
    """Packets end to end, without any header."""
    if not frame or not 1 <= frame[0] <= 3:
        return None
    size = SIZES[frame[0]]
    return _sliced(frame, 0, size) if len(frame) % size == 0 else None


def _sliced(frame: bytes, start: int, size: int) -> list[bytes] | None:
    parts = [frame[at : at + size] for at in range(start, len(frame), size)]
    return parts if all(_is_packet(part) for part in parts) else None


def _is_packet(part: bytes) -> bool:
    return 1 <= part[0] <= 3 and 1 <= part[1] <= 13


def ticks(frame: bytes, received: datetime) -> list[Tick]:
    """The prices of one frame; NotPackets for a frame that is none, Unreadable for a packet with impossible content."""
    return [tick for packet in packets(frame) if (tick := _tick(packet, received)) is not None]


def as_stale(tick: Tick) -> Tick:
    """The same price, marked as one that may be old."""
    return dataclasses.replace(tick, stale=True)


def _tick(packet: bytes, received: datetime) -> Tick | None:
    """One packet; None for a segment that is not traded here."""
    mode = _MODES[len(packet)]
    if mode == 3:
        told = _DEPTH.unpack(packet)
    elif mode == 2:
        told = _QUOTE.unpack(packet)
    else:
        told = _LTP.unpack(packet)
    exchange = _EXCHANGES.get(told[1])
    if exchange is None:
        return None
    name = told[2].rstrip(b"\0 ")
    if not name.isalnum() or told[5] <= 0 or told[5] > _MOST_PAISE:
        raise Unreadable("a packet without a token or a price")
    seconds = told[4]
    at = _FIRST + timedelta(seconds=seconds) if 0 < seconds < 4_000_000_000 else received
    key = InstrumentKey(exchange, name.decode("ascii"))
    last = Decimal(told[5]).scaleb(-2)
    if mode == 1:
        return Tick(key=key, last=last, at=at, received=received)
    average, opened, high, low, closed = (_rupees(told[place]) for place in (7, 11, 12, 13, 14))
    if mode == 2:
        return Tick(
            key=key, last=last, at=at, received=received, volume=_units(told[8]), average=average,
            open=opened, high=high, low=low, previous_close=closed,
        )  # fmt: skip
    return Tick(
        key=key, last=last, at=at, received=received, volume=_units(told[8]), average=average,
        open=opened, high=high, low=low, previous_close=closed, open_interest=_units(told[16]),
        bids=_levels(told, 18), asks=_levels(told, 38),
    )  # fmt: skip


def _levels(told: tuple[int, ...], start: int) -> tuple[Level, ...]:
    """Five rungs, best first; the side is told by the position, never by the flag. Empty rungs are left out."""
    return tuple(
        Level(price=Decimal(told[at + 2]).scaleb(-2), quantity=told[at + 1], orders=max(told[at + 3], 0))
        for at in range(start, start + 20, 4)
        if 0 < told[at + 2] <= _MOST_PAISE and 0 < told[at + 1] <= _MOST_PAISE
    )


def _rupees(paise: int) -> Decimal | None:
    return Decimal(paise).scaleb(-2) if 0 < paise <= _MOST_PAISE else None


def _units(count: int) -> int | None:
    return count if 0 <= count <= _MOST_PAISE else None
