"""/exit and /panic, and the buttons of a list of exits."""

import re

from bot.domain.errors import NotLinked, NotSent, Refused, SessionExpired, Unreadable
from bot.domain.exits.exit_choice import means_nothing
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.people.account import Permission
from handlers.commands.claiming import claiming
from handlers.commands.command import Command, Taps
from handlers.commands.money import books
from handlers.commands.orders.order import show
from handlers.commands.plans import pnl_exits
from handlers.commands.questions import discard
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.script import latin
from handlers.telegram.rate_limits import Priority
from handlers.views.plans import exits as views
from handlers.views.taps.exit_taps import ExitsTap, ExitsVerb
from handlers.views.taps.taps import EXITS, ExitTap, Listing, ListingTap

_LEADING = re.compile(r"^(?:off|do|karo|out)\b\s*", re.IGNORECASE)  # sq off, nikal do


async def leave(ctx: Ctx) -> None:
    """Proposes the exit of what the words name: one position, or a list under one Confirm. Without words each has a button."""
    said = _LEADING.sub("", latin(ctx.words))
    if means_nothing(said):
        await ctx.reply(await books.page(ctx, ListingTap(Listing.POSITIONS, ctx.label, EXITS)))
        return
    if (parts := pnl_exits.parted(said)) is not None:
        await pnl_exits.leave_if(ctx, *parts)
        return
    await show(ctx, await ctx.services.exits.ask(ctx.actor, said, chat_id=ctx.chat_id))


async def panic(ctx: Ctx) -> None:
    """Asks once whether all intraday and carry-forward positions are to be closed, or shows the panic that is under way."""
    try:
        asked = await ctx.services.exits.ask_panic(ctx.actor, chat_id=ctx.chat_id)
    except SessionExpired:
        ctx.state.after_login[ctx.chat_id] = (ctx.label, panic)
        await ctx.reply(views.login_first(ctx.label, ctx.mode), priority=Priority.FIRST)
        return
    except NotLinked:
        raise
    except (NotSent, Refused, Unreadable) as error:
        stopped = await ctx.services.switch.is_on(ctx.actor)
        refused = error.say if isinstance(error, Refused) else ""
        await ctx.reply(views.not_seen(ctx.label, ctx.mode, stopped=stopped, refused=refused), priority=Priority.FIRST)
        return
    if isinstance(asked, ExitsShown):
        message_id = await ctx.reply(views.shown(asked, ctx.mode, ctx.state.explain), priority=Priority.FIRST)
        await ctx.services.exits.stands_in(asked.exits.plan_id, ctx.chat_id, message_id)
    else:
        await show(ctx, asked)


async def exit_position(ctx: Ctx, tap: ExitTap) -> None:
    """Proposes the order that closes what is held of one position now. A cover is asked about first."""
    await show(ctx, await ctx.services.exits.ask_position(ctx.actor, tap.key, tap.product, chat_id=ctx.chat_id))


async def tapped(ctx: Ctx, tap: ExitsTap) -> None:
    """One of the buttons of a list."""
    exits = ctx.services.exits
    match tap.verb:
        case ExitsVerb.CONFIRM:
            await _confirm(ctx, tap)
        case ExitsVerb.DISCARD:
            await discard(ctx, tap.token)
        case ExitsVerb.LOOK:
            await ctx.redraw(views.shown(await exits.shown(ctx.actor, tap.token), ctx.mode, ctx.state.explain))
        case ExitsVerb.GO_ON:
            await ctx.answer("Going on…")
            await ctx.redraw(views.shown(await exits.go_on(ctx.actor, tap.token), ctx.mode, ctx.state.explain))
        case ExitsVerb.LEFT:
            await ctx.answer("Looking once more…")
            await ctx.redraw(views.shown(await exits.send_left(ctx.actor, tap.token), ctx.mode, ctx.state.explain))
        case ExitsVerb.STOP:
            await ctx.redraw(views.shown(await exits.stop_here(ctx.actor, tap.token), ctx.mode, ctx.state.explain))


async def _confirm(ctx: Ctx, tap: ExitsTap) -> None:
    async with claiming(ctx, tap.token, "Closing…") as answered:
        way = await ctx.services.exits.confirm(
            ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id, answered=answered
        )
        await ctx.redraw(views.shown(way, ctx.mode, ctx.state.explain), priority=Priority.FIRST)


COMMANDS = (
    Command(
        name="exit", short=("sq", "squareoff", "square", "close", "nikal", "niklo", "nikalo", "निकाल", "निकालो"),
        arguments="<symbol|nifty|intraday|ce|pe|longs|shorts|green|red|all|holdings> [quantity|half|%] "
        "[if −5000|+8000|giveback 3000]",
        help="Close one position, a list of them or the holdings under one Confirm; behind if: at a P&L of the day",
        example="/exit nifty",
        family=Family.ORDER, permission=Permission.REDUCE, handler=leave,
    ),
    Command(
        name="panic", help="Close everything intraday and carry-forward, and block new orders", example="/panic",
        family=Family.ORDER, permission=Permission.REDUCE, handler=panic,
    ),
)  # fmt: skip

TAPS: Taps = {ExitTap: exit_position, ExitsTap: tapped}
