"""Our drafts into mStock's bodies, field by field.

All values are strings but for a few (mstock-type-b.md 5.2).
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from bot.broker.wire import vocabulary
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.orders.order import OrderDraft
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product


class StopSpelling(StrEnum):
    """The two families of words for stop orders. Which one the broker takes is settled per account (5.1)."""

    JOINED = "joined"  # STOPLOSS_LIMIT, STOPLOSS_MARKET
    SPLIT = "split"  # STOP_LOSS, STOP_LOSS_MARKET


_STOPS = {
    StopSpelling.JOINED: {OrderKind.SL: "STOPLOSS_LIMIT", OrderKind.SL_M: "STOPLOSS_MARKET"},
    StopSpelling.SPLIT: {OrderKind.SL: "STOP_LOSS", OrderKind.SL_M: "STOP_LOSS_MARKET"},
}


def place_body(draft: OrderDraft, tag: str, spelling: StopSpelling) -> dict[str, str]:
    """The body of one order. `tag` is at most 19 characters."""
    return {
        "variety": _variety(draft),
        "tradingsymbol": draft.instrument.name,
        "symboltoken": draft.instrument.token,
        "exchange": draft.instrument.exchange.value,
        "transactiontype": draft.side.value,
        "ordertype": _order_type(draft, spelling),
        "quantity": str(draft.quantity),
        "producttype": vocabulary.PRODUCT_TO_WIRE[draft.product],
        "price": _price(draft.price),
        "triggerprice": _price(draft.trigger),
        "squareoff": "0",
        "stoploss": "0",
        "trailingStopLoss": "",
        "disclosedquantity": str(min(draft.disclosed or 0, draft.quantity)),
        "duration": draft.validity.value,
        "ordertag": tag,
    }


def modify_body(broker_id: str, draft: OrderDraft, spelling: StopSpelling) -> dict[str, str]:
    """A modification replaces the order, so everything is sent (5.3). The quantity is the total."""
    return {
        "variety": _variety(draft),
        "tradingsymbol": draft.instrument.name,
        "symboltoken": draft.instrument.token,
        "exchange": draft.instrument.exchange.value,
        "transactiontype": draft.side.value,
        "orderid": broker_id,
        "ordertype": _order_type(draft, spelling),
        "quantity": str(draft.quantity),
        "producttype": vocabulary.PRODUCT_TO_WIRE[draft.product],
        "duration": draft.validity.value,
        "price": _price(draft.price),
        "triggerprice": _price(draft.trigger),
        "disclosedquantity": str(min(draft.disclosed or 0, draft.quantity)),
        "modqty_remng": "0",
    }


def cancel_body(broker_id: str) -> dict[str, str]:
    """A DELETE without a body is answered with a server error. The variety is NORMAL for stops too (5.4)."""
    return {"variety": "NORMAL", "orderid": broker_id}


def convert_body(position: Position, to: Product, quantity: int) -> dict[str, object]:
    """Section 7.2: the quantity is a number here, and what only describes may stay empty."""
    instrument = position.instrument
    blank = ("priceden", "pricenum", "genden", "gennum", "precision", "boardlotsize", "buyamount", "sellamount")
    return {
        **dict.fromkeys(blank, ""),
        "exchange": instrument.exchange.value,
        "symboltoken": instrument.token,
        "oldproducttype": vocabulary.PRODUCT_TO_WIRE[position.product],
        "newproducttype": vocabulary.PRODUCT_TO_WIRE[to],
        "tradingsymbol": instrument.name,
        "symbolname": instrument.symbol,
        "instrumenttype": "",
        "multiplier": str(position.multiplier),
        "buyqty": str(position.bought),
        "sellqty": str(position.sold),
        "transactiontype": "BUY" if position.quantity > 0 else "SELL",
        "quantity": quantity,
        "type": "NET" if position.carried else "DAY",
    }


def margin_body(drafts: Iterable[OrderDraft]) -> dict[str, object]:
    """Section 8. A market order is priced by the broker from 0."""
    return {
        "orders": [
            {
                "product_type": vocabulary.PRODUCT_TO_WIRE[draft.product],
                "transaction_type": draft.side.value,
                "quantity": str(draft.quantity),
                "price": _price(draft.price),
                "exchange": draft.instrument.exchange.value,
                "symbol_name": draft.instrument.symbol,
                "token": draft.instrument.token,
                "trigger_price": _price(draft.trigger),
            }
            for draft in drafts
        ]
    }


def basket_body(draft: OrderDraft, basket_id: str, name: str, priority: int) -> dict[str, str]:
    """Section 12: one order of a saved basket, and the whole of it is reckoned anew. Positions that are held do not count."""
    derivative = draft.instrument.is_derivative
    return {
        "include_exist_pos": "N",
        "ord_product": vocabulary.PRODUCT_LETTERS[draft.product],
        "disc_qty": "0",
        "segment": "D" if derivative else "E",
        "trigger_price": _price(draft.trigger),
        "scriptcode": draft.instrument.token,
        "ord_type": "LMT" if draft.price is not None else "MKT",
        "basket_name": name,
        "operation": "I",
        "order_validity": draft.validity.value,
        "order_qty": str(draft.quantity),
        "script_stat": "A",
        "buy_sell_indi": draft.side.value[0],
        "basket_priority": str(priority),
        "order_price": _price(draft.price),
        "basket_id": basket_id,
        "exch_id": "BSE" if draft.instrument.exchange in (Exchange.BSE, Exchange.BFO) else "NSE",
    }


def quote_body(keys: Iterable[InstrumentKey], mode: str = "OHLC") -> dict[str, object]:
    """Section 9.1: tokens by exchange."""
    tokens: dict[str, list[str]] = {}
    for key in keys:
        tokens.setdefault(key.exchange.value, []).append(key.token)
    return {"mode": mode, "exchangeTokens": tokens}


def _variety(draft: OrderDraft) -> str:
    if draft.session is not None:
        return "AMO"
    return "NORMAL" if draft.trigger is None else "STOPLOSS"


def _order_type(draft: OrderDraft, spelling: StopSpelling) -> str:
    return _STOPS[spelling].get(draft.kind, draft.kind.value)


def _price(price: Decimal | None) -> str:
    return "0" if price is None else format(price, "f")
