"""Each is told once from 14:40 to midnight: what mStock closes, what the closing auction ends, what stays open unprotected."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist
from bot.domain.market.instrument import Instrument
from bot.domain.news.days.rings import (
    AuctionBegun,
    AuctionOver,
    SessionEnds,
    SquareOffAhead,
    SquareOffNear,
    StopsEnd,
    UnprotectedTonight,
)
from bot.domain.news.notice import Notice, Sound
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.plans.plan import Attached, LegState, Plan, PlanState
from bot.domain.ports.repositories import Repositories
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.samples import a_position
from tests.stage.brokers.broker import TrueOrder
from tests.stage.mornings import Morning, a_morning
from tests.stage.values.market import a_future, a_share, an_option
from tests.stage.values.orders import RELIANCE, a_draft, an_order
from tests.storage.samples import ACCOUNT, PERSON

FRIDAY = date(2026, 11, 20)
FUTURE = a_future("RELIANCE", date(2026, 11, 30), lot=500, stock=True)  # so RELIANCE is in the closing auction
OTHER = a_share("SMALLCO")  # no contracts: it trades on until 15:30
LATER_CALL = an_option("NIFTY", "24500", expiry=date(2026, 12, 29))
RINGS = (SquareOffAhead, StopsEnd, AuctionBegun, AuctionOver, UnprotectedTonight, SessionEnds)


async def on(loop: VirtualLoop, *positions: Position, day: date = FRIDAY, hour: int = 14, minute: int = 30) -> Morning:
    scrips = [FUTURE, OTHER, LATER_CALL]
    afternoon = await a_morning(LoopClock(loop, at_ist(day, hour, minute)), *scrips)
    afternoon.broker.held = list(positions)
    return afternoon


def held(instrument: Instrument, quantity: int, product: Product) -> Position:
    return a_position(instrument=instrument, product=product, quantity=quantity, average=Decimal("1500.00"))


def rests(afternoon: Morning, instrument: Instrument, side: Side, product: Product, *, trigger: str | None = None) -> TrueOrder:
    """An order of the broker's app that works at the exchange."""
    draft = OrderDraft(
        instrument=instrument, side=side, quantity=instrument.lot, kind=OrderKind.SL if trigger else OrderKind.LIMIT,
        product=product, price=Decimal("1490.00"), trigger=Decimal(trigger) if trigger else None,
    )  # fmt: skip
    status = OrderStatus.TRIGGER_PENDING if trigger else OrderStatus.OPEN
    order = TrueOrder(f"2{len(afternoon.broker.true)}", "", draft, status=status, at=afternoon.clock.now())
    afternoon.broker.true.append(order)
    return order


async def rung(afternoon: Morning, *, until: datetime | None = None) -> list[Notice]:
    day = afternoon.clock.now().date()
    return [one for one in await afternoon.until(until or at_ist(day, 23, 50)) if isinstance(one, RINGS)]


async def test_an_intraday_short_in_a_share_of_the_auction_is_told_at_each_step_and_once(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, -10, Product.MIS))
    rests(afternoon, RELIANCE, Side.BUY, Product.MIS, trigger="1480.00")
    told = await rung(afternoon)
    assert [type(one) for one in told[:2]] == [SquareOffAhead, SquareOffNear]  # 14:40, 14:55
    assert {type(one) for one in told[2:4]} == {StopsEnd, SquareOffNear}  # both at 15:05
    assert [type(one) for one in told[4:]] == [AuctionOver, SessionEnds]  # 15:35, 23:30
    over = told[4]
    assert isinstance(over, AuctionOver)
    assert (over.unsold, [row.quantity for row in over.shorts]) == ((), [-10])
    assert [one.sound for one in told[:2]] == [Sound.SILENT, Sound.ALWAYS]
    near = told[1]
    assert isinstance(near, SquareOffNear)
    assert (near.at, near.proven, near.entries) == (at_ist(FRIDAY, 15, 10), True, ())


async def test_a_restart_in_the_afternoon_tells_nothing_a_second_time(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, -10, Product.MIS))
    assert len(await rung(afternoon, until=at_ist(FRIDAY, 14, 57))) == 2
    again = await a_morning(afternoon.clock, FUTURE, store=afternoon.stage.store)
    again.broker.held = list(afternoon.broker.held)
    assert await rung(again, until=at_ist(FRIDAY, 15, 4)) == []


async def test_a_row_that_was_closed_rings_no_more_and_a_resting_entry_does(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, 10, Product.MIS))
    (listed,) = await rung(afternoon, until=at_ist(FRIDAY, 14, 45))
    assert isinstance(listed, SquareOffAhead)
    assert [row.quantity for row in listed.rows] == [10]
    afternoon.broker.held = []
    assert await rung(afternoon, until=at_ist(FRIDAY, 15)) == []
    rests(afternoon, FUTURE, Side.BUY, Product.MIS)
    (near,) = await rung(afternoon, until=at_ist(FRIDAY, 15, 9))
    assert isinstance(near, SquareOffNear)
    assert (near.rows, [entry.draft.instrument for entry in near.entries], near.proven) == ((), [FUTURE], False)


async def test_what_closes_an_intraday_row_is_no_entry_and_carried_products_are_not_squared_off(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, 10, Product.CNC), held(FUTURE, 500, Product.NRML))
    rests(afternoon, RELIANCE, Side.SELL, Product.CNC)
    assert [one for one in await rung(afternoon, until=at_ist(FRIDAY, 15, 9)) if isinstance(one, SquareOffAhead)] == []


async def test_only_stops_on_shares_of_the_auction_end_at_its_beginning(loop: VirtualLoop) -> None:
    afternoon = await on(loop)
    rests(afternoon, RELIANCE, Side.SELL, Product.CNC, trigger="1495.00")
    rests(afternoon, OTHER, Side.SELL, Product.CNC, trigger="1495.00")
    rests(afternoon, FUTURE, Side.SELL, Product.NRML, trigger="1495.00")
    (news,) = [one for one in await rung(afternoon, until=at_ist(FRIDAY, 15, 10)) if isinstance(one, StopsEnd)]
    assert ([stop.draft.instrument for stop in news.stops], news.at) == ([RELIANCE], at_ist(FRIDAY, 15, 15))


async def test_a_limit_goes_into_the_auction_and_what_it_leaves_is_not_sold(loop: VirtualLoop) -> None:
    afternoon = await on(loop, minute=40)
    rests(afternoon, RELIANCE, Side.SELL, Product.CNC)
    rests(afternoon, OTHER, Side.SELL, Product.CNC)
    (begun,) = await rung(afternoon, until=at_ist(FRIDAY, 15, 19))
    assert isinstance(begun, AuctionBegun)
    assert [order.draft.instrument for order in begun.limits] == [RELIANCE]
    assert begun.orders_from == at_ist(FRIDAY, 15, 20)
    await afternoon.until(at_ist(FRIDAY, 15, 34))
    afternoon.broker.true[0].status = OrderStatus.CANCELLED
    (over,) = await rung(afternoon, until=at_ist(FRIDAY, 15, 40))
    assert isinstance(over, AuctionOver)
    assert [order.draft.instrument for order in over.unsold] == [RELIANCE]
    assert over.post_close == at_ist(FRIDAY, 15, 50)


async def test_what_the_bot_holds_for_a_filled_share_ends_where_its_auction_begins(
    loop: VirtualLoop,
) -> None:
    afternoon = await on(loop, minute=40)
    entries = (("shares", RELIANCE, 10), ("unfilled", RELIANCE, 0), ("trades on", OTHER, 10))

    def begin(db: Repositories) -> None:
        now = afternoon.clock.now()
        for number, (name, instrument, filled) in enumerate(entries, start=1):
            status = OrderStatus.FILLED if filled else OrderStatus.OPEN
            order = an_order(
                id=name, account_id=ACCOUNT.id, number=number, tag=f"TAG{number}", broker_id=f"2{number}", status=status,
                draft=a_draft(instrument=instrument), filled=filled, created_at=now, sent_at=now, updated_at=now,
            )  # fmt: skip
            db.orders.add(order, FRIDAY)
            entry, target = Attached(target=Decimal("1600.00")).legs(order.draft)
            plan = Plan(
                id=name, account_id=ACCOUNT.id, placed_by=PERSON, state=PlanState.ALIVE, until=now + timedelta(hours=9),
                legs=(replace(entry, order_id=name, state=LegState.CLAIMED), target), created_at=now,
            )  # fmt: skip
            db.plans.add(plan)
            afternoon.broker.true.append(
                TrueOrder(f"2{number}", f"TAG{number}", order.draft, status=status, filled=filled, at=now)
            )

    await afternoon.stage.store.transaction(begin)
    (begun,) = [one for one in await rung(afternoon, until=at_ist(FRIDAY, 15, 19)) if isinstance(one, AuctionBegun)]
    assert [draft.instrument for draft in begun.targets] == [RELIANCE]
    alive = await afternoon.stage.store.transaction(lambda db: {plan.id for plan in db.plans.alive()})
    assert alive == {"unfilled", "trades on"}


async def test_a_session_that_ends_with_delivery_alone_is_nobodys_news(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, 10, Product.CNC), hour=23, minute=20)
    assert await rung(afternoon) == []


async def test_what_the_auction_sold_is_not_told_as_unsold(loop: VirtualLoop) -> None:
    afternoon = await on(loop, minute=40)
    rests(afternoon, RELIANCE, Side.SELL, Product.CNC)
    await afternoon.until(at_ist(FRIDAY, 15, 34))
    afternoon.broker.fill(1)
    assert await rung(afternoon) == []


async def test_the_night_is_unprotected_with_and_without_a_stop_of_the_day(loop: VirtualLoop) -> None:
    afternoon = await on(
        loop, held(FUTURE, 500, Product.NRML), held(LATER_CALL, -65, Product.NRML), held(RELIANCE, 10, Product.CNC)
    )
    rests(afternoon, FUTURE, Side.SELL, Product.NRML, trigger="1495.00")
    (night,) = [one for one in await rung(afternoon, until=at_ist(FRIDAY, 15, 30)) if isinstance(one, UnprotectedTonight)]
    assert [row.instrument for row in night.bare] == [LATER_CALL]
    assert [row.instrument for row in night.stopped] == [FUTURE]


async def test_what_expires_today_is_not_carried(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(FUTURE, 500, Product.NRML), day=date(2026, 11, 30))
    assert await rung(afternoon, until=at_ist(date(2026, 11, 30), 15, 30)) == []


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 11, 24)])  # a Saturday, a holiday
async def test_nothing_rings_on_a_day_without_trading(loop: VirtualLoop, day: date) -> None:
    afternoon = await on(loop, held(RELIANCE, -10, Product.MIS), held(FUTURE, 500, Product.NRML), day=day)
    assert await rung(afternoon) == []


async def test_nothing_rings_without_a_session(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, -10, Product.MIS), held(FUTURE, 500, Product.NRML))
    afternoon.log_out()
    assert await rung(afternoon) == []


async def test_a_year_before_the_closing_auction_has_no_ring_of_it(loop: VirtualLoop) -> None:
    afternoon = await on(loop, held(RELIANCE, -10, Product.MIS), day=date(2026, 7, 31))
    rests(afternoon, RELIANCE, Side.BUY, Product.MIS, trigger="1480.00")
    kinds = {type(one) for one in await rung(afternoon)}
    assert kinds == {SquareOffAhead, SquareOffNear, SessionEnds}
