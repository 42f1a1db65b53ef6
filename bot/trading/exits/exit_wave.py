"""Sends many exits at once: what nothing guards goes side by side after one look at the books, the rest one by one."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.clock import ist_date
from bot.domain.errors import BrokerError, NotSent, SessionExpired, StorageAway
from bot.domain.orders.closing import closing_row
from bot.domain.orders.order import Order
from bot.domain.terms import Product, Side
from bot.trading.exits.live_exit import ExitResult, ExitState, ExitWanted, LiveExit
from bot.trading.proposals.drafting import open_units
from bot.trading.proposals.held import Held

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExitWave:
    """Many ways out of one account."""

    exits: LiveExit

    async def send(self, account_id: str, wanted: Sequence[ExitWanted], *, anew: bool = True) -> list[ExitResult | None]:
        """What became of each, in their order. None: the books could not be read, and nothing was done for it.

        anew: by a look that begins now. Else one of up to a second ago will do, if nothing is known to have changed since.

        The orders leave under the order rate. The claim of all that leave at once is made in one turn of the account.
        """
        results: list[ExitResult | None] = [None] * len(wanted)
        posts: dict[int, asyncio.Task[ExitResult]] = {}
        alone: list[int] = []
        try:
            async with self.exits.turn(account_id):
                await self._claim(account_id, wanted, results, posts, alone, anew=anew)
        except SessionExpired:
            if not posts:
                raise
        except (BrokerError, StorageAway) as error:  # what was claimed before is on its way
            log.info("account %s: exits wait: %s", account_id, type(error).__name__)
        sent = await asyncio.gather(*posts.values(), *(self._close(wanted[index]) for index in alone))
        for index, result in zip([*posts, *alone], sent, strict=True):
            results[index] = result
        return results

    async def _claim(
        self,
        account_id: str,
        wanted: Sequence[ExitWanted],
        results: list[ExitResult | None],
        posts: dict[int, "asyncio.Task[ExitResult]"],
        alone: list[int],
        *,
        anew: bool,
    ) -> None:
        """Stores the order of each exit that no other order stands in the way of, and lets it leave while the next is stored."""
        exits = self.exits
        look = await exits.reconcile.look(account_id, anew=anew)
        began = look.as_of
        sells_shares = any(each.draft.product is Product.CNC and each.draft.side is Side.SELL for each in wanted)
        holdings = await exits.connections.of(account_id).broker.holdings() if sells_shares else ()
        held = Held(positions=look.positions, holdings=holdings, read_at=began)
        orders = await exits.store.read(lambda db: db.orders.lately(account_id, ist_date(began), began))
        left: dict[object, int] = {}
        for index, each in enumerate(wanted):
            draft = each.draft
            row = closing_row(draft, open_units(draft, held.positions, held.holdings, orders, read_at=began), orders)
            if row.guards or row.others:
                alone.append(index)
                continue
            place = (draft.instrument.key, draft.product, draft.side)
            quantity = min(left.setdefault(place, row.open), draft.quantity)
            order = None
            if quantity > 0:
                try:
                    order = await exits.claimed(each, held, quantity)
                except NotSent:
                    results[index] = ExitResult(state=ExitState.KEPT)
                    continue
            if order is None:
                results[index] = ExitResult(state=ExitState.GONE)
                continue
            left[place] -= quantity
            posts[index] = asyncio.create_task(self._post(each, order), name=f"exit {order.id}")

    async def _post(self, wanted: ExitWanted, order: Order) -> ExitResult:
        return ExitResult(state=ExitState.SENT, order=await self.exits.sending.post(order, name=wanted.name, urgent=True))

    async def _close(self, wanted: ExitWanted) -> ExitResult | None:
        try:
            return await self.exits.close(wanted)
        except BrokerError as error:
            log.info("account %s: an exit waits: %s", wanted.account_id, type(error).__name__)
            return None
