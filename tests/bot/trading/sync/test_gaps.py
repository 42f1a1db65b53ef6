"""After a gap one message says from when to when it was, what was missed, and whether books and records agree."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.clock import ist_date
from bot.domain.errors import Unreadable
from bot.domain.news.connections import FeedBack, FeedLost, Source
from bot.domain.news.notice import Notice
from bot.domain.news.orders.orders import Filled, OrderEnded
from bot.domain.orders.order import OrderStatus
from bot.simulators.loop import LoopClock
from bot.trading.feed_events import FeedEvents
from tests.bot.trading.sync.test_ends import BUY, a_stage, place
from tests.stage.desk import DeskStage
from tests.stage.loop import HostClock
from tests.stage.values.orders import an_order
from tests.storage.samples import ACCOUNT


def a_feed(stage: DeskStage) -> FeedEvents:
    return FeedEvents(
        store=stage.store, reconcile=stage.reconcile, watcher=stage.watcher, background=stage.background, clock=stage.clock
    )


def backs(notices: list[Notice]) -> list[FeedBack]:
    return [notice for notice in notices if isinstance(notice, FeedBack)]


async def test_books_that_could_not_be_read_are_told_of_once_after_what_was_missed(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    running = asyncio.create_task(stage.reconcile.run())
    await place(stage)
    await asyncio.sleep(30)
    broker.books_down = Unreadable("busy")
    await asyncio.sleep(15)
    broker.fill(20)
    await asyncio.sleep(400)
    broker.books_down = None
    await asyncio.sleep(120)
    running.cancel()
    fill, back = await stage.notices()
    assert isinstance(fill, Filled)
    assert isinstance(back, FeedBack)
    assert (back.source, back.fills, back.read) == (Source.BOOKS, 1, True)
    assert timedelta(seconds=400) < back.until - back.since < timedelta(seconds=440)


async def test_books_that_were_away_while_nothing_could_move_are_no_news(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    running = asyncio.create_task(stage.reconcile.run())
    broker.books_down = Unreadable("maintenance")
    await asyncio.sleep(5000)
    broker.books_down = None
    await asyncio.sleep(120)
    running.cancel()
    assert await stage.notices() == []


@pytest.mark.parametrize("step", [-7200, 7200])
async def test_the_length_of_a_gap_of_the_books_is_the_time_that_passed(host_clock: HostClock, step: int) -> None:
    stage, broker = await a_stage(host_clock)
    await place(stage)
    broker.books_down = Unreadable("busy")
    with pytest.raises(Unreadable):
        await stage.reconcile.sync(ACCOUNT.id)
    host_clock.step(step)
    await asyncio.sleep(100)
    broker.books_down = None
    await stage.reconcile.sync(ACCOUNT.id)
    (back,) = backs(await stage.notices())
    assert round((back.until - back.since).total_seconds()) == 100


async def test_a_socket_that_was_away_together_with_the_books_makes_one_message(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    feed, since = a_feed(stage), clock.now()
    broker.books_down = Unreadable("busy")
    feed.gap(ACCOUNT.id, since, None)
    await asyncio.sleep(100)
    broker.true[0].status = OrderStatus.CANCELLED
    broker.books_down = None
    feed.gap(ACCOUNT.id, since, clock.now())
    await asyncio.sleep(1)
    told = await stage.notices()
    assert [type(notice) for notice in told] == [OrderEnded, FeedBack]
    assert backs(told)[0].ends == 1


async def test_a_socket_that_comes_back_while_the_books_cannot_be_read_says_that_nothing_is_known(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    feed, since = a_feed(stage), clock.now()
    broker.books_down = Unreadable("busy")
    feed.gap(ACCOUNT.id, since, None)
    await asyncio.sleep(100)
    feed.gap(ACCOUNT.id, since, clock.now())
    await asyncio.sleep(1)
    told = await stage.notices()
    assert FeedLost not in [type(notice) for notice in told]
    assert [(back.source, back.read) for back in backs(told)] == [(Source.FEED, False)]


async def test_what_another_look_found_at_the_return_of_the_socket_was_missed_all_the_same(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    feed, since = a_feed(stage), clock.now()
    feed.gap(ACCOUNT.id, since, None)
    await asyncio.sleep(100)
    broker.fill(20)
    await stage.reconcile.sync(ACCOUNT.id)  # as a login does at that moment
    feed.gap(ACCOUNT.id, since, clock.now())
    await asyncio.sleep(1)
    (back,) = backs(await stage.notices())
    assert (back.source, back.fills, back.read) == (Source.FEED, 1, True)


@pytest.mark.parametrize(
    ("away", "moves", "told"), [(300, True, True), (300, False, True), (10, True, False), (None, True, False)]
)
async def test_a_start_tells_from_when_to_when_the_process_was_away_and_what_it_missed(
    clock: LoopClock, away: int | None, *, moves: bool, told: bool
) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    await stage.reconcile.sync(ACCOUNT.id)
    if moves:
        broker.fill(20)
    since = None if away is None else clock.now() - timedelta(seconds=away)
    await stage.core.settle.after_absence(ACCOUNT.id, since)
    found = backs(await stage.notices())
    assert [(back.source, back.fills, back.until - back.since) for back in found] == (
        [(Source.BOT, int(moves), timedelta(seconds=away or 0))] if told else []
    )


async def test_what_the_process_before_found_in_its_last_moment_and_told_nobody_was_missed(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    await place(stage)
    since = clock.now()
    broker.fill(20)
    await stage.reconcile.sync(ACCOUNT.id)  # it is killed after this, before the news leaves
    await asyncio.sleep(60)
    await stage.core.settle.after_absence(ACCOUNT.id, since)
    assert [back.fills for back in backs(await stage.notices())] == [1]


async def test_what_a_gap_missed_is_told_by_its_kinds_and_what_is_still_looked_for_keeps_the_books_from_agreeing(
    clock: LoopClock,
) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    await place(stage, replace(BUY, quantity=11))
    feed, since = a_feed(stage), clock.now()
    feed.gap(ACCOUNT.id, since, None)
    await asyncio.sleep(100)
    broker.fill(20)
    broker.true[1].status = OrderStatus.REJECTED
    lost = an_order(id="lost", account_id=ACCOUNT.id, number=9, tag="LOST", status=OrderStatus.UNKNOWN, sent_at=clock.now())
    await stage.store.transaction(lambda db: db.orders.add(lost, ist_date(clock.now())))
    feed.gap(ACCOUNT.id, since, clock.now())
    await asyncio.sleep(1)
    (back,) = backs(await stage.notices())
    assert (back.fills, back.rejections, back.ends, back.unknown) == (1, 1, 0, 1)


async def test_a_start_without_an_order_that_could_have_moved_says_nothing(clock: LoopClock) -> None:
    stage, _ = await a_stage(clock)
    await stage.core.settle.after_absence(ACCOUNT.id, clock.now() - timedelta(hours=9))
    assert await stage.notices() == []


async def test_a_day_order_that_its_day_took_with_it_rings_at_the_next_start(clock: LoopClock) -> None:
    stage, broker = await a_stage(clock)
    await place(stage)
    await asyncio.sleep(timedelta(hours=22).total_seconds())
    broker.true.clear()  # another day's book
    await stage.reconcile.sync(ACCOUNT.id)
    (end,) = await stage.notices()
    assert isinstance(end, OrderEnded)
    assert end.order.status is OrderStatus.EXPIRED
