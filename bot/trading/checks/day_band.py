"""A share's price band of the day, in the rare case that it is known.

Source: dated data of the host, and the previous close of the feed or a quote.
"""

from dataclasses import replace
from decimal import Decimal

from bot.domain.market.prices import Price
from bot.domain.money import in_figures, in_price, tick_down, tick_up
from bot.domain.orders.order_text import request_line, request_of
from bot.trading.checks.situation import Situation

NEAR = 60  # per cent of the band


def edges(percent: Decimal | None, price: Price | None, tick: Decimal) -> tuple[Decimal, Decimal] | None:
    """The lowest and the highest price of the day in rupees, on the tick. None: not known."""
    if percent is None or price is None or not price.previous_close:
        return None
    room = price.previous_close * percent / 100
    return tick_up(price.previous_close - room, tick), tick_down(price.previous_close + room, tick)


def out_of_band(at: Situation) -> str | None:
    """Refuses an entry whose limit the exchange cannot take. Source: as above."""
    return None if at.reduces or (said := _outside(at)) is None else f"{said}."


def exit_beyond_band(at: Situation) -> str | None:
    """Warns of a way out whose limit the exchange cannot take: the price is the person's own. Source: as above."""
    return None if not at.reduces or (said := _outside(at)) is None else f"{said}: the exchange will reject it"


def _outside(at: Situation) -> str | None:
    low_high = edges(at.band, at.price, at.draft.instrument.tick)
    if low_high is None or at.draft.price is None or low_high[0] <= at.draft.price <= low_high[1]:
        return None
    return f"{in_price(at.draft.price)} is outside the day's band, {in_price(low_high[0])} to {in_price(low_high[1])}"


def near_band(at: Situation) -> str | None:
    """Source: as above."""
    if at.band is None or at.price is None or not at.price.previous_close:
        return None
    moved = abs(at.price.last / at.price.previous_close - 1) * 100
    if moved * 100 < at.band * NEAR:
        return None
    return f"{in_figures(moved)} of the {in_figures(at.band)} % that the day's band allows are used: at its edge nobody may trade"


def at_the_edge(at: Situation) -> list[tuple[str, str]]:
    """The same order at the edge of the band, as (label, command)."""
    low_high = edges(at.band, at.price, at.draft.instrument.tick)
    if out_of_band(at) is None or low_high is None or at.draft.price is None or at.draft.trigger is not None:
        return []
    edge = low_high[1] if at.draft.price > low_high[1] else low_high[0]
    return [(f"Limit {in_price(edge)}", request_line(replace(request_of(at.draft), price=edge)))]
