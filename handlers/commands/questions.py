"""A question before an act: shown and tied to its message, or answered with no."""

from bot.domain.orders.confirmation import Confirmation
from handlers.context.context import Ctx
from handlers.telegram.rate_limits import Priority
from handlers.views.message import View
from handlers.views.plans import answers


async def pose(
    ctx: Ctx,
    question: Confirmation,
    view: View,
    *,
    in_place: bool = False,
    priority: Priority = Priority.REPLY,
    marked: bool = True,
) -> None:
    """Shows a question and ties it to its message, so that only taps under that message count."""
    shows = ctx.redraw if in_place else ctx.reply
    message_id = await shows(view, priority=priority, marked=marked)
    await ctx.services.proposals.shown(question.token, message_id)


async def discard(ctx: Ctx, token: str) -> None:
    """Closes the question under which no was tapped, and says so there. ConfirmationGone when it is not open to this tap."""
    question = await ctx.services.proposals.discard(ctx.actor, token, chat_id=ctx.chat_id, message_id=ctx.message_id)
    await ctx.redraw(answers.discarded(question, ctx.label, ctx.now))
