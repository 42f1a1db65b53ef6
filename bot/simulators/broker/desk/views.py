"""What the control desk shows: accounts, orders and prices as rows of JSON, money as text in rupees."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from bot.simulators.broker.accounts.records import Account, Order
from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market.instruments import Instrument, two_places
from bot.simulators.broker.rows import Row, average_paise


def account_row(broker: PaperBroker, account: Account) -> Row:
    now = broker.clock.now()
    funds = broker.portfolio.funds(account, now)
    positions: list[Row] = []
    for position in broker.portfolio.positions(account.client, account.day):
        instrument = broker.find(position.key)
        last = broker.market.price(instrument, now)
        open_profit = position.net * last - average_paise(position.cost)
        positions.append({
            "name": instrument.name, "product": position.product, "net": position.net,
            "average": two_places(average_paise(position.average)), "last": two_places(last),
            "realised": two_places(average_paise(position.realised)), "unrealised": two_places(open_profit),
        })  # fmt: skip
    owned = [
        {"name": broker.find(h.key).name, "quantity": h.quantity, "t1": h.t1, "authorised": h.authorised}
        for h in broker.ledger.holdings.values() if h.client == account.client
    ]  # fmt: skip
    return {
        "client": account.client, "name": account.name, "sod": two_places(funds.sod),
        "utilised": two_places(funds.utilised), "lost": two_places(funds.lost),
        "available": two_places(funds.available), "positions": positions, "holdings": owned, "ddpi": account.ddpi,
        "attempts_left": account.attempts_left, "sms_code": broker.sessions.sms_codes.get(account.client),
    }  # fmt: skip


def order_line(broker: PaperBroker, order: Order) -> Row:
    average = two_places(order.value // order.filled) if order.filled else None
    return {
        "id": order.id, "client": order.client, "name": broker.find(order.key).name, "side": order.side,
        "kind": order.kind, "product": order.product, "quantity": order.quantity, "filled": order.filled,
        "cancelled": order.cancelled, "price": two_places(order.price), "trigger": two_places(order.trigger),
        "average": average, "status": order.status, "text": order.text, "tag": order.tag, "channel": order.channel,
        "placed_at": order.placed_at, "updated_at": order.updated_at,
    }  # fmt: skip


def price_row(broker: PaperBroker, instrument: Instrument) -> Row:
    quote = broker.market.quote(instrument, broker.clock.now())
    return {
        "name": instrument.name, "exchange": instrument.exchange, "token": instrument.token, "lot": instrument.lot,
        "tick": two_places(instrument.tick), "last": two_places(quote.ltp),
        "bid": two_places(quote.bids[0].price) if quote.bids else None,
        "ask": two_places(quote.asks[0].price) if quote.asks else None, "open": two_places(quote.open),
        "high": two_places(quote.high), "low": two_places(quote.low), "close": two_places(quote.close),
    }  # fmt: skip


def price_step(move: str, last: int) -> int:
    """`1%` or `-5.50` as paise. Raises Refusal for anything else."""
    try:
        if move.endswith("%"):
            return int(last * Decimal(move[:-1]) / 100)
        return int(Decimal(move) * 100)
    except InvalidOperation:
        raise Refusal("say price, move or tick", http=400) from None
