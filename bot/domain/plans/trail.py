"""Trailing stops: where a stop belongs by the best price that was traded, and when it may be moved there.

Pure arithmetic on prices and moments. A stop only tightens, and never goes beyond the best price. A tape and its mirror image
give mirrored stops, to the paisa.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from bot.domain.money import ZERO, on_tick, tick_down, tick_up
from bot.domain.orders.legs import TrailSaid
from bot.domain.orders.order import OrderDraft
from bot.domain.terms import OrderKind, Side
from bot.domain.value import value

FRESH = timedelta(seconds=60)  # an older trade moves nothing
BETWEEN = timedelta(seconds=5)  # two moves of one trail
A_MINUTE, AN_HOUR = 60, 300  # moves of all trails of an account
PART = 10  # a stop is moved by at least this part of its distance
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@value
class TrailRule:
    """How a stop follows the price, in rupees on the tick. ValueError for what would not follow, or would overtake the price."""

    side: Side  # of the stop: a sale guards a long
    every: Decimal  # how far the stop stands from the best price; with a step: how far the price goes for each step
    step: Decimal | None = None  # how far the stop goes then; None: it follows continuously
    base: Decimal  # the price that the steps count from
    start: Decimal  # the trigger that the stop begins with
    gap: Decimal | None  # how far the worst price lies behind the trigger; None: a stop without a worst price
    tick: Decimal

    def __post_init__(self) -> None:
        step = self.every if self.step is None else self.step
        if not ZERO < step <= self.every or self.start <= 0 or (self.gap is not None and self.gap < 0):
            msg = f"{self} is no trail"
            raise ValueError(msg)
        if not all(on_tick(price, self.tick) for price in (self.every, step, self.start, self.gap or ZERO)):
            msg = f"{self} is not on the tick"
            raise ValueError(msg)

    @property
    def licence(self) -> str:
        """A name for all of it that a card shows."""
        step = self.step if self.step is not None else "-"
        return f"{self.side}|{self.every}|{step}|{self.base}|{self.start}|{self.gap}|{self.tick}"

    @property
    def said(self) -> TrailSaid:
        """The rule as it is said."""
        return TrailSaid(every=self.every, step=self.step)

    @property
    def better(self) -> int:
        """+1 where a higher price is the better one: for a long."""
        return -self.side.sign

    @property
    def least(self) -> Decimal:
        """The least by which a stop is moved."""
        return max(self.tick, (self.every if self.step is None else self.step) / PART)

    def is_tighter(self, price: Decimal, than: Decimal) -> bool:
        return (price - than) * self.better > 0

    def at(self, best: Decimal) -> Decimal:
        """The trigger that belongs to a best price: on the tick, at least one tick short of that price."""
        off = tick_down if self.better > 0 else tick_up
        if self.step is None:
            return off(best - self.better * self.every, self.tick)
        steps = max((best - self.base) * self.better / self.every, ZERO).to_integral_value(ROUND_FLOOR)
        wanted, most = self.start + self.better * steps * self.step, off(best - self.better * self.tick, self.tick)
        return most if steps and self.is_tighter(wanted, most) else wanted

    def terms(self, stop: OrderDraft, trigger: Decimal) -> OrderDraft:
        """The stop with this trigger, and its worst price as far behind it as before."""
        return replace(stop, trigger=trigger, price=self.worst(trigger))

    def exit(self, stop: OrderDraft, trigger: Decimal) -> OrderDraft:
        """The order that goes where the price has reached a trigger before the stop could be moved there."""
        worst = self.worst(trigger)
        kind = OrderKind.MARKET if worst is None else OrderKind.LIMIT
        return replace(stop, kind=kind, trigger=None, price=worst)

    def worst(self, trigger: Decimal) -> Decimal | None:
        """The worst price of a stop with this trigger, in rupees. None: it has none."""
        return None if self.gap is None else max(trigger - self.better * self.gap, self.tick)


@value
class Unseen:
    """A stretch of time in which nobody watched the price."""

    since: datetime
    until: datetime


@value
class Trail:
    """A trail and all that it hangs on, so that a restart changes nothing."""

    rule: TrailRule
    trigger: Decimal  # of the stop as the exchange has it, by a clear answer or a read
    since: datetime  # what was traded until then does not count: the entry's last fill
    filled: int = 0  # shares or units of the entry that were filled then
    best: Decimal | None = None  # traded since then, as far as the feed was seen
    seen_at: datetime | None = None  # when the price was watched last
    unseen: Unseen | None = None  # the last time that it was not
    moved_at: datetime | None = None  # when the stop was last sent to another place
    moves: Mapping[str, int] = field(default_factory=dict)  # minute (UTC, ISO) -> how often, for the last hour
    over: bool = False

    def entered(self, filled: int, now: datetime) -> "Trail":
        """The trail after a fill of the entry: the best price counts anew, and the trade that filled it arms nothing."""
        return self if filled <= self.filled else replace(self, filled=filled, since=now, best=None)

    def standing(self, trigger: Decimal) -> "Trail":
        """The trail with the trigger that the exchange is known to have."""
        return self if trigger == self.trigger else replace(self, trigger=trigger)

    def traded(self, price: Decimal, at: datetime, now: datetime) -> "Trail":
        """The trail after a trade, in rupees, at its own time (UTC). One that is missing, old, or from before moves nothing."""
        if not self.counts(price, at, now):
            return self
        best = self.best
        if best is None or self.rule.is_tighter(price, best):
            best = price
        return replace(self, best=best)

    def counts(self, price: Decimal, at: datetime, now: datetime) -> bool:
        """Whether a trade may move anything: it has a price, is fresh, and is later than the entry and than the last gap."""
        begun = self.since if self.unseen is None else max(self.since, self.unseen.until)
        return price > 0 and now - at <= FRESH and at > begun

    def dated(self, now: datetime) -> "Trail":
        """The trail after the clock was set back: what lies ahead of it happened by now, so that nothing waits for the clock."""
        ahead = [moment for moment in (self.since, self.seen_at, self.moved_at) if moment is not None and moment > now]
        gap = self.unseen
        if not ahead and (gap is None or gap.until <= now):
            return self
        return replace(
            self,
            since=min(self.since, now),
            seen_at=min(self.seen_at, now) if self.seen_at is not None else None,
            moved_at=min(self.moved_at, now) if self.moved_at is not None else None,
            unseen=replace(gap, until=min(gap.until, now)) if gap is not None else None,
        )

    def watched(self, now: datetime) -> "Trail":
        """The price was watched at this moment."""
        return replace(self, seen_at=now)

    def missed(self, since: datetime, until: datetime) -> "Trail":
        """The trail after a time in which nobody watched: what was traded then does not count."""
        return replace(self, unseen=Unseen(since=since, until=until), seen_at=until)

    @property
    def wanted(self) -> Decimal | None:
        """The trigger that the stop should have by now. None: it stays, or would move by less than is worth a change."""
        if self.best is None:
            return None
        wanted = self.rule.at(self.best)
        far = (wanted - self.trigger) * self.rule.better
        return wanted if wanted > 0 and far >= self.rule.least else None

    def moved(self, now: datetime) -> "Trail":
        """A change of the stop is being sent: it counts, whatever becomes of it."""
        minute, oldest = _minute(now), _minute(now - HOUR)
        kept = {each: count for each, count in self.moves.items() if each > oldest}
        return replace(self, moved_at=now, moves={**kept, minute: kept.get(minute, 0) + 1})


class TrailAct(StrEnum):
    """What a trail does."""

    MOVE = "MOVE"  # the stop goes to another trigger
    EXIT = "EXIT"  # the price is there already: out
    WAIT = "WAIT"  # it may not move yet


@value
class TrailNext:
    """The next act of a trail."""

    act: TrailAct
    trigger: Decimal  # rupees
    due: datetime | None = None  # WAIT: until when
    shared: bool = False  # WAIT: the account's trails have used up their moves


class MoveBudget:
    """How many moves the trails of one account may still make: sixty in any minute, three hundred in any hour."""

    def __init__(self, before: Iterable[Mapping[str, int]] = ()) -> None:
        """before: the moves that trails noted, of an earlier process too. Each counts as made at its minute's end."""
        counts: dict[str, int] = {}
        for moves in before:
            for minute, count in moves.items():
                counts[minute] = counts.get(minute, 0) + count
        ends = ((datetime.fromisoformat(minute) + MINUTE, count) for minute, count in sorted(counts.items()))
        self._made: deque[datetime] = deque((end for end, count in ends for _ in range(count)), maxlen=AN_HOUR)

    def free_at(self, now: datetime) -> datetime:
        """When the next move may be made."""
        made, free = self._made, now
        for count, span in ((A_MINUTE, MINUTE), (AN_HOUR, HOUR)):
            if len(made) >= count:
                free = max(free, min(made[-count], now + MINUTE) + span)  # a clock that was set back makes nothing wait longer
        return free

    def spend(self, now: datetime) -> None:
        """One move is made."""
        self._made.append(now)


def next_move(trail: Trail, last: Decimal, at: datetime, now: datetime, budget: MoveBudget) -> TrailNext | None:
    """What a trail does at a last trade, in rupees at its own time. None: its stop stands where it belongs.

    A price that does not count moves nothing, not even towards a best that was seen before it.
    """
    wanted = trail.wanted
    if wanted is None or not trail.counts(last, at, now):
        return None
    if not trail.rule.is_tighter(last, wanted):
        return TrailNext(act=TrailAct.EXIT, trigger=wanted)
    own = trail.moved_at + BETWEEN if trail.moved_at is not None else now
    free = budget.free_at(now)
    if (due := max(own, free)) > now:
        return TrailNext(act=TrailAct.WAIT, trigger=wanted, due=due, shared=free > max(own, now))
    return TrailNext(act=TrailAct.MOVE, trigger=wanted)


def _minute(moment: datetime) -> str:
    return moment.replace(second=0, microsecond=0).isoformat()
