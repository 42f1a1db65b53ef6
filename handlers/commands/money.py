"""/pnl and /report."""

from bot.domain.clock import ist_date
from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from handlers.commands.command import Command, Pages
from handlers.commands.dates import report_day
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.views import money as views
from handlers.views.message import View
from handlers.views.taps import Listing, ListingTap


async def pnl(ctx: Ctx) -> None:
    """Profit and loss of today."""
    if ctx.words.lower() not in ("", "today"):
        raise UsageError(
            "I can show today's profit and loss; for one earlier day ask for its report.", example="/report yesterday"
        )
    await ctx.reply(await page(ctx, ListingTap(Listing.PNL, ctx.label)))


async def report(ctx: Ctx) -> None:
    """The summary of today or of an earlier day."""
    day = report_day(ctx.words, ist_date(ctx.now))
    await ctx.reply(views.report(await ctx.services.reports.day(ctx.actor, day), ctx.label, ctx.mode, mark=ctx.mark))


async def page(ctx: Ctx, tap: ListingTap) -> View:
    """Today's profit and loss as it is now."""
    return views.pnl(await ctx.services.books.pnl(ctx.actor), tap, ctx.name, ctx.mode)


async def draw_again(ctx: Ctx, tap: ListingTap) -> None:
    await ctx.redraw(await page(ctx, tap))


COMMANDS = (
    Command(
        name="pnl", arguments="[today]", help="Profit and loss of today", example="/pnl",
        family=Family.MONEY, permission=Permission.LOOK, handler=pnl,
    ),
    Command(
        name="report", arguments="[date]", help="Summary of a day", example="/report 20 nov",
        family=Family.MONEY, permission=Permission.LOOK, handler=report,
    ),
)  # fmt: skip

PAGES: Pages = {Listing.PNL: draw_again}
