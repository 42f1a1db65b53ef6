"""Packets byte for byte, against the real frame of mstock-type-b.md 14.4."""

from __future__ import annotations

import struct
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.broker.market.frames import SIZES, Level, Quote, framed, packet, wall_seconds
from bot.simulators.broker.market.hours import IST

# A mode-3 frame as it was received: NIFTY 20-Oct-2025 25400 CE at 09:41:26 IST.
REAL = bytes.fromhex(
    """
03023435323634000000000000000000000000000000000000000000000000000000001e69235600000000a965000000
000000e1000000000000007c570000000000002dc5760000000000000000000680204100000000f09203418557000000
000000e8670000000000000348000000000000dd5e0000000000001e69235600000000e0e22d00000000000000000000
0000000000ee02000000000000b36500000000000006000000a302000000000000ae6500000000000004000000a30200
0000000000a965000000000000050000003903000000000000a4650000000000000400000046050000000000009f6500
0000000000050000007701000000000000ef6500000000000004000000ee02000000000000f465000000000000070000
003903000000000000f965000000000000060000002c01000000000000fe6500000000000002000000c2010000000000
00036600000000000004000000000000000000000000000000000000000000000000000000000000000000
    """.replace("\n", "").strip()
)
AS_DECODED = Quote(
    ltp=26025, ltq=225, average=22396, volume=7783725, total_buy=540675, total_sell=160350, open=22405, high=26600,
    low=18435, close=24285, traded_at=datetime(2025, 10, 17, 9, 40, 46, tzinfo=IST), open_interest=3007200,
    bids=(Level(750, 26035, 6), Level(675, 26030, 4), Level(675, 26025, 5), Level(825, 26020, 4), Level(1350, 26015, 5)),
    asks=(Level(375, 26095, 4), Level(750, 26100, 7), Level(825, 26105, 6), Level(300, 26110, 2), Level(450, 26115, 4)),
)  # fmt: skip


def test_the_real_frame_comes_out_of_its_decoded_values() -> None:
    assert packet(3, 2, "45264", AS_DECODED) == REAL


@pytest.mark.parametrize(("mode", "size"), SIZES.items())
def test_smaller_modes_are_the_beginning_of_the_large_one(mode: int, size: int) -> None:
    made = packet(mode, 2, "45264", AS_DECODED)
    assert len(made) == size
    assert made[1:] == REAL[1:size]
    assert made[0] == mode


def test_socket_time_counts_from_1980_on_an_indian_wall_clock() -> None:
    assert wall_seconds(datetime(2025, 10, 17, 9, 40, 46, tzinfo=IST)) == 1445161246
    assert wall_seconds(datetime(2025, 10, 17, 9, 52, 32, tzinfo=IST)) == 1445161952


@given(st.integers(1, 20), st.sampled_from(sorted(SIZES)))
def test_framed_packets_carry_their_count_and_size(count: int, mode: int) -> None:
    whole = framed([packet(mode, 1, "2885", AS_DECODED)] * count)
    assert struct.unpack("<HH", whole[:4]) == (count, SIZES[mode])
    assert len(whole) == 4 + count * SIZES[mode]
