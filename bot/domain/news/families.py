"""Every kind of news by the name under which it is stored.

A new family is named here once.
"""

from collections.abc import Mapping

from bot.domain.news import (
    after_market,
    alert,
    connections,
    conversions,
    days,
    exits,
    later_cards,
    orders,
    people,
    period_summary,
    picture,
    pnl_exits,
    readiness,
    rings,
    safety,
    standing_stops,
    trails,
)
from bot.domain.news.notice import Notice

FAMILIES = (
    orders,
    conversions,
    exits,
    trails,
    pnl_exits,
    people,
    safety,
    connections,
    days,
    rings,
    readiness,
    alert,
    later_cards,
    after_market,
    standing_stops,
    period_summary,
    picture,
)
KINDS: Mapping[str, type[Notice]] = Notice.kinds
