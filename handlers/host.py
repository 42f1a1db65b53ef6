"""/status."""

from handlers.context import Ctx
from handlers.views import host as views
from handlers.views.message import View


async def status(ctx: Ctx) -> None:
    await ctx.reply(await status_page(ctx))


async def status_page(ctx: Ctx) -> View:
    """How the bot is doing now."""
    return views.status(await ctx.services.host.status(ctx.actor))
