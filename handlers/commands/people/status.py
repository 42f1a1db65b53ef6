"""/status and /audit."""

import re

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from handlers.commands.command import Command, Pages
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.permissions import demand
from handlers.views.message import View
from handlers.views.people import status as views
from handlers.views.taps.taps import Listing, ListingTap


async def status(ctx: Ctx) -> None:
    """Shows how the bot is doing. `full` shows what matters of its report on a phone."""
    if ctx.words.casefold() == "full":
        demand(ctx.actor, Permission.ADMIN)
        await ctx.reply(views.full(await ctx.services.host.inspect()), marked=False)
        return
    if ctx.words:
        raise UsageError("Only “full” can stand behind it.", example="/status full")
    await ctx.reply(await status_page(ctx), marked=False)


async def status_page(ctx: Ctx) -> View:
    """How the bot is doing now."""
    return views.status(await ctx.services.host.status(ctx.actor))


async def audit(ctx: Ctx) -> None:
    """The newest acts, or those before the one whose number is given."""
    if ctx.words and not re.fullmatch(r"#?[0-9]{1,12}", ctx.words):
        raise UsageError("The number of an act: older ones than that are shown.", example="/audit 120")
    before = int(ctx.words.removeprefix("#")) if ctx.words else None
    await ctx.reply(views.audit(await ctx.services.host.audit(ctx.actor, before), ctx.now), marked=False)


async def draw_again(ctx: Ctx, _: ListingTap) -> None:
    await ctx.redraw(await status_page(ctx), marked=False)


COMMANDS = (
    Command(
        name="audit", arguments="[number]", help="Who did what, when, from which message", example="/audit",
        family=Family.HOST, permission=Permission.ADMIN, handler=audit,
    ),
    Command(
        name="status", arguments="[full]", help="How the bot is doing", example="/status",
        family=Family.HOST, permission=Permission.LOOK, handler=status,
    ),
)  # fmt: skip

PAGES: Pages = {Listing.STATUS: draw_again}
