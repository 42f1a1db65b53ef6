"""A card whose time is over folds once, and none that may still be answered."""

import asyncio
from datetime import timedelta

import pytest

from bot.delivery.card_folder import CardFolder
from bot.domain.errors import ConfirmationGone
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.proposals.proposal import Proposal
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import LIMIT, ask
from tests.stage.desk import DeskStage, set_stage
from tests.stage.loop import HostClock
from tests.storage.samples import PERSON


def a_folder(stage: DeskStage) -> CardFolder:
    return CardFolder(store=stage.store, clock=stage.clock, may_be_open=stage.proposals.may_be_open)


async def folded(stage: DeskStage) -> list[str]:
    """The questions that are to be drawn as expired."""
    owed = await stage.store.transaction(lambda db: db.confirmations.owed_answers())
    assert all(each.question.state is ConfirmationState.EXPIRED for each in owed)
    return [each.question.token for each in owed]


async def test_a_card_that_nobody_tapped_folds_within_seconds_of_its_end_and_once(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    folder = a_folder(stage)
    running = asyncio.create_task(folder.run())
    first = await ask(stage)
    folder.wake()
    await asyncio.sleep(30)
    second = await stage.card(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON), 78)
    folder.wake()
    await asyncio.sleep(28)
    assert await folded(stage) == []
    await asyncio.sleep(10)
    assert await folded(stage) == [first]
    await asyncio.sleep(300)
    running.cancel()
    assert await folded(stage) == [first, second]


async def test_a_card_that_was_answered_does_not_fold(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    await stage.tap(await ask(stage))
    await asyncio.sleep(100)
    assert await a_folder(stage).fold_over() is None
    assert await folded(stage) == []


async def test_a_folded_card_says_that_it_expired_and_can_be_asked_again(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await asyncio.sleep(70)
    await a_folder(stage).fold_over()
    question = await stage.store.transaction(lambda db: db.confirmations.find(token))
    assert question is not None
    assert question.state is ConfirmationState.EXPIRED
    with pytest.raises(ConfirmationGone, match="expired") as gone:
        await stage.tap(token)
    assert (gone.value.expired, gone.value.again) == (True, True)
    assert stage.broker.posts == 0
    assert isinstance(await stage.proposals.again(stage.actor, token, chat_id=PERSON), Proposal)


async def test_a_clock_set_forward_folds_no_card_that_may_still_be_answered(host_clock: HostClock) -> None:
    stage = await set_stage(host_clock)
    await ask(stage)
    host_clock.step(600)
    wait = await a_folder(stage).fold_over()
    assert await folded(stage) == []
    assert wait is not None
    await asyncio.sleep(65)
    await a_folder(stage).fold_over()
    assert len(await folded(stage)) == 1


async def test_a_card_that_ended_days_ago_folds_as_well(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await asyncio.sleep(timedelta(days=3).total_seconds())
    assert await a_folder(stage).fold_over() is None
    assert await folded(stage) == [token]
