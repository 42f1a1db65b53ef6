"""A trail in words: what it does, and where it stands."""

from decimal import Decimal

from bot.domain.money import in_price
from bot.domain.orders.trail import A_MINUTE, AN_HOUR, Trail
from bot.domain.terms import Side


def trail_in_words(every: Decimal, step: Decimal | None, stop: Side) -> str:
    """Trail 15.00 below the high (continuous); stop: the side of the stop that it moves."""
    long = stop is Side.SELL
    if step is None:
        return f"Trail {in_price(every)} {'below the high' if long else 'above the low'} (continuous)"
    way = "up" if long else "down"
    return f"Trail: every {in_price(every)} {way}, {in_price(step)} {way}"


def standing_in_words(trail: Trail) -> str:
    """Trail 15.00 below the high (continuous): high 702.40, stop now 687.40."""
    rule = trail.rule
    best = (
        f"{'high' if rule.side is Side.SELL else 'low'} {in_price(trail.best)}" if trail.best is not None else "no trade seen yet"
    )
    return f"{trail_in_words(rule.every, rule.step, rule.side)}: {best}, stop now {in_price(trail.trigger)}"


def slowed_in_words() -> str:
    """Why a trail waits for the others."""
    return f"Slowed: trails share {A_MINUTE} moves a minute and {AN_HOUR} an hour"
