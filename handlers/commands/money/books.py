"""/orders /order /trades /positions /holdings /funds, and their refresh and page buttons."""

from typing import get_args

from bot.domain.errors import UsageError
from bot.domain.people.account import Permission
from bot.trading.account.account_views import Which
from handlers.commands.command import Command, Pages
from handlers.commands.orders import order_steps
from handlers.context import order_numbers
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.views.message import View
from handlers.views.money import books as views
from handlers.views.taps.taps import Listing, ListingTap

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
    number = order_numbers.number(ctx.words, example="/order 12")
    detail = await ctx.services.account_views.order(ctx.actor, number)
    await ctx.reply(views.order(detail, ctx.mode, ctx.now, ctx.state.explain, ctx.services.repairs.of(detail.order)))


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
    account = ctx.services.account_views
    match tap.listing:
        case Listing.ORDERS:
            return views.orders(
                await account.orders(ctx.actor, _WHICH.get(tap.argument, "all")), tap, ctx.mode, ctx.state.explain
            )
        case Listing.TRADES:
            return views.trades(await account.trades(ctx.actor), tap, ctx.mode)
        case Listing.HOLDINGS:
            return views.holdings(await account.holdings(ctx.actor, known=True), tap, ctx.name, ctx.mode)
        case Listing.FUNDS:
            return views.funds(await account.funds(ctx.actor, known=True), tap, ctx.name, ctx.mode)
        case _:
            return views.positions(await account.positions(ctx.actor, known=True), tap, ctx.name, ctx.mode)


async def draw_again(ctx: Ctx, tap: ListingTap) -> None:
    await ctx.redraw(await page(ctx, tap))


COMMANDS = (
    Command(
        name="orders", arguments="[open|all|rejected]", help="Orders of today", example="/orders open",
        family=Family.BOOKS, permission=Permission.LOOK, handler=orders,
    ),
    Command(
        name="order", arguments="<#>", help="One order with its fills", example="/order 12",
        family=Family.BOOKS, permission=Permission.LOOK, handler=order,
    ),
    Command(
        name="trades", help="Trades of today", example="/trades",
        family=Family.BOOKS, permission=Permission.LOOK, handler=trades,
    ),
    Command(
        name="positions", short=("p",), help="Open and closed positions of today", example="/positions",
        family=Family.BOOKS, permission=Permission.LOOK, handler=positions,
    ),
    Command(
        name="holdings", short=("h",), help="Shares in the demat account", example="/holdings",
        family=Family.BOOKS, permission=Permission.LOOK, handler=holdings,
    ),
    Command(
        name="funds", short=("f", "balance"), help="Money for trading", example="/funds",
        family=Family.BOOKS, permission=Permission.LOOK, handler=funds,
    ),
)  # fmt: skip

PAGES: Pages = dict.fromkeys((Listing.ORDERS, Listing.TRADES, Listing.POSITIONS, Listing.HOLDINGS, Listing.FUNDS), draw_again)
