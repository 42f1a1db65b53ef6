"""[Card at 09:16] on a card that the market does not take now, and what becomes of it."""

from handlers.commands.command import Taps
from handlers.commands.orders.order import ask
from handlers.context.context import Ctx
from handlers.views.news import later as views
from handlers.views.news.later import LaterTap, LaterVerb


async def tapped(ctx: Ctx, tap: LaterTap) -> None:
    """Asks the order at the price of now, or drops it."""
    if tap.verb is LaterVerb.SHOW:
        await ask(ctx, await ctx.services.later.show(ctx.actor, tap.card_id, chat_id=ctx.chat_id))
        return
    card = await ctx.services.later.drop(ctx.actor, tap.card_id)
    if len(ctx.message.reply_markup.inline_keyboard if ctx.message and ctx.message.reply_markup else ()) > 1:
        await ctx.reply(views.dropped(card, ctx.now))  # the other cards of that message keep their buttons
    else:
        await ctx.redraw(views.dropped(card, ctx.now))


TAPS: Taps = {LaterTap: tapped}
