"""The table of what runs by the clock."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from bot.domain.clock import Clock, ist_date
from bot.domain.ports.inbox import Inbox
from bot.domain.ports.repositories import Store
from bot.runtime.scheduler import Job, Occasion
from bot.trading.desk.after_market_orders import AfterMarketOrders
from bot.trading.market_times import MarketTimes
from bot.trading.money.expiring import Expiring
from bot.trading.money.held_notes import HeldNotes
from bot.trading.money.mornings import Mornings
from bot.trading.money.summaries import Summaries
from bot.trading.proposals.later_cards import LaterCards
from bot.trading.safety.uncovered_year import UncoveredYear
from bot.trading.standing.morning_stops import MorningStops

KEEP = timedelta(days=3)  # what was answered, handled, told or drawn; orders, fills and the audit are kept for good
KEEP_CURVES = timedelta(days=92)  # a point a minute; the days' rows stay
SHORT = timedelta(minutes=35)  # a card about the morning that comes at the opening bell is none
MINUTE = timedelta(minutes=1)
AT_OPEN = time(9, 15, 5)  # IST; the first trades tell what opened beyond its stop
LAST = time(23, 59)  # a day that goes on after its summary is over; the broker's book of it is gone at midnight
STOPS_LATE = timedelta(hours=6)  # a stop that is placed late guards all the same
SUNDAY = 6


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
    times: MarketTimes,
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
        Job(name="readiness", at=time(8, 40), when=times.trading, within=SHORT, work=mornings.tell),
        Job(name="after-market orders, ahead", at=time(8, 40), when=times.trading, within=SHORT, work=evenings.tell_ahead),
        Job(name="after-market orders", at=times.later_at, when=times.trading, within=SHORT, work=evenings.tell),
        Job(name="cards of later, ahead", at=time(8, 40), when=times.trading, within=SHORT, work=later.tell_ahead),
        Job(name="standing stops", at=AT_OPEN, when=times.trading, within=STOPS_LATE, work=stops.tell),
        Job(name="cards of later", at=times.later_at, when=times.trading, within=timedelta(hours=6), work=later.tell_due),
        Job(name="first login reminder", at=time(9, 5), when=times.trading, within=MINUTE, work=mornings.remind),
        Job(name="last login reminder", at=time(9, 14), when=times.trading, within=MINUTE, work=mornings.remind),
        Job(name="near expiry, morning", at=time(8, 40), when=times.trading, within=SHORT, work=expiring.tell),
        Job(name="near expiry, afternoon", at=time(14, 0), when=times.trading, within=SHORT, work=expiring.tell),
        Job(name="daily summary", at=times.summary_at, when=times.trading, within=timedelta(days=31), work=summaries.close_day),
        Job(name="trades after the summary", at=LAST, when=times.trading, within=timedelta(days=31), work=summaries.correct_day),
        Job(name="what is held", at=times.summary_at, when=times.trading, within=timedelta(hours=7), work=notes.note),
        Job(name="week ahead", at=time(18, 0), when=is_sunday, within=timedelta(hours=5, minutes=59), work=expiring.week_ahead),
    )
