"""Which scrip master is in use is remembered, one at a time."""

from datetime import timedelta

from bot.domain.market.instrument import MasterDay
from tests.storage.samples import DAY, NOW, a_store


async def test_before_the_first_master_there_is_none_and_a_new_one_takes_the_place_of_the_old() -> None:
    store = await a_store()
    assert await store.transaction(lambda db: db.scrip_master.last()) is None
    await store.transaction(lambda db: db.scrip_master.note(DAY, 150_000, NOW))
    tomorrow = DAY + timedelta(days=1)
    await store.transaction(lambda db: db.scrip_master.note(tomorrow, 151_000, NOW))
    assert await store.transaction(lambda db: db.scrip_master.last()) == MasterDay(date=tomorrow, rows=151_000, loaded_at=NOW)
