"""Exits held back because mStock is squaring off the same.

What it leaves is sent when a person says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain.clock import Clock
from bot.domain.exits.exit_list import HELD_FOR, ExitList, ExitRow, RowState, Slice
from bot.domain.market.instrument import Instrument
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import Order
from bot.domain.people.account import Actor, Permission
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.terms import Product
from bot.domain.value import value
from bot.trading.actor import demand_role
from bot.trading.exits.exit_state import load_alive
from bot.trading.safety.announce import tell_all


@value
class HeldBack:
    """What a list does with rows that an order of the broker's own is closing. A panic tries them again by itself."""

    store: Store
    clock: Clock
    squares_off: Callable[[Instrument, Product], bool]  # whether the broker closes such positions itself by now

    def is_theirs(self, order: Order | None) -> bool:
        """Whether an order may be the broker's own square-off: from elsewhere, intraday, after its time."""
        return order is not None and not order.is_ours and self.squares_off(order.draft.instrument, order.draft.product)

    def again(self, exits: ExitList) -> list[tuple[ExitRow, Slice]]:
        """What is read and tried once more: rows that are held back and whose time is not over."""
        now = self.clock.now()
        rows = [row for row in exits.rows if row.back and (row.since is None or now - row.since < HELD_FOR)]
        return [(row, piece) for row in rows for piece in row.slices if _is_held(piece)]

    def waits(self, exits: ExitList) -> bool:
        """Whether a row is held back yet."""
        return any(row.back and any(_is_held(piece) for piece in row.slices) for row in exits.rows)

    async def ring(self, exits: ExitList, orders: dict[str, Order]) -> None:
        """Asks once for each row whose time is over."""
        now = self.clock.now()
        late = [
            row
            for row in exits.rows
            if row.back and row.number not in exits.rung and any(_is_held(piece) for piece in row.slices)
            if row.since is not None and now - row.since >= HELD_FOR
        ]
        if not late:
            return

        def tell(db: Repositories) -> None:
            found = load_alive(db, exits.plan_id)
            if found is None:
                return
            db.exit_lists.save(replace(found.exits, rung=(*found.exits.rung, *(row.number for row in late))))
            rows = tuple(exits.row_told(row, orders) for row in late)
            news = ExitsTold(plan_id=exits.plan_id, kind=exits.kind, told=Told.HELD, at=now, rows=rows, of=len(exits.rows))
            tell_all(db, exits.account_id, news, now)

        await self.store.transaction(tell)

    async def release(self, actor: Actor, plan_id: str) -> Sequence[int]:
        """The person says: send mine for what is left. Returns the legs that are read and tried at once."""

        def write(db: Repositories) -> list[int]:
            demand_role(db, actor, Permission.REDUCE, "You may not close positions here any more.")
            found = load_alive(db, plan_id)
            if found is None:
                return []
            exits, legs = found.exits, []
            for row in exits.rows:
                held = [piece.leg for piece in row.slices if _is_held(piece)]
                if held:
                    legs += held
                    exits = exits.with_row(replace(row, since=None, back=True))
            rung = tuple(number for number in exits.rung if not exits.rows[number].back)
            db.exit_lists.save(replace(exits, rung=rung))
            by = actor.user.telegram_id
            db.audit.add(self.clock.now(), by, "exits", exits.account_id, before="held back", after="send what is left")
            return legs

        return await self.store.transaction(write)


def _is_held(piece: Slice) -> bool:
    return piece.order_id is None and piece.ended is RowState.HELD
