"""/convert: another product for an open position."""

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from bot.trading.converting.conversions import EXAMPLE
from handlers.commands.claiming import claiming
from handlers.commands.command import Command, Taps
from handlers.commands.questions import discard, pose
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.script import latin
from handlers.telegram.rate_limits import Priority
from handlers.views.orders import convert as views
from handlers.views.orders.convert import ConvertTap, ConvertVerb

CARRY = "/carry RELIANCE"


async def convert(ctx: Ctx) -> None:
    """Proposes a change of product, and sends nothing."""
    await _ask(ctx, latin(ctx.words), example=EXAMPLE)


async def carry(ctx: Ctx) -> None:
    """Proposes to keep a position over the night, and sends nothing."""
    said = latin(ctx.words)
    await _ask(ctx, said and f"{said} carry", example=CARRY)


async def _ask(ctx: Ctx, said: str, *, example: str) -> None:
    if not said:
        raise UsageError("Which position?", example=example)
    asked = await ctx.services.conversions.ask(ctx.actor, said, chat_id=ctx.chat_id)
    await pose(ctx, asked.confirmation, views.card(asked, ctx.mode))


async def tapped(ctx: Ctx, tap: ConvertTap) -> None:
    """One of the buttons of the question."""
    if tap.verb is ConvertVerb.DISCARD:
        await discard(ctx, tap.token)
        return
    async with claiming(ctx, tap.token, "Converting…") as answered:
        made = await ctx.services.conversions.confirm(
            ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id, answered=answered
        )
        await ctx.redraw(views.ended(made, ctx.label, ctx.mode), priority=Priority.SAFETY)


COMMANDS = (
    Command(
        name="convert", arguments="<symbol> [quantity|half] [cnc|nrml|mis]",
        help="Another product for an open position: intraday to delivery or carry-forward, or back", example=EXAMPLE,
        family=Family.ORDER, permission=Permission.OPEN, handler=convert,
    ),
    Command(
        name="carry", arguments="<symbol> [quantity|half]",
        help="Keep an open intraday position over the night: as delivery or carry-forward", example=CARRY,
        family=Family.ORDER, permission=Permission.OPEN, handler=carry,
    ),
)  # fmt: skip

TAPS: Taps = {ConvertTap: tapped}
