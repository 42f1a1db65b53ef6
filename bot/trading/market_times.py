"""Dates and hours as the exchanges' dated calendar gives them, or as a practice market that never closes has them."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from bot.domain.charges.charges import Tariff
from bot.domain.clock import IST, at_ist, ist, ist_date, next_midnight
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.market.sessions import PhaseKind, SessionClass, usual_hours
from bot.domain.orders.order import Order
from bot.domain.proposals.later_card import AFTER_OPEN, due_at
from bot.domain.terms import Product
from bot.domain.value import value

AFTER_SPECIAL = timedelta(minutes=15)  # from the end of a special session to its summary, as on a usual day
LATEST_SUMMARY = time(23, 30)  # IST; before midnight, when the broker's session and its book of the day are gone
DAY = timedelta(days=1)


@value
class MarketTimes:
    """Dates as jobs ask for them, and moments as whoever watches the market does. Without a calendar every day is open."""

    calendar: Calendar | None  # None: this market never closes
    summary: time  # of the day, IST

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

    def in_hours(self, exchange: Exchange, at: datetime) -> bool:
        """Whether an exchange trades at a moment (UTC): always on a practice market, by the clock where no calendar reaches."""
        known = self.calendar.is_continuous(exchange, at) if self.calendar is not None else True
        return usual_hours(exchange, at) if known is None else known

    def in_session(self, at: datetime) -> bool:
        """The same of shares."""
        return self.in_hours(Exchange.NSE, at)

    def has_begun(self, at: datetime) -> bool:
        """Whether there has been continuous trading on the date in India of a moment (UTC).

        Before it prices are of an earlier date. By the usual hours on weekdays where the calendar does not reach.
        """
        if self.calendar is None:
            return True
        day = ist_date(at)
        session = self.calendar.has_session(day)
        if session is False or (session is None and day.weekday() > 4):
            return False
        starts = (each.start for each in self.calendar.phases_of(SessionClass.CASH, day) if each.kind is PhaseKind.CONTINUOUS)
        return at >= min(starts, default=at_ist(day, 9, 15))

    def last_session(self, at: datetime) -> date:
        """The date in India of the last session that has begun at a moment (UTC): a price of that moment is of that session."""
        today = ist_date(at)
        return today if self.has_begun(at) else self.day_before(today)

    def trades(self, instrument: Instrument, at: datetime, *, in_auction: bool) -> bool:
        """Whether an instrument is in continuous trading at a moment (UTC). Where the calendar does not know, it is taken to be.

        in_auction: whether it has the closing auction of shares with contracts.
        """
        if self.calendar is None:
            return True
        phase = next(self.calendar.from_moment(instrument, at, in_auction=in_auction))
        return phase.kind in (PhaseKind.CONTINUOUS, PhaseKind.UNKNOWN)

    def in_auction(self, underlying: Instrument, at: datetime) -> bool:
        """Whether a share with contracts, or the shares that an index is made of, are in their closing auction (UTC)."""
        if self.calendar is None or underlying.is_derivative:
            return False
        phase = next(self.calendar.from_moment(underlying, at, in_auction=True))
        return phase.kind in (PhaseKind.REFERENCE, PhaseKind.AUCTION, PhaseKind.AUCTION_LIMIT, PhaseKind.AUCTION_MATCH)

    def day_ends(self, at: datetime) -> datetime | None:
        """When all trading of the date in India of a moment is over (UTC): contracts go on longer than shares.

        None: there is none on that date. Midnight where this market never closes, or the calendar does not know.
        """
        if self.calendar is None:
            return next_midnight(at)
        phases = [phase for each in SessionClass for phase in self.calendar.phases_of(each, ist_date(at))]
        if any(phase.kind is PhaseKind.UNKNOWN for phase in phases):
            return next_midnight(at)
        return max((phase.end for phase in phases if phase.kind is PhaseKind.CONTINUOUS), default=None)

    def ended(self, instrument: Instrument, at: datetime) -> bool:
        """Whether a contract is traded no more at a moment (UTC). By the usual hours where the calendar does not reach."""
        if instrument.expiry is None or ist_date(at) < instrument.expiry:
            return False
        day = instrument.expiry
        phases = self.calendar.phases(instrument, day, in_auction=False) if self.calendar is not None else ()
        return at >= max((phase.end for phase in phases if phase.kind is PhaseKind.CONTINUOUS), default=at_ist(day, 15, 30))

    def squares_off_at(self, instrument: Instrument, product: Product, at: datetime) -> datetime | None:
        """When mStock closes such a position itself on the day of that moment (UTC). None: never, or not known."""
        found = self.calendar.square_off(instrument, product, ist_date(at)) if self.calendar is not None else None
        return found.at if found is not None else None

    def squares_off(self, instrument: Instrument, product: Product, at: datetime) -> bool:
        """Whether mStock closes such a position itself by a moment (UTC). Where no calendar is kept it may at any time."""
        if product is not Product.MIS:
            return False
        closes = self.squares_off_at(instrument, product, at)
        return self.calendar is None or (closes is not None and closes <= at)

    def square_off_fee(self, tariff: Tariff, order: Order) -> Decimal | None:
        """Rupees, about, that mStock takes for an order with which it closed a position itself. None: it is no such order."""
        if order.is_ours:
            return None
        at = order.sent_at or order.created_at
        closes = self.squares_off_at(order.draft.instrument, order.draft.product, at)
        return tariff.square_off_fee(ist_date(at)).total if closes is not None and at >= closes else None

    def day_before(self, day: date) -> date:
        """The last date in India before it that had a session, a muhurat hour included: it has marks and a close of its own.

        The day before where no calendar is kept, or where it does not reach.
        """
        before = day - timedelta(days=1)
        while self.calendar is not None and (session := self.calendar.has_session(before)) is not True:
            if session is None:
                return day - timedelta(days=1)
            before -= timedelta(days=1)
        return before
