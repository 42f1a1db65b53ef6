"""A page of an option chain: the strikes around the money with what is known of each side."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.market.prices import Price
from bot.domain.people.account import Account
from bot.domain.value import value

EACH_SIDE = 5  # strikes above and below the one at the money


@value
class ChainSide:
    """One contract of a chain."""

    instrument: Instrument
    price: Price | None  # None: nobody knows one now
    interest: int | None  # open, in units; None: not known


@value
class ChainStrike:
    """Call and put of one strike. None: it is not listed."""

    strike: Decimal  # rupees
    call: ChainSide | None
    put: ChainSide | None


@value
class ChainPage:
    """Strikes around the money of one underlying and expiry, rising."""

    account: Account
    symbol: str  # of the underlying
    market: Exchange
    expiry: date
    monthly: bool
    before: date | None  # the expiry before it that still trades
    after: date | None
    spot: Price | None  # of the underlying; None: not known now, and the strikes are those of the middle
    middle: Decimal | None  # the strike at the money, rupees; None: it is not known
    strikes: tuple[ChainStrike, ...]
    as_of: datetime
    auction: bool = False  # the underlying is in its closing auction, while its contracts trade on
    by_chain: bool = False  # whether open interest, where the feed had none, is mStock's list's

    @property
    def sides(self) -> tuple[ChainSide, ...]:
        """Every contract on the page."""
        return tuple(side for each in self.strikes for side in (each.call, each.put) if side is not None)


def at_the_money(strikes: Collection[Decimal], spot: Decimal) -> Decimal:
    """The strike nearest to a price, the lower of two that are equally near. ValueError where there are none."""
    return min(strikes, key=lambda strike: (abs(strike - spot), strike))


def around(strikes: Collection[Decimal], middle: Decimal, each_side: int = EACH_SIDE) -> tuple[Decimal, ...]:
    """Rising: that strike with as many below and above it as there are, at most so many on each side."""
    rising = sorted(set(strikes))
    place = rising.index(middle)
    return tuple(rising[max(0, place - each_side) : place + each_side + 1])
