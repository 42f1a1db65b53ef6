"""Sends what of a list may go now, and notes what became of each part as soon as that is known."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from bot.domain.clock import Clock, ist_date
from bot.domain.errors import BrokerError, StorageAway
from bot.domain.exits.exit_list import ExitList, ExitRow, ListKind, RowState, Slice
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.news.plans.exits import Unguarded
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.plans.plan import LegKind, PlanLeg
from bot.domain.ports.repositories import Repositories, Store
from bot.runtime.background import BackgroundTasks
from bot.trading.exit_runs.held_back import HeldBack
from bot.trading.exit_runs.turning_over import SendEntry
from bot.trading.exits.exit_state import load
from bot.trading.exits.exit_wanted import ExitResult, ExitState, ExitWanted
from bot.trading.exits.exit_wave import Becoming, ExitWave
from bot.trading.orders.closing_auction import ClosingAuction
from bot.trading.orders.repricing import protected, repriced
from bot.trading.proposals.proposal_builder import ProposalBuilder
from bot.trading.safety.announce import tell_all

log = logging.getLogger(__name__)

RETRY = 3.0  # seconds until what could not be sent is tried again
MOST_TRIES = 3  # for a stop that would neither be changed nor cancelled
PATIENCE = 1.0  # seconds that a step waits for what it sent; the rest goes on beside the steps that follow

_BECOMES = {
    ExitState.GONE: RowState.GONE,
    ExitState.HELD: RowState.HELD,
    ExitState.UNKNOWN: RowState.UNKNOWN,
    ExitState.KEPT: RowState.KEPT,
    ExitState.BARE: RowState.BARE,
}

Became = tuple[int, Slice, ExitResult | None]  # number of the row, part of it, and what became of that


@dataclass(slots=True, kw_only=True)
class ListSending:
    """What is under way is known here, so that no part is sent twice, and none waits for a slower one of another row."""

    store: Store
    wave: ExitWave
    enter: SendEntry
    proposing: ProposalBuilder
    background: BackgroundTasks
    auction: ClosingAuction
    back: HeldBack
    clock: Clock
    wake: Callable[[], None]  # something of a list ended
    _tried: dict[tuple[str, int], tuple[float, int]] = field(default_factory=dict)  # (plan, leg) -> last try, how many
    _under_way: dict[tuple[str, int], asyncio.Future[None]] = field(default_factory=dict)  # (plan, leg)

    async def send(self, exits: ExitList, orders: dict[str, Order]) -> bool:
        """Sends what may be sent now, and notes what became of it. False when there was nothing to send."""
        pieces = [each for each in (*exits.sendable(orders), *self.again(exits, orders)) if self._is_due(exits, each[1])]
        if not pieces:
            return False
        prices = await self._prices(exits.account_id, {row.draft.instrument.key for row, _ in pieces})
        opening, closing = [], []
        for row, piece in pieces:
            draft = replace(row.draft, quantity=piece.quantity)
            priced = self.priced(draft, prices.get(draft.instrument.key))
            leg = PlanLeg(number=piece.leg, kind=LegKind.OPENING if row.enters else LegKind.EXIT, draft=draft)
            if row.enters:
                opening.append(replace(leg, draft=priced))
            else:
                closing.append((row, piece, _wanted(exits, leg, priced)))
            _, tries = self._tried.get((exits.plan_id, piece.leg), (0.0, 0))
            self._tried[exits.plan_id, piece.leg] = (asyncio.get_running_loop().time(), tries + 1)
        await asyncio.gather(*(self._open(exits, leg) for leg in opening), self._close(exits, closing))
        return True

    async def begin(self, exits: ExitList, first: Callable[[Repositories], bool]) -> bool:
        """Stores what begins a list that only closes, with the orders of what may go now, and sends these.

        False where there is more to send: it follows with the list's next step, which each answer brings as well.
        """
        pieces = exits.sendable({})
        prices = await self._prices(exits.account_id, {row.draft.instrument.key for row, _ in pieces})
        wanted = []
        for row, piece in pieces:
            draft = replace(row.draft, quantity=piece.quantity)
            leg = PlanLeg(number=piece.leg, kind=LegKind.EXIT, draft=draft)
            wanted.append(_wanted(exits, leg, self.priced(draft, prices.get(draft.instrument.key))))
        try:
            begun = await self.wave.begin(exits.account_id, wanted, first)
        except (BrokerError, StorageAway) as error:
            log.info("exits %s begin without an order: %s", exits.plan_id, type(error).__name__)
            await self.store.transaction(first)
            return False
        for (row, piece), future in zip(pieces, begun, strict=True):
            if future is not None:
                self._go_on(exits.plan_id, row, piece, future)
        return bool(begun) and len(begun) == sum(len(row.unsent) for row in exits.rows) and None not in begun

    def try_at_once(self, plan_id: str, legs: Collection[int]) -> None:
        """These parts are tried with the next step, whenever they were tried before."""
        for leg in legs:
            self._tried.pop((plan_id, leg), None)

    def is_under_way(self, plan_id: str, leg: int | None = None) -> bool:
        """Whether a part of a list, or this part, is being sent at this moment."""
        return any(plan_id == plan and leg in (None, number) for plan, number in self._under_way)

    async def settled(self, plan_id: str, patience: float) -> None:
        """Waits until nothing of the list is being sent, but no longer than that."""
        mine = [future for (plan, _), future in self._under_way.items() if plan == plan_id]
        if mine:
            await asyncio.wait(mine, timeout=patience)

    async def _open(self, exits: ExitList, leg: PlanLeg) -> None:
        """One entry of a basket, checked again. Where a check refuses it, it and every unsent entry is struck off."""
        plan = await self.store.read(lambda db: db.plans.find(exits.plan_id))
        if plan is None:
            return
        try:
            await self.enter(plan, leg, exits.name)
        except BrokerError as error:  # nothing left: it was struck off meanwhile, or what is held could not be read
            log.info("basket %s, order %d: %s", exits.plan_id, leg.number, type(error).__name__)

    async def _close(self, exits: ExitList, pieces: Sequence[tuple[ExitRow, Slice, ExitWanted]]) -> None:
        if not pieces:
            return
        anew = exits.kind is not ListKind.PNL  # the books were looked at before it struck
        futures = await self.wave.send(exits.account_id, [wanted for _, _, wanted in pieces], anew=anew)
        await asyncio.wait(futures, timeout=PATIENCE)
        ended: list[Became] = []
        for (row, piece, _), future in zip(pieces, futures, strict=True):
            if future.done():
                ended.append((row.number, piece, _result(future)))
            else:
                self._go_on(exits.plan_id, row, piece, future)
        await self.store.transaction(lambda db: self._note(db, exits.plan_id, ended))

    def _go_on(self, plan_id: str, row: ExitRow, piece: Slice, future: Becoming) -> None:
        following = self._follow(plan_id, row.number, piece, future)
        self._under_way[plan_id, piece.leg] = self.background.start(following, f"exits {plan_id}")

    async def _follow(self, plan_id: str, number: int, piece: Slice, future: Becoming) -> None:
        """Notes what became of a part that took longer than its step."""
        try:
            await asyncio.wait([future])
            result = _result(future)
            await self.store.transaction(lambda db: self._note(db, plan_id, [(number, piece, result)]))
        finally:
            del self._under_way[plan_id, piece.leg]
            self.wake()

    async def _prices(self, account_id: str, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Price]:
        """What the feed knows at once. Only what it does not know is asked for. A row without a price goes at its worst."""
        known = {key: price for key in keys if (price := self.proposing.prices.known(account_id, key)) is not None}
        missing = set(keys) - known.keys()
        return {**known, **await self.proposing.prices.of_all(account_id, missing)} if missing else known

    def _note(self, db: Repositories, plan_id: str, became: Sequence[Became]) -> None:
        found = load(db, plan_id)
        if found is None:
            return
        exits, now = found.exits, self.clock.now()
        for number, piece, result in became:
            if result is None:
                continue
            row = exits.rows[number]
            sent = result.state is ExitState.SENT or (result.state is ExitState.HELD and _is_turned(exits, result.order))
            if sent and result.order is not None:
                row = row.with_slice(replace(piece, order_id=result.order.id, ended=None))
                row = _beside(row, result.beside, now)
            elif result.state in _BECOMES:
                said = f"#{result.order.number}" if result.order is not None else ""
                since = row.since or now if result.state is ExitState.HELD else None
                if result.state is ExitState.BARE and piece.ended is not RowState.BARE and not exits.proves_flat:
                    self._tell_bare(db, exits, replace(row.draft, quantity=piece.quantity))
                row = row.with_slice(replace(piece, ended=_BECOMES[result.state]))
                back = result.state is ExitState.HELD and self.back.is_theirs(result.order)
                row = replace(row, said=said, since=since, back=back)
            exits = exits.with_row(row)
        db.exit_lists.save(exits)

    def _tell_bare(self, db: Repositories, exits: ExitList, draft: OrderDraft) -> None:
        tell_all(db, exits.account_id, Unguarded(draft=draft), self.clock.now())

    def again(self, exits: ExitList, orders: dict[str, Order]) -> list[tuple[ExitRow, Slice]]:
        """What is tried again, never beside an unknown order.

        Rows whose stop would not move, or is gone, a few times. For a panic also rows that another order holds. For any other
        list those that the broker's own order holds.
        """
        if exits.stopped:
            return []
        if exits.kind not in (ListKind.EXITS, ListKind.PANIC, ListKind.PNL):
            return self.back.again(exits)
        patient = (RowState.HELD, RowState.UNKNOWN) if exits.proves_flat else ()
        found = [] if exits.proves_flat else self.back.again(exits)
        for row in exits.rows:
            if exits.waits_for(row, orders):
                continue
            for piece in row.slices:
                _, tries = self._tried.get((exits.plan_id, piece.leg), (0.0, 0))
                stands = piece.ended in (RowState.KEPT, RowState.BARE) and tries < MOST_TRIES
                if piece.order_id is None and (stands or piece.ended in patient):
                    found.append((row, piece))
        return found

    def _is_due(self, exits: ExitList, piece: Slice) -> bool:
        if self.is_under_way(exits.plan_id, piece.leg):
            return False
        at, tries = self._tried.get((exits.plan_id, piece.leg), (0.0, 0))
        return not tries or asyncio.get_running_loop().time() - at >= RETRY

    def protected(self, draft: OrderDraft, price: Price) -> Decimal:
        """The worst price of a market order now, in rupees on the tick."""
        return protected(draft, price, self.proposing.rules, ist_date(self.clock.now()))

    def priced(self, licence: OrderDraft, price: Price | None) -> OrderDraft:
        """The order of now within a licence: one slab from the bid or ask, never beyond the worst price. A limit stays itself.

        In the closing auction it goes at the worst price: all that gathers there trades at one price.
        """
        if licence.price is None or price is None or not licence.protected:
            return licence
        if self.auction.hours(licence.instrument) is not None:
            return licence
        return repriced(licence, price, self.proposing.rules, ist_date(self.clock.now()))


def _beside(row: ExitRow, orders: Sequence[Order], now: datetime) -> ExitRow:
    """The row with the order that is closing what its own orders do not, if any."""
    own = {each.order_id for each in row.slices}
    other = next((order for order in orders if order.id not in own), None)
    if other is None:
        return replace(row, beside=False)
    return replace(row, beside=True, said=f"#{other.number}", since=now)


def _wanted(exits: ExitList, leg: PlanLeg, draft: OrderDraft) -> ExitWanted:
    return ExitWanted(
        account_id=exits.account_id,
        plan_id=exits.plan_id,
        leg=leg,
        draft=draft,
        by=exits.by,
        name=exits.name,
        takes_over=exits.proves_flat,
    )


def _is_turned(exits: ExitList, order: Order | None) -> bool:
    """Whether an order that holds a row is its stop, which became this exit, or triggered, since the list began.

    So it is where the process ended between the change and its note. The record may have the stop's terms yet.
    """
    if order is None or not order.created_at <= exits.began_at <= order.updated_at:
        return False
    return order.draft.trigger is not None or order.draft.protected


def _result(future: Becoming) -> ExitResult | None:
    """What a part has become. None too where the process is ending, or its records could not be read."""
    return None if future.cancelled() or future.exception() is not None else future.result()
