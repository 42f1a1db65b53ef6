"""An entry over the freeze quantity goes in parts, one after the other, and stops where anything speaks against an entry."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, Unclear
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.news.orders.orders import SlicesStruck
from bot.domain.orders.order import OrderRequest, OrderStatus
from bot.domain.people.account import Role
from bot.domain.plans.plan import Attached
from bot.domain.proposals.proposal import Proposal
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.desk import DeskStage
from tests.stage.tape import REFUSED, TapeBroker, TapeStage, set_tape
from tests.stage.values.orders import NIFTY_CALL
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


async def test_the_second_of_two_equal_cards_over_the_freeze_is_asked_again_once_the_first_was_sent(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    desk = stage.desk
    first, second = [await desk.proposals.propose(desk.actor, BIG, chat_id=PERSON) for _ in range(2)]
    async with stage.running():
        await asyncio.sleep(1)
        await desk.tap(await desk.card(first))
        await asyncio.sleep(20)
        redrawn = await desk.tap(await desk.card(second, 78), 78)
        await asyncio.sleep(20)
    assert isinstance(redrawn, Proposal)
    assert redrawn.redrawn == "#1 on the same terms was sent after this card."
    assert sizes(stage) == [1755, 1755, 390]


async def test_the_card_of_the_same_order_again_names_the_one_whose_parts_were_sent(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    async with stage.running():
        await confirm(stage)
        await asyncio.sleep(20)
        card = await stage.desk.proposals.propose(stage.desk.actor, BIG, chat_id=PERSON)
    assert [remark.say[:9] for remark in card.warnings if remark.name == "twin"] == ["Same as #"]


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
        await asyncio.sleep(10)
        with pytest.raises(CheckFailed, match="#1 is the same order"):  # typed again in the hurry of a card that says nothing
            await stage.desk.proposals.propose(stage.desk.actor, BIG, chat_id=PERSON)
        await asyncio.sleep(90)
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


GUARDED = Attached(stop=Decimal("80.00"), stop_limit=Decimal("70.00"), target=Decimal("120.00"))


async def test_each_part_is_guarded_by_a_stop_of_its_own_and_takes_its_target(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.trade("100.00")
    async with stage.running():
        await stage.plan(BIG, GUARDED)
        await asyncio.sleep(30)
        assert [each for each in stage.standing() if each[0] is OrderKind.SL] == [
            (OrderKind.SL, size) for size in (1755, 1755, 390)
        ]
        assert stage.broker.net == BIG.quantity
        stage.trade("121.00")
        await asyncio.sleep(30)
    assert (stage.broker.net, stage.broker.posts, stage.broker.over) == (0, 6, [])


async def test_kill_between_two_parts_leaves_the_stop_of_what_is_filled(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.trade("100.00")
    await stage.plan(BIG, GUARDED)
    await stage.desk.switch.kill(stage.desk.actor)
    async with stage.running():
        await asyncio.sleep(30)
    assert stage.standing() == [(OrderKind.SL, 1755)]
    assert stage.broker.net == 1755


async def test_a_part_refused_for_its_size_is_halved_once_with_all_that_follows(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.broker.freeze = 900
    async with stage.running():
        await confirm(stage)
        await asyncio.sleep(60)
    working = [order.draft.quantity for order in stage.broker.true if order.status is not OrderStatus.REJECTED]
    assert working == [845, 845, 845, 845, 520]
    assert sum(working) == BIG.quantity
    assert await struck(stage) == []


async def test_parts_that_are_still_too_big_are_struck_off_and_told(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.broker.freeze = 300
    async with stage.running():
        await confirm(stage)
        await asyncio.sleep(60)
    assert stage.broker.posts == 2
    assert await struck(stage) == [(0, "The part before it is not working.")]


async def test_a_market_order_in_parts_goes_at_the_price_of_each_moment_within_the_card(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    market = replace(BIG, price=None)
    desk = stage.desk
    card = await desk.proposals.propose(desk.actor, market, chat_id=PERSON)
    await desk.tap(await desk.card(card))
    stage.trade("99.00")
    async with stage.running():
        await asyncio.sleep(30)
    prices = [order.draft.price for order in stage.broker.true]
    assert prices[0] == card.draft.price
    assert all(price is not None and price < (card.draft.price or 0) for price in prices[1:])


STOP = OrderRequest(
    side=Side.SELL, symbol="NIFTY 24500 CE", quantity=65 * 60, trigger=Decimal("80.00"), trigger_limit=Decimal("70.00"),
    product=Product.NRML,
)  # fmt: skip


async def test_a_stop_over_the_freeze_goes_in_parts_each_of_which_guards_its_own(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.broker.open_with(65 * 60)
    desk = stage.desk
    async with stage.running():
        card = await desk.proposals.propose(desk.actor, STOP, chat_id=PERSON)
        assert "Over the freeze of 1,800: sent in 3 orders" in [remark.say for remark in card.warnings]
        await desk.tap(await desk.card(card))
        await asyncio.sleep(30)
        assert stage.standing() == [(OrderKind.SL, size) for size in (1755, 1755, 390)]
        stage.trade("79.00")
        await asyncio.sleep(10)
    assert (stage.broker.net, stage.broker.over, stage.broker.urgent[0]) == (0, [], True)


async def test_kill_strikes_no_part_of_a_stop(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.broker.open_with(65 * 60)
    desk = stage.desk
    card = await desk.proposals.propose(desk.actor, STOP, chat_id=PERSON)
    await desk.tap(await desk.card(card))
    await desk.switch.kill(desk.actor)
    async with stage.running():
        await asyncio.sleep(30)
    assert stage.standing() == [(OrderKind.SL, size) for size in (1755, 1755, 390)]


async def test_an_exit_over_the_freeze_goes_in_parts_and_counts_the_brokerage_of_each(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.broker.open_with(65 * 60)
    desk, sell = stage.desk, OrderRequest(side=Side.SELL, symbol="NIFTY 24500 CE", quantity=65 * 60, product=Product.NRML)
    one = await desk.proposals.propose(desk.actor, replace(sell, quantity=390), chat_id=PERSON)
    card = await desk.proposals.propose(desk.actor, sell, chat_id=PERSON)
    assert "Over the freeze of 1,800: sent in 3 orders" in [remark.say for remark in card.warnings]
    assert card.charges is not None
    assert one.charges is not None
    async with stage.running():
        way = await desk.tap(await desk.card(card))
        await asyncio.sleep(10)
    assert isinstance(way, ExitsShown)
    assert sizes(stage) == [1755, 1755, 390]
    assert (stage.broker.net, stage.broker.over) == (0, [])


async def test_an_exit_refused_for_its_size_is_halved_once(clock: LoopClock) -> None:
    stage = await stage_of(clock)
    stage.broker.open_with(65 * 60)
    stage.broker.freeze = 900
    desk, sell = stage.desk, OrderRequest(side=Side.SELL, symbol="NIFTY 24500 CE", quantity=65 * 60, product=Product.NRML)
    async with stage.running():
        await desk.tap(await desk.card(await desk.proposals.propose(desk.actor, sell, chat_id=PERSON)))
        await asyncio.sleep(30)
    assert (stage.broker.net, stage.broker.over) == (0, [])
    assert all(order.draft.quantity <= 900 for order in stage.broker.true if order.filled)
