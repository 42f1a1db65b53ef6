"""Lines that are silent while the market is open: a feed without ticks, a feed that is gone, a broker that does not answer.

Each rings once. A mute feed rings again when it speaks, also one that connects anew and stays mute. The return of what was
gone is told with what was missed (bot/trading/sync/gaps.py).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.news.connections import FeedLost, Source
from bot.domain.news.days.rings import FeedMute
from bot.domain.news.notice import Notice
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.safety.announce import tell_all
from bot.trading.sync.gaps import NOTICED, at_stake
from bot.trading.sync.reconcile import Reconcile
from bot.trading.ticks.tick_watcher import TickWatcher

log = logging.getLogger(__name__)

LOOKS = 5.0  # seconds between two looks
MUTE = 60.0  # seconds; the socket connects anew after twenty, and the books are asked for every ten: what lasts longer is told


@dataclass(slots=True)
class _Silence:
    """The silence of one account, in loop time."""

    since: float  # from when on it should have spoken
    rung: bool = False
    gone: bool = False  # what rang was that the feed is gone
    parted_at: float | None = None  # since when it is not connected. None: it is
    was_away: bool = False  # it was not connected for so long that its return is told by itself (gaps.py)


@dataclass(slots=True, kw_only=True)
class SilentLines:
    """Looks at the feed and the books of every account with a session, while prices move."""

    store: Store
    connections: BrokerConnections
    watcher: TickWatcher
    reconcile: Reconcile
    clock: Clock
    in_session: Callable[[datetime], bool]  # whether prices move at a moment (UTC)
    _silences: dict[str, _Silence] = field(default_factory=dict)
    _unread: dict[str, _Silence] = field(default_factory=dict)  # of the books

    async def run(self) -> None:
        """Looks at every account with a session, for ever."""
        while True:
            await asyncio.sleep(LOOKS)
            opened = list(self.connections.opened())
            self._silences = {key: silence for key, silence in self._silences.items() if key in opened}
            self._unread = {key: silence for key, silence in self._unread.items() if key in opened}
            for account_id in opened:
                try:
                    await self._look(account_id)
                    await self._look_at_books(account_id)
                except (BrokerError, StorageAway) as error:  # it was unlinked meanwhile, or the ring comes with the next look
                    log.info("account %s: whether its lines speak could not be told: %s", account_id, type(error).__name__)

    async def _look(self, account_id: str) -> None:
        moment, now = asyncio.get_running_loop().time(), self.clock.now()
        quiet, silence = self.watcher.silent_for(account_id), self._silences.get(account_id)
        if silence is not None and quiet is not None and moment - quiet > silence.since:
            if silence.rung and not (silence.gone and silence.was_away):
                await self._tell(account_id, FeedMute(since=now - timedelta(seconds=moment - silence.since), sees=True))
            del self._silences[account_id]  # it spoke
            silence = None
        if not self._should_speak(account_id, now) or not self.watcher.watches(account_id):
            if silence is not None and not silence.rung:
                del self._silences[account_id]
            return
        connected = self.watcher.connected(account_id)
        if silence is not None:
            silence.parted_at = None if connected else moment if silence.parted_at is None else silence.parted_at
            silence.was_away |= silence.parted_at is not None and moment - silence.parted_at >= NOTICED.total_seconds()
        if silence is None:
            self._silences[account_id] = _Silence(since=moment, parted_at=None if connected else moment)
        elif not silence.rung and moment - silence.since >= MUTE:
            since = now - timedelta(seconds=moment - silence.since)
            await self._tell(account_id, FeedMute(since=since) if connected else FeedLost(since=since))
            silence.rung, silence.gone = True, not connected

    async def _look_at_books(self, account_id: str) -> None:
        moment, now, away = asyncio.get_running_loop().time(), self.clock.now(), self.reconcile.down_since(account_id)
        if away is None:
            self._unread.pop(account_id, None)
            return
        silence = self._unread.setdefault(account_id, _Silence(since=moment))
        if silence.rung or moment - silence.since < MUTE or not self._should_speak(account_id, now):
            return
        rows = self.reconcile.open_rows(account_id)
        is_open = rows is not None and any(rows.units.values())
        if is_open or await self.store.transaction(lambda db: at_stake(db, account_id)):
            await self._tell(account_id, FeedLost(source=Source.BOOKS, since=away))
            self.reconcile.told_down(account_id)
            silence.rung = True

    def _should_speak(self, account_id: str, now: datetime) -> bool:
        return self.connections.session_of(account_id, now) is not None and self.in_session(now)

    async def _tell(self, account_id: str, news: Notice) -> None:
        at = self.clock.now()

        def tell(db: Repositories) -> None:
            tell_all(db, account_id, news, at)

        await self.store.transaction(tell)
