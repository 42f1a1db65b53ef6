"""Who carries out lists of exits looks once a second while nothing happens, and at once when something does."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from bot.simulators.loop import LoopClock
from storage.repositories import SqlRepositories
from storage.store import SqlStore
from tests.stage.floor import CALL, SHORT_CALL, set_floor
from tests.storage.samples import a_vault, seed

T = TypeVar("T")


class CountedStore(SqlStore):
    """Counts the transactions."""

    runs = 0

    async def transaction(self, work: Callable[[SqlRepositories], T]) -> T:
        self.runs += 1
        return await super().transaction(work)


async def test_a_list_that_waits_for_a_fill_costs_a_few_transactions_a_second(clock: LoopClock) -> None:
    store = CountedStore.open(None, a_vault(), inline=True)
    await store.transaction(seed)
    stage = await set_floor(clock, store=store)
    stage.broker.opens(CALL, 65)
    stage.broker.opens(SHORT_CALL, -65)
    stage.broker.ways[SHORT_CALL.key] = "rest"
    async with stage.running():
        await stage.tap(await stage.ask("all"))
        await asyncio.sleep(25)  # the order is no longer young
        before = store.runs
        await asyncio.sleep(20)
        assert (store.runs - before) / 20 < 8
        stage.broker.passes(stage.broker.true[0])
        await stage.desk.reconcile.sync("a1")
        await asyncio.sleep(0.5)
        assert stage.broker.quantity(CALL) == 0, "the cover goes as soon as the fill is read"
