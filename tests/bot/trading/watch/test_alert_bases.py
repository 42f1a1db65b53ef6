"""An alert lives on the base on which its level was said: a split or bonus pauses it and a person decides."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import CheckFailed, NotFound
from bot.domain.news.alert import AlertKind, AlertPaused, AlertState, AlertStruck
from bot.domain.positions.held import NewBase
from bot.simulators.loop import LoopClock
from bot.trading.watch.alert_watch import EVERY
from tests.bot.trading.watch.test_alerts import above, news, trade, watching
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.orders import RELIANCE


async def a_day_later(stage: DeskStage) -> None:
    """The next morning, with a session that lives."""
    await asyncio.sleep(timedelta(days=1).total_seconds())
    now = stage.clock.now()
    stage.connection.session = replace(stage.connection.session, expires=now + timedelta(hours=9))  # type: ignore[type-var] # it has one


@pytest.mark.exhaustive
async def test_a_suspected_split_pauses_it_and_a_person_keeps_it(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        trade(stage, "1490", close="1480")
        await asyncio.sleep(EVERY + 1)
        await a_day_later(stage)
        trade(stage, "745", close="745")
        await asyncio.sleep(1)
        (paused,) = await news(stage)
        assert isinstance(paused, AlertPaused)
        assert (paused.base.before, paused.base.now) == (Decimal(1490), Decimal(745))
        trade(stage, "1510", close="745")
        await asyncio.sleep(1)
        assert await news(stage) == []
        kept = await stage.core.services.alerts.keep(stage.actor, paused.alert.id)
        assert [each.state for each in kept.alerts] == [AlertState.ARMED]
        await asyncio.sleep(2)
        trade(stage, "746", close="745")
        await asyncio.sleep(1)
        assert await news(stage) == []
        trade(stage, "1510", close="745")
        await asyncio.sleep(1)
        assert [type(each) for each in await news(stage)] == [AlertStruck]


async def test_an_alert_of_the_evening_is_paused_by_the_split_of_the_next_morning_and_does_not_strike(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await stage.core.services.alerts.on_price(stage.actor, "RELIANCE", AlertKind.BELOW, level=Decimal(1400))
        await a_day_later(stage)
        trade(stage, "740.10", close="740.10")
        await asyncio.sleep(1)
        (paused,) = await news(stage)
        assert isinstance(paused, AlertPaused)
        assert (paused.base.before, paused.base.now) == (Decimal("1480.30"), Decimal("740.10"))


@pytest.mark.exhaustive
async def test_a_paused_alert_can_be_adjusted_by_the_factor_of_the_split(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        trade(stage, "1490", close="1480")
        await asyncio.sleep(EVERY + 1)
        await a_day_later(stage)
        trade(stage, "745", close="745")
        await asyncio.sleep(1)
        (paused,) = await news(stage)
        adjusted = await stage.core.services.alerts.adjust(stage.actor, paused.alert.id)
        assert [(each.state, each.level) for each in adjusted.alerts] == [(AlertState.ARMED, Decimal(750))]
        with pytest.raises(NotFound):
            await stage.core.services.alerts.adjust(stage.actor, paused.alert.id)
        await asyncio.sleep(2)
        trade(stage, "749", close="745")
        await asyncio.sleep(1)
        assert await news(stage) == []
        trade(stage, "750.05", close="745")
        await asyncio.sleep(1)
        (struck,) = await news(stage)
    assert isinstance(struck, AlertStruck)


async def test_a_new_base_that_no_split_explains_is_not_adjusted(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    alert = await above(stage)
    base = NewBase(instrument=RELIANCE, before=Decimal(1490), now=Decimal(924))
    await stage.store.transaction(lambda db: db.alerts.pause(replace(alert, base=base)))
    with pytest.raises(CheckFailed, match="No usual bonus"):
        await stage.core.services.alerts.adjust(stage.actor, alert.id)


@pytest.mark.exhaustive
async def test_a_day_that_opens_as_the_last_one_closed_pauses_nothing(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        trade(stage, "1490", close="1480")
        await asyncio.sleep(timedelta(days=1).total_seconds())
        trade(stage, "1495", close="1491")
        await asyncio.sleep(1)
        assert await news(stage) == []
