"""While the database takes nothing the owners hear of it once, and what runs by itself waits and goes on."""

import asyncio
from functools import partial

import pytest

from bot.delivery.card_updater import CardUpdater
from bot.delivery.notifier import Notifier
from bot.domain.errors import StorageAway, StorageError
from bot.domain.news.delivery import Delivery
from bot.domain.news.safety import TradingStopped
from bot.domain.orders.order import CardRef, Order
from bot.domain.people.account import Role
from bot.domain.ports.repositories import Repositories
from bot.domain.proposals.ended_question import EndedQuestion
from bot.runtime.background import BackgroundTasks
from bot.simulators.loop import LoopClock
from bot.trading.safety.outage import QUIET, Outage, PatientStore
from storage.store import SqlStore
from tests.stage.disk import Disk
from tests.storage.samples import ACCOUNT, DAY, NOW, a_store

OWNER, TRADER = 1001, 1002


class Told:
    """What was said to whom."""

    def __init__(self) -> None:
        self.words: list[tuple[int, str]] = []

    def __call__(self, person: int, words: str) -> None:
        self.words.append((person, words))


def patience(store: SqlStore, clock: LoopClock) -> tuple[PatientStore, Told]:
    told = Told()
    people = ((OWNER, Role.OWNER), (TRADER, Role.TRADER))
    outage = Outage(store=store, background=BackgroundTasks(), clock=clock, people=lambda: people, tell=told)
    store.away = outage.began
    return PatientStore(store, outage), told


def claim(db: Repositories, job: str = "a") -> bool:
    return db.flags.claim_address_notice(job, DAY, NOW)


async def test_what_waits_is_done_when_there_is_room_and_the_owners_hear_of_begin_and_end(clock: LoopClock) -> None:
    store = await a_store()
    patient, told = patience(store, clock)
    disk = Disk(store)
    waiting = [asyncio.create_task(patient.transaction(claim)) for _ in range(3)]
    await asyncio.sleep(600)
    assert not any(task.done() for task in waiting)
    assert len(told.words) == 1
    disk.full = False
    assert sorted(await asyncio.gather(*waiting)) == [False, False, True]
    await asyncio.sleep(2)
    assert [person for person, _ in told.words] == [OWNER, OWNER]
    assert "The disk is full: nothing can be stored. No order is sent" in told.words[0][1]
    assert "can be written again, after 600 s" in told.words[1][1]


async def test_a_person_is_refused_at_once_and_the_owners_hear_of_it_all_the_same(clock: LoopClock) -> None:
    store = await a_store()
    _, told = patience(store, clock)
    disk = Disk(store)
    with pytest.raises(StorageAway):
        await store.transaction(claim)
    await asyncio.sleep(0)
    assert len(told.words) == 1
    disk.full = False
    await asyncio.sleep(2)
    assert len(told.words) == 2


async def test_room_that_comes_and_goes_is_told_once_in_a_while(clock: LoopClock) -> None:
    store = await a_store()
    patient, told = patience(store, clock)
    disk = Disk(store, full=False)
    for number in range(20):
        disk.full = True
        waiting = asyncio.create_task(patient.transaction(partial(claim, job=str(number))))
        await asyncio.sleep(5)
        disk.full = False
        await waiting
        await asyncio.sleep(5)
    assert len(told.words) == 2
    await asyncio.sleep(QUIET)
    disk.full = True
    with pytest.raises(StorageAway):
        await store.transaction(partial(claim, job="c"))
    await asyncio.sleep(0)
    assert len(told.words) == 3


async def test_what_does_not_pass_is_waited_for_by_nobody(clock: LoopClock) -> None:
    store = await a_store()
    patient, told = patience(store, clock)
    disk = Disk(store)
    waiting = asyncio.create_task(patient.transaction(claim))
    await asyncio.sleep(3)
    disk.full, disk.damaged = False, True
    with pytest.raises(StorageError, match="damaged") as met:
        await waiting
    assert not isinstance(met.value, StorageAway)
    assert len(told.words) == 1


async def test_news_that_was_delivered_while_the_disk_filled_up_is_not_delivered_again(clock: LoopClock) -> None:
    store = await a_store()
    patient, _ = patience(store, clock)
    disk = Disk(store, full=False)
    taken: list[Delivery] = []

    class Phone:
        async def deliver(self, delivery: Delivery) -> int:
            taken.append(delivery)
            disk.full = True
            return 5

        async def draw(self, shown: CardRef, order: Order, label: str) -> int:
            raise AssertionError

        async def answer(self, answer: EndedQuestion) -> None:
            raise AssertionError("no question was asked")

    now = clock.now()
    told = TradingStopped(name="a", at=now)
    await store.transaction(lambda db: db.outbox.add(ACCOUNT.id, [OWNER], told, now, order_id=None))
    running = [
        asyncio.create_task(loop.run())
        for loop in (
            Notifier(store=patient, messenger=Phone(), clock=clock),
            CardUpdater(store=patient, messenger=Phone()),
        )
    ]
    await asyncio.sleep(300)
    disk.full = False
    await asyncio.sleep(300)
    assert len(taken) == 1
    assert not any(task.done() for task in running)
    for task in running:
        task.cancel()
