"""The leaping loops: time passes only when nothing else can happen, and never past work that is under way."""

import asyncio
import io
import itertools
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web

from bot.simulators.loop import DemoLoop, LoopClock, LoopStuckError, VirtualLoop

T = TypeVar("T")

TRADING_DAY = 22_500.0  # seconds from 09:15 to 15:30
START = datetime(2026, 11, 20, 3, 45, tzinfo=UTC)


@asynccontextmanager
async def loopback_server(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", handler)
    runner = web.AppRunner(app, keepalive_timeout=1e6)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.name
    finally:
        await runner.cleanup()


@pytest.mark.exhaustive
async def test_a_trading_day_with_thousands_of_requests_takes_seconds_and_no_answer_comes_late() -> None:
    loop = asyncio.get_running_loop()
    served: list[float] = []

    async def answer(request: web.Request) -> web.Response:
        served.append(loop.time())
        if len(served) % 10 == 0:
            await asyncio.sleep(0.25)
        return web.json_response({"asked": (await request.json())["n"]})

    async with loopback_server(answer) as url, aiohttp.ClientSession() as session:

        async def trader(every: float, count: int) -> None:
            for n in range(count):
                began = loop.time()
                # A leap while the answer is on its way would fire this time-out, or show as time passed.
                async with asyncio.timeout(1), session.post(url, json={"n": n}) as response:
                    assert (await response.json())["asked"] == n
                assert loop.time() - began in (0.0, pytest.approx(0.25, abs=1e-6))
                await asyncio.sleep(began + every - loop.time())

        began = time.perf_counter()
        await asyncio.gather(*(trader(45, 500) for _ in range(4)))
        real = time.perf_counter() - began

    assert len(served) == 2_000
    assert loop.time() == pytest.approx(TRADING_DAY)
    assert real < 120, "far from it even on a busy machine: alone it takes two seconds"


async def test_days_of_long_waits_without_a_socket_take_no_real_moment_each() -> None:
    began = time.perf_counter()
    for _ in range(5_000):
        await asyncio.sleep(30)
    assert time.perf_counter() - began < 5_000 * 0.002, "the real moment before a long leap would be ten seconds of them"


async def test_a_body_that_fills_every_buffer_is_never_overtaken_by_a_timeout() -> None:
    size = 30_000_000

    async def answer(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        async for chunk in request.content.iter_any():
            await reply.write(chunk)
        return reply

    async with (
        loopback_server(answer) as url,
        aiohttp.ClientSession() as session,
        asyncio.timeout(0.001),
        session.post(url, data=io.BytesIO(b"x" * size)) as response,
    ):
        assert len(await response.read()) == size
    assert asyncio.get_running_loop().time() == 0


async def test_time_stands_still_while_a_worker_thread_runs() -> None:
    loop = asyncio.get_running_loop()
    ticker = asyncio.create_task(asyncio.sleep(1))
    assert await asyncio.to_thread(lambda: (time.perf_counter_ns(), sum(range(2_000_000)))[1]) == 1999999000000
    assert loop.time() == 0
    with ThreadPoolExecutor(1) as own_pool:
        assert await loop.run_in_executor(own_pool, sum, range(2_000_000)) == 1999999000000
    assert loop.time() == 0
    await ticker
    assert loop.time() == 1


async def test_a_name_lookup_takes_no_time() -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(0.001):
        await loop.getaddrinfo("localhost", 80)
    assert loop.time() == 0


async def test_a_thread_that_nobody_waits_for_any_more_still_holds_the_clock() -> None:
    loop = asyncio.get_running_loop()
    gate = asyncio.Event()
    release = threading.Event()
    waiting = asyncio.ensure_future(loop.run_in_executor(None, release.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    loop.call_soon(release.set)
    loop.call_later(5, gate.set)
    await gate.wait()
    assert loop.time() == 5


async def test_a_hold_keeps_time_still_for_another_thread() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(10, done.set)
    with loop.hold():
        answered = loop.create_future()
        thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(answered.set_result, loop.time()))
        thread.start()
        assert await answered == 0
        thread.join()
    await done.wait()
    assert loop.time() == 10


def run(loop: asyncio.AbstractEventLoop, story: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(story)


def test_what_a_timer_begins_while_a_loop_ends_is_ended_too() -> None:
    ends = []

    async def slow_to_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            ends.append("slow")

    async def late() -> None:
        try:
            await asyncio.sleep(3_600)
        finally:
            ends.append("late")

    async def story() -> None:
        loop, begun = asyncio.get_running_loop(), [asyncio.create_task(slow_to_end())]
        await asyncio.sleep(0)
        loop.call_later(0.5, lambda: begun.append(loop.create_task(late())))

    run(VirtualLoop(), story())

    assert ends == ["slow", "late"]


def test_a_test_that_idles_for_ever_ends_with_the_place_it_waits_at() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(LoopStuckError, match=r"No timer is set and nothing arrived.*test_loop\.py"):
        run(VirtualLoop(patience=0.05), story())


def test_a_test_whose_timers_go_round_for_ever_ends_at_the_limit() -> None:
    async def story() -> None:
        for _ in itertools.count():
            await asyncio.sleep(60)

    with pytest.raises(LoopStuckError, match=r"past its limit of 3600 s.*test_loop\.py"):
        run(VirtualLoop(limit=3_600), story())


def test_a_worker_thread_that_never_ends_is_named() -> None:
    release = threading.Event()

    async def story() -> None:
        asyncio.get_running_loop().call_later(0.3, release.set)
        await asyncio.to_thread(release.wait)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience=0.05)) as runner:
        try:
            with pytest.raises(LoopStuckError, match="worker thread"):
                runner.run(story())
            assert not release.is_set(), "no timer fired meanwhile"
        finally:
            release.set()  # a runner that ends waits for its threads


def test_a_shift_fires_the_timers_that_fell_due_in_their_order() -> None:
    async def story(loop: VirtualLoop | DemoLoop) -> list[str]:
        rang: list[str] = []
        loop.call_later(3_600, rang.append, "an hour")
        loop.call_later(60, rang.append, "a minute")
        loop.call_later(7_200, rang.append, "two hours")
        loop.shift(3_601)
        for _ in range(3):
            await asyncio.sleep(0)
        return rang

    for loop in (VirtualLoop(), DemoLoop()):
        assert run(loop, story(loop)) == ["a minute", "an hour"]


def test_the_demo_loop_runs_ahead_through_every_timer_at_its_own_time() -> None:
    async def story(loop: DemoLoop) -> tuple[list[int], float, float]:
        began = loop.time()
        rang: list[int] = []

        async def each_minute() -> None:
            for _ in range(100):
                await asyncio.sleep(60)
                rang.append(round(loop.time() - began))

        walking = asyncio.create_task(each_minute())
        real = time.perf_counter()
        await loop.run_ahead(1_801)
        real = time.perf_counter() - real
        walking.cancel()
        return rang, loop.time() - began, real

    loop = DemoLoop()
    rang, passed, real = run(loop, story(loop))
    assert rang == list(range(60, 1_801, 60))
    assert passed == pytest.approx(1_801, abs=5)
    assert real < 5


def test_the_demo_loop_runs_in_real_time() -> None:
    async def story() -> tuple[float, float, float]:
        """Seconds by the loop, between those of a shorter and a longer real stretch: a busy machine may pause anywhere."""
        loop = asyncio.get_running_loop()
        earlier, began, later = time.perf_counter(), loop.time(), time.perf_counter()
        await asyncio.wait_for(asyncio.shield(asyncio.sleep(0.02, 7)), 30)
        sooner, ended, last = time.perf_counter(), loop.time(), time.perf_counter()
        return sooner - later, ended - began, last - earlier

    shorter, by_the_loop, longer = run(DemoLoop(), story())
    assert by_the_loop >= 0.019
    assert shorter - 0.001 <= by_the_loop <= longer + 0.001


def test_time_never_runs_backwards() -> None:
    loop = VirtualLoop()
    with pytest.raises(ValueError, match="forward"):
        loop.shift(-1)
    loop.close()


async def test_the_clock_is_its_start_plus_the_seconds_of_the_loop() -> None:
    clock = LoopClock(asyncio.get_running_loop(), START)
    await asyncio.sleep(90)
    assert clock.now() == START + timedelta(seconds=90)
    with pytest.raises(ValueError, match="aware UTC"):
        LoopClock(asyncio.get_running_loop(), START.astimezone(timezone(timedelta(hours=5, minutes=30))))


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_test_can_ask_for_real_time() -> None:
    assert isinstance(asyncio.get_running_loop(), DemoLoop)


@pytest.mark.asyncio(loop_factories=["real"])
async def test_a_run_ahead_that_is_stopped_leaves_the_clock_where_it_has_come_to() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DemoLoop)
    seen: list[float] = []

    async def each_hour() -> None:
        while True:
            await asyncio.sleep(3600)
            seen.append(loop.time())
            if len(seen) == 3:
                running.cancel()

    working = asyncio.create_task(each_hour())
    running = asyncio.create_task(loop.run_ahead(24 * 3600))
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert 3 * 3600 - 1 < loop.shifted <= 3 * 3600
    before = loop.time()
    await asyncio.sleep(0.05)
    assert loop.time() - before < 60, "real time again"
    working.cancel()


def test_the_end_waits_for_threads_and_does_not_leap_over_the_time_that_they_are_given() -> None:
    """From Python 3.12 on a loop gives its threads 300 seconds to end. A leap over them would warn of threads left behind."""
    loop, pool, never = VirtualLoop(), ThreadPoolExecutor(), threading.Event()
    loop.set_default_executor(pool)
    pool.submit(never.wait, 0.1)  # work that the loop did not start, and so does not count
    late: list[float] = []
    timer = loop.call_later(300, lambda: late.append(loop.time()))
    loop.run_until_complete(loop.shutdown_default_executor())
    timer.cancel()
    loop.close()
    assert late == []
