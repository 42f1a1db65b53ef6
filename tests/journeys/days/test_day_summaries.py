"""The day's summary over absences, stops, Sundays, evenings and new holidays: one final row and one message for each day."""

import asyncio
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.config.settings import MarketHours
from bot.domain.clock import at_ist
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.people.test_entering import address_in, filled_in, secrets_of
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive  # whole days

DAY = date(2026, 11, 19)  # a Thursday


def told(house: House, day: str) -> list[str]:
    """The messages that sum that day up, but for those that a person asked for."""
    return [message["text"] for message in house.me.history() if message["text"].startswith(day)]


async def until(house: House, moment: datetime) -> None:
    await asyncio.sleep((moment - house.clock.now()).total_seconds())


async def away_until(house: House, moment: datetime) -> None:
    """The process is down until then. Hours without it cost no time."""
    await house.stop()
    await until(house, moment)
    await house.start()


async def on_the_exchanges_calendar(house: House, rows: str = "") -> None:
    """Restarts the bot on real hours, with rows of the host beside the shipped ones."""
    file = None
    if rows:
        file = house.settings.database.parent / "host.toml"
        file.write_text(rows, encoding="utf-8")
    house.settings = replace(house.settings, market_hours=MarketHours.REAL, market_data=file)
    await house.restart()


async def buy_ten(house: House) -> None:
    house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10", "BUY 10 RELIANCE"))
    await house.me.wait_for("Filled")


async def test_down_from_three_to_eight_and_then_for_two_days_each_day_is_told_late_and_once(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(DAY, 14, 55))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await buy_ten(house)
        await until(house, at_ist(DAY, 15))
        await away_until(house, at_ist(DAY, 20))
        late = await house.me.wait_for("19 NOV 2026", 120)
        assert re.search(r"Trades +1\b", late["text"])
        assert "Late: made at 20:00" in late["text"]
        assert "No data" not in late["text"]
        await away_until(house, at_ist(DAY + timedelta(days=2), 19))
        await house.me.wait_for("21 NOV 2026", 3600)
        await house.restart()
        await asyncio.sleep(120)
        assert [len(told(house, day)) for day in ("19 NOV 2026", "20 NOV 2026", "21 NOV 2026")] == [1, 1, 1]
        (missed,) = told(house, "20 NOV 2026")
        assert re.search(r"^Net +0\.00$", missed, re.MULTILINE), "the trade history has no trade of that day"
        assert "mStock's books of this day are gone: fills as I noted them" in missed
        assert "Late: made at 21 Nov 19:0" in missed


async def test_a_holiday_that_is_added_in_the_morning_has_no_summary(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(DAY, 8))
    holiday = f'[[days]]\ndate = {DAY}\nwhat = "holiday"\nname = "Election"\nannounced = {DAY}\nsource = "NSE circular"\n'
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house, holiday)
        for day in (DAY, DAY + timedelta(days=1)):
            await away_until(house, at_ist(day, 16, 10))
            await until(house, at_ist(day, 16, 20))
        assert len(told(house, "19 NOV 2026")) == 0
        assert len(told(house, "20 NOV 2026")) == 1


async def test_an_evening_session_on_a_sunday_is_summed_up_after_its_end(loop: VirtualLoop, tmp_path: Path) -> None:
    sunday = date(2026, 11, 22)
    evening = (
        f'[[days]]\ndate = {sunday}\nwhat = "special"\nname = "Muhurat"\ncounts = false\nsource = "NSE circular"\n'
        'hours.cash = [{ phase = "CONTINUOUS", start = 18:15:00, end = 19:15:00 }]\n'
        'hours.derivative = [{ phase = "CONTINUOUS", start = 18:15:00, end = 19:15:00 }]\n'
    )
    clock = LoopClock(loop, at_ist(sunday, 16))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house, evening)
        await away_until(house, at_ist(sunday, 16, 10))
        await until(house, at_ist(sunday, 16, 20))
        await away_until(house, at_ist(sunday, 19, 10))
        await buy_ten(house)
        await until(house, at_ist(sunday, 19, 29))
        assert told(house, "22 NOV 2026") == []
        summary = await house.me.wait_for("22 NOV 2026", 120)
        assert re.search(r"Trades +1\b", summary["text"])
        assert "Late" not in summary["text"]


async def test_a_sunday_of_full_hours_is_summed_up_at_the_usual_time(loop: VirtualLoop, tmp_path: Path) -> None:
    sunday = date(2026, 11, 22)
    session = f'[[days]]\ndate = {sunday}\nwhat = "special"\nname = "Budget"\ncounts = true\nsource = "NSE circular"\n'
    clock = LoopClock(loop, at_ist(sunday, 14, 50))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house, session)
        await buy_ten(house)
        await away_until(house, at_ist(sunday, 16, 10))
        summary = await house.me.wait_for("22 NOV 2026", 600)
        assert re.search(r"Trades +1\b", summary["text"])
        assert "Late" not in summary["text"]
        assert "Mon 23 Nov" in summary["text"]


async def test_the_report_of_a_day_is_there_after_unlink_and_link(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await buy_ten(house)
        await house.me.wait_for("19 NOV 2026", 1800)
        await relink(house, clock)
        report = await house.me.ask("/report 19 nov", "19 NOV 2026 🔵 mine")
        assert re.search(r"Trades +1\b", report["text"])
        assert "No data" not in report["text"]


async def test_a_day_at_whose_close_the_account_was_unlinked_is_shown_from_the_records(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(DAY, 16))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await buy_ten(house)
        await relink(house, clock, apart=timedelta(minutes=30))
        await away_until(house, at_ist(DAY + timedelta(days=1), 9))
        report = await house.me.ask("/report 19 nov", "19 NOV 2026 🔵 mine")
        assert re.search(r"Trades +1\b", report["text"])
        assert "No data" in report["text"]


async def relink(house: House, clock: LoopClock, apart: timedelta = timedelta()) -> None:
    """Unlinks the account, and links it again under another name."""
    await house.me.ask("/unlink main", "Unlink 🔵 main?")
    await house.me.choose("Yes, unlink main", "Unlinked 🔵 main.")
    await asyncio.sleep(apart.total_seconds())
    offered = await house.me.ask("/link mine", "For you alone, once.")
    status, _ = await filled_in(address_in(offered), secrets_of(PaperAccount(), clock, seed=False))
    assert status == 200
    await house.me.wait_for("mine (MA")


async def test_in_a_market_that_never_closes_a_trade_of_the_evening_corrects_the_days_row_and_every_sum(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(DAY, 15, 55))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await buy_ten(house)
        first = await house.me.wait_for("19 NOV 2026", 1500)
        assert "Trades 1." in first["text"]
        await until(house, at_ist(DAY, 18))
        await buy_ten(house)
        living = await house.me.ask("/pnl", "P&L")
        assert "Trades 2" in living["text"]
        assert "as of 18:00" in living["text"]
        await until(house, at_ist(DAY, 23, 58))
        await house.restart()
        again = await house.me.wait_for("19 NOV 2026", 120)
        assert "Trades 2." in again["text"]
        assert "Corrected: 1 trade came after the day was first summed up." in again["text"]
        await until(house, at_ist(DAY + timedelta(days=1), 0, 30))
        assert len(told(house, "19 NOV 2026")) == 2
        await house.me.ask("/login", "lives until")
        shown = await house.me.ask("/pnl 2026-11-19..2026-11-19", "P&L")
        assert "Trades 2" in shown["text"], shown["text"]
        assert "Corrected" in (await house.me.ask("/report 19 nov", "19 NOV 2026"))["text"]
