"""A list of orders under one Confirm: what each row is licensed for, where it stands, and what of it may be sent next.

A panic is such a list whose rows are all that is open in intraday and carry-forward, and which ends with a proof of flat.
A basket is such a list whose rows may open as well.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.exits.closing import POSSIBLY_WORKING
from bot.domain.market.instrument import InstrumentKey
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.people.account import Account
from bot.domain.terms import Product
from bot.domain.value import value

COVER_WAITS = timedelta(seconds=5)  # that a covering row waits in silence for the fill of what it covers
MOVE_AFTER = timedelta(seconds=3)  # that an exit of a panic rests before it is priced anew
MOST_MOVES = 3
RESTS_LONG = (MOST_MOVES + 1) * MOVE_AFTER  # then it is told, whatever its price did
HELD_FOR = timedelta(seconds=20)  # that an order from elsewhere is waited for before it is told

Orders = Mapping[str, Order]  # by id, as stored


class ListKind(StrEnum):
    """What the list is."""

    EXITS = "EXITS"
    PANIC = "PANIC"
    PNL = "PNL"  # of a P&L exit that struck
    BASKET = "BASKET"
    REVERSE = "REVERSE"  # one row, and the other side once it is closed


class RowState(StrEnum):
    """Where a row stands."""

    READY = "READY"
    WAITS = "WAITS"  # for the fill of a row that it covers
    LATER = "LATER"  # the exchange takes no order of it before a time
    SENT = "SENT"  # an order of it works, or is on its way
    FILLED = "FILLED"
    GONE = "GONE"  # nothing of it is open any more
    HELD = "HELD"  # another order is closing it
    REFUSED = "REFUSED"  # an order of it ended unfilled
    UNKNOWN = "UNKNOWN"  # the outcome of an order is not known; it is never doubled by itself
    KEPT = "KEPT"  # its stop could not be turned or cancelled, or nothing could be sent
    BARE = "BARE"  # its stop is gone and nothing was sent
    LEFT = "LEFT"  # the person said: stop here


CLOSED = frozenset({RowState.FILLED, RowState.GONE})
STUCK = frozenset({RowState.REFUSED, RowState.UNKNOWN, RowState.KEPT, RowState.BARE, RowState.HELD, RowState.LEFT})


@value
class Slice:
    """One order's worth of a row: a leg of the plan, at most one POST."""

    leg: int
    quantity: int  # shares or units, at most
    order_id: str | None = None  # the leg's own order, or the stop that became it
    ended: RowState | None = None  # what became of it where no order carries it
    moves: int = 0  # how often its order was priced anew
    half: bool = False  # of one that was refused for its size: it is not cut again


@value
class ExitRow:
    """One position to close, in one product. In a basket one order, which may open."""

    number: int  # its place in the list, from 0
    draft: OrderDraft  # the licence: side, at most this quantity, no worse than this price
    slices: tuple[Slice, ...]
    after: tuple[int, ...] = ()  # rows whose fill is read first: this one covers them, or in a basket is covered by them
    seen: Decimal | None = None  # bid or ask when it was asked, rupees
    said: str = ""  # why it stands where it does, in words
    since: datetime | None = None  # when it began to be held by another order
    beside: bool = False  # its own orders are sent, and another order is closing the rest of it
    back: bool = False  # held back: the broker's own order is closing it, and it is waited for
    flat: bool = False  # the book shows nothing open of it, whoever closed it
    enters: bool = False  # an entry of a basket: it is checked again before it is sent, and struck off with every entry
    opens: datetime | None = None  # when the exchange takes orders of it again: none goes before
    rests_until: datetime | None = None  # an order of it gathers in the closing auction until then, and is not late before

    @property
    def place(self) -> tuple[InstrumentKey, Product]:
        return self.draft.instrument.key, self.draft.product

    @property
    def unsent(self) -> tuple[Slice, ...]:
        return tuple(each for each in self.slices if each.order_id is None and each.ended is None)

    def orders(self, orders: Orders) -> tuple[Order, ...]:
        return tuple(orders[each.order_id] for each in self.slices if each.order_id is not None and each.order_id in orders)

    def hangs_on(self, orders: Orders) -> Order | None:
        """The order that says where the row stands: one that is not filled, else the last."""
        mine = self.orders(orders)
        return next((order for order in mine if order.status is not OrderStatus.FILLED), mine[-1] if mine else None)

    def told_draft(self, orders: Orders) -> OrderDraft:
        """Its draft with the quantity that people are told: what was filled where all of it is, else what was asked for."""
        mine, asked = self.orders(orders), sum(each.quantity for each in self.slices)
        over = bool(mine) and not self.beside and all(order.status is OrderStatus.FILLED for order in mine)
        filled = sum(order.filled for order in mine) if over else 0
        return replace(self.draft, quantity=filled or asked or self.draft.quantity)

    def with_slice(self, piece: Slice) -> "ExitRow":
        """The row with this slice in the place of the one of its leg, or behind all others."""
        if any(each.leg == piece.leg for each in self.slices):
            return replace(self, slices=tuple(piece if each.leg == piece.leg else each for each in self.slices))
        return replace(self, slices=(*self.slices, piece))


@value
class Opening:
    """What a reversal opens once its row is closed. Each slice is an entry leg of the plan."""

    draft: OrderDraft  # whole
    slices: tuple[Slice, ...]
    rung: bool = False  # it was told that the row does not fill


@value
class ExitList:
    """All rows of one Confirm. Its id is the token of that question, and the id of the plan whose legs license the orders."""

    plan_id: str
    account_id: str
    kind: ListKind
    by: int  # Telegram id of who confirmed
    name: str
    began_at: datetime
    rows: tuple[ExitRow, ...]
    entries: tuple[str, ...] = ()  # ids of the entry orders that a panic cancels
    stopped: bool = False  # the person said: nothing more
    go_on: bool = False  # the person said: do not wait for the fill of what is covered
    rung: tuple[int, ...] = ()  # rows that rang because their cover waits for them
    told: bool = False  # a panic that is not proven flat said so
    asked_login: bool = False  # it rang because there is no session, and has not gone on since
    then: Opening | None = None  # of a reversal
    copies: tuple[tuple[int, int], ...] = ()  # chat and message of cards beside the question's own: the newest of each chat

    @property
    def proves_flat(self) -> bool:
        """Whether what rests is priced anew, and its end is read from the books: a panic, or what a P&L exit began."""
        return self.kind in (ListKind.PANIC, ListKind.PNL)

    def with_copy(self, chat_id: int, message_id: int) -> "ExitList":
        """The list with one more card, in the place of the copy that its chat had before."""
        others = tuple((chat, message) for chat, message in self.copies if chat != chat_id)
        return replace(self, copies=(*others, (chat_id, message_id)))

    def with_row(self, row: ExitRow) -> "ExitList":
        return replace(self, rows=tuple(row if each.number == row.number else each for each in self.rows))

    def state(self, row: ExitRow, orders: Orders) -> RowState:
        """Where a row stands. orders: those of its slices, as stored."""
        mine = row.orders(orders)
        if any(is_unknown(order) for order in mine):
            return RowState.UNKNOWN
        if any(order.status.is_working or _is_on_its_way(order) for order in mine):
            return RowState.SENT
        if row.flat:
            return RowState.GONE
        if row.unsent and row.opens is not None:
            return RowState.LATER
        if row.unsent:
            return RowState.WAITS if self.waits_for(row, orders) else RowState.READY
        if (ended := [each.ended for each in row.slices if each.ended is not None]) and ended[-1] is not RowState.GONE:
            return ended[-1]
        if all(order.status is OrderStatus.FILLED for order in mine):
            return RowState.GONE if not mine else RowState.HELD if row.beside else RowState.FILLED
        return RowState.REFUSED

    def row_told(self, row: ExitRow, orders: Orders) -> "RowTold":
        """A row as cards and news tell it, with the order that it hangs on."""
        return RowTold(
            draft=row.told_draft(orders),
            state=self.state(row, orders),
            order=row.hangs_on(orders),
            said=row.said,
            beside=row.said if row.beside else "",
        )

    def waits_for(self, row: ExitRow, orders: Orders) -> tuple[ExitRow, ...]:
        """The rows whose fill is to be read first."""
        if self.go_on or not row.after:
            return ()
        first = (self.rows[number] for number in row.after)
        return tuple(other for other in first if self.state(other, orders) not in CLOSED)

    def sendable(self, orders: Orders) -> tuple[tuple[ExitRow, Slice], ...]:
        """What may be sent now: slices that wait for nobody, of rows without an order of unknown outcome."""
        ready = (row for row in self.rows if self.state(row, orders) is RowState.READY or self._goes_on(row, orders))
        return tuple((row, piece) for row in ready for piece in row.unsent)

    def _goes_on(self, row: ExitRow, orders: Orders) -> bool:
        """Whether the rest of a row whose first slices work may follow."""
        rest = bool(row.unsent) and row.opens is None
        return rest and self.state(row, orders) is RowState.SENT and not self.waits_for(row, orders)

    def stalled(self, orders: Orders, now: datetime) -> tuple[ExitRow, ...]:
        """Rows that others, their cover, wait for in vain: unfilled after five seconds, or stuck."""
        numbers = {each.number for row in self.rows if row.unsent for each in self.waits_for(row, orders)}
        return tuple(row for row in self.rows if row.number in numbers and self.is_late(row, orders, now))

    def is_late(self, row: ExitRow, orders: Orders, now: datetime) -> bool:
        """Whether what waits for this row has waited long enough to be told."""
        state = self.state(row, orders)
        if state is RowState.SENT:
            return all(now - (order.sent_at or order.created_at) >= COVER_WAITS for order in row.orders(orders))
        return state in STUCK

    def to_move(self, orders: Orders, now: datetime) -> tuple[tuple[ExitRow, Slice, Order], ...]:
        """Exits of a panic that rest too long and may be priced anew."""
        found = ((row, piece, orders.get(piece.order_id or "")) for row in self.rows for piece in row.slices)
        return tuple(
            (row, piece, order)
            for row, piece, order in found
            if order is not None and order.status.is_working and order.broker_id is not None
            if piece.moves < MOST_MOVES and now - order.updated_at >= MOVE_AFTER
        )

    def is_stuck(self, row: ExitRow, orders: Orders, now: datetime) -> bool:
        """Whether nothing more happens to a row of a panic by itself."""
        state = self.state(row, orders)
        if state is RowState.HELD:
            return row.since is not None and now - row.since >= HELD_FOR
        if row.rests_until is not None and now < row.rests_until and state in (RowState.SENT, RowState.LATER):
            return False
        if any(_is_on_its_way(order) for order in row.orders(orders)):
            return False
        if state is RowState.SENT:
            resting = ((piece, orders.get(piece.order_id or "")) for piece in row.slices)
            working = [(piece, order) for piece, order in resting if order is not None and order.status.is_working]
            return all(
                now - order.updated_at >= MOVE_AFTER
                and (piece.moves >= MOST_MOVES or now - (order.sent_at or order.created_at) >= RESTS_LONG)
                for piece, order in working
            )
        if state is RowState.WAITS:
            return all(self.is_stuck(other, orders, now) for other in self.waits_for(row, orders))
        return state in STUCK


def is_unknown(order: Order) -> bool:
    """Whether nobody knows what became of it. Of one that is being sent its answer is still to come."""
    return order.status in POSSIBLY_WORKING and not _is_on_its_way(order)


def _is_on_its_way(order: Order) -> bool:
    """Whether its answer is still to come, by the process that sends it. A restart makes such an order unknown."""
    return order.status is OrderStatus.SUBMITTING


@value
class RowTold:
    """A row as cards and news tell it."""

    draft: OrderDraft
    state: RowState
    order: Order | None = None  # that it hangs on
    said: str = ""
    beside: str = ""  # the order that is closing what its own do not
    chase: Decimal | None = None  # rupees at which its order would fill now; None: it does not rest, or no price is known
    is_entry: bool = False  # no row of the list: an entry that works on beside it


@value
class ExitCard:
    """A list as it is asked about. Nothing of it was sent."""

    confirmation: Confirmation
    account: Account
    exits: ExitList
    profit: Decimal | None  # of the rows since entry, rupees; None: not known
    not_touched: tuple[str, ...] = ()  # what it leaves alone, with why
    stops: int = 0  # that become exits
    warnings: tuple[str, ...] = ()  # about all of it
    remarks: tuple[tuple[int, str], ...] = ()  # number of a row, and what is to be known of it
    turns: tuple[Order, ...] = ()  # stops that become these exits, or guard less
    of_demat: bool = False  # its rows are holdings


@value
class ExitsShown:
    """A list on its way, as it stands at a moment."""

    account: Account
    exits: ExitList
    orders: Mapping[str, Order]
    as_of: datetime
    over: bool = False
    logged_in: bool = True  # without a session it waits for one
