"""The day's price band of a share, in the rare case that it is known, and prices set to its edge."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.market.rules import MarketRules
from bot.domain.money import tick_down, tick_up
from bot.domain.orders.order import OrderDraft

Edges = tuple[Decimal, Decimal]  # the lowest and the highest price of the day in rupees, on the tick


def day_edges(rules: MarketRules, instrument: Instrument, price: Price | None, on: date) -> Edges | None:
    """The edges of an instrument's band on a day. None: not known, which is the rule."""
    band = rules.price_band(instrument, on)
    return edges(band.percent if band is not None else None, price, instrument.tick)


def edges(percent: Decimal | None, price: Price | None, tick: Decimal) -> Edges | None:
    """The same of a band in per cent of the previous close."""
    if percent is None or price is None or not price.previous_close:
        return None
    room = price.previous_close * percent / 100
    return tick_up(price.previous_close - room, tick), tick_down(price.previous_close + room, tick)


def at_edge(draft: OrderDraft, low_high: Edges | None) -> OrderDraft:
    """The same with its price within the band, on the edge where it lay beyond.

    A trigger beyond the band stays as it is: on the edge it would fire where it was not to.
    """
    if low_high is None or draft.price is None:
        return draft
    low, high = low_high
    if draft.trigger is not None and not low <= draft.trigger <= high:
        return draft
    return replace(draft, price=min(max(draft.price, low), high))


def no_further(draft: OrderDraft, low_high: Edges | None) -> OrderDraft:
    """The same with its worst price no further than the edge of the band. It is never made worse."""
    edged = at_edge(draft, low_high)
    if draft.price is None or edged.price is None:
        return draft
    return edged if (draft.price - edged.price) * draft.side.sign > 0 else draft
