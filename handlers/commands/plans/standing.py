"""/stops lists the stops that live over days, keeps one, ends one.

Its buttons place today's.
"""

import re
from datetime import date

from bot.domain.clock import ist_date
from bot.domain.errors import ConfirmationGone, UsageError
from bot.domain.orders.confirmation import Purpose
from bot.domain.people.account import Permission
from bot.domain.proposals.proposal import Proposal
from handlers.commands.claiming import claiming
from handlers.commands.command import Command, Taps
from handlers.commands.questions import discard, pose
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.permissions import demand
from handlers.context.words.dates import coming_day
from handlers.telegram.rate_limits import Priority
from handlers.views.message import View, message
from handlers.views.plans import standing as views
from handlers.views.taps.standing_taps import StandingTap, StandingVerb

_EXAMPLE = "/stops keep 12 until 31 dec"
_KEEP = re.compile(r"(?:keep|every day)\s+#?([0-9]{1,6})(?:\s+(?:until|till)\s+(.+))?", re.IGNORECASE)
_BY_ITSELF = re.compile(r"by (?:itself|themselves) (on|off)( now)?", re.IGNORECASE)
_ACT = re.compile(r"(delete|trust|adjust)\s+#?([0-9]{1,9})", re.IGNORECASE)


async def stops(ctx: Ctx) -> None:
    """Alone it is the list. `keep 12 until 31 dec` keeps the stop #12. `delete 3`, `trust 3` and `adjust 3` are its buttons."""
    said, own = ctx.words.strip(), ctx.services.standing
    if not said:
        await ctx.redraw_or_reply(views.listed(await own.shown(ctx.actor), ctx.mode))
        return
    if (own_way := _BY_ITSELF.fullmatch(said)) is not None:
        await _by_itself(ctx, on=own_way[1].lower() == "on", confirmed=own_way[2] is not None)
        return
    demand(ctx.actor, Permission.REDUCE)
    if (keep := _KEEP.fullmatch(said)) is not None:
        shown = await own.keep(ctx.actor, int(keep[1]), _until(keep[2], ist_date(ctx.now)))
        await ctx.reply(views.listed(shown, ctx.mode))
    elif (act := _ACT.fullmatch(said)) is not None:
        acts = {"delete": own.end, "trust": own.trust, "adjust": own.adjust}
        shown = await acts[act[1].lower()](ctx.actor, int(act[2]))
        await ctx.redraw_or_reply(views.listed(shown, ctx.mode))
    else:
        raise UsageError("/stops alone lists them; keep and the number of a stop keeps it every day.", example=_EXAMPLE)


async def _by_itself(ctx: Ctx, *, on: bool, confirmed: bool) -> None:
    """Whether a morning's stops go without its Confirm. A limit of the account: off at once, on from the next trading day."""
    demand(ctx.actor, Permission.ADMIN)
    if on and not confirmed:
        await ctx.reply(views.ask_by_themselves(ctx.label, ctx.mode))
        return
    await ctx.services.limits.change(ctx.actor, "stops_by_themselves", on)
    await ctx.reply(views.listed(await ctx.services.standing.shown(ctx.actor), ctx.mode))


def _until(words: str | None, today: date) -> date | None:
    return None if words is None else coming_day(words, today, example=_EXAMPLE)


async def ask_to_keep(ctx: Ctx, asked: Proposal, until: str) -> None:
    """The card of a stop that is placed today and kept until a day: one question in place of the stop's own."""
    day = coming_day(until, ist_date(ctx.now), example=_EXAMPLE)
    card = await ctx.services.standing.ask_to_keep(ctx.actor, asked, day, chat_id=ctx.chat_id)
    await pose(ctx, card.confirmation, views.card(card, ctx.mode), priority=Priority.SAFETY)


async def tapped(ctx: Ctx, tap: StandingTap) -> None:
    """One of the buttons of stops that live over days."""
    match tap.verb:
        case StandingVerb.KEEP:
            await ctx.reply(views.listed(await ctx.services.standing.keep(ctx.actor, tap.token), ctx.mode))
        case StandingVerb.PLACE:
            card = await ctx.services.standing.ask(ctx.actor, chat_id=ctx.chat_id)
            # A question lives a minute and belongs to who asked it, so a ring to everybody cannot hold one: it becomes one.
            await pose(ctx, card.confirmation, views.card(card, ctx.mode), in_place=True, priority=Priority.SAFETY)
        case StandingVerb.CONFIRM | StandingVerb.CONFIRM_NEW:
            await _confirm(ctx, tap)
        case StandingVerb.DISCARD:
            await discard(ctx, tap.token)


async def _confirm(ctx: Ctx, tap: StandingTap) -> None:
    places = tap.verb is StandingVerb.CONFIRM

    def expired(gone: ConfirmationGone) -> View:
        return message(gone.say).with_keyboard([views.place_button(ctx.label)] if places else [])

    async with claiming(ctx, tap.token, "Placing…" if places else "Keeping…", expired=expired) as answered:
        card = await ctx.services.standing.confirm(
            ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id, answered=answered
        )
        only_kept = card.confirmation.purpose is Purpose.KEEP_ONLY
        view = views.listed(await ctx.services.standing.shown(ctx.actor, card.kept), ctx.mode) if only_kept else None
        await ctx.redraw(view or views.card(card, ctx.mode), priority=Priority.SAFETY)


COMMANDS = (
    Command(
        name="stops", arguments="[keep <#> [until day] | delete number | by itself on]",
        help="Stops that are placed anew each morning, under one Confirm or by themselves", example=_EXAMPLE,
        family=Family.ORDER, permission=Permission.LOOK, handler=stops,
    ),
)  # fmt: skip

TAPS: Taps = {StandingTap: tapped}
