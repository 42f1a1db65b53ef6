"""/chain: the strikes around the money by expiry, and the ticket of one of them."""

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from bot.domain.proposals.proposal import Quoted
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.views.market import chain as views


async def chain(ctx: Ctx) -> None:
    """`/chain nifty` is the nearest expiry, `/chain nifty 8 dec` another, `/chain nifty 24500 ce 8 dec` one contract's ticket."""
    if not ctx.words:
        raise UsageError("The chain of what?", example="/chain NIFTY")
    asked = await ctx.services.chains.asked(ctx.actor, ctx.words)
    if isinstance(asked, Quoted):
        await ctx.reply(views.ticket(asked, ctx.now, ctx.label))
    else:
        await ctx.redraw_or_reply(views.chain(asked, ctx.now, ctx.mode))


COMMANDS = (
    Command(
        name="chain", arguments="<underlying> [expiry]", help="Options around the money; tap one for its ticket",
        example="/chain NIFTY", family=Family.MARKET, permission=Permission.LOOK, handler=chain,
    ),
)  # fmt: skip
