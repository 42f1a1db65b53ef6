"""Plans: all that one Confirm covers, leg by leg, and what each leg may send, at most once."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.exits.closing import POSSIBLY_WORKING
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.plans.trail import Trail, TrailRule
from bot.domain.terms import OrderKind, Side
from bot.domain.value import value


class LegKind(StrEnum):
    """What a leg is for."""

    ENTRY = "ENTRY"
    STOP = "STOP"  # rests at the exchange once something of the entry is filled
    TARGET = "TARGET"  # watched by the bot on ticks; the resting stop becomes it
    TRAIL = "TRAIL"  # the exit where the price is through before a trailing stop could be moved
    OPENING = "OPENING"  # an order of a basket that opens or grows a position
    EXIT = "EXIT"  # a way out that a person confirmed, or that a plan which only closes is licensed for


class LegState(StrEnum):
    """A leg leaves WAITING for good: that move licenses its one POST. It is given back only where that POST is proven unsent."""

    WAITING = "WAITING"
    CLAIMED = "CLAIMED"
    STRUCK = "STRUCK"  # it will never be sent


class PlanState(StrEnum):
    """A plan is asked with its card, alive from the tap, and over when nothing of it can be sent any more."""

    ASKED = "ASKED"
    ALIVE = "ALIVE"
    OVER = "OVER"


@value
class PlanLeg:
    """One order that a plan may send: this side, at most this quantity, no worse than this price."""

    number: int  # its place in the plan, from 0
    kind: LegKind
    draft: OrderDraft
    state: LegState = LegState.WAITING
    order_id: str | None = None  # set by the claim

    @property
    def licence(self) -> str:
        return f"{self.number}|{self.kind}|{self.draft.digest()}"


_WAYS_OUT = (LegKind.STOP, LegKind.TARGET, LegKind.TRAIL)


@value
class Plan:
    """Everything one Confirm covers. Its id is the token of that question. What changes later never adds to its legs."""

    id: str
    account_id: str
    placed_by: int  # Telegram id of who confirmed
    state: PlanState
    legs: tuple[PlanLeg, ...]
    until: datetime  # UTC; after this nothing of it is sent
    created_at: datetime
    taking_since: datetime | None = None  # since when the target is being taken
    why: str = ""  # why it is over, or why something of it was struck off
    trail: Trail | None = None  # how its stop follows the price
    joins: str | None = None  # id of the stop that rests already and is to guard the entry as well
    base: int = 0  # shares or units, in all, of the order that guards and stood before the entries: what it closes of them counts
    halved: bool = False  # a part was refused for its size, and the rest goes in smaller ones since
    sliced: bool = False  # its orders go one after the other; what is attached to each is a plan of its own

    def leg(self, kind: LegKind) -> PlanLeg | None:
        """The first leg of that kind. None when the plan has none."""
        return next((leg for leg in self.legs if leg.kind is kind), None)

    @property
    def is_of_a_list(self) -> bool:
        """Whether the runner of lists carries it out: an exit, a panic, a reversal, a basket."""
        return any(leg.kind in (LegKind.EXIT, LegKind.OPENING) for leg in self.legs)

    @property
    def guard_id(self) -> str | None:
        """The one order that guards what the plan opened, or closes it: the stop, until another went in its place."""
        ids = [leg.order_id for leg in self.legs if leg.kind in _WAYS_OUT and leg.order_id is not None]
        return ids[-1] if ids else None

    @property
    def stop(self) -> PlanLeg | None:
        """The stop as it is to stand by now, where a trail may have moved it. None when the plan has none."""
        leg = self.leg(LegKind.STOP)
        if leg is None or self.trail is None:
            return leg
        return replace(leg, draft=self.trail.rule.terms(leg.draft, self.trail.trigger))

    @property
    def target_price(self) -> Decimal | None:
        """Rupees. None when the plan has no target."""
        leg = self.leg(LegKind.TARGET)
        return leg.draft.price if leg is not None else None

    @property
    def trails(self) -> bool:
        """Whether its stop follows the price."""
        return self.trail is not None and not self.trail.over

    @property
    def trail_said(self) -> TrailSaid | None:
        """How its stop follows the price, as it is said. None: it stands."""
        return self.trail.rule.said if self.trail is not None and self.trails else None

    @property
    def entries(self) -> tuple[PlanLeg, ...]:
        return tuple(leg for leg in self.legs if leg.kind is LegKind.ENTRY)

    @property
    def may_open(self) -> bool:
        """Whether something of it opens or grows a position."""
        return any(leg.kind in (LegKind.ENTRY, LegKind.OPENING) for leg in self.legs)

    @property
    def parts(self) -> tuple[PlanLeg, ...]:
        """The legs that go one after the other where it is sliced: its entries, else all of one stop or one exit."""
        return self.entries or self.legs

    @property
    def only_exits(self) -> bool:
        """Whether it is a way out, or a list of them, and guards nothing."""
        return all(leg.kind is LegKind.EXIT for leg in self.legs)

    def digest(self) -> str:
        """A name for all that the card shows of it: every leg with its terms, the stop that it joins, and the end."""
        legs = "\n".join(leg.licence for leg in self.legs)
        legs += f"\njoins {self.joins}" if self.joins is not None else ""
        trail = f"\n{self.trail.rule.licence}" if self.trail is not None else ""
        return hashlib.sha256(f"{self.account_id}\n{legs}\n{self.until.isoformat()}{trail}".encode()).hexdigest()


@value
class Attached:
    """What is attached to an entry, in rupees on the tick: the stop with its worst price, the target."""

    stop: Decimal | None = None  # trigger
    stop_limit: Decimal | None = None
    target: Decimal | None = None
    trail: TrailSaid | None = None  # how the stop follows the price, in points
    joins: str | None = None  # id of the stop that rests already and is to guard the entry as well
    guarded: int = 0  # shares or units that it guards before

    @classmethod
    def of(cls, plan: Plan) -> "Attached":
        """What a plan has attached to its entry."""
        stop, target = plan.leg(LegKind.STOP), plan.leg(LegKind.TARGET)
        return cls(
            stop=stop.draft.trigger if stop is not None else None,
            stop_limit=stop.draft.price if stop is not None else None,
            target=target.draft.price if target is not None else None,
            trail=plan.trail_said,
            joins=plan.joins,
            guarded=stop.draft.quantity - plan.legs[0].draft.quantity if plan.joins is not None and stop is not None else 0,
        )

    def legs(self, entry: OrderDraft) -> tuple[PlanLeg, ...]:
        """The legs of a plan around this entry. ValueError for a stop without its worst price, or a price off the tick."""
        drafts, whole = [(LegKind.ENTRY, entry)], replace(entry, quantity=entry.quantity + self.guarded)
        if self.stop is not None:
            kind = OrderKind.SL_M if self.joins is not None and self.stop_limit is None else OrderKind.SL
            drafts.append((LegKind.STOP, _closing(whole, kind, self.stop_limit, self.stop)))
        if self.target is not None:
            drafts.append((LegKind.TARGET, _closing(whole, OrderKind.LIMIT, self.target, None)))
        if self.trail is not None:
            drafts.append((LegKind.TRAIL, _closing(whole, OrderKind.LIMIT, self.stop_limit, None)))
        return tuple(PlanLeg(number=number, kind=kind, draft=draft) for number, (kind, draft) in enumerate(drafts))

    def rule(self, entry: OrderDraft, entered: Decimal) -> TrailRule | None:
        """How the stop of this entry follows the price, counted from the price that it is entered at. None: it stands.

        ValueError for a trail without a stop, or one that would not follow.
        """
        if self.trail is None:
            return None
        if self.stop is None:
            msg = "a trail needs a stop"
            raise ValueError(msg)
        return TrailRule(
            side=entry.side.opposite,
            every=self.trail.every,
            step=self.trail.step,
            base=entered,
            start=self.stop,
            gap=abs(self.stop - self.stop_limit) if self.stop_limit is not None else None,
            tick=entry.instrument.tick,
        )


def _closing(entry: OrderDraft, kind: OrderKind, price: Decimal | None, trigger: Decimal | None) -> OrderDraft:
    return OrderDraft(
        instrument=entry.instrument,
        side=entry.side.opposite,
        quantity=entry.quantity,
        kind=kind,
        product=entry.product,
        price=price,
        trigger=trigger,
    )


class PlanAct(StrEnum):
    """What a plan does next."""

    PLACE_STOP = "PLACE_STOP"
    RESIZE_STOP = "RESIZE_STOP"  # so that it guards exactly what is filled and still open
    TAKE_TARGET = "TAKE_TARGET"
    BACK_TO_STOP = "BACK_TO_STOP"  # the target's limit did not fill: the quantity is guarded again
    EXIT_AT_STOP = "EXIT_AT_STOP"  # the price fell through the stop meanwhile: out, no worse than the stop's own limit
    SEND_SLICE = "SEND_SLICE"  # the next part of an entry that is over the freeze quantity
    HALVE = "HALVE"  # a part was refused for its size: it, and what is unsent, go in smaller ones
    STRIKE = "STRIKE"  # what is unsent of the entry will never be
    CANCEL_GUARD = "CANCEL_GUARD"  # what it guarded is gone
    END = "END"


@value
class Next:
    """The next act of a plan, and for how many shares or units."""

    act: PlanAct
    quantity: int = 0  # SEND_SLICE: the leg's number

    def guards_less(self, guard: Order | None) -> bool:
        """Whether less is guarded after it."""
        resized = self.act is PlanAct.RESIZE_STOP and guard is not None and self.quantity < guard.pending
        return resized or self.act is PlanAct.CANCEL_GUARD


@value
class PlanFacts:
    """All that a plan's next act hangs on."""

    entries: tuple[Order, ...]  # as stored, of the entry legs that were sent
    base: int = 0  # of the plan; without a guard: what was open when a stop for it was confirmed
    guard: Order | None  # the order of plan.guard_id
    free: int | None  # open shares or units on the plan's side that no other order is closing, as last read; None: not read yet
    touched: bool = False  # the target's price is traded now
    stopped: bool = False  # the stop's trigger is traded now: on one tick the stop wins
    unfilled: bool = False  # the target's limit rests longer than it may

    @property
    def opened(self) -> int:
        """Shares or units that the plan opened, or took over with its stop, and has not closed yet."""
        entered = sum(entry.filled for entry in self.entries)
        if self.guard is None:  # a stop that was confirmed alone and is to be placed
            return entered if self.entries else self.base
        return self.base + entered - self.guard.filled


def next_act(plan: Plan, facts: PlanFacts, now: datetime) -> Next | None:
    """What an entry's plan does now. None: it waits. The same facts lead to the same act.

    Never more is closed than the plan opened, nor more than is free.
    """
    guard = facts.guard
    if guard is not None and guard.status in POSSIBLY_WORKING:
        return None  # a plan never sends a second exit by itself
    if guard is not None and not guard.status.is_working:
        return Next(act=PlanAct.END, quantity=max(facts.opened, 0))  # the news of its end rings, and what is bare is told
    if facts.opened <= 0 and _entered(plan, facts):
        return Next(act=PlanAct.END) if guard is None else Next(act=PlanAct.CANCEL_GUARD)
    if facts.free is None or facts.opened <= 0:
        return None
    held = min(facts.opened, facts.free)
    if guard is None and held <= 0 and not plan.entries:
        return Next(act=PlanAct.END)  # nothing of what the stop was to guard is open, or another stop has it
    if guard is None:
        return _unguarded(plan, held, facts) if held > 0 and now < plan.until else None
    if held <= 0:
        return Next(act=PlanAct.CANCEL_GUARD)
    if plan.taking_since is not None:
        return _taking(plan, guard, held, facts)
    if guard.draft.trigger is None:
        return Next(act=PlanAct.END)  # somebody turned it into an exit: that order is theirs now
    if guard.status is not OrderStatus.TRIGGER_PENDING:
        return None  # it was triggered: the stop wins
    if facts.touched and not facts.stopped and now < plan.until:
        return Next(act=PlanAct.TAKE_TARGET, quantity=facts.opened)  # what of it is free is read when it is taken
    return Next(act=PlanAct.RESIZE_STOP, quantity=held) if guard.pending != held else None


def _entered(plan: Plan, facts: PlanFacts) -> bool:
    """Whether nothing more of the entry can fill."""
    unsent = any(leg.state is LegState.WAITING for leg in plan.entries)
    return not unsent and all(entry.status.is_final or entry.status is OrderStatus.NOT_SEEN for entry in facts.entries)


def _unguarded(plan: Plan, held: int, facts: PlanFacts) -> Next | None:
    stop, target = plan.stop, plan.leg(LegKind.TARGET)
    if stop is not None:
        return Next(act=PlanAct.PLACE_STOP, quantity=held) if stop.state is LegState.WAITING else None
    if target is not None and target.state is LegState.WAITING and facts.touched:
        return Next(act=PlanAct.TAKE_TARGET, quantity=held)
    return None


def _taking(plan: Plan, guard: Order, held: int, facts: PlanFacts) -> Next | None:
    stop = plan.stop
    if stop is None or guard.draft.trigger is not None or guard.draft.price == stop.draft.price:
        return None
    if facts.stopped:
        return Next(act=PlanAct.EXIT_AT_STOP, quantity=held)
    return Next(act=PlanAct.BACK_TO_STOP, quantity=held) if facts.unfilled else None


def cut(quantity: int, size: int) -> list[int]:
    """So many shares or units in pieces of that size, the rest last."""
    return [min(size, quantity - done) for done in range(0, quantity, size)]


def sliced(draft: OrderDraft, most: int, kind: LegKind = LegKind.ENTRY) -> tuple[PlanLeg, ...]:
    """An order in whole lots of at most so many shares or units an order, each no worse than its price."""
    size = most // draft.instrument.lot * draft.instrument.lot
    if size <= 0:
        return (PlanLeg(number=0, kind=kind, draft=draft),)
    return tuple(
        PlanLeg(number=number, kind=kind, draft=replace(draft, quantity=each))
        for number, each in enumerate(cut(draft.quantity, size))
    )


def halves(plan: Plan, refused: OrderDraft) -> tuple[PlanLeg, ...]:
    """What takes the place of a part that was refused for its size and of the unsent rest: parts of half that size.

    Together they are for as many shares or units. Empty where half of it is less than a lot.
    """
    lot = refused.instrument.lot
    size = refused.quantity // 2 // lot * lot
    if not size:
        return ()
    rest = refused.quantity + sum(leg.draft.quantity for leg in plan.parts if leg.state is LegState.WAITING)
    first, like = max(leg.number for leg in plan.legs) + 1, plan.parts[0]
    return tuple(
        PlanLeg(number=first + place, kind=like.kind, draft=replace(like.draft, quantity=each))
        for place, each in enumerate(cut(rest, size))
    )


def next_slice(plan: Plan, sent: tuple[Order, ...], now: datetime, *, too_big: Order | None = None) -> Next | None:
    """What follows of an order in slices: one after the other, each once the one before has reached the exchange.

    One that was refused, cancelled or given up ends them: the rest is struck off. too_big: one that was refused for its size,
    which is cut in half once.
    """
    waiting = next((leg for leg in plan.parts if leg.state is LegState.WAITING), None)
    if any(order.status in POSSIBLY_WORKING for order in sent):
        return None  # it may be there, and it may not: no more is sent on top of it
    over = [order for order in sent if not order.status.is_working and order.status is not OrderStatus.FILLED]
    if too_big is not None and over == [too_big] and not plan.halved and now < plan.until and halves(plan, too_big.draft):
        return Next(act=PlanAct.HALVE)
    if waiting is None:
        return Next(act=PlanAct.END)
    if now >= plan.until or [order for order in over if not (plan.halved and order == too_big)]:
        return Next(act=PlanAct.STRIKE)
    return Next(act=PlanAct.SEND_SLICE, quantity=waiting.number)


def part_name(plan_id: str, leg: int) -> str:
    """The id of the plan that guards what a leg of a sliced plan opened."""
    return f"{plan_id}.{leg}"


def order_of(plan: Plan, leg: PlanLeg, find: Callable[[str], Plan | None]) -> str | None:
    """The id of the order that a leg was spent on, whichever plan has it now. find: the plan of an id."""
    if leg.order_id is not None or leg.state is not LegState.CLAIMED:
        return leg.order_id
    part = find(part_name(plan.id, leg.number))
    return part.legs[0].order_id if part is not None else None


def is_touched(leg: PlanLeg, traded: Decimal) -> bool:
    """Whether a trade at this price, in rupees, reaches the target."""
    price = leg.draft.price
    if price is None:
        return False
    return traded >= price if leg.draft.side is Side.SELL else traded <= price


def is_stopped(leg: PlanLeg, traded: Decimal) -> bool:
    """Whether a trade at this price, in rupees, reaches the stop. On one tick with the target the stop wins."""
    trigger = leg.draft.trigger
    if trigger is None:
        return False
    return traded <= trigger if leg.draft.side is Side.SELL else traded >= trigger
