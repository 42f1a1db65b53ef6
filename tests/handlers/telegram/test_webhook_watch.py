"""A webhook or a second poller is noticed within a minute, and only that."""

import asyncio

from bot.simulators.loop import LoopClock
from handlers.telegram.webhook_watch import EVERY, WebhookWatch
from tests.handlers.chat import Stage, a_bot, a_stage, a_world, later, run_bot


async def counted(stage: Stage, found: list[float]) -> asyncio.Task[None]:
    async def foreign() -> None:
        found.append(asyncio.get_running_loop().time())

    return asyncio.create_task(WebhookWatch(stage.application.bot, foreign=foreign).run())


async def test_a_webhook_set_by_somebody_else_is_seen_within_a_minute_and_as_long_as_it_stands(clock: LoopClock) -> None:
    found: list[float] = []
    async with a_stage(clock) as stage:
        watching = await counted(stage, found)
        await later(5 * EVERY)
        assert found == []
        stage.chats.updates.webhook = "https://evil.example/hook"
        before = asyncio.get_running_loop().time()
        await later(EVERY)
        assert len(found) == 1
        assert found[0] - before <= EVERY
        await later(3 * EVERY)
        assert len(found) == 4
        stage.chats.updates.webhook = ""
        await later(3 * EVERY)
        assert len(found) == 4
        watching.cancel()


async def test_one_that_stood_before_the_start_is_seen_at_once(clock: LoopClock) -> None:
    found: list[float] = []
    async with a_stage(clock) as stage:
        stage.chats.updates.webhook = "https://evil.example/hook"
        watching = await counted(stage, found)
        await later(1)
        assert len(found) == 1
        watching.cancel()


async def test_an_outage_of_telegram_is_no_webhook_and_ends_no_watch(clock: LoopClock) -> None:
    found: list[float] = []
    async with a_stage(clock) as stage:
        watching = await counted(stage, found)
        stage.chats.faults.down = True
        await later(3 * EVERY)
        stage.chats.faults.clear()
        stage.chats.updates.webhook = "https://evil.example/hook"
        await later(2 * EVERY)
        assert found != []
        assert not watching.done()
        watching.cancel()


async def test_a_second_poller_is_told_of_at_its_first_conflict_and_other_outages_are_not(clock: LoopClock) -> None:
    conflicts: list[str] = []

    async def second(words: str) -> None:
        conflicts.append(words)

    async with (
        a_world(clock) as (chats, telegram),
        run_bot(chats, telegram, await a_bot(clock), conflict=second) as stage,
    ):
        for fault in ("server_error", "bad_gateway", "dropped", "flood"):
            chats.faults.add(fault, "getUpdates")
            stage.me.say("/menu")
            await later(60)
        assert conflicts == []
        chats.faults.add("conflict", "getUpdates")
        stage.me.say("/menu")
        await later(60)
        assert len(conflicts) == 1
        assert "other getUpdates request" in conflicts[0]
        await stage.me.ask("/menu", "Menu")
