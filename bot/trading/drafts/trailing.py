"""What a trail means beside an order: its distance in points, the stop that it begins with, the price that it counts from."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.errors import CheckFailed
from bot.domain.market.prices import Price
from bot.domain.money import in_figures, tick_down, tick_up
from bot.domain.orders.legs import Measure, TrailSaid
from bot.domain.orders.order import OrderDraft
from bot.domain.plans.plan import Attached, LegKind, PlanLeg
from bot.domain.plans.trail import TrailRule
from bot.domain.terms import Side


def trail_in_points(said: TrailSaid, price: Decimal, tick: Decimal) -> TrailSaid:
    """A trail in rupees on the tick: per cent of the price that it starts from, rounded down, at least one tick."""
    if said.measure is not Measure.PERCENT:
        return said
    return TrailSaid(every=max(tick_down(price * said.every / 100, tick), tick))


def first_stop(trail: TrailSaid, price: Decimal, *, long: bool, tick: Decimal) -> Decimal:
    """The trigger that a trail in points begins with: so far from this price, on the tick. CheckFailed for none above zero."""
    stop = tick_down(price - trail.every, tick) if long else tick_up(price + trail.every, tick)
    if stop <= 0:
        raise CheckFailed([f"A trail of {in_figures(trail.every)} leaves no stop: the price is {in_figures(price)}."])
    return stop


def points(trail: TrailSaid | None) -> tuple[Decimal | None, ...]:
    """What of it has to be on the tick."""
    return () if trail is None else (trail.every, trail.step)


def begins(entry: OrderDraft, price: Price | None) -> Decimal | None:
    """The price that a trail begins from: where the entry should fill, which is no worse than its limit.

    A market order fills near the last trade, a limit beyond the other side at that side.
    """
    if price is None:
        return entry.price
    if entry.price is None or entry.protected:
        return price.last
    long = entry.side is Side.BUY
    touch = (price.ask if long else price.bid) or price.last
    return (min if long else max)(entry.price, touch)


def rule_of(legs: tuple[PlanLeg, ...], attached: Attached, draft: OrderDraft, price: Price | None) -> TrailRule | None:
    """How the stop among the legs of a plan follows the price of its entry. None: it stands."""
    stop, begun = next((leg.draft for leg in legs if leg.kind is LegKind.STOP), None), begins(draft, price)
    if stop is None or begun is None:
        return None
    return replace(attached, stop=stop.trigger, stop_limit=stop.price).rule(draft, begun)
