"""Candles, chains, baskets, movers, order steps, conversions and cancel-all against the paper broker."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.broker.connections import Connections, MStockConnection
from bot.broker.wire.bodies import StopSpelling
from bot.domain.clock import at_ist, ist, ist_date
from bot.domain.errors import Refused, StopWordsRefused, Unclear
from bot.domain.market.instrument import Exchange
from bot.domain.money import tick_down
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.orders.research import Interval
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.broker.server import Running
from bot.simulators.broker.settings import PaperAccount
from bot.simulators.loop import LoopClock, VirtualLoop
from tests.bot.broker.client.test_client import RELIANCE, TAG, a_draft
from tests.stage.brokers.exchange import Ears, credentials_of, log_in, until

SHORT = {Interval.MINUTE, Interval.MINUTES_3, Interval.MINUTES_5, Interval.MINUTES_10}  # of five days there are hundreds
STEPS = {
    Interval.MINUTE: 1, Interval.MINUTES_3: 3, Interval.MINUTES_5: 5, Interval.MINUTES_10: 10, Interval.MINUTES_15: 15,
    Interval.MINUTES_30: 30, Interval.HOUR: 60,
}  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize("interval", list(Interval))
async def test_candles_are_joined_in_order_each_once(
    connection: MStockConnection, clock: LoopClock, loop: VirtualLoop, interval: Interval
) -> None:
    loop.shift(3 * 3600)  # noon, so that there is something of today
    end = clock.now()
    start = end - timedelta(days=5 if interval in SHORT else 40)
    candles = await connection.broker.research.candles(RELIANCE, interval, start, end)
    assert candles
    assert all(earlier.start < later.start for earlier, later in pairwise(candles))
    assert all(start <= candle.start < end for candle in candles)
    days = {ist_date(candle.start) for candle in candles}
    assert ist_date(end) in days, "today is there"
    assert len(days) > 1, "and so is the past"
    if interval in STEPS:
        for earlier, later in pairwise(candles):
            if ist_date(earlier.start) == ist_date(later.start):
                assert later.start - earlier.start == timedelta(minutes=STEPS[interval])
    assert all(ist(candle.start).weekday() < 5 for candle in candles if ist_date(candle.start) != ist_date(end))


async def test_candles_of_the_past_alone_do_not_ask_for_today(
    connection: MStockConnection, clock: LoopClock, paper: Running
) -> None:
    today = at_ist(ist_date(clock.now()), 0)
    await connection.broker.research.candles(RELIANCE, Interval.DAY, today - timedelta(days=30), today)
    assert paper.counter.calls.get("intraday", 0) == 0
    await connection.broker.research.candles(RELIANCE, Interval.MINUTES_5, today, today + timedelta(days=1))
    assert paper.counter.calls.get("historical", 0) == 1


async def test_a_flaky_intraday_route_is_asked_again(
    connection: MStockConnection, clock: LoopClock, loop: VirtualLoop, paper: Running
) -> None:
    loop.shift(3600)
    paper.broker.faults.arm("intraday_flaky", times=2)
    today = at_ist(ist_date(clock.now()), 0)
    assert await connection.broker.research.candles(RELIANCE, Interval.MINUTES_5, today, clock.now())


async def test_a_chain_leads_to_contracts_of_the_master(connection: MStockConnection) -> None:
    master = {each.token: each for each in await connection.broker.scrip_master() if each.exchange is Exchange.NFO}
    nifty = next(
        each
        for each in await connection.broker.research.underlyings(Exchange.NFO)
        if each.name == "NIFTY" and each.kind == "OPTIDX"
    )
    expiry, _ = nifty.expiries[0]
    chain = await connection.broker.research.chain(Exchange.NFO, nifty, expiry)
    assert chain.calls
    assert len(chain.calls) == len(chain.puts)
    for line in chain.calls + chain.puts:
        assert (master[line.token].strike, master[line.token].expiry) == (line.strike, expiry)
    with pytest.raises(KeyError):
        await connection.broker.research.chain(Exchange.NFO, nifty, date(2020, 1, 1))


async def test_the_steps_of_an_order_carry_its_tag(connection: MStockConnection) -> None:
    broker_id = await connection.broker.place(await a_draft(connection, far=True), TAG)
    await asyncio.sleep(1)
    await connection.broker.cancel(broker_id)
    await asyncio.sleep(1)
    steps = await connection.broker.order_steps(broker_id, derivative=False)
    assert {step.tag for step in steps} == {TAG}
    assert steps[-1].status is OrderStatus.CANCELLED
    assert await connection.broker.order_steps("1191241106999", derivative=False) == []


async def test_cancel_all_reaches_every_resting_order(connection: MStockConnection) -> None:
    for number in range(3):
        await connection.broker.place(await a_draft(connection, far=True), f"T{number}")
    await asyncio.sleep(1)
    await connection.broker.cancel_all()
    await asyncio.sleep(1)
    assert {fact.status for fact in await connection.broker.orders()} == {OrderStatus.CANCELLED}
    with pytest.raises(Unclear):
        await connection.broker.cancel_all()


async def test_a_position_is_carried_over_to_another_product(connection: MStockConnection) -> None:
    draft = replace(await a_draft(connection), product=Product.MIS)
    await connection.broker.place(draft, TAG)
    await asyncio.sleep(60)
    (position,) = await connection.broker.positions()
    with pytest.raises(Refused):
        await connection.broker.convert(position, Product.CNC, 11)
    await connection.broker.convert(position, Product.CNC, 4)
    held = {each.product: each.quantity for each in await connection.broker.positions()}
    assert held == {Product.MIS: 6, Product.CNC: 4}


async def test_past_trades_are_those_of_the_days_asked_for(
    connection: MStockConnection, clock: LoopClock, loop: VirtualLoop, connections: Connections
) -> None:
    day = ist_date(clock.now())
    await connection.broker.place(await a_draft(connection), TAG)
    await asyncio.sleep(60)
    fills = await connection.broker.trades()
    loop.shift(3 * 24 * 3600)
    await log_in(connections.of("main"), credentials_of(PaperAccount()), clock)
    assert await connection.broker.trades() == []
    past = await connection.broker.past_trades(day, day)
    assert sorted((each.quantity, each.price, each.side) for each in past) == sorted(
        (each.quantity, each.price, each.side) for each in fills
    )
    assert {each.trade_id for each in past} == {each.trade_id for each in fills}
    assert await connection.broker.past_trades(day + timedelta(days=1), day + timedelta(days=2)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("exchange", list(Exchange))
async def test_each_exchange_goes_the_whole_way(
    connection: MStockConnection, ears: Ears, loop: VirtualLoop, exchange: Exchange
) -> None:
    """Quote, feed, candles, order, trade and position under one key, whatever each route calls the exchange."""
    loop.shift(3 * 3600)
    master = await connection.broker.scrip_master()
    wanted = "RELIANCE" if exchange in (Exchange.NSE, Exchange.BSE) else "NIFTY" if exchange is Exchange.NFO else "SENSEX"
    rows = [each for each in master if (each.exchange, each.symbol) == (exchange, wanted) and each.is_tradable]
    rows = [each for each in rows if each.is_option is each.is_derivative and each.expiry == rows[0].expiry]
    instrument = rows[len(rows) // 2]  # near the money, where it is an option
    last = (await connection.broker.quotes([instrument.key]))[instrument.key].last
    connection.feed.watch([instrument.key])
    await until(lambda: connection.feed.last(instrument.key) is not None)
    today = at_ist(ist_date(loop_now := ears.ticks[-1].received), 0)
    assert await connection.broker.research.candles(instrument, Interval.MINUTES_5, today - timedelta(days=1), loop_now)
    draft = OrderDraft(
        instrument=instrument, side=Side.BUY, quantity=instrument.lot, kind=OrderKind.LIMIT,
        product=Product.NRML if instrument.is_derivative else Product.CNC,
        price=tick_down(last * Decimal("1.04"), instrument.tick),
    )  # fmt: skip
    assert (await connection.broker.margin(draft)).required
    broker_id = await connection.broker.place(draft, TAG)
    await asyncio.sleep(60)
    (fact,) = await connection.broker.orders()
    assert (fact.broker_id, fact.key, fact.status) == (broker_id, instrument.key, OrderStatus.FILLED)
    assert {each.key for each in await connection.broker.trades()} == {instrument.key}
    (position,) = await connection.broker.positions()
    assert (position.instrument, position.quantity) == (instrument, instrument.lot)


async def test_past_trades_of_a_day_without_any_are_none(connection: MStockConnection) -> None:
    assert await connection.broker.past_trades(date(2024, 1, 6), date(2024, 1, 6)) == []


async def test_two_orders_together_block_more_than_one(connection: MStockConnection) -> None:
    draft = await a_draft(connection)
    one, two = [(await connection.broker.margin_of_all([draft] * count)).required for count in (1, 2)]
    assert one is not None
    assert two is not None
    assert one < two


async def test_a_refused_spelling_of_stops_is_named_and_the_other_one_works(connection: MStockConnection, paper: Running) -> None:
    price = (await connection.broker.quotes([RELIANCE.key]))[RELIANCE.key].last
    trigger = (price * Decimal("0.97") / RELIANCE.tick).to_integral_value() * RELIANCE.tick
    stop = OrderDraft(
        instrument=RELIANCE, side=Side.SELL, quantity=1, kind=OrderKind.SL, product=Product.MIS, trigger=trigger,
        price=trigger - 1,
    )  # fmt: skip
    paper.broker.faults.arm("stop_spelling_refused", spelling="STOP_LOSS")
    with pytest.raises(StopWordsRefused) as refused:
        await connection.broker.place(stop, TAG)
    assert not refused.value.final
    assert paper.counter.calls["place"] == 1, "the other spelling is never tried by itself"
    assert connection.broker.use_other_stop_words() is StopSpelling.SPLIT
    broker_id = await connection.broker.place(stop, TAG)
    await asyncio.sleep(1)
    (fact,) = await connection.broker.orders()
    assert (fact.broker_id, fact.kind, fact.status) == (broker_id, OrderKind.SL, OrderStatus.TRIGGER_PENDING)
    paper.broker.faults.arm("stop_called_sl")
    assert (await connection.broker.orders())[0].kind is OrderKind.SL
