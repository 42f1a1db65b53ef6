"""A share's price band of the day, in the rare case that it is known.

Source: dated data of the host, and the previous close of the feed or a quote.
"""

from dataclasses import replace
from decimal import Decimal

from bot.domain.money import ZERO, in_figures, in_price
from bot.domain.orders.band_edge import Edges, edges
from bot.domain.orders.order import OrderDraft
from bot.domain.orders.order_text import request_line, request_of
from bot.domain.plans.plan import Plan
from bot.domain.proposals.proposal import Remark
from bot.trading.checks.situation import Situation

NEAR = 60  # per cent of the band


def set_to_edge(draft: OrderDraft, low_high: Edges) -> Remark:
    """What the card of an exit says whose price lay beyond the band."""
    return Remark(name="band_edge", say=f"{_beyond(draft.price, low_high)}: set to its edge")


def out_of_band(at: Situation) -> str | None:
    """Refuses an entry whose limit the exchange cannot take. Source: as above."""
    return None if at.reduces or (said := _outside(at)) is None else f"{said}."


def exit_beyond_band(at: Situation) -> str | None:
    """Warns of a way out that the exchange cannot take: a trigger is not moved to the edge as a price is. Source: as above."""
    return None if not at.reduces or (said := _outside(at)) is None else f"{said}: the exchange will reject it"


def _outside(at: Situation) -> str | None:
    return _said(at.draft, edges(at.band, at.price, at.draft.instrument.tick))


def stop_beyond_band(plan: Plan | None, at: Situation) -> tuple[Remark, ...]:
    """What an entry's card says of its stop: where the exchange cannot take it, nothing will guard what fills."""
    stop = plan.stop if plan is not None and not at.reduces else None
    said = _said(stop.draft, edges(at.band, at.price, at.draft.instrument.tick)) if stop is not None else None
    return () if said is None else (Remark(name="stop_beyond_band", say=f"The stop's {said}: the exchange will reject it"),)


def _said(draft: OrderDraft, low_high: Edges | None) -> str | None:
    if low_high is None:
        return None
    beyond = (each for each in (draft.trigger, draft.price) if each is not None and not low_high[0] <= each <= low_high[1])
    found = next(beyond, None)
    return None if found is None else _beyond(found, low_high)


def _beyond(price: Decimal | None, low_high: Edges) -> str:
    return f"{in_price(price or ZERO)} is outside the day's band, {in_price(low_high[0])} to {in_price(low_high[1])}"


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
