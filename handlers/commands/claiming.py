"""A tap that claims a question, which only one tap can: how it is answered, and what is said when the question is gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.domain.errors import CheckFailed, ConfirmationGone
from handlers.context.context import Ctx
from handlers.views.failures import failure
from handlers.views.message import View, message

ANSWER_FIRST = 0.5  # seconds that an order waits at most for Telegram to take the answer to the tap

Answered = Callable[[], Awaitable[object]]


@asynccontextmanager
async def claiming(
    ctx: Ctx,
    question: str,
    doing: str | None = None,
    *,
    expired: Callable[[ConfirmationGone], View] = lambda gone: message(gone.say),
) -> AsyncIterator[Answered | None]:
    """Around the claim: says in the question's place that it expired or was refused, and in a note that a tap came too late.

    Yields what the desk is to await before an order leaves, which answers the first tap with what is being done.
    question: what the tap is counted by.
    """
    first = ctx.state.first_tap(question)
    try:
        yield answering(ctx, doing) if first and doing is not None else None
    except ConfirmationGone as gone:
        if gone.expired or gone.again:
            await ctx.redraw(expired(gone))
        elif first:
            raise
        else:
            await ctx.answer(gone.say, alert=True)
    except CheckFailed as refusal:  # the claim killed the question, so its buttons go with it
        await ctx.redraw(failure(refusal, "", account=ctx.label))


def answering(ctx: Ctx, text: str) -> Answered:
    """Answers the tap while the desk claims the question. No order leaves before Telegram has the answer.

    The desk awaits what this returns. A slow Telegram holds an order back for ANSWER_FIRST at most.
    """
    answer = asyncio.create_task(ctx.answer(text), name="answer to a tap")
    return lambda: asyncio.wait({answer}, timeout=ANSWER_FIRST)
