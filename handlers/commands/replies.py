"""What a reply means: to a question its next word, to a proposal new terms, to an order or its fill the act it names.

Telegram hands over the whole message that is replied to, with its buttons. They say what a reply concerns. A number in the text
does not, for day numbers begin anew each morning.
"""

from collections.abc import Iterator
from decimal import Decimal

from telegram import Message

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed, ChoiceWanted
from bot.domain.orders.legs import Leg, TrailSaid
from bot.domain.value import positional, value
from handlers.commands import position_replies
from handlers.commands.orders.order import ask
from handlers.commands.plans import trails
from handlers.commands.plans.standing import ask_to_keep
from handlers.commands.position_replies import RowsWanted
from handlers.context.context import Ctx
from handlers.context.words.reply import said
from handlers.views.taps.tap import Tap, decode
from handlers.views.taps.taps import CardTap, CardVerb, ChangeTap, LeaveTap, OrderTap


@positional
class NewTerms:
    """A price or a quantity for an order that works."""

    order_id: str
    price: Decimal | None
    quantity: int | None
    label: str
    lots: int | None = None


def base(message: Message) -> str | None:
    """The words so far that a reply to a question on the way to an order completes. None for any other message."""
    leave = next((tap for tap in _taps(message) if isinstance(tap, LeaveTap)), None)
    if leave is None or not leave.words:
        return None
    account = f"{leave.label}: " if leave.label else ""
    return f"{account}{leave.words}"


@value
class StopWanted:
    """A stop or a trail for the position behind an order, or a stop, target or trail for the entry of a card.

    None of them: something that cannot be attached.
    """

    order_id: str | None = None
    token: str | None = None  # of the card
    leg: Leg | None = None
    target: Leg | None = None
    trail: TrailSaid | None = None
    until: str = ""  # the day until which the stop is kept, as it was said
    to_cost: bool = False  # the stop goes to the break-even
    label: str


def meant(message: Message, text: str) -> ChangeTap | OrderTap | NewTerms | StopWanted | RowsWanted | None:
    """What a short reply to a proposal, an order's card, its fill or positions asks for. None for any other text."""
    heard = said(text)
    later, at, quantity, lots = heard.guards, heard.price, heard.quantity, heard.lots
    resized = any(each is not None for each in (at, quantity, lots))
    leg, trail, until = heard.leg, heard.trail, heard.until
    for tap in _taps(message):
        if isinstance(tap, CardTap) and tap.verb is CardVerb.CONFIRM and later:
            return StopWanted(token=tap.token, leg=leg, target=heard.target, trail=trail, until=until, label=tap.label)
        if isinstance(tap, OrderTap) and later:
            return StopWanted(order_id=tap.order_id, leg=leg, trail=trail, until=until, to_cost=heard.to_cost, label=tap.label)
        if isinstance(tap, CardTap) and tap.verb is CardVerb.CONFIRM and resized:
            return ChangeTap(tap.token, price=at, quantity=quantity, lots=lots, label=tap.label)
        if isinstance(tap, OrderTap) and heard.act is not None:
            return OrderTap(tap.order_id, heard.act, tap.label)
        if isinstance(tap, OrderTap) and resized:
            return NewTerms(tap.order_id, at, quantity, tap.label, lots)
    return position_replies.meant(tuple(_taps(message)), text)


async def act(ctx: Ctx, wanted: NewTerms | StopWanted | RowsWanted) -> None:
    """Proposes new terms for the order that was replied to, or a stop for its position."""
    if isinstance(wanted, RowsWanted):
        await position_replies.act(ctx, wanted)
    elif isinstance(wanted, NewTerms):
        await _change(ctx, wanted)
    elif wanted.until:
        await _keep(ctx, wanted)
    elif wanted.token is not None and (wanted.leg or wanted.target or wanted.trail) is not None:
        await ask(
            ctx,
            await ctx.services.proposals.attach(
                ctx.actor, wanted.token, stop=wanted.leg, target=wanted.target, trail=wanted.trail, chat_id=ctx.chat_id
            ),
        )
    elif wanted.order_id is not None and wanted.leg is not None:
        await ask(
            ctx, await ctx.services.proposals.positions.stop_of(ctx.actor, wanted.order_id, wanted.leg, chat_id=ctx.chat_id)
        )
    elif wanted.order_id is not None and wanted.trail is not None:
        asked = await ctx.services.trails.ask_of_order(ctx.actor, wanted.order_id, wanted.trail, chat_id=ctx.chat_id)
        await trails.show(ctx, asked)
    elif wanted.order_id is not None and wanted.to_cost:
        await ask(ctx, await ctx.services.trails.to_cost.ask(ctx.actor, wanted.order_id, chat_id=ctx.chat_id))
    else:
        raise CheckFailed(["That cannot be attached here. A stop or a trail can, to a card or a position: sl 2880, trail 15."])


async def _keep(ctx: Ctx, wanted: StopWanted) -> None:
    """A stop over days is for what is open: an entry that nobody confirmed has nothing to guard on another day."""
    if wanted.order_id is None or wanted.leg is None:
        raise CheckFailed(["A stop over days is for a position: reply to its fill, sl 2880 until 31 dec."])
    try:
        asked = await ctx.services.proposals.positions.stop_of(ctx.actor, wanted.order_id, wanted.leg, chat_id=ctx.chat_id)
    except ChoiceWanted as either:
        raise ChoiceWanted(f"{either.say} Its card then has Keep every day.", near=either.near) from either
    await ask_to_keep(ctx, asked, wanted.until)


async def _change(ctx: Ctx, new: NewTerms) -> None:
    order = (await ctx.services.account_views.order_by_id(ctx.actor, new.order_id)).order
    if not order.status.is_working or ist_date(order.created_at) != ist_date(ctx.now):
        raise CheckFailed([f"#{order.number} does not work any more: there is nothing to change."])
    quantity, instrument = new.quantity, order.draft.instrument
    if new.lots is not None and not instrument.is_derivative:
        raise CheckFailed([f"{instrument.symbol} is a share and has no lots. Nothing was changed."])
    if new.lots is not None:
        quantity = new.lots * instrument.lot
    proposals = ctx.services.proposals
    await ask(ctx, await proposals.modify(ctx.actor, order.number, price=new.price, quantity=quantity, chat_id=ctx.chat_id))


def _taps(message: Message) -> Iterator[Tap]:
    """What stands on the buttons of our message that this one replies to."""
    replied = message.reply_to_message
    if replied is None or replied.reply_markup is None or replied.from_user is None or not replied.from_user.is_bot:
        return
    for row in replied.reply_markup.inline_keyboard:
        for item in row:
            tap = decode(item.callback_data) if isinstance(item.callback_data, str) else None
            if tap is not None:
                yield tap
