"""The way to an order by buttons: which one, how many, then the proposal.

The buttons carry all that is known so far.
"""

import asyncio

from bot.domain.clock import ist_date
from bot.domain.orders.portfolio import Holdings
from bot.domain.terms import Product, Side
from handlers.context import order_words
from handlers.context.context import Ctx
from handlers.views import steps as views
from handlers.views.steps import Candidate


async def step(ctx: Ctx, side: Side) -> bool:
    """Asks for what the words still lack. Returns False when they lack nothing."""
    if not ctx.words:
        await ctx.redraw_or_reply(views.which(side, await _known(ctx, side), ctx.label, ctx.mode, ctx.now))
        return True
    unsized = order_words.unsized(side, ctx.words)
    if unsized is None:
        return False
    text = " ".join(ctx.words.split())
    candidate = next((candidate for candidate in await _known(ctx, side) if text.lower().startswith(candidate.words)), None)
    view = views.how_many(side, text, candidate, lots=unsized.is_contract, label=ctx.label, mode=ctx.mode)
    await ctx.redraw_or_reply(view)
    return True


async def pick(ctx: Ctx, command: str) -> None:
    """Offers the orders that a command without a number may mean."""
    listing = await ctx.services.books.orders(ctx.actor, "open")
    orders = listing.orders
    if not orders and command == "order":
        orders = (await ctx.services.books.orders(ctx.actor, "all")).orders
    await ctx.reply(views.pick(orders, command, ctx.label, ctx.mode, ctx.now))


async def _known(ctx: Ctx, side: Side) -> tuple[Candidate, ...]:
    """What this side would make smaller, then what was traded today, the newest first, each once."""
    books, today = ctx.services.books, ist_date(ctx.now)
    positions, orders, demat = await asyncio.gather(
        books.positions(ctx.actor), books.orders(ctx.actor, "all"), _demat(ctx) if side is Side.SELL else _nothing()
    )
    smaller = [
        Candidate(line.position.instrument, line.position.quantity, line.position.product, today)
        for line in positions.lines
        if line.position.quantity * side.sign < 0 and not line.position.is_sold_holding
    ]
    if demat is not None:
        smaller += [Candidate(line.instrument, line.total, Product.CNC, today) for line in demat.lines if line.total > 0]
    traded = [Candidate(order.draft.instrument, order.draft.quantity, today=today) for order in reversed(orders.orders)]
    traded += [Candidate(line.position.instrument, 0, today=today) for line in positions.lines]
    once = {candidate.words: candidate for candidate in reversed([*smaller, *traded])}
    return tuple(reversed(once.values()))


async def _demat(ctx: Ctx) -> Holdings | None:
    return await ctx.services.books.holdings(ctx.actor)


async def _nothing() -> None:
    return None
