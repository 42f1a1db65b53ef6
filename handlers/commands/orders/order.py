"""/buy /sell /modify /cancel_order /cancel_all, and the buttons under an order."""

from bot.domain.errors import CheckFailed
from bot.domain.exits.exit_list import ExitCard
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.standing import Cancelled
from bot.domain.people.account import Permission
from bot.domain.proposals.proposal import Change, ChangeOptions, OrderDetail, Proposal, Question
from bot.domain.terms import Side
from handlers.commands.command import Command, Taps
from handlers.commands.orders import order_steps
from handlers.commands.questions import pose
from handlers.context import order_numbers
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.telegram.rate_limits import Priority
from handlers.telegram.sender import Sender
from handlers.views.money import books
from handlers.views.orders import card as cards
from handlers.views.orders import order as views
from handlers.views.orders import reverse
from handlers.views.orders.repair_taps import RepairTap
from handlers.views.plans import exits as exit_views
from handlers.views.taps.taps import OrderTap, OrderVerb


async def buy(ctx: Ctx) -> None:
    """Proposes an order from the words, and sends nothing. Buttons ask for what the words lack or leave open."""
    await _propose(ctx, Side.BUY)


async def sell(ctx: Ctx) -> None:
    """Proposes an order from the words, and sends nothing. Buttons ask for what the words lack or leave open."""
    await _propose(ctx, Side.SELL)


async def _propose(ctx: Ctx, side: Side) -> None:
    order = await order_steps.complete(ctx, side)
    if order is not None:
        await ask(ctx, await ctx.services.proposals.propose(ctx.actor, order, chat_id=ctx.chat_id), in_place=ctx.stays)


async def modify(ctx: Ctx) -> None:
    """Proposes new terms beside the old ones. Without new terms it offers prices around the order's own."""
    if not ctx.words:
        await order_steps.pick(ctx, "modify")
        return
    if order_numbers.is_number(ctx.words):
        detail = await ctx.services.account_views.order(ctx.actor, order_numbers.number(ctx.words, example="/modify 12 2905"))
        await _offer_prices(ctx, detail)
        return
    proposals, terms = ctx.services.proposals, order_numbers.modify(ctx.words)
    proposal = await proposals.modify(
        ctx.actor, terms.number, price=terms.price, limit=terms.limit, quantity=terms.quantity, chat_id=ctx.chat_id
    )
    await ask(ctx, proposal)


async def cancel_order(ctx: Ctx) -> None:
    """Cancels an entry at once. It asks again before it cancels the only stop of a position."""
    if not ctx.words:
        await order_steps.pick(ctx, "cancel_order")
        return
    number = order_numbers.number(ctx.words, example="/cancel_order 12")
    await _cancelled(ctx, await ctx.services.orders.cancel(ctx.actor, number, chat_id=ctx.chat_id))


async def cancel_all(ctx: Ctx) -> None:
    """Asks mStock to cancel every open order of the account but the stops of positions, which are named."""
    orders = await ctx.services.orders.cancel_all(ctx.actor)
    stops = [order for order in await ctx.services.orders.staying(ctx.actor) if order.status is OrderStatus.TRIGGER_PENDING]
    await ctx.reply(cards.cancel_sent(orders, ctx.label, ctx.mode, ctx.now, stays=stops))


async def ask(ctx: Ctx, proposal: Proposal, *, in_place: bool = False, options: ChangeOptions | None = None) -> None:
    """Shows the question about an order. options: the keyboard of changes stays open under it."""
    if proposal.closes is not None and proposal.before is None and ctx.services.exits.in_auction(proposal.draft):
        await show(ctx, await ctx.services.exits.ask_in_auction(ctx.actor, proposal, chat_id=ctx.chat_id), in_place=in_place)
        return
    view = views.proposal(proposal, ctx.mode, ctx.now)
    if options is not None:
        view = view.with_keyboard(*views.changes(proposal.confirmation.token, options, proposal.account.label))
    await pose(ctx, proposal.confirmation, view, in_place=in_place)


async def show(ctx: Ctx, asked: ExitCard | Proposal, *, in_place: bool = False) -> None:
    """Shows the question about an exit: an order's card, or that of a list."""
    if isinstance(asked, Proposal):
        await ask(ctx, asked, in_place=in_place)
        return
    priority = Priority.REPLY if in_place else Priority.FIRST
    await pose(ctx, asked.confirmation, exit_views.card(asked, ctx.mode), in_place=in_place, priority=priority)


async def _cancelled(ctx: Ctx, outcome: Cancelled | Question) -> None:
    if isinstance(outcome, Question):
        await pose(ctx, outcome.confirmation, views.question(outcome, ctx.mode, ctx.now))
        return
    await ctx.reply(cards.cancel_sent((outcome,), ctx.label, ctx.mode, ctx.now))


async def tapped(ctx: Ctx, tap: OrderTap) -> None:
    """Does what a button under an order's card or its news says. The card updater draws the card."""
    proposals, orders, chat_id = ctx.services.proposals, ctx.services.orders, ctx.chat_id
    match tap.verb:
        case OrderVerb.SAME:
            await ask(ctx, await proposals.same_again(ctx.actor, tap.order_id, chat_id=chat_id))
        case OrderVerb.REVERSE:
            asked = await ctx.services.reversals.ask(ctx.actor, tap.order_id, chat_id=chat_id)
            await pose(ctx, asked.confirmation, reverse.card(asked, ctx.mode, ctx.now))
        case OrderVerb.EXIT:
            await show(ctx, await ctx.services.exits.ask_of(ctx.actor, tap.order_id, chat_id=chat_id))
        case OrderVerb.HALF:
            await ask(ctx, await _halved(ctx, await proposals.positions.exit_of(ctx.actor, tap.order_id, chat_id=chat_id)))
        case OrderVerb.STOP:
            choices = await proposals.positions.stop_choices(ctx.actor, tap.order_id)
            draft = (await ctx.services.account_views.order_by_id(ctx.actor, tap.order_id)).order.draft
            await order_steps.await_words(ctx, f"/sl {draft.instrument.name} {draft.product.lower()}")
            raise choices
        case OrderVerb.CANCEL:
            await ctx.answer("Cancelling…")
            outcome = await orders.cancel(ctx.actor, tap.order_id, chat_id=chat_id)
            if isinstance(outcome, Question) or not outcome.order.status.is_final:  # an end is drawn on the card
                await _cancelled(ctx, outcome)
        case OrderVerb.LEAVE:
            await ctx.answer("It stays as it is.")
            await Sender(ctx.bot).buttons(chat_id, ctx.message_id, ())
        case OrderVerb.LOOK:
            await ctx.answer("Looking…")
            await orders.sync(ctx.actor, tap.order_id)
        case OrderVerb.GIVE_UP:
            await _given_up(ctx, await orders.give_up(ctx.actor, tap.order_id))
        case OrderVerb.NOT_THERE | OrderVerb.MODIFY | OrderVerb.DETAIL:
            await _looked_up(ctx, tap)


async def _looked_up(ctx: Ctx, tap: OrderTap) -> None:
    """Buttons that show something about the order first."""
    detail = await ctx.services.account_views.order_by_id(ctx.actor, tap.order_id)
    match tap.verb:
        case OrderVerb.NOT_THERE:
            await ctx.reply(cards.not_there(detail.order, detail.account.label, ctx.mode, ctx.now), to=ctx.message_id)
        case OrderVerb.MODIFY:
            await _offer_prices(ctx, detail)
        case _:
            repairs = ctx.services.repairs.of(detail.order)
            await ctx.redraw(books.order(detail, ctx.mode, ctx.now, ctx.state.explain, repairs))


async def _offer_prices(ctx: Ctx, detail: OrderDetail) -> None:
    if not detail.order.status.is_working:
        raise CheckFailed([f"#{detail.order.number} does not work any more: there is nothing to change."])
    await order_steps.await_words(ctx, f"/modify {detail.order.number}")
    view = cards.modify_prices(detail.order, detail.account.label, ctx.mode, ctx.now)
    message_id = await ctx.reply(view, to=ctx.message_id)
    await ctx.services.orders.follow(detail.order, chat_id=ctx.chat_id, message_id=message_id)


async def _halved(ctx: Ctx, whole: Proposal) -> Proposal:
    """Proposes the same exit for half of it, in whole lots, rounded down, in place of the question about the whole."""
    lot = whole.draft.instrument.lot
    half = whole.draft.quantity // 2 // lot * lot
    if not half:
        raise CheckFailed([f"{whole.draft.quantity} cannot be halved."])
    return await ctx.services.proposals.change(ctx.actor, whole.confirmation.token, Change(quantity=half), chat_id=ctx.chat_id)


async def _given_up(ctx: Ctx, order: Order) -> None:
    await ctx.redraw(cards.card(order, label=ctx.label, mode=ctx.mode, now=ctx.now, explain=ctx.state.explain))


_ARGUMENTS = (
    "<symbol> <quantity | lots | ₹ | risk ₹ | all | half> [price | mkt] [stop trigger[/limit | mkt]]"
    " [sl stop[/limit]] [t target] [product] [exchange] [ioc] [dq shown]"
)

COMMANDS = (
    Command(
        name="buy", short=("b", "kharido", "kharid", "khareedo", "lelo", "खरीदो"),
        arguments=_ARGUMENTS,
        help="Buy; you see the order before it is sent", example="/buy RELIANCE 10",
        family=Family.ORDER, permission=Permission.REDUCE, handler=buy,  # a guardian may buy a short back
    ),
    Command(
        name="sell", short=("s", "becho", "bech", "बेचो"),
        arguments=_ARGUMENTS,
        help="Sell; you see the order before it is sent", example="/sell RELIANCE 10 2900",
        family=Family.ORDER, permission=Permission.REDUCE, handler=sell,  # the desk decides what only reduces
    ),
    Command(
        name="modify", arguments="<#> [price] [q quantity]",
        help="New price for an open order, or a new total quantity behind q: modify 12 q 20",
        example="/modify 12 2905", family=Family.ORDER, permission=Permission.OPEN, handler=modify,
    ),
    Command(
        name="cancel_order", arguments="<#>", help="Cancel an open order", example="/cancel_order 12",
        family=Family.ORDER, permission=Permission.REDUCE, handler=cancel_order,
    ),
    Command(
        name="cancel_all", help="Cancel every open order but the stops of positions", example="/cancel_all",
        family=Family.ORDER, permission=Permission.REDUCE, handler=cancel_all,
    ),
)  # fmt: skip


async def repair(ctx: Ctx, tap: RepairTap) -> None:
    """Asks for a rejected order again, with the change that its button names."""
    await ask(ctx, await ctx.services.repairs.ask(ctx.actor, tap.order_id, tap.change, chat_id=ctx.chat_id))


TAPS: Taps = {OrderTap: tapped, RepairTap: repair}
