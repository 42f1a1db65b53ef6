"""Frames of the feed: the recorded one, every wrapping, and bytes that are none."""

import struct
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker.feed import frames
from bot.broker.feed.frames import NotPackets, packets, ticks
from bot.domain.errors import Unreadable
from bot.domain.market.instrument import Exchange, InstrumentKey

RECORDED = (Path(__file__).parents[3] / "fixtures" / "broker" / "nifty-25400-ce.bin").read_bytes()
NOW = datetime(2025, 10, 17, 4, 11, 26, tzinfo=UTC)


def a_packet(mode: int = 3, *, exchange: int = 2, token: str = "45264", last: int = 26025, seconds: int = 1445161246) -> bytes:  # noqa: S107 - an instrument token
    head = struct.pack("<BB25sqqq", mode, exchange, token.encode(), 0, seconds, last)
    return head + bytes(frames.SIZES[mode] - len(head))


def test_the_recorded_frame_reads_as_the_reference_says() -> None:
    (tick,) = ticks(RECORDED, NOW)
    assert tick.key == InstrumentKey(Exchange.NFO, "45264")
    assert tick.at == datetime(2025, 10, 17, 4, 10, 46, tzinfo=UTC)
    assert (tick.last, tick.average, tick.volume) == (Decimal("260.25"), Decimal("223.96"), 7783725)
    assert (tick.open, tick.high, tick.low) == (Decimal("224.05"), Decimal("266.00"), Decimal("184.35"))
    assert (tick.previous_close, tick.open_interest) == (Decimal("242.85"), 3007200)
    assert [(str(each.price), each.quantity, each.orders) for each in tick.bids] == [
        ("260.35", 750, 6), ("260.30", 675, 4), ("260.25", 675, 5), ("260.20", 825, 4), ("260.15", 1350, 5),
    ]  # fmt: skip
    assert [(str(each.price), each.quantity, each.orders) for each in tick.asks] == [
        ("260.95", 375, 4), ("261.00", 750, 7), ("261.05", 825, 6), ("261.10", 300, 2), ("261.15", 450, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "at"),
    [
        (1445162141, datetime(2025, 10, 17, 4, 25, 41, tzinfo=UTC)),
        (1442744950, datetime(2025, 9, 19, 4, 59, 10, tzinfo=UTC)),
        (1445161952, datetime(2025, 10, 17, 4, 22, 32, tzinfo=UTC)),
    ],
)
def test_seconds_count_from_1980_on_the_wall_clock_of_india(seconds: int, at: datetime) -> None:
    assert ticks(a_packet(1, seconds=seconds), NOW)[0].at == at


@pytest.mark.parametrize("seconds", [0, -1, 2**40])
def test_a_price_without_a_time_may_be_old(seconds: int) -> None:
    """What was not traded today may come so: it strikes no alert, moves no trail and takes no target."""
    assert ticks(a_packet(seconds=seconds), NOW)[0].stale
    assert not ticks(a_packet(), NOW)[0].stale


@pytest.mark.parametrize("mode", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_packets_are_found_in_every_wrapping(mode: int, count: int) -> None:
    parts = [a_packet(mode, token=str(100 + at)) for at in range(count)]
    size = frames.SIZES[mode]
    wrappings = {
        "joined": b"".join(parts),
        "headed": struct.pack("<HH", count, size) + b"".join(parts),
        "headed the other way": struct.pack(">HH", count, size) + b"".join(parts),
        "each with its length": struct.pack(">H", count) + b"".join(struct.pack(">H", size) + part for part in parts),
    }
    for name, frame in wrappings.items():
        assert list(packets(frame)) == parts, name
        assert [tick.key.token for tick in ticks(frame, NOW)] == [str(100 + at) for at in range(count)], name


@pytest.mark.parametrize("frame", [b"", b"\x01", b"{}", b'{"order_status":"order"}', b"\x00" * 51, b"\xff" * 379, b"x" * 879])
def test_what_is_no_packet_says_so(frame: bytes) -> None:
    with pytest.raises(NotPackets):
        ticks(frame, NOW)


@pytest.mark.parametrize("packet", [a_packet(1, last=0), a_packet(1, last=-5), a_packet(1, token=""), a_packet(1, token="a b")])
def test_a_packet_without_a_price_or_a_token_is_unreadable(packet: bytes) -> None:
    with pytest.raises(Unreadable):
        ticks(packet, NOW)


def test_a_segment_that_is_not_traded_here_is_passed_over() -> None:
    assert ticks(a_packet(1, exchange=13), NOW) == []


@given(
    st.binary(max_size=1200)
    | st.builds(
        lambda head, at, byte: head[:at] + bytes([byte]) + head[at + 1 :],
        st.just(RECORDED),
        st.integers(0, 378),
        st.integers(0, 255),
    )
)
def test_no_bytes_crash_it_or_make_a_price_that_is_none(frame: bytes) -> None:
    try:
        told = ticks(frame, NOW)
    except Unreadable:
        return
    for tick in told:
        prices = [tick.last, *(each.price for each in tick.bids + tick.asks)]
        assert all(price > 0 and price.as_tuple().exponent == -2 for price in prices)
