"""A picture after its words: drawn and sent beside everything else that the person does meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.domain.pictures import Picture
from handlers.context.context import Ctx
from handlers.telegram.sender import Sender
from handlers.views.message import View

A_MOMENT = 1.0  # seconds that a photo waits for its sign, on a line that is slow
SHOWN = 4.0  # seconds; Telegram takes the sign away after five


def send_picture(ctx: Ctx, picture: Picture, caption: View, *, under: int) -> None:
    """Begins to draw and returns at once. The photo answers the message `under`. What fails is told as any error is."""
    ctx.application.create_task(_send(ctx, picture, caption, under), ctx.cause, name="a picture")


async def _send(ctx: Ctx, picture: Picture, caption: View, under: int) -> None:
    async with _uploading(ctx) as shown:
        png = await ctx.services.pictures.png(picture)
        with suppress(TimeoutError):
            async with asyncio.timeout(A_MOMENT):
                await shown.wait()  # a sign that came after the photo would stand there for nothing
        await Sender(ctx.bot).photo(ctx.chat_id, png, ctx.own(caption), reply_to=under, silent=True)


@asynccontextmanager
async def _uploading(ctx: Ctx) -> AsyncIterator[asyncio.Event]:
    """Shows "sending a photo" as long as it takes. The event: it stands there, or Telegram would not show it."""
    shown = asyncio.Event()
    sign = asyncio.create_task(_sign(ctx, shown), name="uploading photo")
    try:
        yield shown
    finally:
        sign.cancel()
        with suppress(asyncio.CancelledError):
            await sign


async def _sign(ctx: Ctx, shown: asyncio.Event) -> None:
    while True:
        with suppress(TelegramError):
            await ctx.bot.send_chat_action(ctx.chat_id, ChatAction.UPLOAD_PHOTO)
        shown.set()
        await asyncio.sleep(SHOWN)
