"""What repairs a rejected order: the same order with the one change that the broker's words ask for, or a place to look."""

import math
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal

from bot.domain.money import grouped, in_price, tick_down, tick_up
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.rejections import Explanation, RejectionKind, Rejections, RepairKind
from bot.domain.proposals.proposal import Change
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value

RUPEE = Decimal(1)  # a price in whole rupees is on every tick


@value
class Repaired:
    """One button: the order asked again with a change, or words that show what it hangs on."""

    label: str
    change: Change | None = None
    command: str = ""


FUNDS = Repaired(label="Funds", command="/funds")
HOLDINGS = Repaired(label="Holdings", command="/holdings")
ORDERS = Repaired(label="Orders", command="/orders")
LOG_IN = Repaired(label="Log in", command="/login")

RepairsOf = Callable[[Order], tuple[Repaired, ...]]


def refused_for_size(order: Order, rejections: Rejections) -> bool:
    """Whether the book proves that an order was refused whole because it is over the freeze quantity."""
    proved = order.status is OrderStatus.REJECTED and order.broker_id is not None and not order.filled
    return proved and rejections.explain(order.reason).kind is RejectionKind.FREEZE


def repairs(order: Order, why: Explanation) -> tuple[Repaired, ...]:
    """What the broker's words leave to do about a rejected order, the likeliest first. Empty for any other order."""
    if order.status is not OrderStatus.REJECTED:
        return ()
    if order.never_left:
        return (LOG_IN, _again(order)) if "/login" in order.reason else (_again(order),)
    change = _CHANGES[why.repair](order, why) if why.repair in _CHANGES and not order.filled else None
    first = _named(order, change) if change is not None else _again(order)
    match why.repair:
        case RepairKind.LOG_IN:
            return LOG_IN, first
        case RepairKind.HOLDINGS:
            return first, HOLDINGS
        case RepairKind.LOOK:
            return ORDERS, first
        case RepairKind.FEWER:
            return first, FUNDS
        case RepairKind.NONE if not why.known:
            return first, FUNDS
        case _:
            return (first,)


def _again(order: Order) -> Repaired:
    """What did not fill of it, at the price of then: a market order that was refused comes back with a worst price."""
    rest = order.draft.quantity - order.filled
    label = f"Ask again for {grouped(str(rest))}" if order.filled else "Ask again"
    return Repaired(label=label, change=Change(quantity=rest))


def _named(order: Order, change: Change) -> Repaired:
    side = order.draft.side.capitalize()
    if change.quantity is not None:
        label = f"{side} {grouped(str(change.quantity))} instead"
    elif change.price is not None:
        label = f"{side} at {in_price(change.price)}"
    elif change.product is not None:
        label = f"{side} as {change.product}"
    else:
        label = f"{side} at the price of now"
    return Repaired(label=label, change=change)


def _whole(order: Order, most: Decimal) -> Change | None:
    """Whole lots of at most so many shares or units. None where that is none of it, or all."""
    lot = order.draft.instrument.lot
    size = int((most / lot).to_integral_value(ROUND_FLOOR)) * lot
    return Change(quantity=size) if 0 < size < order.draft.quantity else None


def _fewer(order: Order, why: Explanation) -> Change | None:
    """The quantity that the money covers: by the broker's own figure for the order, else a delivery purchase by its value."""
    short, needed, draft = why.figures.get("short"), why.figures.get("needed"), order.draft
    if needed is None and draft.side is Side.BUY and draft.product is Product.CNC and draft.price is not None:
        needed = draft.price * draft.quantity
    if short is None or not needed or short >= needed:
        return None
    return _whole(order, draft.quantity * (needed - short) / needed)


def _whole_lots(order: Order, why: Explanation) -> Change | None:
    """The next smaller number that is whole lots by the broker's figure and by our own list of contracts, which has another."""
    lot = math.lcm(int(why.figures.get("lot", 0)), order.draft.instrument.lot)
    return _whole(order, Decimal(order.draft.quantity // lot * lot)) if lot else None


def _within_freeze(order: Order, why: Explanation) -> Change | None:
    """What goes in one order: by the broker's figure, else half of it."""
    return _whole(order, why.figures.get("freeze") or Decimal(order.draft.quantity) / 2)


def _held(order: Order, why: Explanation) -> Change | None:
    left = why.figures.get("left")
    return _whole(order, left) if left else None


def _on_tick(order: Order, why: Explanation) -> Change | None:
    """The next price that is no worse, on our tick and on the one that the broker names, or in whole rupees."""
    draft = order.draft
    tick = _common(draft.instrument.tick, why.figures.get("tick") or RUPEE)
    if draft.price is None or draft.trigger is not None:
        return None
    if draft.protected:
        return Change(protected=True)
    price = tick_down(draft.price, tick) if draft.side is Side.BUY else tick_up(draft.price, tick)
    return Change(price=price) if price > 0 and price != draft.price else Change(protected=True)


def _common(one: Decimal, other: Decimal) -> Decimal:
    """The smallest step that is whole steps of both, in rupees. Ticks have four decimals at most."""
    return Decimal(math.lcm(*(int(step.scaleb(4)) or 1 for step in (one, other)))).scaleb(-4)


def _nearer(order: Order, _: Explanation) -> Change | None:
    """The price of now. A stop keeps its trigger, and its limit moves half the way to it."""
    draft = order.draft
    if draft.trigger is None or draft.price is None:
        return Change(protected=True)
    half = (draft.price + draft.trigger) / 2
    tick = draft.instrument.tick
    price = tick_down(half, tick) if draft.side is Side.BUY else tick_up(half, tick)
    return Change(price=price) if price != draft.price else None


def _with_worst_price(order: Order, _: Explanation) -> Change | None:
    return None if order.draft.kind in (OrderKind.SL, OrderKind.SL_M) else Change(protected=True)


def _other_product(order: Order, _: Explanation) -> Change | None:
    """The product that carries what intraday or margin funding may not. A way out has no other product than its position's."""
    draft = order.draft
    if order.closes is not False:
        return None
    if draft.instrument.is_derivative:
        return Change(product=Product.NRML) if draft.product is not Product.NRML else None
    return Change(product=Product.CNC) if draft.side is Side.BUY and draft.product is not Product.CNC else None


_CHANGES: dict[RepairKind, Callable[[Order, Explanation], Change | None]] = {
    RepairKind.FEWER: _fewer,
    RepairKind.NEAREST_LOT: _whole_lots,
    RepairKind.SLICE: _within_freeze,
    RepairKind.NEAREST_TICK: _on_tick,
    RepairKind.NEARER_PRICE: _nearer,
    RepairKind.LIMIT: _with_worst_price,
    RepairKind.OTHER_PRODUCT: _other_product,
    RepairKind.HOLDINGS: _held,
}
