"""Every kind of news by the name under which it is stored; a new family is named here once."""

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
    readiness,
    rings,
    safety,
)
from bot.domain.news.notice import Notice

FAMILIES = (
    orders,
    conversions,
    exits,
    people,
    safety,
    connections,
    days,
    rings,
    readiness,
    alert,
    later_cards,
    after_market,
    period_summary,
    picture,
)
KINDS: Mapping[str, type[Notice]] = Notice.kinds
