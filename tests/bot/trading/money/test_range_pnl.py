"""A range of days out of the store: final rows, today as it is now, lots from before, and what cannot be read."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from bot.domain.clock import at_ist, ist_date
from bot.domain.errors import NotSent
from bot.domain.money import ZERO, total
from bot.domain.orders.order import OrderRequest
from bot.domain.pnl.range_report import REST, CurvePoint, OrderSource
from bot.domain.pnl.trades import FINE, BroughtForward, DayMark, LedgerTrade
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import DayReport
from bot.domain.terms import Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.money.range_pnl import RangePnl
from tests.handlers.samples import a_report
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.ledger import a_fill
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft
from tests.storage.samples import ACCOUNT, an_order

DAY = date(2026, 11, 20)  # a Friday
A_BUY = OrderRequest(side=Side.BUY, symbol="RELIANCE", quantity=10)
DAYS = [DAY + timedelta(days=ahead) for ahead in (0, 3, 5)]  # Friday, Monday, Wednesday


def of(stage: DeskStage) -> RangePnl:
    return stage.core.services.range_pnl


def fill(day: date, signed: int, price: str, number: int = 1) -> LedgerTrade:
    return a_fill(signed, price, number, at=at_ist(day, 10, number), account_id=ACCOUNT.id)


def row(day: date, booked: str, opened: str, charges: str = "0", **changes: object) -> DayReport:
    values = {"booked": Decimal(booked), "open": Decimal(opened), "charges": Decimal(charges), "carried": ()} | changes
    return a_report(account_id=ACCOUNT.id, date=day.isoformat(), **values)


def mark(day: date, quantity: int, at: str, opened: str, booked: str = "0") -> DayMark:
    return DayMark(
        account_id=ACCOUNT.id, day=day, instrument=NIFTY_CALL, product=Product.NRML, quantity=quantity, mark=Decimal(at),
        booked=Decimal(booked), open=Decimal(opened), adjustment=ZERO, since_entry=None,
    )  # fmt: skip


async def keep(
    stage: DeskStage, *, reports: Sequence[DayReport] = (), marks: Sequence[DayMark] = (), fills: Sequence[LedgerTrade] = ()
) -> None:
    def store(db: Repositories) -> None:
        for report in reports:
            assert db.reports.add(report)
        db.ledger.close_day(marks)
        for trade in fills:
            db.ledger.replace(ACCOUNT.id, trade.broker_id, [trade])

    await stage.store.transaction(store)


async def three_days(stage: DeskStage) -> None:
    """A call bought at 100 on Friday, marked at 104, at 99 on Monday, sold at 110 on Wednesday: 650 in all."""
    friday, monday, wednesday = DAYS
    await keep(
        stage,
        reports=[row(friday, "0", "260", "20"), row(monday, "0", "-325"), row(wednesday, "715", "0", "40")],
        marks=[mark(friday, 65, "104", "260"), mark(monday, 65, "99", "-325"), mark(wednesday, 0, "99", "0", "715")],
        fills=[fill(friday, 65, "100.00"), fill(wednesday, -65, "110.00", 2)],
    )


async def test_the_net_is_the_sum_of_the_rows_over_every_cut(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[-1] + timedelta(days=1), 9)))
    await three_days(stage)
    first, last = DAYS[0], DAYS[-1]
    whole = await of(stage).of(stage.actor, first, last)
    assert whole.net == Decimal(650) - 60
    assert (whole.booked, whole.open, whole.charges) == (Decimal(715), Decimal(-65), Decimal(60))
    for cut in DAYS[:-1]:
        parts = [await of(stage).of(stage.actor, *span) for span in ((first, cut), (cut + timedelta(days=1), last))]
        assert total(part.net for part in parts) == whole.net


async def test_a_trip_that_closed_in_the_range_is_whole_though_it_began_before(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[-1] + timedelta(days=1), 9)))
    await three_days(stage)
    report = await of(stage).of(stage.actor, DAYS[-1], DAYS[-1])
    (trip,) = report.trips
    assert (trip.gross, trip.held) == (Decimal(650), timedelta(days=5, minutes=1))
    bills = [(await of(stage).of(stage.actor, day, day)).days[0].bill for day in (DAYS[0], DAYS[-1])]
    costs = [total(row.bill.total for row in bill.rows if row.instrument) for bill in bills if bill is not None]
    assert trip.charges == total(costs).quantize(FINE), "both its sides, though one is an earlier day's"
    assert len(costs) == 2
    assert min(costs) > 0
    (exit_,) = report.booked_by
    assert (exit_.entry, exit_.amount) == (Decimal("100.0000"), Decimal(650))
    assert [(part.name, part.gross) for part in report.sources if part.gross] == [(OrderSource.ELSEWHERE, Decimal(715))]


async def test_what_was_brought_forward_has_no_beginning_and_its_own_source(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[1], 9)))
    forward = BroughtForward(
        account_id=ACCOUNT.id, day=DAYS[0], key=NIFTY_CALL.key, product=Product.NRML, quantity=65, price=Decimal(90)
    )
    await stage.store.transaction(lambda db: db.ledger.bring(forward))
    await keep(stage, reports=[row(DAYS[0], "1300", "0")], fills=[fill(DAYS[0], -65, "110.00")])
    report = await of(stage).of(stage.actor, DAYS[0], DAYS[0])
    (trip,) = report.trips
    assert (trip.gross, trip.held) == (Decimal(1300), None)
    assert [part.name for part in report.sources if part.gross] == [REST], "the day says nothing of that row"


async def test_shares_from_before_the_bot_have_a_source_of_their_own(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[1], 9)))
    sale = replace(fill(DAYS[0], -40, "412.85"), instrument=RELIANCE, product=Product.CNC)
    sold = replace(mark(DAYS[0], -40, "1", "0", "588"), instrument=RELIANCE, product=Product.CNC, mark=None)
    await keep(stage, reports=[row(DAYS[0], "588", "0")], marks=[sold], fills=[sale])
    report = await of(stage).of(stage.actor, DAYS[0], DAYS[0])
    assert [(part.name, part.gross) for part in report.sources if part.gross] == [(OrderSource.BEFORE, Decimal(588))]
    (trip,) = report.trips
    assert trip.gross == 588


async def test_today_is_read_now_and_left_out_with_its_reason_when_it_cannot_be(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[-1] + timedelta(days=1), 11)))
    await three_days(stage)
    today = ist_date(stage.clock.now())
    live = await of(stage).of(stage.actor, DAYS[0], today)
    assert (len(live.days), live.unread) == (4, None)
    assert live.as_of is not None
    await asyncio.sleep(2)
    stage.broker.books_down = NotSent("mStock cannot be reached.")
    away = await of(stage).of(stage.actor, DAYS[0], today)
    assert (len(away.days), away.unread, away.net) == (3, "mStock cannot be reached.", Decimal(590))


async def test_the_final_row_of_today_is_what_the_range_says(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[-1], 17)))
    await three_days(stage)
    report = await of(stage).of(stage.actor, DAYS[-1], DAYS[-1])
    assert (report.net, report.as_of) == (Decimal(675), None)


async def test_an_orders_slippage_counts_its_fills_against_the_touch_at_its_tap(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    order = an_order(9, broker_id="115", filled=10, average=Decimal("1480.90"), draft=a_draft(), created_at=clock.now())
    trade = replace(fill(ist_date(clock.now()), 10, "1480.85"), broker_id="115", instrument=RELIANCE, product=Product.CNC)

    def store(db: Repositories) -> None:
        db.orders.add(order, ist_date(clock.now()))
        db.ledger.note_touch(order.id, Decimal("1480.30"))
        db.ledger.replace(ACCOUNT.id, trade.broker_id, [trade])

    await stage.store.transaction(store)
    report = await of(stage).of(stage.actor, ist_date(clock.now()), ist_date(clock.now()))
    (slip,) = report.slips
    assert (slip.number, slip.amount) == (9, Decimal("-5.50"))


async def test_the_lowest_point_comes_from_the_days_curve(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAYS[1], 9)))
    await keep(stage, reports=[row(DAYS[0], "100", "0")])
    points = [CurvePoint(at=at_ist(DAYS[0], 10, minute), net=Decimal(net)) for minute, net in ((0, 10), (1, -1105), (2, 100))]

    def note(db: Repositories) -> None:
        for point in points:
            db.ledger.note_point(ACCOUNT.id, point)

    await stage.store.transaction(note)
    report = await of(stage).of(stage.actor, *DAYS[:2])
    assert report.lowest == points[1]
    assert report.days[0].curve == tuple(points)


async def test_a_tap_notes_the_price_that_it_would_meet(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    proposal = await stage.proposals.propose(stage.actor, A_BUY, chat_id=stage.actor.user.telegram_id)
    await stage.tap(await stage.card(proposal))
    order = await stage.order()
    assert order is not None
    today = ist_date(clock.now())
    touches = await stage.store.transaction(lambda db: db.ledger.touches(ACCOUNT.id, today, today))
    assert touches == {order.id: stage.feed.ask}


async def test_a_sale_of_a_moment_ago_is_named_beside_the_cash_and_forgotten_after_a_minute(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(DAY, 10, 1, 5))
    stage = await set_stage(clock)
    await keep(stage, fills=[fill(DAY, -65, "110.00")])
    books = stage.core.services.account_views
    assert (await books.funds(stage.actor)).sold_at == at_ist(DAY, 10, 1)
    await asyncio.sleep(60)
    assert (await books.funds(stage.actor)).sold_at is None


async def test_the_trades_of_a_report_are_the_rows_of_the_trade_book_and_not_the_updates_of_its_orders(loop: VirtualLoop) -> None:
    stage = await set_stage(LoopClock(loop, at_ist(DAY, 11)))
    order = replace(fill(DAY, 40, "100.00"), instrument=RELIANCE, product=Product.CNC)
    steps = [replace(order, step=step, quantity=10, trade_id=f"t{step}") for step in (10, 20, 30, 40)]
    await stage.store.transaction(lambda db: db.ledger.replace(ACCOUNT.id, order.broker_id, steps))
    report = await stage.core.services.summaries.day(stage.actor, None)
    assert report.trades == 4
