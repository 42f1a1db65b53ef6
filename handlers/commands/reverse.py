"""[Reverse] under a fill, and the buttons of its card."""

from bot.domain.errors import CheckFailed, ConfirmationGone, WordsWanted
from handlers.commands.command import Taps
from handlers.commands.confirm import answering
from handlers.context.context import Ctx
from handlers.views import exits as exit_views
from handlers.views import reverse as views
from handlers.views.failures import failure
from handlers.views.message import message
from handlers.views.reverse import ReverseTap, ReverseVerb


async def tapped(ctx: Ctx, tap: ReverseTap) -> None:
    """Turns the position round, asks again in words, or leaves it as it is."""
    if tap.verb is ReverseVerb.DISCARD:
        await ctx.services.exits.discard(ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id)
        await ctx.redraw(exit_views.discarded())
        return
    reversals, repeated = ctx.services.reversals, not ctx.state.first_tap(f"{tap.token} {tap.verb}")
    try:
        way = await reversals.confirm(
            ctx.actor,
            tap.token,
            chat_id=ctx.chat_id,
            message_id=ctx.message_id,
            in_words=tap.verb is ReverseVerb.YES,
            answered=None if repeated else answering(ctx, ""),
        )
    except WordsWanted as wanted:
        exits = await reversals.card(ctx.actor, tap.token)
        await ctx.redraw(views.in_words(exits, wanted.reasons, ctx.label, ctx.mode, ctx.now))
    except ConfirmationGone as gone:
        if gone.expired or gone.again:
            await ctx.redraw(message(gone.say))
        elif repeated:
            await ctx.answer(gone.say, alert=True)
        else:
            raise
    except CheckFailed as refusal:
        await ctx.redraw(failure(refusal, "", account=ctx.label))
    else:
        await ctx.redraw(exit_views.shown(way, ctx.mode))


TAPS: Taps = {ReverseTap: tapped}
