"""A named job runs once for its date, and again only when it gave its claim back."""

from storage.store import SqlStore
from tests.storage.samples import NOW


async def test_a_job_is_claimed_once_for_each_date_until_it_is_given_back(store: SqlStore) -> None:
    assert await store.run(lambda drawers: drawers.jobs.claim("report", "2026-11-20", NOW))
    assert not await store.run(lambda drawers: drawers.jobs.claim("report", "2026-11-20", NOW))
    assert await store.run(lambda drawers: drawers.jobs.claim("report", "2026-11-23", NOW))
    assert await store.run(lambda drawers: drawers.jobs.claim("login", "2026-11-20", NOW))
    await store.run(lambda drawers: drawers.jobs.release("report", "2026-11-20"))
    assert await store.run(lambda drawers: drawers.jobs.claim("report", "2026-11-20", NOW))
    assert not await store.run(lambda drawers: drawers.jobs.claim("login", "2026-11-20", NOW))
