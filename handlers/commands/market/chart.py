"""/chart: words first, and the picture after them."""

import re

from bot.domain.errors import UsageError
from bot.domain.orders.research import Interval
from bot.domain.people.account import Permission
from bot.domain.value import value
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.pictures import send_picture
from handlers.views.market import chart as views

EXAMPLE = "/chart RELIANCE 15m 5"
USUAL = Interval.MINUTES_5
_UNIT = r"(m|mins?|minutes?|h|hrs?|hours?|d|days?)"
_LENGTH = re.compile(rf"(\d{{1,4}}){_UNIT}", re.IGNORECASE)
_APART = re.compile(rf"\b(\d{{1,4}})\s+{_UNIT}\s*$", re.IGNORECASE)
_DAYS = re.compile(r"(\d{1,4})(?:d|days?)?", re.IGNORECASE)
_WORDS = {"daily": Interval.DAY, "day": Interval.DAY, "hourly": Interval.HOUR, "hour": Interval.HOUR, "60m": Interval.HOUR}


@value
class ChartWords:
    """What was asked: of what, how long one candle lasts, and over how many days of trading."""

    symbol: str
    interval: Interval = USUAL
    days: int | None = None
    payoff: bool = False


def read(words: str) -> ChartWords:
    """`nifty 24500 ce 15m 5`, `reliance 1d`, `reliance 5 days`, `nifty payoff`. UsageError for a length that there is not.

    A bare number counts as days only behind an interval: elsewhere it is part of the instrument, as in `nifty 24500 ce 23`.
    """
    parts = _APART.sub(r"\1\2", words).split()
    if not parts:
        raise UsageError("A chart of what?", example=EXAMPLE)
    if parts[-1].lower() == "payoff" and len(parts) > 1:
        return ChartWords(symbol=" ".join(parts[:-1]), payoff=True)
    days = None
    if len(parts) > 2 and _interval(parts[-2]) is not None and (match := _DAYS.fullmatch(parts[-1])):
        days, parts = _counted(int(match[1])), parts[:-1]
    if len(parts) > 1 and (interval := _interval(parts[-1])) is not None:
        return ChartWords(symbol=" ".join(parts[:-1]), interval=interval, days=days)
    if len(parts) > 1 and (match := _LENGTH.fullmatch(parts[-1])):
        return _by_length(" ".join(parts[:-1]), int(match[1]), match[2].lower())
    return ChartWords(symbol=" ".join(parts))


def _interval(word: str) -> Interval | None:
    word = word.lower()
    return next((interval for interval in Interval if interval.value == word), _WORDS.get(word))


def _by_length(symbol: str, number: int, unit: str) -> ChartWords:
    """`5 days` is a stretch of days, `15 min` the length of a candle."""
    if unit.startswith("d"):
        usual = Interval.DAY if number > 20 else Interval.MINUTES_15 if number > 1 else USUAL
        return ChartWords(symbol=symbol, interval=usual, days=_counted(number))
    interval = _interval(f"{number}{unit[0]}")
    if interval is None:
        known = ", ".join(interval.value for interval in Interval)
        raise UsageError(f"A candle lasts {known}.", example=f"/chart {symbol.upper()} 15m")
    return ChartWords(symbol=symbol, interval=interval)


def _counted(days: int) -> int:
    if not days:
        raise UsageError("Over at least one day.", example=EXAMPLE)
    return days


async def chart(ctx: Ctx) -> None:
    """Candles of an instrument, or the payoff of what is held on it."""
    asked = read(ctx.words)
    if asked.payoff:
        payoff = await ctx.services.payoffs.held(ctx.actor, asked.symbol)
        under = await ctx.reply(views.payoff(payoff, ctx.name, ctx.label))
        if payoff.legs:
            send_picture(ctx, payoff, views.payoff_caption(payoff), under=under)
        return
    charted = await ctx.services.charts.of(ctx.actor, asked.symbol, asked.interval, asked.days)
    under = await ctx.reply(views.candles(charted, ctx.name, ctx.label))
    send_picture(ctx, charted.chart, views.candles_caption(charted), under=under)


COMMANDS = (
    Command(
        name="chart", arguments="<symbol> [1m..1d] [days | payoff]",
        help="Candles with your trades and stops, or the payoff of what you hold", example=EXAMPLE,
        family=Family.MARKET, permission=Permission.LOOK, handler=chart,
    ),
)  # fmt: skip
