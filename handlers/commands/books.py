"""/orders /order /trades /positions /holdings /funds, and their refresh and page buttons."""

from typing import get_args

from bot.domain.errors import UsageError
from bot.trading.account.account_views import Which
from handlers.commands import order_steps
from handlers.context import order_words
from handlers.context.context import Ctx
from handlers.views import books as views
from handlers.views.keyboards import Listing, ListingTap
from handlers.views.message import View

_WHICH: dict[str, Which] = {name: name for name in get_args(Which)}


async def orders(ctx: Ctx) -> None:
    """Orders of the day: open, all or rejected."""
    which = ctx.words.lower() or "all"
    if which not in _WHICH:
        raise UsageError(f'"{ctx.words}" is no kind of list: open, all or rejected.', example="/orders open")
    await ctx.reply(await page(ctx, ListingTap(Listing.ORDERS, ctx.label, which)))


async def order(ctx: Ctx) -> None:
    """One order with its fills."""
    if not ctx.words:
        await order_steps.pick(ctx, "order")
        return
    number = order_words.number(ctx.words, example="/order 12")
    found = await ctx.services.books.order(ctx.actor, number)
    await ctx.reply(views.order(found, ctx.mode, ctx.now, ctx.face.explain))


async def trades(ctx: Ctx) -> None:
    await ctx.reply(await page(ctx, ListingTap(Listing.TRADES, ctx.label)))


async def positions(ctx: Ctx) -> None:
    await ctx.reply(await page(ctx, ListingTap(Listing.POSITIONS, ctx.label)))


async def holdings(ctx: Ctx) -> None:
    await ctx.reply(await page(ctx, ListingTap(Listing.HOLDINGS, ctx.label)))


async def funds(ctx: Ctx) -> None:
    await ctx.reply(await page(ctx, ListingTap(Listing.FUNDS, ctx.label)))


async def page(ctx: Ctx, tap: ListingTap) -> View:
    """The list that a tap names, as it is now."""
    found = ctx.services.books
    match tap.book:
        case Listing.ORDERS:
            return views.orders(await found.orders(ctx.actor, _WHICH.get(tap.argument, "all")), tap, ctx.mode)
        case Listing.TRADES:
            return views.trades(await found.trades(ctx.actor), tap, ctx.mode)
        case Listing.HOLDINGS:
            return views.holdings(await found.holdings(ctx.actor), tap, ctx.name, ctx.mode)
        case Listing.FUNDS:
            return views.funds(await found.funds(ctx.actor), tap, ctx.name, ctx.mode)
        case _:
            return views.positions(await found.positions(ctx.actor), tap, ctx.name, ctx.mode)
