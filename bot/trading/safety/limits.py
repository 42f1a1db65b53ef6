"""/limits: an account's own hard limits, tightened at once and loosened from the next trading day only, and locking a day."""

from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.clock import Clock, at_ist, ist_date
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Instrument
from bot.domain.money import in_figures
from bot.domain.news.people import ActByOther, ActionKind
from bot.domain.news.safety import DayLocked
from bot.domain.orders.order import OrderStatus
from bot.domain.people.access import DayLock, LimitsShown
from bot.domain.people.account import Account, Actor, Limits, Permission, Segment
from bot.domain.ports.repositories import Repositories, Store
from bot.domain.positions.portfolio import PnL
from bot.trading.actor import account_of, demand_role
from bot.trading.safety.announce import tell_all, tell_others
from bot.trading.safety.pins import demand_pin
from bot.trading.safety.striking import strike_entries

NAMES = tuple(field.name for field in fields(Limits))


@dataclass(slots=True, kw_only=True)
class OwnLimits:
    """What is loosened in the heat of a day begins on another one."""

    store: Store
    clock: Clock
    calendar: Calendar | None  # None: this exchange never closes (practice), so tomorrow is a trading day

    async def show(self, actor: Actor) -> LimitsShown:
        """The limits as they stand today, and as they will."""
        account = account_of(actor)
        return await self.store.transaction(lambda db: self._shown(db, account))

    async def change(self, actor: Actor, name: str, value: Any) -> LimitsShown:
        """One limit anew. `value` is of the type of that field of Limits. PinWanted when it is loosened and a PIN is set."""
        account = account_of(actor)
        today, now = ist_date(self.clock.now()), self.clock.now()
        person = actor.user.telegram_id

        def write(db: Repositories) -> LimitsShown:
            demand_role(db, actor, Permission.ADMIN, "Only an owner changes the limits.")
            present = db.limits.on(account.id, today)
            tight = stricter(name, getattr(present, name), value)
            if tight != value:
                proof = f"limits:{account.id}:{name}:{value}"
                demand_pin(db, person, proof, "Loosening a limit: your PIN, please.")
            if tight != getattr(present, name):
                db.limits.put(account.id, today, replace(present, **{name: tight}))
            later = db.limits.after(account.id, today)
            begins = later[0] if later is not None else self.next_day(today)
            if later is not None:
                db.limits.put(account.id, begins, replace(later[1], **{name: value}))
            elif tight != value:
                db.limits.put(account.id, begins, replace(present, **{name: value}))
            after = in_words(value) if tight == value else f"{in_words(tight)}, from {begins} {in_words(value)}"
            before = in_words(getattr(present, name))
            db.audit.add(now, person, "limits", account.id, name, before=before, after=after)
            self._tell(db, account, actor, ActionKind.LIMITS, _changed(name, before, tight, value, begins))
            return self._shown(db, account)

        return await self.store.transaction(write)

    async def lock_day(self, actor: Actor) -> LimitsShown:
        """No new entries until the next trading day. Nobody can take it back in the chat."""
        account = account_of(actor)
        now = self.clock.now()

        def write(db: Repositories) -> LimitsShown:
            demand_role(db, actor, Permission.OPEN, "You may not lock the day here any more.")
            why = f"{actor.user.name} locked it"
            lock = DayLock(account_id=account.id, day=ist_date(now), at=now, by=actor.user.telegram_id, why=why)
            if db.limits.lock_day(lock):
                strike_entries(db, account.id, f"{actor.user.name} locked the day.", now)
                db.audit.add(now, lock.by, "day locked", account.id, before="open", after=f"locked for {lock.day}")
                self._tell(db, account, actor, ActionKind.DAY_LOCKED, "")
            return self._shown(db, account)

        return await self.store.transaction(write)

    def next_day(self, today: date) -> date:
        """The next trading day. Tomorrow where the calendar does not reach."""
        after = self.calendar.trading_day_after(today) if self.calendar is not None else None
        return after or today + timedelta(days=1)

    def _shown(self, db: Repositories, account: Account) -> LimitsShown:
        today = ist_date(self.clock.now())
        return LimitsShown(
            account=account,
            today=db.limits.on(account.id, today),
            later=db.limits.after(account.id, today),
            day_lock=db.limits.day_lock(account.id, today),
            entries=entries_resting(db, account.id),
            sent_today=db.orders.sent_since(account.id, at_ist(today, 0))[0],
        )

    def _tell(self, db: Repositories, account: Account, actor: Actor, deed: ActionKind, detail: str) -> None:
        now = self.clock.now()
        notice = ActByOther(name=actor.user.name, deed=deed, at=now, detail=detail)
        tell_others(db, account.id, {actor.user.telegram_id}, notice, now)


def stricter(name: str, one: Any, other: Any) -> Any:
    """The tighter of two values of a limit. Where neither is, what both allow. None allows all."""
    if isinstance(one, bool):
        return one and other
    if one is None or other is None:
        return other if one is None else one
    if name == "segments":
        return tuple(segment for segment in Segment if segment in one and segment in other)
    if name == "hours":
        begins = max(one[0], other[0])
        return begins, max(begins, min(one[1], other[1]))
    return min(one, other)


_NAMES = {
    "value": "one order",
    "quantity": "shares or units of one order",
    "orders_a_day": "orders a day",
    "orders_a_minute": "orders a minute",
    "daily_loss": "daily loss",
    "segments": "segments",
    "hours": "hours",
    "ask_pin_above": "PIN above",
    "guardian_sells_holdings": "guardian sells holdings",
    "stops_by_themselves": "standing stops place themselves",
}


def _changed(name: str, before: str, tight: Any, value: Any, begins: date) -> str:
    """What the others are told: from what to what, and from when where it was loosened."""
    words = f"{_NAMES[name]}, {before} → {in_words(value)}"
    if tight == value:
        return words
    until = f"; until then {in_words(tight)}" if in_words(tight) != before else ""
    return f"{words} from {begins.day} {begins:%b}{until}"


def in_words(value: Any) -> str:
    """A limit's value as people and the record of acts read it."""
    if value is None:
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and value and isinstance(value[0], time):
        return "-".join(f"{moment:%H:%M}" for moment in value)
    if isinstance(value, Decimal):
        return in_figures(value)
    if isinstance(value, tuple):
        return " ".join(str(segment) for segment in value) or "nothing"
    return str(value)


def segment_of(instrument: Instrument) -> Segment:
    """Which segment an order in it belongs to."""
    if instrument.is_option:
        return Segment.OPTIONS
    return Segment.FUTURES if instrument.is_derivative else Segment.CASH


def made(result: PnL) -> Decimal:
    """What the day made or lost, in rupees: after charges, or before them where they are not known."""
    return result.gross if result.net is None else result.net


def entries_resting(db: Repositories, account_id: str) -> int:
    """Orders at the exchange that may still open something. Waiting stops and exits are none."""
    working = (order for order in db.orders.unsettled(account_id) if order.status.is_working and not order.closes)
    return sum(order.status is not OrderStatus.TRIGGER_PENDING for order in working)


def day_lock(db: Repositories, account_id: str, *, limits: Limits, result: PnL | None, clock: Clock) -> DayLock | None:
    """The lock of today. Made here, once and for all, when the day's result shows that the daily loss is reached."""
    now = clock.now()
    today = ist_date(now)
    lock = db.limits.day_lock(account_id, today)
    if lock is not None or limits.daily_loss is None or result is None or made(result) > -limits.daily_loss:
        return lock
    lock = DayLock(account_id=account_id, day=today, at=now, by=None, why="the daily loss was reached")
    db.limits.lock_day(lock)
    strike_entries(db, account_id, "The daily loss was reached.", now)
    why = f"result {made(result)}, limit {limits.daily_loss}"
    db.audit.add(now, None, "day locked", account_id, why, before="open", after=f"locked for {today}")
    notice = DayLocked(at=now, result=made(result), charges=result.charges, entries=entries_resting(db, account_id))
    tell_all(db, account_id, notice, now)
    return lock
