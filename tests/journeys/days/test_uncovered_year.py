"""The end of the dated facts: owners hear of it sixty days ahead, with the file to lay beside, and that file is all it takes."""

import asyncio
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from bot.config.settings import MarketHours
from bot.domain.clock import at_ist
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.stage.house import House, a_house

TITLE = "I have no calendar for 2027."


async def away_until(house: House, loop: VirtualLoop, moment: datetime) -> None:
    await house.stop()
    loop.shift((moment - house.clock.now()).total_seconds())
    await house.start()


def told(house: House) -> list[str]:
    return [message["text"] for message in house.me.history() if TITLE in message["text"]]


@pytest.mark.core
def test_the_owner_is_told_sixty_days_ahead_and_the_file_of_that_message_ends_it(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=100 * 86_400.0)) as runner:
        runner.run(from_november_to_january(tmp_path))


async def from_november_to_january(directory: Path) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = LoopClock(loop, at_ist(date(2026, 11, 1), 20))
    async with a_house(clock, directory, hours="real") as house:
        house.me.say("/start")
        await house.me.wait_for("owner")
        await away_until(house, loop, at_ist(date(2026, 11, 2), 8, 59))
        message = await house.me.wait_for(TITLE, 120)
        assert "From 1 Jan 2027 on" in message["text"]
        assert "MARKET_DATA" in message["text"]
        await away_until(house, loop, at_ist(date(2026, 12, 1), 8, 59))
        await asyncio.sleep(120)
        assert len(told(house)) == 2, "and again each month, for as long as there is none"

        file = house.settings.database.parent / "host.toml"
        rows, _, _mode = message["text"][message["text"].index("[[years]]") :].rpartition("\n")
        file.write_text(rows, encoding="utf-8")
        house.settings = replace(house.settings, market_hours=MarketHours.REAL, market_data=file)
        await away_until(house, loop, at_ist(date(2027, 1, 1), 8, 59))
        await asyncio.sleep(120)
        assert len(told(house)) == 2, "the file as it was told is enough"
        await away_until(house, loop, at_ist(date(2027, 1, 25), 16, 30))
        summary = await house.me.wait_for("25 JAN 2027", 300)
        assert "Tue 26 Jan: holiday" in summary["text"], "a row of that file is known by its name"
