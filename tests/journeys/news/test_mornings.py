"""Mornings at the phone: an expiry and a holiday, a dead session, a lot changed overnight, a future near its end, a split."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.clock import at_ist
from bot.domain.positions.held import HeldNote
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import away_until, on_the_exchanges_calendar, until
from tests.stage.house import House, a_house

DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)  # NIFTY's and the shares' expiry, moved by Tuesday's holiday


def told(house: House, words: str) -> list[dict[str, Any]]:
    return [message for message in house.me.history() if message["from_bot"] and words in message["text"]]


def buttons(message: dict[str, Any]) -> list[str]:
    return [choice["label"] for line in message["buttons"] for choice in line]


async def trade(house: House, words: str, card: str) -> None:
    house.me.press("Confirm", await house.me.ask(words, card))
    await house.me.wait_for("Filled")


async def at_the_desk(house: House, body: dict[str, object]) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{house.near.broker_url}/desk/prices", json=body)
        answer.raise_for_status()


async def test_a_position_is_carried_over_a_weekend_into_expiry_and_nobody_logs_in(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 15))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        await trade(house, "/buy nifty 24500 ce 23 nov 65", "BUY 65 NIFTY")
        await until(house, at_ist(FRIDAY, 16, 20))
        await house.me.ask("/logout", "out")
        await away_until(house, at_ist(date(2026, 11, 22), 17, 55))
        week = await house.me.wait_for("WEEK OF 23 NOV", 600)
        assert "Tue 24 Nov: holiday" in week["text"]
        assert "Mon 23 Nov +65 NF" in " ".join(week["text"].split())
        await away_until(house, at_ist(MONDAY, 8, 35))
        card = await house.me.wait_for("MON 23 NOV", 600)
        assert card["text"].startswith("🔵 Nothing is being watched. Positions are held, and there is no mStock session.")
        flat = " ".join(card["text"].split())
        assert "Expiry today: BANKNIFTY" in flat
        assert "all stock F&O" in flat
        assert "Tue 24 Nov: holiday" in flat
        assert "Held and ends: NF 24500CE 23Nov" in flat
        assert "🔴 session log in" in flat
        assert "🟡 overnight as of 20 Nov +65 NF 24500CE 23Nov NRML" in flat
        assert buttons(card) == ["Log in"]
        before = card["id"]
        await until(house, at_ist(MONDAY, 9, 20))
        reminders = told(house, "There is no mStock session.")
        assert len(reminders) == 2
        assert len([ring for ring in house.me.rings(before - 1) if "Nothing is being watched" in ring["text"]]) == 3
        await house.me.choose("Log in", "until")


@pytest.mark.core
async def test_a_session_of_the_morning_makes_the_card_green_and_silent(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(MONDAY, 8, 33))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        house.me.look_away()
        card = await house.me.wait_for("MON 23 NOV", 900)
        for line in (
            "🟢 clock",
            "🟢 session     logged in",
            "🟢 contracts   dated 23 Nov",
            "🟢 cash",
            "🟢 feed        connected",
            "🟢 overnight   none",
        ):
            assert line in card["text"]
        await until(house, at_ist(MONDAY, 9, 20))
        assert told(house, "no mStock session") == []
        assert [ring for ring in house.me.rings(card["id"] - 1) if ring["id"] == card["id"]] == []
        await house.restart()
        assert len(told(house, "MON 23 NOV")) == 1


async def test_a_lot_that_changed_overnight_stands_on_the_card(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 19), 15))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        await trade(house, "/buy nifty 24500 ce 23 nov 65", "BUY 65 NIFTY")
        await until(house, at_ist(date(2026, 11, 19), 16, 20))
        await with_another_lot(house, 75)
        await away_until(house, at_ist(FRIDAY, 8, 33))
        await house.me.ask("/login", "until")
        card = await house.me.wait_for("FRI 20 NOV", 900)
        flat = " ".join(card["text"].split())
        assert "NF 24500CE 23Nov: lot 75 → 65" in flat
        assert "🟡 overnight 1 +65 NF 24500CE 23Nov NRML no stop" in flat
        await house.me.choose("Set stop: NF 24500CE 23Nov", "Stop at which price?")
        stop = " ".join((await house.me.ask("300", "SELL 65 NIFTY 24500 CE"))["text"].split())
        assert "300.00" in stop


async def test_armed_alerts_ring_on_a_morning_without_a_session_and_a_dead_one_is_named(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(MONDAY, 15))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        await house.me.ask("/alert reliance above 1900", "is set")
        await house.me.ask("/alert nifty 24500 ce 23 nov above 900", "is set")
        await until(house, at_ist(MONDAY, 16, 20))
        await house.me.ask("/logout", "out")
        await away_until(house, at_ist(date(2026, 11, 25), 8, 35))
        card = await house.me.wait_for("WED 25 NOV", 600)
        assert "Nothing is being watched. Alerts are armed, and there is no mStock session." in card["text"]
        assert "🟡 alerts      1 armed\n   ended: NF 24500CE 23Nov" in card["text"]
        assert buttons(card) == ["Log in", "Alerts"]
        listed = await house.me.choose("Alerts", "ALERTS")
        assert "≥ 900.00\n   🟡 the contract has ended" in listed["text"]
        await until(house, at_ist(date(2026, 11, 25), 9, 20))
        reminder = told(house, "There is no mStock session.")[-1]
        assert "Alerts: 1 armed." in reminder["text"]


async def with_another_lot(house: House, lot: int) -> None:
    """The contract had another lot on the evening of which the note tells: the paper broker's lots do not change."""
    assert house.store is not None
    account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
    note = await house.store.transaction(lambda db: db.held.find(account.id, date(2026, 11, 19)))
    assert note is not None
    rows = tuple(replace(row, instrument=replace(row.instrument, lot=lot)) if row.is_position else row for row in note.rows)
    changed: HeldNote = replace(note, rows=rows)
    await house.store.transaction(lambda db: db.held.note(changed))


async def test_a_stock_future_is_spoken_of_from_four_days_before_its_end(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 16), 15))  # E-5 of Monday the 23rd
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        await trade(house, "/buy itc fut 23 nov 1lot", "BUY 1,600 ITC FUT")
        await until(house, at_ist(date(2026, 11, 16), 16, 20))
        assert told(house, "ENDS IN SHARES") == []
        await away_until(house, at_ist(date(2026, 11, 17), 8, 33))
        await house.me.ask("/login", "until")
        card = await house.me.wait_for("ENDS IN SHARES", 900)
        flat = " ".join(card["text"].split())
        assert "+1,600 ITC FUT 23Nov NRML 4 trading days left take 1,600 shares needs" in flat
        assert re.search(r"close now [+−]?[\d,.]+ .* settle [+−]?[\d,.]+", flat)
        assert "mStock closes it Fri 20 Nov, best effort" in flat
        await until(house, at_ist(date(2026, 11, 17), 14, 5))
        assert len(told(house, "ENDS IN SHARES")) == 2
        assert "ITC" in (await house.me.choose("Exit ITC FUT 23Nov", "SELL"))["text"]


async def test_a_holding_that_halves_overnight_is_asked_about_and_no_loss_is_shown(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 19), 15))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        await until(house, at_ist(date(2026, 11, 19), 16, 20))
        quote = await house.me.ask("/quote INFY", "INFY")
        last = float(re.search(r"([\d,]+\.\d+)", quote["text"])[1].replace(",", ""))  # type: ignore[index] # a price is there
        await away_until(house, at_ist(FRIDAY, 8, 33))
        await at_the_desk(house, {"closes": [{"name": "INFY-EQ", "price": round(last / 2, 1)}]})
        await house.me.ask("/login", "until")
        card = await house.me.wait_for("FRI 20 NOV", 900)
        assert re.search(r"bonus or split\?\n   INFY [\d,.]+ → [\d,.]+\n   day change not known", card["text"])
        assert "ITC" not in card["text"]
        result = await house.me.ask("/pnl", "P&L")
        assert re.search(r"Holdings today +not known", result["text"])
        assert "Bonus or split? INFY" in result["text"]
        assert "bonus or split?" in (await house.me.ask("/holdings", "HOLDINGS"))["text"]


async def test_a_split_overnight_pauses_the_standing_stop_and_one_tap_puts_it_on_the_new_price(
    loop: VirtualLoop, tmp_path: Path
) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 19), 15))
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        quote = await house.me.ask("/quote INFY", "INFY")
        last = float(re.search(r"LTP +([\d,]+\.\d+)", quote["text"])[1].replace(",", ""))  # type: ignore[index] # a price is there
        low, worst = round(last * 0.95), round(last * 0.94)
        house.me.press("Confirm sell", await house.me.ask(f"/sell INFY 20 stop {low}/{worst} cnc", "SELL 20 INFY"))
        house.me.press("Keep every day", await house.me.wait_for(lambda message: "Keep every day" in buttons(message), 30))
        await house.me.wait_for("Kept every day until", 30)
        await until(house, at_ist(date(2026, 11, 19), 16, 20))
        await away_until(house, at_ist(FRIDAY, 8, 33))
        await at_the_desk(house, {"closes": [{"name": "INFY-EQ", "price": round(last / 2, 1)}]})
        await house.me.ask("/login", "until")
        asked = await house.me.wait_for("Its standing stop", 3600)
        assert buttons(asked) == ["Adjust 1 ×0.5", "Keep 1", "Delete"]
        placed = house.placed
        await until(house, at_ist(FRIDAY, 9, 16))
        assert house.placed == placed
        assert told(house, "to place today") == []
        assert told(house, "opened beyond your stop") == [], "it is not judged by the price after the split"
        adjusted = await house.me.choose(buttons(asked)[0], "STOPS", 30)
        house.me.press("Place today's stops", adjusted)
        card = await house.me.wait_for("STOPS 1 order", 30)
        assert f"{low / 2:.2f}" in card["text"].replace(",", "")
        house.me.press("Confirm 1 stop", card)
        await house.me.wait_for("Stop placed", 60)
