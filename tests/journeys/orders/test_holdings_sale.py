"""Selling what is in the demat account, lived through: a person in the demo chat, the real bot, the paper broker."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.people.account import Role
from bot.simulators.broker.settings import PaperAccount, PaperHolding
from bot.simulators.loop import LoopClock
from tests.journeys.plans.test_plans import price
from tests.stage.house import a_house

TPIN = "mStock may need your CDSL TPIN today"


@pytest.mark.core
async def test_what_the_owner_says_of_the_ddpi_holds_for_this_account_and_across_a_restart(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=PaperAccount(ddpi=False)) as house:
        await house.log_in()
        assert TPIN in (await house.me.ask("/sell ITC 10 cnc", "SELL 10 ITC"))["text"]
        asked = await house.me.ask("/ddpi", "not said for this account")
        house.me.press("On file", asked)
        await house.me.wait_for("DDPI: on file.")
        await house.restart()
        assert TPIN not in (await house.me.ask("/sell ITC 10 cnc", "SELL 10 ITC"))["text"]
        viewer = await house.join(78, "Ravi", Role.VIEWER)
        viewer.say("/ddpi no")
        await viewer.wait_for("")
        assert "DDPI: on file." in (await viewer.ask("/ddpi", "DDPI"))["text"]


async def test_the_fill_of_a_sale_out_of_the_holdings_says_what_it_booked_and_pnl_says_the_same(
    clock: LoopClock, tmp_path: Path
) -> None:
    demat = (
        PaperHolding(symbol="ITC", quantity=100, average=39815, authorised=100),
        PaperHolding(symbol="TCS", quantity=20, average=0, authorised=20),
    )
    async with a_house(clock, tmp_path, account=PaperAccount(ddpi=True, holdings=demat)) as house:
        await house.log_in()
        price(house, "400.00", "ITC-EQ")
        house.me.press("Confirm sell", await house.me.ask("/sell ITC 40 400 cnc", "SELL 40 ITC"))
        told = await house.me.wait_for("Filled #1 SELL 40 ITC", 30)
        assert "Booked +74.00 🟢 after charges ≈ " in told["text"], "40 at 398.15"
        assert "· out of your holdings" in told["text"]
        shown = await house.me.ask("/pnl", "P&L")
        assert "+74.00" in shown["text"]
        house.me.press("Confirm sell", await house.me.ask("/sell TCS 5 cnc", "SELL 5 TCS"))
        told = await house.me.wait_for("Filled #2 SELL 5 TCS", 30)
        assert "Out of your holdings; /pnl has what that made." in told["text"], "nobody says at which cost"


@pytest.mark.core
async def test_all_holdings_go_under_one_confirm_and_each_row_has_its_own_result(clock: LoopClock, tmp_path: Path) -> None:
    demat = (
        PaperHolding(symbol="ITC", quantity=100, average=39815, authorised=100),
        PaperHolding(symbol="TCS", quantity=20, average=310000, t1=5, collateral=8, authorised=12),
        PaperHolding(symbol="INFY", quantity=30, average=148260),
    )
    async with a_house(clock, tmp_path, account=PaperAccount(ddpi=False, holdings=demat)) as house:
        await house.log_in()
        house.me.press("Confirm buy", await house.me.ask("/buy SBIN 10 mis", "BUY 10 SBIN"))
        await house.me.wait_for("Filled", 30)
        house.me.press("Confirm sell", await house.me.ask("/sell ITC 40 cnc", "SELL 40 ITC"))
        await house.me.wait_for("Filled #2 SELL 40 ITC", 30)
        card = await house.me.ask("sab holdings becho", "EXIT 3 holdings", 30)
        number = {name: card["text"].split(name)[0].split()[-3] for name in ("ITC", "TCS", "INFY")}
        for said in ("SELL 60 ITC", "SELL 17 TCS", "SELL 30 INFY"):
            assert said in card["text"]
        assert (
            f"{number['TCS']} TCS: 5 are not in demat yet: if your seller fails to deliver you face the auction" in card["text"]
        )
        assert f"{number['TCS']} TCS: 8 more are pledged" in card["text"]
        warned = next(line for line in card["text"].splitlines() if TPIN in line)
        assert "INFY" in warned
        assert "ITC" not in warned
        house.me.press("Confirm 3 exits", card)
        shown = await house.me.wait_for("2 of 3 closed", 30)
        refused = next(line for line in shown["text"].splitlines() if "ended unfilled" in line)
        assert "INFY" in refused
        assert "mStock may need your authorisation (CDSL TPIN)" in refused, "in words, not as mStock writes it"
        left = await house.me.ask("/holdings", "HOLDINGS")
        assert "ITC 0" in left["text"]
        card = await house.me.ask("/exit all", "SELL 10 SBIN", 30)
        assert "Intraday" in card["text"], "the one position that is open, and none of the holdings"


async def test_in_a_closed_market_no_list_is_confirmed_and_each_share_has_its_card_for_the_opening(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, hours="real") as house:
        await house.log_in()
        await asyncio.sleep(8.5 * 3600)
        told = await house.me.ask("sell holdings", "The market is closed", 30)
        assert "Confirm" not in str(told["buttons"])
        card = await house.me.choose("+100 ITC", "NSE takes this again", 30)
        assert [line[0]["label"] for line in card["buttons"]] == ["Card at 09:16 on Mon 23 Nov", "Discard"]
        assert house.placed == 0
