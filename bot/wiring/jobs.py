"""The table of what runs by the clock, with the dates and hours that the calendar gives."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.clock import IST, Clock, ist, ist_date
from bot.domain.market.market_days import MarketDays
from bot.domain.orders.later_card import AFTER_OPEN, due_at
from bot.domain.ports.inbox import Inbox
from bot.domain.ports.repositories import Store
from bot.runtime.scheduler import Job, Occasion
from bot.trading.desk.after_market_orders import AfterMarketOrders
from bot.trading.money.expiring import Expiring
from bot.trading.money.held_notes import HeldNotes
from bot.trading.money.mornings import Mornings
from bot.trading.money.summaries import Summaries
from bot.trading.proposals.later_cards import LaterCards
from bot.trading.safety.uncovered_year import UncoveredYear
from bot.trading.standing.morning_stops import MorningStops

KEEP = timedelta(days=3)  # what was answered, handled, told or drawn; orders, fills and the audit are kept for good
KEEP_CURVES = timedelta(days=92)  # a point a minute; the days' rows stay
AFTER_SPECIAL = timedelta(minutes=15)  # from the end of a special session to its summary, as on a usual day
LATEST_SUMMARY = time(23, 30)  # IST; before midnight, when the broker's session and its book of the day are gone
DAY = timedelta(days=1)
SHORT = timedelta(minutes=35)  # a card about the morning that comes at the opening bell is none
MINUTE = timedelta(minutes=1)
AT_OPEN = time(9, 15, 5)  # IST; the first trades tell what opened beyond its stop
STOPS_LATE = timedelta(hours=6)  # a stop that is placed late guards all the same
SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Dates as jobs ask for them. Without a calendar, on a practice market, every day is one of trading."""

    calendar: MarketDays | None
    summary: time  # IST

    def trading(self, day: date) -> bool:
        """A day on which there are trades, a muhurat hour included. Any weekday of a year that is not covered counts."""
        is_open = True if self.calendar is None else self.calendar.has_session(day)
        return day.weekday() < 5 if is_open is None else is_open

    def weeks_last(self, day: date) -> bool:
        """The last day of trading of its week, which ends on Sunday."""
        return self._last(day, day + (6 - day.weekday()) * DAY)

    def months_last(self, day: date) -> bool:
        """The last day of trading of its month."""
        following = (day.replace(day=1) + 31 * DAY).replace(day=1)
        return self._last(day, following - DAY)

    def _last(self, day: date, end: date) -> bool:
        rest = (day + ahead * DAY for ahead in range(1, (end - day).days + 1))
        return self.trading(day) and not any(self.trading(later) for later in rest)

    def later_at(self, day: date) -> time:
        """When cards of later ring, IST: just after the usual opening, or that of a special session."""
        start = None if self.calendar is None else self.calendar.special_start(day)
        return AFTER_OPEN if start is None else ist(due_at(start)).time()

    def summary_at(self, day: date) -> time:
        """When the day is summed up, IST: as the settings say, but not before a special session is over."""
        end = None if self.calendar is None else self.calendar.special_end(day)
        if end is None or end <= datetime.combine(day, self.summary, IST):
            return self.summary
        after = ist(end + AFTER_SPECIAL)
        return min(after.time(), LATEST_SUMMARY) if after.date() == day else LATEST_SUMMARY


@dataclass(slots=True, kw_only=True)
class Sweep:
    """Forgets what was answered, handled, told and drawn days ago."""

    store: Store
    inbox: Inbox
    clock: Clock

    async def sweep(self, _: Occasion) -> None:
        """Questions, invitations, news, struck alerts, cards of orders that ended, claims of days, updates, and old curves."""
        before = self.clock.now() - KEEP
        await self.store.transaction(lambda db: db.confirmations.forget_before(before))
        await self.store.transaction(lambda db: db.plans.forget_before(before))
        await self.store.transaction(lambda db: db.invitations.forget_before(before))
        await self.store.transaction(lambda db: db.outbox.forget_before(before))
        await self.store.transaction(lambda db: db.cards.forget_before(before))
        await self.store.transaction(lambda db: db.alerts.forget_struck())
        await self.store.transaction(lambda db: db.pnl_exits.forget_asked())
        await self.store.transaction(lambda db: db.later_cards.forget_before(before))
        await self.store.transaction(lambda db: db.flags.forget_days_before(ist_date(before)))
        await self.store.transaction(lambda db: db.ledger.forget_curves_before(self.clock.now() - KEEP_CURVES))
        await self.inbox.forget_before(before)


def is_sunday(day: date) -> bool:
    """The evening before a new week, a session on it or not."""
    return day.weekday() == SUNDAY


def table(
    *,
    days: Days,
    summaries: Summaries,
    sweep: Sweep,
    year: UncoveredYear,
    notes: HeldNotes,
    mornings: Mornings,
    expiring: Expiring,
    later: LaterCards,
    evenings: AfterMarketOrders,
    stops: MorningStops,
) -> tuple[Job, ...]:
    """Every job, a line each: its IST time, its dates, how long after its time it is still done, and the work."""
    return (
        Job(name="sweep", at=time(3, 0), within=timedelta(hours=20), work=sweep.sweep),
        Job(name="uncovered year", at=time(9, 0), when=year.is_day, within=timedelta(days=28), work=year.tell),
        Job(name="readiness", at=time(8, 40), when=days.trading, within=SHORT, work=mornings.tell),
        Job(name="after-market orders, ahead", at=time(8, 40), when=days.trading, within=SHORT, work=evenings.tell_ahead),
        Job(name="after-market orders", at=days.later_at, when=days.trading, within=SHORT, work=evenings.tell),
        Job(name="cards of later, ahead", at=time(8, 40), when=days.trading, within=SHORT, work=later.tell_ahead),
        Job(name="standing stops", at=AT_OPEN, when=days.trading, within=STOPS_LATE, work=stops.tell),
        Job(name="cards of later", at=days.later_at, when=days.trading, within=timedelta(hours=6), work=later.tell_due),
        Job(name="first login reminder", at=time(9, 5), when=days.trading, within=MINUTE, work=mornings.remind),
        Job(name="last login reminder", at=time(9, 14), when=days.trading, within=MINUTE, work=mornings.remind),
        Job(name="near expiry, morning", at=time(8, 40), when=days.trading, within=SHORT, work=expiring.tell),
        Job(name="near expiry, afternoon", at=time(14, 0), when=days.trading, within=SHORT, work=expiring.tell),
        Job(name="daily summary", at=days.summary_at, when=days.trading, within=timedelta(days=31), work=summaries.close_day),
        Job(name="what is held", at=days.summary_at, when=days.trading, within=timedelta(hours=7), work=notes.note),
        Job(name="week ahead", at=time(18, 0), when=is_sunday, within=timedelta(hours=5, minutes=59), work=expiring.week_ahead),
    )
