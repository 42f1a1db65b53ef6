"""Acts on a position by its name, or on the only one: /sl, and a reply to a message that shows positions."""

from collections.abc import Sequence

from bot.domain.errors import CheckFailed, ChoiceWanted, UsageError
from bot.domain.exits.exit_choice import chosen
from bot.domain.market.display_names import short
from bot.domain.orders.standing import RowKey
from bot.domain.people.account import Permission
from bot.domain.positions.portfolio import Position
from bot.domain.value import value
from handlers.commands.command import Command
from handlers.commands.money import books
from handlers.commands.orders.order import ask, show
from handlers.commands.plans import exits, trails
from handlers.commands.plans.standing import ask_to_keep
from handlers.context.command import Family
from handlers.context.context import Ctx
from handlers.context.words.reply import Said, said_of, stop_said
from handlers.views.taps.tap import Tap
from handlers.views.taps.taps import EXITS, ExitTap, Listing, ListingTap, OrderVerb

_SET_STOP = "/sl "


@value
class RowsWanted:
    """An act on positions that a message shows."""

    said: Said
    name: str  # the words that name one of them; empty: none was named
    rows: tuple[RowKey, ...]  # those with a button of their own; empty: all that are open
    label: str


def meant(taps: Sequence[Tap], text: str) -> RowsWanted | None:
    """What a reply asks of the positions of a message with these buttons. None where it shows none, and for other words."""
    shown = [tap for tap in taps if isinstance(tap, ExitTap)]
    listed = [tap for tap in taps if isinstance(tap, ListingTap) and tap.listing is Listing.POSITIONS]
    if not shown and not listed:
        return None
    label = (shown or listed)[0].label
    for said, name in said_of(text):
        if said.guards or said.act in (OrderVerb.EXIT, OrderVerb.HALF):
            return RowsWanted(said=said, name=name, rows=tuple((tap.key, tap.product) for tap in shown), label=label)
    return None


async def act(ctx: Ctx, wanted: RowsWanted) -> None:
    """Asks for what was said of the one position that is meant. More than one are buttons."""
    said = wanted.said
    if said.act is not None and wanted.name:
        ctx.words = f"{wanted.name} half" if said.act is OrderVerb.HALF else wanted.name
        await exits.leave(ctx)
        return
    positions = await _meant(ctx, wanted)
    if len(positions) > 1:
        await _choose(ctx, wanted, positions)
        return
    position = positions[0]
    key, product = position.instrument.key, position.product
    name = f"{position.instrument.name} {product.lower()}"
    if said.act is OrderVerb.EXIT:
        await show(ctx, await ctx.services.exits.ask_position(ctx.actor, key, product, chat_id=ctx.chat_id))
    elif said.act is OrderVerb.HALF:
        await show(ctx, await ctx.services.exits.ask(ctx.actor, f"{name} half", chat_id=ctx.chat_id))
    elif said.leg is not None:
        asked = await ctx.services.proposals.positions.stop_for(ctx.actor, key, product, said.leg, chat_id=ctx.chat_id)
        await (ask_to_keep(ctx, asked, said.until) if said.until else ask(ctx, asked))
    elif said.trail is not None:
        await trails.show(ctx, await ctx.services.trails.ask(ctx.actor, name, said.trail, chat_id=ctx.chat_id))
    elif said.to_cost:
        await ask(ctx, await ctx.services.trails.to_cost.ask_for(ctx.actor, key, product, chat_id=ctx.chat_id))
    else:
        raise CheckFailed(["A target goes with an entry. A stop or a trail can be set for a position: sl 2880, trail 15."])


async def stop(ctx: Ctx) -> None:
    """`/sl reliance 1450`, `/sl nifty 24500 ce 20pts until 31 dec`, `/sl cost`: the stop of what is open."""
    found = stop_said(ctx.words)
    if found is None:
        raise UsageError("A stop for which position, and at which price?", example="/sl RELIANCE 1450")
    said, name = found
    asked = await ctx.services.prompts.answered(ctx.chat_id) if not name else None
    if asked is not None and _SET_STOP in asked:  # `sl 1450` where the button asked at which price
        name = asked.partition(_SET_STOP)[2]
    await act(ctx, RowsWanted(said=said, name=name, rows=(), label=ctx.label))


async def _meant(ctx: Ctx, wanted: RowsWanted) -> list[Position]:
    try:
        choice = chosen(wanted.name or "all", await ctx.services.exits.lines(ctx.actor))
    except CheckFailed:
        delivered = await ctx.services.exits.in_demat(ctx.actor, wanted.name) if wanted.said.leg is not None else None
        if delivered is None:
            raise
        return [delivered.position]
    if (choice.quantity or choice.lots or choice.part) is not None:
        raise CheckFailed([f'"{wanted.name}" names more than a position: a stop guards all of it. Nothing was sent.'])
    found = [line.position for line in choice.lines]
    shown = [each for each in found if (each.instrument.key, each.product) in wanted.rows or not wanted.rows]
    if not shown:
        raise CheckFailed(["What this message showed is not open any more. Nothing was sent."])
    return shown


async def _choose(ctx: Ctx, wanted: RowsWanted, positions: Sequence[Position]) -> None:
    """A button for each of them."""
    said = wanted.said
    named = {each: f"{short(each.instrument)} {each.product}" for each in positions}
    typed = {each: f"{each.instrument.name} {each.product.lower()}" for each in positions}
    if said.act is OrderVerb.EXIT:
        await ctx.reply(await books.page(ctx, ListingTap(Listing.POSITIONS, ctx.label, EXITS)))
    elif said.act is OrderVerb.HALF:
        raise ChoiceWanted("Half of which?", near=[(name, f"/exit {typed[each]} half") for each, name in named.items()])
    elif said.leg is not None:
        raise await ctx.services.proposals.positions.stops_for(ctx.actor, positions, said.leg)
    elif said.trail is not None:
        await ctx.services.trails.ask(ctx.actor, wanted.name or "all", said.trail, chat_id=ctx.chat_id)
    else:
        near = [(name, f"/sl {typed[each]} cost") for each, name in named.items()] if said.to_cost else []
        raise ChoiceWanted("The stop of which of them?" if near else "A target goes with an entry.", near=near)


COMMANDS = (
    Command(
        name="sl", arguments="[symbol] <price[/limit] | points | % | cost> [until day]",
        help="A stop for what is open; cost is the break-even", example="/sl RELIANCE 1450",
        family=Family.ORDER, permission=Permission.REDUCE, handler=stop,
    ),
)  # fmt: skip
