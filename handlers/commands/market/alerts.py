"""/alert sets one on a price or on the day's result.

/alerts lists a person's own, takes one away, keeps or adjusts one.
"""

import re
from decimal import Decimal
from typing import NamedTuple

from bot.domain.errors import UsageError
from bot.domain.news.alert import AlertKind
from bot.domain.people.account import Permission
from handlers.commands.command import Command
from handlers.commands.plans import pnl_exits
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.figures import figure_of
from handlers.context.words.script import tokens
from handlers.views.market import alerts as views

_EXAMPLE, _ON_RESULT = "/alert RELIANCE above 1500", "/alert mtm -5000"
_SIDES = {
    **dict.fromkeys(("above", "over", ">", ">=", "upar", "ऊपर"), AlertKind.ABOVE),
    **dict.fromkeys(("below", "under", "<", "<=", "neeche", "niche", "नीचे"), AlertKind.BELOW),
}
_LEVEL = re.compile(r"([+-]?)\s*(\S+?)\s*(%|percent)?")
_ASKED = re.compile(r"(\S.*)\s+([^\s0-9+\-₹]+)\s*([+\-₹0-9.].*)")
_OF_LIST = re.compile(r"(?:delete|keep|adjust)\s+[0-9]+")  # what /alerts does, said to its neighbour
_GIVEBACK = re.compile(r"giveback\s+([0-9]{1,2})\s*%?")


async def alert(ctx: Ctx) -> None:
    """`/alert reliance above 1500`, `… below 2%`, `/alert mtm -5000`, `/alert mtm giveback 40%`. Alone it is the list."""
    words = " ".join(tokens(ctx.words))
    if not words or _OF_LIST.fullmatch(words.lower()):
        await alerts(ctx)
    elif words.lower() == "mtm" or words.lower().startswith("mtm "):
        await _on_result(ctx, words[3:].strip().lower())
    else:
        await _on_price(ctx, words)


async def _on_price(ctx: Ctx, words: str) -> None:
    asked = _ASKED.fullmatch(words)
    kind = _SIDES.get(asked[2].lower()) if asked is not None else None
    level = _level(asked[3].lower()) if asked is not None else None
    if asked is None or kind is None or level is None:
        raise UsageError("An alert is a symbol, above or below, and a price or a percentage.", example=_EXAMPLE)
    if not level.is_percent:
        shown = await ctx.services.alerts.on_price(ctx.actor, asked[1], kind, level=level.value)
    else:
        percent = -level.value if kind is AlertKind.BELOW and not level.sign else level.value
        shown = await ctx.services.alerts.on_price(ctx.actor, asked[1], kind, percent=percent)
    await ctx.reply(views.alerts(shown, ctx.name, ctx.label, ctx.mode))


async def _on_result(ctx: Ctx, words: str) -> None:
    if words.endswith(" exit"):  # not only a ring
        await pnl_exits.leave_if(ctx, "all", words.removesuffix(" exit"))
        return
    if (part := _GIVEBACK.fullmatch(words)) is not None and int(part[1]) > 0:
        kind, level = AlertKind.GIVEBACK, Decimal(part[1])
    elif (said := _level(words)) is not None and not said.is_percent and said.value:
        kind, level = AlertKind.LOSS if said.value < 0 else AlertKind.PROFIT, said.value
    else:
        raise UsageError("After mtm comes −5000, 3000 or giveback 40%.", example=_ON_RESULT)
    await ctx.reply(views.alerts(await ctx.services.alerts.on_result(ctx.actor, kind, level), ctx.name, ctx.label, ctx.mode))


class _Level(NamedTuple):
    """A figure with the sign that was said of it."""

    value: Decimal
    sign: str
    is_percent: bool


def _level(text: str) -> _Level | None:
    """`1,500.50`, `24.5k`, `-5000`, `2%`. None for any other words."""
    match = _LEVEL.fullmatch(text)
    number = figure_of(match[2]) if match is not None else None
    if match is None or number is None:
        return None
    return _Level(-number.value if match[1] == "-" else number.value, match[1], match[3] is not None)


async def alerts(ctx: Ctx) -> None:
    """The list. `delete 3`, `keep 3` and `adjust 3` are its buttons."""
    act, _, number = ctx.words.lower().partition(" ")
    if not act:
        await ctx.redraw_or_reply(views.alerts(await ctx.services.alerts.shown(ctx.actor), ctx.name, ctx.label, ctx.mode))
    elif act in ("delete", "keep", "adjust") and re.fullmatch(r"#?[0-9]{1,9}", number.strip()):
        own, wanted = ctx.services.alerts, int(number.strip().removeprefix("#"))
        acts = {"delete": own.remove, "keep": own.keep, "adjust": own.adjust}
        shown = await acts[act](ctx.actor, wanted)
        await ctx.redraw_or_reply(views.alerts(shown, ctx.name, ctx.label, ctx.mode))
    else:
        raise UsageError("/alerts alone lists them; delete and a number takes one away.", example="/alerts delete 3")


COMMANDS = (
    Command(
        name="alert", arguments="<symbol> <above | below> <price | %>, mtm <amount | giveback %>",
        help="Ring once at a price, or at a result of the day", example=_EXAMPLE,
        family=Family.MARKET, permission=Permission.LOOK, handler=alert,
    ),
    Command(
        name="alerts", arguments="[delete number]", help="Your alerts, each with a button that takes it away",
        example="/alerts", family=Family.MARKET, permission=Permission.LOOK, handler=alerts,
    ),
)  # fmt: skip
