"""What an open position would leave if it were closed now, after the charges of both sides."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.charges.charges import Tariff, Trade
from bot.domain.charges.tariff import BrokeragePlan
from bot.domain.positions.portfolio import PositionLine
from bot.domain.terms import Product, Side


def if_closed(line: PositionLine, tariff: Tariff, plan: BrokeragePlan | None, today: date) -> Decimal | None:
    """Rupees since entry at the price that an exit would meet, less the charges of entry and exit that are known.

    Shares bought and sold on the same day are charged as intraday. None: nothing is open any more, or a price or a cost is not
    known.
    """
    position, price, entry = line.position, line.price, line.average or line.position.average
    if not position.quantity or line.settled or position.is_sold_holding or price is None or entry is None:
        return None
    side = Side.BUY if position.quantity > 0 else Side.SELL
    met = (price.bid if side is Side.BUY else price.ask) or price.last
    instrument, product, quantity = position.instrument, position.product, abs(position.quantity)
    opened = Trade(instrument=instrument, side=side, product=product, quantity=quantity, price=entry, day=today)
    closed = replace(opened, side=side.opposite, price=met)
    if position.product is Product.MTF and position.carried:
        charges = tariff.ledger_order(opened, plan).total + tariff.ledger_order(closed, plan).total
    else:
        charges = tariff.day([opened, closed], plan).total
    return (met - entry) * position.quantity * position.multiplier - charges
