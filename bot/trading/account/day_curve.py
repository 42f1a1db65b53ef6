"""What the day has made, noted each minute of the session: the curve that a day's picture draws and its lowest point."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.money import ZERO
from bot.domain.pnl.range_report import CurvePoint
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import PnL
from bot.trading.account.loss_guard import Results, unheard

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between two points


@dataclass(slots=True)
class _Noted:
    """The last point of an account, and what it was made of."""

    at: float  # loop time
    day: date
    fills: int
    is_open: bool


@dataclass(slots=True, kw_only=True)
class DayCurve:
    """Reads the broker only for an account that has something to gain or lose. A reading that was made anyway serves too."""

    store: Store
    connections: BrokerConnections
    results: Results
    clock: Clock
    in_session: Callable[[datetime], bool]  # whether prices move at a moment (UTC)
    day_before: Callable[[date], date]  # the trading day before a date in India
    read: Callable[[str, PnL], Awaitable[None]] = unheard  # told of each reading, for what else it is good for
    _noted: dict[str, _Noted] = field(default_factory=dict)

    async def run(self) -> None:
        """A point a minute of every account with a session, for ever."""
        while True:
            await asyncio.sleep(EVERY)
            if not self.in_session(self.clock.now()):
                continue
            for account_id in list(self.connections.opened()):
                try:
                    await self.sample(account_id)
                except (BrokerError, StorageAway) as error:
                    log.info("account %s: no point of the day's curve: %s", account_id, type(error).__name__)

    async def sample(self, account_id: str) -> bool:
        """Notes a point where the day may have changed since the last one. Whether it did. BrokerError passes through."""
        connection = self.connections.of(account_id)
        now, moment = self.clock.now(), asyncio.get_running_loop().time()
        if self.connections.session_of(account_id, now) is None:
            return False
        today = ist_date(now)

        def at_stake(db: Repositories) -> tuple[int, bool]:
            marks = db.ledger.marks(account_id, self.day_before(today))
            return db.ledger.count(account_id, today), any(mark.quantity for mark in marks.values())

        fills, carried = await self.store.read(at_stake)
        last = self._noted.get(account_id)
        if last is None or last.day != today:
            idle = not fills and not carried
        else:
            idle = moment - last.at < EVERY / 2 or (not last.is_open and last.fills == fills)
        if idle:
            return False
        result = await self.results.of(account_id, connection)
        if result is None:
            return False
        await self.read(account_id, result)
        return await self._note(account_id, result, fills, moment)

    async def heard(self, account_id: str, result: PnL) -> None:
        """A reading that somebody else made in the session. It is noted where the last point is a minute old."""
        if not self.in_session(result.as_of):
            return
        await self.read(account_id, result)
        moment, today = asyncio.get_running_loop().time(), ist_date(result.as_of)
        last = self._noted.get(account_id)
        if last is not None and last.day == today and moment - last.at < EVERY:
            return
        fills = await self.store.read(lambda db: db.ledger.count(account_id, today))
        if fills or any(line.position.quantity for line in result.lines):
            await self._note(account_id, result, fills, moment)

    async def _note(self, account_id: str, result: PnL, fills: int, moment: float) -> bool:
        is_open = any(line.position.quantity for line in result.lines)
        self._noted[account_id] = _Noted(moment, ist_date(result.as_of), fills, is_open)
        point = CurvePoint(at=result.as_of, net=result.gross - (result.charges or ZERO))
        await self.store.transaction(lambda db: db.ledger.note_point(account_id, point))
        return True
