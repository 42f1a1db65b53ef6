"""Every use case, built once at the front door and handed to the face."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.account import Account, Actor
from bot.domain.clock import Clock
from bot.domain.drawers import Drawers, Store
from bot.domain.order import LOOKED_FOR
from bot.domain.proposal import Status
from bot.trading.accounts import Accounts
from bot.trading.books import Books
from bot.trading.desk import TradingDesk
from bot.trading.joining import Joining
from bot.trading.limits import OwnLimits
from bot.trading.entering import Entering
from bot.trading.market import Market
from bot.trading.pins import Pins
from bot.trading.reports import Reports
from bot.trading.roster import Roster
from bot.trading.switch import Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What handlers may call."""

    roster: Roster
    accounts: Accounts
    desk: TradingDesk
    books: Books
    market: Market
    switch: Switch
    joining: Joining
    limits: OwnLimits
    pins: Pins
    reports: Reports
    entering: Entering
    host: "Host"
    mode: str  # PAPER or LIVE: stands on every card that touches money
    clock: Clock


@dataclass(slots=True, kw_only=True)
class Host:
    """How the bot itself is doing."""

    store: Store
    accounts: Accounts
    books: Books
    clock: Clock
    mode: str
    version: str
    started_at: datetime

    async def status(self, actor: Actor) -> Status:
        """The bot's own state, for /status."""

        def read(drawers: Drawers) -> tuple[list[Account], tuple[int, int], int]:
            waiting = sum(order.status in LOOKED_FOR for order in drawers.orders.unsettled())
            mine = [one for one in drawers.accounts.all() if drawers.people.role_on(actor.user.telegram_id, one.id) is not None]
            return mine, drawers.outbox.counts(), waiting

        mine, (waiting, buried), looked_for = await self.store.run(read)
        instruments = self.books.instruments
        return Status(
            mode=self.mode,
            version=self.version,
            started_at=self.started_at,
            now=self.clock.now(),
            sessions=tuple([await self.accounts.line_of(account) for account in mine]),
            notices_waiting=waiting,
            notices_buried=buried,
            master_date=instruments.day.isoformat() if instruments.day else None,
            master_rows=len(instruments),
            looked_for=looked_for,
        )
