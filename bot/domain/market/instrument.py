"""What can be traded: exchange, contract, lots and ticks."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bot.domain.value import value


class Exchange(StrEnum):
    """Exchange and segment in our words. The wire's other spellings live in bot/broker/wire/translate.py."""

    NSE = "NSE"
    BSE = "BSE"
    NFO = "NFO"
    BFO = "BFO"


class InstrumentKind(StrEnum):
    """What sort of thing is traded. Charges, sessions and lots depend on it."""

    EQUITY = "EQUITY"
    INDEX = "INDEX"
    INDEX_FUTURE = "INDEX_FUTURE"
    STOCK_FUTURE = "STOCK_FUTURE"
    INDEX_OPTION = "INDEX_OPTION"
    STOCK_OPTION = "STOCK_OPTION"


class Right(StrEnum):
    """Call or put."""

    CE = "CE"
    PE = "PE"


class InstrumentKey(NamedTuple):
    """What tells one instrument from every other. Names differ from route to route (mstock-type-b.md 0.2, finding 9)."""

    exchange: Exchange
    token: str


@value
class Instrument:
    """One row of the scrip master of the day."""

    exchange: Exchange
    token: str
    symbol: str  # the underlying or the company's ticker: RELIANCE, NIFTY
    name: str  # the trading symbol that an order carries: RELIANCE-EQ, NIFTY26N2324500CE
    kind: InstrumentKind
    lot: int  # shares or units in one lot; 1 in cash
    tick: Decimal  # rupees
    expiry: date | None = None
    strike: Decimal | None = None
    right: Right | None = None
    series: str = ""  # EQ, BE... in NSE cash; empty elsewhere

    def __post_init__(self) -> None:
        if self.lot < 1 or self.tick <= 0:
            msg = f"{self.name}: a lot of {self.lot} or a tick of {self.tick} cannot be traded"
            raise ValueError(msg)

    @property
    def key(self) -> InstrumentKey:
        return InstrumentKey(self.exchange, self.token)

    @property
    def is_derivative(self) -> bool:
        return self.kind not in (InstrumentKind.EQUITY, InstrumentKind.INDEX)

    @property
    def is_option(self) -> bool:
        return self.right is not None

    @property
    def is_tradable(self) -> bool:
        """An index has a price but no order."""
        return self.kind is not InstrumentKind.INDEX


@value
class MasterDay:
    """Which scrip master is in use."""

    date: date
    rows: int
    loaded_at: datetime
