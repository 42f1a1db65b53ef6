"""Contracts that are held to their end close by their underlying, and what mStock does itself is in the day's charges."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.domain.charges.charges import Trade
from bot.domain.charges.day_bill import Delivered, Exercised, SquaredOff, day_bill
from bot.domain.clock import at_ist
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.pnl.expiry import end_of, worth_at_end
from bot.domain.positions.portfolio import Missing
from bot.domain.terms import Product, Side
from bot.runtime.scheduler import Occasion
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.trading.ledger.test_day_book import Books, SilentFeed
from tests.stage.desk import DeskStage, a_core, set_stage
from tests.stage.values.market import REFERENCE_DATA, an_index
from tests.stage.values.orders import NIFTY_CALL, RELIANCE
from tests.storage.samples import ACCOUNT

EXPIRY = date(2026, 11, 23)  # of NIFTY_CALL, a Monday: Tuesday is a holiday
NIFTY = an_index()
PUT = replace(NIFTY_CALL, token="45269", name="NIFTY26NOV24500PE", right=Right.PE)
STOCK_PUT = Instrument(
    exchange=Exchange.NFO, token="51001", symbol="RELIANCE", name="RELIANCE26NOV1500PE", kind=InstrumentKind.STOCK_OPTION,
    lot=500, tick=Decimal("0.05"), expiry=EXPIRY, strike=Decimal(1500), right=Right.PE,
)  # fmt: skip
TAKEN = Delivered(instrument=STOCK_PUT, side=Side.SELL, quantity=65, settlement=Decimal(1480))


async def a_stage(loop: VirtualLoop, hour: int, minute: int = 0, *, index: bool = True) -> tuple[DeskStage, Books]:
    """A desk on the real calendar on the day of the expiry."""
    clock = LoopClock(loop, at_ist(EXPIRY, hour, minute))
    broker = Books(clock)
    broker.scrips = [RELIANCE, NIFTY_CALL, *([NIFTY] if index else [])]
    stage = await set_stage(clock, broker=broker)
    stage.connection.feed = SilentFeed(clock)
    stage.core = a_core(stage.store, stage.connection, clock, MARKET_HOURS="real")
    await stage.core.catalogue.restore()
    await stage.core.catalogue.refresh(ACCOUNT.id)
    broker.closes = {NIFTY_CALL.key: ("9.00", "40.00"), NIFTY.key: ("24512.30", "24480.00")}
    return stage, broker


async def held(stage: DeskStage, broker: Books) -> None:
    broker.trade(NIFTY_CALL, 65, "30.00")
    await stage.core.reconcile.sync(ACCOUNT.id)


async def test_an_index_option_closes_at_what_it_is_worth_by_the_index_and_its_exercise_is_charged(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 15, 45)
    await held(stage, broker)
    pnl = await stage.core.services.account_views.pnl(stage.actor)
    (line,) = pnl.lines
    assert (line.open, line.settled) == (65 * (Decimal("12.30") - 30), True)
    fill = Trade(
        instrument=NIFTY_CALL, side=Side.BUY, product=Product.NRML, quantity=65, price=Decimal(30), day=EXPIRY, order="o"
    )
    ends = Exercised(instrument=NIFTY_CALL, quantity=65, settlement=Decimal("24512.30"))
    plan = REFERENCE_DATA.tariff.plan("flat-5")
    assert pnl.charges == day_bill(REFERENCE_DATA.tariff, plan, [fill], [ends], day=EXPIRY).total
    assert pnl.charges > day_bill(REFERENCE_DATA.tariff, plan, [fill], day=EXPIRY).total


async def test_before_the_last_bell_it_is_valued_at_its_last_trade(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 15, 29)
    await held(stage, broker)
    (line,) = (await stage.core.services.account_views.pnl(stage.actor)).lines
    assert (line.open, line.settled) == (65 * (Decimal(9) - 30), False)


async def test_where_the_underlying_is_not_known_the_end_is_not_known(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 15, 45)
    del broker.closes[NIFTY.key]
    await held(stage, broker)
    (line,) = (await stage.core.services.account_views.pnl(stage.actor)).lines
    assert (line.open, line.missing) == (None, (Missing.PRICE,))


async def test_the_days_before_and_after_an_expiry_add_up_to_what_the_option_made(loop: VirtualLoop) -> None:
    stage, broker = await a_stage(loop, 15, 45)
    await held(stage, broker)
    await stage.core.services.summaries.close_day(_occasion())
    report = await stage.core.services.range_pnl.of(stage.actor, EXPIRY, EXPIRY)
    (trip,) = report.trips
    assert trip.gross == report.gross == 65 * (Decimal("12.30") - 30)
    assert trip.closed is None
    assert report.symbols[0].charges > 0
    assert all(abs(part.charges) < 1 for part in report.symbols[1:]), "the exercise is charged to its contract"


@pytest.mark.parametrize(
    ("contract", "spot", "worth", "event"),
    [
        (NIFTY_CALL, "24512.30", "12.30", Exercised(instrument=NIFTY_CALL, quantity=65, settlement=Decimal("24512.30"))),
        (NIFTY_CALL, "24499.95", "0", None),
        (PUT, "24400.00", "100.00", Exercised(instrument=PUT, quantity=65, settlement=Decimal("24400.00"))),
        (
            STOCK_PUT,
            "1480.00",
            "20.00",
            TAKEN,
        ),
        (STOCK_PUT, "1520.00", "0", None),
    ],
)
def test_what_a_contract_is_worth_at_its_end_says_what_its_end_costs(
    contract: Instrument, spot: str, worth: str, event: object
) -> None:
    assert worth_at_end(contract, Decimal(spot)) == Decimal(worth)
    assert end_of(contract, 65, Decimal(worth)) == event


async def test_an_intraday_order_from_elsewhere_at_the_hour_of_the_square_off_is_mstocks_own(loop: VirtualLoop) -> None:
    stage, _ = await a_stage(loop, 14)
    events = stage.core.services.account_views.events
    closes = events.closes_at(RELIANCE, Product.MIS, stage.clock.now())
    assert closes is not None
    fills = [
        ("early", RELIANCE, Product.MIS, closes - timedelta(seconds=1)),
        ("late", RELIANCE, Product.MIS, closes),
        ("late", RELIANCE, Product.MIS, closes + timedelta(seconds=1)),
        ("ours", RELIANCE, Product.MIS, closes),
        ("kept", RELIANCE, Product.CNC, closes),
    ]
    assert events.by_the_broker(fills, {"ours"}) == (SquaredOff(instrument=RELIANCE),)


def _occasion() -> Occasion:
    return Occasion(day=EXPIRY, due=at_ist(EXPIRY, 15, 30))
