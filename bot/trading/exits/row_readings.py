"""Reads what of a row an exit could have, from books that change while they are read."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.orders.closing import ClosingRow, closes_same, closing_row
from bot.domain.orders.order import OrderDraft
from bot.domain.ports.broker import BrokerConnections
from bot.domain.ports.repositories import Store
from bot.trading.proposals.drafting import open_units
from bot.trading.proposals.held import Held
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.sync.reconcile import Reconcile

READINGS = 3  # of one row at most, where something moves meanwhile
MOTION = timedelta(seconds=3)  # that an order counts as moving after its last change
PAUSE = 0.5  # seconds between two of them


def unguarded(row: ClosingRow) -> int:
    """What no order of that side has."""
    return row.unguarded


def left(row: ClosingRow) -> int:
    """What no other exit is closing: stops give way."""
    return row.open - row.held_by_others


@dataclass(frozen=True, slots=True, kw_only=True)
class RowReadings:
    """Each reading is of the order book first, and then of positions."""

    store: Store
    connections: BrokerConnections
    proposing: ProposalBuilder
    reconcile: Reconcile
    clock: Clock

    async def standing(self, account_id: str, draft: OrderDraft, *, besides: Collection[str] = ()) -> tuple[ClosingRow, Held]:
        """The row that a draft would close, from the books as they are now. BrokerError when they cannot be read.

        A fill that was noted while positions were read may be in them or not: they are read again, a few times at most.
        """
        for _ in range(READINGS - 1):
            row, held, sure = await self._standing(account_id, draft, besides)
            if sure:
                return row, held
        row, held, _ = await self._standing(account_id, draft, besides)
        return row, held

    async def calm(
        self, account_id: str, draft: OrderDraft, *, besides: Collection[str], free: Callable[[ClosingRow], int]
    ) -> tuple[ClosingRow, Held]:
        """The same, once no other exit that has just moved may be counted twice: as pending, and in the position as filled.

        free: what of the row the draft could have. It waits a second at most, and then takes what is surely free.
        """
        row, held = await self.standing(account_id, draft, besides=besides)
        for _ in range(READINGS - 1):
            now = self.clock.now()
            moved = any(now - order.updated_at < MOTION for order in (*row.others, *row.guards))
            if free(row) >= min(draft.quantity, row.open) or not moved:
                break
            await asyncio.sleep(PAUSE)
            row, held = await self.standing(account_id, draft, besides=besides)
        return row, held

    async def _standing(self, account_id: str, draft: OrderDraft, besides: Collection[str]) -> tuple[ClosingRow, Held, bool]:
        """The last: whether every fill that is known was known before positions were read."""
        await self.reconcile.sync(account_id)
        connection = self.connections.of(account_id)
        began = self.clock.now() + timedelta.resolution  # the fills that this sync told are in the positions read after it
        held = await self.proposing.held(connection, draft.side, draft.product, draft.instrument)
        if held.read_at is None:  # a purchase in delivery hangs on no position, but for one that closes
            held = Held(positions=await connection.broker.positions(urgent=True))
        held = replace(held, read_at=began)
        orders = await self.store.transaction(lambda db: db.orders.lately(account_id, ist_date(began), began))
        open_ = open_units(draft, held.positions, held.holdings, orders, read_at=held.read_at)
        sure = not any(order.filled and order.updated_at >= began for order in orders if closes_same(order, draft))
        return closing_row(draft, open_, orders, besides=besides), held, sure
