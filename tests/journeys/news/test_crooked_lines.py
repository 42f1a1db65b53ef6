"""News over lines that misbehave: the broker's socket and Telegram, one way at a time.

Each fill is told once, in order.
"""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from bot.simulators.loop import LoopClock
from tests.journeys.news.test_news import fill, order
from tests.stage.house import House, a_house

STREAM: list[tuple[str, dict[str, Any]]] = [
    ("frames_doubled", {}),
    ("frames_reordered", {}),
    ("frames_framed", {}),
    ("order_frames_binary", {}),
    ("frames_garbled", {}),
    ("heartbeats", {}),
    ("order_frames_lost", {}),
    ("order_frames_late", {"seconds": 7.0}),
    ("socket_cut_at_order", {}),
    ("socket_mute", {}),
    ("socket_half_open", {}),
    ("socket_refused", {"status": 502}),
]
TELEGRAM = [("flood", 3), ("server_error", 4), ("bad_gateway", 4), ("dropped", 4), ("chat_not_found", 1)]


def fills_of(house: House) -> list[str]:
    """The first line of each fill that stands in the chat, without the account's mark."""
    news = [message for message in house.me.history() if "illed #1" in message["text"]]
    return [message["text"].splitlines()[0].removeprefix("🔵 ") for message in news]


async def two_steps(house: House) -> None:
    """An order that fills eight of twenty, and a while later the rest."""
    await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
    await house.me.wait_for("open at 380.00")
    fill(house, 8)
    await asyncio.sleep(40)
    fill(house, 12)
    await asyncio.sleep(90)


@pytest.mark.parametrize(("fault", "how"), STREAM, ids=str)
async def test_however_the_socket_speaks_each_step_is_told_once(
    clock: LoopClock, tmp_path: Path, fault: str, how: dict[str, Any]
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.near.paper.broker.faults.arm(fault, times=None, **how)
        await two_steps(house)
        assert fills_of(house) == ["Partly filled #1 BUY 8/20 ITC, avg 380.00", "Filled #1 BUY 20 ITC, avg 380.00"]


@pytest.mark.core
@pytest.mark.parametrize(("fault", "times"), [TELEGRAM[0]])
async def test_a_flooded_chat_hears_each_step_once(clock: LoopClock, tmp_path: Path, fault: str, times: int) -> None:
    await _told_through(clock, tmp_path, fault, times)


@pytest.mark.parametrize(("fault", "times"), TELEGRAM[1:])
async def test_however_telegram_refuses_each_step_is_told_once(clock: LoopClock, tmp_path: Path, fault: str, times: int) -> None:
    await _told_through(clock, tmp_path, fault, times)


async def _told_through(clock: LoopClock, tmp_path: Path, fault: str, times: int) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        house.near.chats.faults.add(fault, "sendMessage", times=times, seconds=4)
        fill(house, 8)
        await asyncio.sleep(120)
        house.me.say("/positions")  # a chat that was not found is tried again when its person speaks
        await asyncio.sleep(20)
        fill(house, 12)
        await asyncio.sleep(60)
        assert fills_of(house) == ["Partly filled #1 BUY 8/20 ITC, avg 380.00", "Filled #1 BUY 20 ITC, avg 380.00"]


@pytest.mark.parametrize("fault", ["lost_answer", "hanging"])
async def test_a_fill_whose_answer_got_lost_comes_again_with_the_number_of_its_event(
    clock: LoopClock, tmp_path: Path, fault: str
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await order(house, "/buy ITC 20 @380", "BUY 20 ITC", "Confirm buy")
        await house.me.wait_for("open at 380.00")
        house.near.chats.faults.add(fault, "sendMessage", times=1, seconds=60)
        fill(house, 20)
        await asyncio.sleep(120)
        first, second = [message["text"] for message in house.me.history() if "illed #1" in message["text"]]
        assert re.search(r"n [0-9]+", second), "so that it is not taken for a second fill"
        assert first.splitlines()[0] == second.splitlines()[0]
