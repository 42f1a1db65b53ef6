"""/start /help /menu /cancel and `?`."""

import asyncio
from collections.abc import Sequence

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from handlers.commands.command import Command
from handlers.commands.money import books
from handlers.commands.people import people
from handlers.context.command import CommandInfo, Family
from handlers.context.command_menu import offer_menu
from handlers.context.context import Ctx
from handlers.telegram.admission import joining_code
from handlers.views.money import books as book_views
from handlers.views.orders import steps as step_views
from handlers.views.people import account as account_views
from handlers.views.people import start as views
from handlers.views.taps.taps import Listing, ListingTap


async def start(ctx: Ctx) -> None:
    """Greets by role and says what to try first. A joining link that somebody on the list opens comes here too."""
    if (code := joining_code(f"/start {ctx.words}")) is not None:
        await people.came(ctx, code)
        return
    await offer_menu(ctx.bot, ctx.chat_id, ctx.actor.role, ctx.state.commands)
    line = ""
    if ctx.actor.account is not None:
        line = account_views.session_line(await ctx.services.logins.session(ctx.actor), ctx.now)
    await ctx.reply(views.greeting(ctx.actor, ctx.mode, line))


def _mine(ctx: Ctx) -> Sequence[CommandInfo]:
    return tuple(command for command in ctx.state.commands if ctx.actor.may(command.permission))


async def help_(ctx: Ctx) -> None:
    """Every command of this person's role, or one explained."""
    word = ctx.words.lower().removeprefix("/")
    if not word:
        await ctx.reply(views.help_all(_mine(ctx), ctx.mode), marked=False)
        return
    if family := [command for command in _mine(ctx) if command.family.lower() == word]:
        await ctx.redraw_or_reply(views.help_family(family, _mine(ctx), ctx.mode))
        return
    info = next((command for command in ctx.state.commands if word == command.name or word in command.short), None)
    if info is None:
        raise UsageError(f'There is no command "{ctx.words}".', example="/help buy")
    await ctx.reply(views.help_one(info, ctx.mode), marked=False)


async def menu(ctx: Ctx) -> None:
    await ctx.reply(views.menu(ctx.actor, ctx.mode))


async def cancel(ctx: Ctx) -> None:
    """Leaves a question on the way to an order. With none open it lists the open orders: that is what a hurried hand means."""
    if await ctx.services.prompts.answered(ctx.chat_id) is not None:
        await ctx.reply(step_views.left(), marked=False)
        return
    await ctx.reply(await books.page(ctx, ListingTap(Listing.ORDERS, ctx.label, "open")))


async def glance(ctx: Ctx) -> None:
    """Shows the last order, the positions and the session. Without a session it says only that: the rest is not known."""
    state = await ctx.services.logins.session(ctx.actor)
    if not account_views.alive(state, ctx.now):
        await ctx.reply(account_views.session(state, ctx.mode, ctx.now))
        return
    line = account_views.session_line(state, ctx.now)
    orders, positions = await asyncio.gather(
        ctx.services.account_views.orders(ctx.actor), ctx.services.account_views.positions(ctx.actor, known=True)
    )
    await ctx.reply(book_views.glance(orders, positions, line, ctx.label, ctx.mode))


COMMANDS = (
    Command(
        name="start", help="Who you are here and what to do first", example="/start",
        family=Family.START, permission=Permission.LOOK, handler=start,
    ),
    Command(
        name="help", arguments="[command]", help="The commands by kind, or one explained", example="/help buy",
        family=Family.START, permission=Permission.LOOK, handler=help_,
    ),
    Command(
        name="menu", help="The usual things as buttons", example="/menu",
        family=Family.START, permission=Permission.LOOK, handler=menu,
    ),
    Command(
        name="cancel", help="Leave a question; otherwise the open orders, to cancel them", example="/cancel",
        family=Family.START, permission=Permission.LOOK, handler=cancel,
    ),
    Command(
        name="?", help="Last order, positions and session in one short message", example="?",
        family=Family.START, permission=Permission.LOOK, handler=glance, in_menu=False,
    ),
)  # fmt: skip
