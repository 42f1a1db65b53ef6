"""How a trail stands on the card of an entry."""

from bot.domain.orders.legs import TrailSaid
from bot.domain.terms import Side
from handlers.views.format import price, row


def trail_rows(trail: TrailSaid, entry: Side) -> list[tuple[str, ...]]:
    """The rows of an entry's card: what the stop does after the fill. The bot moves it, on live prices."""
    best = "high" if entry is Side.BUY else "low"
    if trail.step is None:
        return [row("Trail, by me", f"{price(trail.every)} {_below(entry)} {best}")]
    way = "up" if entry is Side.BUY else "down"
    return [row("Trail, by me", f"every {price(trail.every)} {way}"), row(" the stop goes", f"{price(trail.step)} {way}")]


def _below(entry: Side) -> str:
    return "below" if entry is Side.BUY else "above"
