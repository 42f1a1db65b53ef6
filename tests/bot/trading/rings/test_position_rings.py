"""What rings about open positions: each once a day, on readings that were made anyway."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.clock import at_ist
from bot.domain.market.prices import Price
from bot.domain.market.rules import Band
from bot.domain.news.days.rings import BandNear, LossNear, MarginNear, MarginShort, NoStop
from bot.domain.news.notice import Notice
from bot.domain.news.plans.exits import ExitAsks, ExitTrouble
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.positions.portfolio import Funds, PnL, Position, PositionLine
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock, VirtualLoop
from bot.trading.rings.position_rings import PositionRings
from tests.handlers.samples import a_position
from tests.stage.brokers.broker import TrueOrder
from tests.stage.mornings import Morning, a_morning
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT

FRIDAY = date(2026, 11, 20)
LONG = a_position(instrument=RELIANCE, product=Product.MIS, quantity=10, average=Decimal("1500.00"))


class Watch:
    """Readings of one account, a minute apart."""

    def __init__(self, day: Morning) -> None:
        self.day = day
        core = day.stage.core
        self.rings: PositionRings = core.curve.read.__self__  # type: ignore[attr-defined]  # the one that is wired

    async def reading(self, *positions: Position, last: str = "1480.30", **changes: Any) -> None:
        self.day.broker.held = list(positions)
        await self.day.stage.reconcile.sync(ACCOUNT.id)
        price = Price(last=Decimal(last), previous_close=Decimal("1500.00"))
        lines = tuple(PositionLine(position=one, price=price, booked=None, open=None) for one in positions)
        result = PnL(booked=Decimal(0), open=Decimal(0), charges=None, as_of=self.day.clock.now(), lines=lines)
        await self.rings.heard(ACCOUNT.id, replace(result, **changes))

    async def minutes(self, count: int, *positions: Position, **changes: Any) -> list[Notice]:
        for _ in range(count):
            await self.reading(*positions, **changes)
            await asyncio.sleep(60)
        return await self.day.stage.notices()

    def order(self, side: Side, quantity: int, *, trigger: str | None = None, product: Product = Product.MIS) -> TrueOrder:
        """An order of the broker's app."""
        draft = OrderDraft(
            instrument=RELIANCE, side=side, quantity=quantity, kind=OrderKind.SL if trigger else OrderKind.LIMIT,
            product=product, price=Decimal("1440.00"), trigger=Decimal(trigger) if trigger else None,
        )  # fmt: skip
        status = OrderStatus.TRIGGER_PENDING if trigger else OrderStatus.OPEN
        order = TrueOrder(f"2{len(self.day.broker.true)}", "", draft, status=status, at=self.day.clock.now())
        self.day.broker.true.append(order)
        return order


@pytest.fixture
async def watch(loop: VirtualLoop) -> Watch:
    return Watch(await a_morning(LoopClock(loop, at_ist(FRIDAY, 11))))


def of(kind: type[Notice], told: list[Notice]) -> list[Notice]:
    return [one for one in told if isinstance(one, kind)]


async def test_a_position_without_a_stop_rings_after_three_minutes_and_once_a_day(watch: Watch) -> None:
    assert of(NoStop, await watch.minutes(3, LONG)) == []
    (news,) = of(NoStop, await watch.minutes(1, LONG))
    assert isinstance(news, NoStop)
    assert [(row.instrument, row.quantity) for row in news.rows] == [(RELIANCE, 10)]
    assert of(NoStop, await watch.minutes(10, LONG)) == []
    assert of(NoStop, await watch.minutes(5)) == []
    assert of(NoStop, await watch.minutes(5, LONG)) == []


async def test_a_stop_on_its_side_keeps_it_quiet_and_delivery_needs_none(watch: Watch) -> None:
    watch.order(Side.SELL, 10, trigger="1450.00")
    assert of(NoStop, await watch.minutes(6, LONG)) == []
    delivery = replace(LONG, product=Product.CNC)
    assert of(NoStop, await watch.minutes(6, delivery)) == []


async def test_a_stop_on_the_wrong_side_guards_nothing(watch: Watch) -> None:
    watch.order(Side.BUY, 10, trigger="1510.00")
    assert len(of(NoStop, await watch.minutes(6, LONG))) == 1


async def test_what_a_stop_leaves_bare_rings_after_three_minutes_with_how_much_it_is(watch: Watch) -> None:
    watch.order(Side.SELL, 10, trigger="1450.00")
    larger = replace(LONG, quantity=25)
    assert of(NoStop, await watch.minutes(5, LONG)) == []
    assert of(NoStop, await watch.minutes(3, larger)) == []
    (news,) = of(NoStop, await watch.minutes(1, larger))
    assert isinstance(news, NoStop)
    assert [(row.quantity, row.held) for row in news.rows] == [(15, 25)]
    assert of(NoStop, await watch.minutes(5, larger)) == []


async def test_a_stop_that_follows_a_position_that_grew_keeps_it_quiet(watch: Watch) -> None:
    stop = watch.order(Side.SELL, 10, trigger="1450.00")
    larger = replace(LONG, quantity=25)
    assert of(NoStop, [*await watch.minutes(5, LONG), *await watch.minutes(1, larger)]) == []
    stop.draft = replace(stop.draft, quantity=25)
    assert of(NoStop, await watch.minutes(6, larger)) == []


async def test_several_rows_without_a_stop_are_one_message(watch: Watch) -> None:
    call = a_position(instrument=NIFTY_CALL, product=Product.NRML, quantity=-65, average=Decimal("98.40"))
    (news,) = of(NoStop, await watch.minutes(5, LONG, call))
    assert isinstance(news, NoStop)
    assert len(news.rows) == 2


async def test_a_stop_whose_position_went_rings_once_and_not_before_the_book_said_so_twice(watch: Watch) -> None:
    watch.order(Side.SELL, 10, trigger="1450.00")
    await watch.minutes(1, LONG)
    await watch.reading()
    await asyncio.sleep(5)
    assert await watch.day.stage.notices() == []
    await asyncio.sleep(10)
    (news,) = await watch.day.stage.notices()
    assert isinstance(news, ExitAsks)
    assert (news.why, news.order.draft.trigger) == (ExitTrouble.LEFT_OVER, Decimal("1450.00"))
    assert await watch.minutes(5) == []


async def test_a_target_whose_position_went_is_left_over_as_well(watch: Watch) -> None:
    watch.order(Side.SELL, 10)
    await watch.minutes(1, LONG)
    told = await watch.minutes(2)
    assert [one.why for one in told if isinstance(one, ExitAsks)] == [ExitTrouble.LEFT_OVER]


async def test_a_book_that_lags_and_an_entry_that_waits_ring_nothing(watch: Watch) -> None:
    watch.order(Side.SELL, 10, trigger="1450.00")
    watch.order(Side.BUY, 10, trigger="1600.00")
    await watch.minutes(1, LONG)
    await watch.reading()
    watch.day.broker.held = [LONG]
    await asyncio.sleep(30)
    assert of(ExitAsks, await watch.minutes(2, LONG)) == []


async def test_a_stop_that_is_cancelled_with_its_position_rings_nothing(watch: Watch) -> None:
    stop = watch.order(Side.SELL, 10, trigger="1450.00")
    await watch.minutes(1, LONG)
    await watch.reading()
    stop.status = OrderStatus.CANCELLED
    await watch.day.stage.reconcile.sync(ACCOUNT.id)
    await asyncio.sleep(30)
    assert of(ExitAsks, await watch.day.stage.notices()) == []


async def limited(watch: Watch, rupees: int) -> None:
    store = watch.day.stage.store

    def put(db: Any) -> None:
        limits = db.limits.on(ACCOUNT.id, FRIDAY)
        db.limits.put(ACCOUNT.id, FRIDAY - timedelta(days=1), replace(limits, daily_loss=Decimal(rupees)))

    await store.transaction(put)


@pytest.mark.parametrize(("loss", "rings"), [("-3999.99", 0), ("-4000", 1), ("-4999.99", 1), ("-5000", 0), ("4500", 0)])
async def test_four_fifths_of_the_daily_loss_ring_once_and_the_whole_is_the_locks(watch: Watch, loss: str, rings: int) -> None:
    await limited(watch, 5000)
    told = of(LossNear, await watch.minutes(3, open=Decimal(loss)))
    assert len(told) == rings
    assert all(isinstance(one, LossNear) and one.limit == 5000 for one in told)


async def test_without_a_limit_no_loss_is_near(watch: Watch) -> None:
    assert of(LossNear, await watch.minutes(2, open=Decimal(-90_000))) == []


@pytest.mark.parametrize(
    ("available", "used", "average", "kinds"),
    [
        ("-0.05", "20000", "1481.00", {MarginShort}),
        ("0", "20000", "1481.00", set()),
        ("100000", "1000", "1540.30", {MarginNear}),  # 600 of 1,000 lost
        ("100000", "1001", "1540.30", set()),
        ("-5", "1000", "1540.30", {MarginShort, MarginNear}),
    ],
)
async def test_money_below_zero_and_three_fifths_of_the_margin_lost_ring_once(
    watch: Watch, available: str, used: str, average: str, kinds: set[type[Notice]]
) -> None:
    async def funds() -> Funds:
        return Funds(
            available=Decimal(available), used=Decimal(used), start_of_day=None, realised_loss=None, collateral=None,
            as_of=watch.day.clock.now(),
        )  # fmt: skip

    watch.day.broker.funds = funds  # type: ignore[method-assign]  # the broker's own answer
    told = await watch.minutes(8, replace(LONG, average=Decimal(average)))
    assert sorted(type(one).__name__ for one in told if isinstance(one, MarginShort | MarginNear)) == sorted(
        kind.__name__ for kind in kinds
    )


@pytest.mark.parametrize(
    ("quantity", "last", "rings"), [(10, "1455.00", 1), (10, "1455.10", 0), (-10, "1455.00", 0), (-10, "1545.00", 1)]
)
async def test_three_fifths_of_a_known_band_against_the_position_ring_once(
    watch: Watch, quantity: int, last: str, rings: int
) -> None:
    band = Band(exchange=RELIANCE.exchange, symbol="RELIANCE", percent=Decimal(5), since=FRIDAY, source="a row")
    watch.rings.rules = replace(REFERENCE_DATA.rules, bands=(band,))
    told = of(BandNear, await watch.minutes(3, replace(LONG, quantity=quantity), last=last))
    assert len(told) == rings


async def test_a_band_that_nobody_knows_rings_nothing(watch: Watch) -> None:
    assert of(BandNear, await watch.minutes(2, LONG, last="1200.00")) == []


async def test_a_reading_after_the_session_rings_nothing_the_stops_of_the_day_are_over_then(loop: VirtualLoop) -> None:
    watch = Watch(await a_morning(LoopClock(loop, at_ist(FRIDAY, 20))))
    curve = watch.day.stage.core.curve
    lines = (PositionLine(position=replace(LONG, product=Product.NRML), price=None, booked=None, open=None),)
    await watch.reading()
    for _ in range(6):
        now = watch.day.clock.now()
        await curve.heard(ACCOUNT.id, PnL(booked=Decimal(0), open=Decimal(0), charges=None, as_of=now, lines=lines))
        await asyncio.sleep(60)
    assert await watch.day.stage.notices() == []


async def test_the_loss_guards_own_readings_ring_as_well(loop: VirtualLoop) -> None:
    watch = Watch(await a_morning(LoopClock(loop, at_ist(FRIDAY, 11))))
    await limited(watch, 240)
    await watch.day.stage.reconcile.sync(ACCOUNT.id)
    bought = replace(LONG, bought=10, sold=0, bought_value=Decimal(15_000), sold_value=Decimal(0))
    watch.day.broker.held = [bought]  # 197 below its cost: over four fifths of the limit
    guard = asyncio.create_task(watch.day.stage.core.losses.run())
    await asyncio.sleep(240)
    guard.cancel()
    told = await watch.day.stage.notices()
    assert [type(one) for one in told] == [LossNear, NoStop]
