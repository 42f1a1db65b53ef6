"""Rows over real days: fills of our own, what was carried from before us, sold holdings, and the loss that locks the day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import CheckFailed
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Quote
from bot.domain.orders.order import OrderFact, OrderRequest, OrderStatus, TradeFact
from bot.domain.pnl.fifo import Lot
from bot.domain.pnl.trades import LedgerTrade, of_order
from bot.domain.positions.portfolio import Holding, Missing, PnL, Position, PositionLine, Reason
from bot.domain.terms import Product, Side
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.trading.desk.asked import ask
from tests.stage.access import access
from tests.stage.brokers.broker import ScriptedBroker, StillFeed
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.ledger import own_row, the_brokers
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_fact, a_trade
from tests.storage.samples import ACCOUNT

ROW = (NIFTY_CALL.key, Product.NRML)
SHARE = replace(RELIANCE, token="1594", symbol="INFY", name="INFY-EQ")
BOOKED = ((NIFTY_CALL, Product.NRML), (RELIANCE, Product.CNC), (SHARE, Product.CNC), (RELIANCE, Product.MTF))


class Books(ScriptedBroker):
    """A broker whose books follow from the fills of its day, and whose quotes the test lays down."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.facts: list[OrderFact] = []
        self.rows: list[TradeFact] = []
        self.fills: list[LedgerTrade] = []  # of all days
        self.begun: Sequence[Lot] = ()  # what NIFTY_CALL was carried with from before the bot
        self.closes: dict[InstrumentKey, tuple[str, str]] = {}  # last and previous close
        self.is_told = True  # whether the trade book has its rows

    async def orders(self, *, urgent: bool = False) -> list[OrderFact]:
        return self.facts

    async def trades(self, *, urgent: bool = False) -> list[TradeFact]:
        return self.rows if self.is_told else []

    async def positions(self, *, urgent: bool = False) -> list[Position]:
        today, found = ist_date(self.clock.now()), []
        for instrument, product in BOOKED:
            fills = [fill for fill in self.fills if fill.row == (instrument.key, product)]
            fills = [fill for fill in fills if product is not Product.CNC or fill.day == today]
            begun = self.begun if instrument is NIFTY_CALL else ()
            own = own_row(fills, today, begun)
            if own.trades or own.lots:
                found.append(the_brokers(own, instrument=instrument, product=product))
        return found

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        told = {key: self.closes[key] for key in keys if key in self.closes}
        return {key: Quote(last=Decimal(last), previous_close=Decimal(close)) for key, (last, close) in told.items()}

    def trade(self, instrument: Instrument, signed: int, price: str, product: Product = Product.NRML) -> None:
        """An order of the broker's own app that fills at once."""
        number, at = len(self.facts) + 1, self.clock.now()
        side, broker_id = Side.BUY if signed > 0 else Side.SELL, f"2161{ist_date(at):%y%m%d}{number:04}"
        row = a_trade(abs(signed), price, number, broker_id=broker_id, key=instrument.key, side=side, product=product, at=at)
        fact = a_fact(
            tag=None, broker_id=broker_id, key=instrument.key, symbol=instrument.symbol, side=side, product=product,
            quantity=abs(signed), filled=abs(signed), status=OrderStatus.FILLED, average=Decimal(price), at=at,
        )  # fmt: skip
        self.facts.append(fact)
        self.rows.append(row)
        self.fills += of_order(ACCOUNT.id, [row], instrument=instrument, order_id=None, now=at)


class SilentFeed(StillFeed):
    """A feed without ticks, so that prices come from quotes."""

    connected = False

    def last(self, key: InstrumentKey, *, within: float | None = None) -> None:
        return None


class Days:
    """A desk that lives through several days."""

    def __init__(self, stage: DeskStage, broker: Books, loop: VirtualLoop) -> None:
        self.stage, self.broker, self.loop = stage, broker, loop

    async def sync(self) -> None:
        await self.stage.reconcile.sync(ACCOUNT.id)

    def until(self, moment: datetime) -> None:
        self.loop.shift((moment - self.stage.clock.now()).total_seconds())

    async def end(self) -> None:
        """The summary of the day, then the night: the broker's day books are empty."""
        today = ist_date(self.stage.clock.now())
        due = at_ist(today, 16, 15)
        self.until(due)
        await self.sync()
        await self.stage.core.services.summaries.close_day(Occasion(day=today, due=due))
        self.until(at_ist(today + timedelta(days=1), 9))
        self.broker.facts.clear()
        self.broker.rows.clear()
        session = self.stage.connection.session
        assert session is not None
        now = self.stage.clock.now()
        self.stage.connection.adopt(replace(session, issued=now, expires=now + timedelta(hours=12)))

    async def pnl(self) -> PnL:
        self.loop.shift(2)  # a young answer would serve once more
        return await self.stage.core.services.account_views.pnl(self.stage.actor)

    async def line(self) -> PositionLine:
        (line,) = (await self.pnl()).lines
        return line


@pytest.fixture
async def days(clock: LoopClock, loop: VirtualLoop) -> Days:
    broker = Books(clock)
    broker.scrips = [RELIANCE, NIFTY_CALL, SHARE]
    stage = await set_stage(clock, broker=broker)
    stage.connection.feed = SilentFeed(clock)
    return Days(stage, broker, loop)


def a_holding(instrument: Instrument, quantity: int, average: str | None, last: str, close: str) -> Holding:
    return Holding(
        instrument=instrument, isin="INE002A01018", quantity=0, t1=quantity, authorised=0, collateral=0,
        average=Decimal(average) if average is not None else None, last=Decimal(last), previous_close=Decimal(close),
    )  # fmt: skip


async def test_a_carried_position_is_counted_once_over_its_days_and_the_official_close_is_a_line_of_the_next(days: Days) -> None:
    broker = days.broker
    broker.trade(NIFTY_CALL, 130, "100.00")
    broker.closes[NIFTY_CALL.key] = ("104.00", "99.00")
    await days.sync()
    first = await days.pnl()
    assert (first.booked, first.open, first.adjustment) == (Decimal(0), Decimal(520), Decimal(0))
    await days.end()
    broker.closes[NIFTY_CALL.key] = ("102.00", "103.50")
    broker.trade(NIFTY_CALL, -65, "106.00")
    await days.sync()
    second = await days.pnl()
    assert second.booked == Decimal("162.50")
    assert second.open == Decimal("-97.50")
    assert second.adjustment == Decimal("-65.00")
    (line,) = second.lines
    assert line.since_entry == Decimal("130.00")
    assert Reason.CLOSE_ADJUSTMENT in line.reasons
    assert first.gross + second.gross == 65 * (106 - 100) + 65 * (102 - 100)


async def test_what_was_carried_from_before_the_first_day_is_brought_forward_and_stays_so(days: Days) -> None:
    days.broker.begun = [Lot(65, Decimal("120.00"))]
    days.broker.closes[NIFTY_CALL.key] = ("126.00", "121.00")
    line = await days.line()
    assert (line.today, line.since_entry, line.difference) == (Decimal("325.00"), Decimal("390.00"), Decimal(0))
    today = ist_date(days.stage.clock.now())
    forward = await days.stage.store.transaction(lambda db: db.ledger.brought(ACCOUNT.id, ROW, today))
    assert forward is not None
    assert (forward.quantity, forward.price) == (65, Decimal("120.00"))
    days.broker.trade(NIFTY_CALL, 65, "130.00")
    await days.end()
    days.broker.closes[NIFTY_CALL.key] = ("131.00", "126.00")
    days.broker.trade(NIFTY_CALL, -130, "131.00")
    await days.sync()
    line = await days.line()
    assert line.booked == Decimal("650.00")
    tomorrow = today + timedelta(days=1)
    kept = await days.stage.store.transaction(lambda db: db.ledger.brought(ACCOUNT.id, ROW, tomorrow))
    assert kept == forward, "from then on our own fills say it"


async def test_where_the_ledger_missed_a_day_the_brokers_carried_quantity_counts(days: Days) -> None:
    days.broker.trade(NIFTY_CALL, 65, "100.00")
    days.broker.closes[NIFTY_CALL.key] = ("104.00", "99.00")
    await days.end()
    days.broker.trade(NIFTY_CALL, 65, "110.00")  # the bot does not run on this day
    days.loop.shift(86_400)
    days.broker.facts.clear()
    days.broker.rows.clear()
    days.broker.closes[NIFTY_CALL.key] = ("112.00", "111.00")
    line = await days.line()
    assert line.today == Decimal("130.00")
    assert (line.average, line.since_entry) == (Decimal("105.0000"), Decimal("910.00"))


async def test_a_fill_that_the_trade_book_lags_with_is_counted_and_named(days: Days) -> None:
    days.broker.is_told = False
    days.broker.trade(NIFTY_CALL, 65, "100.00")
    days.broker.trade(NIFTY_CALL, -65, "101.00")
    await days.sync()
    line = await days.line()
    assert line.booked == Decimal("65.00")
    days.broker.is_told = True
    assert (await days.line()).booked == Decimal("65.00"), "the trade book just read is ahead of the ledger"


async def test_a_trade_book_that_has_caught_up_by_half_loses_nothing_of_the_order(days: Days) -> None:
    days.broker.trade(NIFTY_CALL, 130, "100.50")
    days.broker.closes[NIFTY_CALL.key] = ("101.50", "99.00")
    (row,) = days.broker.rows
    days.broker.rows.clear()
    await days.sync()
    days.broker.rows.append(replace(row, quantity=65, price=Decimal("100.00")))
    line = await days.line()
    assert (line.today, line.average) == (Decimal("130.00"), Decimal("100.5000"))
    days.broker.rows.append(replace(row, quantity=65, price=Decimal("101.04"), trade_id="000000002"))
    line = await days.line()
    assert line.today == Decimal("127.40")
    assert line.reasons == (Reason.NOT_FOUND,), "an average of 100.50 is no rounding of 100.52"


async def test_what_the_trade_book_shows_before_any_sync_counts(days: Days) -> None:
    for price in ("686.10", "693.50", "693.50"):
        days.broker.trade(NIFTY_CALL, 65, price)
    days.broker.closes[NIFTY_CALL.key] = ("685.15", "690.00")
    pnl = await days.pnl()
    assert pnl.booked == 0
    assert pnl.open == Decimal("-1147.25")


async def test_what_was_sold_today_leaves_the_holdings_and_the_change_counts_what_is_left(days: Days) -> None:
    broker = days.broker
    broker.demat = [
        a_holding(RELIANCE, 100, "1400.00", "1480.30", "1470.30"),
        a_holding(SHARE, 20, "1500.00", "1535.70", "1500.00"),
    ]
    broker.closes = {RELIANCE.key: ("1480.30", "1470.30"), SHARE.key: ("1535.70", "1500.00")}
    broker.trade(RELIANCE, -40, "1478.00", Product.CNC)
    broker.trade(RELIANCE, 10, "1475.00", Product.CNC)
    broker.trade(SHARE, -20, "1530.00", Product.CNC)
    await days.sync()
    pnl = await days.pnl()
    assert pnl.holdings_change == Decimal("700.00")
    assert pnl.booked == Decimal(10 * 3 + 30 * 78 + 20 * 30)
    holdings = await days.stage.core.services.account_views.holdings(days.stage.actor)
    assert [(line.total, line.sold) for line in holdings.lines] == [(70, 30), (0, 20)]
    assert holdings.invested == Decimal(70 * 1400)
    assert holdings.value == 70 * Decimal("1480.30")


async def test_a_sold_holding_is_booked_at_the_first_cost_where_the_bot_saw_it_bought(days: Days) -> None:
    broker = days.broker
    broker.trade(RELIANCE, 5, "1400.00", Product.CNC)
    broker.trade(RELIANCE, 5, "1450.00", Product.CNC)
    broker.closes[RELIANCE.key] = ("1460.00", "1390.00")
    await days.end()
    broker.demat = [a_holding(RELIANCE, 10, "1425.00", "1470.00", "1460.00")]
    broker.trade(RELIANCE, -5, "1470.00", Product.CNC)
    await days.sync()
    line = await days.line()
    assert (line.booked, line.broker) == (Decimal("350.00"), Decimal("225.00"))
    broker.demat = [a_holding(RELIANCE, 12, None, "1470.00", "1460.00")]
    line = await days.line()
    assert (line.booked, line.missing) == (None, (Missing.COST,))


async def test_yesterdays_gain_does_not_hide_todays_loss_from_the_lock_and_the_exit_still_goes(days: Days) -> None:
    stage, broker = days.stage, days.broker
    await access(stage).put(daily_loss=Decimal(5000))
    broker.trade(NIFTY_CALL, 650, "100.00")
    broker.closes[NIFTY_CALL.key] = ("140.00", "99.00")
    await days.end()
    broker.closes[NIFTY_CALL.key] = ("133.00", "140.00")  # a gap of seven rupees overnight, and still 21,450 above the entry
    assert await stage.core.losses.judge(ACCOUNT.id) is False
    broker.closes[NIFTY_CALL.key] = ("132.00", "140.00")
    days.loop.shift(60)
    assert await stage.core.losses.judge(ACCOUNT.id) is True
    with pytest.raises(CheckFailed, match="day is locked"):
        await ask(stage)
    close = OrderRequest(side=Side.SELL, symbol="NIFTY 24500 CE 23 Nov", quantity=65, product=Product.NRML)
    assert await ask(stage, close)


async def test_shares_whose_day_of_purchase_counted_their_rise_are_counted_once_when_they_are_sold(days: Days) -> None:
    broker = days.broker
    broker.trade(RELIANCE, 10, "1400.00", Product.CNC)
    broker.closes[RELIANCE.key] = ("1460.00", "1390.00")
    await days.sync()
    first = (await days.pnl()).gross
    await days.end()
    broker.demat = [a_holding(RELIANCE, 10, "1400.00", "1470.00", "1460.00")]
    broker.trade(RELIANCE, -10, "1470.00", Product.CNC)
    await days.sync()
    line = await days.line()
    assert (line.booked, line.adjustment) == (Decimal(700), Decimal(-600))
    assert Reason.CLOSE_ADJUSTMENT in line.reasons
    assert first + (await days.pnl()).gross == 10 * (1470 - 1400)
