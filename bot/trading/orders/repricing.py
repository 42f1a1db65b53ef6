"""The price of an order that goes later than its card: that of its moment, never beyond the worst price that was confirmed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from bot.domain.market.prices import Price
from bot.domain.market.rules import MarketRules
from bot.domain.orders.band_edge import day_edges, no_further
from bot.domain.orders.order import OrderDraft
from bot.domain.terms import OrderKind, Side


def repriced(licence: OrderDraft, price: Price | None, rules: MarketRules, on: date) -> OrderDraft:
    """One slab from the bid or ask, within the licence. The licence itself where no price is known or it names none."""
    if licence.price is None or price is None:
        return licence
    now = protected(licence, price, rules, on)
    return replace(licence, price=min(now, licence.price) if licence.side is Side.BUY else max(now, licence.price))


def protected(draft: OrderDraft, price: Price, rules: MarketRules, on: date) -> Decimal:
    """The worst price of a market order now, in rupees on the tick, from bid or ask, else from the last trade.

    It goes no further than the edge of the day's band where that is known.
    """
    worst = rules.protected_price(
        side=draft.side, kind=draft.instrument.kind, bid=price.bid or price.last, ask=price.ask or price.last,
        tick=draft.instrument.tick, on=on,
    )  # fmt: skip
    alone = replace(draft, kind=OrderKind.LIMIT, price=worst, trigger=None)
    return no_further(alone, day_edges(rules, draft.instrument, price, on)).price or worst
