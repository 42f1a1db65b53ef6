"""/quote and /search."""

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.views.market import market as views


async def quote(ctx: Ctx) -> None:
    """The price of an instrument, with its real age."""
    if not ctx.words:
        raise UsageError("The price of what?", example="/quote RELIANCE")
    await ctx.reply(views.quote(await ctx.services.market.quote(ctx.actor, ctx.words), ctx.now), marked=False)


async def search(ctx: Ctx) -> None:
    """Instruments that the words may mean."""
    if not ctx.words:
        raise UsageError("Search for what?", example="/search tata motors")
    await ctx.reply(views.search(await ctx.services.market.search(ctx.words), ctx.words, ctx.now), marked=False)


COMMANDS = (
    Command(
        name="quote", short=("q", "bhav", "भाव"), arguments="<symbol>",
        help="Price, bid and ask, range of the day", example="/quote NIFTY",
        family=Family.MARKET, permission=Permission.LOOK, handler=quote,
    ),
    Command(
        name="search", arguments="<words>", help="Find a share or contract", example="/search tata motors",
        family=Family.MARKET, permission=Permission.LOOK, handler=search,
    ),
)  # fmt: skip
