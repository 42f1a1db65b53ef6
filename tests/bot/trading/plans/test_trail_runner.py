"""A trail moves its stop after the price, tells when it does not see, and is out where the price was quicker."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import Unclear
from bot.domain.news.plans.exits import GuardPlaced
from bot.domain.news.plans.trails import TrailNews, TrailTold
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import OrderRequest
from bot.domain.plans.plan import Attached, Plan
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.ticks.tick_watcher import GLANCE_LASTS
from storage.store import SqlStore
from tests.stage.loop import MORNING, HostClock
from tests.stage.tape import REFUSED, TapeStage, a_stop, set_tape
from tests.storage.samples import ACCOUNT

ENTRY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10, price=Decimal("1480.00"), product=Product.MIS)
TRAIL = TrailSaid(every=Decimal("15.00"))
LONG = Attached(stop=Decimal("1465.00"), stop_limit=Decimal("1455.00"), trail=TRAIL)


async def trailing(clock: LoopClock, attached: Attached = LONG, entry: OrderRequest = ENTRY) -> TapeStage:
    stage = await set_tape(clock)
    stage.broker.trade("1485.00" if entry.side is Side.BUY else "1475.00")
    await stage.plan(entry, attached)
    return stage


async def filled(stage: TapeStage, at: str = "1480.00") -> None:
    stage.trade(at)
    await asyncio.sleep(5)


async def walk(stage: TapeStage, *prices: str, seconds: float = 6.0) -> list[Decimal | None]:
    """Trades at these prices, so many seconds apart, and returns the trigger that stands at the exchange after each."""
    triggers = []
    for price in prices:
        stage.trade(price)
        await asyncio.sleep(seconds)
        stops = [order.draft for order in stage.broker.working() if order.draft.kind is OrderKind.SL]
        triggers.append(stops[0].trigger if stops else None)
    return triggers


def d(*prices: str) -> list[Decimal]:
    return [Decimal(price) for price in prices]


async def the_plan(stage: TapeStage) -> Plan | None:
    return next(iter(await stage.desk.store.transaction(lambda db: db.plans.alive())), None)


async def told(stage: TapeStage) -> list[TrailNews]:
    return [each.told for each in await stage.desk.notices() if isinstance(each, TrailTold)]


async def test_a_stop_follows_the_high_and_never_goes_back(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        triggers = await walk(stage, "1481.00", "1482.00", "1490.00", "1486.00", "1502.40", "1491.00")
        assert triggers == d("1465", "1467", "1475", "1475", "1487.40", "1487.40"), "one rupee is not worth a change"
        stage.trade("1487.00")
        await asyncio.sleep(3)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])
    assert stage.broker.posts == 2
    assert stage.broker.true[1].draft.price == Decimal("1477.40"), "the worst price follows as far behind as it was"
    assert [each.trail for each in await stage.desk.notices() if isinstance(each, GuardPlaced)] == [TRAIL.every]


async def test_a_short_is_the_mirror_of_a_long(clock: LoopClock) -> None:
    short = Attached(stop=Decimal("1495.00"), stop_limit=Decimal("1505.00"), trail=TRAIL)
    stage = await trailing(clock, short, replace(ENTRY, side=Side.SELL))
    async with stage.running():
        await filled(stage)
        triggers = await walk(stage, "1479.00", "1478.00", "1470.00", "1474.00", "1457.60", "1469.00")
        assert triggers == d("1495", "1493", "1485", "1485", "1472.60", "1472.60")
        stage.trade("1473.00")
        await asyncio.sleep(3)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])


async def test_steps_move_the_stop_when_the_price_has_gone_a_whole_step(clock: LoopClock) -> None:
    stepped = replace(LONG, trail=TrailSaid(every=Decimal("15.00"), step=Decimal("10.00")))
    stage = await trailing(clock, stepped)
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1494.90", "1495.00", "1511.00") == d("1465", "1475", "1485")


async def test_two_moves_are_at_least_five_seconds_apart_and_the_last_best_is_not_lost(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        for price in range(1482, 1502):
            stage.trade(Decimal(price))
            await asyncio.sleep(0.2)
        assert [draft.trigger for draft in stage.broker.changes] == d("1467")
        await asyncio.sleep(3)
        assert [draft.trigger for draft in stage.broker.changes] == d("1467", "1486")


async def test_a_clock_that_is_set_back_holds_no_stop_up_and_hides_no_blindness(host_clock: HostClock) -> None:
    stage = await trailing(host_clock)
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1490.00", seconds=3) == d("1475")
        host_clock.step(-7200)
        await asyncio.sleep(1.5)
        assert await walk(stage, "1495.00", "1500.00") == d("1480", "1485")
        stage.desk.feed.connected = False
        await asyncio.sleep(2)
        host_clock.step(-7200)
        await asyncio.sleep(11)
        stage.desk.feed.connected = True
        await asyncio.sleep(2)
        assert await walk(stage, "1510.00") == d("1495")
        host_clock.step(4 * 3600)
        assert await told(stage) == [TrailNews.BLIND, TrailNews.SEES]


async def test_where_the_price_is_through_before_the_stop_could_move_the_exit_goes_and_no_change(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.trade("1482.00")
        await asyncio.sleep(1)
        stage.trade("1500.00")
        await asyncio.sleep(0.5)
        stage.trade("1485.00")
        await asyncio.sleep(10)
        assert await the_plan(stage) is None
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])
    assert [(draft.kind, draft.trigger or draft.price) for draft in stage.broker.changes] == [
        (OrderKind.SL, Decimal("1467.00")), (OrderKind.LIMIT, Decimal("1475.00")),
    ]  # fmt: skip
    assert stage.broker.urgent == [False, True, False, True], (
        "entry, stop, move, exit: a move takes no turn that is kept for exits"
    )
    assert await told(stage) == [TrailNews.EXITS]


async def test_an_exit_whose_change_is_refused_goes_as_an_order_of_its_own_once_the_stop_is_cancelled(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.trade("1482.00")
        await asyncio.sleep(1)
        stage.trade("1500.00")
        await asyncio.sleep(0.5)
        stage.broker.modify_fails = [REFUSED]
        stage.trade("1485.00")
        await asyncio.sleep(10)
        assert await the_plan(stage) is None
    assert (stage.broker.net, stage.standing(), stage.broker.over, stage.broker.posts) == (0, [], [], 3)


async def test_a_change_that_is_refused_leaves_the_old_stop_and_rings_when_it_happens_again(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.broker.modify_fails = [REFUSED] * 3
        assert await walk(stage, "1490.00", seconds=4) == d("1465")
        assert await told(stage) == []
        assert await walk(stage, "1490.00", "1490.00", seconds=5) == d("1465", "1465")
        assert await told(stage) == [TrailNews.STUCK]
        assert await walk(stage, "1490.00") == d("1475")
    assert (stage.broker.posts, stage.broker.over) == (2, [])


@pytest.mark.parametrize("lost", ["lost", Unclear("lost on the way")])
async def test_a_change_without_an_answer_counts_when_a_read_shows_it(lost: Exception | str, clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.broker.modify_fails = [lost]
        await walk(stage, "1490.00", seconds=4)
        plan = await the_plan(stage)
        assert plan is not None
        assert plan.trail is not None
        arrived = lost == "lost"
        assert plan.trail.trigger == Decimal("1475.00" if arrived else "1465.00")
        assert await walk(stage, "1490.00") == d("1475")
        assert len(stage.broker.changes) == 1
    assert (stage.broker.posts, stage.standing(), stage.broker.over) == (2, [(OrderKind.SL, 10)], [])


async def test_a_partly_filled_entry_trails_what_is_filled(clock: LoopClock) -> None:
    stage = await trailing(clock)
    stage.broker.part = 4
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1490.00") == d("1475")
        assert stage.standing() == [(OrderKind.LIMIT, 6), (OrderKind.SL, 4)]
        stage.broker.part = None
        stage.trade("1480.00")
        await asyncio.sleep(6)
        assert stage.standing() == [(OrderKind.SL, 10)]
        assert await walk(stage, "1489.00", "1492.00") == d("1475", "1477"), "the best counts from the last fill"


async def test_a_stop_that_is_about_to_guard_less_is_not_moved_with_what_it_guarded_before(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.broker.app_order(replace(a_stop(4), kind=OrderKind.LIMIT, price=Decimal("1470.00"), trigger=None))
        await asyncio.sleep(1)
        assert await walk(stage, "1490.00", seconds=10) == d("1475")
        assert [draft.quantity for draft in stage.broker.changes] == [6, 6], "lowered, and then moved"
    assert stage.standing() == [(OrderKind.SL, 6)]


async def test_a_dead_minute_rings_and_what_was_traded_in_it_moves_nothing(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await walk(stage, "1490.00")
        stage.desk.feed.connected = False
        await asyncio.sleep(2)
        stage.trade("1520.00")
        await asyncio.sleep(58)
        assert await told(stage) == [TrailNews.BLIND]
        stage.desk.feed.connected = True
        await asyncio.sleep(2)
        assert await told(stage) == [TrailNews.SEES]
        assert await walk(stage, "1500.00", "1490.00") == d("1485", "1485")
        plan = await the_plan(stage)
        assert plan is not None
        assert plan.trail is not None
        assert plan.trail.unseen is not None
        assert 59 <= (plan.trail.unseen.until - plan.trail.unseen.since).total_seconds() <= 62


async def test_a_session_that_is_lost_rings_and_the_stop_stands(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.desk.connection.session = None
        stage.trade("1490.00")
        await asyncio.sleep(15)
        assert await told(stage) == [TrailNews.BLIND]
        assert stage.standing() == [(OrderKind.SL, 10)]
        assert stage.broker.changes == []


async def test_a_restart_changes_nothing_but_what_was_not_seen(clock: LoopClock, tmp_path: Path) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1490.00", "1491.00") == d("1475", "1475")
    stage.broker.trade("1530.00")
    await asyncio.sleep(120)
    stage.broker.trade("1488.00")
    stage = await set_tape(clock, store=stage.desk.store, broker=stage.broker)
    async with stage.running():
        await asyncio.sleep(3)
        assert await told(stage) == [TrailNews.SEES]
        plan = await the_plan(stage)
        assert plan is not None
        assert plan.trail is not None
        assert plan.trail.best == Decimal("1491.00")
        assert await walk(stage, "1492.00") == d("1477")
        stage.trade("1476.00")
        await asyncio.sleep(3)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])


async def test_the_target_goes_first_and_back_to_the_stop_where_the_trail_had_it(clock: LoopClock) -> None:
    stage = await trailing(clock, replace(LONG, target=Decimal("1500.00")))
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1495.00") == d("1480")
        stage.broker.stuck = True
        stage.trade("1500.00")
        await asyncio.sleep(1)
        assert stage.standing() == [(OrderKind.LIMIT, 10)]
        await asyncio.sleep(4)
        assert [(order.draft.kind, order.draft.trigger) for order in stage.broker.working()] == [
            (OrderKind.SL, Decimal("1480.00"))
        ]
        assert [(draft.kind, draft.trigger) for draft in stage.broker.changes] == [
            (OrderKind.SL, Decimal("1480.00")), (OrderKind.LIMIT, None), (OrderKind.SL, Decimal("1480.00")),
        ], "a trade at the target moves no stop"  # fmt: skip
        stage.broker.stuck = False
        stage.trade("1479.00")
        await asyncio.sleep(4)
    assert (stage.broker.net, stage.standing(), stage.broker.over) == (0, [], [])


@pytest.mark.exhaustive
async def test_twelve_trails_of_one_account_keep_within_their_moves(clock: LoopClock) -> None:
    stage = await set_tape(clock)
    stage.broker.trade("1485.00")
    for number in range(12):
        await stage.plan(replace(ENTRY, quantity=10 + number), LONG, message=200 + number)
    async with stage.running():
        await filled(stage)
        assert len(stage.broker.working()) == 12
        begun, price = asyncio.get_running_loop().time(), Decimal("1480.00")
        while asyncio.get_running_loop().time() - begun < 900:
            price += 3
            stage.trade(price)
            await asyncio.sleep(5)
        seen = [stage.desk.core.trails.seen(plan.id) for plan in await alive(stage.desk.store)]
        assert any(each is not None and each.slowed_until is not None for each in seen), "the card can say so"
        assert len(stage.broker.changes) == 300
    assert stage.broker.over == []


async def alive(store: SqlStore) -> list[Plan]:
    return list(await store.transaction(lambda db: db.plans.alive()))


async def test_a_trail_is_named_for_the_account(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        plan = await the_plan(stage)
        assert plan is not None
        assert plan.account_id == ACCOUNT.id
        assert stage.desk.core.trails.seen(plan.id) is not None
        assert stage.desk.core.trails.seen("another") is None


async def test_an_account_that_is_unlinked_under_a_trail_leaves_the_others_watched(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        await stage.desk.connection.close(ACCOUNT.id)
        await asyncio.sleep(15)
        trails = stage.desk.core.trails
        assert any(trails.seen(plan.id) is not None for plan in await alive(stage.desk.store)), "the loop lives"
        await stage.desk.store.transaction(lambda db: db.plans.end_on(ACCOUNT.id, "unlinked"))
        trails.wake()
        await asyncio.sleep(2)
        assert trails.seen("any") is None


async def test_a_trail_whose_stop_filled_is_let_go_and_nothing_is_told_of_it_later(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        plan = await the_plan(stage)
        assert plan is not None
        stage.trade("1464.00")
        await asyncio.sleep(5)
        assert (stage.broker.net, await alive(stage.desk.store)) == (0, [])
        core = stage.desk.core
        assert core.trails.seen(plan.id) is None
        await asyncio.sleep(GLANCE_LASTS)
        assert core.watcher.subscriptions(ACCOUNT.id) == 0
        stage.desk.feed.connected = False
        await asyncio.sleep(30)
        stage.desk.feed.connected = True
        await asyncio.sleep(5)
    assert await told(stage) == []


async def test_a_stop_that_was_triggered_and_rests_is_not_told_of_as_one_that_stands(clock: LoopClock) -> None:
    stage = await trailing(clock)
    async with stage.running():
        await filled(stage)
        stage.broker.stuck = True
        stage.trade("1450.00")
        await asyncio.sleep(5)
        stage.desk.feed.connected = False
        await asyncio.sleep(30)
        stage.desk.feed.connected = True
        await asyncio.sleep(5)
    assert await told(stage) == []


async def test_after_the_end_of_its_day_a_trail_moves_nothing(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, MORNING + timedelta(hours=14, minutes=55))  # its glances of a whole day would be tens of thousands
    stage = await trailing(clock)
    session = stage.desk.connection.session
    assert session is not None
    stage.desk.connection.session = replace(session, expires=session.expires + timedelta(days=1))
    async with stage.running():
        await filled(stage)
        assert await walk(stage, "1490.00") == d("1475")
        plan = await the_plan(stage)
        assert plan is not None
        await asyncio.sleep((plan.until - clock.now()).total_seconds() + 1)
        assert await walk(stage, "1500.00", "1510.00") == d("1475", "1475")
