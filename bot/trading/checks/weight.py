"""Which orders are asked again in words: pure functions, each with its data source.

Of exits only a stop that is widened is asked again.
"""

from collections.abc import Callable
from decimal import Decimal

from bot.domain.money import grouped, in_figures, in_price
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import OrderKind, Side
from bot.trading.checks.situation import Situation
from bot.trading.orders.cover import leaves_bare

TIMES_AVAILABLE = 3
THROUGH, THROUGH_CHEAP = Decimal("0.10"), Decimal("0.40")  # of the other side's best price
CHEAP = Decimal(10)  # rupees; an option below moves by large parts of itself

Weight = Callable[[Situation], str | None]


def over_available(at: Situation) -> str | None:
    """Source: the broker's funds and margin routes, or the value where the margin is not known."""
    blocks = at.margin if at.margin is not None else at.value
    if at.reduces or at.cash is None or blocks is None or blocks <= TIMES_AVAILABLE * max(at.cash, Decimal(0)):
        return None
    return f"It blocks {in_figures(blocks)}, over {TIMES_AVAILABLE} times the {in_figures(at.cash)} that is available."


def through_the_book(at: Situation) -> str | None:
    """Source: the feed or a quote, or the last trade where no bid or ask is seen."""
    draft, price = at.draft, at.price
    if at.reduces or draft.kind is not OrderKind.LIMIT or draft.protected or draft.price is None or price is None:
        return None
    buys = draft.side is Side.BUY
    best = (price.ask if buys else price.bid) or price.last
    part = (draft.price / best - 1) * draft.side.sign
    most = THROUGH_CHEAP if draft.instrument.is_option and best < CHEAP else THROUGH
    if part <= most:
        return None
    way, name = ("above", "ask") if buys else ("below", "bid")
    return f"The limit {in_price(draft.price)} is {grouped(f'{part * 100:.0f}')} % {way} the {name} {in_price(best)}."


def bare_short(at: Situation) -> str | None:
    """Source: the broker's positions. What covers it in another account is not seen."""
    draft = at.draft
    if at.reduces or not draft.instrument.is_option or draft.side is not Side.SELL or not leaves_bare(draft, at.positions):
        return None
    return "No position covers this short option: its loss has no floor."


def widened_stop(at: Situation) -> str | None:
    """Source: our own store."""
    before = at.before
    if before is None or before.status is not OrderStatus.TRIGGER_PENDING or not at.reduces:
        return None
    old, new = before.draft.trigger, at.draft.trigger
    if old is None or new is None or (new - old) * at.draft.side.sign <= 0:
        return None
    return f"The stop moves away from the price, from {in_price(old)} to {in_price(new)}: it lets you lose more."


WEIGHTS: tuple[Weight, ...] = (over_available, through_the_book, bare_short, widened_stop)


def weighs(at: Situation) -> tuple[str, ...]:
    """Every reason to ask again in words. None for what one tap may do."""
    return tuple(say for weight in WEIGHTS if (say := weight(at)) is not None)
