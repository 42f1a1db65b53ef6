"""What a person takes along as a spreadsheet, of a range of days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.errors import CheckFailed
from bot.domain.orders.order import Order
from bot.domain.people.account import Actor
from bot.domain.pnl import sheets
from bot.domain.pnl.sheets import Sheet
from bot.domain.ports.repositories import Repositories, Store
from bot.trading.money.range_pnl import DAY, RangePnl

MOST_ROWS = 50_000


class Export(StrEnum):
    """What can be exported."""

    TRADES = "trades"
    ORDERS = "orders"
    PNL = "pnl"
    TAX = "tax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Reads; nothing is kept of it."""

    store: Store
    range_pnl: RangePnl

    async def sheets(self, actor: Actor, what: Export, first: date, last: date) -> Sequence[Sheet]:
        """The tables, the telling one first; dates of India, both included. CheckFailed where a table would be too long."""
        made = await self._sheets(actor, what, first, last)
        if any(len(sheet.rows) > MOST_ROWS for sheet in made):
            raise CheckFailed([f"That is more than {MOST_ROWS:,} rows. Ask for a shorter range."])
        return made

    async def _sheets(self, actor: Actor, what: Export, first: date, last: date) -> Sequence[Sheet]:
        account, _ = self.range_pnl.books.connection(actor)
        match what:
            case Export.TRADES:
                fills = await self.store.transaction(lambda db: db.ledger.between(account.id, first, last))
                return [sheets.trades(fills)]
            case Export.ORDERS:

                def placed(db: Repositories) -> list[Order]:
                    days = (first + ahead * DAY for ahead in range((last - first).days + 1))
                    return [order for day in days for order in db.orders.of_day(account.id, day)]

                return [sheets.orders(await self.store.transaction(placed))]
            case Export.PNL:
                report = await self.range_pnl.of(actor, first, last)
                return [sheets.days(report), sheets.exits(report)]
            case Export.TAX:
                return sheets.tax(await self.range_pnl.of(actor, first, last))
