"""Whoever has no account yet reads the same sentence, whatever they asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.domain.errors import PersonError
from bot.domain.orders.order import OrderRequest, Side
from bot.domain.people.account import Actor
from bot.simulators.loop import LoopClock
from tests.stage.access import access
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import PERSON

BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
ACTS: dict[str, Callable[[DeskStage, Actor], Awaitable[object]]] = {
    "an order": lambda stage, actor: stage.proposals.propose(actor, BUY, chat_id=PERSON),
    "a cancel": lambda stage, actor: stage.orders.cancel(actor, 1, chat_id=PERSON),
    "all cancels": lambda stage, actor: stage.orders.cancel_all(actor),
    "the kill switch": lambda stage, actor: stage.switch.kill(actor),
    "its end": lambda stage, actor: stage.switch.ask_resume(actor, chat_id=PERSON),
    "the limits": lambda stage, actor: access(stage).limits.show(actor),
}


@pytest.mark.parametrize("act", ACTS)
async def test_without_an_account_every_act_says_how_one_is_linked(act: str, clock: LoopClock) -> None:
    stage = await set_stage(clock)
    with pytest.raises(PersonError) as refused:
        await ACTS[act](stage, replace(stage.actor, account=None))
    assert refused.value.say == "No mStock account is linked yet. /link says how."
