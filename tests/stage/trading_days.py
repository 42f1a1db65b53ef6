"""Days of trading one after the other on the exchanges' calendar, over a broker whose books follow from its fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import NotSent, SessionExpired
from bot.domain.market.instrument import Instrument
from bot.domain.money import total
from bot.domain.news.days.days import DaySummary
from bot.domain.news.days.period_summary import PeriodSummary
from bot.domain.news.notice import Notice
from bot.domain.orders.order import OrderDraft, OrderFact
from bot.domain.orders.research import Candle, Interval, PastTrade
from bot.domain.positions.portfolio import DayReport, Funds, Margin, Position
from bot.domain.terms import Product
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.money.summaries import Summaries
from tests.bot.trading.ledger.test_day_book import Books, Days, SilentFeed
from tests.bot.trading.money.test_reports import a_store_since
from tests.stage.desk import a_core, set_stage
from tests.stage.values.market import an_index
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT

NIFTY = an_index()
Trade = tuple[Instrument, int, str]  # a negative quantity sells
Closes = Mapping[Instrument, tuple[str, str]]  # the last price of the day and the close of the day before


class DatedBooks(Books):
    """Its trade history has each day that is over, unless the test takes it away."""

    has_history = True
    has_session = True
    has_funds = True
    lends: Decimal | None = Decimal("0.75")  # of a purchase on margin; None: its margin route is away
    candles_of: Sequence[tuple[str, Candle]] = ()  # by token
    no_candles: Exception | None = None

    async def orders(self, *, urgent: bool = False) -> list[OrderFact]:
        self._demand_session()
        return await super().orders(urgent=urgent)

    def _demand_session(self) -> None:
        if not self.has_session:
            raise SessionExpired("no session")

    async def positions(self, *, urgent: bool = False) -> list[Position]:
        self._demand_session()
        today = ist_date(self.clock.now())
        return [each for each in await super().positions() if each.instrument.expiry is None or each.instrument.expiry >= today]

    async def funds(self) -> Funds:
        if not self.has_funds:
            raise NotSent("no funds")
        return await super().funds()

    async def margin(self, draft: OrderDraft) -> Margin:
        if self.lends is None or draft.price is None:
            raise NotSent("no margin")
        return Margin(required=draft.price * draft.quantity * (1 - self.lends))

    async def candles(self, instrument: Instrument, interval: Interval, start: datetime, end: datetime) -> Sequence[Candle]:
        if self.no_candles is not None:
            raise self.no_candles
        return [candle for token, candle in self.candles_of if token == instrument.token and start <= candle.start < end]

    async def past_trades(self, first: date, last: date) -> Sequence[PastTrade]:
        if not self.has_history:
            raise NotSent("no history")
        return [
            PastTrade(
                exchange="NSE", name="RELIANCE INDUSTRIES", side=fill.side, product=fill.product, quantity=fill.quantity,
                price=fill.price or Decimal(0), trade_id=fill.trade_id, time="14:48:23",
            )
            for fill in self.fills
            if first <= fill.day <= last
        ]  # fmt: skip


@dataclass
class TradingDays:
    """One account that lives through days of trading."""

    days: Days
    broker: DatedBooks
    news: list[Notice] = field(default_factory=list)

    @property
    def summaries(self) -> Summaries:
        return self.days.stage.core.services.summaries

    async def trade(self, day: date, trades: Sequence[Trade], closes: Closes, *, product: Product = Product.NRML) -> None:
        """The session of a day: its fills, read by the bot one after the other, and the prices that it ends at."""
        self.begin(day, closes)
        for instrument, signed, price in trades:
            self.broker.trade(instrument, signed, price, product)
            self.days.loop.shift(60)
        await self.days.sync()

    def begin(self, day: date, closes: Closes, hour: int = 10) -> None:
        """A new day at the broker: empty books, a new session, prices of that day."""
        if at_ist(day, hour) > self.days.stage.clock.now():
            self.days.until(at_ist(day, hour))
        self.broker.facts.clear()
        self.broker.rows.clear()
        self.broker.closes = {instrument.key: prices for instrument, prices in closes.items()}
        session = self.days.stage.connection.session
        assert session is not None
        now = self.days.stage.clock.now()
        self.days.stage.connection.adopt(
            type(session)(token=session.token, issued=now, expires=at_ist(day + timedelta(days=1), 0))
        )

    async def close(self, day: date, *, failures: int = 0) -> DayReport:
        """The summary of a day, at its time or whenever it is now."""
        due = at_ist(day, 16, 15)
        late = self.days.stage.clock.now() > due
        if not late:
            self.days.until(due)
        self.days.loop.shift(2)  # a young answer would serve once more
        await self.summaries.close_day(Occasion(day=day, due=due, late=late, failures=failures))
        self.news += await self.days.stage.notices()
        report = await self.days.stage.store.transaction(lambda db: db.reports.find(ACCOUNT.id, day))
        assert report is not None
        return report

    async def a_day(
        self, day: date, trades: Sequence[Trade] = (), closes: Closes | None = None, *, product: Product = Product.NRML
    ) -> DayReport:
        """A whole day of trading, summed up in time."""
        await self.trade(day, trades, closes or {}, product=product)
        return await self.close(day)

    def told(self, kind: type[DaySummary] | type[PeriodSummary]) -> list[Notice]:
        """What was told of that kind, oldest first."""
        return [each for each in self.news if isinstance(each, kind)]

    @property
    def flow(self) -> Decimal:
        """Rupees that came in less those that went out by all fills of all days."""
        return total(-fill.signed * (fill.price or Decimal(0)) for fill in self.broker.fills)


async def trading_days(loop: VirtualLoop, first: date) -> TradingDays:
    """An account that was linked on the morning of the first day."""
    clock = LoopClock(loop, at_ist(first, 9, 30))
    broker = DatedBooks(clock)
    broker.scrips = [RELIANCE, NIFTY_CALL, NIFTY]
    stage = await set_stage(clock, store=await a_store_since(at_ist(first, 9)), broker=broker)
    stage.core = a_core(stage.store, stage.connection, clock, chance=3, MARKET_HOURS="real")
    await stage.core.services.allowlist.refresh()
    await stage.core.catalogue.refresh(ACCOUNT.id)
    stage.connection.feed = SilentFeed(clock)
    assert ist_date(clock.now()) == first
    return TradingDays(Days(stage, broker, loop), broker)
