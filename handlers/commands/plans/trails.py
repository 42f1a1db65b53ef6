"""/trail lists the trails or asks for one on what is open.

The buttons of a trail stand here too, and what a reply asks of one.
"""

import re

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from bot.domain.plans.trail_card import TrailCard
from bot.trading.plans.trails import EXAMPLE
from handlers.commands.claiming import claiming
from handlers.commands.command import Command, Taps
from handlers.commands.questions import discard, pose
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.permissions import demand
from handlers.context.words.reply import TRAIL_SAID, trail_said
from handlers.context.words.script import latin
from handlers.views.plans import trails as views
from handlers.views.taps.trail_taps import TrailTap, TrailVerb

_OFF = re.compile(r"(\S.*?)\s+(?:off|stop|end|band)", re.IGNORECASE)
_BEHIND = re.compile(rf"(\S.*?)\s+({TRAIL_SAID.pattern})", re.IGNORECASE)


async def trail(ctx: Ctx) -> None:
    """`/trail reliance 15`, `/trail 24500 ce 2%`, `/trail nifty fut 15 step 10`, `/trail reliance off`. Alone it lists them."""
    words = latin(ctx.words).strip()
    if not words:
        await ctx.redraw_or_reply(views.listed(await ctx.services.trails.all(ctx.actor), ctx.label, ctx.mode))
        return
    demand(ctx.actor, Permission.REDUCE)
    if (off := _OFF.fullmatch(words)) is not None:
        for one in await ctx.services.trails.end_of(ctx.actor, off[1]):
            await ctx.reply(views.shown(one, ctx.mode))
        return
    match = _BEHIND.fullmatch(words)
    wanted = trail_said(match[2] if match is not None else words)
    if wanted is None:
        raise UsageError(
            "A trail is what is open, and how far behind the best price: points, per cent, or steps.", example=EXAMPLE
        )
    await show(
        ctx, await ctx.services.trails.ask(ctx.actor, match[1] if match is not None else "all", wanted, chat_id=ctx.chat_id)
    )


async def show(ctx: Ctx, asked: TrailCard) -> None:
    """Shows the question and ties it to its message."""
    await pose(ctx, asked.confirmation, views.card(asked, ctx.mode, ctx.now))


async def tapped(ctx: Ctx, tap: TrailTap) -> None:
    """One of the buttons of a trail."""
    trails = ctx.services.trails
    match tap.verb:
        case TrailVerb.CONFIRM:
            await _confirm(ctx, tap)
        case TrailVerb.DISCARD:
            await discard(ctx, tap.token)
        case TrailVerb.LOOK:
            await ctx.redraw(views.shown(await trails.shown(ctx.actor, tap.token), ctx.mode))
        case TrailVerb.END:
            await ctx.reply(views.shown(await trails.end(ctx.actor, tap.token), ctx.mode))  # it may stand on the card of an order
        case TrailVerb.ASK:
            raise await trails.choices(ctx.actor, tap.token)


async def _confirm(ctx: Ctx, tap: TrailTap) -> None:
    async with claiming(ctx, tap.token):
        began = await ctx.services.trails.confirm(ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id)
        await ctx.redraw(views.shown(began, ctx.mode))


COMMANDS = (
    Command(
        name="trail", arguments="[symbol points|%|off [step points]]",
        help="A stop that follows the price of what is open; alone: your trails", example=EXAMPLE,
        family=Family.ORDER, permission=Permission.LOOK, handler=trail,
    ),
)  # fmt: skip

TAPS: Taps = {TrailTap: tapped}
