"""/basket and several orders in one message: the card, its Confirm, and what a person answers while a part waits."""

from bot.domain.clock import ist_date
from bot.domain.errors import ConfirmationGone, UsageError, WordsWanted
from bot.domain.people.account import Permission
from bot.domain.plans.basket import BasketCard, BasketChange
from bot.domain.terms import Side
from bot.trading.baskets.basket_builder import EXAMPLE, BasketLine
from handlers.commands.claiming import claiming
from handlers.commands.command import Command, Taps
from handlers.commands.questions import discard, pose
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.pictures import send_picture
from handlers.context.words.readings import readings
from handlers.telegram.sender import Sender
from handlers.views.market import chart as chart_views
from handlers.views.message import View
from handlers.views.plans import basket as views
from handlers.views.taps.basket_taps import BasketTap, BasketVerb

_CHANGES = {
    BasketVerb.DOUBLE: BasketChange.DOUBLE,
    BasketVerb.HALVE: BasketChange.HALVE,
    BasketVerb.AT_MID: BasketChange.AT_MID,
    BasketVerb.AT_MARKET: BasketChange.AT_MARKET,
}


async def basket(ctx: Ctx) -> None:
    """Proposes all orders of a message as one, and sends nothing. The words are orders with semicolons between them."""
    lines = [_line(ctx, place, text) for place, text in enumerate(filter(None, map(str.strip, ctx.words.split(";"))), 1)]
    await _ask(ctx, await ctx.services.baskets.propose(ctx.actor, lines, chat_id=ctx.chat_id))


def _line(ctx: Ctx, place: int, text: str) -> BasketLine:
    word, _, words = text.partition(" ")
    side = next((side for side in Side if word.lower() == side.lower()), None)
    if side is None or not words.strip():
        raise UsageError(f"Line {place}, “{text[:40]}”, is no order to buy or to sell.", example=EXAMPLE)
    try:
        return BasketLine(text=text, readings=readings(side, words, ist_date(ctx.now)))
    except UsageError as error:
        raise UsageError(f"Line {place}: {error.say}", example=error.example) from error


async def _ask(ctx: Ctx, asked: BasketCard, *, in_place: bool = False, changing: bool = False) -> None:
    view = views.card(asked, ctx.mode, ctx.now)
    if changing:
        view = view.with_keyboard(*views.changes(asked.confirmation.token, asked.account.label))
    await pose(ctx, asked.confirmation, view, in_place=in_place)


async def tapped(ctx: Ctx, tap: BasketTap) -> None:
    """One of the buttons of a basket. What becomes of its orders is drawn on its card by itself."""
    baskets = ctx.services.baskets
    match tap.verb:
        case BasketVerb.CONFIRM | BasketVerb.YES:
            await _confirm(ctx, tap)
        case BasketVerb.DISCARD:
            await discard(ctx, tap.token)
        case BasketVerb.AGAIN:
            await _ask(ctx, await baskets.again(ctx.actor, tap.token, chat_id=ctx.chat_id), in_place=True)
        case BasketVerb.CHANGE:
            await Sender(ctx.bot).buttons(ctx.chat_id, ctx.message_id, views.changes(tap.token, tap.label))
        case BasketVerb.DONE:
            drafts = await baskets.drafts(ctx.actor, tap.token, chat_id=ctx.chat_id)
            rows = views.card_keyboard(tap.token, drafts, tap.label)
            await Sender(ctx.bot).buttons(ctx.chat_id, ctx.message_id, rows)
        case BasketVerb.DOUBLE | BasketVerb.HALVE | BasketVerb.AT_MID | BasketVerb.AT_MARKET:
            asked = await baskets.change(ctx.actor, tap.token, _CHANGES[tap.verb], chat_id=ctx.chat_id)
            await _ask(ctx, asked, in_place=True, changing=asked.opens is None)
        case BasketVerb.MARGIN:
            found = await baskets.margins(ctx.actor, tap.token, chat_id=ctx.chat_id)
            await ctx.reply(views.margins(found, ctx.mode), to=ctx.message_id)
        case BasketVerb.PAYOFF | BasketVerb.PAYOFF_WITH_HELD:
            await _payoff(ctx, tap)
        case BasketVerb.LOOK:
            await _show(ctx, tap)
        case BasketVerb.GO_ON | BasketVerb.BARE:
            await _go_on(ctx, tap)
        case BasketVerb.STOP:
            await baskets.stop_here(ctx.actor, tap.token)
            await ctx.answer("Nothing more is sent.")
            await _show(ctx, tap)


async def _show(ctx: Ctx, tap: BasketTap) -> None:
    shown = await ctx.services.baskets.shown(ctx.actor, tap.token)
    await ctx.redraw(views.shown(shown, ctx.mode, ctx.state.explain))


async def _go_on(ctx: Ctx, tap: BasketTap) -> None:
    bare = tap.verb is BasketVerb.BARE
    try:
        await ctx.services.baskets.go_on(ctx.actor, tap.token, bare=bare)
    except WordsWanted as wanted:
        await ctx.reply(views.bare(wanted.reasons, tap.token, ctx.label, ctx.mode), to=ctx.message_id)
    else:
        await ctx.answer("Going on…")
        await _show(ctx, tap)


async def _confirm(ctx: Ctx, tap: BasketTap) -> None:
    baskets, in_words = ctx.services.baskets, tap.verb is BasketVerb.YES
    heavy = tap.verb is BasketVerb.CONFIRM and ctx.services.proposals.is_heavy(tap.token)

    def expired(gone: ConfirmationGone) -> View:
        return views.expired(gone.say, tap.token, tap.label)

    async with claiming(ctx, f"{tap.token} {tap.verb}", "" if heavy else "Sending…", expired=expired) as answered:
        try:
            outcome = await baskets.confirm(
                ctx.actor, tap.token, chat_id=ctx.chat_id, message_id=ctx.message_id, in_words=in_words, answered=answered
            )
        except WordsWanted as wanted:
            drafts = await baskets.drafts(ctx.actor, tap.token, chat_id=ctx.chat_id)
            await ctx.redraw(views.in_words(wanted.reasons, tap.token, len(drafts), ctx.label, ctx.mode))
        else:
            if isinstance(outcome, BasketCard):
                await _ask(ctx, outcome, in_place=True)


async def _payoff(ctx: Ctx, tap: BasketTap) -> None:
    """Words first, and the picture after them: the basket at its worst prices, alone or with what is held beside it."""
    drafts = await ctx.services.baskets.drafts(ctx.actor, tap.token, chat_id=ctx.chat_id)
    with_held = tap.verb is BasketVerb.PAYOFF_WITH_HELD
    payoff = await ctx.services.payoffs.of_orders(ctx.actor, drafts, with_held=with_held)
    view = views.payoff(payoff, tap.token, ctx.name, ctx.label, with_held=with_held)
    under = await ctx.reply(view, to=ctx.message_id)
    send_picture(ctx, payoff, chart_views.payoff_caption(payoff), under=under)


COMMANDS = (
    Command(
        name="basket", arguments="<order; order; …>",
        help="Several orders under one Confirm, buys first; a message with an order in each line is one too",
        example=EXAMPLE, family=Family.ORDER, permission=Permission.OPEN, handler=basket,
    ),
)  # fmt: skip

TAPS: Taps = {BasketTap: tapped}
