"""What the day has made, charges included, and the lock that falls at the daily loss: judged after each fill and by the clock."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.domain.charges.charges import Tariff
from bot.domain.charges.day_bill import Event
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.ports.broker import BrokerConnection, BrokerConnections
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import PnL, Positions
from bot.domain.value import value
from bot.runtime.signal import Signal
from bot.trading.account.account_views import or_none, wants_price
from bot.trading.account.day_charges import day_charges
from bot.trading.account.day_events import DayEvents
from bot.trading.account.prices import Prices
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.ledger.day_book import DayBook
from bot.trading.safety.limits import day_lock

log = logging.getLogger(__name__)

OPEN, FLAT = 20.0, 60.0  # seconds between checks with and without an open position; a fill is checked at once


@value
class Results:
    """The day's result of one account, an overnight gap included, from the ledger, the broker's books and the prices of now."""

    prices: Prices
    instruments: Catalogue
    tariff: Tariff
    plan: BrokeragePlan | None
    day_book: DayBook
    events: DayEvents
    clock: Clock

    async def of(self, account_id: str, connection: BrokerConnection) -> PnL | None:
        """Today's booked, open and the charges that are known, in rupees. None when a price or a cost is not known.

        BrokerError passes through.
        """
        positions, trades = await asyncio.gather(connection.broker.positions(), or_none(connection.broker.trades))
        sold = any(position.is_sold_holding for position in positions)
        holdings = await or_none(connection.broker.holdings) if sold else ()
        prices = await self.prices.of_all(account_id, wants_price(positions))
        prices, _, ends = await self.events.settled(account_id, positions, prices)
        now = self.clock.now()
        lines = await self.day_book.lines(account_id, positions, prices=prices, holdings=holdings or (), trades=trades or ())
        made = Positions(lines=lines, as_of=now)
        if made.unknown:
            return None
        bill = None
        if trades is not None:
            squared_off = await self.events.squared_off(account_id, trades)
            events: list[Event] = [*squared_off, *ends, *await self.events.loans.of(account_id, positions)]
            bill = day_charges(
                trades,
                instruments=self.instruments,
                tariff=self.tariff,
                plan=self.plan,
                today=ist_date(now),
                events=events,
            )
        return PnL(
            booked=made.booked,
            open=made.open,
            charges=bill.total if bill is not None else None,
            charges_missing=bill.missing if bill is not None else (),
            as_of=now,
            lines=lines,
            adjustment=made.adjustment,
        )


async def unheard(_account_id: str, _result: PnL) -> None:
    """Takes a reading, and does nothing with it."""


@dataclass(slots=True)
class _LossCheck:
    """When an account was last judged, and on what. The next check is due when that may have changed."""

    at: float  # loop time
    fills: int | None = None  # None: its result could not be read
    every: float = OPEN


@dataclass(slots=True, kw_only=True)
class LossGuard:
    """Watches the accounts that have a daily loss limit. The others cost nothing."""

    store: Store
    connections: BrokerConnections
    results: Results
    clock: Clock
    read: Callable[[str, PnL], Awaitable[None]] = unheard  # told of each reading, for what else it is good for
    _wake: Signal = field(default_factory=Signal)
    _checks: dict[str, _LossCheck] = field(default_factory=dict)

    def wake(self) -> None:
        """Something changed: perhaps an order filled."""
        self._wake()

    async def run(self) -> None:
        """Judges every account with a session, for ever."""
        while True:
            opened = list(self.connections.opened())
            self._checks = {account_id: check for account_id, check in self._checks.items() if account_id in opened}
            for account_id in opened:
                try:
                    await self.judge(account_id)
                except (BrokerError, StorageAway) as error:
                    log.info("account %s: the day's result could not be read: %s", account_id, type(error).__name__)
            await self._wake.wait(min((check.every for check in self._checks.values()), default=None))

    async def judge(self, account_id: str) -> bool:
        """Locks the day when its loss is reached. Whether this call did. Reads the broker only when it may have changed."""
        connection = self.connections.of(account_id)
        now, moment = self.clock.now(), asyncio.get_running_loop().time()
        today = ist_date(now)
        if self.connections.session_of(account_id, now) is None:
            self._checks.pop(account_id, None)  # the login that comes next wakes us
            return False

        def watched(db: Repositories) -> int | None:
            unlimited = db.limits.on(account_id, today).daily_loss is None
            if unlimited or db.limits.day_lock(account_id, today) is not None:
                return None
            return len(db.orders.fills_of_day(account_id, today))

        fills = await self.store.read(watched)
        last = self._checks.get(account_id)
        if fills is None:
            self._checks.pop(account_id, None)  # and so does a change of the limits
            return False
        if last is not None and last.fills == fills and moment - last.at < last.every:
            return False
        self._checks[account_id] = _LossCheck(at=moment)
        result = await self.results.of(account_id, connection)
        if result is None:
            return False
        await self.read(account_id, result)
        is_open = any(line.position.quantity for line in result.lines)
        self._checks[account_id] = _LossCheck(at=moment, fills=fills, every=OPEN if is_open else FLAT)

        def lock(db: Repositories) -> bool:
            limits = db.limits.on(account_id, today)
            return day_lock(db, account_id, limits=limits, result=result, clock=self.clock) is not None

        locked = await self.store.transaction(lock)
        if locked:
            log.warning("account %s: the daily loss is reached, the day is locked", account_id)
        return locked
