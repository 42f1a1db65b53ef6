"""/watch: a list of prices in one message that is refreshed for ten minutes.

Symbols come and go by words and buttons.
"""

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from handlers.commands.command import Command
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.views.market import watch as views


async def watch(ctx: Ctx) -> None:
    """`/watch` shows it, `/watch reliance` adds, `/watch remove reliance` takes away, `/watch edit` offers that by buttons."""
    act, _, rest = ctx.words.strip().partition(" ")
    lists = ctx.services.watch_lists
    if act.lower() in ("add", "remove") and not rest.strip():
        raise UsageError("Which symbol?", example=f"/watch {act.lower()} RELIANCE")
    if act.lower() == "remove":
        await lists.remove(ctx.actor, rest)
    elif act and act.lower() != "edit":
        await lists.add(ctx.actor, rest if act.lower() == "add" else ctx.words)
    shown = await lists.shown(ctx.actor)
    if act.lower() == "edit":
        await ctx.redraw_or_reply(views.edit(shown, ctx.mode))
        return
    shown = lists.until(shown)
    message_id = await ctx.redraw_or_reply(views.watch(shown, ctx.now, ctx.mode))
    await lists.follow(ctx.actor, ctx.chat_id, message_id, shown)
    if shown.until is not None and not ctx.stays:
        await ctx.pin(message_id)


COMMANDS = (
    Command(
        name="watch", arguments="[symbol | remove symbol]", help="A list of prices that refreshes itself for ten minutes",
        example="/watch RELIANCE", family=Family.MARKET, permission=Permission.LOOK, handler=watch,
    ),
)  # fmt: skip
