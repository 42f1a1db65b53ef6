"""The way to an order by buttons or words: which one, product, how many, at which price, then the proposal.

The buttons carry all that is known so far. What is asked is kept, so that the next plain words are its answer.
"""

import asyncio
from dataclasses import replace
from datetime import date

from bot.domain.clock import ist_date
from bot.domain.errors import ChoiceWanted, NotFound
from bot.domain.exits.exit_choice import means_everything
from bot.domain.market.prices import Price
from bot.domain.orders.order import Order
from bot.domain.orders.order_text import request_line
from bot.domain.terms import Product, Side
from bot.trading.drafts.meaning import Meant
from handlers.context.context import Ctx
from handlers.context.words.readings import readings
from handlers.context.words.script import latin
from handlers.views.message import View
from handlers.views.orders import steps as views
from handlers.views.orders.steps import Candidate

EVERYTHING = (("Exit all positions", "/exit all"), ("Sell the holdings", "/exit holdings"), ("Positions", "/positions"))


async def complete(ctx: Ctx, side: Side) -> Meant | None:
    """What the words order, when they lack nothing. None after asking for what they lack.

    Steps by buttons ask for all in turn. Words that were typed whole are asked for their size alone.
    """
    if not ctx.words:
        candidates = await _known(ctx, side)
        await _ask(ctx, f"/{side.lower()}", views.which(side, candidates, ctx.label, ctx.mode, ctx.now))
        return None
    if side is Side.SELL and means_everything(latin(ctx.words)):
        raise ChoiceWanted("Sell what? Nothing was sent.", near=EVERYTHING)
    *said, last = ctx.words.split()
    if last.lower() == views.STOP and len(said) > 1:
        base = " ".join((*said, last))
        await _ask(ctx, f"/{side.lower()} {base}", views.at_which_trigger(side, base, ctx.label, ctx.mode))
        return None
    order = await ctx.services.proposals.meant(ctx.actor, readings(side, ctx.words, ist_date(ctx.now)))
    request = order.readings[0].request
    stepping = ctx.stays or ctx.completes
    named = Candidate(order.instrument, 0, request.product, ist_date(ctx.now))
    if not order.is_sized and stepping and request.product is None:
        await _ask(ctx, f"/{side.lower()} {named.words}", views.product(side, named, ctx.label, ctx.mode))
    elif not order.is_sized:
        base = named.words if stepping else " ".join(ctx.words.split())
        held = next((one for one in await _known(ctx, side) if one.is_of(named)), None)
        await _ask(ctx, f"/{side.lower()} {base}", views.how_many(side, base, named, held, label=ctx.label, mode=ctx.mode))
    elif stepping and request.product is not None and len(order.readings) == 1 and not _is_priced(ctx, order):
        base = " ".join(ctx.words.split())
        unsized = request_line(replace(request, quantity=None, lots=None, rupees=None, portion=None, risk=None))
        price = await _price(ctx, named)
        view = views.at_which_price(side, base, named, price, unsized=unsized, label=ctx.label, mode=ctx.mode)
        await _ask(ctx, f"/{side.lower()} {base}", view)
    else:
        if ctx.stays:
            await ctx.services.prompts.answered(ctx.chat_id)
        return order
    return None


async def pick(ctx: Ctx, command: str) -> None:
    """Offers the orders that a command without a number may mean."""
    listing = await ctx.services.account_views.orders(ctx.actor, "open")
    orders = listing.orders
    if not orders and command == "order":
        orders = (await ctx.services.account_views.orders(ctx.actor, "all")).orders
    if orders:
        await await_words(ctx, f"/{command}")
    await ctx.reply(views.pick(orders, command, ctx.label, ctx.mode, ctx.now))


async def await_words(ctx: Ctx, so_far: str) -> None:
    """Takes the next plain words for the rest of this command, on this account."""
    account = f"{ctx.label}: " if ctx.label else ""
    await ctx.services.prompts.ask(ctx.chat_id, f"{account}{so_far}")


async def _ask(ctx: Ctx, so_far: str, view: View) -> None:
    await await_words(ctx, so_far)
    await ctx.redraw_or_reply(view)


def _is_priced(ctx: Ctx, order: Meant) -> bool:
    request = order.readings[0].request
    by_word = views.NOW in ctx.words.lower().split()
    return by_word or request.market or request.price is not None or request.trigger is not None


async def _price(ctx: Ctx, named: Candidate) -> Price | None:
    words = f"{named.typed} {named.instrument.exchange}"
    try:
        return (await ctx.services.market.quote(ctx.actor, words)).price
    except NotFound:
        return None


async def _known(ctx: Ctx, side: Side) -> tuple[Candidate, ...]:
    """What this side would make smaller, then what was traded today and by this person before, the newest first, each once."""
    account, today = ctx.services.account_views, ist_date(ctx.now)
    positions, orders, habits, demat = await asyncio.gather(
        account.positions(ctx.actor),
        account.orders(ctx.actor, "all"),
        ctx.services.prompts.habits(ctx.actor),
        account.holdings(ctx.actor),
    )
    smaller = [
        Candidate(line.position.instrument, line.position.quantity, line.position.product, today)
        for line in positions.lines
        if line.position.quantity * side.sign < 0 and not line.position.is_sold_holding
    ]
    held = [line for line in demat.lines if line.total > 0]
    if side is Side.SELL:
        smaller += [Candidate(line.instrument, line.total, Product.CNC, today) for line in held]
    lately = [order.draft for order in (*reversed(orders.orders), *habits) if not _is_over(order, today)]
    traded = [Candidate(draft.instrument, draft.quantity, today=today) for draft in lately]
    traded += [Candidate(line.position.instrument, 0, today=today) for line in positions.lines]
    traded += [Candidate(line.instrument, 0, today=today) for line in held]
    once = {candidate.words: candidate for candidate in reversed([*smaller, *traded])}
    return tuple(reversed(once.values()))


def _is_over(order: Order, today: date) -> bool:
    expiry = order.draft.instrument.expiry
    return expiry is not None and expiry < today
