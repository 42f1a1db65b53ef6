"""Turns: one at a time reads what is open of an instrument in an account and acts on it.

Other instruments do not wait.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.domain.market.instrument import InstrumentKey


class Turns:
    """All turns of this process. An instrument has one for all its products: a conversion touches two of them."""

    def __init__(self) -> None:
        self._locks: defaultdict[tuple[str, InstrumentKey], asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def of(self, account_id: str, *keys: InstrumentKey) -> AsyncIterator[None]:
        """The turns of all these instruments. They are taken in one order, so that no two callers wait for each other."""
        async with AsyncExitStack() as stack:
            for key in sorted(set(keys)):
                await stack.enter_async_context(self._locks[account_id, key])
            yield

    def taken(self, account_id: str, key: InstrumentKey) -> bool:
        """Whether somebody has this turn, or waits for it."""
        lock = self._locks.get((account_id, key))
        return lock is not None and lock.locked()
