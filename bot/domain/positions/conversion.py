"""A change of product of an open position: what it asks, where it stands, and what the position book says of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.market.instrument import Instrument
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.account import Account
from bot.domain.positions.portfolio import Position
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value

LOOKED_FOR = timedelta(seconds=60)  # that a conversion without a clear end is looked for in the positions


class ConversionState(StrEnum):
    """Where a conversion stands. Only SENT and UNCLEAR are looked for."""

    SENT = "SENT"  # claimed: it may be on its way, or done
    UNCLEAR = "UNCLEAR"  # the positions do not show it yet, and nothing says that it will not happen
    DONE = "DONE"  # the positions show it
    REFUSED = "REFUSED"  # the broker said no, or nothing was sent
    NOT_SEEN = "NOT_SEEN"  # looked for long enough, and the positions never showed it


@value
class Conversion:
    """One conversion as it was confirmed. Its id is the token of that question. It leads to one request at most."""

    id: str
    account_id: str
    by: int  # Telegram id of who confirmed
    name: str
    instrument: Instrument
    product: Product  # it leaves
    to: Product
    quantity: int  # shares or units
    side: Side  # of the position: BUY for a long one
    was: int  # net quantity in the old product before, signed
    was_there: int  # and in the new one
    began_at: datetime
    state: ConversionState = ConversionState.SENT
    said: str = ""  # why it was refused, or what stands in the way
    unguarded: int = 0  # shares or units whose stop was cancelled for it

    def is_in(self, positions: Iterable[Position]) -> bool:
        """Whether the position book shows that so much went from the one product to the other."""
        mine = [each for each in positions if each.instrument.key == self.instrument.key]
        left = sum(each.quantity for each in mine if each.product is self.product)
        there = sum(each.quantity for each in mine if each.product is self.to)
        sign = self.side.sign
        return (there - self.was_there) * sign >= self.quantity and (self.was - left) * sign >= self.quantity


def old_product(draft: OrderDraft) -> Product:
    """The product that a conversion into a draft's own leaves. There is one way into each."""
    if draft.product is not Product.MIS:
        return Product.MIS
    return Product.NRML if draft.instrument.is_derivative else Product.CNC


def new_product(position: Position) -> Product | None:
    """The product that a position can be converted to. None: none."""
    match position.product:
        case Product.MIS:
            return Product.NRML if position.instrument.is_derivative else Product.CNC if position.quantity > 0 else None
        case Product.NRML:
            return Product.MIS
        case Product.CNC:
            return Product.MIS if position.quantity > 0 else None
        case _:
            return None


def converted_draft(position: Position, to: Product, quantity: int) -> OrderDraft:
    """The position's part as an order of the new product, for its margin and its digest. It is never sent as one."""
    side = Side.BUY if position.quantity > 0 else Side.SELL
    return OrderDraft(instrument=position.instrument, side=side, quantity=quantity, kind=OrderKind.MARKET, product=to)


@value
class ConversionCard:
    """A conversion as it is asked about. Rupees. None: not known."""

    confirmation: Confirmation
    account: Account
    position: Position
    to: Product
    quantity: int
    blocks: Decimal | None  # margin of so much in the old product
    needs: Decimal | None  # and in the new one
    cash: Decimal | None
    squared_off_at: datetime | None  # when mStock closes intraday of it today
    stops: tuple[Order, ...] = ()  # in the old product: cancelled first
    targets: tuple[Decimal, ...] = ()  # that the bot holds for it, and which end

    @property
    def more(self) -> Decimal | None:
        """Rupees that it blocks more. Negative where it frees some."""
        return None if self.needs is None or self.blocks is None else self.needs - self.blocks

    @property
    def cash_after(self) -> Decimal | None:
        return None if self.cash is None or self.more is None else self.cash - self.more
