"""What guards the fill of an entry, on the entry's own card."""

from datetime import datetime

from bot.domain.exits.closing import is_closing
from bot.domain.orders.order import Order
from bot.domain.plans.guarding import Guarding
from bot.domain.terms import Product, Side
from handlers.views.format import clock_time, count, price
from handlers.views.keyboards import button
from handlers.views.message import Button, Keyboard, Line, keyboard, say
from handlers.views.orders.trail_words import trail_line
from handlers.views.taps.taps import OrderTap, OrderVerb
from handlers.views.taps.trail_taps import TrailTap, TrailVerb

OLD = 60  # seconds after which a price that was seen says no more that the bot watches


def held_lines(guarding: Guarding, now: datetime) -> tuple[Line, ...]:
    """The part that the exchange guards, with its limit, then what the bot holds and when it last saw a price."""
    lines = [] if guarding.guard is None else [_at_exchange(guarding.guard)]
    seen = _seen(guarding.seen_at, now)
    if guarding.trail is not None:
        lines.append(trail_line(guarding.trail, now))
    if guarding.target is not None:
        lines.append(f"Target {price(guarding.target)}, held by me, {seen}")
    return tuple(say(line) for line in lines)


def _at_exchange(guard: Order) -> str:
    draft = guard.draft
    part = f" for {count(guard.pending)}" if guard.filled else ""
    if draft.trigger is None:
        limit = price(draft.price) if draft.price is not None else "the market"
        return f"Closing{part} at {limit} (#{guard.number})"
    if is_closing(guard):
        side = "buys" if draft.side is Side.BUY else "sells"
        limit = f"at {price(draft.price)} or better" if draft.price is not None else "at market"
        return f"Stop {price(draft.trigger)} was triggered: {side}{part} {limit}, not filled yet (#{guard.number})"
    verb = "buys up to" if draft.side is Side.BUY else "sells down to"
    worst = f"{verb} {price(draft.price)}" if draft.price is not None else "then at market"
    return f"Stop {price(draft.trigger)}{part}, {worst}, at the exchange (#{guard.number})"


def _seen(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "no live price yet"
    return f"seen {clock_time(at)}" if (now - at).total_seconds() <= OLD else f"no live price since {clock_time(at)}"


def held_keyboard(order: Order, guarding: Guarding, label: str, rows: Keyboard) -> Keyboard:
    """The ways out and the stop's own terms in the place of a filled entry's buttons, and below those of one that works yet."""
    delivered = order.draft.product is Product.CNC and order.draft.side is Side.SELL
    mine: list[Button] = [] if delivered else [button("Exit", OrderTap(order.id, OrderVerb.EXIT, label))]
    guard = guarding.guard
    if guard is not None:
        name = "Change stop" if guard.draft.trigger is not None else "Change exit"
        mine.append(button(name, OrderTap(guard.id, OrderVerb.MODIFY, label)))
    acts = [button("Stop the trail", TrailTap(guarding.plan_id, TrailVerb.END, label))] if guarding.trail is not None else []
    return keyboard(*(rows if order.status.is_working else ()), mine, acts)
