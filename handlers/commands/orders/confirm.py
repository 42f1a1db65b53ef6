"""The buttons of a question: Confirm, Change, Discard, and asking an expired card again.

The tap is answered while the desk claims the confirmation, which only one tap can, and before the order leaves. The card
updater draws what becomes of the order.
"""

import asyncio
import logging

from bot.domain.errors import CheckFailed, ConfirmationGone, EntriesBlocked, WordsWanted
from bot.domain.exits.exit_list import ExitsShown
from bot.domain.orders.order import Order
from bot.domain.orders.standing import Cancelled
from bot.domain.proposals.proposal import Change, Proposal, Resumed
from handlers.commands.claiming import answering
from handlers.commands.command import Taps
from handlers.commands.orders.order import ask
from handlers.commands.questions import discard
from handlers.context.context import Ctx
from handlers.telegram.sender import Sender
from handlers.views.failures import failure
from handlers.views.message import message
from handlers.views.news import later
from handlers.views.orders import card as cards
from handlers.views.orders import order as views
from handlers.views.people import account as account_views
from handlers.views.people import safety
from handlers.views.plans import answers, exits
from handlers.views.taps.taps import CardTap, CardVerb, ChangeTap

_log = logging.getLogger(__name__)


async def tapped(ctx: Ctx, tap: CardTap) -> None:
    """One of the buttons of a question."""
    match tap.verb:
        case CardVerb.CONFIRM | CardVerb.YES:
            await _confirm(ctx, tap)
        case CardVerb.UNLINK:
            await _unlink(ctx, tap)
        case CardVerb.DISCARD:
            await discard(ctx, tap.token)
        case CardVerb.LATER:
            card = await ctx.services.later.keep(ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id)
            await ctx.redraw(later.kept(card, ctx.label, ctx.mode, ctx.now))
        case CardVerb.CHANGE:
            options = await ctx.services.proposals.change_options(ctx.actor, tap.token)
            await Sender(ctx.bot).buttons(ctx.chat_id, ctx.message_id, views.changes(tap.token, options, tap.label))
        case CardVerb.BACK:
            confirmation = await ctx.services.proposals.question(ctx.actor, tap.token)
            raising = await ctx.services.proposals.raising(ctx.actor, tap.token)
            rows = views.proposal_keyboard(confirmation, tap.label, raising)
            await Sender(ctx.bot).buttons(ctx.chat_id, ctx.message_id, rows)
        case CardVerb.RAISE | CardVerb.KEEP:
            proposals, join = ctx.services.proposals, tap.verb is CardVerb.RAISE
            await ask(ctx, await proposals.raise_stop(ctx.actor, tap.token, join=join, chat_id=ctx.chat_id), in_place=True)
        case CardVerb.AGAIN:
            await ask(ctx, await ctx.services.proposals.again(ctx.actor, tap.token, chat_id=ctx.chat_id), in_place=True)


async def changed(ctx: Ctx, tap: ChangeTap) -> None:
    """Puts a new question with the new terms in the place of the old one. After a tap the steps stay open until Done."""
    change = Change(quantity=tap.quantity, lots=tap.lots, price=tap.price, product=tap.product, protected=tap.protected)
    proposals = ctx.services.proposals
    proposal = await proposals.change(ctx.actor, tap.token, change, chat_id=ctx.chat_id)
    is_tap = ctx.query is not None and proposal.opens is None
    options = await proposals.change_options(ctx.actor, proposal.confirmation.token) if is_tap else None
    await ask(ctx, proposal, in_place=True, options=options)


async def _confirm(ctx: Ctx, tap: CardTap) -> None:
    repeated = not ctx.state.first_tap(f"{tap.token} {tap.verb}")
    proposals = ctx.services.proposals  # nothing is announced but what one tap may send
    sends = tap.verb is CardVerb.CONFIRM and proposals.may_be_open(tap.token) and not proposals.is_heavy(tap.token)
    answered = None if repeated else answering(ctx, "Sending…" if sends else "")
    await asyncio.sleep(0)  # the answer is on its way before the claim keeps the store's thread, and this one, busy
    try:
        outcome = await ctx.services.desk.confirm(
            ctx.actor,
            tap.token,
            chat_id=ctx.chat_id,
            message_id=ctx.message_id,
            in_words=tap.verb is CardVerb.YES,
            answered=answered,
        )
    except ConfirmationGone as gone:
        await _gone(ctx, tap, gone, repeated=repeated)
    except WordsWanted as wanted:
        confirmation = await ctx.services.proposals.question(ctx.actor, tap.token)
        await ctx.redraw(views.in_words(confirmation, wanted.reasons, ctx.label, ctx.mode, ctx.now))
    except (CheckFailed, EntriesBlocked) as refusal:  # the claim killed the question, so its buttons go with it
        confirmation = await ctx.services.proposals.question(ctx.actor, tap.token)
        await ctx.redraw(answers.refused(failure(refusal, "", account=ctx.label), confirmation, ctx.now))
    else:
        await _show(ctx, outcome)


async def _unlink(ctx: Ctx, tap: CardTap) -> None:
    repeated = not ctx.state.first_tap(tap.token)
    try:
        unlinked = await ctx.services.unlinking.confirm(ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id)
    except ConfirmationGone as gone:
        await _gone(ctx, tap, gone, repeated=repeated)
    except CheckFailed as refusal:
        await ctx.redraw(failure(refusal, "", account=ctx.label), marked=False)
    else:
        ctx.state.forget_code_of(unlinked.account.label)
        await ctx.redraw(account_views.unlinked(unlinked, ctx.mode), marked=False)


async def _gone(ctx: Ctx, tap: CardTap, gone: ConfirmationGone, *, repeated: bool) -> None:
    """Says in its place that a card expired, and in a note that a second tap came too late. Anything else is raised."""
    if gone.again:
        confirmation = await ctx.services.proposals.question(ctx.actor, tap.token)
        say = views.ended(confirmation, ctx.now) if gone.expired else gone.say
        await ctx.redraw(views.expired(say, tap.token, tap.label))
    elif gone.expired:
        await ctx.redraw(message(gone.say))
    elif repeated:
        await ctx.answer(gone.say, alert=True)
    else:
        raise gone


async def _show(ctx: Ctx, outcome: Order | Proposal | Resumed | Cancelled | ExitsShown) -> None:
    if isinstance(outcome, Proposal):
        await ask(ctx, outcome, in_place=True)
    elif isinstance(outcome, ExitsShown):  # an exit over the freeze quantity: a list with one row
        await ctx.redraw(exits.shown(outcome, ctx.mode, ctx.state.explain))
    elif isinstance(outcome, Resumed):
        await ctx.redraw(safety.resumed(outcome, ctx.mode))
    elif isinstance(outcome, Cancelled):  # a question in words, in a message of its own: the order's card lives elsewhere
        await ctx.redraw(cards.cancel_sent((outcome,), ctx.label, ctx.mode, ctx.now))


TAPS: Taps = {CardTap: tapped, ChangeTap: changed}
