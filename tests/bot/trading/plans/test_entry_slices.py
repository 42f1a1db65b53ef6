"""An entry over the freeze quantity goes in parts, one after the other, and stops where anything speaks against an entry."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, Unclear
from bot.domain.news.orders import SlicesStruck
from bot.domain.orders.order import OrderRequest, OrderStatus
from bot.domain.orders.plan import Attached
from bot.domain.people.account import Role
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.desk import DeskStage
from tests.stage.orders import NIFTY_CALL
from tests.stage.tape import REFUSED, TapeBroker, TapeStage, set_tape
from tests.storage.samples import ACCOUNT, PERSON

BIG = OrderRequest(side=Side.BUY, symbol="NIFTY 24500 CE", quantity=65 * 60, price=Decimal("100.00"), product=Product.NRML)


async def stage_of(clock: LoopClock) -> TapeStage:
    stage = await set_tape(clock, broker=TapeBroker(clock, NIFTY_CALL, Product.NRML))
    stage.broker.last = Decimal("101.00")
    return stage


async def confirm(stage: TapeStage) -> None:
    desk: DeskStage = stage.desk
    card = await desk.proposals.propose(desk.actor, BIG, chat_id=PERSON)
    assert [remark.say for remark in card.warnings if remark.name == "sliced"] == ["Over the freeze of 1,800: sent in 3 orders"]
    assert card.draft.quantity == BIG.quantity
    await desk.tap(await desk.card(card))


def sizes(stage: TapeStage) -> list[int]:
    return [order.draft.quantity for order in stage.broker.true]


async def struck(stage: TapeStage) -> list[tuple[int, str]]:
    return [(each.sent, each.why) for each in await stage.desk.notices() if isinstance(each, SlicesStruck)]


async def test_an_order_over_the_freeze_goes_in_whole_lots_each_once(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    async with stage.running():
        await confirm(stage)
        await asyncio.sleep(30)
    assert sizes(stage) == [1755, 1755, 390]
    assert {order.draft.price for order in stage.broker.true} == {Decimal("100.00")}
    assert len({order.tag for order in stage.broker.true}) == 3
    assert await struck(stage) == []


async def test_the_card_counts_the_brokerage_of_every_part(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    desk = stage.desk
    whole = await desk.proposals.propose(desk.actor, replace(BIG, quantity=1755), chat_id=PERSON)
    parts = await desk.proposals.propose(desk.actor, replace(BIG, quantity=1755 * 2), chat_id=PERSON)
    assert whole.charges is not None
    assert parts.charges == whole.charges * 2


async def test_kill_between_two_parts_strikes_off_the_rest_and_tells_it(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await confirm(stage)
    await stage.desk.switch.kill(stage.desk.actor)
    async with stage.running():
        await asyncio.sleep(30)
    assert sizes(stage) == [1755]
    assert await struck(stage) == [(1755, "Asha stopped trading.")]


async def test_a_role_that_is_lost_between_two_parts_strikes_off_the_rest(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await confirm(stage)
    await stage.desk.becomes(Role.VIEWER)
    async with stage.running():
        await asyncio.sleep(30)
    assert sizes(stage) == [1755]
    assert [sent for sent, _ in await struck(stage)] == [1755]


@pytest.mark.parametrize("answer", [REFUSED, Unclear("lost on the way")])
async def test_nothing_is_sent_on_top_of_a_part_that_may_or_may_not_be_there(clock: LoopClock, answer: Exception) -> None:
    stage = await stage_of(clock)
    stage.broker.place_fails = [answer]
    async with stage.running():
        await confirm(stage)
        await asyncio.sleep(100)
    assert stage.broker.posts == 1


async def test_a_part_that_was_cancelled_ends_the_order(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await confirm(stage)
    stage.broker.true[0].status = OrderStatus.CANCELLED
    await stage.desk.reconcile.sync(ACCOUNT.id)
    async with stage.running():
        await asyncio.sleep(30)
    assert sizes(stage) == [1755]
    assert await struck(stage) == [(1755, "The part before it is not working.")]


async def test_after_a_restart_the_parts_go_on_where_the_records_stand(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    await confirm(stage)
    again = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with again.running():
        await asyncio.sleep(30)
    assert sizes(again) == [1755, 1755, 390]


async def test_a_stop_cannot_be_attached_to_parts_yet(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    with pytest.raises(CheckFailed, match="over the freeze"):
        await stage.desk.proposals.propose(
            stage.desk.actor, BIG, chat_id=PERSON, attached=Attached(stop=Decimal("80.00"), stop_limit=Decimal("70.00"))
        )
