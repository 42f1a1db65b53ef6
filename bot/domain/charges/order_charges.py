"""What each order of a day cost: its own bill where the day charges it as it would alone, else its share of what is left.

A contract's order and an intraday one are charged by their own turnover and their own brokerage. Delivery is charged by what the
whole day did in the share, so its orders share by turnover what the share cost beyond the others: its STT, its DP charge.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.day_bill import DayBill
from bot.domain.charges.tariff import BrokeragePlan, TradeClass
from bot.domain.market.instrument import InstrumentKey
from bot.domain.money import ZERO, total

_BY_THE_DAY = (TradeClass.DELIVERY, TradeClass.MTF)


def order_charges(bill: DayBill, trades: Sequence[Trade], tariff: Tariff, plan: BrokeragePlan | None) -> Mapping[str, Decimal]:
    """Rupees of each order by its name. bill: of these trades. The orders of an instrument add up to what that cost."""
    costs = {row.instrument.key: row.bill.total for row in bill.rows if row.instrument is not None}
    of_instruments: dict[InstrumentKey, dict[str, list[Trade]]] = {}
    for trade in trades:
        of_instruments.setdefault(trade.instrument.key, {}).setdefault(trade.order, []).append(trade)
    found: dict[str, Decimal] = {}
    for key, orders in of_instruments.items():
        alone = {
            name: tariff.day(fills, plan).total
            for name, fills in orders.items()
            if fills[0].trade_class not in _BY_THE_DAY and len(orders) > 1
        }
        sharing = {name: fills for name, fills in orders.items() if name not in alone} or orders
        values = {name: total(fill.value for fill in fills) for name, fills in sharing.items()}
        left, whole = costs.get(key, ZERO) - total(alone.values()), total(values.values())
        for name in orders:
            share = left * values[name] / whole if name in values and whole else ZERO
            found[name] = alone.get(name, ZERO) + share
    return found
