"""/kill and /resume."""

from telegram.error import TelegramError

from bot.domain.people.account import Permission
from handlers.commands.command import Command, Taps
from handlers.commands.questions import pose
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.telegram.rate_limits import Priority
from handlers.views.orders import card as cards
from handlers.views.orders import order as order_views
from handlers.views.people import safety as views
from handlers.views.taps.taps import EntriesTap


async def kill(ctx: Ctx) -> None:
    """Blocks new entries at once. The answer overtakes everything else that waits to be sent."""
    killed = await ctx.services.switch.kill(ctx.actor)
    try:
        await ctx.reply(views.killed(killed, ctx.mode, ctx.now), priority=Priority.FIRST)
    except TelegramError:  # no card shows it: told as news, which is kept until Telegram has it
        await ctx.services.switch.tell(ctx.actor, killed)
        raise


async def resume(ctx: Ctx) -> None:
    """Asks in words before new entries are allowed again."""
    question = await ctx.services.switch.ask_resume(ctx.actor, chat_id=ctx.chat_id)
    await pose(ctx, question.confirmation, order_views.question(question, ctx.mode, ctx.now))


async def cancel_entries(ctx: Ctx, _: EntriesTap) -> None:
    """Cancels the entries that /kill left resting."""
    orders = await ctx.services.orders.cancel_entries(ctx.actor)
    stays = await ctx.services.orders.staying(ctx.actor)
    await ctx.reply(cards.cancel_sent(orders, ctx.label, ctx.mode, ctx.now, stays=stays), priority=Priority.FIRST)


COMMANDS = (
    Command(
        name="kill", help="Stop all new orders at once", example="/kill",
        family=Family.SAFETY, permission=Permission.STOP, handler=kill,
    ),
    Command(
        name="resume", help="Allow new orders again", example="/resume",
        family=Family.SAFETY, permission=Permission.ADMIN, handler=resume,
    ),
)  # fmt: skip

TAPS: Taps = {EntriesTap: cancel_entries}
