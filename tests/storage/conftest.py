"""The storage tests' own fixture: a seeded store on the calling thread."""

from collections.abc import AsyncIterator

import pytest

from storage.store import SqlStore
from tests.storage.samples import a_store


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """In memory, with an owner (PERSON) and a linked account (ACCOUNT)."""
    async with await a_store() as opened:
        yield opened
