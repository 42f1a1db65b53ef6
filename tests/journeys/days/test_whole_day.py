"""One whole day on the exchange's own hours: readiness, trades, the closing auction, contracts after it, and the summary."""

import asyncio
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.simulators.broker.settings import PaperAccount, PaperHolding
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_carried import figure, made
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar
from tests.journeys.days.test_range_of_days import deal, evening, until
from tests.stage.house import a_house

pytestmark = pytest.mark.exhaustive

FRIDAY = date(2026, 11, 20)
HELD = PaperHolding(symbol="ITC", quantity=100, average=39815, authorised=100)


def test_a_day_through_the_auction_is_told_at_the_auctions_prices_and_adds_up(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=2 * 86_400.0)) as runner:
        runner.run(a_day(tmp_path))


async def a_day(directory: Path) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = LoopClock(loop, at_ist(FRIDAY, 8, 33))
    account = PaperAccount(cash=5_000_000_00, holdings=(HELD,))
    async with a_house(clock, directory, account=account, walk=1.0, hours="real") as house:
        me = house.me
        await house.log_in()
        await on_the_exchanges_calendar(house)
        card = (await me.wait_for("FRI 20 NOV", 900))["text"]
        assert "🟢 session" in card
        until(house, loop, at_ist(FRIDAY, 9, 20))
        await deal(house, "/buy RELIANCE 10 cnc", "BUY 10 RELIANCE")
        await deal(house, "/buy NIFTY 24500 CE 23 nov 65 nrml", "BUY 65 NIFTY 24500 CE")
        until(house, loop, at_ist(FRIDAY, 15, 21))
        me.press("Confirm", await me.ask("/sell ITC 40 cnc", "SELL 40 ITC"))
        await asyncio.sleep(5)
        assert house.placed == 3
        until(house, loop, at_ist(FRIDAY, 15, 34, 30))
        await me.wait_for("out of your holdings", 120)  # the auction has matched it
        await deal(house, "/sell NIFTY 24500 CE 23 nov 65", "SELL 65 NIFTY 24500 CE")
        shown = (await me.ask("/positions", "POSITIONS"))["text"]
        close = Decimal(re.search(r"RELIANCE CNC.*?→ ([\d,.]+)", shown, re.DOTALL)[1].replace(",", ""))  # type: ignore[index] # it is there
        told = await evening(house, loop, FRIDAY)
        assert "Late" not in told
        assert house.store is not None
        fills = await house.store.transaction(lambda db: db.ledger.between(db.accounts.all()[0].id, FRIDAY, FRIDAY))
        flows: dict[str, Decimal] = {}
        for each in fills:
            name = each.instrument.symbol
            flows[name] = flows.get(name, Decimal(0)) - each.signed * (each.price or Decimal(0))
        assert made(told) == flows["NIFTY"] + flows["ITC"] - 40 * Decimal("398.15") + flows["RELIANCE"] + 10 * close
        assert figure(told, "Charges ≈") < 0
        assert "Mon 23 Nov: " in told
        assert "Tue 24 Nov: holiday" in told
