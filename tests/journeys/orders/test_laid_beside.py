"""The host lays beside what no route tells: a share's band, its ban and its surveillance, and cards say what follows.

The file may change while the bot runs.
"""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.clock import ist_date
from bot.domain.money import in_price, tick_down, tick_up
from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from tests.journeys.news.test_money_rings import BAND
from tests.journeys.plans.test_plans import price
from tests.stage.house import House, a_house

pytestmark = pytest.mark.exhaustive


LISTS = """
[[bans]]
on = TODAY
symbols = ["RELIANCE"]
source = "the list of the evening before"

[[surveillance]]
exchange = "NSE"
measure = "ASM stage 1"
from = TODAY
symbols = ["RELIANCE"]
source = "the exchange's list"
"""


def write(house: House, file: Path, text: str) -> None:
    file.write_text(text.replace("TODAY", f"{ist_date(house.clock.now()):%Y-%m-%d}"), encoding="utf-8")


async def with_data(house: House, tmp_path: Path, text: str) -> None:
    """A host whose own rows are these."""
    file = tmp_path / "host.toml"
    write(house, file, text)
    house.settings = replace(house.settings, market_data=file)
    await house.restart()
    await house.log_in()


async def banded(house: House, tmp_path: Path) -> tuple[Decimal, Decimal]:
    """A host whose data has a band of 5 % for RELIANCE. Gives its lowest and its highest price."""
    await with_data(house, tmp_path, BAND.replace("2026-11-01", "TODAY"))
    share = house.near.paper.broker.named("NSE", "RELIANCE-EQ")
    assert share is not None
    close = Decimal(house.near.paper.broker.market.previous_close(share, house.clock.now())) / 100
    tick = Decimal("0.10")
    return tick_up(close * Decimal("0.95"), tick), tick_down(close * Decimal("1.05"), tick)


async def test_an_exit_beyond_the_days_band_is_asked_at_its_edge_and_rests_there(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        low, high = await banded(house, tmp_path)
        middle = (low + high) / 2 // 1
        price(house, f"{middle}.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled")
        typed = high + 50
        card = await house.me.ask(f"/sell RELIANCE 10 @{typed} mis", "SELL 10 RELIANCE")
        edge = f"{in_price(typed)} is outside the day's band, {in_price(low)} to {in_price(high)}: set to its edge"
        assert edge in " ".join(card["text"].split())
        assert f"Limit {in_price(high)}" in " ".join(card["text"].split())
        house.me.press("Confirm sell", card)
        await house.me.wait_for(f"open at {in_price(high)}", 30)
        changed = await house.me.ask(f"/modify 2 {low - 50}", "set to its edge")
        house.me.press("Confirm", changed)
        await house.me.wait_for("position closed", 30)
        orders = await house.orders()
        assert [(order.draft.price, order.status) for order in orders][1:] == [(low, OrderStatus.FILLED)]


async def test_with_the_price_at_the_bands_edge_a_panic_goes_no_further_and_is_flat(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        low, high = await banded(house, tmp_path)
        price(house, f"{(low + high) / 2 // 1}.00")
        house.me.press("Confirm buy", await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))
        await house.me.wait_for("Filled")
        price(house, f"{low + 1}")
        await asyncio.sleep(3)  # until the feed has told of it
        house.me.press("Close these", await house.me.ask("/panic", "This closes"))
        await house.me.wait_for("Flat at", 60)
        assert [order.draft.price for order in await house.orders()][1:] == [low]


async def test_a_share_on_a_list_that_was_laid_beside_is_warned_of_where_it_is_entered(clock: LoopClock, tmp_path: Path) -> None:
    async with a_house(clock, tmp_path) as house:
        await with_data(house, tmp_path, LISTS)
        card = await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE")
        watched = "RELIANCE is under surveillance (ASM stage 1)"
        assert watched in card["text"]
        assert "ban" not in card["text"]
        house.me.press("Confirm buy", card)
        await house.me.wait_for("Filled")
        future = await house.me.ask("/buy RELIANCE FUT 1lot", "RELIANCE FUT")
        assert "RELIANCE is in the F&O ban of today" in future["text"]
        out = await house.me.ask("/exit RELIANCE", "SELL 10 RELIANCE")
        assert watched not in out["text"]


async def test_a_file_that_changes_is_taken_up_while_the_bot_runs_and_a_wrong_one_is_told_once_and_changes_nothing(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path) as house:
        file = tmp_path / "host.toml"
        await with_data(house, tmp_path, "")
        watched = "RELIANCE is under surveillance (ASM stage 1)"
        assert watched not in (await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))["text"]
        write(house, file, LISTS)
        await house.me.wait_for("host.toml was read anew. What it says is in force.", 150)
        assert watched in (await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))["text"]

        write(house, file, LISTS.replace("measure", "mesure"))
        told = await house.me.wait_for("host.toml was not taken up.", 150)
        assert "mesure" in told["text"]
        assert "I go on with the facts read before; a start would refuse it." in told["text"]
        await asyncio.sleep(600)
        assert house.me.transcript(40).count("host.toml was not taken up.") == 1
        assert watched in (await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))["text"]

        file.unlink()
        await house.me.wait_for("host.toml cannot be read", 150)
        write(house, file, "")
        await house.me.wait_for("host.toml was read anew.", 150)
        assert watched not in (await house.me.ask("/buy RELIANCE 10 mis", "BUY 10 RELIANCE"))["text"]
