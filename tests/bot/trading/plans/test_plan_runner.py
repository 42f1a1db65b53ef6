"""A plan guards what its entry fills, takes its target, and never has two exits for one quantity, whatever the tape does."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import CheckFailed, ConfirmationGone, NotSent, Unclear, Unreadable
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble, GuardPlaced, TargetBlind, Unguarded
from bot.domain.orders.order import OrderRequest, OrderStatus
from bot.domain.plans.plan import Attached, LegKind, Plan, PlanLeg, PlanState
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from tests.stage.tape import REFUSED, TapeStage, a_stop, set_tape
from tests.storage.samples import ACCOUNT, PERSON

ENTRY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1480.00"), product=Product.MIS)
BOTH = Attached(stop=Decimal("1450.00"), stop_limit=Decimal("1440.00"), target=Decimal("1500.00"))
STOP = replace(BOTH, target=None)
LEAVE = replace(ENTRY, side=Side.SELL, price=None)


async def state(stage: TapeStage) -> PlanState:
    plans = await stage.desk.store.transaction(lambda db: db.plans.alive())
    return plans[0].state if plans else PlanState.OVER


async def entered(clock: LoopClock, attached: Attached = BOTH) -> TapeStage:
    stage = await set_tape(clock)
    stage.broker.trade("1485.00")
    await stage.plan(ENTRY, attached)
    return stage


async def test_a_limit_fills_in_three_parts_and_its_stop_follows(clock: LoopClock) -> None:
    stage = await entered(clock, STOP)
    stage.broker.part = 4
    async with stage.running():
        await asyncio.sleep(5)
        assert stage.standing() == [(OrderKind.LIMIT, 10)], "nothing filled, nothing to guard"
        for guarded in (4, 8, 10):
            stage.trade("1480.00")
            await asyncio.sleep(5)
            assert (OrderKind.SL, guarded) in stage.standing()
    assert stage.broker.posts == 2
    assert stage.broker.over == []
    assert [type(each) for each in await stage.desk.notices()].count(GuardPlaced) == 1


async def test_the_stop_fills_and_the_plan_is_over(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.trade("1449.00")
        await asyncio.sleep(5)
        assert (stage.broker.net, stage.standing(), await state(stage)) == (0, [], PlanState.OVER)
        stage.trade("1500.00")
        await asyncio.sleep(5)
    assert (stage.broker.net, stage.broker.posts, stage.broker.over) == (0, 2, [])
    assert Unguarded not in [type(each) for each in await stage.desk.notices()]


async def test_the_target_is_the_stop_changed(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.trade("1500.00")
        await asyncio.sleep(2)
        assert (stage.broker.net, stage.standing()) == (0, [])
        await asyncio.sleep(5)
        assert await state(stage) is PlanState.OVER
    assert (stage.broker.posts, stage.broker.over) == (2, [])


async def test_a_target_that_is_touched_while_the_books_cannot_be_read_is_taken_once_they_can(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.broker.books_down = Unreadable("no books now")
        stage.trade("1500.00")
        await asyncio.sleep(20)
        assert stage.standing() == [(OrderKind.SL, 10)], "nothing was changed without a look"
        stage.broker.books_down = None
        await asyncio.sleep(10)
        assert (stage.broker.net, stage.standing(), await state(stage)) == (0, [], PlanState.OVER)
    assert (stage.broker.posts, stage.broker.over) == (2, [])


async def test_a_target_without_a_stop_is_an_order_of_its_own_when_it_is_touched(clock: LoopClock) -> None:
    stage = await entered(clock, replace(BOTH, stop=None, stop_limit=None))
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        assert stage.standing() == []
        stage.trade("1500.00")
        await asyncio.sleep(5)
        assert (stage.broker.net, await state(stage)) == (0, PlanState.OVER)
    assert stage.broker.posts == 2


async def test_stop_and_target_hit_within_one_second_close_once(clock: LoopClock) -> None:
    for first, second in (("1500.00", "1449.00"), ("1449.00", "1500.00")):
        stage = await entered(clock)
        async with stage.running():
            stage.trade("1480.00")
            await asyncio.sleep(5)
            stage.trade(first)
            await asyncio.sleep(0.01)
            stage.trade(second)
            await asyncio.sleep(10)
            assert (stage.broker.net, stage.standing(), await state(stage)) == (0, [], PlanState.OVER)
        assert (stage.broker.posts, stage.broker.over) == (2, [])


async def test_a_target_that_does_not_fill_goes_back_to_a_stop_after_three_seconds(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.broker.stuck = True
        stage.trade("1500.00")
        await asyncio.sleep(1)
        assert stage.standing() == [(OrderKind.LIMIT, 10)]
        await asyncio.sleep(3)
        assert stage.standing() == [(OrderKind.SL, 10)]
        changes = len(stage.broker.changes)
        for _ in range(10):  # the price sits at the target
            stage.trade("1500.00")
            await asyncio.sleep(1)
        assert len(stage.broker.changes) == changes
    assert stage.broker.posts == 2


async def test_a_target_that_will_not_go_back_to_a_stop_asks(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.broker.stuck = True
        stage.trade("1500.00")
        await asyncio.sleep(1)
        stage.broker.modify_fails = [REFUSED] * 5
        await asyncio.sleep(20)
    asked = [each for each in await stage.desk.notices() if isinstance(each, ExitAsks)]
    assert [each.why for each in asked] == [ExitTrouble.TARGET_RESTS]


async def test_a_price_that_falls_through_the_stop_while_the_target_rests_is_followed_no_lower_than_the_stop(
    clock: LoopClock,
) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.broker.stuck = True
        stage.trade("1500.00")
        await asyncio.sleep(0.5)
        stage.broker.stuck = False
        stage.trade("1449.00")
        await asyncio.sleep(2)
        assert (stage.broker.net, stage.standing()) == (0, [])
    assert stage.broker.changes[-1].price == BOTH.stop_limit
    assert stage.broker.over == []


async def test_a_target_whose_change_is_refused_cancels_the_stop_and_goes_alone(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.broker.modify_fails = [REFUSED]
        stage.trade("1500.00")
        await asyncio.sleep(10)
        assert (stage.broker.net, await state(stage)) == (0, PlanState.OVER)
    assert (stage.broker.posts, len(stage.broker.cancels), stage.broker.over) == (3, 1, [])


async def test_a_target_whose_change_is_lost_is_looked_for_and_never_doubled(clock: LoopClock) -> None:
    for lost in ("lost", Unclear("lost on the way")):
        stage = await entered(clock)
        async with stage.running():
            stage.trade("1480.00")
            await asyncio.sleep(5)
            stage.broker.modify_fails = [lost]
            stage.trade("1500.00")
            await asyncio.sleep(20)
            assert (stage.broker.net, stage.standing(), await state(stage)) == (0, [], PlanState.OVER)
        assert stage.broker.over == []


async def test_an_exit_by_hand_takes_the_stop_over_and_ends_the_plan(clock: LoopClock) -> None:
    stage = await entered(clock)
    desk = stage.desk
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        rests = replace(LEAVE, price=Decimal("1490.00"))
        card = await desk.proposals.propose(desk.actor, rests, chat_id=PERSON)
        await desk.tap(await desk.card(card, 80), 80)
        await asyncio.sleep(10)
        assert stage.standing() == [(OrderKind.LIMIT, 10)]
        assert await state(stage) is PlanState.OVER
        stage.trade("1500.00")
        await asyncio.sleep(5)
    assert (stage.broker.net, stage.broker.posts, stage.broker.over) == (0, 2, [])


async def test_a_part_sold_by_hand_leaves_a_stop_for_the_rest(clock: LoopClock) -> None:
    stage = await entered(clock)
    desk = stage.desk
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        part = replace(LEAVE, quantity=4, price=Decimal("1490.00"))
        card = await desk.proposals.propose(desk.actor, part, chat_id=PERSON)
        await desk.tap(await desk.card(card, 80), 80)
        await asyncio.sleep(30)
        assert stage.standing() == [(OrderKind.SL, 6), (OrderKind.LIMIT, 4)]
        stage.trade("1490.00")
        await asyncio.sleep(10)
        assert stage.standing() == [(OrderKind.SL, 6)]
        stage.trade("1500.00")
        await asyncio.sleep(10)
    assert (stage.broker.net, stage.broker.over) == (0, [])


async def test_what_is_sold_in_the_brokers_app_lowers_the_stop_and_at_last_takes_it_away(clock: LoopClock) -> None:
    stage = await entered(clock, STOP)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stop = stage.broker.working()[0].draft
        for sold, left in ((4, [(OrderKind.SL, 6)]), (6, [])):
            stage.broker.app_order(replace(stop, quantity=sold, kind=OrderKind.LIMIT, price=Decimal("1470.00"), trigger=None))
            await asyncio.sleep(15)
            assert stage.standing() == left
        assert await state(stage) is PlanState.OVER
    assert stage.broker.posts == 2


async def test_a_stop_that_the_exchange_rejects_rings_that_nothing_guards(clock: LoopClock) -> None:
    stage = await entered(clock, STOP)
    stage.broker.place_fails = [REFUSED]
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(15)
        bare = [each.draft.quantity for each in await stage.desk.notices() if isinstance(each, Unguarded)]
        assert bare == [10], "at once, not when the look-out is over"
        await asyncio.sleep(300)
        assert (stage.broker.net, await state(stage)) == (10, PlanState.OVER)
    assert Unguarded not in [type(each) for each in await stage.desk.notices()]
    assert stage.broker.posts == 2, "each leg is sent once"


async def test_a_stop_of_unknown_outcome_is_never_sent_again(clock: LoopClock) -> None:
    stage = await entered(clock, STOP)
    stage.broker.place_fails = [Unclear("lost on the way")]
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(300)
    assert stage.broker.posts == 2


async def test_a_stop_that_could_not_be_raised_asks(clock: LoopClock) -> None:
    stage = await entered(clock, STOP)
    stage.broker.part = 4
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
        stage.broker.modify_fails = [NotSent("no line"), REFUSED, REFUSED]
        stage.trade("1480.00")
        await asyncio.sleep(15)
    asked = [each.why for each in await stage.desk.notices() if isinstance(each, ExitAsks)]
    assert asked == [ExitTrouble.NOT_RAISED]


async def test_a_target_that_a_kill_cut_off_before_its_change_left_is_taken_after_the_restart(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
    (plan,) = await stage.desk.store.transaction(lambda db: db.plans.alive())
    await stage.desk.store.transaction(lambda db: db.plans.taking(plan.id, clock.now()))
    after = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with after.running():
        await asyncio.sleep(5)
        assert after.standing() == [(OrderKind.SL, 10)]
        after.trade("1500.00")
        await asyncio.sleep(5)
        assert (after.broker.net, after.standing(), await state(after)) == (0, [], PlanState.OVER)
    assert (after.broker.posts, after.broker.over) == (2, [])


async def test_a_plan_goes_on_after_a_restart_and_sends_nothing_twice(clock: LoopClock, tmp_path: Path) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(5)
    again = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with again.running():
        await asyncio.sleep(5)
        again.trade("1500.00")
        await asyncio.sleep(5)
        assert (again.broker.net, await state(again)) == (0, PlanState.OVER)
    assert (again.broker.posts, again.broker.over) == (2, [])


async def test_a_target_without_live_prices_rings_and_rings_again_when_it_sees(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        stage.trade("1480.00")
        await asyncio.sleep(20)
        assert TargetBlind not in [type(each) for each in await stage.desk.notices()]
        stage.desk.feed.connected = False
        await asyncio.sleep(60)
        stage.desk.feed.connected = True
        await asyncio.sleep(20)
    told = [each.sees for each in await stage.desk.notices() if isinstance(each, TargetBlind)]
    assert told == [False, True]


async def test_without_a_session_a_plan_asks_nothing_of_the_broker_and_goes_on_after_the_login(clock: LoopClock) -> None:
    stage = await entered(clock)
    async with stage.running():
        session, stage.desk.connection.session = stage.desk.connection.session, None
        stage.broker.trade("1480.00")
        await asyncio.sleep(120)
        assert stage.broker.posts == 1
        stage.desk.connection.session = session
        await asyncio.sleep(30)
        assert stage.standing() == [(OrderKind.SL, 10)]


@pytest.mark.parametrize("stands", [True, False])
async def test_a_way_out_that_a_restart_cut_off_rings_where_it_left_something_bare(clock: LoopClock, stands: bool) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(10)
    stop = stage.broker.app_order(a_stop(10))
    leg = PlanLeg(number=0, kind=LegKind.EXIT, draft=replace(stop.draft, kind=OrderKind.LIMIT, trigger=None))
    now = clock.now()
    plan = Plan(
        id="exit", account_id=ACCOUNT.id, placed_by=PERSON, state=PlanState.ALIVE, legs=(leg,), until=now, created_at=now
    )  # fmt: skip
    await stage.desk.store.transaction(lambda db: db.plans.add(plan))
    stop.status = stop.status if stands else OrderStatus.CANCELLED
    async with stage.running():
        await asyncio.sleep(5)
    bare = [each.draft.quantity for each in await stage.desk.notices() if isinstance(each, Unguarded)]
    assert bare == ([] if stands else [10])
    assert await state(stage) is PlanState.OVER


async def test_a_stop_or_target_on_the_wrong_side_or_on_an_exit_is_refused(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.open_with(0)
    for attached, words in (
        (replace(BOTH, stop=Decimal("1490.00")), "stop at 1,490.00 is on the wrong side"),
        (replace(BOTH, target=Decimal("1470.00")), "target at 1,470.00 is on the wrong side"),
        (replace(BOTH, target=Decimal("1500.05")), "between ticks"),
    ):
        with pytest.raises(CheckFailed, match=words):
            await stage.plan(ENTRY, attached)
    stage.broker.open_with(-10)
    with pytest.raises(CheckFailed, match="belongs to an entry"):
        await stage.plan(ENTRY, BOTH)
    assert stage.broker.posts == 0


async def test_a_card_with_a_plan_says_what_guards_and_keeps_it_through_a_change(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    card = await desk.proposals.propose(desk.actor, ENTRY, chat_id=PERSON, attached=replace(BOTH, stop_limit=None))
    assert card.attached is not None
    assert card.attached.stop_limit is not None
    assert card.stopped_at == (card.attached.stop_limit - Decimal("1480.00")) * 10
    token = await desk.card(card)
    changed = await desk.proposals.ask_anew(desk.actor, card.confirmation, replace(ENTRY, quantity=6), redrawn=None)
    assert changed.attached == card.attached
    plan = await desk.store.transaction(lambda db: db.plans.find(changed.confirmation.token))
    assert plan is not None
    assert [leg.draft.quantity for leg in plan.legs] == [6, 6, 6]
    assert (await desk.store.transaction(lambda db: db.plans.find(token))) is not None
    with pytest.raises(ConfirmationGone, match="replaced"):
        await desk.tap(token)


async def test_a_plan_that_is_over_is_not_begun_by_its_card(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    desk = stage.desk
    token = await desk.card(await desk.proposals.propose(desk.actor, ENTRY, chat_id=PERSON, attached=BOTH))
    await desk.store.transaction(lambda db: db.plans.end(token, "struck off"))
    with pytest.raises(ConfirmationGone):
        await desk.tap(token)
    assert stage.broker.posts == 0
