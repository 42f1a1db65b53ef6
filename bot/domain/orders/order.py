"""Orders: what was asked, what would be sent, and what became of it."""

import hashlib
from dataclasses import field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.clock import ist_date
from bot.domain.errors import IllegalMove
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey
from bot.domain.money import ZERO, on_tick
from bot.domain.orders.legs import Leg, Portion, TrailSaid
from bot.domain.terms import OrderKind, Product, Side, Validity
from bot.domain.value import value


class OrderStatus(StrEnum):
    """Where an order stands. MOVES below says what may follow what."""

    SUBMITTING = "SUBMITTING"  # claimed and stored; the POST is under way or was cut off
    UNKNOWN = "UNKNOWN"  # the answer was not understood or never came: it is being looked for
    NOT_SEEN = "NOT_SEEN"  # closed by the person after the look-out; a later row reopens it
    REFUSED = "REFUSED"  # refused in known words, yet still looked for: an error is no proof that no order exists
    OPEN = "OPEN"
    TRIGGER_PENDING = "TRIGGER_PENDING"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    @property
    def is_final(self) -> bool:
        """Whether nothing that the broker says later changes it."""
        return self in FINAL

    @property
    def is_working(self) -> bool:
        """Whether it is at the exchange and can fill."""
        return self in WORKING


WORKING = frozenset({OrderStatus.OPEN, OrderStatus.TRIGGER_PENDING, OrderStatus.PARTIAL})
FINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED})
NOTHING_SENT = "Nothing was sent"  # in whatever says that no byte reached the broker
LOOKED_FOR = frozenset({OrderStatus.SUBMITTING, OrderStatus.UNKNOWN, OrderStatus.REFUSED, OrderStatus.NOT_SEEN})

MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.SUBMITTING: WORKING | FINAL | {OrderStatus.UNKNOWN, OrderStatus.REFUSED},
    OrderStatus.UNKNOWN: WORKING | FINAL | {OrderStatus.NOT_SEEN},
    OrderStatus.NOT_SEEN: WORKING | FINAL,
    OrderStatus.REFUSED: WORKING | FINAL,
    OrderStatus.OPEN: WORKING | FINAL,
    OrderStatus.TRIGGER_PENDING: WORKING | FINAL,
    OrderStatus.PARTIAL: WORKING | FINAL,
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
}


@value
class OrderRequest:
    """What a person asked, in their words. Nothing is guessed here."""

    side: Side
    symbol: str  # the words for the instrument: "RELIANCE", "nifty 24500 ce"
    quantity: int | None = None  # shares or units
    lots: int | None = None
    rupees: Decimal | None = None  # a size by value, rounded down to whole shares or lots
    portion: Portion | None = None  # a size by what is held
    risk: Decimal | None = None  # a size by the rupees lost when the attached stop is hit
    price: Decimal | None = None  # None: a protected market order
    market: bool = False  # a true MARKET order was asked for by name
    trigger: Decimal | None = None  # the order itself is a stop
    trigger_limit: Decimal | None = None
    product: Product | None = None
    exchange: Exchange | None = None
    validity: Validity = Validity.DAY
    stop: Leg | None = None  # attached to the entry, as the target is
    target: Leg | None = None
    trail: TrailSaid | None = None  # of that stop
    disclosed: int | None = None  # shares or units shown in the book
    after_market: bool = False

    @property
    def is_sized(self) -> bool:
        sizes = (self.quantity, self.lots, self.rupees, self.portion, self.risk)
        return any(size is not None for size in sizes)


@value
class OrderDraft:
    """A complete order in legal shape, before it exists. ValueError when the shape is not legal."""

    instrument: Instrument
    side: Side
    quantity: int  # shares or units, a multiple of the lot
    kind: OrderKind
    product: Product
    price: Decimal | None = None  # rupees, on the tick; the limit, or None for market kinds
    trigger: Decimal | None = None  # rupees, on the tick; stop kinds only
    validity: Validity = Validity.DAY
    protected: bool = False  # a limit that stands in for a market order: shown as "Market (max ...)"
    disclosed: int | None = None  # shares shown in the book, of a limit that rests; None: all of it
    session: date | None = None  # an after-market order, for the session of that date in India; None: for now

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.quantity % self.instrument.lot:
            msg = f"{self.quantity} is no whole number of lots of {self.instrument.lot}"
            raise ValueError(msg)
        if (self.kind in (OrderKind.LIMIT, OrderKind.SL)) != (self.price is not None):
            msg = f"a {self.kind} order and the price {self.price} do not go together"
            raise ValueError(msg)
        if (self.kind in (OrderKind.SL, OrderKind.SL_M)) != (self.trigger is not None):
            msg = f"a {self.kind} order and the trigger {self.trigger} do not go together"
            raise ValueError(msg)
        if self.disclosed is not None and self.disclosed < 1:
            msg = f"{self.disclosed} shares cannot be shown"
            raise ValueError(msg)
        for price in (self.price, self.trigger):
            if price is not None and (price <= 0 or not on_tick(price, self.instrument.tick)):
                msg = f"{price} is not on the tick of {self.instrument.tick}"
                raise ValueError(msg)

    @property
    def lots(self) -> int:
        return self.quantity // self.instrument.lot

    def digest(self) -> str:
        """A name for exactly these terms: two drafts share it only when every field agrees (invariant I2)."""
        instrument = self.instrument
        fields = (
            instrument.exchange, instrument.token, instrument.name, self.side, self.quantity, self.kind, self.product,
            self.price, self.trigger, self.validity, self.protected,
            *([] if self.disclosed is None else [f"shows {self.disclosed}"]),
            *([] if self.session is None else [f"on {self.session}"]),
        )  # fmt: skip
        return hashlib.sha256("|".join(str(field) for field in fields).encode()).hexdigest()


@value
class OrderFact:
    """One row of the broker's order book: it states the whole order, so applying it twice or late changes nothing."""

    broker_id: str
    tag: str | None  # None: not one of ours (the app, the website)
    key: InstrumentKey
    symbol: str  # the book's own spelling, for rows whose instrument we do not know
    side: Side
    product: Product
    kind: OrderKind
    quantity: int
    filled: int  # in all, shares or units
    status: OrderStatus  # never SUBMITTING, UNKNOWN, NOT_SEEN or REFUSED
    price: Decimal | None = None
    trigger: Decimal | None = None
    average: Decimal | None = None  # over all that is filled
    reason: str = ""  # the broker's own words, unescaped
    at: datetime | None = None  # UTC


@value
class TradeFact:
    """One row of the broker's trade book: one fill with its true price."""

    broker_id: str
    trade_id: str
    key: InstrumentKey
    side: Side
    product: Product
    quantity: int
    price: Decimal
    at: datetime | None = None  # UTC


@value
class Fill:
    """The step between two facts. It is unique by account, broker id and filled_after."""

    broker_id: str
    filled_after: int  # shares filled in all, after this step
    quantity: int
    price: Decimal | None  # None until the trade book's rows agree: two rounded averages can derive a false one
    average: Decimal | None  # over all that is filled after this step
    at: datetime  # UTC


@value
class Order:
    """One order that we know of, ours or from elsewhere. Changes are new values made by named moves."""

    id: str
    account_id: str
    number: int  # the day number that people say: #12
    tag: str | None  # 19 base32 characters, 95 random bits; None: from elsewhere
    broker_id: str | None = None
    draft: OrderDraft
    status: OrderStatus
    filled: int = 0
    average: Decimal | None = None
    reason: str = ""  # the broker's own words, unescaped
    placed_by: int | None = None  # Telegram id; None: from elsewhere
    cancelled_by: int | None = None  # Telegram id of who asked this bot to cancel it
    created_at: datetime
    sent_at: datetime | None = None  # None: it waits for its turn to leave, or is from elsewhere and was never told
    updated_at: datetime
    closes: bool | None = None  # whether it only made something smaller when it was claimed; None: from elsewhere, not known
    looks: int = 0  # how often it was looked for while UNKNOWN
    looked_at: datetime | None = None
    version: int = 1

    @property
    def pending(self) -> int:
        """Shares or units that can still fill. 0 once the status is final."""
        return 0 if self.status.is_final else self.draft.quantity - self.filled

    @property
    def day(self) -> date:
        """The date in India of the order book that it stands in: an after-market order stands in that of its session."""
        return self.draft.session or ist_date(self.sent_at or self.created_at)

    @property
    def is_ours(self) -> bool:
        return self.tag is not None

    @property
    def never_left(self) -> bool:
        """Refused here, before a byte of it was sent: the reason is in our own words."""
        return self.status is OrderStatus.REJECTED and self.broker_id is None and NOTHING_SENT in self.reason

    @property
    def why_unsent(self) -> str:
        """Why it never left, without the sentence that says so."""
        return " ".join(self.reason.replace(f"{NOTHING_SENT}.", "").split())

    @property
    def was_refused_unproved(self) -> bool:
        """Taken for rejected because nobody found it: no row of a book, and no number in the broker's words, ever said so."""
        return self.status is OrderStatus.REJECTED and self.broker_id is None and not self.never_left

    def _move(self, status: OrderStatus, at: datetime) -> "Order":
        if status is not self.status and status not in MOVES[self.status]:
            msg = f"order {self.id}: {self.status} cannot become {status}"
            raise IllegalMove(msg)
        return replace(self, status=status, updated_at=at, version=self.version + 1)

    def left(self, at: datetime) -> "Order":
        """Its turn has come. Its first byte leaves once this is stored, so without it nothing was sent."""
        return replace(self, sent_at=at, updated_at=at, version=self.version + 1)

    def accepted(self, broker_id: str, at: datetime) -> "Order":
        """The broker gave it an id. The book may have been quicker, then only the id is kept."""
        if self.broker_id is not None and self.status is not OrderStatus.SUBMITTING:
            return self
        waiting = OrderStatus.TRIGGER_PENDING if self.draft.trigger is not None else OrderStatus.OPEN
        return replace(self._move(waiting, at), broker_id=broker_id)

    def refused(self, reason: str, at: datetime, *, broker_id: str | None, final: bool) -> "Order":
        """The broker said no. Unless that is final the order stays looked for (I3)."""
        status = OrderStatus.REJECTED if final else OrderStatus.REFUSED
        return replace(self._move(status, at), reason=reason, broker_id=broker_id or self.broker_id)

    def unclear(self, at: datetime, words: str = "") -> "Order":
        """No answer that can be understood. words: what the broker said, if anything."""
        return replace(self._move(OrderStatus.UNKNOWN, at), reason=words)

    def looked(self, at: datetime, words: str = "") -> "Order":
        """Looked for once more, and not found. words: what was seen instead."""
        seen = words or self.reason
        return replace(self, looks=self.looks + 1, looked_at=at, updated_at=at, reason=seen, version=self.version + 1)

    def given_up(self, at: datetime) -> "Order":
        """The person says that it is not in the broker's app."""
        return self._move(OrderStatus.NOT_SEEN, at)

    def settled(self, at: datetime) -> "Order":
        """The look-out after a refusal ended without a row: it is rejected for good."""
        return self._move(OrderStatus.REJECTED, at)

    def expired(self, at: datetime) -> "Order":
        """A day order of a day that is over."""
        return self._move(OrderStatus.EXPIRED, at)

    def cancel_asked(self, by: int, at: datetime) -> "Order":
        """A cancel was asked for here. The book will say whether it came in time."""
        return replace(self, cancelled_by=by, updated_at=at, version=self.version + 1)

    def cancel_not_taken(self, at: datetime) -> "Order":
        """The broker did not say yes to that cancel: an end that comes later is news again."""
        return replace(self, cancelled_by=None, updated_at=at, version=self.version + 1)

    def amended(self, draft: OrderDraft, at: datetime) -> "Order":
        """The broker took new terms."""
        return replace(self, draft=draft, updated_at=at, version=self.version + 1)

    def after(self, fact: OrderFact, at: datetime) -> "Order":
        """The order as the book's row has it. A row that is older than what is known changes nothing.

        Shares filled never shrink (invariant I5). A final status stays, but shares that the book adds to it are still
        taken: a fill that nobody is told of is worse than an odd-looking row. A refusal that nothing ever proved is undone by
        a row, however late.
        """
        if self.was_refused_unproved:
            return replace(self, status=OrderStatus.REFUSED).after(fact, at)
        filled = max(self.filled, min(fact.filled, max(self.draft.quantity, fact.quantity)))
        older = fact.filled < self.filled
        status = self.status if (self.status.is_final or older) else self._status_after(fact, filled)
        draft = self._draft_after(fact) if not older else self.draft
        average = fact.average if fact.average and not older else self.average
        reason = fact.reason if status in (OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.EXPIRED) else ""
        order = replace(
            self, broker_id=fact.broker_id, status=status, filled=filled, average=average, draft=draft,
            reason=reason or ("" if self.status in LOOKED_FOR else self.reason),  # what was said before it was found is over
        )  # fmt: skip
        if order == self:
            return self
        if status is not self.status and status not in MOVES[self.status]:
            msg = f"order {self.id}: {self.status} cannot become {status}"
            raise IllegalMove(msg)
        return replace(order, updated_at=at, version=self.version + 1)

    def _status_after(self, fact: OrderFact, filled: int) -> OrderStatus:
        if fact.status.is_final and not (fact.status is OrderStatus.FILLED and filled < fact.quantity):
            return fact.status
        if filled:
            return OrderStatus.FILLED if filled >= fact.quantity else OrderStatus.PARTIAL
        return fact.status if fact.status.is_working else OrderStatus.OPEN

    def _draft_after(self, fact: OrderFact) -> OrderDraft:
        """Terms changed in the broker's app are taken over. A MARKET that came back as LIMIT is not a change."""
        draft = self.draft
        quantity = fact.quantity if fact.quantity > 0 and fact.quantity % draft.instrument.lot == 0 else draft.quantity
        price = fact.price if draft.price is not None and fact.price and fact.price > ZERO else draft.price
        trigger = fact.trigger if draft.trigger is not None and fact.trigger and fact.trigger > ZERO else draft.trigger
        if (quantity, price, trigger) == (draft.quantity, draft.price, draft.trigger):
            return draft
        try:
            return replace(draft, quantity=quantity, price=price, trigger=trigger)
        except ValueError:  # the book shows a price off the grid: what was confirmed stands
            return draft


@value
class CardRef:
    """Where an order's card stands, and which version of the order it shows."""

    chat_id: int
    message_id: int
    order_id: str
    version: int
    mark: str = field(default="", compare=False)  # the account's
    touch: Decimal | None = field(default=None, compare=False)  # the ask to buy or the bid to sell at the tap, if one was seen
