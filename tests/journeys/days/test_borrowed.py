"""Shares on margin over a week-end: interest for each night and a fee for each pledge, in the day's bill and in the week."""

import asyncio
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import at_ist
from bot.domain.money import to_paise, total
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.journeys.days.test_carried import figure
from tests.journeys.days.test_day_summaries import on_the_exchanges_calendar
from tests.journeys.days.test_range_of_days import deal, evening, morning, net, share
from tests.stage.house import a_house

pytestmark = pytest.mark.exhaustive

THURSDAY, FRIDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23)
A_YEAR = Decimal("14.99") / 100  # up to ₹25 lakh


def charge(text: str, name: str) -> Decimal:
    """The rupees of one charge by the list that is folded away, nought where it is not there."""
    found = re.search(rf"{name} ([\d,]+\.\d\d)", text)
    return Decimal(found[1].replace(",", "")) if found is not None else Decimal(0)


def test_shares_on_margin_cost_interest_for_three_nights_of_a_weekend_and_a_fee_for_each_pledge(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit=6 * 86_400.0)) as runner:
        runner.run(a_weekend(tmp_path))


async def a_weekend(directory: Path) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    clock = LoopClock(loop, at_ist(THURSDAY, 9, 30))
    async with a_house(clock, directory) as house:
        await house.log_in()
        await on_the_exchanges_calendar(house)
        card = await house.me.ask("/buy SBIN 100 mtf", "BUY 100 SBIN")
        lent = figure(card["text"], "mStock lends")
        worst = Decimal(re.search(r"max ([\d,.]+)\)", card["text"])[1].replace(",", ""))  # type: ignore[index] # it is there
        house.me.press("Confirm buy", card)
        filled = (await house.me.wait_for("Filled"))["text"]
        paid = Decimal(re.search(r"avg ([\d,.]+\d)", filled)[1].replace(",", ""))  # type: ignore[index] # it is there
        borrowed = lent * paid / worst  # the card reckons with the worst price
        days = [await evening(house, loop, THURSDAY)]
        await morning(house, loop, FRIDAY)
        days.append(await evening(house, loop, FRIDAY))
        await morning(house, loop, MONDAY)
        share(house, "SBIN-EQ", "990.00")
        await deal(house, "/sell SBIN 100 mtf", "SELL 100 SBIN")
        now = (await house.me.ask("/pnl", "P&L"))["text"]
        days.append(await evening(house, loop, MONDAY))

        assert [charge(text, "pledge fee") for text in days] == [32, 0, 32]
        interest = [charge(text, "MTF interest") for text in days]
        assert interest == [0, to_paise(borrowed * A_YEAR / 365), to_paise(borrowed * A_YEAR * 3 / 365)]
        assert net(now) == net(days[-1])
        assert "not known" not in days[-1].split("Cash")[0]
        ranged = (await house.me.ask(f"/pnl {THURSDAY}..{MONDAY}", "Open, change"))["text"]
        assert net(ranged) == total(net(text) for text in days)
        parts = (await house.me.choose("By symbol", "Placed by"))["text"]
        assert figure(parts, "SBIN") + figure(parts, "rounding, other") == net(ranged)
        assert abs(figure(parts, "rounding, other")) < 3, "the contract note's whole rupees of STT, and nothing else"
