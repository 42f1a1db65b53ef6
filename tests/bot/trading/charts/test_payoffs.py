"""What is held on one underlying: which legs are drawn, what is left out by name, and what shares are left of the holdings."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from bot.domain.clock import at_ist
from bot.domain.errors import NotFound, Unreadable
from bot.domain.market.instrument import InstrumentKey
from bot.domain.market.prices import Quote, Tick
from bot.domain.pnl.trades import DayMark
from bot.domain.terms import Product
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.handlers.samples import SHORT_CALL, a_holding, a_position
from tests.stage.brokers.broker import ScriptedBroker, StillFeed
from tests.stage.desk import DeskStage, set_stage
from tests.stage.values.market import a_future, an_index, an_option
from tests.storage.samples import ACCOUNT

D = Decimal
LATER = an_option(strike="25000", expiry=date(2026, 12, 29))


@pytest.fixture
async def stage(loop: VirtualLoop) -> DeskStage:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 12))
    broker = ScriptedBroker(clock)
    broker.scrips += [an_index("NIFTY"), a_future(), LATER]
    return await set_stage(clock, broker=broker)


@pytest.mark.exhaustive
async def test_options_of_the_nearest_expiry_and_futures_are_drawn_and_later_options_named(stage: DeskStage) -> None:
    future = a_position(instrument=a_future(), product=Product.NRML, quantity=65, average=D("24510"))
    later = a_position(instrument=LATER, product=Product.NRML, quantity=65, average=D("80"))
    unknown = a_position(instrument=a_future(expiry=date(2026, 12, 29)), product=Product.NRML, quantity=65, average=None)
    flat = a_position(instrument=LATER, product=Product.MIS, quantity=0, average=None)
    stage.broker.held = [SHORT_CALL, future, later, unknown, flat, a_position()]
    held = await stage.core.services.payoffs.held(stage.actor, "nifty 24500 ce")
    assert held.name == "NIFTY"
    assert held.expiry == date(2026, 11, 23)
    assert [(leg.quantity, leg.strike, leg.average) for leg in held.legs] == [
        (-65, D(24500), D("92.90")),
        (65, None, D("24510")),
    ]
    assert held.left_out == ("NF 25000CE 29Dec", "NF FUT 29Dec (entry not known)")
    assert held.mode == "PAPER"


@pytest.mark.exhaustive
async def test_shares_sold_today_out_of_the_holdings_are_no_leg_and_what_is_left_is_one(stage: DeskStage) -> None:
    holding = a_holding()
    sold = a_position(instrument=holding.instrument, product=Product.CNC, quantity=-(holding.total - 3), average=D(1))
    stage.broker.demat, stage.broker.held = [holding], [sold]
    held = await stage.core.services.payoffs.held(stage.actor, holding.instrument.symbol)
    assert [(leg.quantity, leg.average) for leg in held.legs] == [(3, holding.average)]
    assert held.expiry is None
    assert held.spot == D("1480.30")


async def test_what_a_split_may_have_told_of_by_half_is_named_and_not_drawn(stage: DeskStage) -> None:
    before = an_option("RELIANCE", "1500", stock=True)
    now = replace(before, strike=D(750))
    evening = DayMark(
        account_id=ACCOUNT.id, day=date(2026, 11, 19), instrument=before, product=Product.NRML, quantity=65, mark=D(40),
        booked=D(0), open=D(0), adjustment=D(0), since_entry=D(0),
    )  # fmt: skip
    await stage.store.transaction(lambda db: db.ledger.close_day([evening]))
    stage.broker.scrips.append(now)
    stage.broker.held = [a_position(instrument=now, product=Product.NRML, quantity=65, bought=65, carried=65, average=D(30))]
    stage.broker.demat = [replace(a_holding(), previous_close=D("2960.60"))]
    held = await stage.core.services.payoffs.held(stage.actor, "reliance")
    assert held.legs == ()
    assert held.left_out == ("RELIANCE 750CE 23Nov (bonus or split?)", "RELIANCE shares (bonus or split?)")


@pytest.mark.exhaustive
async def test_nothing_held_is_said_and_no_picture_is_made(stage: DeskStage) -> None:
    stage.broker.held = [a_position()]
    with pytest.raises(NotFound, match="Nothing is held on NIFTY"):
        await stage.core.services.payoffs.held(stage.actor, "nifty 24500 ce")


class Priceless(ScriptedBroker):
    """Knows what is held, and no price."""

    async def quotes(self, keys: Collection[InstrumentKey]) -> Mapping[InstrumentKey, Quote]:
        raise Unreadable("no quotes now")


class DarkFeed(StillFeed):
    """No price came yet."""

    def last(self, key: InstrumentKey, *, within: float | None = None) -> Tick | None:
        return None


async def test_without_a_price_of_the_underlying_the_payoff_stands_and_spot_is_not_known(loop: VirtualLoop) -> None:
    clock = LoopClock(loop, at_ist(date(2026, 11, 20), 12))
    broker = Priceless(clock)
    broker.scrips += [an_index("NIFTY")]
    broker.held = [SHORT_CALL]
    stage = await set_stage(clock, broker=broker)
    stage.connection.feed = DarkFeed(clock)
    held = await stage.core.services.payoffs.held(stage.actor, "nifty 24500 ce")
    assert held.spot is None
    assert len(held.legs) == 1
