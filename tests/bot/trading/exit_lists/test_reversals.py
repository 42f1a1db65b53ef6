"""A reversal at a hand-made exchange: whatever becomes of its exit, the other side opens only behind a proven close, and once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone, WordsWanted
from bot.domain.news.orders.orders import SlicesStruck
from bot.domain.orders.order import OrderStatus
from bot.domain.people.account import Role, User
from bot.domain.proposals.reversal import ReversalCard
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.floor import CALL, ITC, FloorStage, set_floor
from tests.stage.values.orders import a_draft, an_order
from tests.storage.samples import ACCOUNT, PERSON


async def an_opened(stage: FloorStage, quantity: int = 10) -> str:
    """An intraday position, and the order that opened it."""
    stage.broker.opens(ITC, quantity, Product.MIS)
    side = Side.BUY if quantity > 0 else Side.SELL
    draft = a_draft(instrument=ITC, quantity=abs(quantity), product=Product.MIS, side=side)
    order = an_order(id="opened", account_id=ACCOUNT.id, draft=draft, status=OrderStatus.FILLED, filled=abs(quantity))
    earlier = stage.desk.clock.now() - timedelta(hours=1)
    order = replace(order, created_at=earlier, sent_at=earlier, updated_at=earlier, number=90)
    await stage.desk.store.transaction(lambda db: db.orders.add(order, order.day))
    return order.id


async def asked(stage: FloorStage, order_id: str) -> ReversalCard:
    card = await stage.desk.core.services.reversals.ask(stage.desk.actor, order_id, chat_id=PERSON)
    await stage.desk.proposals.shown(card.confirmation.token, 77)
    return card


async def tap(stage: FloorStage, card: ReversalCard, *, in_words: bool = False) -> None:
    reversals, token = stage.desk.core.services.reversals, card.confirmation.token
    await reversals.confirm(stage.desk.actor, token, chat_id=PERSON, message_id=77, in_words=in_words)


@pytest.mark.exhaustive
@pytest.mark.parametrize("held", [10, -10])
@pytest.mark.parametrize(
    ("way", "left", "posts"),
    [("fill", -1, 2), ("rest", 1, 1), ("reject", 1, 1), ("lost", 1, 1), ("arrives", -1, 2)],
)
async def test_the_other_side_opens_only_behind_a_proven_close(
    clock: LoopClock, held: int, way: str, left: int, posts: int
) -> None:
    stage = await set_floor(clock)
    card = await asked(stage, await an_opened(stage, held))
    stage.broker.ways[ITC.key] = way
    async with stage.running():
        await tap(stage, card)
        await asyncio.sleep(60)
    assert stage.broker.wrong == []
    assert (stage.broker.quantity(ITC, Product.MIS), stage.broker.posts) == (left * held, posts)


async def test_an_exit_that_was_refused_strikes_the_other_side_off_and_says_so(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    card = await asked(stage, await an_opened(stage))
    stage.broker.ways[ITC.key] = "reject"
    async with stage.running():
        await tap(stage, card)
        await asyncio.sleep(10)
    struck = [notice for notice in await stage.desk.notices() if isinstance(notice, SlicesStruck)]
    assert [(notice.sent, notice.why) for notice in struck] == [(0, "The exit before it ended unfilled.")]


async def test_a_position_that_somebody_closed_meanwhile_is_not_opened_on_the_other_side(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    card = await asked(stage, await an_opened(stage))
    async with stage.running():
        stage.broker.net[ITC.key, Product.MIS] = 0
        await tap(stage, card)
        await asyncio.sleep(30)
    assert (stage.broker.quantity(ITC, Product.MIS), stage.broker.posts) == (0, 0)


async def test_a_lost_role_a_second_tap_and_an_older_card_send_nothing(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    order = await an_opened(stage)
    card = await asked(stage, order)
    user, now = User(telegram_id=PERSON, name="Asha"), clock.now()
    await stage.desk.store.transaction(lambda db: db.people.add(user, Role.GUARDIAN, None, now))
    with pytest.raises(Exception, match="may not open"):
        await tap(stage, card)
    await stage.desk.store.transaction(lambda db: db.people.add(user, Role.OWNER, None, now))
    async with stage.running():
        again = await asked(stage, order)
        await tap(stage, again)
        await asyncio.sleep(10)
        with pytest.raises(ConfirmationGone):
            await tap(stage, again)
        await tap(stage, card)  # of before: what it was to close is gone
        await asyncio.sleep(10)
    assert (stage.broker.posts, stage.broker.quantity(ITC, Product.MIS)) == (2, -10)


async def test_a_short_option_without_cover_waits_for_its_question_in_words(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    stage.broker.opens(CALL, 65, Product.NRML)
    draft = a_draft(instrument=CALL, quantity=65, product=Product.NRML)
    order = an_order(id="opened", account_id=ACCOUNT.id, draft=draft, status=OrderStatus.FILLED, filled=65, number=90)
    await stage.desk.store.transaction(lambda db: db.orders.add(order, order.day))
    card = await asked(stage, order.id)
    for in_words in (False, True):  # the second comes before anybody could read
        with pytest.raises(WordsWanted, match="no floor"):
            await tap(stage, card, in_words=in_words)
    await asyncio.sleep(2)
    async with stage.running():
        await tap(stage, card, in_words=True)
        await asyncio.sleep(10)
    assert stage.broker.quantity(CALL) == -65


async def test_delivery_and_what_is_gone_are_refused_in_words(clock: LoopClock) -> None:
    stage = await set_floor(clock)
    order = await an_opened(stage)
    stage.broker.net[ITC.key, Product.MIS] = 0
    with pytest.raises(CheckFailed, match="no open MIS position"):
        await asked(stage, order)
    delivery = an_order(id="d1", account_id=ACCOUNT.id, draft=a_draft(instrument=ITC), status=OrderStatus.FILLED, number=91)
    await stage.desk.store.transaction(lambda db: db.orders.add(replace(delivery, tag="T2"), delivery.day))
    with pytest.raises(CheckFailed, match="not turned round"):
        await asked(stage, "d1")
