"""How a trail is said: on the card of an entry, and where it stands."""

from datetime import datetime
from decimal import Decimal

from bot.domain.orders.legs import TrailSaid
from bot.domain.plans.trail_card import TrailSeen
from bot.domain.terms import Side
from handlers.views.format import clock_time, price, row


def trail_rows(trail: TrailSaid, entry: Side) -> list[tuple[str, ...]]:
    """The rows of an entry's card: what the stop does after the fill. The bot moves it, on live prices."""
    best = "high" if entry is Side.BUY else "low"
    if trail.step is None:
        return [row("Trail, by me", f"{price(trail.every)} {_below(entry)} {best}")]
    way = "up" if entry is Side.BUY else "down"
    return [row("Trail, by me", f"every {price(trail.every)} {way}"), row(" the stop goes", f"{price(trail.step)} {way}")]


def trail_in_words(every: Decimal, step: Decimal | None, stop: Side) -> str:
    """Says how it follows: Trail 15.00 below the high (continuous). stop: the side of the stop that it moves."""
    long = stop is Side.SELL
    if step is None:
        return f"Trail {price(every)} {'below the high' if long else 'above the low'} (continuous)"
    way = "up" if long else "down"
    return f"Trail: every {price(every)} {way}, {price(step)} {way}"


def _below(entry: Side) -> str:
    return "below" if entry is Side.BUY else "above"


def trail_line(one: TrailSeen, as_of: datetime) -> str:
    """Trail 15 below the high (continuous): high 702.40, stop now 687.40, held by me, seen 14:02:10.

    A time of the clock: the message may be read long after as_of, when it was written.
    """
    trail, rule = one.trail, one.trail.rule
    best = f"{'high' if rule.side is Side.SELL else 'low'} {price(trail.best)}" if trail.best is not None else "no trade seen yet"
    said = trail_in_words(rule.every, rule.step, rule.side)
    blind = one.blind_since
    seen = f"held by me, {f'seen {clock_time(trail.seen_at)}' if trail.seen_at is not None else f'as of {clock_time(as_of)}'}"
    if blind is not None:
        seen = f"not seen since {clock_time(blind)}"
    return f"{said}: {best}, stop now {price(trail.trigger)}, {seen}"
