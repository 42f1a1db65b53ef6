"""An order as one line of words that, typed as a command, asks for the same order again."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.order import OrderDraft, OrderKind, OrderRequest, Side, Validity


def plain(number: Decimal) -> str:
    """A number without grouping, exponent or trailing zeros: 2900.5."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def request_line(request: OrderRequest) -> str:
    """The request as a command."""
    words = ["/buy" if request.side is Side.BUY else "/sell", request.symbol]
    if request.lots is not None:
        words.append(f"{request.lots}lots")
    elif request.rupees is not None:
        words.append(f"₹{plain(request.rupees)}")
    elif request.quantity is not None:
        words.append(str(request.quantity))
    if request.trigger is not None:
        limit = f"/{plain(request.trigger_limit)}" if request.trigger_limit is not None else ""
        words += ["stop", f"{plain(request.trigger)}{limit}"]
    elif request.market:
        words.append("mkt")
    elif request.price is not None:
        words.append(f"@{plain(request.price)}")
    if request.product is not None:
        words.append(request.product.value.lower())
    if request.exchange is not None:
        words.append(request.exchange.value.lower())
    if request.validity is Validity.IOC:
        words.append("ioc")
    return " ".join(words)


def request_of(draft: OrderDraft) -> OrderRequest:
    """The request that asks for this draft again; a protected market order asks for the price of then."""
    bare = OrderRequest(
        side=draft.side,
        symbol=draft.instrument.name,
        quantity=draft.quantity,
        product=draft.product,
        exchange=draft.instrument.exchange,
        validity=draft.validity,
    )
    if draft.kind is OrderKind.MARKET:
        return replace(bare, market=True)
    if draft.kind in (OrderKind.SL, OrderKind.SL_M):
        return replace(bare, trigger=draft.trigger, trigger_limit=draft.price)
    return bare if draft.protected else replace(bare, price=draft.price)
