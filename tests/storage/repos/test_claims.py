"""A named job runs once for its date, and again only when it gave its claim back."""

from storage.store import SqlStore
from tests.storage.samples import NOW


async def test_a_job_is_claimed_once_for_each_date_until_it_is_given_back(store: SqlStore) -> None:
    assert await store.transaction(lambda db: db.claims.claim("report", "2026-11-20", NOW))
    assert not await store.transaction(lambda db: db.claims.claim("report", "2026-11-20", NOW))
    assert await store.transaction(lambda db: db.claims.claim("report", "2026-11-23", NOW))
    assert await store.transaction(lambda db: db.claims.claim("login", "2026-11-20", NOW))
    await store.transaction(lambda db: db.claims.release("report", "2026-11-20"))
    assert await store.transaction(lambda db: db.claims.claim("report", "2026-11-20", NOW))
    assert not await store.transaction(lambda db: db.claims.claim("login", "2026-11-20", NOW))
