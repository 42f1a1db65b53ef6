"""Days, weeks and months summed up: what a row tells beside its sums, and that days add up to what the trades made."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist
from bot.domain.errors import NotSent, SessionExpired
from bot.domain.money import ZERO, total
from bot.domain.news.days.days import DaySummary
from bot.domain.news.days.period_summary import PeriodSummary, Span
from bot.domain.news.days.picture import Pictured
from bot.domain.orders.order import OrderStatus
from bot.domain.pictures import DayPicture
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import VirtualLoop
from tests.bot.trading.ledger.test_day_book import a_holding
from tests.stage.trading_days import NIFTY, TradingDays, trading_days
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT

MONDAY = date(2026, 11, 16)
WEEK = [MONDAY + timedelta(days=ahead) for ahead in range(5)]


def net(report: DayReport) -> Decimal:
    assert report.net is not None
    return report.net


def periods(account: TradingDays) -> list[PeriodSummary]:
    return [news for news in account.told(PeriodSummary) if isinstance(news, PeriodSummary)]


async def test_a_carried_call_over_a_week_adds_up_to_the_paisa_and_the_week_is_told_with_its_last_day(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    rows = [
        await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.05")], {NIFTY_CALL: ("104.00", "99.00")}),
        await account.a_day(WEEK[1], [], {NIFTY_CALL: ("97.35", "103.55")}),
        await account.a_day(WEEK[2], [(NIFTY_CALL, -65, "98.10"), (NIFTY_CALL, 65, "95.00")], {NIFTY_CALL: ("96.00", "97.35")}),
        await account.a_day(WEEK[3], [], {NIFTY_CALL: ("108.80", "96.40")}),
    ]
    assert periods(account) == []
    rows.append(await account.a_day(WEEK[4], [(NIFTY_CALL, -130, "110.20")], {NIFTY_CALL: ("110.00", "108.80")}))
    (week,) = periods(account)
    assert (week.span, week.first, week.last) == (Span.WEEK, WEEK[0], WEEK[4])
    assert week.net == total(net(row) for row in rows)
    assert week.gross == account.flow
    assert week.net == account.flow - total(row.charges or ZERO for row in rows)
    assert [each.net for each in week.days] == [net(row) for row in rows]
    told = [type(news) for news in account.news[-4:]]
    assert told == [DaySummary, Pictured, PeriodSummary, Pictured], "each picture under its words, the week after its day"
    assert rows[-1].facts is not None
    assert rows[-1].facts.month == week.net
    assert week.trips.closed == 1
    assert week.trades == 4


async def test_the_month_is_told_on_its_last_session_and_its_week_when_that_ends(loop: VirtualLoop) -> None:
    first = date(2026, 11, 27)  # a Friday; the month ends on Monday
    account = await trading_days(loop, first)
    rows = [
        await account.a_day(day, [(RELIANCE, 10, "1480.00"), (RELIANCE, -10, price)], product=Product.MIS)
        for day, price in ((first, "1490.00"), (date(2026, 11, 30), "1475.50"), (date(2026, 12, 1), "1481.00"))
    ]
    assert [(each.span, each.first, each.last) for each in periods(account)] == [
        (Span.WEEK, date(2026, 11, 23), first),
        (Span.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
    ]
    assert periods(account)[1].net == net(rows[0]) + net(rows[1])
    assert rows[2].facts is not None
    assert rows[2].facts.month == net(rows[2]), "a new month"


async def test_a_row_tells_what_its_day_was_made_of(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    trades = [(RELIANCE, 10, "1480.00"), (RELIANCE, -10, "1490.00"), (RELIANCE, 10, "1480.00"), (RELIANCE, -10, "1475.00")]
    report = await account.a_day(MONDAY, trades, product=Product.MIS)
    facts = report.facts
    assert facts is not None
    assert report.charges is not None
    assert total(line.rupees for line in facts.charges) == report.charges
    assert {"STT", "brokerage", "GST"} <= {line.name for line in facts.charges}
    assert total(each.net for each in facts.symbols) == net(report), "what belongs to no symbol is a line of its own"
    assert (facts.trips.closed, facts.trips.won) == (2, 1)
    assert facts.trips.best is not None
    assert facts.trips.worst is not None
    assert facts.trips.best.net < Decimal(100), "after charges"
    assert facts.trips.worst.net < Decimal(-50)
    assert (facts.capital, facts.margin) == (Decimal(250_000), Decimal(0))
    assert facts.slippage is None, "nobody saw a price at a tap"
    assert [(each.day, each.expiring[:1]) for each in facts.coming] == [(date(2026, 11, 17), ("NIFTY",))]


async def test_a_report_asked_for_after_the_close_counts_its_day_once(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    trades = [(NIFTY_CALL, 65, "100.00"), (RELIANCE, 10, "1500.00"), (NIFTY_CALL, -65, "98.00")]
    final = await account.a_day(MONDAY, trades, {RELIANCE: ("1510.00", "1490.00")}, product=Product.MIS)
    asked = await account.summaries.day(account.days.stage.actor, None)
    assert final.facts is not None
    assert asked.facts is not None
    assert asked.facts.symbols == final.facts.symbols
    assert asked.facts.trips == final.facts.trips
    assert total(each.net for each in asked.facts.symbols) == net(asked)


async def test_where_the_brokers_positions_differ_the_row_names_the_rupees_and_the_reason(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    first = await account.a_day(WEEK[0], [(NIFTY_CALL, 65, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    second = await account.a_day(WEEK[1], [], {NIFTY_CALL: ("105.00", "103.80")})
    assert first.facts is not None
    assert first.facts.mismatches == ()
    assert second.facts is not None
    assert [(each.rupees, each.reasons) for each in second.facts.mismatches] == [(Decimal("-13.00"), ("close adjustment",))]
    assert second.adjustment == Decimal("-13.00")
    assert second.facts.broker == second.gross + 13, "what mStock's own row made of it, kept with the day"


async def test_a_day_that_was_missed_is_made_of_the_ledger_and_the_next_days_previous_close(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    rows = [await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})]
    await account.trade(WEEK[1], [(NIFTY_CALL, -65, "103.00")], {NIFTY_CALL: ("102.00", "103.55")})
    account.begin(WEEK[2], {NIFTY_CALL: ("95.00", "101.50")})
    late = await account.close(WEEK[1])
    assert (late.late, late.records_only, late.complete) == (True, False, True)
    assert late.gross == 65 * (Decimal("103.00") - Decimal("104.00")) + 65 * (Decimal("101.50") - Decimal("104.00"))
    assert late.charges is not None
    assert late.charges > 0
    assert late.facts is not None
    assert late.facts.approximate == ("fills as I noted them", "closes as mStock gave them later")
    rows += [late, await account.a_day(WEEK[2], [(NIFTY_CALL, -65, "96.00")], {NIFTY_CALL: ("95.00", "101.50")})]
    assert rows[-1].adjustment == 0, "the missed day was valued at the official close"
    assert total(row.gross for row in rows) == account.flow


async def test_an_option_that_ended_on_a_missed_day_is_settled_by_the_close_of_its_index_and_its_exercise_is_charged(
    loop: VirtualLoop,
) -> None:
    friday, expiry, after = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 25)
    account = await trading_days(loop, friday)
    first = await account.a_day(friday, [(NIFTY_CALL, 65, "30.00")], {NIFTY_CALL: ("40.00", "35.00")})
    account.begin(after, {NIFTY: ("24600.00", "24512.30")})
    late = await account.close(expiry)
    assert not late.records_only
    assert late.carried == ()
    assert first.gross + late.gross == 65 * (Decimal("12.30") - 30)
    assert late.facts is not None
    assert [line.name for line in late.facts.charges] == ["STT"], "what an exercise costs beyond it nobody says"
    assert "brokerage" in late.charges_missing


async def test_a_report_in_the_middle_of_an_expiry_calls_no_contract_ended(loop: VirtualLoop) -> None:
    expiry = date(2026, 11, 23)
    account = await trading_days(loop, expiry)
    await account.trade(expiry, [(NIFTY_CALL, 65, "30.00")], {NIFTY_CALL: ("40.00", "35.00"), NIFTY: ("24512.30", "24480.00")})
    report = await account.summaries.day(account.days.stage.actor, expiry)
    assert report.facts is not None
    assert report.facts.trips.closed == 0
    assert len(report.carried) == 1
    final = await account.close(expiry)
    assert final.facts is not None
    assert final.facts.trips.closed == 1
    assert final.carried == ()


async def test_a_missed_day_whose_fills_are_not_all_known_is_named_in_its_week_and_no_sum_has_it(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    first = await account.a_day(WEEK[0], [(NIFTY_CALL, 65, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    account.begin(WEEK[1], {})
    account.broker.trade(NIFTY_CALL, -65, "109.00")  # the bot does not run
    account.begin(WEEK[2], {})
    missed = await account.close(WEEK[1])
    assert missed.records_only
    assert missed.gross == 0
    rows = [await account.a_day(day) for day in WEEK[2:]]
    (week,) = periods(account)
    assert week.gaps == (WEEK[1],)
    assert week.net == net(first) + total(net(row) for row in rows)
    assert rows[-1].facts is not None
    assert rows[-1].facts.month_gaps == (WEEK[1],)


async def test_a_missed_day_waits_for_the_trade_history_until_patience_ends(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0], [(RELIANCE, 10, "1480.00"), (RELIANCE, -10, "1490.00")], product=Product.MIS)
    account.begin(WEEK[2], {})
    account.broker.has_history = False
    with pytest.raises(NotSent):
        await account.close(WEEK[1])
    session = account.days.stage.connection.session
    account.days.stage.connection.adopt(None)
    with pytest.raises(SessionExpired):
        await account.close(WEEK[1])
    account.days.stage.connection.adopt(session)
    missed = await account.close(WEEK[1], failures=5)
    assert missed.records_only


async def test_a_missed_day_without_a_trade_is_a_nought_that_is_known(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0], [(RELIANCE, 10, "1480.00"), (RELIANCE, -10, "1490.00")], product=Product.MIS)
    account.begin(WEEK[2], {})
    missed = await account.close(WEEK[1])
    assert not missed.records_only
    assert missed.net == 0
    assert missed.trades == 0


async def test_books_read_after_the_close_are_the_whole_day_though_funds_cannot_be_had(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0])
    await account.trade(WEEK[1], [(RELIANCE, 10, "1480.00"), (RELIANCE, -10, "1490.00")], {}, product=Product.MIS)
    account.days.until(at_ist(WEEK[1], 16))
    await account.days.sync()
    account.broker.has_funds = False
    report = await account.close(WEEK[1], failures=5)
    assert (report.records_only, report.gross) == (False, Decimal(100))


async def test_before_the_bell_the_prices_of_yesterday_make_nothing_of_today(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    account.begin(WEEK[1], {NIFTY_CALL: ("104.00", "99.00")}, hour=8)  # quotes are still of Monday
    (line,) = (await account.days.pnl()).lines
    assert (line.open, line.adjustment, line.since_entry) == (Decimal(0), Decimal(0), Decimal(520))
    account.begin(WEEK[1], {NIFTY_CALL: ("105.00", "103.50")}, hour=10)
    (line,) = (await account.days.pnl()).lines
    assert (line.open, line.adjustment, line.since_entry) == (Decimal(195), Decimal(-65), Decimal(650))


async def test_before_the_bell_and_on_a_holiday_shares_have_made_nothing_of_today(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    account.broker.demat = [a_holding(RELIANCE, 100, "1400.00", "1480.30", "1470.30")]
    closes = {RELIANCE: ("1480.30", "1470.30")}  # of Monday, until a price of Tuesday comes
    account.begin(WEEK[0], closes, hour=10)
    assert (await account.days.pnl()).holdings_change == Decimal(1000)
    account.begin(WEEK[1], closes, hour=8)
    assert (await account.days.pnl()).holdings_change == 0
    account.begin(date(2026, 11, 24), closes, hour=11)
    assert (await account.days.pnl()).holdings_change == 0


async def corrected(account: TradingDays, day: date) -> DayReport:
    """The same minute of every day, just before midnight."""
    due = at_ist(day, 23, 59)
    if account.days.stage.clock.now() < due:
        account.days.until(due)
    await account.summaries.correct_day(Occasion(day=day, due=due))
    account.news += await account.days.stage.notices()
    store, reports = account.days.stage.store, account.summaries.reports
    report = await store.transaction(lambda db: reports.row(db, ACCOUNT.id, day))
    assert report is not None
    return report


async def test_trades_after_the_summary_make_its_row_again_and_the_days_add_up(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    first = await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.05")], {NIFTY_CALL: ("104.00", "99.00")})
    account.broker.trade(NIFTY_CALL, -65, "106.00", Product.NRML)
    account.days.loop.shift(60)
    await account.days.sync()
    again = await corrected(account, WEEK[0])
    assert (first.trades, again.trades, again.after) == (1, 2, 1)
    assert again.booked == Decimal("386.75"), "65 of them from 100.05 to 106.00"
    assert [type(news) for news in account.news].count(DaySummary) == 2
    assert await corrected(account, WEEK[0]) == again
    assert [type(news) for news in account.news].count(DaySummary) == 2, "once"
    rows = [again]
    for day in WEEK[1:4]:
        rows.append(await account.a_day(day, [], {NIFTY_CALL: ("104.00", "104.00")}))
        assert await corrected(account, day) == rows[-1]
    rows.append(await account.a_day(WEEK[4], [(NIFTY_CALL, -65, "110.20")], {NIFTY_CALL: ("110.00", "104.00")}))
    (week,) = periods(account)
    assert week.net == total(net(row) for row in rows) == account.flow - total(row.charges or ZERO for row in rows)


async def test_what_was_told_at_the_close_stays_as_it_was_told_beside_its_correction(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    first = await account.a_day(WEEK[0], [(NIFTY_CALL, 130, "100.05")], {NIFTY_CALL: ("104.00", "99.00")})
    account.broker.trade(NIFTY_CALL, -65, "106.00", Product.NRML)
    account.days.loop.shift(60)
    await account.days.sync()
    actor = account.days.stage.actor
    living = await account.summaries.ranges.of(actor, WEEK[0], WEEK[0])
    assert living.as_of is not None, "a day with trades since is not over"
    assert living.trades == 2
    again = await corrected(account, WEEK[0])
    final = await account.summaries.ranges.of(actor, WEEK[0], WEEK[0])
    assert final.as_of is None
    assert [each.report for each in final.days] == [again]
    assert await account.days.stage.store.transaction(lambda db: db.reports.find(ACCOUNT.id, WEEK[0])) == first


async def test_an_account_that_was_linked_after_the_summary_has_a_row_where_it_traded(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    await account.trade(WEEK[0], [], {NIFTY_CALL: ("104.00", "99.00")})
    due = at_ist(WEEK[0], 9)  # the account is younger than that
    await account.summaries.close_day(Occasion(day=WEEK[0], due=due))
    account.days.until(at_ist(WEEK[0], 19))
    account.broker.trade(NIFTY_CALL, 65, "100.00", Product.NRML)
    await account.days.sync()
    row = await corrected(account, WEEK[0])
    assert (row.trades, row.after) == (1, 0)


@pytest.mark.parametrize("carried", [False, True])
async def test_the_days_picture_begins_with_its_first_fill_unless_something_was_carried_into_it(
    loop: VirtualLoop, *, carried: bool
) -> None:
    account = await trading_days(loop, MONDAY)
    if carried:
        await account.a_day(WEEK[0], [(NIFTY_CALL, 65, "100.00")], {NIFTY_CALL: ("104.00", "99.00")})
    day = WEEK[int(carried)]
    await account.trade(day, [(NIFTY_CALL, 65, "100.00")], {NIFTY_CALL: ("104.00", "104.00")})
    await account.days.stage.core.curve.sample(ACCOUNT.id)
    await account.close(day)
    (told,) = [news for news in account.news if isinstance(news, Pictured) and isinstance(news.picture, DayPicture)][-1:]
    assert isinstance(told.picture, DayPicture)
    (bought,) = told.picture.fills
    first = told.picture.curve[0]
    assert (first.at <= bought.at, first.net == 0) == ((False, False) if carried else (True, True))


async def test_a_trade_that_mstock_corrects_and_one_that_it_takes_back_leave_the_days_true(
    loop: VirtualLoop,
) -> None:
    account = await trading_days(loop, MONDAY)
    broker = account.broker
    deals = [(NIFTY_CALL, 65, "100.00"), (NIFTY_CALL, 65, "110.00")]
    await account.trade(WEEK[0], deals, {NIFTY_CALL: ("104.00", "99.00")})
    broker.rows[0] = replace(broker.rows[0], price=Decimal("101.00"))
    broker.facts[0] = replace(broker.facts[0], average=Decimal("101.00"))
    broker.fills[0] = replace(broker.fills[0], price=Decimal("101.00"))
    del broker.rows[1]
    broker.facts[1] = replace(broker.facts[1], filled=0, average=None, status=OrderStatus.CANCELLED)
    del broker.fills[1]
    await account.days.sync()
    rows = [await account.close(WEEK[0])]
    assert (rows[0].booked, rows[0].open) == (ZERO, Decimal("195.00")), "65 from 101.00 to 104.00"
    assert rows[0].facts is not None
    (named,) = rows[0].facts.mismatches
    assert (named.rupees, named.reasons) == (ZERO, ("missing trade",)), "our own records have one that the position has not"
    rows.append(await account.a_day(WEEK[1], [], {NIFTY_CALL: ("106.00", "104.00")}))
    rows.append(await account.a_day(WEEK[2], [(NIFTY_CALL, -65, "107.00")], {NIFTY_CALL: ("107.00", "106.00")}))
    assert total(row.gross for row in rows) == account.flow == Decimal("390.00")
    assert rows[2].facts is not None
    assert rows[2].facts.mismatches == ()


async def test_a_trade_of_the_session_that_was_only_read_after_the_summary_makes_no_second_row(loop: VirtualLoop) -> None:
    account = await trading_days(loop, MONDAY)
    account.begin(WEEK[0], {NIFTY_CALL: ("104.00", "99.00")})
    account.broker.trade(NIFTY_CALL, 65, "100.00", Product.NRML)
    told, account.broker.rows = account.broker.rows, []  # the trade book lags: the order book alone has it
    await account.days.sync()
    first = await account.close(WEEK[0])
    (row,) = told
    account.broker.rows = [replace(row, quantity=40, trade_id="1"), replace(row, quantity=25, trade_id="2")]
    await account.days.sync()
    store = account.days.stage.store
    assert await store.transaction(lambda db: db.ledger.count(ACCOUNT.id, WEEK[0])) == 2
    assert await corrected(account, WEEK[0]) == first
    assert [type(news) for news in account.news].count(DaySummary) == 1
