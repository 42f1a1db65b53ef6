"""What rings of the money, the band, the session and the prices, lived through: each once, and its end is told."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar, until
from tests.journeys.exits.test_exits import OPTIONS, RICH
from tests.journeys.news.test_mornings import buttons, told
from tests.journeys.news.test_rings import confirmed, rang
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive  # hours of a day

FRIDAY = date(2026, 11, 20)
BAND = """
[[price_bands]]
exchange = "NSE"
symbol = "RELIANCE"
percent = "5"
from = 2026-11-01
source = "the host's own row"
"""


def cash(house: House, rupees: int) -> None:
    """The account's limit at the start of the day, as mStock lowers it after a margin call."""
    ledger = house.near.paper.broker.ledger
    account = ledger.accounts[PaperAccount().client]
    with ledger.change():
        account.sod = rupees * 100
        ledger.put(account)


async def test_a_margin_shortfall_rings_once_its_end_is_told_and_the_next_rings_anew(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        await confirmed(house, "/buy RELIANCE 10 mis sl 1400", "BUY 10 RELIANCE", "Confirm buy")
        cash(house, 1000)
        short = await house.me.wait_for("Margin shortfall.", 300)
        assert "Available −₹" in short["text"]
        assert (rang(house, short), buttons(short)) == (True, ["Funds", "Positions"])
        await asyncio.sleep(600)
        await house.restart()
        await asyncio.sleep(300)
        assert len(told(house, "Margin shortfall.")) == 1
        cash(house, 250_000)
        over = await house.me.wait_for("Margin is enough again.", 300)
        assert "mStock may close" not in over["text"]
        assert rang(house, over)
        await asyncio.sleep(600)
        assert len(told(house, "Margin is enough again.")) == 1
        cash(house, 1000)
        await until(house, clock.now() + timedelta(minutes=5))
        assert len(told(house, "Margin shortfall.")) == 2
        house.me.press("Confirm", await house.me.ask("/exit RELIANCE", "SELL 10 RELIANCE"))
        await house.me.wait_for("position closed", 30)
        await until(house, clock.now() + timedelta(minutes=5))
        assert len(told(house, "Margin is enough again.")) == 2


async def test_three_fifths_of_a_band_that_the_host_named_ring_once(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        file = tmp_path / "host.toml"
        file.write_text(BAND, encoding="utf-8")
        house.settings = replace(house.settings, market_data=file)
        await house.restart()
        await house.log_in()
        broker = house.near.paper.broker
        share = broker.named("NSE", "RELIANCE-EQ")
        assert share is not None
        close = broker.market.previous_close(share, clock.now())
        price(house, f"{close // 100}.00")
        await confirmed(house, "/buy RELIANCE 10 mis sl 1300", "BUY 10 RELIANCE", "Confirm buy")
        price(house, f"{close * 975 // 100_000}.00")
        await asyncio.sleep(180)
        assert told(house, "Price band nearly used.") == []
        price(house, f"{close * 968 // 100_000}.00")
        near = await house.me.wait_for("Price band nearly used.", 180)
        assert "of a band of 5 %" in near["text"]
        assert (rang(house, near), buttons(near)) == (True, ["Exit RELIANCE"])
        await asyncio.sleep(600)
        await house.restart()
        await asyncio.sleep(300)
        assert len(told(house, "Price band nearly used.")) == 1


async def test_the_evening_names_the_sessions_end_and_what_is_held_then(loop: VirtualLoop, tmp_path: Path) -> None:
    clock = LoopClock(loop, at_ist(FRIDAY, 23, 20))
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        price(house, "100.00", OPTIONS[0], "NFO")
        await confirmed(house, f"/buy {OPTIONS[0]} 65 nrml", "BUY 65 NIFTY", "Confirm buy")
        await on_the_exchanges_calendar(house)
        await until(house, at_ist(FRIDAY, 23, 29))
        assert told(house, "mStock's session ends at") == []
        await until(house, at_ist(FRIDAY, 23, 31))
        (ends,) = told(house, "mStock's session ends at")
        assert "Nothing is watched from then until the next login." in ends["text"]
        assert "+65" in ends["text"]
        assert not rang(house, ends), "a word ahead is silent"
        await house.restart()
        await until(house, at_ist(FRIDAY, 23, 50))
        assert len(told(house, "mStock's session ends at")) == 1


async def test_a_thousand_calls_without_a_first_tick_get_a_quote_or_the_word_that_none_is_known_and_nothing_waits_on(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        await house.log_in()
        price(house, "1480.00")
        faults = house.near.paper.broker.faults
        faults.arm("socket_mute", times=None)
        await house.me.ask("/q RELIANCE", "1,480", 30)  # the first answer of a mute feed is mStock's quote
        assert house.app is not None
        assert house.store is not None
        account = (await house.store.transaction(lambda db: db.accounts.all()))[0]
        quotes = house.app.core.services.market
        before = len(asyncio.all_tasks())
        named = [await quotes.named(name, command="/quote") for name in ("RELIANCE", "INFY", "TCS", "ITC")]
        keys = [instrument.key for instrument in named]
        answers = await asyncio.gather(*(quotes.prices.of_all(account.id, [key]) for key in keys for _ in range(250)))
        assert all(answers)
        assert len(asyncio.all_tasks()) <= before + 1
        await asyncio.sleep(180)
        status = await house.me.ask("/status", "Prices watched", 30)
        watched = next(line for line in status["text"].splitlines() if "Prices watched" in line)
        assert watched.split()[-3:] == ["0", "of", "400"]
