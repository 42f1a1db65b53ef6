"""A feed that is silent or gone, and books that cannot be read, ring once while the market is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime

import pytest

from bot.domain.clock import at_ist
from bot.domain.errors import Unreadable
from bot.domain.market.prices import Tick
from bot.domain.news.connections import FeedBack, FeedLost, Source
from bot.domain.news.days.rings import FeedMute
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.ticks.tick_watcher import Use
from tests.bot.trading.sync.test_ends import a_row, place
from tests.stage.mornings import Morning, a_morning
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT

FRIDAY = date(2026, 11, 20)
TRADING = at_ist(FRIDAY, 11)


@asynccontextmanager
async def watching(loop: VirtualLoop, at: datetime = TRADING, *, watched: bool = True) -> AsyncIterator[Morning]:
    day = await a_morning(LoopClock(loop, at))
    if watched:
        day.stage.core.watcher.watch(ACCOUNT.id, [RELIANCE.key], Use.GUARD)
    task = asyncio.create_task(day.stage.core.silent_lines.run())
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


async def test_a_feed_that_is_gone_for_a_minute_rings_as_gone_and_its_return_is_left_to_the_gap(loop: VirtualLoop) -> None:
    async with watching(loop) as day:
        day.stage.feed.connected = False
        went = day.clock.now()
        await asyncio.sleep(55)
        assert await day.stage.notices() == []
        await asyncio.sleep(300)
        (gone,) = await day.stage.notices()
        assert isinstance(gone, FeedLost)
        assert (gone.source, 0 <= (gone.since - went).total_seconds() <= 10) == (Source.FEED, True)
        day.stage.feed.connected = True
        speak(day)
        await asyncio.sleep(40)
        assert await day.stage.notices() == []


async def test_a_mute_feed_that_is_met_while_it_connects_anew_rings_again_when_it_speaks(loop: VirtualLoop) -> None:
    async with watching(loop) as day:
        await asyncio.sleep(58)
        day.stage.feed.connected = False
        await asyncio.sleep(10)
        assert [type(one) for one in await day.stage.notices()] == [FeedLost]
        day.stage.feed.connected = True
        await asyncio.sleep(60)
        assert await day.stage.notices() == []
        speak(day)
        await asyncio.sleep(10)
        (sees,) = await rung(day)
        assert sees.sees


@pytest.mark.parametrize("at_stake", ["an order rests", "a position is open"])
async def test_books_away_for_a_minute_ring_once_while_something_is_at_stake_and_their_return_is_told(
    loop: VirtualLoop, at_stake: str
) -> None:
    async with watching(loop, watched=False) as day:
        stage, broker = day.stage, day.broker
        looking = asyncio.create_task(stage.reconcile.run())
        if at_stake == "an order rests":
            await place(stage)
        else:
            broker.held = [a_row(10, Product.MIS)]
            await stage.reconcile.sync(ACCOUNT.id)
        broker.books_down = Unreadable("busy")
        await asyncio.sleep(180)
        (away,) = [one for one in await stage.notices() if isinstance(one, FeedLost)]
        assert away.source is Source.BOOKS
        await asyncio.sleep(600)
        assert FeedLost not in [type(one) for one in await stage.notices()]
        broker.books_down = None
        await asyncio.sleep(120)
        looking.cancel()
        (back,) = [one for one in await stage.notices() if isinstance(one, FeedBack)]
        assert (back.source, back.since) == (Source.BOOKS, away.since)


async def test_books_away_with_nothing_at_stake_after_hours_or_for_a_moment_ring_nobody(loop: VirtualLoop) -> None:
    async with watching(loop, watched=False) as day:
        await books_away(day, 600, held=0)
        assert await day.stage.notices() == []
    async with watching(loop, at_ist(FRIDAY, 18), watched=False) as day:
        await books_away(day, 600)
        assert await day.stage.notices() == []
    async with watching(loop, watched=False) as day:
        await books_away(day, 45)
        assert FeedLost not in [type(one) for one in await day.stage.notices()]


async def books_away(day: Morning, seconds: float, *, held: int = 10) -> None:
    """So much is open, and mStock does not answer for a while."""
    day.broker.held = [a_row(held, Product.MIS)] if held else []
    await day.stage.reconcile.sync(ACCOUNT.id)
    day.broker.books_down = Unreadable("busy")
    looking = asyncio.create_task(day.stage.reconcile.run())
    await asyncio.sleep(seconds)
    day.broker.books_down = None
    await asyncio.sleep(60)
    looking.cancel()


async def test_the_silence_of_the_night_is_none_of_the_opens(loop: VirtualLoop) -> None:
    async with watching(loop, at_ist(FRIDAY, 9, 10)) as day:
        await asyncio.sleep(5 * 60 + 50)
        speak(day)
        await asyncio.sleep(40)
        assert await rung(day) == []
