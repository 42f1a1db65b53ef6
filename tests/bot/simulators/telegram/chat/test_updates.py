"""The queue of updates: kept until confirmed, given again until then, gone after that or after a day."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.simulators.loop import LoopClock, VirtualLoop
from bot.simulators.telegram.chat.messages import State
from bot.simulators.telegram.chat.updates import LONGEST_POLL, UpdateQueue
from bot.simulators.telegram.errors import ApiError
from tests.stage.depth import examples

T = TypeVar("T")
START = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
FIRST = 1_000


@pytest.fixture
async def queue(clock: LoopClock) -> UpdateQueue:
    return UpdateQueue(clock, State(update_id=FIRST - 1))


def put(queue: UpdateQueue, *texts: str) -> list[int | None]:
    return [queue.put({"message": {"text": text}}) for text in texts]


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [each["message"]["text"] for each in updates]


async def test_what_is_not_confirmed_is_given_again_and_what_is_confirmed_never(queue: UpdateQueue) -> None:
    put(queue, "a", "b", "c")
    assert texts(await queue.poll()) == ["a", "b", "c"]
    assert texts(await queue.poll()) == ["a", "b", "c"]
    assert texts(await queue.poll(offset=FIRST + 2)) == ["c"]
    assert texts(await queue.poll(offset=0)) == ["c"]


async def test_a_poll_waits_for_the_first_update_and_no_longer(queue: UpdateQueue, loop: VirtualLoop) -> None:
    loop.call_later(7, put, queue, "late")
    assert texts(await queue.poll(timeout=30)) == ["late"]
    assert loop.time() == 7
    assert await queue.poll(offset=FIRST + 1, timeout=30) == []
    assert loop.time() == 37
    assert await queue.poll(offset=FIRST + 2, timeout=900) == []
    assert loop.time() == 37 + LONGEST_POLL


async def test_a_poller_that_hurries_is_slowed_down(queue: UpdateQueue, loop: VirtualLoop) -> None:
    """Every second short poll of the same offset is held for three seconds: a busy loop lets time pass."""
    for _ in range(10):
        assert await queue.poll(offset=5) == []
    assert loop.time() == 15


async def test_a_hundred_at_once_at_most(queue: UpdateQueue) -> None:
    put(queue, *map(str, range(250)))
    assert len(await queue.poll()) == 100
    assert len(await queue.poll(limit=1_000)) == 100
    assert texts(await queue.poll(limit=3)) == ["0", "1", "2"]
    assert texts(await queue.poll(offset=FIRST + 249)) == ["249"]


async def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(queue: UpdateQueue) -> None:
    put(queue, "a", "b", "c")
    assert texts(await queue.poll(offset=-1)) == ["c"]
    assert texts(await queue.poll()) == ["c"]


async def test_updates_live_for_a_day(queue: UpdateQueue, loop: VirtualLoop) -> None:
    put(queue, "old")
    loop.shift(timedelta(hours=23).total_seconds())
    put(queue, "new")
    assert texts(await queue.poll()) == ["old", "new"]
    loop.shift(3_601)
    assert texts(await queue.poll()) == ["new"]


async def test_a_second_poller_ends_the_first(queue: UpdateQueue) -> None:
    first = asyncio.create_task(queue.poll(timeout=30))
    await asyncio.sleep(1)
    second = asyncio.create_task(queue.poll(timeout=30))
    with pytest.raises(ApiError, match="409 Conflict: terminated by other getUpdates request"):
        await first
    put(queue, "x")
    assert texts(await second) == ["x"]


async def test_no_polling_while_a_webhook_is_set(queue: UpdateQueue) -> None:
    queue.webhook = "https://x.in/hook"
    with pytest.raises(ApiError, match="409 Conflict: can't use getUpdates method while webhook is active"):
        await queue.poll()


async def test_only_the_kinds_that_the_bot_wants_are_kept(queue: UpdateQueue) -> None:
    assert queue.put({"chat_member": {}}) is None, "comes only on request"
    await queue.poll(allowed=["callback_query"])
    assert put(queue, "unwanted") == [None]
    assert queue.put({"callback_query": {}}) is not None
    await queue.poll(allowed=None)
    assert put(queue, "still unwanted") == [None]
    await queue.poll(allowed=[])
    assert put(queue, "wanted") != [None]


def run(story: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(story)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 130)),
        st.tuples(st.just("poll"), st.integers(1, 100)),
        st.tuples(st.just("record"), st.integers(1, 100)),
        st.tuples(st.just("crash"), st.just(0)),
        st.tuples(st.just("rival"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 600)),
    ),
    max_size=40,
)


@settings(max_examples=examples(150), deadline=None)
@given(STEPS)
def test_nothing_is_lost_and_nothing_comes_again_once_confirmed(steps: list[tuple[str, int]]) -> None:
    """A bot that records what it was given, raises its offset to what it recorded, and crashes now and then."""
    loop = VirtualLoop()

    async def story() -> None:
        queue = UpdateQueue(LoopClock(loop, START), State(update_id=FIRST - 1))
        said = 0  # updates made so far
        recorded = 0  # durable: survives a crash
        confirmed = 0  # told to the queue by an offset
        in_hand: list[int] = []

        async def poll(limit: int) -> list[int]:
            nonlocal confirmed
            confirmed = recorded
            got = [each["update_id"] - FIRST for each in await queue.poll(offset=FIRST + recorded, limit=limit)]
            assert got == list(range(confirmed, min(said, confirmed + limit)))
            return got

        for step, count in steps:
            match step:
                case "say":
                    put(queue, *("x" for _ in range(count)))
                    said += count
                case "poll":
                    in_hand = await poll(count)
                case "record":
                    done = in_hand[:count]
                    in_hand = in_hand[count:]
                    recorded = max([recorded, *(each + 1 for each in done)])
                case "crash":
                    in_hand = []
                case "rival" if said > recorded:
                    # A poll that finds something answers at once, so two of them cannot meet.
                    assert await poll(100) == await poll(100)
                case "rival":
                    first = asyncio.create_task(queue.poll(offset=FIRST + recorded, timeout=30))
                    await asyncio.sleep(0)
                    second = asyncio.create_task(queue.poll(offset=FIRST + recorded, timeout=30))
                    with pytest.raises(ApiError, match="409"):
                        await first
                    assert await second == []
                case _:
                    await asyncio.sleep(count)
        while recorded < said:
            recorded = (await poll(100))[-1] + 1
        assert await poll(100) == []
        assert queue.pending == []

    run(story(), loop)
