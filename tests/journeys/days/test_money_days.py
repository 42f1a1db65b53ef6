"""Whole days of trading one after the other, and the week and the month that they add up to, to the paisa."""

import asyncio
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.money import total
from bot.simulators.broker.settings import PaperAccount, PaperHolding
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_carried import figure, made
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar, told
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive

THURSDAY = date(2026, 11, 19)
KNOWN = PaperHolding(symbol="ITC", quantity=100, average=39815, authorised=100)
UNKNOWN = PaperHolding(symbol="INFY", quantity=20, average=0, authorised=20)


def title(day: date) -> str:
    return f"{day.day} {day:%b %Y}".upper()


def net(text: str) -> Decimal:
    """The net by the summary's own row."""
    return figure(text, "Net") or figure(text, "Net of these")


async def a_day_of_trading(house: House, loop: VirtualLoop, day: date, orders: tuple[str, ...] = ()) -> str:
    """From the log-in to the summary, whose words these are. orders: confirmed one after the other, each until it fills."""
    loop.shift((at_ist(day, 10) - house.clock.now()).total_seconds())
    await house.me.ask("/login", "lives until")
    for words in orders:
        side = "sell" if words.startswith("/sell") else "buy"
        card = await house.me.ask(words, f"{side.upper()} ")
        house.me.press(f"Confirm {side}", card)
        await house.me.wait_for("Filled")
    loop.shift((at_ist(day, 16, 14, 50) - house.clock.now()).total_seconds())
    summary = await house.me.wait_for(title(day))
    await asyncio.sleep(5)  # for what follows it: its picture, the week, the month
    return str(summary["text"])


async def move(house: House, name: str, rupees: str, exchange: str = "NFO") -> None:
    broker = house.near.paper.broker
    instrument = broker.named(exchange, name)
    assert instrument is not None
    broker.market.set_price(instrument, int(Decimal(rupees) * 100), house.clock.now())


def test_two_weeks_with_a_carried_future_and_option_into_a_moved_expiry_add_up_to_week_and_month(tmp_path: Path) -> None:
    loop = VirtualLoop(limit=30 * 86_400.0)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(two_weeks(loop, tmp_path))


async def two_weeks(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(THURSDAY, 9, 20))
    account = PaperAccount(cash=5_000_000_00, holdings=(KNOWN, UNKNOWN))
    async with a_house(clock, tmp_path, account=account) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        days = [
            await a_day_of_trading(
                house, loop, THURSDAY, ("/buy NIFTY FUT 65 nrml", "/buy NIFTY 24500 CE 65 nrml", "/buy RELIANCE 10 mtf")
            )
        ]
        assert "Fri 20 Nov" not in days[0], "no family of contracts ends on it"
        friday = THURSDAY + timedelta(days=1)
        days.append(await a_day_of_trading(house, loop, friday, ("/sell ITC 10 cnc",)))
        assert "Mon 23 Nov: " in days[1]
        assert "expire" in days[1]
        assert "Tue 24 Nov: holiday" in days[1]
        assert "Carried" in days[1]
        week = (await house.me.wait_for("WEEK 16-20 NOV"))["text"]
        assert net(week) == total(net(text) for text in days)
        assert made(week) == total(made(text) for text in days)

        monday = THURSDAY + timedelta(days=4)
        await move(house, "NIFTY26NOV24500CE", "310.00")
        days.append(await a_day_of_trading(house, loop, monday))
        assert "24500CE" not in re.search(r"Carried.*?(Margin|Cash)", days[2], re.DOTALL)[0]  # type: ignore[index] # MTF is carried
        days.append(await a_day_of_trading(house, loop, date(2026, 11, 25), ("/sell INFY 5 cnc",)))
        assert "Not known, and in no sum: INFY CNC (cost)." in days[3]
        days.append(await a_day_of_trading(house, loop, date(2026, 11, 26)))
        assert "No trades; up since" in days[4]
        days.append(await a_day_of_trading(house, loop, date(2026, 11, 27), ("/sell RELIANCE 10 mtf",)))
        second = (await house.me.wait_for("WEEK 23-27 NOV"))["text"]
        assert net(second) == total(net(text) for text in days[2:])
        assert [line for line in second.splitlines() if line.startswith("Tue 24")] == [], "a holiday has no row"

        days.append(await a_day_of_trading(house, loop, date(2026, 11, 30)))
        month = (await house.me.wait_for("NOVEMBER 2026"))["text"]
        assert net(month) == total(net(text) for text in days)
        assert net(month) == net(week) + net(second) + net(days[6])
        assert all(len(told(house, title(date(2026, 11, day)))) == 1 for day in (19, 20, 23, 25, 26, 27, 30))
        await house.me.wait_for("November 2026, day by day")
        captions = [message["text"] for message in house.me.history() if message["photo_url"]]
        assert "19 Nov 2026, net through the day" in captions[0]
        assert not any("late" in caption for caption in captions)
