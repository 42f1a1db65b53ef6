"""The day of a scope from the books: what its rows made at the prices of one moment."""

from datetime import datetime
from decimal import Decimal

from bot.domain.charges.charges import Tariff
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.clock import Clock, ist_date
from bot.domain.market.display_names import short
from bot.domain.money import ZERO
from bot.domain.plans.pnl_exit import PnlExit
from bot.domain.pnl.day import DayPnl
from bot.domain.pnl.valuation import OpenUnits, Valuation
from bot.domain.positions.portfolio import PositionLine
from bot.domain.value import value
from bot.trading.account.account_views import wants_price
from bot.trading.account.day_charges import day_charges
from bot.trading.account.day_events import DayEvents
from bot.trading.account.prices import Prices
from bot.trading.instruments.catalogue import Catalogue
from bot.trading.ledger.day_book import DayBook
from bot.trading.sync.reconcile import Reconcile


@value
class ScopeRows:
    """A scope as the books have it."""

    # Rupees of the day at the prices of the open rows, less charges where those are counted. None: not known.
    made: Decimal | None
    open: tuple[OpenUnits, ...]
    lines: tuple[PositionLine, ...]  # all of the scope, closed ones included
    as_of: datetime  # of the look at the books
    missing: tuple[str, ...] = ()  # rows whose cost or price nobody says
    uncharged: tuple[str, ...] = ()  # charges that are left out because they are not known, in words

    @property
    def is_flat(self) -> bool:
        return not any(line.position.quantity for line in self.lines)

    def valuation(self) -> Valuation:
        """What the prices of now will make of it."""
        return Valuation(self.made, self.open, missing=self.missing, flat=self.is_flat)


@value
class ScopeReader:
    """Reads the position book and the trade book, and values a scope by the ledger."""

    reconcile: Reconcile
    prices: Prices
    day_book: DayBook
    events: DayEvents
    instruments: Catalogue
    tariff: Tariff
    plan: BrokeragePlan | None
    clock: Clock

    def stands(self, exit_: PnlExit, rows: ScopeRows) -> bool:
        """Whether reading the books anew would bring the same look."""
        return self.reconcile.stands(exit_.account_id, rows.as_of)

    async def read(self, exit_: PnlExit) -> ScopeRows:
        """The scope of a P&L exit as it is now. BrokerError passes through."""
        account_id, look = exit_.account_id, await self.reconcile.look(exit_.account_id)
        trades, known = look.trades, self.instruments.by_key
        positions = [each for each in look.positions if exit_.scope.takes_in(each.instrument, each.product)]
        prices = await self.prices.of_all(account_id, wants_price(positions))
        prices, _, ends = await self.events.settled(account_id, positions, prices)
        lines = await self.day_book.lines(account_id, positions, prices=prices, trades=trades)
        day = DayPnl.of(lines)
        charged, uncharged = ZERO, tuple[str, ...]()
        if exit_.after_charges:
            facts = [fact for fact in trades if (one := known(fact.key)) and exit_.scope.takes_in(one, fact.product)]
            events = [*await self.events.squared_off(account_id, facts), *ends]
            bill = day_charges(
                facts, instruments=self.instruments, tariff=self.tariff, plan=self.plan,
                today=ist_date(self.clock.now()), events=events,
            )  # fmt: skip
            charged, uncharged = bill.total, bill.missing
        return ScopeRows(
            made=day.gross - charged if day.known else None,
            open=tuple(_open(line) for line in lines if line.position.quantity and line.price is not None),
            lines=lines,
            as_of=look.as_of,
            missing=tuple(short(line.position.instrument) for line in day.missing),
            uncharged=uncharged,
        )


def _open(line: PositionLine) -> OpenUnits:
    position = line.position
    return OpenUnits(
        name=short(position.instrument),
        key=position.instrument.key,
        units=position.quantity * position.multiplier,
        price=line.price.last if line.price is not None else ZERO,
    )
