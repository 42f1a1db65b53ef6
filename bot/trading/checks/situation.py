"""All that the checks of an order look at, read once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bot.domain.market.calendar import Window
from bot.domain.market.prices import Price
from bot.domain.market.rules import ExpiryStage
from bot.domain.orders.order import Order, OrderDraft
from bot.domain.people.access import DayLock
from bot.domain.people.account import Limits, Stop
from bot.domain.plans.plan import sliced
from bot.domain.plans.pnl_exit import PnlExit
from bot.domain.positions.portfolio import Holding, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the checks look at. None is "not known", and what is not known refuses nothing by itself."""

    draft: OrderDraft
    now: datetime
    reduces: bool  # it only makes a position or holding smaller
    stop: Stop | None
    limits: Limits
    sent_today: int
    sent_last_minute: int
    price: Price | None = None
    cash: Decimal | None = None
    margin: Decimal | None = None  # rupees that the broker would block and does not block yet
    recent: Sequence[Order] = ()
    window: Window | None = None  # None: this exchange never closes (practice)
    freeze: int | None = None  # units
    band: Decimal | None = None  # per cent either side of the previous close that the day allows
    banned: bool = False  # its share is in the ban of today
    measures: tuple[str, ...] = ()  # of surveillance that its share is under
    address_refused: bool = False  # the broker refused an order of today for this host's address
    stage: ExpiryStage | None = None
    squared_off: date | None = None  # when the broker closes a stock contract itself, best effort
    master_age: int | None = None  # trading days since the date of the scrip master; None: not known
    day_lock: DayLock | None = None
    result: Decimal | None = None  # of the day in rupees, after charges where they are known; read only where a limit hangs on it
    positions: Sequence[Position] = ()  # as far as they were read
    holdings: Sequence[Holding] = ()
    paid: Decimal | None = None  # rupees for each of what it closes, the oldest first; None: our own fills do not say
    ddpi: bool = False  # a DDPI is on file: no sale needs a TPIN
    closable: int = 0  # shares or units that an order of this side could still close, as far as positions and holdings were read
    clock_off: float | None = None  # seconds that the broker's clock is ahead of this host's; None: not known
    ceiling: Decimal | None = None  # rupees that one order may be worth, whoever asks
    before: Order | None = None  # a change: the order as it stands
    guards: Sequence[Order] = ()  # stops that guard already what this stop would guard
    turns: Sequence[Order] = ()  # stops that guard what this exit closes: it is made of them
    doubles: Sequence[Order] = ()  # exits of unknown outcome that may be closing the same
    beyond: int = 0  # shares or units on the other side of zero if all of those fill as well
    others: Sequence[Order] = ()  # orders that close the position on the other side already, or possibly do
    pnl_exits: Sequence[PnlExit] = ()  # of the account, that watch
    blocked_until: datetime | None = None  # a P&L exit struck: no entries until then
    asked_as_exit: bool = False  # when the question was asked it only made a position or holding smaller

    @property
    def worst(self) -> Decimal | None:
        """The worst price in rupees that the order can fill at, as far as it is bound."""
        if self.draft.price is not None:
            return self.draft.price
        return self.draft.trigger or (self.price.last if self.price else None)

    @property
    def value(self) -> Decimal | None:
        return None if self.worst is None else self.worst * self.draft.quantity

    @property
    def parts(self) -> list[OrderDraft]:
        """The draft as it is sent: in orders of at most the freeze quantity, which our records have one by one."""
        if self.freeze is None or self.draft.quantity <= self.freeze:
            return [self.draft]
        return [leg.draft for leg in sliced(self.draft, self.freeze)]


Check = Callable[[Situation], str | None]
