"""An alert strikes once, on a trade of now, and on nothing that is old or empty."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, NotFound
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Price, Tick
from bot.domain.news.alert import Alert, AlertKind, AlertPaused, AlertStruck, Sees
from bot.domain.positions.held import HeldRow
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock
from bot.trading.watch.alert_watch import EVERY
from tests.stage.brokers.broker import StillFeed
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE
from tests.storage.samples import ACCOUNT, PERSON

LEVEL = Decimal(1500)


@asynccontextmanager
async def watching(stage: DeskStage) -> AsyncIterator[None]:
    """The loop of the alerts runs meanwhile."""
    running = asyncio.create_task(stage.core.alerts.run())
    await asyncio.sleep(0.1)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def above(stage: DeskStage, level: Decimal = LEVEL) -> Alert:
    shown = await stage.core.services.alerts.on_price(stage.actor, "RELIANCE", AlertKind.ABOVE, level=level)
    assert shown.made is not None
    await asyncio.sleep(1)
    return shown.made


def trade(stage: DeskStage, last: str, *, ago: float = 0, stale: bool = False, close: str | None = None) -> None:
    """A tick of the feed, whose trade is so many seconds old."""
    now = stage.clock.now()
    stage.core.watcher.tick(
        ACCOUNT.id,
        Tick(
            key=RELIANCE.key, last=Decimal(last), at=now - timedelta(seconds=ago), received=now, stale=stale,
            previous_close=Decimal(close) if close is not None else None,
        ),
    )  # fmt: skip


async def news(stage: DeskStage) -> list[AlertStruck | AlertPaused]:
    return [each for each in await stage.notices() if isinstance(each, AlertStruck | AlertPaused)]


def a_position(quantity: int) -> Position:
    return Position(
        instrument=RELIANCE, product=Product.MIS, quantity=quantity, bought=quantity, sold=0,
        bought_value=1500 * Decimal(quantity), sold_value=Decimal(0), average=Decimal(1500),
    )  # fmt: skip


async def test_the_trade_that_reaches_it_strikes_it_once_with_a_ticket_for_what_is_held(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(10)]
    async with watching(stage):
        alert = await above(stage)
        trade(stage, "1499.90")
        trade(stage, "1500.00")
        trade(stage, "1501.00")
        await asyncio.sleep(1)
        struck = await news(stage)
        assert struck == [AlertStruck(alert=alert, value=LEVEL, at=struck[0].at, products=(Product.MIS,))]  # type: ignore[union-attr] # it is the same
        trade(stage, "1510.00")
        await asyncio.sleep(30)
    assert await news(stage) == []
    assert (await stage.core.services.alerts.shown(stage.actor)).alerts == ()


@pytest.mark.parametrize(
    ("what", "tick"),
    [
        ("the first snapshot, from a cache", {"last": "1510", "stale": True}),
        ("a trade before the alert was made", {"last": "1510", "ago": 30}),
        ("a trade of yesterday", {"last": "1510", "ago": 60_000}),
        ("a zero", {"last": "0"}),
        ("a price on this side of the level", {"last": "1499.95"}),
    ],
)
async def test_what_is_no_trade_of_now_beyond_the_level_strikes_nothing(
    what: str, tick: dict[str, object], clock: LoopClock
) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        below = await stage.core.services.alerts.on_price(stage.actor, "RELIANCE", AlertKind.BELOW, level=Decimal(1400))
        await asyncio.sleep(1)
        trade(stage, **tick)  # type: ignore[arg-type] # the words of a tick
        await asyncio.sleep(1)
        assert (await news(stage), len(below.alerts)) == ([], 2), what


async def test_an_old_trade_of_a_minute_strikes_nothing_even_if_the_alert_is_older(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        await asyncio.sleep(600)
        trade(stage, "1510", ago=61)
        await asyncio.sleep(1)
        assert await news(stage) == []
        trade(stage, "1510", ago=59)
        await asyncio.sleep(1)
        assert len(await news(stage)) == 1


async def test_an_armed_alert_survives_a_restart_and_a_struck_one_stays_struck(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        await above(stage, Decimal(1600))
        trade(stage, "1550")
        await asyncio.sleep(1)
        assert [each.alert.level for each in await news(stage)] == [LEVEL]
    again = await set_stage(clock, store=stage.store)
    async with watching(again):
        trade(again, "1650")
        await asyncio.sleep(1)
        assert [each.alert.level for each in await news(again)] == [Decimal(1600)]


async def test_without_a_feed_quotes_strike_it_but_not_before_one_has_moved_today(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        stage.feed.connected = False
        assert (await stage.core.services.alerts.shown(stage.actor)).sees is Sees.QUOTES
        stage.broker.quoted = Decimal(1510)  # perhaps the record of yesterday
        await asyncio.sleep(3 * EVERY)
        assert await news(stage) == []
        stage.broker.quoted = Decimal("1510.05")
        await asyncio.sleep(EVERY + 2)
        (struck,) = await news(stage)
    assert isinstance(struck, AlertStruck)
    assert (struck.value, struck.at) == (Decimal("1510.05"), None)


async def test_with_a_feed_no_quote_strikes(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        for quoted in ("1510", "1511", "1512"):
            stage.broker.quoted = Decimal(quoted)
            await asyncio.sleep(EVERY + 1)
    assert await news(stage) == []


async def test_before_the_open_no_quote_is_asked_for(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.core.alerts.in_hours = lambda _exchange, _at: False
    async with watching(stage):
        await above(stage)
        stage.feed.connected = False
        for quoted in ("1510", "1511"):
            stage.broker.quoted = Decimal(quoted)
            await asyncio.sleep(EVERY + 1)
    assert await news(stage) == []


async def test_the_days_result_strikes_a_loss_once_when_every_row_is_known(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(300)]
    stage.feed.ask = Decimal(1490)
    async with watching(stage):
        await stage.core.services.alerts.on_result(stage.actor, AlertKind.LOSS, Decimal(-5000))
        await asyncio.sleep(EVERY + 1)
        assert await news(stage) == []
        stage.broker.held = [a_position(300), replace(a_position(1), average=None)]
        stage.feed.ask = Decimal(1480)
        await asyncio.sleep(2 * EVERY)
        assert await news(stage) == []  # a row whose cost nobody tells
        stage.broker.held = [a_position(300)]
        await asyncio.sleep(2 * EVERY)
        (struck,) = await news(stage)
        await asyncio.sleep(3 * EVERY)
        assert await news(stage) == []
    assert isinstance(struck, AlertStruck)
    assert struck.value == Decimal(-6000)


class OldFeed(StillFeed):
    """Its newest packet tells of a trade of the day before."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        tick = super().last(key, within=within)
        return replace(tick, at=tick.at - timedelta(days=1)) if tick is not None else None


async def test_a_result_that_stands_on_yesterdays_trade_strikes_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(300)]
    stage.connection.feed = OldFeed(clock)
    async with watching(stage):
        await stage.core.services.alerts.on_result(stage.actor, AlertKind.LOSS, Decimal(-5000))
        await asyncio.sleep(3 * EVERY)
        assert await news(stage) == []
        stage.connection.feed = stage.feed
        await asyncio.sleep(EVERY + 1)
        assert len(await news(stage)) == 1


class ZeroFeed(StillFeed):
    """Its newest packet names no price, as before a contract's first trade."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        tick = super().last(key, within=within)
        return replace(tick, last=Decimal(0)) if tick is not None else None


async def test_a_result_that_stands_on_a_price_of_nought_strikes_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(300)]
    stage.connection.feed = ZeroFeed(clock)
    async with watching(stage):
        await stage.core.services.alerts.on_result(stage.actor, AlertKind.LOSS, Decimal(-5000))
        await asyncio.sleep(3 * EVERY)
        assert await news(stage) == []


def test_a_giveback_counts_from_the_best_of_its_own_day(clock: LoopClock) -> None:
    now = clock.now()
    alert = Alert(account_id="a1", person=PERSON, kind=AlertKind.GIVEBACK, level=Decimal(40), created_at=now)
    yesterday = alert.with_result(Decimal(3000), now.date())
    today = yesterday.with_result(Decimal(600), now.date() + timedelta(days=1))
    assert today.best == 600
    assert not today.is_reached(Decimal(500))
    assert today.is_reached(Decimal(360))


async def test_a_giveback_counts_from_the_best_of_the_day_also_across_a_restart(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held = [a_position(300)]
    stage.feed.ask = Decimal(1510)  # +3,000
    async with watching(stage):
        await stage.core.services.alerts.on_result(stage.actor, AlertKind.GIVEBACK, Decimal(40))
        await asyncio.sleep(EVERY + 1)
    again = await set_stage(clock, store=stage.store)
    again.broker.held = [a_position(300)]
    again.feed.ask = Decimal(1507)
    async with watching(again):
        await asyncio.sleep(EVERY + 1)
        assert await news(again) == []
        again.feed.ask = Decimal(1506)
        await asyncio.sleep(EVERY + 1)
        (struck,) = await news(again)
    assert isinstance(struck, AlertStruck)
    assert (struck.alert.best, struck.value) == (Decimal(3000), Decimal(1800))


@pytest.mark.parametrize("fraction", [Decimal(1), Decimal("499.99")])
def test_a_small_profit_arms_no_giveback(fraction: Decimal, clock: LoopClock) -> None:
    now = clock.now()
    alert = Alert(account_id="a1", person=PERSON, kind=AlertKind.GIVEBACK, level=Decimal(40), created_at=now)
    assert not alert.with_result(fraction, now.date()).is_reached(Decimal(-5000))


async def test_a_percentage_is_of_the_previous_close_and_one_that_is_reached_already_is_refused(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    alerts = stage.core.services.alerts
    with pytest.raises(NotFound, match="previous close"):
        await alerts.on_price(stage.actor, "RELIANCE", AlertKind.ABOVE, percent=Decimal(2))
    stage.feed.previous_close = Decimal("1470.10")
    made = (await alerts.on_price(stage.actor, "RELIANCE", AlertKind.ABOVE, percent=Decimal(2))).made
    assert made is not None
    assert (made.level, made.percent) == (Decimal("1499.50"), Decimal(2))
    with pytest.raises(CheckFailed, match="already"):
        await alerts.on_price(stage.actor, "RELIANCE", AlertKind.BELOW, level=Decimal(1500))


async def test_who_leaves_the_list_leaves_no_alert_and_nobody_takes_anothers_away(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    alert = await above(stage)
    other = replace(stage.actor, user=replace(stage.actor.user, telegram_id=2002))
    with pytest.raises(NotFound):
        await stage.core.services.alerts.remove(other, alert.id)
    async with watching(stage):
        await stage.store.transaction(lambda db: db.people.remove(PERSON))
        trade(stage, "1510")
        await asyncio.sleep(1)
    assert await stage.store.transaction(lambda db: list(db.alerts.live())) == []
    assert await news(stage) == []


async def test_of_two_who_claim_an_alert_one_tells(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    alert = await above(stage)
    assert [await stage.store.transaction(lambda db: db.alerts.strike(alert.id)) for _ in range(2)] == [True, False]


def test_a_note_of_another_day_than_the_one_before_judges_no_base(clock: LoopClock) -> None:
    now: datetime = clock.now()
    day = now.date()
    seen = HeldRow(instrument=RELIANCE, product=Product.CNC, quantity=0, close=Decimal(1490), previous_close=Decimal(1480))
    alert = Alert(
        account_id="a1", person=PERSON, kind=AlertKind.ABOVE, level=LEVEL, instrument=RELIANCE, created_at=now, seen=seen,
        seen_on=day - 9 * timedelta(days=1),
    )  # fmt: skip
    price = Price(last=Decimal(1300), previous_close=Decimal(1310))
    assert alert.base_of(price, day, day - timedelta(days=1)) is None
    assert replace(alert, seen_on=day - timedelta(days=1)).base_of(price, day, day - timedelta(days=1)) is not None
