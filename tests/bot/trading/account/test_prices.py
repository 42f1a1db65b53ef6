"""Whoever waits for a first tick waits a moment, and leaves nothing behind."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Tick
from bot.simulators.loop import LoopClock
from bot.trading.account.prices import of_tick
from bot.trading.ticks.tick_watcher import GLANCE_LASTS
from tests.stage.brokers.broker import StillFeed
from tests.stage.desk import set_stage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT


async def test_a_thousand_questions_in_a_closed_market_leave_nobody_waiting(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.connection.feed = SilentFeed(clock)
    for _ in range(10):
        await asyncio.gather(*(stage.prices.of(ACCOUNT.id, RELIANCE.key) for _ in range(100)))
    await asyncio.sleep(2 * GLANCE_LASTS)
    assert not stage.watcher.is_subscribed(ACCOUNT.id, frozenset({RELIANCE.key})), "whoever still waited would hold it"


async def test_a_question_that_is_given_up_leaves_nobody_waiting(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.connection.feed = SilentFeed(clock)
    asking = asyncio.create_task(stage.prices.of(ACCOUNT.id, RELIANCE.key))
    await asyncio.sleep(0.1)
    assert stage.watcher.is_subscribed(ACCOUNT.id, frozenset({RELIANCE.key}))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.sleep(2 * GLANCE_LASTS)
    assert not stage.watcher.is_subscribed(ACCOUNT.id, frozenset({RELIANCE.key})), "whoever still waited would hold it"


class SilentFeed(StillFeed):
    """Connected, in a market that is closed."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        return None


async def test_a_tick_that_may_be_old_and_names_no_time_is_a_price_of_unknown_time(clock: LoopClock) -> None:
    now = clock.now()
    for at, stale, shown in ((now, True, None), (now, False, now), (now - timedelta(hours=1), True, now - timedelta(hours=1))):
        assert of_tick(Tick(key=RELIANCE.key, last=Decimal("260.25"), at=at, received=now, stale=stale)).at == shown
