"""A binary frame of the feed into ticks: pure, little-endian, in whichever way the server wraps its packets."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.broker.wire.vocabulary import EPOCH
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.market.prices import Level, Tick

# mstock-type-b.md 14.4. Sizes of the three modes; the larger holds the smaller.
SIZES = {1: 51, 2: 123, 3: 379}
_MODES = {size: mode for mode, size in SIZES.items()}
_LTP = struct.Struct("<BB25sqqq")
_QUOTE = struct.Struct("<BB25sqqqqqqddqqqq")
_DEPTH = struct.Struct("<BB25sqqqqqqddqqqq" + "qqq" + "hqqh" * 10 + "qqqq")
_LAYOUTS = {51: _LTP, 123: _QUOTE, 379: _DEPTH}
_KEYS: dict[bytes, InstrumentKey] = {}
_MOST_KEYS = 10_000
_EXCHANGES = {1: Exchange.NSE, 2: Exchange.NFO, 3: Exchange.BSE, 4: Exchange.BFO}
_FIRST = EPOCH.astimezone(UTC)
_MOST_PAISE = 10**12


class NotPackets(Unreadable):
    """The frame is no market data: perhaps news of an order, perhaps noise."""


def packets(frame: bytes) -> Iterator[bytes]:
    """Cuts a frame into packets, trying the shapes in the order of 14.5. NotPackets when none fits."""
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
    """u16 count, u16 size, packets, in either byte order."""
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


class PacketTick(Tick):
    """A Tick whose figures are read from the packet when they are asked for.

    Most ticks are looked at for their last price alone. Making twenty exact numbers of each would cost ten times what
    unpacking it does. It compares, prints and hashes as any Tick, but not equal to one that was made by hand.
    """

    __slots__ = ("_key", "_received", "_stale", "_told")
    _key: InstrumentKey
    _told: tuple[int, ...]
    _received: datetime
    _stale: bool

    def __init__(self, key: InstrumentKey, told: tuple[int, ...], received: datetime, *, stale: bool = False) -> None:
        _put_key(self, key)
        _put_told(self, told)
        _put_received(self, received)
        _put_stale(self, stale)

    def aged(self) -> "PacketTick":
        """The same price, marked as one that may be old."""
        return PacketTick(self._key, self._told, self._received, stale=True)

    @property
    def key(self) -> InstrumentKey:
        return self._key

    @property
    def received(self) -> datetime:
        return self._received

    @property
    def stale(self) -> bool:
        return self._stale

    @property
    def last(self) -> Decimal:
        return Decimal(self._told[5]).scaleb(-2)

    @property
    def at(self) -> datetime:
        """The exchange's time, or that of the receipt where the packet has none: such a price may be old."""
        return _FIRST + timedelta(seconds=self._told[4]) if _has_time(self._told) else self._received

    @property
    def average(self) -> Decimal | None:
        return self._rupees(7)

    @property
    def volume(self) -> int | None:
        return self._units(8)

    @property
    def open(self) -> Decimal | None:
        return self._rupees(11)

    @property
    def high(self) -> Decimal | None:
        return self._rupees(12)

    @property
    def low(self) -> Decimal | None:
        return self._rupees(13)

    @property
    def previous_close(self) -> Decimal | None:
        return self._rupees(14)

    @property
    def open_interest(self) -> int | None:
        return self._units(16)

    @property
    def bids(self) -> tuple[Level, ...]:
        return _levels(self._told, 18)

    @property
    def asks(self) -> tuple[Level, ...]:
        return _levels(self._told, 38)

    def _rupees(self, place: int) -> Decimal | None:
        if place >= len(self._told) or not 0 < self._told[place] <= _MOST_PAISE:
            return None
        return Decimal(self._told[place]).scaleb(-2)

    def _units(self, place: int) -> int | None:
        count = self._told[place] if place < len(self._told) else -1
        return count if 0 <= count <= _MOST_PAISE else None


# A frozen value has no other way to its own slots, and this one is quicker than object.__setattr__.
_put_key, _put_told, _put_received, _put_stale = (
    PacketTick.__dict__[name].__set__ for name in ("_key", "_told", "_received", "_stale")
)


def ticks(frame: bytes, received: datetime) -> list[PacketTick]:
    """The prices of one frame. NotPackets for a frame that is none, Unreadable for a packet with impossible content."""
    if len(frame) in _MODES and 1 <= frame[0] <= 3:
        tick = _tick(frame, received)
        return [] if tick is None else [tick]
    return [tick for packet in packets(frame) if (tick := _tick(packet, received)) is not None]


def _tick(packet: bytes, received: datetime) -> PacketTick | None:
    """One packet. None for a segment that is not traded here."""
    told = _LAYOUTS[len(packet)].unpack(packet)
    key = _KEYS.get(packet[1:27])
    if key is None:
        exchange = _EXCHANGES.get(told[1])
        if exchange is None:
            return None
        key = _remembered(packet[1:27], exchange)
    if not 0 < told[5] <= _MOST_PAISE:
        raise Unreadable("a packet without a price")
    return PacketTick(key, told, received, stale=not _has_time(told))


def _has_time(told: tuple[int, ...]) -> bool:
    return 0 < told[4] < 4_000_000_000


def _remembered(name: bytes, exchange: Exchange) -> InstrumentKey:
    """The key of a packet's name, kept: a socket carries few instruments and very many packets."""
    token = name[1:].rstrip(b"\0 ")
    if not token.isalnum():
        raise Unreadable("a packet without a token")
    if len(_KEYS) >= _MOST_KEYS:
        _KEYS.clear()
    return _KEYS.setdefault(name, InstrumentKey(exchange, token.decode("ascii")))


def _levels(told: tuple[int, ...], start: int) -> tuple[Level, ...]:
    """Five rungs, best first. The side is told by the position, never by the flag. Empty rungs are left out."""
    if len(told) <= start:
        return ()
    return tuple(
        Level(price=Decimal(told[at + 2]).scaleb(-2), quantity=told[at + 1], orders=max(told[at + 3], 0))
        for at in range(start, start + 20, 4)
        if 0 < told[at + 2] <= _MOST_PAISE and 0 < told[at + 1] <= _MOST_PAISE
    )
