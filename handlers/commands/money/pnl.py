"""/pnl of today or of any range of days, and its pages."""

from bot.domain.clock import ist_date
from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from handlers.commands.command import Command, Pages
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.pictures import send_picture
from handlers.context.words.ranges import names_a_span, range_of
from handlers.views.message import View
from handlers.views.money import pnl as views
from handlers.views.taps.taps import Listing, ListingTap

EXAMPLE = "/pnl week"


async def pnl(ctx: Ctx) -> None:
    """Profit and loss of today, or of a range."""
    if ctx.words.lower().startswith("exit"):
        raise UsageError("A P&L exit is a way out with its level behind if.", example="/exit all if -5000")
    today = ist_date(ctx.now)
    span = range_of(ctx.words, today, example=EXAMPLE)
    if span == (today, today) and not names_a_span(ctx.words, today):
        await ctx.reply(await page(ctx, ListingTap(Listing.PNL, ctx.label)))
        return
    await ctx.services.summaries.look_again(ctx.actor)
    report = await ctx.services.range_pnl.of(ctx.actor, *span)
    tap = ListingTap(Listing.PNL, ctx.label, views.argument_of(*span))
    under = await ctx.reply(views.range_view(report, views.Section.WHOLE, tap, ctx.name, ctx.mode))
    month = views.month(report, ctx.mode)
    if month is not None:
        send_picture(ctx, month, views.month_caption(month), under=under)


async def page(ctx: Ctx, tap: ListingTap) -> View:
    """What a tap names: today, or a range, whole or one way of telling it apart."""
    services, (span, section) = ctx.services.range_pnl, views.asked_by(tap.argument)
    if span is None and section is views.Section.WHOLE:
        return views.today(await services.today(ctx.actor), tap, ctx.name, ctx.mode)
    today = ist_date(ctx.now)
    first, last = span or (today, today)
    await ctx.services.summaries.look_again(ctx.actor)
    return views.range_view(await services.of(ctx.actor, first, last), section, tap, ctx.name, ctx.mode)


async def draw_again(ctx: Ctx, tap: ListingTap) -> None:
    await ctx.redraw(await page(ctx, tap))


COMMANDS = (
    Command(
        name="pnl", arguments="[today | week | month | nov | date..date]", help="Profit and loss of today or of a range",
        example=EXAMPLE, family=Family.MONEY, permission=Permission.LOOK, handler=pnl,
    ),
)  # fmt: skip

PAGES: Pages = {Listing.PNL: draw_again}
