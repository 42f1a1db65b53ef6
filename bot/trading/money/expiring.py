"""Contracts near their end: cards about stock contracts that end in shares, and on Sunday what the week brings."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.day_bill import Delivered, at_expiry
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.clock import Clock
from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import InstrumentKey, Right
from bot.domain.market.market_days import DayKind
from bot.domain.market.prices import Price
from bot.domain.market.rules import ExpiryStage, MarketRules
from bot.domain.money import ZERO
from bot.domain.news.days.readiness import ExpiryAlarm, NearExpiry, Settlement, WeekAhead
from bot.domain.people.account import Account
from bot.domain.positions.held import HeldNote
from bot.domain.positions.portfolio import Holding, Position, PositionLine
from bot.domain.terms import Product, Side
from bot.runtime.scheduler import Occasion
from bot.trading.account.account_views import AccountViews
from bot.trading.money.held_notes import HeldNotes, carried
from bot.trading.money.mornings import DAY, closed_days
from bot.trading.money.telling import Telling, by_the_clock, in_time

WEEK = timedelta(days=6)


@dataclass(slots=True, kw_only=True)
class Expiring:
    """What is held is read from the broker, and from the newest note where it cannot be."""

    telling: Telling
    views: AccountViews
    notes: HeldNotes
    rules: MarketRules
    calendar: Calendar | None  # None: a practice market that never closes
    tariff: Tariff
    plan: BrokeragePlan | None
    clock: Clock

    async def tell(self, occasion: Occasion) -> None:
        """A card about each account's stock contracts from E-4 on. It rings from E-2 on."""
        if (calendar := self.calendar) is not None:
            card = f"near expiry {occasion.due:%H:%M}"
            await self.telling.each(card, occasion, lambda account: self._near(account, occasion.day, calendar))

    async def week_ahead(self, occasion: Occasion) -> None:
        """Tells on a Sunday what the week from tomorrow on brings, if anything."""
        await self.telling.each("week ahead", occasion, lambda account: self._week(account, occasion.day + DAY))

    async def _near(self, account: Account, day: date, calendar: Calendar) -> NearExpiry | None:
        bot = by_the_clock(account)
        positions, demat = await asyncio.gather(in_time(self.views.positions, bot), in_time(self.views.holdings, bot))
        note = await self.notes.before(account.id, day) if positions is None else None
        lines = positions.lines if positions is not None else _unpriced(note, day)
        staged = [(line, self.rules.stage(line.position.instrument, day, calendar)) for line in lines if _stays(line.position)]
        near = [(line, stage) for line, stage in staged if stage is not None and stage > ExpiryStage.FAR]
        if not near:
            return None
        shares = {
            symbol: self.views.instruments.share(symbol) for symbol in {line.position.instrument.symbol for line, _ in near}
        }
        keys = {symbol: share.key for symbol, share in shares.items() if share is not None}
        prices: Mapping[InstrumentKey, Price] = await in_time(self.views.prices.of_all, account.id, keys.values()) or {}
        rows = []
        for line, _ in near:
            key = keys.get(line.position.instrument.symbol)
            price = prices.get(key) if key is not None else None
            owned = _owned(key, demat.lines) if key is not None and demat is not None else None
            rows.append(self._settlement(line, price.last if price is not None else None, owned, day, calendar))
        rows.sort(key=lambda row: (row.instrument.expiry or day, row.instrument.name))
        kind = ExpiryAlarm if any(stage >= ExpiryStage.WARN for _, stage in near) else NearExpiry
        return kind(day=day, at=self.clock.now(), rows=tuple(rows), noted_of=note.day if note is not None else None)

    def _settlement(
        self, line: PositionLine, spot: Decimal | None, owned: int | None, day: date, calendar: Calendar
    ) -> Settlement:
        """What the contract ends in at the share's price of now, in rupees, beside what closing it now would leave."""
        position = line.position
        instrument, quantity = position.instrument, position.quantity
        countdown = self.rules.countdown(instrument, day, calendar)
        shares: int | None = quantity if not instrument.is_option else None  # a future ends in shares wherever the price is
        money = settle = None
        if spot is not None:
            end = at_expiry(instrument, quantity, spot)
            price = instrument.strike if instrument.strike is not None else spot
            shares = end.side.sign * end.quantity if isinstance(end, Delivered) else 0
            money = price * shares
            if position.average is not None:
                settle = position.open_profit(_worth(position, spot))
                if isinstance(end, Delivered):
                    settle -= self.tariff.physical(instrument, end.side, end.quantity, spot, day).total
        return Settlement(
            instrument=instrument,
            product=position.product,
            quantity=quantity,
            left=countdown.left if countdown is not None else None,
            warned=countdown.warned if countdown is not None else None,
            refused=countdown.refused if countdown is not None else None,
            squared_off=countdown.squared_off if countdown is not None else None,
            spot=spot,
            shares=shares,
            money=money,
            owned=owned if shares is not None and shares < 0 else None,
            close_now=self._closed_now(line, day),
            settle=settle,
        )

    def _closed_now(self, line: PositionLine, day: date) -> Decimal | None:
        """Rupees since entry, less the charges of the closing order."""
        position = line.position
        if line.price is None or position.average is None:
            return None
        trade = Trade(
            instrument=position.instrument,
            side=Side.SELL if position.quantity > 0 else Side.BUY,
            product=position.product,
            quantity=abs(position.quantity),
            price=line.price.last,
            day=day,
        )
        return position.open_profit(line.price.last) - self.tariff.order(trade, self.plan).total

    async def _week(self, account: Account, monday: date) -> WeekAhead | None:
        """Reads the newest note: on a Sunday the broker's books are those of Friday, or gone."""
        note = await self.notes.before(account.id, monday)
        sunday = monday + WEEK
        ending = [row for row in carried(note, monday) if row.instrument.expiry is not None and row.instrument.expiry <= sunday]
        ending.sort(key=lambda row: (row.instrument.expiry or sunday, row.instrument.name))
        closed = closed_days(self.calendar, monday, sunday) if self.calendar is not None else ()
        covered = self.calendar is None or self.calendar.day(sunday).kind is not DayKind.UNCOVERED
        if not ending and not closed and covered:
            return None
        return WeekAhead(
            monday=monday,
            closed=closed,
            covered=covered,
            expiring=tuple(ending) if note is not None else None,
            noted_of=note.day if note is not None else None,
        )


def _stays(position: Position) -> bool:
    """Whether it can be held to its end: what is intraday is closed today."""
    return position.quantity != 0 and position.product is not Product.MIS


def _unpriced(note: HeldNote | None, day: date) -> tuple[PositionLine, ...]:
    """The positions of a note as lines without a price or a cost."""
    return tuple(
        PositionLine(
            position=Position(
                instrument=row.instrument, product=row.product, quantity=row.quantity, bought=0, sold=0, bought_value=ZERO,
                sold_value=ZERO, average=None,
            ),
            price=None, booked=None, open=None,
        )
        for row in carried(note, day)
    )  # fmt: skip


def _worth(position: Position, spot: Decimal) -> Decimal:
    """Rupees a unit at the end, with the share at that price."""
    strike = position.instrument.strike
    if strike is None:
        return spot
    return max(spot - strike, ZERO) if position.instrument.right is Right.CE else max(strike - spot, ZERO)


def _owned(key: InstrumentKey, shares: Sequence[Holding]) -> int:
    """Settled shares that were not sold today, which alone can be given."""
    return sum(min(share.quantity, share.total) for share in shares if share.instrument.key == key)
