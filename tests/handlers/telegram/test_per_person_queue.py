"""One turn at a time for each person, in order.

People do not wait for each other, and stopping waits for nobody.
"""

import asyncio
from typing import Any

from telegram import Update

from bot.runtime.logs import correlation
from handlers.telegram.per_person_queue import PerPersonQueue
from handlers.urgent import Urgency
from tests.handlers.chat import counting_bytes, later
from tests.handlers.telegram.test_admission import a_message, a_tap

ASHA, RAVI = 4211, 4212


def said(text: str, person: int = ASHA) -> Update:
    return Update.de_json({"update_id": 1, "message": a_message(person, text=text)}, None)


def tapped(data: str) -> Update:
    return Update.de_json({"update_id": 1, "callback_query": a_tap(data=data)}, None)


def a_queue(at_once: int = 32) -> PerPersonQueue:
    return PerPersonQueue(counting_bytes(), Urgency(lambda token: token == "EXIT"), at_once=at_once)


class Diary:
    """Who started and ended when."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def work(self, name: str, seconds: float = 1) -> None:
        self.lines.append(f"{name}(")
        await later(seconds)
        self.lines.append(f"){name}")


async def run(turns: PerPersonQueue, *work: tuple[Update, Any]) -> None:
    await asyncio.gather(*(asyncio.create_task(turns.process_update(update, coroutine)) for update, coroutine in work))


async def test_one_persons_updates_run_one_after_the_other_in_the_order_they_came() -> None:
    diary = Diary()
    await run(a_queue(), *((said("/p"), diary.work(str(number), 3 - number)) for number in range(3)))
    assert diary.lines == ["0(", ")0", "1(", ")1", "2(", ")2"]


async def test_two_people_do_not_wait_for_each_other() -> None:
    diary = Diary()
    await run(a_queue(), (said("/p"), diary.work("a", 5)), (said("/p", RAVI), diary.work("r", 1)))
    assert diary.lines == ["a(", "r(", ")r", ")a"]


async def test_the_kill_switch_and_discard_overtake_whatever_is_under_way() -> None:
    diary = Diary()
    await run(
        a_queue(),
        (said("/buy RELIANCE 10"), diary.work("buy", 60)),
        (said("/p"), diary.work("p")),
        (said("papa: kill"), diary.work("kill")),
        (tapped("c:TOKEN:n:papa"), diary.work("discard")),
    )
    assert diary.lines == ["buy(", "kill(", "discard(", ")kill", ")discard", ")buy", "p(", ")p"]


async def test_a_turn_that_fails_gives_the_next_one_its_turn() -> None:
    diary, turns = Diary(), a_queue()

    async def fail() -> None:
        raise KeyError

    failed = asyncio.create_task(turns.process_update(said("/p"), fail()))
    await run(turns, (said("/p"), diary.work("after")))
    assert isinstance(failed.exception(), KeyError)
    assert diary.lines == ["after(", ")after"]
    assert turns._lines == {}, "nobody is remembered who does not wait"


async def test_many_people_are_served_but_not_all_at_once() -> None:
    running, most = 0, 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await later(1)
        running -= 1

    await run(a_queue(at_once=4), *((said("/p", person), work()) for person in range(1, 40)))
    assert most == 4


async def test_each_update_has_an_id_of_its_own_while_it_is_worked_on() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append(correlation.get())
        await later(1)
        seen.append(correlation.get())

    await run(a_queue(), (said("/p"), work()), (said("/p", RAVI), work()))
    assert sorted(seen) == ["0001", "0001", "0002", "0002"]
    assert correlation.get() == "----", "and nobody has it afterwards"
