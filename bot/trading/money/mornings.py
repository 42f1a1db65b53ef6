"""The morning of a day of trading: whether each account is fit for it, and a ring where nothing is being watched."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from bot.domain.clock import Clock
from bot.domain.market.calendar import Calendar
from bot.domain.market.market_days import DayKind
from bot.domain.news.days.readiness import (
    ClosedDay,
    Finding,
    Light,
    LoginReminder,
    Overnight,
    Readiness,
    ReadinessAlarm,
    Unauthorised,
)
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.account import Account
from bot.domain.positions.portfolio import Holding, Positions
from bot.domain.terms import Product, Side
from bot.runtime.scheduler import Occasion
from bot.trading.account.account_views import AccountViews
from bot.trading.money.held_notes import HeldNotes, carried
from bot.trading.money.telling import Telling, by_the_clock, in_time

DAY = timedelta(days=1)
TENTH = Decimal("0.1")
LOGIN = 45.0  # seconds for a login by a stored seed, which may have to wait for the next code


class FamilyFindings(Protocol):
    """A family of commands that has something to say of a morning. It is named in the wiring's list, and nowhere else."""

    @property
    def name(self) -> str:
        """The name of its row where it cannot say anything, in at most ten letters."""
        ...

    async def of(self, account: Account, day: date) -> Sequence[Finding]:
        """Its rows on the card of that account and date in India. None where nothing is worth a row."""
        ...


@dataclass(slots=True, kw_only=True)
class Mornings:
    """Every fact has a time-out of its own, and one that is not known holds up no card."""

    telling: Telling
    views: AccountViews
    notes: HeldNotes
    calendar: Calendar | None  # None: a practice market that never closes
    families: Sequence[FamilyFindings]
    ddpi: bool  # whether a DDPI is on file where nobody has said so of the account: no sale of holdings needs a TPIN then
    clock: Clock

    async def tell(self, occasion: Occasion) -> None:
        """The card of each account, silent. It rings where something is to be watched and there is no session."""
        await self.telling.each(
            "readiness", occasion, lambda account: self._readiness(account, occasion.day), seen_by=_readiness_of
        )

    async def remind(self, occasion: Occasion) -> None:
        """Rings once more for each account that has no session while there is something to be watched."""
        card = f"login reminder {occasion.due:%H:%M}"
        await self.telling.each(card, occasion, lambda account: self._reminder(account, occasion.day), seen_by=_reminder_of)

    async def _reminder(self, account: Account, day: date) -> LoginReminder | None:
        overnight = carried(await self.notes.before(account.id, day), day)
        findings = tuple(each for each in await self._findings(account, day) if each.waits)
        if not overnight and not findings:
            return None
        # A stored seed may log in, a dead session is found out.
        await in_time(self.views.funds, by_the_clock(account), seconds=LOGIN)
        if self._alive(account):
            return None
        return LoginReminder(at=self.clock.now(), overnight=overnight, findings=findings)

    async def _findings(self, account: Account, day: date) -> tuple[Finding, ...]:
        """The rows of all families, read side by side. One that fails or does not come in time is a row that says so."""
        found = await asyncio.gather(*(in_time(family.of, account, day) for family in self.families))
        rows: list[Finding] = []
        for family, own in zip(self.families, found, strict=True):
            rows += own if own is not None else [Finding(light=Light.AMBER, name=family.name, value="not known")]
        return tuple(rows)

    async def _readiness(self, account: Account, day: date) -> Readiness:
        bot = by_the_clock(account)
        connection = self.views.connections.of(account.id)
        if not self._alive(account):
            await in_time(self.views.funds, bot, seconds=LOGIN)  # a stored seed may log in
        positions, demat, funds, skew, note, findings = await asyncio.gather(
            in_time(self.views.positions, bot),
            in_time(self.views.holdings, bot),
            in_time(self.views.funds, bot),
            in_time(connection.broker.clock_skew),
            self.notes.before(account.id, day),
            self._findings(account, day),
        )
        session = self._alive(account)  # after the reads, which may have renewed it or found it dead
        overnight = _overnight(positions) if positions is not None else carried(note, day) if note is not None else None
        shares = demat.lines if demat is not None else ()
        return Readiness(
            day=day,
            expiries=self.calendar.expiries(day) if self.calendar is not None else (),
            held_expiring=tuple(dict.fromkeys(row.instrument for row in overnight or () if row.instrument.expiry == day)),
            ahead=closed_days(self.calendar, day, self._until_next_session(day)) if self.calendar is not None else (),
            covered=self.calendar is None or self.calendar.day(day).kind is not DayKind.UNCOVERED,
            skew=Decimal(skew).quantize(TENTH) if skew is not None else None,
            session=session,
            master=self.views.instruments.day,
            cash=funds.available if funds is not None else None,
            feed=connection.feed.connected,
            overnight=overnight,
            overnight_of=note.day if positions is None and note is not None else None,
            unauthorised=await self._unauthorised(account, shares),
            changes=self.notes.changes(note, day) if note is not None else (),
            bases=tuple(share.base for share in shares if share.base is not None) if demat is not None else None,
            findings=findings,
        )

    def _alive(self, account: Account) -> bool:
        return self.views.connections.session_of(account.id, self.clock.now()) is not None

    def _until_next_session(self, day: date) -> date:
        following = day + DAY
        while self.calendar is not None and self.calendar.has_session(following) is False:
            following += DAY
        return following

    async def _unauthorised(self, account: Account, shares: Sequence[Holding]) -> tuple[Unauthorised, ...]:
        """Stops that wait to sell shares of which fewer may leave the depository. With a DDPI none needs to be authorised."""
        said = await self.views.store.read(lambda db: db.flags.ddpi(account.id))
        if self.ddpi if said is None else said:
            return ()
        working = await self.views.store.transaction(lambda db: db.orders.unsettled(account.id))
        return tuple(
            Unauthorised(instrument=share.instrument, quantity=order.draft.quantity, authorised=share.authorised)
            for share in shares
            for order in working
            if _sells_with_a_stop(order) and order.draft.instrument.key == share.instrument.key
            if order.draft.quantity > share.authorised
        )


def _readiness_of(news: Readiness, person: int) -> Readiness:
    """The card with the findings that this person is told. A ring where something of theirs is not watched."""
    own = replace(news, findings=tuple(each for each in news.findings if each.person in (None, person)))
    return ReadinessAlarm(**{name: getattr(own, name) for name in own.__dataclass_fields__}) if own.unwatched else own


def _reminder_of(news: LoginReminder, person: int) -> LoginReminder | None:
    own = replace(news, findings=tuple(each for each in news.findings if each.person in (None, person)))
    return own if own.overnight or own.findings else None


def closed_days(calendar: Calendar, first: date, last: date) -> tuple[ClosedDay, ...]:
    """The holidays on weekdays, and the sessions of their own kind, from the first date up to and including the last."""
    found = []
    for ahead in range((last - first).days + 1):
        day = calendar.day(first + ahead * DAY)
        if day.kind is DayKind.SPECIAL or (day.kind is DayKind.HOLIDAY and day.day.weekday() < 5):
            found.append(ClosedDay(day=day.day, name=day.name, special=day.kind is DayKind.SPECIAL))
    return tuple(found)


def _overnight(positions: Positions) -> tuple[Overnight, ...]:
    return tuple(
        Overnight(
            instrument=line.position.instrument,
            product=line.position.product,
            quantity=line.position.quantity,
            guarded=line.guarded,
        )
        for line in positions.lines
        if line.position.quantity and line.position.product is not Product.CNC
    )


def _sells_with_a_stop(order: Order) -> bool:
    draft = order.draft
    return order.status is OrderStatus.TRIGGER_PENDING and draft.side is Side.SELL and draft.product is Product.CNC
