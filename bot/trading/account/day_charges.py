"""The bill of a day, out of the broker's trade book or out of the ledger."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.day_bill import DayBill, Event, day_bill
from bot.domain.charges.order_charges import order_charges
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.orders.order import TradeFact
from bot.domain.pnl.trades import FINE, LedgerTrade
from bot.trading.instruments.catalogue import Catalogue


def day_charges(
    facts: Sequence[TradeFact],
    *,
    instruments: Catalogue,
    tariff: Tariff,
    plan: BrokeragePlan | None,
    today: date,
    events: Sequence[Event] = (),
) -> DayBill:
    """What the day's fills and events cost. A trade in a contract that is not in the master is counted and left out."""
    known: dict[InstrumentKey, Instrument | None] = {}
    trades, uncounted = [], 0
    for fact in facts:
        if fact.key not in known:
            known[fact.key] = instruments.by_key(fact.key)
        instrument = known[fact.key]
        if instrument is None:
            uncounted += 1
            continue
        trades.append(
            Trade(
                instrument=instrument,
                side=fact.side,
                product=fact.product,
                quantity=fact.quantity,
                price=fact.price,
                day=today,
                order=fact.broker_id,
            )
        )
    return day_bill(tariff, plan, trades, events, day=today, uncounted=uncounted)


def ledger_charges(
    fills: Sequence[LedgerTrade], *, tariff: Tariff, plan: BrokeragePlan | None, day: date, events: Sequence[Event] = ()
) -> DayBill:
    """The same out of the ledger's fills of one day in India. Those whose price nobody has said are counted and left out."""
    trades = _priced(fills, day)
    return day_bill(tariff, plan, trades, events, day=day, uncounted=len(fills) - len(trades))


def ledger_order_charges(
    bill: DayBill, fills: Sequence[LedgerTrade], *, tariff: Tariff, plan: BrokeragePlan | None, day: date
) -> Mapping[str, Decimal]:
    """Rupees of each of the day's orders by the broker's id, to a hundredth of a paisa. bill: of these fills."""
    return {order: amount.quantize(FINE) for order, amount in order_charges(bill, _priced(fills, day), tariff, plan).items()}


def _priced(fills: Sequence[LedgerTrade], day: date) -> list[Trade]:
    return [
        Trade(
            instrument=fill.instrument,
            side=fill.side,
            product=fill.product,
            quantity=fill.quantity,
            price=fill.price,
            day=day,
            order=fill.broker_id,
        )
        for fill in fills
        if fill.price is not None
    ]
