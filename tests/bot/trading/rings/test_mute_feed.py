"""A feed that is connected and silent while the market is open rings once, and once more when it speaks again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime

from bot.domain.clock import at_ist
from bot.domain.market.prices import Tick
from bot.domain.news.rings import FeedMute
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.ticks.tick_watcher import Use
from tests.stage.mornings import Morning, a_morning
from tests.stage.orders import RELIANCE
from tests.storage.samples import ACCOUNT

FRIDAY = date(2026, 11, 20)
TRADING = at_ist(FRIDAY, 11)


@asynccontextmanager
async def watching(loop: VirtualLoop, at: datetime = TRADING, *, watched: bool = True) -> AsyncIterator[Morning]:
    day = await a_morning(LoopClock(loop, at))
    if watched:
        day.stage.core.watcher.watch(ACCOUNT.id, [RELIANCE.key], Use.GUARD)
    task = asyncio.create_task(day.stage.core.mute_feed.run())
    try:
        yield day
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def speak(day: Morning) -> None:
    now = day.clock.now()
    day.stage.core.watcher.tick(ACCOUNT.id, Tick(key=RELIANCE.key, last=day.stage.feed.ask, at=now, received=now))


async def rung(day: Morning) -> list[FeedMute]:
    return [one for one in await day.stage.notices() if isinstance(one, FeedMute)]


async def test_a_minute_of_silence_rings_once_and_the_next_tick_says_what_was_not_seen(loop: VirtualLoop) -> None:
    async with watching(loop) as day:
        await asyncio.sleep(30)
        speak(day)
        spoke = day.clock.now()
        await asyncio.sleep(50)
        assert await rung(day) == []
        await asyncio.sleep(300)
        (mute,) = await rung(day)
        assert (mute.sees, 0 <= (mute.since - spoke).total_seconds() <= 10) == (False, True)
        speak(day)
        await asyncio.sleep(10)
        (sees,) = await rung(day)
        assert (sees.sees, abs((sees.since - mute.since).total_seconds()) < 1) == (True, True)
        await asyncio.sleep(100)
        assert [one.sees for one in await rung(day)] == [False]


async def test_ticks_that_come_keep_it_quiet(loop: VirtualLoop) -> None:
    async with watching(loop) as day:
        for _ in range(20):
            await asyncio.sleep(15)
            speak(day)
        assert await rung(day) == []


async def test_silence_is_none_where_nothing_is_watched_the_market_is_shut_or_nobody_is_logged_in(loop: VirtualLoop) -> None:
    async with watching(loop, watched=False) as day:
        await asyncio.sleep(300)
        assert await rung(day) == []
    async with watching(loop, at_ist(FRIDAY, 18)) as day:
        await asyncio.sleep(300)
        assert await rung(day) == []
    async with watching(loop) as day:
        day.log_out()
        await asyncio.sleep(300)
        assert await rung(day) == []


async def test_a_feed_that_is_not_connected_is_not_called_mute(loop: VirtualLoop) -> None:
    async with watching(loop) as day:
        day.stage.feed.connected = False
        await asyncio.sleep(300)
        assert await rung(day) == []


async def test_the_silence_of_the_night_is_none_of_the_opens(loop: VirtualLoop) -> None:
    async with watching(loop, at_ist(FRIDAY, 9, 10)) as day:
        await asyncio.sleep(5 * 60 + 50)
        speak(day)
        await asyncio.sleep(40)
        assert await rung(day) == []
