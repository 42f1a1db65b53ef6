"""Alerts at the phone: one rings after a restart, with a ticket that asks; one rings by a quote while no tick comes."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.simulators.loop import LoopClock
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
