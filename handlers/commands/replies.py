"""What a reply means: to a question its next word, to a proposal new terms, to an order or its fill the act it names.

Telegram hands over the whole message that is replied to, with its buttons. They say what a reply concerns. A number in the text
does not, for day numbers begin anew each morning.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from telegram import Message

from bot.domain.clock import ist_date
from bot.domain.errors import CheckFailed
from bot.domain.money import exact
from handlers.commands.order import ask
from handlers.context.context import Ctx
from handlers.context.words.script import legible
from handlers.views.taps import CardTap, CardVerb, ChangeTap, LeaveTap, OrderTap, OrderVerb, Tap, decode

_FIGURE = r"(?:[0-9]{1,3}(?:,[0-9]{2})*,[0-9]{3}|[0-9]{1,9})"
_PRICE = re.compile(rf"@?₹?({_FIGURE}(?:\.[0-9]{{1,4}})?)(?:/-)?")
_SIZE = re.compile(rf"q(?:ty)?\s*({_FIGURE})", re.IGNORECASE)
_ACTS = {
    "same": OrderVerb.SAME,
    "again": OrderVerb.SAME,
    "exit": OrderVerb.EXIT,
    "half": OrderVerb.HALF,
    "reverse": OrderVerb.REVERSE,
    "cancel": OrderVerb.CANCEL,
}


@dataclass(frozen=True, slots=True)
class NewTerms:
    """A price or a quantity for an order that works."""

    order_id: str
    price: Decimal | None
    quantity: int | None
    label: str


def base(message: Message) -> str | None:
    """The words so far that a reply to a question on the way to an order completes; None for any other message."""
    leave = next((tap for tap in _taps(message) if isinstance(tap, LeaveTap)), None)
    if leave is None or not leave.words:
        return None
    account = f"{leave.label}: " if leave.label else ""
    return f"{account}{leave.words}"


def meant(message: Message, text: str) -> ChangeTap | OrderTap | NewTerms | None:
    """What a short reply to a proposal, an order's card or its fill asks for; None for any other text."""
    text = " ".join(legible(text).split())
    price, size = _PRICE.fullmatch(text), _SIZE.fullmatch(text)
    at = exact(price[1].replace(",", "")) if price else None
    quantity = int(size[1].replace(",", "")) if size else None
    act = _ACTS.get(text.lower())
    for tap in _taps(message):
        if isinstance(tap, CardTap) and tap.verb is CardVerb.CONFIRM and (at is not None or quantity is not None):
            return ChangeTap(tap.token, price=at, quantity=quantity, label=tap.label)
        if isinstance(tap, OrderTap) and act is not None:
            return OrderTap(tap.order_id, act, tap.label)
        if isinstance(tap, OrderTap) and (at is not None or quantity is not None):
            return NewTerms(tap.order_id, at, quantity, tap.label)
    return None


async def change(ctx: Ctx, terms: NewTerms) -> None:
    """Proposes new terms for the order that was replied to."""
    order = (await ctx.services.books.order_by_id(ctx.actor, terms.order_id)).order
    if not order.status.is_working or ist_date(order.created_at) != ist_date(ctx.now):
        raise CheckFailed([f"#{order.number} does not work any more: there is nothing to change."])
    proposals = ctx.services.proposals
    await ask(
        ctx, await proposals.modify(ctx.actor, order.number, price=terms.price, quantity=terms.quantity, chat_id=ctx.chat_id)
    )


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
