"""What the account has of an instrument, as far as an order hangs on it, and how an exit can be had beside other exits."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.exits.closing import closing_row, may_be_doubled
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.positions.portfolio import Holding, PnL, Position
from bot.domain.value import value
from bot.trading.drafts.drafting import open_units


@value
class Held:
    """What the broker says that the account has. Empty where it was not needed."""

    positions: Sequence[Position] = ()
    holdings: Sequence[Holding] = ()
    read_at: datetime | None = None  # UTC, before the reading began; None: nothing was read
    result: PnL | None = None  # of the day; read only where a limit hangs on it


@value
class WayOut:
    """How an exit can be had where other exits stand in its way already."""

    closable: int  # shares or units, with what stands in its way turned into it
    guards: tuple[Order, ...] = ()  # stops in the way of another stop
    turns: tuple[Order, ...] = ()  # stops that become it, or guard less
    doubles: tuple[Order, ...] = ()  # exits of unknown outcome that it is sent beside
    beyond: int = 0  # shares or units on the other side of zero if those fill as well
    others: tuple[Order, ...] = ()  # orders that are closing it already, or possibly are, and leave too little

    @classmethod
    def of(cls, draft: OrderDraft, held: Held, orders: Sequence[Order], *, as_exit: bool) -> "WayOut":
        """The mildest way that lets it go: with the stops alone, else beside exits of unknown outcome as well."""
        row = closing_row(draft, open_units(draft, held.positions, held.holdings, orders, read_at=held.read_at), orders)
        if draft.trigger is not None:
            guards, others = (row.guards, row.others) if row.open else ((), ())
            return cls(closable=max(0, row.unguarded), guards=guards, others=others)
        row = row.taken_over()
        left = max(0, row.open - row.held_by_others)
        if draft.quantity <= left:
            return cls(closable=left, turns=row.guards)
        doubles = tuple(order for order in row.others if may_be_doubled(order))
        more = row.open - sum(order.pending for order in row.others if order not in doubles)
        if doubles and draft.quantity <= more:
            free = row.unguarded + sum(order.pending for order in doubles)
            turns = row.guards if draft.quantity > free else ()
            beyond = draft.quantity + row.held_by_others - row.open
            return cls(closable=more, turns=turns, doubles=doubles, beyond=beyond)
        closable = left if as_exit else max(0, row.unguarded)  # an exit turns the stops, any other order comes on top of them
        return cls(closable=closable, others=row.others if row.open > 0 else ())
