"""Where a stop or a target that was said as a price, as points or as per cent lies, and when that is a question."""

from decimal import Decimal

from bot.domain.money import tick_down, tick_up
from bot.domain.orders.legs import Leg, Measure

FAR = Decimal("0.30")  # of the price: a bare number further away than this may have been meant as points


def stops_meant(leg: Leg, *, entry: Decimal, last: Decimal, long: bool, tick: Decimal) -> tuple[Decimal, ...]:
    """The prices in rupees, on the tick, that a stop may mean. More than one is a question.

    Points and per cent are counted from the entry. A bare number far from the last price that makes sense as points is read
    both ways, the points first. So are points that lead far from it and make sense as a price: sl -1480.
    """
    return _meant(leg, entry, last, tick, long=long, away=-1 if long else 1)


def targets_meant(leg: Leg, *, entry: Decimal, last: Decimal, long: bool, tick: Decimal) -> tuple[Decimal, ...]:
    """The same of a target, which lies on the other side."""
    return _meant(leg, entry, last, tick, long=long, away=1 if long else -1)


def _meant(leg: Leg, entry: Decimal, last: Decimal, tick: Decimal, *, long: bool, away: int) -> tuple[Decimal, ...]:
    round_off = tick_down if long else tick_up
    prices = [leg.away(entry, away)]
    if leg.measure is Measure.PRICE and leg.limit is None and abs(leg.value - last) > last * FAR and leg.value <= last * FAR:
        prices.insert(0, last + away * leg.value)
    if leg.measure is Measure.POINTS and leg.value > last * FAR and 0 < (leg.value - last) * away <= last * FAR:
        prices.append(leg.value)
    return tuple(price for each in prices if (price := round_off(each, tick)) > 0)


def is_passed(trigger: Decimal, last: Decimal, *, long: bool) -> bool:
    """Whether the price is beyond the stop already: it would strike at once."""
    return trigger >= last if long else trigger <= last
