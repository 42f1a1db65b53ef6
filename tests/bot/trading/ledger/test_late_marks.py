"""Days add up although one was closed without the broker, and although shares that a day counted are sold later."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist, ist_date
from bot.domain.money import total
from bot.domain.orders.portfolio import DayReport, Reason
from bot.domain.terms import Product
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.trading.ledger.test_day_book import SHARE, Books, Days, SilentFeed, a_holding
from tests.stage.desk import set_stage
from tests.stage.orders import NIFTY_CALL, RELIANCE


@pytest.fixture
async def days(clock: LoopClock, loop: VirtualLoop) -> Days:
    broker = Books(clock)
    broker.scrips = [RELIANCE, NIFTY_CALL, SHARE]
    stage = await set_stage(clock, broker=broker)
    stage.connection.feed = SilentFeed(clock)
    return Days(stage, broker, loop)


async def end_without_the_broker(days: Days) -> date:
    """The process is down from before the close until the next morning; the day is closed late."""
    today = ist_date(days.stage.clock.now())
    days.until(at_ist(today + timedelta(days=1), 9))
    days.broker.facts.clear()
    days.broker.rows.clear()
    session = days.stage.connection.session
    assert session is not None
    now = days.stage.clock.now()
    days.stage.connection.session = type(session)(token=session.token, issued=now, expires=now + timedelta(hours=12))
    await days.stage.core.services.summaries.close_day(Occasion(day=today, due=at_ist(today, 16, 15), late=True))
    return today


async def report(days: Days, day: date) -> DayReport:
    return await days.stage.core.services.summaries.day(days.stage.actor, day)


async def test_a_missed_day_takes_the_next_days_previous_close_as_its_mark(days: Days) -> None:
    broker = days.broker
    broker.trade(NIFTY_CALL, 130, "100.00")
    broker.closes[NIFTY_CALL.key] = ("104.00", "99.00")
    await days.sync()
    first = (await days.pnl()).gross
    await days.end()
    broker.closes[NIFTY_CALL.key] = ("111.00", "104.00")
    broker.trade(NIFTY_CALL, -65, "110.00")
    await days.sync()
    missed = await end_without_the_broker(days)
    assert (await report(days, missed)).records_only
    broker.closes[NIFTY_CALL.key] = ("112.00", "108.00")
    third = await days.pnl()
    known = await report(days, missed)
    assert (known.booked, known.open, known.records_only, known.complete) == (Decimal(390), Decimal(260), False, False)
    assert third.adjustment == 0
    assert first + known.gross + third.gross == 65 * (110 - 100) + 65 * (112 - 100)
    made = await days.stage.core.services.range_pnl.of(days.stage.actor, missed - timedelta(days=1), missed + timedelta(days=1))
    assert made.gross == first + known.gross + third.gross
    assert made.net == total(day.net for day in made.days if day.net is not None)
    assert made.no_data == ()


async def test_where_the_fills_do_not_make_what_was_carried_the_missed_day_stays_without_data(days: Days) -> None:
    broker = days.broker
    broker.trade(NIFTY_CALL, 130, "100.00")
    broker.closes[NIFTY_CALL.key] = ("104.00", "99.00")
    await days.end()
    broker.trade(NIFTY_CALL, -65, "110.00")  # nobody saw it
    missed = await end_without_the_broker(days)
    broker.closes[NIFTY_CALL.key] = ("112.00", "108.00")
    await days.pnl()
    assert (await report(days, missed)).records_only


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
