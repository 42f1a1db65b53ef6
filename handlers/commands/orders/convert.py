"""/convert: another product for an open position."""

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from bot.trading.converting.conversions import EXAMPLE
from handlers.commands.claiming import claiming, discard
from handlers.commands.command import Command, Taps
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.script import latin
from handlers.telegram.rate_limits import Priority
from handlers.views.orders import convert as views
from handlers.views.orders.convert import ConvertTap, ConvertVerb


async def convert(ctx: Ctx) -> None:
    """Proposes a change of product, and sends nothing."""
    said = latin(ctx.words)
    if not said:
        raise UsageError("Which position?", example=EXAMPLE)
    asked = await ctx.services.conversions.ask(ctx.actor, said, chat_id=ctx.chat_id)
    message_id = await ctx.reply(views.card(asked, ctx.mode))
    await ctx.services.proposals.shown(asked.confirmation.token, message_id)


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
        name="convert", short=("carry",), arguments="<symbol> [quantity|half] [cnc|nrml|mis]",
        help="Another product for an open position: intraday to delivery or carry-forward, or back", example=EXAMPLE,
        family=Family.ORDER, permission=Permission.OPEN, handler=convert,
    ),
)  # fmt: skip

TAPS: Taps = {ConvertTap: tapped}
