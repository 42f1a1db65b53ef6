"""Rate buckets: never more than allowed in any stretch of time, exits first, and too long a wait refused at once."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest

from bot.broker.rate_limits import KEPT_FOR_URGENT, URGENT_PATIENCE, WINDOWS, BrokerRateLimits, RateLimit
from bot.broker.routes import Bucket
from bot.domain.errors import TooFast
from bot.simulators.loop import VirtualLoop


async def leave(gate: RateLimit, left: list[float], *, urgent: bool = False) -> None:
    await gate.enter(urgent=urgent)
    left.append(asyncio.get_running_loop().time())


@pytest.mark.parametrize("bucket", list(Bucket))
async def test_no_stretch_of_time_sees_more_calls_than_its_window_allows(loop: VirtualLoop, bucket: Bucket) -> None:
    gate = RateLimit(WINDOWS[bucket], patience=1e9)
    left: list[float] = []
    await asyncio.gather(*(leave(gate, left) for _ in range(450)))
    assert len(left) == 450
    for count, span in WINDOWS[bucket]:
        for first, later in zip(left, left[count:], strict=False):
            assert later - first >= span - 1e-9, (count, span)


async def test_a_hundred_orders_at_once_leave_slowly_or_are_told_to_come_back(loop: VirtualLoop) -> None:
    rate_limits = BrokerRateLimits()
    left: list[float] = []

    async def order() -> None:
        await rate_limits.enter(Bucket.ORDERS)
        left.append(loop.time())

    told = await asyncio.gather(*(order() for _ in range(100)), return_exceptions=True)
    refused = [each for each in told if isinstance(each, TooFast)]
    assert len(left) + len(refused) == 100
    assert left
    assert refused
    assert all(each.retry_after > 0 for each in refused)
    assert all(later - first >= 1 for first, later in zip(left, left[3:], strict=False))


async def test_a_cancel_overtakes_the_orders_that_wait(loop: VirtualLoop) -> None:
    gate = RateLimit(((1, 1.0),), patience=100.0)
    order: list[str] = []

    async def go(name: str, *, urgent: bool) -> None:
        await gate.enter(urgent=urgent)
        order.append(name)

    tasks = [asyncio.create_task(go(f"order {n}", urgent=False)) for n in range(4)]
    await asyncio.sleep(0)
    tasks += [asyncio.create_task(go(f"cancel {n}", urgent=True)) for n in range(2)]
    await asyncio.gather(*tasks)
    assert order == ["order 0", "cancel 0", "cancel 1", "order 1", "order 2", "order 3"]


async def test_the_room_for_exits_is_what_would_leave_at_this_moment(loop: VirtualLoop) -> None:
    pace = BrokerRateLimits()
    assert pace.room(Bucket.ORDERS, urgent=True) == 3
    await pace.enter(Bucket.ORDERS)
    await pace.enter(Bucket.ORDERS, urgent=True)
    assert pace.room(Bucket.ORDERS, urgent=True) == 1
    waits = [asyncio.create_task(pace.enter(Bucket.ORDERS, urgent=urgent)) for urgent in (True, True)]
    await asyncio.sleep(0)
    assert pace.room(Bucket.ORDERS, urgent=True) == 0, "one exit waits already"
    await asyncio.gather(*waits)
    await asyncio.sleep(1)
    assert pace.room(Bucket.ORDERS, urgent=True) == 3


async def test_a_caller_that_gave_up_keeps_nobody_waiting(loop: VirtualLoop) -> None:
    gate = RateLimit(((1, 1.0),), patience=100.0)
    await gate.enter()
    given_up = asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    given_up.cancel()
    await gate.enter()
    assert loop.time() == pytest.approx(1.0)


async def test_even_a_cancel_is_told_when_the_wait_is_beyond_reason(loop: VirtualLoop) -> None:
    gate = RateLimit(((1, URGENT_PATIENCE * 2),), patience=1.0)
    await gate.enter()
    with pytest.raises(TooFast):
        await gate.enter(urgent=True)


@pytest.mark.parametrize("rate", [0, 9, 30])
def test_more_than_eight_orders_a_second_cannot_be_asked_for(rate: int) -> None:
    with pytest.raises(ValueError, match="orders a second"):
        BrokerRateLimits(orders_a_second=rate)


async def test_calls_that_come_slowly_are_not_held_up(loop: VirtualLoop) -> None:
    gate = RateLimit(WINDOWS[Bucket.QUOTES], patience=1.0)
    times = []
    for _ in range(20):
        await gate.enter()
        times.append(loop.time())
        await asyncio.sleep(0.5)
    assert all(later - first == pytest.approx(0.5) for first, later in pairwise(times))


async def test_entries_leave_a_share_of_each_minute_and_hour_to_exits_which_find_their_turn_at_once(loop: VirtualLoop) -> None:
    rate_limits = BrokerRateLimits(orders_a_second=8)
    entries: list[float] = []

    async def enter() -> None:
        while loop.time() < 3700:
            try:
                await rate_limits.enter(Bucket.ORDERS)
            except TooFast as told:
                await asyncio.sleep(told.retry_after)
            else:
                entries.append(loop.time())

    busy = [asyncio.create_task(enter()) for _ in range(3)]
    await asyncio.sleep(50.0)
    for _ in range(60):  # in the busiest minute, as many as are kept
        asked = loop.time()
        await rate_limits.enter(Bucket.ORDERS, urgent=True)
        assert loop.time() - asked <= 1.0
    await asyncio.gather(*busy)
    for (kept, span), (count, _) in zip(KEPT_FOR_URGENT[Bucket.ORDERS], WINDOWS[Bucket.ORDERS][1:], strict=True):
        assert max(sum(first <= each < first + span for each in entries) for first in entries) == count - kept


async def test_lists_and_cards_that_read_all_the_time_leave_each_fill_its_look_at_once(loop: VirtualLoop) -> None:
    rate_limits = BrokerRateLimits()

    async def look_round() -> None:
        while loop.time() < 60:
            with suppress(TooFast):
                await rate_limits.enter(Bucket.BOOKS)

    busy = [asyncio.create_task(look_round()) for _ in range(10)]
    for _ in range(11):
        await asyncio.sleep(5.0)
        asked = loop.time()
        await asyncio.gather(*(rate_limits.enter(Bucket.BOOKS, urgent=True) for _ in range(3)))
        assert loop.time() == asked
    await asyncio.gather(*busy)


async def test_fill_upon_fill_leaves_a_card_its_turn(loop: VirtualLoop) -> None:
    rate_limits = BrokerRateLimits()
    left: list[float] = []

    async def look() -> None:
        while loop.time() < 30:
            await rate_limits.enter(Bucket.BOOKS, urgent=True)
            left.append(loop.time())

    looks = [asyncio.create_task(look()) for _ in range(6)]
    for _ in range(3):
        await asyncio.sleep(6.0)
        asked = loop.time()
        await asyncio.gather(*(rate_limits.enter(Bucket.BOOKS) for _ in range(2)))
        assert loop.time() - asked <= 5.0
    await asyncio.gather(*looks)
    assert max(later - first for first, later in pairwise(left)) <= 2.5, "one look's wait at most"
