"""An order as one line of words that, typed as a command, asks for the same order again."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.market.display_names import label, title
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.orders.legs import Leg, Measure, TrailSaid
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.terms import OrderKind, Side, Validity

_EXCHANGES = frozenset(exchange.value for exchange in Exchange)


def plain(number: Decimal) -> str:
    """A number without grouping, exponent or trailing zeros: 2900.5."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def request_line(request: OrderRequest) -> str:
    """The request as a command: the one writer of such lines, whether they stand on a card or in a button."""
    words = ["/buy" if request.side is Side.BUY else "/sell", request.symbol, *_size(request), *_price(request)]
    words += [*_leg("sl", request.stop), *_leg("t", request.target), *trail_words(request.trail)]
    words += [term.value.lower() for term in (request.product, request.exchange) if term is not None]
    if request.validity is Validity.IOC:
        words.append("ioc")
    if request.disclosed is not None:
        words += ["dq", str(request.disclosed)]
    if request.after_market:
        words.append("amo")
    return " ".join(words)


def _size(request: OrderRequest) -> list[str]:
    if request.lots is not None:
        return [f"{request.lots}lot{'s' if request.lots > 1 else ''}"]
    if request.rupees is not None:
        return [f"₹{plain(request.rupees)}"]
    if request.quantity is not None:
        return [str(request.quantity)]
    if request.portion is not None:
        return [request.portion.value]
    return ["risk", plain(request.risk)] if request.risk is not None else []


def _price(request: OrderRequest) -> list[str]:
    if request.trigger is not None:
        limit = f"/{plain(request.trigger_limit)}" if request.trigger_limit is not None else ""
        return ["stop", f"{plain(request.trigger)}{limit}", *(["mkt"] if request.market else [])]
    if request.market:
        return ["mkt"]
    return [f"@{plain(request.price)}"] if request.price is not None else []


def _leg(word: str, leg: Leg | None) -> list[str]:
    if leg is None:
        return []
    limit = f"/{plain(leg.limit)}" if leg.limit is not None else ""
    figure = f"@{plain(leg.value)}" if leg.measure is Measure.AT else f"{plain(leg.value)}{leg.measure}"
    return [word, f"{figure}{limit}"]


def trail_words(trail: TrailSaid | None) -> list[str]:
    """`trail 15`, `trail 2%`, `trail 15 step 10`, word by word."""
    if trail is None:
        return []
    percent = "%" if trail.measure is Measure.PERCENT else ""
    step = ["step", plain(trail.step)] if trail.step is not None else []
    return ["trail", f"{plain(trail.every)}{percent}", *step]


def request_of(draft: OrderDraft) -> OrderRequest:
    """The request that asks for this draft again, by the master's own name. A protected order asks for the price of then."""
    bare = OrderRequest(
        side=draft.side,
        symbol=draft.instrument.name,
        quantity=draft.quantity,
        product=draft.product,
        exchange=draft.instrument.exchange,
        validity=draft.validity,
        disclosed=draft.disclosed,
        after_market=draft.session is not None,
    )
    if draft.kind is OrderKind.MARKET:
        return replace(bare, market=True)
    if draft.kind in (OrderKind.SL, OrderKind.SL_M):
        return replace(bare, trigger=draft.trigger, trigger_limit=draft.price, market=draft.kind is OrderKind.SL_M)
    return bare if draft.protected else replace(bare, price=draft.price)


def draft_line(draft: OrderDraft, today: date) -> str:
    """The canonical line of a card: typed on that day (IST), it asks for the same draft, its instrument in words."""
    return request_line(replace(request_of(draft), symbol=words_of(draft.instrument, today)))


def order_words(draft: OrderDraft, today: date, *, monthly: bool | None = None) -> str:
    """`SELL 195 NIFTY 24500 CE · 23 Nov (Mon)`: which contract, how many, which way."""
    return f"{draft.side} {draft.quantity} {title(draft.instrument, monthly=monthly, today=today)}"


def record_line(draft: OrderDraft, today: date, *, monthly: bool | None = None) -> str:
    """The terms for the record of acts: `BUY 10 RELIANCE NSE LIMIT CNC 2924.80`. A contract is named whole."""
    order = order_words(draft, today, monthly=monthly)
    exchange = () if order.endswith(draft.instrument.exchange) else (draft.instrument.exchange,)
    prices = [f"{price:f}" for price in (draft.price, draft.trigger) if price is not None]
    return " ".join([order, *map(str, (*exchange, draft.kind, draft.product)), *prices])


def words_of(instrument: Instrument, today: date | None = None) -> str:
    """An instrument in words that can be typed: `NIFTY 24500 CE 23 NOV`, `M&M`. Its exchange is said apart.

    A contract far from today (IST), or from an unknown today, is written with its year, in one word: a number that stands alone
    could be read as a quantity.
    """
    words = label(instrument, today=today or date.min).replace("·", " ").upper().split()
    words = words[:1] + [word for word in words[1:] if word not in _EXCHANGES]
    year = instrument.expiry is not None and words[-1] == str(instrument.expiry.year)
    return " ".join([*words[:-3], "".join(words[-3:])] if year else words)
