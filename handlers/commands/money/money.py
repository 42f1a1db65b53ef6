"""/report."""

from bot.domain.clock import ist_date
from bot.domain.people.account import Permission
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.dates import report_day
from handlers.views.money import money as views


async def report(ctx: Ctx) -> None:
    """The summary of today or of an earlier day."""
    day = report_day(ctx.words, ist_date(ctx.now))
    await ctx.reply(views.report(await ctx.services.summaries.day(ctx.actor, day), ctx.label, ctx.mode, mark=ctx.mark))


COMMANDS = (
    Command(
        name="report", arguments="[date]", help="Summary of a day", example="/report 20 nov",
        family=Family.MONEY, permission=Permission.LOOK, handler=report,
    ),
)  # fmt: skip
