"""Days that were closed without data and known later: after a login, by quotes or candles, or never.
Ranges add up either way.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist
from bot.domain.errors import Refused
from bot.domain.market.instrument import Instrument
from bot.domain.money import total
from bot.domain.news.days.days import DaySummary
from bot.domain.orders.research import Candle
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import VirtualLoop
from tests.stage.trading_days import NIFTY, TradingDays, trading_days
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

MONDAY = date(2026, 11, 16)
WEEK = [MONDAY + timedelta(days=ahead) for ahead in range(5)]


async def shown(account: TradingDays, day: date) -> DayReport:
    """The day as /report shows it now."""
    account.days.loop.shift(700)  # what was looked into lately is not looked into again
    return await account.summaries.day(account.days.stage.actor, day)


def a_candle(instrument: Instrument, day: date, close: str) -> tuple[str, Candle]:
    at = Decimal(close)
    return instrument.token, Candle(start=at_ist(day, 9, 15), open=at, high=at, low=at, close=at, volume=100)


async def missed_without_a_session(account: TradingDays, day: date) -> DayReport:
    """Closed late while nobody is logged in, until patience ends. The session comes afterwards."""
    session = account.days.stage.connection.session
    account.days.stage.connection.adopt(None)
    missed = await account.close(day, failures=5)
    account.days.stage.connection.adopt(session)
    return missed


async def test_a_day_closed_without_a_session_has_its_figures_after_the_login(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    first = await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    await account.trade(WEEK[1], [(NIFTY_CALL, -65, "110.00")], {NIFTY_CALL: ("111.00", "103.60")})
    account.begin(WEEK[2], {NIFTY_CALL: ("112.00", "108.00")})
    missed = await missed_without_a_session(account, WEEK[1])
    assert missed.records_only
    known = await shown(account, WEEK[1])
    assert (known.booked, known.open, known.records_only, known.late) == (Decimal(390), Decimal(260), False, True)
    assert known.charges is not None
    assert known.charges > 0
    third = await account.a_day(WEEK[2], [(NIFTY_CALL, -65, "112.00")], {NIFTY_CALL: ("112.00", "108.00")})
    assert third.adjustment == 0
    assert first.gross + known.gross + third.gross == account.flow
    made = await account.days.stage.core.services.range_pnl.of(account.days.stage.actor, WEEK[0], WEEK[2])
    assert made.gross == account.flow
    assert made.net == total(day.net for day in made.days if day.net is not None)
    assert made.no_data == ()
    assert third.facts is not None
    assert third.facts.month == made.net, "the month so far has it too"


async def test_nobody_could_log_in_all_day_and_the_login_of_the_evening_gives_the_day_its_figures(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    stage = account.days.stage
    first = await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    account.begin(WEEK[1], {NIFTY_CALL: ("111.00", "104.00")})
    session = stage.connection.session
    stage.connection.adopt(None)
    account.broker.has_session = False
    account.broker.trade(NIFTY_CALL, -65, "110.00")  # in mStock's app
    missed = await account.close(WEEK[1], failures=5)
    assert missed.records_only
    account.days.until(at_ist(WEEK[1], 18))
    stage.connection.adopt(session)
    account.broker.has_session = True
    await account.days.sync()
    living = await account.summaries.ranges.of(stage.actor, WEEK[1], WEEK[1])
    assert (living.trades, living.gross, living.as_of is None) == (1, Decimal(845), False)
    due = at_ist(WEEK[1], 23, 59)
    account.days.until(due)
    await account.summaries.correct_day(Occasion(day=WEEK[1], due=due))
    account.news += await stage.notices()
    again = account.told(DaySummary)[-1]
    assert isinstance(again, DaySummary)
    assert (again.report.gross, again.report.trades, again.report.records_only) == (Decimal(845), 1, False)
    await account.summaries.correct_day(Occasion(day=WEEK[1], due=due))
    assert await stage.notices() == [], "once"
    third = await account.a_day(WEEK[2], [(NIFTY_CALL, -65, "112.00")], {NIFTY_CALL: ("112.00", "111.00")})
    assert first.gross + again.report.gross + third.gross == account.flow


async def test_a_day_on_which_nobody_could_log_in_until_midnight_keeps_its_row_without_data(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    account.begin(WEEK[0], {})
    account.days.stage.connection.adopt(None)
    account.broker.has_session = False
    assert (await account.close(WEEK[0], failures=5)).records_only
    due = at_ist(WEEK[0], 23, 59)
    account.days.until(due)
    await account.summaries.correct_day(Occasion(day=WEEK[0], due=due))
    assert [news for news in await account.days.stage.notices() if isinstance(news, DaySummary)] == []


async def test_two_days_back_with_something_carried_the_brokers_candles_are_the_closes(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    rows = [await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})]
    await account.trade(WEEK[1], [(NIFTY_CALL, -65, "110.00")], {NIFTY_CALL: ("111.00", "103.60")})
    account.broker.candles_of = [a_candle(NIFTY_CALL, WEEK[1], "108.00"), a_candle(NIFTY_CALL, WEEK[2], "120.00")]
    account.begin(WEEK[3], {NIFTY_CALL: ("130.00", "120.50")})
    rows += [await account.close(WEEK[1]), await account.close(WEEK[2])]
    assert [row.records_only for row in rows] == [False, False, False]
    assert [row.gross for row in rows[1:]] == [65 * 6 + 65 * 4, 65 * Decimal("12.50")]
    assert rows[1].facts is not None
    assert "closes of mStock's daily candles" in rows[1].facts.approximate
    rows.append(await account.a_day(WEEK[3], [(NIFTY_CALL, -65, "131.00")], {NIFTY_CALL: ("130.00", "120.50")}))
    assert total(row.gross for row in rows) == account.flow


@pytest.mark.parametrize("refusal", [None, Refused("no such token")], ids=["no candle", "refused"])
async def test_without_a_candle_the_day_and_those_that_hang_on_it_stay_without_data(
    loop: VirtualLoop, refusal: Refused | None
) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    account.begin(WEEK[3], {NIFTY_CALL: ("130.00", "120.50")})
    account.broker.no_candles = refusal
    missed = [await account.close(WEEK[1]), await account.close(WEEK[2])]
    assert [row.records_only for row in missed] == [True, True]
    assert (await shown(account, WEEK[2])).records_only


@pytest.mark.parametrize(
    ("hour", "minute", "quoted", "close"),
    [(8, 40, ("108.00", "103.60"), "108.00"), (9, 5, ("120.00", "103.60"), "107.90"), (9, 20, ("112.00", "108.00"), "108.00")],
    ids=["before the pre-open", "in it", "after the bell"],
)
async def test_of_which_day_a_quote_is_decides_what_it_closes(
    loop: VirtualLoop, hour: int, minute: int, quoted: tuple[str, str], close: str
) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    account.broker.candles_of = [a_candle(NIFTY_CALL, WEEK[1], "107.90")]
    account.days.until(at_ist(WEEK[2], hour, minute))
    account.begin(WEEK[2], {NIFTY_CALL: quoted}, hour=0)
    missed = await account.close(WEEK[1])
    assert missed.gross == 130 * (Decimal(close) - Decimal(104))


async def test_a_fill_that_only_the_trade_history_has_keeps_its_day_without_data(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    account.begin(WEEK[1], {})
    account.broker.trade(NIFTY_CALL, -65, "110.00")  # nobody saw it, and history names no contract
    account.begin(WEEK[2], {NIFTY_CALL: ("112.00", "108.00")})
    assert (await account.close(WEEK[1])).records_only
    assert (await shown(account, WEEK[1])).records_only


async def test_a_contract_that_ended_is_not_carried_into_the_days_after_it(loop: VirtualLoop) -> None:
    expiry = date(2026, 11, 23)
    account = await trading_days(loop, expiry)
    await account.a_day(expiry, [(NIFTY_CALL, 65, "30.00")], {NIFTY_CALL: ("40.00", "35.00"), NIFTY: ("24540.00", "24480.00")})
    account.begin(date(2026, 11, 26), {})
    missed = await account.close(date(2026, 11, 25))
    assert not missed.records_only
    assert missed.gross == 0
    assert not missed.carried


async def test_shares_on_margin_pay_their_nights_on_a_missed_day_too(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.trade(WEEK[0], [(RELIANCE, 100, "1480.00")], {RELIANCE: ("1485.00", "1470.00")}, product=Product.MTF)
    await account.days.stage.core.services.account_views.events.loans.ask("a1", (await account.days.pnl()).lines)
    await account.close(WEEK[0])
    account.begin(WEEK[2], {RELIANCE: ("1500.00", "1490.00")})
    missed = await account.close(WEEK[1])
    assert missed.facts is not None
    assert [(line.name, line.rupees) for line in missed.facts.charges] == [("MTF interest", Decimal("45.59"))]
    assert missed.gross == 100 * 5
