"""An alert that sees nothing for long rings once, and once when it sees again."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.news.alert import AlertKind, AlertsBlind
from bot.simulators.loop import LoopClock
from bot.trading.watch.alert_watch import EVERY
from tests.bot.trading.watch.test_alerts import a_position, above, watching
from tests.stage.desk import set_stage


async def test_a_result_that_is_not_known_for_a_minute_rings_once_and_again_when_it_is(clock: LoopClock) -> None:
    stage = await set_stage(clock)
    stage.broker.held, stage.feed.ask = [replace(a_position(300), average=None)], Decimal(1490)
    async with watching(stage):
        alert = (await stage.core.services.alerts.on_result(stage.actor, AlertKind.LOSS, Decimal(-5000))).made
        assert alert is not None
        since = clock.now()
        await asyncio.sleep(55)
        assert await stage.notices() == []
        await asyncio.sleep(300)
        (blind,) = await stage.notices()
        assert isinstance(blind, AlertsBlind)
        assert (blind.alerts, blind.sees, abs(blind.since - since) < timedelta(seconds=EVERY + 2)) == ((alert,), False, True)
        stage.broker.held = [a_position(300)]
        await asyncio.sleep(EVERY + 2)
        (back,) = await stage.notices()
        assert isinstance(back, AlertsBlind)
        assert (back.sees, back.since) == (True, blind.since)
        await asyncio.sleep(120)
        assert await stage.notices() == []


async def test_an_alert_on_a_price_rings_as_blind_where_neither_feed_nor_quotes_tell_it_and_not_after_the_close(
    clock: LoopClock,
) -> None:
    stage = await set_stage(clock)
    async with watching(stage):
        await above(stage)
        stage.feed.connected = False
        stage.broker.quoted = Decimal(0)
        await asyncio.sleep(120)
        assert [type(each) for each in await stage.notices()] == [AlertsBlind]
        stage.core.alerts.in_hours = lambda _exchange, _at: False
        await asyncio.sleep(60)
        stage.core.alerts.in_hours = lambda _exchange, _at: True
        stage.broker.quoted = Decimal(1400)
        await asyncio.sleep(60)
        assert await stage.notices() == []
