"""[Reverse] under a fill, and the buttons of its card."""

from bot.domain.errors import WordsWanted
from handlers.commands.claiming import claiming
from handlers.commands.command import Taps
from handlers.commands.questions import discard
from handlers.context.context import Ctx
from handlers.views.orders import reverse as views
from handlers.views.orders.reverse import ReverseTap, ReverseVerb
from handlers.views.plans import exits as exit_views


async def tapped(ctx: Ctx, tap: ReverseTap) -> None:
    """Turns the position round, asks again in words, or leaves it as it is."""
    if tap.verb is ReverseVerb.DISCARD:
        await discard(ctx, tap.token)
        return
    reversals, in_words = ctx.services.reversals, tap.verb is ReverseVerb.YES
    async with claiming(ctx, f"{tap.token} {tap.verb}", "") as answered:
        try:
            way = await reversals.confirm(
                ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id, in_words=in_words, answered=answered
            )
        except WordsWanted as wanted:
            exits = await reversals.card(ctx.actor, tap.token)
            await ctx.redraw(views.in_words(exits, wanted.reasons, ctx.label, ctx.mode, ctx.now))
        else:
            await ctx.redraw(exit_views.shown(way, ctx.mode, ctx.state.explain))


TAPS: Taps = {ReverseTap: tapped}
