"""What is known of a question besides its claim: whether a tap may still lead to something, and what was asked."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import ConfirmationGone
from bot.domain.orders.confirmation import ConfirmationState, Purpose
from bot.domain.orders.order import OrderRequest
from bot.domain.people.account import User
from bot.domain.terms import Side
from bot.simulators.loop import LoopClock
from tests.stage.desk import DeskStage, set_stage
from tests.storage.samples import PERSON

LIMIT = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1475.00"))


async def ask(stage: DeskStage) -> str:
    return await stage.card(await stage.proposals.propose(stage.actor, LIMIT, chat_id=PERSON))


async def test_a_tap_on_a_card_whose_minute_is_over_is_announced_as_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await asyncio.sleep(59.9)
    assert stage.proposals.may_be_open(token)
    await asyncio.sleep(0.1)
    assert not stage.proposals.may_be_open(token)


async def test_a_card_of_the_process_before_is_announced_as_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    assert not stage.proposals.may_be_open("abcdefgh234567")


async def test_a_question_says_what_was_asked_even_when_it_is_over_and_to_its_own_person_alone(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    token = await ask(stage)
    await stage.proposals.discard(stage.actor, token, chat_id=PERSON, message_id=77)
    question = await stage.proposals.question(stage.actor, token)
    assert (question.purpose, question.state) == (Purpose.PLACE, ConfirmationState.DISCARDED)
    assert question.draft is not None
    assert (question.draft.side, question.draft.quantity) == (Side.BUY, 10)
    stranger = replace(stage.actor, user=User(telegram_id=PERSON + 1, name="Ravi"))
    with pytest.raises(ConfirmationGone, match="I don't know this card"):
        await stage.proposals.question(stranger, token)
