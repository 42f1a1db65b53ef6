"""Alerts at the phone: after a restart, by a quote while no tick comes, and over a split."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.clock import at_ist
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import away_until, on_the_exchanges_calendar, until
from tests.journeys.news.test_mornings import at_the_desk
from tests.stage.house import House, a_house


async def trades_at(house: House, price: Decimal) -> None:
    async with httpx.AsyncClient() as client:
        body = {"name": "RELIANCE-EQ", "tick": str(price)}
        (await client.post(f"{house.near.broker_url}/desk/prices", json=body)).raise_for_status()


async def last_of(house: House) -> Decimal:
    async with httpx.AsyncClient() as client:
        rows: dict[str, Any] = (await client.get(f"{house.near.broker_url}/desk/prices?names=RELIANCE-EQ")).json()
    return Decimal(str(rows["prices"][0]["last"]))


@pytest.mark.core
async def test_an_alert_survives_a_restart_rings_once_and_its_button_asks(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        level = await last_of(house) + 10
        await house.me.ask(f"alert reliance above {level}", "Alert 1 is set")
        await house.restart()
        await trades_at(house, level + 1)
        rung = await house.me.wait_for("Alert RELIANCE", 60)
        assert rung in house.me.rings()
        assert "Traded" in rung["text"]
        await house.me.choose("Buy…", "how many")
        await trades_at(house, level + 2)
        assert "None." in (await house.me.ask("/alerts", "ALERTS"))["text"]
        assert sum("Alert RELIANCE" in message["text"] for message in house.me.history()) == 1


async def test_without_ticks_a_quote_strikes_it_and_says_so(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        level = await last_of(house) + 10
        await house.me.ask(f"alert reliance above {level}", "Alert 1 is set")
        house.near.paper.broker.faults.arm("socket_mute", times=None)
        house.near.paper.broker.faults.arm("socket_refused", times=None)
        await asyncio.sleep(180)  # until the silence counts as the feed's
        assert "I ask mStock every 12 s" in (await house.me.ask("/alerts", "ALERTS"))["text"]
        await trades_at(house, level + 1)
        await house.me.wait_for("By a quote", 300)


async def test_an_alert_on_the_days_result_says_when_it_sees_nothing_and_when_it_sees_again(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled")
        await house.me.ask("/alert mtm -5000", "Alert 1 is set")
        faults = house.near.paper.broker.faults
        faults.arm("internal_error", times=None, route="positions")
        blind = await house.me.wait_for("Alerts blind.", 240)
        assert blind in house.me.rings()
        assert "1 Day's P&L ≤ −5,000.00" in blind["text"]
        faults.clear()
        await house.me.wait_for("Alerts see again.", 120)
        assert sum("Alerts blind." in message["text"] for message in house.me.history()) == 1


async def test_a_split_overnight_pauses_it_and_one_tap_puts_it_on_the_new_price(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 19), 15))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        last = await last_of(house)
        await house.me.ask(f"alert reliance above {last + 40}", "Alert 1 is set")
        await trades_at(house, last + 1)
        await until(house, at_ist(date(2026, 11, 19), 15, 31))
        await away_until(house, at_ist(date(2026, 11, 20), 8, 33))
        await at_the_desk(house, {"closes": [{"name": "RELIANCE-EQ", "price": float((last / 2).quantize(Decimal("0.1")))}]})
        await house.me.ask("/login", "until")
        await until(house, at_ist(date(2026, 11, 20), 9, 20))
        await trades_at(house, last / 2)
        await house.me.wait_for("bonus or split?", 60)
        adjusted = await house.me.choose("Adjust ×0.5", "ALERTS")
        assert f"≥ {(last + 40) / 2:.0f}." in adjusted["text"]
        await trades_at(house, last / 2 + 19)
        await asyncio.sleep(20)
        assert not any("Alert RELIANCE" in message["text"] for message in house.me.history())
        await trades_at(house, last / 2 + 21)
        rung = await house.me.wait_for("Alert RELIANCE", 60)
        assert rung in house.me.rings()
