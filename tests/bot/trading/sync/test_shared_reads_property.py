"""Whatever the order of questions and acts, nobody is shown less than was true at the last act."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.sync.shared_reads import NEVER, YOUNG, SharedRead
from tests.bot.trading.sync.test_shared_reads import READ
from tests.stage.loop import MORNING


@dataclass
class Truth:
    """A counter at a broker that acts raise. A read brings what it was at some moment between its beginning and its end."""

    value: int = 0
    reads: int = 0
    at_once: int = 0
    most_at_once: int = 0
    problems: list[str] = field(default_factory=list)

    async def read(self) -> int:
        self.reads += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        value = self.value
        await asyncio.sleep(READ)
        self.at_once -= 1
        return value


STEPS = st.lists(st.tuples(st.sampled_from(["ask", "act"]), st.integers(0, 60)), max_size=40)


@given(STEPS)
def test_whatever_the_order_of_questions_and_acts_nobody_is_shown_less_than_was_true_at_the_last_act(
    steps: list[tuple[str, int]],
) -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        truth = Truth()
        shared = SharedRead(truth.read, LoopClock(loop, MORNING), "read")
        acted, askers = NEVER, []

        async def asks() -> None:
            asked, least = loop.time(), truth.value
            reading = await shared.ask(after=acted)
            if reading.value < least:
                truth.problems.append(f"asked at {asked}, where {least} acts were over, and was shown {reading.value}")
            if reading.began <= asked - YOUNG:
                truth.problems.append(f"asked at {asked} and was shown what was read at {reading.began}")

        for what, hundredths in steps:
            await asyncio.sleep(hundredths / 100)
            if what == "act":
                truth.value += 1
                acted = loop.time()
            else:
                askers.append(asyncio.create_task(asks()))
        await asyncio.gather(*askers)
        assert truth.problems == []
        assert truth.most_at_once <= 1
        assert truth.reads <= len(askers)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play())
