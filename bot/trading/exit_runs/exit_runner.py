"""Carries out lists of exits and baskets: leg order, and the wait for a cover.

What a panic does beyond that stands in its own file.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import BrokerError, SessionExpired
from bot.domain.exits.exit_list import CLOSED, ExitList, ExitRow, ListKind, RowState, RowTold
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import Order
from bot.domain.people.account import Actor, Permission
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.runtime.signal import Signal
from bot.trading.actor import demand_role
from bot.trading.exit_runs.halving import halve, needs_halving
from bot.trading.exit_runs.held_back import HeldBack
from bot.trading.exit_runs.list_sending import ListSending
from bot.trading.exit_runs.panic import Panic
from bot.trading.exit_runs.turning_over import SendEntry, TurningOver
from bot.trading.exits.exit_state import load, load_alive
from bot.trading.exits.exit_wave import ExitWave
from bot.trading.exits.live_exit import LiveExit
from bot.trading.orders.closing_auction import ClosingAuction
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_all
from bot.trading.safety.striking import strike

log = logging.getLogger(__name__)

PULSE = 1.0  # seconds between two steps of a list that is alive
PROVES_ITSELF = timedelta(seconds=5)  # an order that works so long was not refused for its size
ANSWERS = 10.0  # seconds that a tap waits for what its step sent


@dataclass(slots=True, kw_only=True)
class ExitRunner:
    """One step at a time for each list, however it is woken: by the tap, by a change of an order, by the clock."""

    store: Store
    exits: LiveExit
    wave: ExitWave
    enter: SendEntry
    proposing: ProposalBuilder
    background: BackgroundTasks
    clock: Clock
    turning: TurningOver
    too_big: Callable[[Order], bool]  # whether the exchange proved that it takes no order of that size
    auction: ClosingAuction
    back: HeldBack
    sending: ListSending = field(init=False)
    panic: Panic = field(init=False)
    _wake: Signal = field(default_factory=Signal)
    _locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def __post_init__(self) -> None:
        self.sending = ListSending(
            store=self.store,
            wave=self.wave,
            enter=self.enter,
            proposing=self.proposing,
            background=self.background,
            auction=self.auction,
            back=self.back,
            clock=self.clock,
            wake=self.wake,
        )
        self.panic = Panic(store=self.store, exits=self.exits, clock=self.clock, priced=self.sending.priced)

    def wake(self) -> None:
        """An order changed, or a list began."""
        self._wake()

    async def run(self) -> None:
        """Carries out the lists that are alive, for ever, after a restart those of before."""
        while True:
            alive = await self.store.read(lambda db: db.exit_lists.alive())
            for exits in alive:
                if not self._locks[exits.plan_id].locked():
                    self.background.start(self._pulse(exits.plan_id), f"exits {exits.plan_id}")
            for gone in self._locks.keys() - {exits.plan_id for exits in alive}:
                if not self._locks[gone].locked():
                    del self._locks[gone]
            await asyncio.sleep(0.05)  # what an order's own changes bring at once is one step
            await self._wake.wait(self._pause(alive))

    def _pause(self, alive: Sequence[ExitList]) -> float | None:
        """Seconds until the next step: shorter where the exchange takes orders again before that. None: nothing is alive."""
        now = self.clock.now()
        opens = [(row.opens - now).total_seconds() for exits in alive for row in exits.rows if row.opens is not None]
        return min([PULSE, *(max(each, 0.01) for each in opens)]) if alive else None

    async def begin(self, exits: ExitList, first: Callable[[Repositories], bool]) -> None:
        """Begins a list by itself: what stores it stores the orders of what may go now as well, in one transaction.

        first: writes the list with its plan. False where that was done before.
        """
        async with self._locks[exits.plan_id]:
            all_left = await self.sending.begin(exits, first)
        if not all_left:
            self._wake()

    async def carry_on(self, plan_id: str) -> None:
        """The next step of a list that began or was answered. The loop over all lists takes it up from there."""
        await self._advance(plan_id)
        self._wake()
        await self.sending.settled(plan_id, ANSWERS)

    async def _pulse(self, plan_id: str) -> None:
        """The next step by the clock. Where it moved nothing, the one after it waits for a change or for the next pulse."""
        if await self._advance(plan_id):
            self._wake()

    async def _advance(self, plan_id: str) -> bool:
        async with self._locks[plan_id]:
            try:
                return await self._step(plan_id)
            except SessionExpired:
                await self.store.transaction(lambda db: self._ask_login(db, plan_id))
                return False
            except BrokerError as error:
                log.info("exits %s wait: %s", plan_id, type(error).__name__)
                return False

    async def answer(self, actor: Actor, plan_id: str, *, go_on: bool) -> None:
        """What the person says while a cover waits: send it all the same, or send nothing more."""

        def write(db: Repositories) -> None:
            found = load_alive(db, plan_id)
            if found is None:
                return
            exits, _, _ = found
            opens = go_on and any(row.enters for row in exits.rows)
            needed = Permission.OPEN if opens else Permission.REDUCE
            demand_role(db, actor, needed, f"You may not {'open' if opens else 'close'} positions here any more.")
            if go_on:
                exits = replace(exits, go_on=True)
            else:
                for row in exits.rows:
                    for piece in row.unsent:
                        if self.sending.is_under_way(plan_id, piece.leg):
                            continue  # it is being sent: what becomes of it is said
                        db.plans.strike(plan_id, piece.leg)
                        row = row.with_slice(replace(piece, ended=RowState.LEFT))  # noqa: PLW2901 - grown piece by piece
                    exits = exits.with_row(row)
                exits = replace(exits, stopped=True)
                strike(db, plan_id, f"{actor.user.name} said: stop here.", self.clock.now())
            db.exit_lists.save(exits)
            what = "go on" if go_on else "stop here"
            name = exits.kind.lower()
            db.audit.add(self.clock.now(), actor.user.telegram_id, name, exits.account_id, before="waiting", after=what)

        async with self._locks[plan_id]:
            await self.store.transaction(write)
        if go_on:
            await self.carry_on(plan_id)
        else:  # nothing more is sent: there is no answer to wait for
            await self._pulse(plan_id)

    async def release(self, actor: Actor, plan_id: str) -> None:
        """Reads position and book once more, and sends what no other order is closing."""
        async with self._locks[plan_id]:
            self.sending.try_at_once(plan_id, await self.back.release(actor, plan_id))
        await self.carry_on(plan_id)

    async def _step(self, plan_id: str) -> bool:
        """Whether something was sent or ended, so that the next step can follow at once."""
        found, plan = await self.store.read(lambda db: (load_alive(db, plan_id), db.plans.find(plan_id)))
        if found is None:
            return False
        exits, orders, _ = found
        exits = await self._by_the_clock(exits)
        if plan is None or self.clock.now() >= plan.until:
            await self.store.transaction(lambda db: self._late(db, plan_id))
            return True
        if needs_halving(exits.rows, orders, self.too_big):
            await self.store.transaction(lambda db: halve(db, plan_id, self.too_big, self.clock.now()))
            found = await self.store.read(lambda db: load_alive(db, plan_id))
            if found is None:
                return True
            exits, orders, _ = found
        if exits.proves_flat:  # only a panic has entries to cancel
            _, sent = await asyncio.gather(self.panic.cancel_entries(exits, orders), self.sending.send(exits, orders))
        else:
            sent = await self.sending.send(exits, orders)
        found = await self.store.read(lambda db: load_alive(db, plan_id))
        if found is None:
            return sent
        exits, orders, _ = found
        await self._rings(exits, orders)
        over = None
        if exits.proves_flat:
            await self.panic.step(exits, orders)
        elif exits.kind is ListKind.REVERSE:
            over = await self.turning.step(exits, orders)
        elif needs_halving(exits.rows, orders, self.too_big):
            return True  # refused while it was sent: the next step cuts it
        elif not self._goes_on(exits, orders):
            over = "all was sent"
        if over is not None:
            await self.store.transaction(lambda db: self._over(db, plan_id, over))
        return sent or over is not None

    async def _rings(self, exits: ExitList, orders: dict[str, Order]) -> None:
        """What asks for a hand, once each. A session that is back is noted, so that its next end rings anew."""
        if exits.asked_login and self.exits.connections.session_of(exits.account_id, self.clock.now()) is not None:
            await self.store.transaction(lambda db: _has_session(db, exits.plan_id))
        await self._ring(exits, orders)
        if exits.kind is not ListKind.PANIC:
            await self.back.ring(exits, orders)

    def _goes_on(self, exits: ExitList, orders: dict[str, Order]) -> bool:
        """Whether something of a list is to be sent yet, or may have to be."""
        if self.sending.is_under_way(exits.plan_id) or self.back.waits(exits) or self.sending.again(exits, orders):
            return True
        return any(row.unsent or self._may_be_cut(row, orders) for row in exits.rows)

    def _may_be_cut(self, row: ExitRow, orders: dict[str, Order]) -> bool:
        """Whether the exchange may yet refuse an order of a row in slices for its size."""
        now, mine = self.clock.now(), row.orders(orders) if len(row.slices) > 1 else ()
        return any(order.status.is_working and now - (order.sent_at or now) < PROVES_ITSELF for order in mine)

    async def _by_the_clock(self, exits: ExitList) -> ExitList:
        """The list with the hours of the closing auction noted on its rows, and taken off them when they are over."""
        dated = exits
        for row in exits.rows:
            hours = self.auction.hours(row.draft.instrument)
            opens, over = (hours.opens, hours.over) if hours is not None else (None, None)
            if (opens, over) != (row.opens, row.rests_until):
                dated = dated.with_row(replace(row, opens=opens, rests_until=over))
        if dated == exits:
            return exits

        def note(db: Repositories) -> ExitList:
            found = load(db, exits.plan_id)
            kept = found.exits if found is not None else exits
            for row in dated.rows:
                kept = kept.with_row(replace(kept.rows[row.number], opens=row.opens, rests_until=row.rests_until))
            db.exit_lists.save(kept)
            return kept

        return await self.store.transaction(note)

    def _late(self, db: Repositories, plan_id: str) -> None:
        """Its time is over: what is unsent never will be."""
        strike(db, plan_id, "Its time was over.", self.clock.now())
        self._over(db, plan_id, "its time was over")

    def _ask_login(self, db: Repositories, plan_id: str) -> None:
        """Rings once while there is no session."""
        found = load_alive(db, plan_id)
        if found is None or found.exits.asked_login:
            return
        exits, orders, _ = found
        db.exit_lists.save(replace(exits, asked_login=True))
        self._tell(db, exits, orders, Told.NO_SESSION, [row for row in exits.rows if exits.state(row, orders) not in CLOSED])

    def _over(self, db: Repositories, plan_id: str, why: str) -> None:
        found = load(db, plan_id)
        if found is None or not db.plans.end(plan_id, why):
            return
        exits, orders, _ = found
        result = ", ".join(f"{exits.state(row, orders).lower()} {row.draft.instrument.name}" for row in exits.rows)
        now = self.clock.now()
        what, rows = f"{exits.kind.lower()} result", f"{len(exits.rows)} rows"
        db.audit.add(now, exits.by, what, exits.account_id, before=rows, after=f"{why}: {result}")
        if left := [row for row in exits.rows if row.unsent]:
            self._tell(db, exits, orders, Told.CUT, left)
        if held := [row for row in exits.rows if not row.unsent and (row.beside or exits.state(row, orders) is RowState.HELD)]:
            self._tell(db, exits, orders, Told.BESIDE, held)
        stands = [row for row in exits.rows if exits.state(row, orders) in (RowState.KEPT, RowState.BARE)]
        if stands and exits.kind is ListKind.EXITS:
            self._tell(db, exits, orders, Told.STANDS, stands)

    async def _ring(self, exits: ExitList, orders: dict[str, Order]) -> None:
        """Rings once for each row that its cover waits for in vain."""
        late = [row for row in exits.stalled(orders, self.clock.now()) if row.number not in exits.rung]
        if not late:
            return

        def ring(db: Repositories) -> None:
            found = load_alive(db, exits.plan_id)
            if found is None:
                return
            numbers = tuple(row.number for row in late)
            db.exit_lists.save(replace(found.exits, rung=(*found.exits.rung, *numbers)))
            self._tell(db, found.exits, found.orders, Told.STALLED, late)

        await self.store.transaction(ring)

    def _tell(self, db: Repositories, exits: ExitList, orders: dict[str, Order], told: Told, rows: Sequence[ExitRow]) -> None:
        now = self.clock.now()
        waiting = sum(bool(row.unsent) for row in exits.rows)
        news = ExitsTold(
            plan_id=exits.plan_id, kind=exits.kind, told=told, at=now, waiting=waiting,
            rows=tuple(self._told(exits, row, orders) for row in rows),
        )  # fmt: skip
        tell_all(db, exits.account_id, news, now)

    def _told(self, exits: ExitList, row: ExitRow, orders: dict[str, Order]) -> RowTold:
        """The row as news tells it, with the price at which what rests of it would fill now."""
        told = exits.row_told(row, orders)
        rests = told.order is not None and told.order.status.is_working
        price = self.proposing.prices.known(exits.account_id, row.draft.instrument.key) if rests else None
        return replace(told, chase=self.sending.protected(row.draft, price)) if price is not None else told


def _has_session(db: Repositories, plan_id: str) -> None:
    """There is a session again: another end of it rings anew."""
    exits = db.exit_lists.find(plan_id)
    if exits is not None:
        db.exit_lists.save(replace(exits, asked_login=False))
