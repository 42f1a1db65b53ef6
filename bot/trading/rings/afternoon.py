"""The afternoon by the clock: square-off by mStock, the closing auction of shares, what is carried over the night.

Every time comes from the dated rows of the calendar, so a day with hours of its own rings by these.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.domain.clock import Clock, ist, ist_date
from bot.domain.exits.closing import is_closing, is_guard
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Instrument, InstrumentKind
from bot.domain.market.sessions import PhaseKind, SessionClass
from bot.domain.news.days.rings import (
    AuctionBegun,
    AuctionOver,
    OpenRow,
    SessionEnds,
    SquareOffAhead,
    SquareOffNear,
    StopsEnd,
    UnprotectedTonight,
)
from bot.domain.news.notice import Notice
from bot.domain.orders.order import Order, OrderDraft, OrderStatus
from bot.domain.people.account import Account
from bot.domain.plans.plan import LegKind, LegState
from bot.domain.plans.standing_stop import StandingState
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.conversion import new_product
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.runtime.scheduler import Job, Occasion
from bot.trading.account.account_views import AccountViews
from bot.trading.converting.margins import product_margins
from bot.trading.money.telling import Telling, by_the_clock

Work = Callable[[Occasion], Awaitable[None]]
Make = Callable[[Account], Awaitable[Notice | None]]

MINUTE = timedelta(minutes=1)
LEADS = (30 * MINUTE, 15 * MINUTE, 5 * MINUTE)  # before a square-off; the first is silent
CARRIED = 8  # rows of a ring whose margin over the night is asked for
STOPS_LEAD = 10 * MINUTE  # before the exchange cancels the stops of shares that go into the auction
NIGHT_LEAD = 20 * MINUTE  # before the last trade of the day
SESSION_LEAD = 30 * MINUTE  # before midnight, when the broker's session ends
POST_CLOSE_ENDS = 25 * MINUTE  # after the auction's match: later there is nothing left to do


@dataclass(slots=True, kw_only=True)
class Afternoon:
    """Each ring at most once for an account and date. None for an account without a session."""

    telling: Telling
    views: AccountViews
    calendar: Calendar
    clock: Clock

    def jobs(self, trading: Callable[[date], bool]) -> tuple[Job, ...]:
        """Every ring by the clock. trading: whether a date has a session."""
        square_offs = sorted({row.time for row in self.calendar.square_offs})
        return (
            *(self._square_off_job(at, lead, trading) for at in square_offs for lead in LEADS),
            self._job("stops end", self._stops_end_at, STOPS_LEAD, self.stops_end),
            self._job("auction begun", self._reference_at, 5 * MINUTE, self.auction_begun),
            self._job("auction over", self._matched_at, POST_CLOSE_ENDS, self.auction_over),
            self._job("unprotected tonight", self._night_at, NIGHT_LEAD, self.unprotected),
            Job(name="session ends", at=time(23, 30), when=trading, within=SESSION_LEAD, work=self.session_ends),
        )

    def _job(self, name: str, at: Callable[[date], datetime | None], within: timedelta, work: Work) -> Job:
        """A job of the dates on which the calendar gives its time."""
        return Job(name=name, at=lambda day: _wall(at(day)), when=lambda day: at(day) is not None, within=within, work=work)

    def _square_off_job(self, at: time, lead: timedelta, trading: Callable[[date], bool]) -> Job:
        async def work(occasion: Occasion) -> None:
            await self.square_off(occasion, lead)

        name = f"square-off {at:%H:%M}, {lead // MINUTE} min before"
        before = (datetime.combine(date.min + timedelta(days=1), at) - lead).time()
        after = max((other for other in LEADS if other < lead), default=timedelta(0))
        return Job(name=name, at=before, when=trading, within=lead - after, work=work)

    async def square_off(self, occasion: Occasion, lead: timedelta) -> None:
        """What mStock closes that long after the occasion: a silent list half an hour before, then rings while it is there."""
        at = occasion.due + lead
        kind = SquareOffAhead if lead == LEADS[0] else SquareOffNear

        async def make(account: Account) -> Notice | None:
            positions, orders = await self._read(account)
            closes = {
                position.instrument.key
                for position in positions
                if position.product is Product.MIS and self._squared_off_at(position.instrument, at)
            }
            rows = tuple(OpenRow.of(one) for one in positions if one.product is Product.MIS and one.instrument.key in closes)
            entries = tuple(
                order
                for order in orders
                if order.draft.product is Product.MIS
                and not _closes(order, positions)
                and self._squared_off_at(order.draft.instrument, at)
            )
            if not rows and not entries:
                return None
            instruments = [row.instrument for row in rows] + [order.draft.instrument for order in entries]
            found = [self.calendar.square_off(one, Product.MIS, occasion.day) for one in instruments]
            rows = await self._with_needs(account, rows, positions)
            return kind(at=at, rows=rows, entries=entries, proven=all(one.proven for one in found if one is not None))

        await self._each(f"square-off {ist(at):%H:%M} {lead // MINUTE}", occasion, make)

    async def _with_needs(
        self, account: Account, rows: tuple[OpenRow, ...], positions: Sequence[Position]
    ) -> tuple[OpenRow, ...]:
        """The rows with what each blocks more where it is carried over the night, read side by side."""
        connection = self.views.connections.of(account.id)
        prices = await self.views.prices.of_all(account.id, {row.instrument.key for row in rows})

        async def needs(row: OpenRow) -> OpenRow:
            held = next(one for one in positions if (one.instrument.key, one.product) == (row.instrument.key, row.product))
            to, price = new_product(held), prices.get(row.instrument.key)
            if to is None or price is None:
                return row
            margins = await product_margins(connection, held, to, abs(held.quantity), price.last)
            return replace(row, needs=margins.more)

        asked = await asyncio.gather(*(needs(row) for row in rows[:CARRIED]))
        return (*asked, *rows[CARRIED:])

    async def stops_end(self, occasion: Occasion) -> None:
        """Stops on shares of the closing auction, before the exchange cancels them."""
        at = self._reference_at(occasion.day)

        async def make(account: Account) -> Notice | None:
            _, orders = await self._read(account)
            stops = tuple(order for order in orders if is_guard(order) and self._in_auction(order.draft.instrument, occasion.day))
            return StopsEnd(at=at, stops=stops) if at is not None and stops else None

        await self._each("stops end", occasion, make)

    async def auction_begun(self, occasion: Occasion) -> None:
        """Limits that went into the auction, and the targets that only trades on the market strike."""
        orders_from = self._phase(PhaseKind.AUCTION, occasion.day)

        async def make(account: Account) -> Notice | None:
            _, orders = await self._read(account)
            limits = tuple(
                order
                for order in orders
                if is_closing(order) and order.draft.price is not None and self._in_auction(order.draft.instrument, occasion.day)
            )
            drafts = await self.views.store.transaction(lambda db: _targets(db, account.id))
            targets = tuple(draft for draft in drafts if self._in_auction(draft.instrument, occasion.day))
            if orders_from is None or not (limits or targets):
                return None
            return AuctionBegun(orders_from=orders_from, limits=limits, targets=targets)

        await self._each("auction begun", occasion, make)
        await self.views.store.transaction(lambda db: self._end_held(db, occasion.day))

    def _end_held(self, db: Repositories, day: date) -> None:
        """What the bot holds for shares of the auction ends: the exchange cancels their stops, and no trade strikes a target.

        A plan whose entry has filled nothing stays: it may fill in the auction.
        """
        for plan in db.plans.alive():
            entries = [db.orders.find(leg.order_id) for leg in plan.entries if leg.order_id is not None]
            filled = [entry for entry in entries if entry is not None and entry.filled]
            if filled and self._in_auction(filled[0].draft.instrument, day):
                db.plans.end(plan.id, "closing auction")

    async def auction_over(self, occasion: Occasion) -> None:
        """Sales that the auction did not fill, and intraday shorts in shares, which go to the settlement's auction."""
        matching = self._phase(PhaseKind.AUCTION_MATCH, occasion.day)
        post_close = self._phase(PhaseKind.POST_CLOSE, occasion.day)

        async def make(account: Account) -> Notice | None:
            positions, _ = await self._read(account)
            today = await self.views.store.read(lambda db: db.orders.of_day(account.id, occasion.day))
            unsold = tuple(
                order
                for order in today
                if matching is not None
                and order.draft.side is Side.SELL
                and order.draft.trigger is None
                and self._in_auction(order.draft.instrument, occasion.day)
                and _left_by_auction(order, matching)
            )
            shorts = tuple(
                OpenRow.of(one)
                for one in positions
                if one.product is Product.MIS and one.quantity < 0 and one.instrument.kind is InstrumentKind.EQUITY
            )
            return AuctionOver(unsold=unsold, shorts=shorts, post_close=post_close) if unsold or shorts else None

        await self._each("auction over", occasion, make)

    async def unprotected(self, occasion: Occasion) -> None:
        """Carry-forward positions of the night. What ends today is not carried."""

        async def make(account: Account) -> Notice | None:
            positions, orders = await self._read(account)
            carried = [one for one in positions if one.product is Product.NRML and one.instrument.expiry != occasion.day]
            if not carried:
                return None
            guarded = [one for one in carried if any(is_guard(order) and _closes(order, [one]) for order in orders)]
            bare = tuple(OpenRow.of(one) for one in carried if one not in guarded)
            standing = await self.views.store.read(lambda db: db.standing_stops.of(account.id))
            rows = {(stop.instrument.key, stop.product) for stop in standing if stop.state is StandingState.KEPT}
            kept = tuple(OpenRow.of(one) for one in carried if (one.instrument.key, one.product) in rows)
            return UnprotectedTonight(bare=bare, stopped=tuple(OpenRow.of(one) for one in guarded), kept=kept)

        await self._each("unprotected tonight", occasion, make)

    async def session_ends(self, occasion: Occasion) -> None:
        """Positions that are held where the session of the broker ends with the day."""

        async def make(account: Account) -> Notice | None:
            session = self.views.connections.of(account.id).session
            positions, _ = await self._read(account)
            rows = tuple(OpenRow.of(one) for one in positions if one.product is not Product.CNC)
            return SessionEnds(at=session.expires, rows=rows) if session is not None and rows else None

        await self._each("session ends", occasion, make)

    async def _each(self, card: str, occasion: Occasion, make: Make) -> None:
        async def of_living(account: Account) -> Notice | None:
            if self.views.connections.session_of(account.id, self.clock.now()) is None:
                return None  # its people were told that nothing is watched
            return await make(account)

        await self.telling.each(card, occasion, of_living)

    async def _read(self, account: Account) -> tuple[Sequence[Position], Sequence[Order]]:
        """Open positions and working orders. BrokerError: the job comes again."""
        book = await self.views.reads.positions(account.id)
        listing = await self.views.orders(by_the_clock(account), "open")
        positions = [one for one in book.value if one.quantity]
        return positions, [order for order in listing.orders if order.status.is_working and order.cancelled_by is None]

    def _squared_off_at(self, instrument: Instrument, at: datetime) -> bool:
        found = self.calendar.square_off(instrument, Product.MIS, ist_date(at))
        return found is not None and found.at == at

    def _in_auction(self, instrument: Instrument, day: date) -> bool:
        if instrument.kind is not InstrumentKind.EQUITY:
            return False
        has_contracts = self.views.instruments.has_contracts(instrument)
        return self.calendar.session_class(instrument, day, in_auction=has_contracts) is SessionClass.CASH_AUCTION

    def _phase(self, kind: PhaseKind, day: date) -> datetime | None:
        """When the phase begins for shares of the closing auction. None: the day has none."""
        phases = self.calendar.phases_of(SessionClass.CASH_AUCTION, day)
        return next((phase.start for phase in phases if phase.kind is kind), None)

    def _reference_at(self, day: date) -> datetime | None:
        return self._phase(PhaseKind.REFERENCE, day)

    def _stops_end_at(self, day: date) -> datetime | None:
        begins = self._reference_at(day)
        return begins - STOPS_LEAD if begins is not None else None

    def _matched_at(self, day: date) -> datetime | None:
        phases = self.calendar.phases_of(SessionClass.CASH_AUCTION, day)
        return next((phase.end for phase in phases if phase.kind is PhaseKind.AUCTION_MATCH), None)

    def _night_at(self, day: date) -> datetime | None:
        phases = self.calendar.phases_of(SessionClass.DERIVATIVE, day)
        ends = [phase.end for phase in phases if phase.kind is PhaseKind.CONTINUOUS]
        return ends[-1] - NIGHT_LEAD if ends else None


def _wall(moment: datetime | None) -> time:
    """The time of day in India. It is asked of dates that have one."""
    return ist(moment).time() if moment is not None else time.max


def _closes(order: Order, positions: Collection[Position]) -> bool:
    """Whether an order makes one of these positions smaller."""
    draft = order.draft
    return any(
        (one.instrument.key, one.product) == (draft.instrument.key, draft.product) and one.quantity * draft.side.sign < 0
        for one in positions
    )


def _left_by_auction(order: Order, matching: datetime) -> bool:
    """Whether some of an order was left over: it works still, or the exchange ended it while or after it matched."""
    if order.status.is_working:
        return order.cancelled_by is None
    ended = order.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED)
    return ended and order.cancelled_by is None and order.updated_at >= matching


def _targets(db: Repositories, account_id: str) -> list[OrderDraft]:
    """Targets that the bot holds for something that was filled."""
    found = []
    for plan in db.plans.alive():
        target = plan.leg(LegKind.TARGET)
        if plan.account_id != account_id or target is None or target.state is not LegState.WAITING:
            continue
        entries = [db.orders.find(leg.order_id) for leg in plan.entries if leg.order_id is not None]
        if any(entry is not None and entry.filled for entry in entries):
            found.append(target.draft)
    return found
