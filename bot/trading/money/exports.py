"""What a person takes along as a spreadsheet, of a range of days."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from bot.domain.errors import CheckFailed
from bot.domain.people.account import Actor
from bot.domain.pnl import sheets
from bot.domain.pnl.sheets import Sheet
from bot.domain.value import value
from bot.trading.money.range_pnl import RangePnl

MOST_ROWS = 50_000


class Export(StrEnum):
    """What can be exported."""

    TRADES = "trades"
    ORDERS = "orders"
    PNL = "pnl"
    TAX = "tax"


@value
class Exports:
    """Reads only. Nothing is kept of it."""

    range_pnl: RangePnl

    async def sheets(self, actor: Actor, what: Export, first: date, last: date) -> Sequence[Sheet]:
        """The tables, the telling one first.

        The dates are India's, both included. CheckFailed where a table would be too long.
        """
        made = await self._sheets(actor, what, first, last)
        if any(len(sheet.rows) > MOST_ROWS for sheet in made):
            raise CheckFailed([f"That is more than {MOST_ROWS:,} rows. Ask for a shorter range."])
        return made

    async def _sheets(self, actor: Actor, what: Export, first: date, last: date) -> Sequence[Sheet]:
        account, _ = self.range_pnl.views.connection(actor)
        match what:
            case Export.TRADES:
                return [sheets.trades(await self.range_pnl.fills(account.id, first, last))]
            case Export.ORDERS:
                return [sheets.orders(await self.range_pnl.orders(account.id, first, last))]
            case Export.PNL:
                report = await self.range_pnl.of(actor, first, last)
                return [sheets.days(report), sheets.exits(report), sheets.slippage(report)]
            case Export.TAX:
                return sheets.tax(await self.range_pnl.of(actor, first, last))
