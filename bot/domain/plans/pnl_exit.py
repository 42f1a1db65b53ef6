"""P&L exits: what of an account's day they watch, when its figure is known, and when it has struck.

A figure counts only while every open row has a price of now. It strikes when known figures have stood beyond its level for
some seconds. A figure that is not known strikes nothing.
"""

import hashlib
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Tick
from bot.domain.terms import Product
from bot.domain.value import value

RECHECK = timedelta(seconds=3)  # that known figures have to stand beyond the level, unless the settings say otherwise
BLIND_FOR = 10.0  # seconds that the figure may be unknown in silence
TRADED_WITHIN = timedelta(seconds=60)  # an older trade is no price of now
HEARD_WITHIN = timedelta(seconds=10)  # since a row's last packet
WIDEST = Decimal("0.05")  # of the middle of bid and ask, for that to stand for a trade
CLOSES = frozenset({Product.MIS, Product.NRML})  # never what is delivered, nor what is financed


class ScopeKind(StrEnum):
    """How much of an account is watched."""

    POSITION = "POSITION"
    UNDERLYING = "UNDERLYING"  # all contracts on it, and its intraday shares
    ALL = "ALL"


@value
class Scope:
    """The rows whose day is watched, those that were closed today and those that are opened later included."""

    kind: ScopeKind
    underlying: str = ""  # UNDERLYING: its symbol
    instrument: Instrument | None = None  # POSITION
    product: Product | None = None  # POSITION

    def takes_in(self, instrument: Instrument, product: Product) -> bool:
        """Whether a row belongs to it: intraday and carry-forward alone."""
        if product not in CLOSES:
            return False
        match self.kind:
            case ScopeKind.ALL:
                return True
            case ScopeKind.UNDERLYING:
                return instrument.symbol == self.underlying
            case ScopeKind.POSITION:
                return self.instrument is not None and (instrument.key, product) == (self.instrument.key, self.product)

    @property
    def name(self) -> str:
        """The name by which two of them are the same."""
        key = f"{self.instrument.key}" if self.instrument is not None else ""
        return f"{self.kind}|{self.underlying}|{key}|{self.product or ''}"


class PnlAction(StrEnum):
    """What is done when it strikes."""

    EXIT = "EXIT"
    ALERT = "ALERT"


class PnlLevel(StrEnum):
    """Which of its levels the day has reached."""

    STOP = "stop"
    TARGET = "target"
    GIVEBACK = "giveback"


class PnlState(StrEnum):
    """It strikes once. Whoever moves it out of ALIVE acts on that."""

    ASKED = "ASKED"
    ALIVE = "ALIVE"
    STRUCK = "STRUCK"
    OVER = "OVER"


@value
class PnlExit:
    """A plan on the day's result of a scope. Its id is the token of the question, and names the exits that it begins."""

    id: str
    account_id: str
    by: int  # Telegram id of who confirmed
    name: str
    scope: Scope
    stop: Decimal | None = None  # rupees of the day's result, at or below which it strikes
    target: Decimal | None = None  # at or above
    giveback: Decimal | None = None  # rupees given back of the best result since Confirm, once that is above it
    action: PnlAction = PnlAction.EXIT
    after_charges: bool = False  # the result is after the charges that are known of the scope's fills
    blocks_until: datetime | None = None  # no entries after it has struck, until then (UTC); None: they go on
    stands: int = RECHECK.seconds  # seconds that known figures have to stand beyond the level
    until: datetime  # UTC; it watches no longer
    created_at: datetime
    state: PnlState = PnlState.ALIVE
    best: Decimal | None = None  # rupees, that stood for the seconds of a recheck
    struck_at: datetime | None = None
    seen_at: datetime | None = None  # UTC; when its figure was last known, or nothing of it was open

    def __post_init__(self) -> None:
        levels = (self.stop, self.target, self.giveback)
        crossed = self.stop is not None and self.target is not None and self.stop >= self.target
        if all(level is None for level in levels) or crossed or (self.giveback is not None and self.giveback <= 0):
            msg = f"{levels} are no levels of a P&L exit"
            raise ValueError(msg)

    def digest(self) -> str:
        """A name for all that its card shows and that a Confirm covers."""
        words = (
            self.account_id, self.scope.name, self.stop, self.target, self.giveback, self.action, self.after_charges,
            self.blocks_until, self.until, self.stands,
        )  # fmt: skip
        return hashlib.sha256("|".join(str(each) for each in words).encode()).hexdigest()

    def reached(self, value: Decimal) -> PnlLevel | None:
        """Which level a result, in rupees, is at or beyond."""
        if self.stop is not None and value <= self.stop:
            return PnlLevel.STOP
        if self.target is not None and value >= self.target:
            return PnlLevel.TARGET
        return PnlLevel.GIVEBACK if self.gives_back_at is not None and value <= self.gives_back_at else None

    @property
    def gives_back_at(self) -> Decimal | None:
        """The result, in rupees, at which what it may give back is given back. None: it is not armed."""
        if self.giveback is None or self.best is None or self.best <= self.giveback:
            return None
        return self.best - self.giveback

    def with_best(self, value: Decimal) -> "PnlExit":
        """The exit with the best result that stood so far."""
        if self.giveback is None or (self.best is not None and value <= self.best):
            return self
        return replace(self, best=value)


@value
class Mark:
    """A price of now."""

    price: Decimal
    at_mid: bool = False  # between bid and ask: nothing was traded lately


def mark_of(tick: Tick | None, now: datetime) -> Mark | None:
    """The price of now: the last trade, else the middle of a live bid and ask that stand near each other. None: not known."""
    if tick is None or tick.stale or now - tick.received > HEARD_WITHIN:
        return None
    if tick.last > 0 and now - tick.at <= TRADED_WITHIN:
        return Mark(price=tick.last)
    bid, ask = tick.bids[0].price if tick.bids else None, tick.asks[0].price if tick.asks else None
    if bid is None or ask is None or not 0 < bid <= ask:
        return None
    middle = (bid + ask) / 2
    return Mark(price=middle, at_mid=True) if ask - bid <= middle * WIDEST else None


class Recheck:
    """How long known figures have stood beyond a level, and which best result has stood. A gap begins both anew.

    Moments are seconds of passing time: a clock that is set makes no figure stand longer.
    """

    def __init__(self, stands: float = RECHECK.total_seconds()) -> None:
        self._stands = stands
        self.level: PnlLevel | None = None
        self.since: float | None = None
        self._stood: deque[tuple[float, Decimal]] = deque()  # (when, the lowest from then to the next)

    def saw(self, exit_: PnlExit, value: Decimal, now: float) -> None:
        """A known figure, in rupees."""
        level = exit_.reached(value)
        if level is not self.level:
            self.level, self.since = level, now if level is not None else None
        last = self._stood[-1] if self._stood else None
        if last is not None and now - last[0] < self._stands / 6:
            self._stood[-1] = (last[0], min(last[1], value))
        else:
            self._stood.append((now, value))

    def forget(self) -> None:
        """The figure is not known."""
        self.level = self.since = None
        self._stood.clear()

    @property
    def due(self) -> float | None:
        """When it strikes if the figures stay where they are. None: they are not beyond a level."""
        return None if self.since is None else self.since + self._stands

    def struck(self, now: float) -> PnlLevel | None:
        """The level beyond which known figures have stood long enough."""
        return self.level if self.due is not None and now >= self.due else None

    def stood(self, now: float) -> Decimal | None:
        """The result, in rupees, that known figures have not fallen below for the seconds of a recheck. None: too young."""
        while len(self._stood) > 1 and now - self._stood[1][0] >= self._stands:
            self._stood.popleft()
        if not self._stood or now - self._stood[0][0] < self._stands:
            return None
        return min(value for _, value in self._stood)


@value
class ScopeResult:
    """The day of a scope at a moment."""

    value: Decimal | None  # rupees; None: not known
    missing: tuple[str, ...] = ()  # rows without a price of now, or without a cost, named
    at_mid: bool = False  # some row is valued between bid and ask
    flat: bool = False  # nothing of it is open


@value
class PnlExitNow:
    """A P&L exit as it stands."""

    exit: PnlExit
    figure: ScopeResult | None  # None: it was not looked at yet
    blind_since: datetime | None = None
    as_of: datetime
