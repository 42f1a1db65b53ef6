"""A card whose time is over folds once, and none that may still be answered."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.delivery.card_folder import CardFolder
from bot.domain.errors import ConfirmationGone, DeliveryError
from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.orders.order import Order
from bot.domain.people.account import Account
from bot.domain.proposals.proposal import Proposal
from bot.simulators.loop import LoopClock
from tests.bot.trading.desk.asked import ask
from tests.stage.desk import DeskStage, set_stage
from tests.stage.loop import HostClock
from tests.storage.samples import PERSON


@dataclass
class Screen:
    """Folds what it is told, or refuses."""

    refuses: bool = False
    folded: list[tuple[str, str]] = field(default_factory=list)

    async def fold(self, confirmation: Confirmation, account: Account, ended: Order | None = None) -> None:
        self.folded.append((confirmation.token, account.label if ended is None else f"#{ended.number} {ended.status}"))
        if self.refuses:
            raise DeliveryError("gone", permanent=True)


def a_folder(stage: DeskStage, screen: Screen) -> CardFolder:
    return CardFolder(store=stage.store, folder=screen, clock=stage.clock, may_be_open=stage.proposals.may_be_open)


async def test_a_card_that_nobody_tapped_folds_within_seconds_of_its_end_and_once(clock: LoopClock) -> None:
    stage, screen = await set_stage(clock), Screen()
    folder = a_folder(stage, screen)
    running = asyncio.create_task(folder.run())
    first = await ask(stage)
    folder.wake()
    await asyncio.sleep(30)
    second = await ask(stage)
    folder.wake()
    await asyncio.sleep(28)
    assert screen.folded == []
    await asyncio.sleep(10)
    assert screen.folded == [(first, "main")]
    await asyncio.sleep(300)
    running.cancel()
    assert screen.folded == [(first, "main"), (second, "main")]


async def test_a_card_that_was_answered_does_not_fold(clock: LoopClock) -> None:
    stage, screen = await set_stage(clock), Screen()
    await stage.tap(await ask(stage))
    await asyncio.sleep(100)
    assert await a_folder(stage, screen).fold_over() is None
    assert screen.folded == []


async def test_a_folded_card_says_that_it_expired_and_can_be_asked_again(clock: LoopClock) -> None:
    stage, screen = await set_stage(clock), Screen(refuses=True)
    token = await ask(stage)
    await asyncio.sleep(70)
    await a_folder(stage, screen).fold_over()
    question = await stage.store.transaction(lambda db: db.confirmations.find(token))
    assert question is not None
    assert question.state is ConfirmationState.EXPIRED
    with pytest.raises(ConfirmationGone, match="expired") as gone:
        await stage.tap(token)
    assert (gone.value.expired, gone.value.again) == (True, True)
    assert stage.broker.posts == 0
    assert isinstance(await stage.proposals.again(stage.actor, token, chat_id=PERSON), Proposal)


async def test_a_clock_set_forward_folds_no_card_that_may_still_be_answered(host_clock: HostClock) -> None:
    stage, screen = await set_stage(host_clock), Screen()
    await ask(stage)
    host_clock.step(600)
    wait = await a_folder(stage, screen).fold_over()
    assert screen.folded == []
    assert wait is not None
    await asyncio.sleep(65)
    await a_folder(stage, screen).fold_over()
    assert len(screen.folded) == 1


async def test_cards_of_long_ago_are_left_as_they_stand(clock: LoopClock) -> None:
    stage, screen = await set_stage(clock), Screen()
    await ask(stage)
    await asyncio.sleep(timedelta(hours=2).total_seconds())
    assert await a_folder(stage, screen).fold_over() is None
    assert screen.folded == []
