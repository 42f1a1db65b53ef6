"""Every kind of news by the name under which it is stored.

A new family is named here once.
"""

from collections.abc import Mapping

from bot.domain.news import alert, connections, people, safety
from bot.domain.news.days import days, period_summary, picture, readiness, rings
from bot.domain.news.notice import Notice
from bot.domain.news.orders import after_market, conversions, later_cards, orders
from bot.domain.news.plans import exits, pnl_exits, standing_stops, trails

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
