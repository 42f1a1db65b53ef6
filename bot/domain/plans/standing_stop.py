"""A stop that lives over days: mStock keeps a stop for a day, so the record is ours and is placed anew each morning."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.clock import ist_date
from bot.domain.market.instrument import Instrument, InstrumentKey
from bot.domain.market.prices import Price
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.account import Account
from bot.domain.plans.plan import Plan
from bot.domain.positions.held import NewBase
from bot.domain.positions.rebase import Rebase
from bot.domain.terms import OrderKind, Product, Side
from bot.domain.value import value

OVER_DAYS = (Product.CNC, Product.NRML)


class StandingState(StrEnum):
    """Whether a standing stop is offered each morning."""

    ASKED = "ASKED"  # it stands on a card that nobody confirmed yet
    KEPT = "KEPT"
    PAUSED = "PAUSED"  # its share's price may live on another base than yesterday
    OVER = "OVER"


@value
class StandingStop:
    """What is guarded, from which price on, and until when."""

    id: int = 0  # given by the store
    account_id: str
    by: int  # Telegram id of who keeps it
    instrument: Instrument
    product: Product
    side: Side  # of the stop order: a sale guards what is held
    quantity: int  # shares or units, at most
    trigger: Decimal  # rupees, on the tick
    limit: Decimal | None  # the worst price; None: a stop to the market
    until: date  # the last date in India on which it is offered
    made_at: datetime
    state: StandingState = StandingState.KEPT
    base: NewBase | None = None  # while it is paused: what the price seems to have become
    asked: str = ""  # token of the question that is to make it
    trusted_on: date | None = None  # the person said on that date in India that the base is right

    @classmethod
    def of(cls, order: Order, by: int, until: date, now: datetime) -> "StandingStop":
        """The record of a stop that waits at the exchange. ValueError for an order without a trigger."""
        draft = order.draft
        if draft.trigger is None:
            msg = f"order {order.id} is no stop"
            raise ValueError(msg)
        return cls(
            account_id=order.account_id,
            by=by,
            instrument=draft.instrument,
            product=draft.product,
            side=draft.side,
            quantity=order.pending,
            trigger=draft.trigger,
            limit=draft.price,
            until=until,
            made_at=now,
        )

    @property
    def row(self) -> tuple[InstrumentKey, Product, Side]:
        return self.instrument.key, self.product, self.side

    def draft(self, quantity: int | None = None) -> OrderDraft:
        """The order of a morning, for at most so many shares or units."""
        return OrderDraft(
            instrument=self.instrument,
            side=self.side,
            quantity=self.quantity if quantity is None else quantity,
            kind=OrderKind.SL if self.limit is not None else OrderKind.SL_M,
            product=self.product,
            price=self.limit,
            trigger=self.trigger,
        )

    def is_beyond(self, price: Price | None, today: date) -> bool | None:
        """Whether the last trade is at the stop or beyond. None: it is not known to be of today, a date in India."""
        if price is None or price.at is None or ist_date(price.at) != today:
            return None
        return price.last <= self.trigger if self.side is Side.SELL else price.last >= self.trigger

    def rebased(self) -> "StandingStop | None":
        """The same on the price after a bonus or a split. None where no usual factor explains the new base."""
        rebase = Rebase.suspected(self.base) if self.base is not None else None
        if rebase is None:
            return None
        tick = self.instrument.tick
        return replace(
            self,
            trigger=rebase.price(self.trigger, tick),
            limit=rebase.price(self.limit, tick) if self.limit is not None else None,
            quantity=max(rebase.quantity(self.quantity), 1),
        )


@value
class Morning:
    """What a morning makes of an account's standing stops."""

    to_place: tuple[tuple[StandingStop, int], ...] = ()  # with the shares or units that nothing guards
    untraded: tuple[StandingStop, ...] = ()  # of these: no price of today, so nobody knows whether they opened beyond
    beyond: tuple[StandingStop, ...] = ()  # a trade of today has passed them already
    guarded: tuple[StandingStop, ...] = ()  # a stop waits there
    gone: tuple[StandingStop, ...] = ()  # nothing of them is open any more, or their last day is over


@value
class StandingShown:
    """The standing stops of an account."""

    account: Account
    stops: tuple[StandingStop, ...]
    as_of: datetime
    made: StandingStop | None = None
    by_themselves: bool = False  # whether they are placed without a morning's Confirm today
    changes_on: date | None = None  # the date in India from which that is the other way round


@value
class StandingCard:
    """The question whether today's stops are placed. placed: it was answered with yes."""

    confirmation: Confirmation
    account: Account
    plan: Plan  # a leg for each order
    morning: Morning
    placed: bool = False
    kept: StandingStop | None = None  # it is a new one, which is kept from then on
    warnings: tuple[str, ...] = ()
