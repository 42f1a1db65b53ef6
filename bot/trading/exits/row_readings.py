"""Reads what of a row an exit could have, from books that change while they are read."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.exits.closing import ClosingRow, closes_same, closing_row
from bot.domain.orders.order import OrderDraft
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Store
from bot.domain.terms import Product, Side
from bot.domain.value import value
from bot.trading.drafts.drafting import open_units
from bot.trading.drafts.held import Held
from bot.trading.sync.reconcile import Reconcile
from bot.trading.sync.shared_reads import SharedReads

READINGS = 3  # of one row at most, where something moves meanwhile
MOTION = timedelta(seconds=3)  # that an order counts as moving after its last change
PAUSE = 0.5  # seconds between two of them


def unguarded(row: ClosingRow) -> int:
    """What no order of that side has."""
    return row.unguarded


def left(row: ClosingRow) -> int:
    """What no other exit is closing: stops give way."""
    return row.open - row.held_by_others


@value
class RowReadings:
    """Each reading is of one look at all books. What filled during it is not relied upon: the books are looked at again.

    A change that makes no order larger relies on a look of up to a second ago, if nothing is known to have changed since. A
    new order looks anew.
    """

    store: Store
    connections: BrokerConnections
    reconcile: Reconcile
    reads: SharedReads
    clock: Clock

    async def standing(
        self, account_id: str, draft: OrderDraft, *, besides: Collection[str] = (), anew: bool = True
    ) -> tuple[ClosingRow, Held]:
        """The row that a draft would close, from the books as they are now. BrokerError when they cannot be read.

        A fill that was noted while positions were read may be in them or not: they are read again, a few times at most.
        anew: by a look that begins now.
        """
        for _ in range(READINGS - 1):
            row, held, sure = await self._standing(account_id, draft, besides, anew=anew)
            if sure:
                return row, held
        row, held, _ = await self._standing(account_id, draft, besides, anew=anew)
        return row, held

    async def calm(
        self, account_id: str, draft: OrderDraft, *, besides: Collection[str], free: Callable[[ClosingRow], int], anew: bool
    ) -> tuple[ClosingRow, Held]:
        """The same, once no other exit that has just moved may be counted twice: as pending, and in the position as filled.

        free: what of the row the draft could have. It waits a second at most, and then takes what is surely free.
        """
        row, held = await self.standing(account_id, draft, besides=besides, anew=anew)
        for _ in range(READINGS - 1):
            now = self.clock.now()
            moved = any(now - order.updated_at < MOTION for order in (*row.others, *row.guards))
            if free(row) >= min(draft.quantity, row.open) or not moved:
                break
            await asyncio.sleep(PAUSE)
            row, held = await self.standing(account_id, draft, besides=besides)
        return row, held

    async def _standing(
        self, account_id: str, draft: OrderDraft, besides: Collection[str], *, anew: bool
    ) -> tuple[ClosingRow, Held, bool]:
        """The last: whether every fill that is known was known before positions were read."""
        shares = draft.side is Side.SELL and draft.product is Product.CNC
        held, began = await self.held(account_id, holdings=shares, anew=anew)
        orders = await self.store.read(lambda db: db.orders.lately(account_id, ist_date(began), began))
        open_ = open_units(draft, held.positions, held.holdings, orders, read_at=began)
        sure = not any(order.filled and order.updated_at >= began for order in orders if closes_same(order, draft))
        return closing_row(draft, open_, orders, besides=besides), held, sure

    async def held(self, account_id: str, *, holdings: bool, anew: bool = True) -> tuple[Held, datetime]:
        """Positions (and holdings), and since when a fill may not be in them. Those who ask at once share one reading."""
        if not holdings:
            look = await self.reconcile.look(account_id, anew=anew)
            return Held(positions=look.positions, read_at=look.as_of), look.as_of
        look, demat = await asyncio.gather(self.reconcile.look(account_id, anew=anew), self.reads.holdings(account_id, anew=True))
        began = min(look.as_of, demat.as_of + timedelta.resolution)
        return Held(positions=look.positions, holdings=demat.value, read_at=began), began
