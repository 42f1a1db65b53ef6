"""The scrip master on disk is whole or the one before, to the last digit."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.drawers import Drawers
from bot.domain.errors import StorageError
from bot.domain.instrument import Instrument
from bot.domain.ports import MasterDay
from storage.store import SqlStore
from tests.storage.samples import DAY, NOW, RELIANCE, a_store, a_vault, at_once
from tests.storage.strategies import instruments

MANY = [replace(RELIANCE, token=str(number), strike=Decimal(number)) for number in range(9001)]


async def test_no_master_is_none_and_an_empty_one_is_empty(store: SqlStore) -> None:
    assert await store.run(lambda drawers: drawers.master.load()) is None
    await store.run(lambda drawers: drawers.master.replace(DAY, [], NOW))
    assert await store.run(lambda drawers: drawers.master.load()) == (MasterDay(date=DAY, rows=0, loaded_at=NOW), [])


async def test_thousands_come_back_in_their_order_and_the_next_day_replaces_them_all(store: SqlStore) -> None:
    await store.run(lambda drawers: drawers.master.replace(DAY, MANY, NOW))
    assert await store.run(lambda drawers: drawers.master.load()) == (MasterDay(date=DAY, rows=9001, loaded_at=NOW), MANY)
    tomorrow = DAY + timedelta(days=1)
    await store.run(lambda drawers: drawers.master.replace(tomorrow, MANY[:3], NOW))
    assert await store.run(lambda drawers: drawers.master.load()) == (MasterDay(date=tomorrow, rows=3, loaded_at=NOW), MANY[:3])


async def test_a_swap_that_fails_leaves_the_old_one(store: SqlStore) -> None:
    await store.run(lambda drawers: drawers.master.replace(DAY, MANY, NOW))

    def fails(drawers: Drawers) -> None:
        drawers.master.replace(DAY, MANY[:5], NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.run(fails)
    found = await store.run(lambda drawers: drawers.master.load())
    assert found is not None
    assert found[1] == MANY


shared = SqlStore.open(None, a_vault(), inline=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(instruments(), max_size=5))
def test_any_instruments_come_back_to_the_last_digit(found: list[Instrument]) -> None:
    at_once(shared, lambda drawers: drawers.master.replace(DAY, found, NOW))
    stored = at_once(shared, lambda drawers: drawers.master.load())
    assert stored is not None
    assert repr(stored[1]) == repr(found)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM master_parts WHERE id = 0",
        "UPDATE master_parts SET body = x'00' WHERE id = 0",
        "UPDATE master_parts SET body = x'789c030000000001' WHERE id = 0",
        "UPDATE master SET rows = rows + 1",
    ],
)
async def test_a_master_that_is_not_whole_is_refused(tmp_path: Path, harm: str) -> None:
    store = await a_store(tmp_path / "bot.db")
    await store.run(lambda drawers: drawers.master.replace(DAY, MANY, NOW))
    with sqlite3.connect(tmp_path / "bot.db") as raw:
        raw.execute(harm)
    raw.close()
    with pytest.raises(StorageError, match="list of instruments"):
        await store.run(lambda drawers: drawers.master.load())
    await store.close()
