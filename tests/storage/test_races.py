"""Many claimers at once, on two connections with a writer thread each: every claim has exactly one winner."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.errors import StorageError
from bot.domain.news.connections import FeedLost
from bot.domain.orders.confirmation import ConfirmationState
from bot.domain.people.account import Stop
from bot.domain.ports.inbox import InboxEntry
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import DayReport
from storage.inbox import SqlInbox
from storage.store import SqlStore
from tests.storage.samples import ACCOUNT, DAY, NOW, PERSON, a_confirmation, a_fill, a_store, a_vault, an_order

T = TypeVar("T")
CLAIMERS = 20
ROUNDS = 5

pytestmark = pytest.mark.asyncio(loop_factories=["real"])


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[list[SqlStore]]:
    first = await a_store(tmp_path / "bot.db", inline=False)
    second = SqlStore.open(tmp_path / "bot.db", a_vault(), busy_seconds=30)
    yield [first, second]
    await first.close()
    await second.close()


def ask(token: str, db: Repositories) -> None:
    db.confirmations.add(a_confirmation(token))


def claim(token: str, db: Repositories) -> bool:
    return db.confirmations.claim(token, PERSON, PERSON, 5, NOW)


def discard(token: str, db: Repositories) -> bool:
    return db.confirmations.close(token, ConfirmationState.DISCARDED)


def claim_notice(key: str, db: Repositories) -> bool:
    return db.flags.claim_address_notice(key, DAY, NOW)


async def race(stores: list[SqlStore], work: Callable[[Repositories], T]) -> list[T]:
    return await asyncio.gather(*(stores[number % 2].transaction(work) for number in range(CLAIMERS)))


async def test_a_confirmation_has_one_winner(stores: list[SqlStore]) -> None:
    for number in range(ROUNDS):
        token = f"t{number}"
        await stores[0].transaction(partial(ask, token))
        won = await race(stores, partial(claim, token))
        assert sorted(won) == [False] * (CLAIMERS - 1) + [True]


async def test_a_claim_and_a_discard_have_one_winner_between_them(stores: list[SqlStore]) -> None:

    for number in range(ROUNDS):
        token = f"t{number}"
        await stores[0].transaction(partial(ask, token))
        claimed, closed = await asyncio.gather(
            stores[number % 2].transaction(partial(claim, token)),
            stores[1 - number % 2].transaction(partial(discard, token)),
        )
        assert claimed is not closed


async def test_each_delivery_is_leased_by_one_notifier(stores: list[SqlStore]) -> None:
    chats = list(range(100, 130))
    await stores[0].transaction(lambda db: db.outbox.add(ACCOUNT.id, chats, FeedLost(since=NOW), NOW, order_id=None))
    leased = await race(stores, lambda db: db.outbox.lease(NOW, NOW + timedelta(minutes=1), 4))
    ids = [delivery.id for deliveries in leased for delivery in deliveries]
    assert len(ids) == len(set(ids)) == len(chats)


async def test_a_flag_has_one_winner(stores: list[SqlStore]) -> None:
    for number in range(ROUNDS):
        key = str(number)
        assert sum(await race(stores, partial(claim_notice, key))) == 1


async def test_day_numbers_are_given_once_each(stores: list[SqlStore]) -> None:
    numbers = await race(stores, lambda db: db.orders.next_number(ACCOUNT.id, DAY))
    assert sorted(numbers) == list(range(1, CLAIMERS + 1))


async def test_the_report_of_a_date_is_written_once(stores: list[SqlStore]) -> None:
    report = DayReport(
        account_id=ACCOUNT.id, date="2026-11-20", booked=Decimal(0), open=Decimal(0), charges=None, orders=0, filled_orders=0,
        rejected_orders=0, trades=0, carried=(), cash=None, made_at=NOW,
    )  # fmt: skip
    assert sum(await race(stores, lambda db: db.reports.add(report))) == 1


async def test_a_fill_is_stored_by_one_of_those_who_saw_it(stores: list[SqlStore]) -> None:
    order = an_order(broker_id="77")
    await stores[0].transaction(lambda db: db.orders.add(order, DAY))
    assert sum(await race(stores, lambda db: db.orders.add_fill(order, a_fill()))) == 1


async def test_the_stop_is_turned_on_by_one(stores: list[SqlStore]) -> None:

    assert sum(await race(stores, lambda db: db.stops.stop(Stop(account_id=ACCOUNT.id, by=PERSON, at=NOW)))) == 1


async def test_an_update_is_taken_by_one(stores: list[SqlStore]) -> None:
    entry = InboxEntry(update_id=5, user_id=PERSON, body="{}", received_at=NOW)
    taken = await asyncio.gather(*(SqlInbox(stores[number % 2]).add([entry]) for number in range(CLAIMERS)))
    assert sorted(len(entries) for entries in taken) == [0] * (CLAIMERS - 1) + [1]


async def test_of_many_who_change_one_version_one_is_taken_and_the_rest_are_told(stores: list[SqlStore]) -> None:
    order = an_order()
    await stores[0].transaction(lambda db: db.orders.add(order, DAY))
    moved = order.accepted("77", NOW)
    answers = await asyncio.gather(
        *(stores[number % 2].transaction(lambda db: db.orders.save(moved)) for number in range(CLAIMERS)),
        return_exceptions=True,
    )
    assert [error for error in answers if error is None] == [None]
    assert sum(isinstance(error, StorageError) for error in answers) == CLAIMERS - 1


async def test_read_change_and_write_in_one_transaction_never_loses_a_change(stores: list[SqlStore]) -> None:
    await stores[0].transaction(lambda db: db.orders.add(an_order(), DAY))

    def look_again(db: Repositories) -> None:
        order = db.orders.find("o1")
        assert order is not None
        db.orders.save(order.looked(NOW))

    await race(stores, look_again)
    order = await stores[1].transaction(lambda db: db.orders.find("o1"))
    assert order is not None
    assert (order.looks, order.version) == (CLAIMERS, CLAIMERS + 1)


async def test_the_record_of_acts_keeps_its_chain_however_many_write(stores: list[SqlStore]) -> None:
    await race(stores, lambda db: db.audit.add(NOW, PERSON, "tap", ACCOUNT.id, "same words", before="", after=""))
    assert await stores[0].transaction(lambda db: db.audit.verify()) is None
    assert len(await stores[1].transaction(lambda db: db.audit.page(None, 100))) == CLAIMERS
