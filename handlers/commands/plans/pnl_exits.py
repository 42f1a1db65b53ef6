"""`/exit … if …`: a P&L exit, from its words to its buttons."""

import re
from datetime import time
from decimal import Decimal

from bot.domain.errors import UsageError
from bot.domain.plans.pnl_card import PnlSaid
from bot.domain.plans.pnl_exit import PnlAction
from handlers.commands.claiming import claiming
from handlers.commands.command import Taps
from handlers.commands.questions import discard, pose
from handlers.context.context import Ctx
from handlers.context.words.figures import figure_of
from handlers.views.plans import pnl_exits as views
from handlers.views.taps.pnl_taps import PnlExitTap, PnlVerb

EXAMPLE = "/exit all if -5000"
_IF = re.compile(r"(.*?)(?:^|\s+)(?:if|agar)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(r"\bblock(?:\s+(?:entries\s+)?(?:till|until|to)\s+([0-9]{1,2})[:.]([0-9]{2}))?", re.IGNORECASE)
_CHARGES = re.compile(r"\b(?:(before|after)\s+charges|(gross)|(net))\b", re.IGNORECASE)
_ALERT = re.compile(r"\b(?:only\s+)?alert(?:\s+only)?\b", re.IGNORECASE)
_GIVEBACK = re.compile(r"\bgive\s?back\s+(\S+)", re.IGNORECASE)
_BELOW = re.compile(r"(?:\bbelow|\bunder|<=?)\s*([+-]?[0-9][0-9.,]*\w?)", re.IGNORECASE)
_ABOVE = re.compile(r"(?:\babove|\bover|>=?)\s*([+-]?[0-9][0-9.,]*\w?)", re.IGNORECASE)
_FILLERS = frozenset({"or", "and", "ya", "at", "p&l", "pnl", "mtm", ",", "exit", "entries"})


def parted(words: str) -> tuple[str, str] | None:
    """The words before and behind `if`. None where there is none."""
    match = _IF.fullmatch(words.strip())
    return (match[1].strip(), (match[2] or "").strip()) if match is not None else None


def said(text: str) -> PnlSaid:
    """`-5000`, `+8000`, `below 2000`, `giveback 3000`, `-5000 or +8000 block till 14:30`. UsageError for anything else."""
    rest, action, charges, block = text.replace("−", "-").replace("₹", ""), PnlAction.EXIT, None, _BLOCK.search(text)
    if (match := _CHARGES.search(rest)) is not None:
        charges = bool(match[3] or (match[1] or "").lower() == "after")
    if _ALERT.search(rest):
        action = PnlAction.ALERT
    giveback = _GIVEBACK.search(rest)
    below, above = _BELOW.findall(rest), _ABOVE.findall(rest)
    for pattern in (_BLOCK, _CHARGES, _ALERT, _GIVEBACK, _BELOW, _ABOVE):
        rest = pattern.sub(" ", rest)
    levels = [_level(word) for word in rest.replace(",,", ",").split() if word.lower().strip(",") not in _FILLERS]
    stops = [*(level for level in levels if level < 0), *map(_level, below)]
    targets = [*(level for level in levels if level > 0), *map(_level, above)]
    given = _level(giveback[1]) if giveback is not None else None
    till = _time(block[1], block[2]) if block is not None and block[1] else None
    wrong = len(stops) > 1 or len(targets) > 1 or 0 in levels or (given is not None and given <= 0)
    if wrong or not (stops or targets or given) or (block is not None and block[1] and till is None):
        raise UsageError("After if comes −5000, +8000 or giveback 3000.", example=EXAMPLE)
    return PnlSaid(
        stop=stops[0] if stops else None, target=targets[0] if targets else None, giveback=given, action=action,
        after_charges=charges, blocks=block is not None, blocks_till=till,
    )  # fmt: skip


def _time(hour: str, minute: str) -> time | None:
    return time(int(hour), int(minute)) if int(hour) < 24 and int(minute) < 60 else None


def _level(word: str) -> Decimal:
    text = word.strip(",").removesuffix("/-")
    number = figure_of(text.lstrip("+-"))
    if number is None or len(text) - len(text.lstrip("+-")) > 1:
        raise UsageError(f'"{word}" is no level of the day\'s P&L.', example=EXAMPLE)
    return -number.value if text.startswith("-") else number.value


async def leave_if(ctx: Ctx, scope: str, conditions: str) -> None:
    """The card of a P&L exit. `/exit if` alone lists those that watch."""
    if not scope and not conditions:
        await ctx.redraw_or_reply(views.listed(await ctx.services.pnl_exits.shown(ctx.actor), ctx.mode))
        return
    asked = await ctx.services.pnl_exits.ask(ctx.actor, scope or "all", said(conditions), chat_id=ctx.chat_id)
    await pose(ctx, asked.confirmation, views.card(asked, ctx.mode))


async def tapped(ctx: Ctx, tap: PnlExitTap) -> None:
    """One of the buttons of a P&L exit."""
    exits = ctx.services.pnl_exits
    match tap.verb:
        case PnlVerb.CONFIRM:
            await _confirm(ctx, tap)
        case PnlVerb.DISCARD:
            await discard(ctx, tap.token)
        case PnlVerb.ONLY_ALERT:
            await ctx.redraw(views.listed(await exits.only_alert(ctx.actor, tap.token), ctx.mode))
        case PnlVerb.CHANGE:
            await ctx.redraw(views.changing(await exits.shown(ctx.actor), tap.token, ctx.mode))
        case PnlVerb.REMOVE:
            await ctx.redraw(views.listed(await exits.remove(ctx.actor, tap.token), ctx.mode))


async def _confirm(ctx: Ctx, tap: PnlExitTap) -> None:
    async with claiming(ctx, tap.token):
        shown = await ctx.services.pnl_exits.confirm(ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id)
        await ctx.redraw(views.listed(shown, ctx.mode))


TAPS: Taps = {PnlExitTap: tapped}
