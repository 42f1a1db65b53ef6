"""Selling what is in the demat account, lived through: a person in the demo chat, the real bot, the paper broker."""

from pathlib import Path

import pytest

from bot.domain.people.account import Role
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock
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
