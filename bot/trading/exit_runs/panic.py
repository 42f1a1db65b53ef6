"""What a panic does beyond its exits: cancels entries, prices anew what rests, closes what fills meanwhile, proves all flat."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError
from bot.domain.exits.closing import POSSIBLY_WORKING
from bot.domain.exits.exit_list import CLOSED, STUCK, ExitList, ExitRow, ListKind, RowState, RowTold, Slice, is_unknown
from bot.domain.market.display_names import short
from bot.domain.market.prices import Price
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.plans.plan import LegKind, PlanLeg
from bot.domain.plans.pnl_exit import CLOSES, ScopeKind
from bot.domain.plans.pnl_words import scope_in_words
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import Position
from bot.trading.exits.exit_state import load, load_alive, on_side
from bot.trading.exits.live_exit import LiveExit
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)

MOST_SLICES = 40  # of one row: orders that never left are not tried for ever
LOOK = 2.0  # seconds between two readings of the position book
MOVE = 3.0  # seconds between two re-pricings
CANCELS = 3  # tries at an entry that would not be cancelled


@dataclass(slots=True, kw_only=True)
class Panic:
    """The steps of panics. What they did stands in their lists and in the orders, so that another process can go on."""

    store: Store
    exits: LiveExit
    clock: Clock
    priced: Callable[[OrderDraft, Price | None], OrderDraft]
    _cancels: dict[str, int] = field(default_factory=dict)  # entry -> tries
    _looked: dict[str, float] = field(default_factory=dict)  # plan -> loop time
    _moved: dict[str, float] = field(default_factory=dict)  # order -> loop time

    async def cancel_entries(self, exits: ExitList, orders: dict[str, Order]) -> None:
        """Cancels the entry orders that worked when it was asked, side by side, and reads them as over."""
        working = [
            order
            for each in exits.entries
            if (order := orders.get(each)) is not None and order.status.is_working and self._cancels.get(each, 0) < CANCELS
        ]
        for order in working:
            self._cancels[order.id] = self._cancels.get(order.id, 0) + 1
        await asyncio.gather(*(self.exits.cancelled(order, by=exits.by) for order in working))

    async def step(self, exits: ExitList, orders: dict[str, Order]) -> None:
        """Prices anew what rests. Then looks at the books, closes what was opened meanwhile, and says when all is flat."""
        await asyncio.gather(
            *(
                self._move(exits, row, piece, order)
                for row, piece, order in exits.to_move(orders, self.clock.now())
                if row.opens is None
            )
        )
        at = asyncio.get_running_loop().time()
        if at - self._looked.get(exits.plan_id, -LOOK) < LOOK:
            return
        self._looked[exits.plan_id] = at
        await self.exits.reconcile.sync(exits.account_id)
        positions = await self.exits.connections.of(exits.account_id).broker.positions(urgent=True)
        await self._let_go(exits, positions)
        await self.store.transaction(lambda db: self._judge(db, exits.plan_id, positions))

    async def _move(self, exits: ExitList, row: ExitRow, piece: Slice, order: Order) -> None:
        """One re-pricing, counted before it is sent, so that no restart grants another."""
        at = asyncio.get_running_loop().time()
        if at - self._moved.get(order.id, -MOVE) < MOVE:
            return
        self._moved[order.id] = at
        prices = await self.exits.proposing.prices.of_all(exits.account_id, [order.draft.instrument.key])
        licence = replace(row.draft, quantity=order.draft.quantity)
        terms = self.priced(licence, prices.get(order.draft.instrument.key))

        better = order.draft.price is None or (
            terms.price is not None and (terms.price - order.draft.price) * terms.side.sign > 0
        )
        if terms.price is None or not better:
            return

        def count(db: Repositories) -> None:
            found = load(db, exits.plan_id)
            if found is not None:
                mine = found.exits.rows[row.number]
                moved = next(each for each in mine.slices if each.leg == piece.leg)
                db.exit_lists.save(found.exits.with_row(mine.with_slice(replace(moved, moves=moved.moves + 1))))

        await self.store.transaction(count)
        try:
            await self.exits.retarget(order, terms, by=exits.by)
        except BrokerError as error:
            log.info("order %s could not be priced anew: %s", order.id, type(error).__name__)

    async def _let_go(self, exits: ExitList, positions: Sequence[Position]) -> None:
        """Cancels stops that are left over on rows that are flat: they would open the other side."""
        working = await self.store.transaction(lambda db: list(db.orders.unsettled(exits.account_id)))
        flat = [row for row in exits.rows if not _net(row, positions)]
        left = [
            order
            for order in working
            if order.status is OrderStatus.TRIGGER_PENDING and order.broker_id and self._cancels.get(order.id, 0) < CANCELS
            for row in flat
            if row.place == (order.draft.instrument.key, order.draft.product)
        ]
        for order in left:
            self._cancels[order.id] = self._cancels.get(order.id, 0) + 1
        await asyncio.gather(*(self.exits.let_go(order, by=exits.by) for order in left))

    def _judge(self, db: Repositories, plan_id: str, positions: Sequence[Position]) -> None:
        """What the books say of the rows: more to close, flat, or stuck."""
        found = load_alive(db, plan_id)
        if found is None:
            return
        exits, orders, _ = found
        now = self.clock.now()
        unsettled = db.orders.unsettled(exits.account_id)
        places = {row.place for row in exits.rows}
        alive = [
            order
            for order in unsettled
            if (order.draft.instrument.key, order.draft.product) in places
            and (order.status.is_working or order.status in POSSIBLY_WORKING)
            and (exits.kind is ListKind.PANIC or any(on_side(order, row) for row in exits.rows))  # entries are not its own
        ]
        entries = [orders[each] for each in exits.entries if each in orders]
        alive += [order for order in entries if order.status.is_working and order not in alive]
        open_rows = [row for row in exits.rows if _net(row, positions)]
        grown = exits
        for row in exits.rows:
            is_stuck = exits.state(replace(row, flat=False), orders) in STUCK
            is_flat = row not in open_rows and is_stuck and not any(on_side(order, row) for order in alive)
            if is_flat != row.flat:
                grown = grown.with_row(replace(row, flat=is_flat))
        if not open_rows and not alive:
            db.exit_lists.save(grown)
            self._end(db, grown, orders, positions)
            return
        for row in open_rows:
            busy = any(on_side(order, row) for order in alive)
            grown = grown.with_row(self._grown(db, grown, row, orders, _net(row, positions), busy=busy))
        if grown != exits:
            db.exit_lists.save(grown)
            return
        under_way = [row for row in exits.rows if row in open_rows or any(on_side(order, row) for order in alive)]
        moves = any(not exits.is_stuck(row, orders, now) and exits.state(row, orders) not in CLOSED for row in under_way)
        goes_on = moves or (not open_rows and not self._is_given_up(alive))
        if not goes_on and not exits.told:
            db.exit_lists.save(replace(exits, told=True))
            rows = tuple(_told(exits, row, orders, alive) for row in open_rows)
            others = tuple(
                RowTold(
                    draft=order.draft,
                    state=_state_of(order),
                    order=order,
                    is_entry=not any(on_side(order, row) for row in exits.rows),
                )
                for order in alive
                if not any(row.place == (order.draft.instrument.key, order.draft.product) for row in open_rows)
            )
            self._tell(db, exits, orders, Told.NOT_FLAT, rows + others)

    def _is_given_up(self, alive: Sequence[Order]) -> bool:
        """Whether all that keeps rows without a position from being proven flat will not end by itself."""
        return all(is_unknown(order) or self._cancels.get(order.id, 0) >= CANCELS for order in alive)

    def _grown(
        self, db: Repositories, exits: ExitList, row: ExitRow, orders: dict[str, Order], net: int, *, busy: bool
    ) -> ExitRow:
        """The row with one more slice for what is open beyond its orders: an entry filled meanwhile, or an exit never left."""
        mine = row.orders(orders)
        never_left = bool(mine) and all(order.status is OrderStatus.FILLED or order.never_left for order in mine)
        if not (never_left or exits.state(row, orders) in CLOSED) or row.unsent or busy or net * row.draft.side.sign >= 0:
            return row
        quantity = min(abs(net), row.draft.quantity - sum(order.filled for order in mine))
        plan = db.plans.find(exits.plan_id)
        if plan is None or quantity < row.draft.instrument.lot or len(row.slices) >= MOST_SLICES:
            return row
        leg = max((each.number for each in plan.legs), default=-1) + 1
        db.plans.extend(exits.plan_id, PlanLeg(number=leg, kind=LegKind.EXIT, draft=replace(row.draft, quantity=quantity)))
        return row.with_slice(Slice(leg=leg, quantity=quantity))

    def _end(self, db: Repositories, exits: ExitList, orders: dict[str, Order], positions: Sequence[Position]) -> None:
        now = self.clock.now()
        if not db.plans.end(exits.plan_id, "flat"):
            return
        db.audit.add(
            now, exits.by, f"{exits.kind.lower()} result", exits.account_id, before=f"{len(exits.rows)} rows", after="flat"
        )
        rows = tuple(exits.row_told(row, orders) for row in exits.rows)
        self._tell(db, exits, orders, Told.FLAT, rows, besides=_besides(exits, positions))

    def _tell(
        self,
        db: Repositories,
        exits: ExitList,
        orders: dict[str, Order],
        told: Told,
        rows: tuple[RowTold, ...],
        *,
        besides: Sequence[str] = (),
    ) -> None:
        """besides: what is open beside the rows, and so is not flat."""
        now = self.clock.now()
        mine = [(row, order) for row in exits.rows for order in row.orders(orders)]
        slips = [
            (order.average - row.seen) * order.filled * row.draft.side.sign
            for row, order in mine
            if order.filled and order.average is not None and row.seen is not None
        ]
        cause = db.pnl_exits.find(exits.plan_id)
        scope = f"all but {', '.join(besides)}" if besides else ""
        if cause is not None and cause.scope.kind is not ScopeKind.ALL:
            scope = scope_in_words(cause.scope)
        news = ExitsTold(
            plan_id=exits.plan_id,
            kind=exits.kind,
            told=told,
            at=now,
            rows=rows,
            orders=sum(bool(order.filled) for _, order in mine),
            of=len(exits.rows),
            scope=scope,
            slippage=sum(slips, Decimal(0)) if len(slips) == sum(bool(order.filled) for _, order in mine) else None,
        )
        tell_all(db, exits.account_id, news, now)


def _state_of(order: Order) -> RowState:
    return RowState.UNKNOWN if is_unknown(order) else RowState.SENT


def _told(exits: ExitList, row: ExitRow, orders: dict[str, Order], alive: Sequence[Order]) -> RowTold:
    """A row that is open yet, with the order of anybody that may be closing it where it has none of its own."""
    told = exits.row_told(row, orders)
    return told if told.order is not None else replace(told, order=next((each for each in alive if on_side(each, row)), None))


def _besides(exits: ExitList, positions: Sequence[Position]) -> Sequence[str]:
    """What came to be open while the rows were closed, and is none of them."""
    places = {row.place for row in exits.rows}
    rows = [each for each in positions if each.is_open and each.product in CLOSES]
    return [f"{short(each.instrument)} {each.product}" for each in rows if (each.instrument.key, each.product) not in places]


def _net(row: ExitRow, positions: Sequence[Position]) -> int:
    return sum(each.quantity for each in positions if (each.instrument.key, each.product) == row.place)
