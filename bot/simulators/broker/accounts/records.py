"""What the paper broker remembers: accounts, orders, trades, carried positions, holdings.

Each is one row of the ledger.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from bot.simulators.broker.market.instruments import Key

TRANSIT, PENDING = "Transit", "Pending"
TRIGGER_PENDING, TRIGGERED, MODIFIED = "Trigger Pending", "Triggered", "O-Modified"
TRADED, REJECTED, CANCELLED, EXPIRED = "Traded", "Rejected", "Cancelled", "Expired"
FINAL = frozenset({TRADED, REJECTED, CANCELLED, EXPIRED})

Side = Literal["BUY", "SELL"]
Kind = Literal["MARKET", "LIMIT", "STOPLOSS_LIMIT", "STOPLOSS_MARKET"]
Product = Literal["DELIVERY", "INTRADAY", "CARRYFORWARD", "MARGIN"]
Channel = Literal["API", "WEB"]


@dataclass(slots=True, kw_only=True)
class Account:
    """One client of the broker. Money in paise. `sod` is the start-of-day limit."""

    client: str
    name: str
    password: str
    api_key: str
    totp_seed: str | None
    pan: str
    sod: int
    day: str
    attempts_left: int = 10
    ddpi: bool = True
    allowed_ips: list[str] = field(default_factory=list)
    key_expires: str | None = None
    peak: int = 0


@dataclass(slots=True, kw_only=True)
class Order:
    """One order of the book. Prices and `value` (sum of price times units filled) in paise, quantities in units."""

    id: str
    client: str
    day: str
    exchange: str
    token: str
    side: Side
    kind: Kind
    product: Product
    validity: str
    variety: str
    quantity: int
    price: int
    trigger: int
    disclosed: int
    tag: str
    channel: Channel
    status: str
    placed_at: str
    updated_at: str
    filled: int = 0
    cancelled: int = 0
    value: int = 0
    text: str = ""
    exchange_id: str = "0"
    triggered: bool = False
    steps: list[list[str]] = field(default_factory=list)  # status, moment, then price, trigger and quantity as they were
    # How this order behaves, decided when it was placed (faults.py); kept, so a restart changes nothing.
    delay: float = 0.0
    part: int = 0
    gap: float = 0.0
    never: bool = False
    then: str = ""  # what becomes of the rest once the first part has filled
    then_text: str = ""

    @property
    def key(self) -> Key:
        return (self.exchange, self.token)

    @property
    def working(self) -> bool:
        return self.status not in FINAL

    def step(self, status: str, at: str) -> None:
        """Writes down what the order is from now on."""
        self.status, self.updated_at = status, at
        self.steps.append([status, at, str(self.price), str(self.trigger), str(self.quantity)])

    def as_of(self, step: list[str]) -> Order:
        """The order as it stood at one of its steps. Its fills are those of now."""
        then = replace(self, status=step[0], updated_at=step[1])
        if len(step) > len(("status", "at")):  # books of before have no more
            then.price, then.trigger, then.quantity = (int(each) for each in step[2:5])
        return then

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled - self.cancelled

    @property
    def sign(self) -> int:
        return 1 if self.side == "BUY" else -1


@dataclass(slots=True, kw_only=True)
class Trade:
    """One fill: units at a price in paise."""

    number: str
    order: str
    client: str
    day: str
    exchange: str
    token: str
    side: Side
    kind: Kind
    product: Product
    quantity: int
    price: int
    at: str
    channel: Channel
    exchange_order: str
    from_product: str = ""  # set on the pair of entries that a conversion makes

    @property
    def key(self) -> Key:
        return (self.exchange, self.token)

    @property
    def sign(self) -> int:
        return 1 if self.side == "BUY" else -1


@dataclass(slots=True, kw_only=True)
class Carried:
    """A position brought in from the day before: signed units, and what they cost in all (paise, same sign)."""

    client: str
    exchange: str
    token: str
    product: Product
    quantity: int
    cost: int
    name: str = ""

    @property
    def key(self) -> Key:
        return (self.exchange, self.token)


@dataclass(slots=True, kw_only=True)
class Holding:
    """Shares in the demat account. `t1` are bought and not yet delivered. `cost` is the total in paise."""

    client: str
    exchange: str
    token: str
    quantity: int
    cost: int
    t1: int = 0
    authorised: int = 0
    collateral: int = 0

    @property
    def key(self) -> Key:
        return (self.exchange, self.token)


@dataclass(slots=True, kw_only=True)
class Block:
    """Money held back beyond what the books explain, until a moment: the 7 % after a MARKET buy (section 4)."""

    id: str
    client: str
    amount: int
    until: str


@dataclass(slots=True, kw_only=True)
class Basket:
    id: int
    client: str
    name: str
    description: str
    created: str
    rows: list[dict[str, object]] = field(default_factory=list)


Fact = Account | Order | Trade | Carried | Holding | Block | Basket


def to_text(fact: Fact) -> str:
    return json.dumps(asdict(fact), separators=(",", ":"))


def stamp(moment: datetime) -> str:
    return moment.isoformat()


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day_text(day: date) -> str:
    return day.isoformat()
