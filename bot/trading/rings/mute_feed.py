"""A feed that is connected and silent while the market is open: rings once, and again when it speaks."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.news.rings import FeedMute
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Store
from bot.trading.ticks.tick_watcher import TickWatcher

log = logging.getLogger(__name__)

LOOKS = 5.0  # seconds between two looks
MUTE = 60.0  # seconds; the socket connects anew after twenty, and what is silent beyond that is mute


@dataclass(slots=True)
class _Silence:
    """Of one account, in loop time."""

    since: float  # from when on it should have spoken
    rung: bool = False


@dataclass(slots=True, kw_only=True)
class MuteFeed:
    """A feed that is not connected is none of its business: that is told when it is back."""

    store: Store
    connections: BrokerConnections
    watcher: TickWatcher
    clock: Clock
    in_session: Callable[[datetime], bool]  # whether prices move at a moment (UTC)
    _silences: dict[str, _Silence] = field(default_factory=dict)

    async def run(self) -> None:
        """Looks at every account with a session, for ever."""
        while True:
            await asyncio.sleep(LOOKS)
            opened = list(self.connections.opened())
            self._silences = {key: silence for key, silence in self._silences.items() if key in opened}
            for account_id in opened:
                try:
                    await self._look(account_id)
                except (BrokerError, StorageAway) as error:  # it was unlinked meanwhile, or the ring comes with the next look
                    log.info("account %s: whether its feed speaks could not be told: %s", account_id, type(error).__name__)

    async def _look(self, account_id: str) -> None:
        moment, now = asyncio.get_running_loop().time(), self.clock.now()
        quiet, silence = self.watcher.silent_for(account_id), self._silences.get(account_id)
        if silence is not None and quiet is not None and moment - quiet > silence.since:
            if silence.rung:
                await self._tell(account_id, FeedMute(since=now - timedelta(seconds=moment - silence.since), sees=True))
            del self._silences[account_id]  # it spoke
            silence = None
        session = self.connections.of(account_id).session
        alive = session is not None and session.alive(now)
        if not alive or not self.in_session(now) or not self.watcher.watches(account_id):
            if silence is not None and not silence.rung:
                del self._silences[account_id]
            return
        if silence is None:
            self._silences[account_id] = _Silence(since=moment)
        elif not silence.rung and moment - silence.since >= MUTE and self.watcher.connected(account_id):
            await self._tell(account_id, FeedMute(since=now - timedelta(seconds=moment - silence.since)))
            silence.rung = True

    async def _tell(self, account_id: str, news: FeedMute) -> None:
        at = self.clock.now()
        await self.store.transaction(
            lambda db: db.outbox.add(account_id, db.people.watching(account_id), news, at, order_id=None)
        )
