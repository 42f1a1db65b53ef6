"""The way back from an order to words: typed as a command, the line gives the same request."""

from dataclasses import replace

from bot.domain import lines
from bot.domain.instrument import Exchange, Instrument
from bot.domain.order import OrderDraft, OrderRequest, Validity
from bot.domain.titles import label

_EXCHANGES = frozenset(exchange.value for exchange in Exchange)


def request_of(draft: OrderDraft) -> OrderRequest:
    """The request that asks for this draft again, its instrument in words that can be typed."""
    return replace(lines.request_of(draft), symbol=words_of(draft.instrument))


def words_of(instrument: Instrument) -> str:
    """An instrument in words that can be typed; its exchange is said apart."""
    words = label(instrument).replace("·", " ").upper().split()
    return " ".join(words[:1] + [word for word in words[1:] if word not in _EXCHANGES])


def spell(request: OrderRequest) -> str:
    """The canonical line: typed as a command, it gives the same request."""
    words = [f"/{request.side.lower()}", request.symbol]
    if request.quantity is not None:
        words.append(str(request.quantity))
    if request.lots is not None:
        words.append(f"{request.lots}lot" + ("s" if request.lots > 1 else ""))
    if request.rupees is not None:
        words.append(f"₹{request.rupees:f}")
    if request.price is not None:
        words.append(f"@{request.price:f}")
    if request.market:
        words.append("mkt")
    if request.trigger is not None:
        limit = f"/{request.trigger_limit:f}" if request.trigger_limit is not None else ""
        words.append(f"stop {request.trigger:f}{limit}")
    if request.product is not None:
        words.append(request.product.lower())
    if request.exchange is not None:
        words.append(request.exchange.lower())
    if request.validity is Validity.IOC:
        words.append("ioc")
    return " ".join(words)
