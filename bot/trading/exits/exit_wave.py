"""Sends many exits at once: what nothing guards leaves after one look at the books, and each guarded row goes its own way.

All of it goes side by side. The order rate bounds it, and rows of one instrument take turns.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from bot.domain.clock import ist_date
from bot.domain.errors import BrokerError, NotSent, SessionExpired, StorageAway
from bot.domain.exits.closing import closing_row
from bot.domain.orders.order import Order
from bot.domain.ports.repositories import Repositories
from bot.domain.terms import Product, Side
from bot.domain.value import positional
from bot.runtime.background import BackgroundTasks
from bot.trading.drafts.drafting import open_units
from bot.trading.exits.exit_wanted import ExitResult, ExitState, ExitWanted
from bot.trading.exits.in_band import in_band
from bot.trading.exits.live_exit import LiveExit

log = logging.getLogger(__name__)

Becoming = asyncio.Future[ExitResult | None]  # None: the books could not be read, and nothing was done


@positional
class ExitWave:
    """Many ways out of one account."""

    exits: LiveExit
    background: BackgroundTasks

    async def send(self, account_id: str, wanted: Sequence[ExitWanted], *, anew: bool = True) -> list[Becoming]:
        """What will have become of each, in their order. Each is under way, or is over, when this returns.

        The claim of all that nothing guards is made in one turn. SessionExpired where nothing left. anew: by a look that begins
        now. Else one of up to a second ago will do, if nothing is known to have changed since.
        """
        under_way: dict[int, Becoming] = {}
        turns = self.exits.turns
        alone = {index for index, each in enumerate(wanted) if turns.taken(account_id, each.draft.instrument.key)}
        keys = [each.draft.instrument.key for index, each in enumerate(wanted) if index not in alone]
        try:
            async with turns.of(account_id, *keys):
                await self._claim(account_id, wanted, under_way, alone, anew=anew)
        except SessionExpired:
            if not under_way:
                raise
        except (BrokerError, StorageAway) as error:  # what was claimed before is on its way
            log.info("account %s: exits wait: %s", account_id, type(error).__name__)
        for index in sorted(alone):
            under_way[index] = self.background.start(self._close(wanted[index]), f"a way out of plan {wanted[index].plan_id}")
        return [under_way.get(index) or _known(None) for index in range(len(wanted))]

    async def begin(
        self, account_id: str, wanted: Sequence[ExitWanted], first: Callable[[Repositories], bool]
    ) -> list[Becoming | None]:
        """Stores what begins a list, and in the same transaction the order of each exit that nothing stands in the way of.

        first: what is written before the orders, False where it was written already. None for an exit of which no order was
        stored: it is sent like those of any list. Only what leaves at this moment is stored so. BrokerError and StorageAway:
        nothing was.
        """
        exits, turns = self.exits, self.exits.turns
        room = exits.connections.of(account_id).broker.exits_at_once
        able = [index for index, each in enumerate(wanted) if not turns.taken(account_id, each.draft.instrument.key)][:room]
        mine = [wanted[index] for index in able]
        async with turns.of(account_id, *(each.draft.instrument.key for each in mine)):
            held, _ = await exits.rows.held(account_id, holdings=_of_shares(mine), anew=False)
            drafts = [await in_band(account_id, each.draft, exits.proposing) for each in mine]
            claims = [
                partial(exits.claim, wanted=each, draft=draft, held=held, queues=False)
                for each, draft in zip(mine, drafts, strict=True)
            ]
            orders = dict(zip(able, await exits.orders.all_taken(claims, first=first), strict=True))
        return [
            None if (order := orders.get(index)) is None else self.background.start(self._post(each, order), f"exit {order.id}")
            for index, each in enumerate(wanted)
        ]

    async def _claim(
        self, account_id: str, wanted: Sequence[ExitWanted], under_way: dict[int, Becoming], alone: set[int], *, anew: bool
    ) -> None:
        """Stores the order of each exit that no other order stands in the way of, and lets it leave while the next is stored.

        alone: those that are to go their own way. It grows by those that another order stands in the way of.
        """
        if len(alone) == len(wanted):
            return
        exits = self.exits
        held, began = await exits.rows.held(account_id, holdings=_of_shares(wanted), anew=anew)
        orders = await exits.store.read(lambda db: db.orders.lately(account_id, ist_date(began), began))
        left: dict[object, int] = {}
        for index, each in enumerate(wanted):
            if index in alone:
                continue
            draft = each.draft
            row = closing_row(draft, open_units(draft, held.positions, held.holdings, orders, read_at=began), orders)
            if row.guards or row.others:
                alone.add(index)
                continue
            place = (draft.instrument.key, draft.product, draft.side)
            quantity = min(left.setdefault(place, row.open), draft.quantity)
            order = None
            if quantity > 0:
                try:
                    order = await exits.claimed(each, held, quantity, ahead=len(under_way))
                except NotSent:
                    under_way[index] = _known(ExitResult(state=ExitState.KEPT))
                    continue
            if order is None:
                under_way[index] = _known(ExitResult(state=ExitState.GONE))
                continue
            left[place] -= quantity
            under_way[index] = self.background.start(self._post(each, order), f"exit {order.id}")

    async def _post(self, wanted: ExitWanted, order: Order) -> ExitResult | None:
        return ExitResult(state=ExitState.SENT, order=await self.exits.sending.post(order, name=wanted.name, urgent=True))

    async def _close(self, wanted: ExitWanted) -> ExitResult | None:
        try:
            return await self.exits.close(wanted)
        except BrokerError as error:
            log.info("account %s: an exit waits: %s", wanted.account_id, type(error).__name__)
            return None


def _of_shares(wanted: Sequence[ExitWanted]) -> bool:
    """Whether holdings are sold."""
    return any(each.draft.product is Product.CNC and each.draft.side is Side.SELL for each in wanted)


def _known(result: ExitResult | None) -> Becoming:
    becoming: Becoming = asyncio.get_running_loop().create_future()
    becoming.set_result(result)
    return becoming
