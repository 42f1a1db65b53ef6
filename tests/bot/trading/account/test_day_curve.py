"""The day's curve: a point a minute while something is at stake, none that costs a read for nothing."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.clock import at_ist, ist_date
from bot.domain.pnl.range_report import CurvePoint
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.wiring.jobs import KEEP_CURVES
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import DeskStage, a_core, set_stage
from tests.stage.values.ledger import a_fill
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT

DAY = date(2026, 11, 20)  # a Friday


class CountingBroker(ScriptedBroker):
    """Counts the readings of its positions."""

    reads = 0

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        self.reads += 1
        return self.held


def a_position(quantity: int) -> Position:
    return Position(
        instrument=RELIANCE, product=Product.MIS, quantity=quantity, bought=10, sold=10 - quantity, bought_value=Decimal(14_800),
        sold_value=Decimal(1480) * (10 - quantity), average=Decimal(1480) if quantity else None,
    )  # fmt: skip


async def a_stage(loop: VirtualLoop, hour: int, minute: int = 0) -> tuple[DeskStage, CountingBroker]:
    """A desk on the real calendar."""
    clock = LoopClock(loop, at_ist(DAY, hour, minute))
    broker = CountingBroker(clock)
    stage = await set_stage(clock, broker=broker)
    stage.core = a_core(stage.store, stage.connection, clock, MARKET_HOURS="real")
    await stage.core.catalogue.refresh(ACCOUNT.id)
    return stage, broker


async def bought(stage: DeskStage) -> None:
    fill = a_fill(10, "1480.00", 1, at=stage.clock.now(), account_id=ACCOUNT.id, instrument=RELIANCE, product=Product.MIS)
    await stage.store.transaction(lambda db: db.ledger.replace(ACCOUNT.id, fill.broker_id, [fill]))


async def points(stage: DeskStage) -> Sequence[CurvePoint]:
    today = ist_date(stage.clock.now())
    return await stage.store.transaction(lambda db: db.ledger.curve(ACCOUNT.id, today))


async def run_for(stage: DeskStage, span: timedelta) -> None:
    running = asyncio.create_task(stage.core.curve.run())
    await asyncio.sleep(span.total_seconds())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_open_position_has_a_point_a_minute_and_a_move_is_in_the_next(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 10)
    broker.held = [a_position(10)]
    await bought(stage)
    await run_for(stage, timedelta(minutes=2, seconds=10))
    stage.feed.ask = Decimal("1470.30")
    await run_for(stage, timedelta(minutes=1, seconds=10))
    curve = await points(stage)
    assert len(curve) == 3
    assert curve[2].net - curve[1].net == Decimal("-100.00")


async def test_without_anything_at_stake_the_broker_is_not_asked(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 10)
    await run_for(stage, timedelta(minutes=10))
    assert (await points(stage), broker.reads) == ([], 0)


async def test_a_flat_account_is_read_once_more_and_then_only_after_the_next_fill(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 10)
    broker.held = [a_position(0)]
    await bought(stage)
    await run_for(stage, timedelta(minutes=10))
    assert (len(await points(stage)), broker.reads) == (1, 1)


async def test_outside_the_session_there_is_no_point(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 15, 31)
    broker.held = [a_position(10)]
    await bought(stage)
    await run_for(stage, timedelta(minutes=10))
    assert await points(stage) == []


async def test_a_reading_of_the_loss_guard_serves_the_curve_too(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 10)
    broker.held = [a_position(10)]
    await bought(stage)
    result = await stage.core.curve.results.of(ACCOUNT.id, stage.connection)
    assert result is not None
    for _ in range(2):
        await stage.core.curve.heard(ACCOUNT.id, result)
    assert [point.at for point in await points(stage)] == [result.as_of]
    reads = broker.reads
    assert not await stage.core.curve.sample(ACCOUNT.id), "half a minute after a point no other is read"
    assert broker.reads == reads


async def test_points_are_swept_when_a_quarter_is_over(loop: VirtualLoop) -> None:
    stage, _ = await a_stage(loop, 10)
    now = stage.clock.now()

    def note(db: Repositories) -> None:
        for age in (KEEP_CURVES + timedelta(minutes=1), KEEP_CURVES - timedelta(minutes=1)):
            db.ledger.note_point(ACCOUNT.id, CurvePoint(at=now - age, net=Decimal(1)))
        db.ledger.forget_curves_before(now - KEEP_CURVES)

    await stage.store.transaction(note)
    day = ist_date(now - KEEP_CURVES)
    kept = await stage.store.transaction(lambda db: db.ledger.curve(ACCOUNT.id, day))
    assert [point.at for point in kept] == [now - KEEP_CURVES + timedelta(minutes=1)]
