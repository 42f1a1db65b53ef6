"""Three trading days over a week-end and into an expiry that a holiday moved: what the days say adds up to what was made."""

import asyncio
import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.money import total
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_carried import figure, price
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive

# NIFTY expires on the Monday: Tuesday is a holiday.
THURSDAY, FRIDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)
CALL = "NIFTY26NOV24500CE"


def net(text: str) -> Decimal:
    """The net of a card, whole or of the charges that are known: an exercise has no published brokerage."""
    return figure(text, "Net of these") if "Net of these" in text else figure(text, "Net")


async def deal(house: House, words: str, card_says: str) -> None:
    """Confirms an order and waits for its fill to ring."""
    side = words.split(maxsplit=1)[0].removeprefix("/")
    card = await house.me.ask(words, card_says)
    house.me.press(f"Confirm {side}", card)
    await house.me.wait_for("Filled")


def until(house: House, loop: VirtualLoop, moment: datetime) -> None:
    """Hours in which nothing happens cost no time."""
    loop.shift((moment - house.clock.now()).total_seconds())


async def morning(house: House, loop: VirtualLoop, day: date) -> None:
    until(house, loop, at_ist(day, 9, 30))
    await house.me.ask("/login", "lives until")


async def evening(house: House, loop: VirtualLoop, day: date) -> str:
    """The summary of the day, as it is told."""
    until(house, loop, at_ist(day, 16, 14, 50))
    told = await house.me.wait_for(lambda message: message["text"].startswith(f"{day.day} {day:%b %Y}".upper()), 120)
    return str(told["text"])


def share(house: House, name: str, rupees: str) -> None:
    broker = house.near.paper.broker
    instrument = broker.named("NSE", name)
    assert instrument is not None
    broker.market.set_price(instrument, int(Decimal(rupees) * 100), house.clock.now())


async def fills_of(house: House) -> list[tuple[str, int, Decimal]]:
    """(symbol, signed quantity, price) of every fill on record."""
    assert house.store is not None
    fills = await house.store.transaction(lambda db: db.ledger.between(db.accounts.all()[0].id, date(2026, 11, 1), MONDAY))
    return [(fill.instrument.symbol, fill.signed, fill.price or Decimal(0)) for fill in fills]


def test_days_with_carried_sold_borrowed_and_ended_positions_add_up(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=6 * 86_400.0)) as runner:
        runner.run(three_days(tmp_path))


async def three_days(directory: Path) -> None:
    """Thursday, Friday and Monday of one account, and what its ranges say afterwards."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = LoopClock(loop, at_ist(THURSDAY, 9, 30))
    async with a_house(clock, directory) as house:
        me = house.me
        await house.log_in()
        await on_the_exchanges_calendar(house)
        price(house, clock, CALL, "134.00")
        await deal(house, "/buy NIFTY 24500 CE 65 nrml", "BUY 65 NIFTY 24500 CE")
        await deal(house, "/buy RELIANCE 10 cnc", "BUY 10 RELIANCE")
        await deal(house, "/buy SBIN 5 mtf", "BUY 5 SBIN")
        await deal(house, "/sell ITC 40 cnc", "SELL 40 ITC")
        price(house, clock, CALL, "154.00")
        share(house, "RELIANCE-EQ", "1495.00")
        await asyncio.sleep(120)  # a point or two of the day's curve
        told = [await evening(house, loop, THURSDAY)]

        await morning(house, loop, FRIDAY)
        share(house, "RELIANCE-EQ", "1502.00")
        await deal(house, "/sell RELIANCE 10 cnc", "SELL 10 RELIANCE")
        told.append(await evening(house, loop, FRIDAY))

        await morning(house, loop, MONDAY)
        share(house, "SBIN-EQ", "990.00")
        price(house, clock, CALL, "0.40")  # a last trade that has nothing to do with where the index closes
        until(house, loop, at_ist(MONDAY, 15, 45))
        shown = (await me.ask("/positions", "POSITIONS"))["text"]
        worth = Decimal(re.search(r"ended ≈ ([\d,.]+)", shown)[1].replace(",", ""))  # type: ignore[index] # it is there
        assert worth != Decimal("0.40")
        told.append(await evening(house, loop, MONDAY))

        nets = []
        for day in (THURSDAY, FRIDAY, MONDAY):
            row = (await me.ask(f"/report {day}", f"{day.day} {day:%b %Y}".upper()))["text"]
            nets.append(net(row))
        assert nets == [net(text) for text in told], "a final row stays as it was told"
        ranged = (await me.ask(f"/pnl {THURSDAY}..{MONDAY}", "Open, change"))["text"]
        assert net(ranged) == total(nets)
        week = (await me.ask("/pnl week", "Open, change"))["text"]
        assert net(week) == nets[-1], "on a Monday the week has one day"

        assert "Carried\n +5 SBIN MTF" in told[-1], "what has ended is not carried"
        fills = await fills_of(house)
        flows = {symbol: -total(signed * at for name, signed, at in fills if name == symbol) for symbol, _, _ in fills}
        made = flows["NIFTY"] + 65 * worth + flows["RELIANCE"] + flows["SBIN"] + 5 * Decimal("990.00")
        made += flows["ITC"] - 40 * Decimal("398.15")
        assert figure(ranged, "Booked") + figure(ranged, "Open, change") + figure(ranged, "Close adjustment") == made
        assert "Round trips 3" in ranged, "the option that ended, the shares that were sold, the holding"

        trades = await me.ask(f"/export trades {THURSDAY}..{MONDAY}", "5 rows")
        assert trades["document"]["name"].endswith(".xlsx")
        await me.ask("/export tax", "Tax year 1 Apr 2026 to 23 Nov 2026")
        await me.wait_for(lambda message: (message["document"] or {}).get("name") == "tax-main-2026-04-01-2026-11-23-PAPER.csv")
        sent = {file.name: file.content for file in house.near.chats.state.files.values()}
        table = sent["tax-main-2026-04-01-2026-11-23-PAPER.csv"].decode("utf-8-sig")
        assert '"Delivery, holding period not known",1,15926.00,16514.00,588.00,0.00,588.00,16514.00,0' in table
        assert "F&O (non-speculative),1,8713.25,802.75,0.00,-7910.50,-7910.50,7910.50,0" in table
        empty = (await me.ask("/pnl last month", "P&L"))["text"]
        assert "no day of it is on record" in empty
