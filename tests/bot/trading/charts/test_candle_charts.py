"""Candles with one's own trades: which days, from which book, how often they are read, and what cannot be read is named."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from bot.broker.research_client import INTERVALS
from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import NotFound, UnknownSymbol, Unreadable
from bot.domain.orders.order import Order, OrderStatus, TradeFact
from bot.domain.orders.research import Candle, Interval
from bot.domain.pictures import Charted, LevelKind
from bot.domain.pnl.trades import LedgerTrade
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.charts.candle_charts import FRESH, MOST
from tests.handlers.samples import a_position
from tests.stage.brokers.broker import ScriptedBroker, TrueOrder
from tests.stage.depth import these_first
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE, a_draft, an_order
from tests.storage.samples import ACCOUNT

D = Decimal
FRIDAY = date(2026, 11, 20)


def candle(at: datetime) -> Candle:
    return Candle(start=at, open=D(100), high=D(102), low=D(99), close=D(101), volume=7)


def session(day: date, minutes: int = 5) -> list[Candle]:
    return [candle(at_ist(day, 9, 15) + timedelta(minutes=minute)) for minute in range(0, 375, minutes)]


class ClosedBooks(ScriptedBroker):
    """Candles come, the books do not."""

    async def trades(self, *, urgent: bool = False) -> Sequence[TradeFact]:
        raise Unreadable("not now")

    async def positions(self, *, urgent: bool = False) -> Sequence[Position]:
        raise Unreadable("not now")


async def at_noon(loop: VirtualLoop, kind: type[ScriptedBroker] = ScriptedBroker) -> DeskStage:
    """Friday at noon, with candles of this week and the last."""
    clock = LoopClock(loop, at_ist(FRIDAY, 12))
    stage = await set_stage(clock, broker=kind(clock))
    stage.broker.past = []
    for day in (12, 13, 16, 17, 18, 19):
        stage.broker.past += session(date(2026, 11, day))
    stage.broker.past += [one for one in session(FRIDAY) if one.start < at_ist(FRIDAY, 12)]
    return stage


@pytest.fixture
async def stage(loop: VirtualLoop) -> DeskStage:
    return await at_noon(loop)


async def chart(
    stage: DeskStage, words: str = "RELIANCE", interval: Interval = Interval.MINUTES_5, days: int | None = None
) -> Charted:
    return await stage.core.services.charts.of(stage.actor, words, interval, days)


@pytest.mark.exhaustive
async def test_one_day_is_today_as_far_as_it_has_come(stage: DeskStage) -> None:
    shown = await chart(stage)
    assert [one.start for one in shown.chart.candles] == [one.start for one in session(FRIDAY)[:33]]
    assert (shown.days, shown.whole, shown.chart.mode, shown.chart.name) == (1, True, "PAPER", "RELIANCE")
    assert len(stage.broker.candle_stretches) == 1


async def test_before_the_open_and_on_holidays_it_is_the_last_day_that_had_one(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(date(2026, 11, 24), 8)))
    stage.broker.past = session(date(2026, 11, 19)) + session(FRIDAY)
    assert {one.start for one in (await chart(stage)).chart.candles} == {one.start for one in session(FRIDAY)}


@pytest.mark.exhaustive
async def test_so_many_days_are_days_with_trading(stage: DeskStage) -> None:
    shown = await chart(stage, days=5)
    assert shown.days == 5
    assert shown.chart.candles[0].start == at_ist(date(2026, 11, 16), 9, 15)


@pytest.mark.exhaustive
async def test_more_than_a_phone_has_room_for_is_cut_at_the_old_end_and_said(stage: DeskStage) -> None:
    shown = await chart(stage, days=7)
    assert len(shown.chart.candles) == MOST
    assert shown.chart.candles[-1].start == at_ist(FRIDAY, 11, 55)
    assert not shown.whole


@pytest.mark.exhaustive
@pytest.mark.parametrize("interval", these_first([Interval.MINUTE, Interval.DAY], Interval))
async def test_a_year_of_any_candles_is_read_only_as_far_as_it_fills_the_picture(stage: DeskStage, interval: Interval) -> None:
    await chart(stage, interval=interval, days=99_999)
    since, until = stage.broker.candle_stretches[-1]
    days, calls = (until - since).days, (until - since).days / INTERVALS[interval][1]
    assert days <= 365 * 1.5
    assert calls <= 5, "about a second each"


@pytest.mark.exhaustive
async def test_what_nobody_traded_and_what_nobody_lists_are_different_answers(stage: DeskStage) -> None:
    stage.broker.past = []
    with pytest.raises(NotFound, match="no candles of RELIANCE"):
        await chart(stage)
    with pytest.raises(UnknownSymbol) as refusal:
        await chart(stage, "relianse")
    assert ("RELIANCE", "/chart RELIANCE-EQ") in refusal.value.near


@pytest.mark.exhaustive
async def test_asked_again_within_its_freshness_the_broker_is_not_and_the_value_is_the_same(stage: DeskStage) -> None:
    first, second = await asyncio.gather(chart(stage), chart(stage))
    assert first.chart == second.chart == (await chart(stage)).chart
    assert len(stage.broker.candle_stretches) == 1
    await asyncio.sleep(FRESH + 1)
    assert (await chart(stage)).chart.as_of > first.chart.as_of
    assert len(stage.broker.candle_stretches) == 2


@pytest.mark.exhaustive
async def test_a_failure_is_told_and_not_kept(stage: DeskStage) -> None:
    stage.broker.books_down = Unreadable("mStock answers nothing.")
    with pytest.raises(Unreadable):
        await chart(stage)
    stage.broker.books_down = None
    assert (await chart(stage)).days == 1


@pytest.mark.exhaustive
async def test_many_questions_are_forgotten_and_answered_all_the_same(stage: DeskStage) -> None:
    for days in range(1, 30):
        assert (await chart(stage, days=days, interval=Interval.HOUR)).chart.candles


async def kept_fill(stage: DeskStage, at: datetime, price: str | None, *, number: int, product: Product = Product.CNC) -> None:
    """A fill in the bot's own ledger."""
    broker_id = f"B{number}"
    trade = LedgerTrade(
        account_id=ACCOUNT.id, day=ist_date(at), broker_id=broker_id, step=10, trade_id="", order_id=None, instrument=RELIANCE,
        product=product, side=Side.BUY, quantity=10, price=D(price) if price is not None else None, at=at,
    )  # fmt: skip
    await stage.store.transaction(lambda db: db.ledger.replace(ACCOUNT.id, broker_id, [trade]))


@pytest.mark.exhaustive
async def test_earlier_trades_come_from_the_records_and_todays_from_the_brokers_book(stage: DeskStage) -> None:
    await kept_fill(stage, at_ist(date(2026, 11, 19), 10), "99.50", number=1, product=Product.MIS)
    await kept_fill(stage, at_ist(date(2026, 11, 10), 10), "90", number=2)  # before what is shown
    await kept_fill(stage, at_ist(FRIDAY, 10), "100.50", number=3)  # the book has it too
    await kept_fill(stage, at_ist(date(2026, 11, 18), 10), None, number=4)  # its price is not known
    app = TrueOrder("B9", "", a_draft(side=Side.SELL, quantity=4), filled=4, status=OrderStatus.FILLED, at=at_ist(FRIDAY, 11))
    stage.broker.true.append(app)
    shown = await chart(stage, days=3)
    assert [(fill.at, fill.side, fill.quantity) for fill in shown.chart.fills] == [
        (at_ist(date(2026, 11, 19), 10), Side.BUY, 10),
        (at_ist(FRIDAY, 11), Side.SELL, 4),
    ]
    assert shown.left_out == ()


async def test_when_the_books_cannot_be_read_the_records_stand_in_and_it_is_said(loop: VirtualLoop) -> None:
    stage = await at_noon(loop, ClosedBooks)
    await kept_fill(stage, at_ist(FRIDAY, 10), "100.50", number=3)
    shown = await chart(stage)
    assert [fill.price for fill in shown.chart.fills] == [D("100.50")]
    assert shown.left_out == ("trades of mStock's app", "the position's average")


@pytest.mark.exhaustive
async def test_a_trade_after_the_candles_were_read_has_them_read_again(stage: DeskStage) -> None:
    await chart(stage)
    await asyncio.sleep(2)
    sold = TrueOrder("B9", "", a_draft(side=Side.SELL, quantity=4), filled=4, at=stage.clock.now())
    stage.broker.true.append(sold)
    shown = await chart(stage)
    assert len(stage.broker.candle_stretches) == 2
    assert shown.chart.fills[-1].at <= shown.chart.as_of


@pytest.mark.exhaustive
async def test_what_closes_is_a_stop_or_a_target_and_what_opens_a_limit(stage: DeskStage) -> None:
    held = a_position()
    stage.broker.held = [held]
    stop = a_draft(side=Side.SELL, kind=OrderKind.SL, price=D("95"), trigger=D("96"))
    target, other = a_draft(side=Side.SELL, price=D("110")), a_draft(side=Side.SELL, price=D("111"), product=Product.MTF)
    for number, draft in enumerate([stop, target, a_draft(price=D("97")), other], 1):
        status = OrderStatus.TRIGGER_PENDING if draft.trigger is not None else OrderStatus.OPEN
        order = an_order(
            id=f"w{number}", number=number, tag=f"TAG{number:016}", broker_id=f"W{number}", draft=draft, status=status
        )
        await stage.store.transaction(partial(added, order))
    shown = await chart(stage)
    assert [(level.kind, level.price, level.quantity) for level in shown.chart.levels] == [
        (LevelKind.AVERAGE, held.average, 25),
        (LevelKind.STOP, D("96"), -10),
        (LevelKind.TARGET, D("110"), -10),
        (LevelKind.LIMIT, D("97"), 10),
        (LevelKind.LIMIT, D("111"), -10),
    ]


def added(order: Order, db: Repositories) -> None:
    db.orders.add(order, FRIDAY)
