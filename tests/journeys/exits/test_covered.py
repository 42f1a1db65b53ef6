"""A guardian at the phone while the trader is away: what is intraday or carried is reduced, and no short is left bare."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.people.account import Role
from bot.simulators.loop import LoopClock
from tests.journeys.exits.test_exits import OPTIONS, RICH, carry, open_rows
from tests.stage.house import a_house

COVER, SHORT = OPTIONS[0], OPTIONS[1]


@pytest.mark.core
async def test_a_guardian_who_exits_the_covering_leg_first_is_turned_to_both_in_leg_order(
    clock: LoopClock, tmp_path: Path
) -> None:
    async with a_house(clock, tmp_path, account=RICH) as house:
        await house.log_in()
        carry(house, {COVER: 130, SHORT: -130})
        guardian = await house.join(7002, "Papa", Role.GUARDIAN)
        asked = await guardian.ask("/exit nifty 24500 ce", "covers", 30)
        labels = [item["label"] for row in asked["buttons"] for item in row]
        assert labels == ["Short first", "Both"], "what would leave the short bare is not offered"
        assert house.placed == 0
        await guardian.ask("/sell nifty 24500 ce 130 nrml", "it covers the short NF 24800CE", 30)
        assert house.placed == 0
        guardian.press("Both", asked)
        card = await guardian.wait_for("EXIT 2 positions", 30)
        house.near.paper.broker.faults.arm("fill_in_parts", parts=2, seconds=3)
        guardian.press("Confirm 2 exits", card)
        await house.me.wait_for("Papa", 30)
        await asyncio.sleep(30)
        trades = [(trade.side, trade.quantity) for trade in house.near.paper.broker.ledger.trades]
        assert trades[:2] == [("BUY", 65), ("BUY", 65)], "the cover went after both parts of the short's fill"
        assert ({side for side, _ in trades[2:]}, open_rows(house)) == ({"SELL"}, {})
