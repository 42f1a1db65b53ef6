"""What a person is shown before and after an act: proposals, questions, and the answers of the use cases."""

from datetime import datetime
from decimal import Decimal

from bot.domain.charges.tariff import Loan
from bot.domain.exits.exit_figures import ExitFigures
from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import Fill, Order, OrderDraft
from bot.domain.people.account import Account, CodeKind, Session, Stop
from bot.domain.plans.plan import Attached
from bot.domain.positions.portfolio import Position
from bot.domain.terms import Product, Side
from bot.domain.value import value


@value
class Remark:
    """One warning of one check. It never refuses."""

    name: str  # of the check
    say: str  # one short plain sentence


@value
class Raising:
    """The stop of a position that an entry adds to: whether the entry joins it."""

    number: int  # the stop's day number
    is_ours: bool
    before: int  # shares or units that it guards
    after: int  # that it guards once the entry is filled
    raised: bool  # as this card stands


@value
class Proposal:
    """An order, or new terms of one, as the person is asked to confirm it. Rupees. None is "not known"."""

    confirmation: Confirmation  # purpose PLACE or MODIFY; carries token, draft, expires_at
    account: Account
    draft: OrderDraft
    price: Price | None
    value: Decimal | None  # quantity at the worst price (a true MARKET order: at the last price)
    margin: Decimal | None  # what the broker would block for this order alone
    cash: Decimal | None
    cash_after: Decimal | None
    charges: Decimal | None  # of this order, estimated; what is not known is left out and named below
    charges_unknown: tuple[str, ...] = ()  # in words: "brokerage", when no plan was named
    charges_both: Decimal | None  # of it and of its exit
    break_even: Decimal | None  # price move per share or unit that pays the charges of both
    break_even_ticks: int | None
    warnings: tuple[Remark, ...] = ()
    proceeds: Decimal | None = None  # of a delivery sale: value less charges, estimated
    loan: Loan | None = None  # of an MTF purchase; None: no such purchase, or not known
    closes: int | None = None  # an exit: the shares or units there are to close, this order's own included; None: no exit
    figures: ExitFigures | None = None  # an exit: what it makes of what was paid
    opens: datetime | None = None  # the market takes no such order now, and does again then, UTC; None: it does, or not known
    monthly: bool | None = None  # a contract whose expiry is the last of its month; None: not known, or no contract
    before: Order | None = None  # MODIFY: the order as it stands
    attached: Attached | None = None  # the stop and the target that go with an entry
    stopped_at: Decimal | None = None  # the result before charges if the stop fills at its worst price; None: not known
    raising: Raising | None = None  # the stop that rests already; None: it adds to nothing that is guarded
    evening: Decimal | None = None  # while the market is closed: the limit of an after-market order instead; None: not offered
    redrawn: str | None = None  # why it is asked again: "The ask is 1,491.00 now; ..."


@value
class Change:
    """New terms for an open question. What is None stays as it is."""

    quantity: int | None = None  # shares or units
    lots: int | None = None  # of a contract
    price: Decimal | None = None  # a limit, rupees
    product: Product | None = None
    protected: bool = False  # back to a protected market order


@value
class ChangeOptions:
    """What the Change keyboard of a question offers."""

    quantities: tuple[int, ...]
    steps: tuple[tuple[str, Decimal], ...]  # (Lower or Higher, limit in rupees)
    seen: tuple[tuple[str, Decimal], ...]  # (Bid, Mid or Ask, limit in rupees)
    products: tuple[Product, ...]


@value
class Question:
    """Something that is asked again in words before it is done: cancelling a stop, lifting the kill switch."""

    confirmation: Confirmation  # purpose CANCEL or RESUME
    account: Account
    order: Order | None = None  # CANCEL
    target: Decimal | None = None  # CANCEL: of the same plan, which ends with its stop; rupees
    stop: Stop | None = None  # RESUME


@value
class UnlinkQuestion:
    """Asked again in words before an account is unlinked, with what is left open at the broker."""

    confirmation: Confirmation  # purpose UNLINK
    account: Account
    orders: tuple[Order, ...]  # at the exchange; as last known where the books could not be read
    positions: tuple[Position, ...]
    unread: str | None = None  # why the books could not be read
    trails: int = 0  # that end with it, as do the next two
    pnl_exits: int = 0
    standing_stops: int = 0


@value
class Unlinked:
    """An account is unlinked. Its secrets are destroyed."""

    account: Account
    logged_out: bool  # at the broker too; False: its session may live on there until midnight


@value
class Resumed:
    """The kill switch was lifted."""

    account: Account
    at: datetime


@value
class Killed:
    """The kill switch is on. What it leaves stands here."""

    account: Account
    stop: Stop
    already: bool  # it was on before
    entries: tuple[Order, ...]  # working orders that could open or grow a position
    stops: tuple[Order, ...]  # working stop orders, which stay
    exits: tuple[Order, ...] = ()  # other working orders that only close, which stay
    unknown: tuple[Order, ...] = ()  # orders whose outcome is not known: they may work


@value
class LoggedIn:
    """A broker session is there."""

    account: Account
    session: Session
    already: bool = False  # it was alive before; nothing was asked of the broker


@value
class CodeWanted:
    """Six digits are needed. The person's next message of six digits is taken as the code until that moment."""

    account: Account
    kind: CodeKind
    until: datetime


@value
class OrderList:
    """Orders of a date, read from the broker's book a moment ago, or as last known."""

    account: Account
    orders: tuple[Order, ...]
    as_of: datetime
    stale: str | None = None  # why the book could not be read
    plans: tuple[str, ...] = ()  # P&L exits that cover what works or filled of it, in words


@value
class OrderDetail:
    """One order with its fills."""

    account: Account
    order: Order
    fills: tuple[Fill, ...]
    price: Price | None = None


@value
class TradeLine:
    """One row of the day's trades."""

    instrument: Instrument
    side: Side
    quantity: int
    price: Decimal
    at: datetime | None
    number: int | None = None  # the order's day number


@value
class TradeList:
    """The trades of today."""

    account: Account
    trades: tuple[TradeLine, ...]
    as_of: datetime


@value
class Quoted:
    """An instrument and what is known of its price."""

    instrument: Instrument
    price: Price
    as_of: datetime
    beside: tuple[tuple[str, Price], ...] = ()  # an index: its near future and the VIX, as far as they are known


@value
class SessionState:
    """One account's line to the broker."""

    account: Account
    session: Session | None  # None: log in
    feed_connected: bool
    seed_stored: bool
    skew: float | None = None  # seconds that the broker's clock is ahead of ours; None: no answer was seen yet


@value
class LineHealth:
    """How one account's line to the broker is doing."""

    account: Account
    silent_for: float | None  # seconds since the last tick of anything; None: none came yet
    books_read_at: datetime | None  # when the order book was last read whole
    books_down_since: datetime | None  # since when it cannot be read; None while it can
    subscribed: int  # instruments whose prices come
    most: int  # of them
    gaps: int  # of today that were told
    latency: float | None  # seconds to an answer; None: there was none yet


@value
class Status:
    """How the bot itself is doing."""

    mode: str
    version: str
    started_at: datetime
    now: datetime
    sessions: tuple[SessionState, ...]
    notices_waiting: int
    notices_buried: int
    master_date: str | None
    master_rows: int
    looked_for: int  # orders whose outcome is unknown
    lines: tuple[LineHealth, ...] = ()
    oldest_notice: datetime | None = None  # since when the oldest piece of news waits
    telegram: float | None = None  # seconds to an answer; None: there was none yet
