"""Watchers: each hears everything since it began, in order, however slow it is."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.loop import VirtualLoop
from bot.simulators.telegram.chat.messages import Json
from bot.simulators.telegram.chat.watching import Watchers

PAUSES = st.lists(st.integers(0, 3), min_size=1, max_size=30)


@given(PAUSES, PAUSES)
def test_nobody_misses_or_repeats_an_event_however_the_two_sides_take_turns(speaking: list[int], hearing: list[int]) -> None:
    async def story() -> None:
        watchers = Watchers()
        events = watchers.watch(1)
        heard: list[Json] = []

        async def speak() -> None:
            for number, pause in enumerate(speaking):
                watchers.tell([1, 2], {"number": number})
                await asyncio.sleep(pause)
            await events.aclose()

        async def hear() -> None:
            async for event in events:
                heard.append(event)
                await asyncio.sleep(hearing[len(heard) % len(hearing)])

        await asyncio.gather(speak(), hear())
        assert heard == [{"number": number} for number in range(len(speaking))]
        assert watchers.count == len(speaking)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


async def test_waiting_for_a_change_sees_the_very_next_one_of_anybody() -> None:
    watchers = Watchers()
    waiting = [asyncio.create_task(watchers.change()) for _ in range(3)]
    await asyncio.sleep(1)
    assert not any(task.done() for task in waiting)
    watchers.tell([5], {})
    await asyncio.gather(*waiting)
    later = asyncio.create_task(watchers.change())
    await asyncio.sleep(1)
    assert not later.done(), "what happened before does not count"
    later.cancel()
