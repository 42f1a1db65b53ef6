"""The quote of an index stands beside its near future and the VIX, that of a share stands alone."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.simulators.loop import LoopClock
from tests.stage.brokers.broker import ScriptedBroker
from tests.stage.desk import set_stage
from tests.stage.values.market import a_future, a_share, an_index


async def test_an_index_is_quoted_with_its_near_future_and_the_vix(clock: LoopClock) -> None:
    broker = ScriptedBroker(clock)
    later = replace(a_future(expiry=date(2026, 12, 29)), token="fut2")
    broker.scrips = [an_index(), replace(an_index("INDIA VIX"), token="vix"), later, a_future(), a_share()]
    stage = await set_stage(clock, broker=broker)
    quotes = stage.core.services.market
    quoted = await quotes.quote(stage.actor, "nifty")
    assert [name for name, _ in quoted.beside] == ["FUT 23 Nov", "VIX"]
    assert all(price.last == Decimal("1480.30") for _, price in quoted.beside)
    assert (await quotes.quote(stage.actor, "india vix")).beside == ()
    assert (await quotes.quote(stage.actor, "reliance")).beside == ()
