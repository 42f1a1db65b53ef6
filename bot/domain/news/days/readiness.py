"""What is told before the market opens, as data: readiness, a missing login, contracts near their end, the week ahead."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.clock import MOST_SKEW
from bot.domain.market.expiries import Expiry
from bot.domain.market.instrument import Instrument
from bot.domain.money import ZERO, total
from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.people.news_settings import NewsKind
from bot.domain.positions.held import ContractChange, NewBase
from bot.domain.terms import Product
from bot.domain.value import value

LITTLE_SKEW = Decimal(2)  # seconds; a clock that is further off is worth a look
MOST = Decimal(int(MOST_SKEW))


class Light(StrEnum):
    """How a fact stands: fit to trade, worth a look or not known, in the way."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@value
class ClosedDay:
    """A weekday without a session, or a day with one of its own."""

    day: date
    name: str
    special: bool = False  # it has a session, in hours of its own


@value
class Overnight:
    """A position that was carried over the night."""

    instrument: Instrument
    product: Product
    quantity: int  # signed, shares or units
    guarded: bool | None  # whether a stop stands against it; None: not known

    @property
    def lacks_stop(self) -> bool:
        """Whether to say that no stop stands against it: shares on margin are not watched that way."""
        return self.guarded is False and self.product in (Product.MIS, Product.NRML)


@value
class Unauthorised:
    """Shares that wait for their stop, more than may leave the depository today."""

    instrument: Instrument
    quantity: int  # of the stop, shares
    authorised: int


@value
class Repair:
    """A button: its label, and the command that it stands for."""

    label: str
    command: str


@value
class Finding:
    """What one family of commands has to say of a morning: a row of the card with its light, details under it, its repairs."""

    light: Light
    name: str  # of at most ten letters
    value: str
    details: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    person: int | None = None  # Telegram id of the one who alone is told; None: everybody of the account
    waits: str = ""  # what nobody watches without a session, "alerts are armed": that rings


@value
class Readiness(Notice):
    """Whether an account is fit for its day. None is always "not known", never "none"."""

    sound = Sound.SILENT
    about = NewsKind.MORNING

    day: date
    expiries: tuple[Expiry, ...]  # families of contracts that end today
    held_expiring: tuple[Instrument, ...]  # contracts that are held and end today
    ahead: tuple[ClosedDay, ...]  # today, if it is special, and the holidays before the next session
    covered: bool  # the calendar knows this day
    skew: Decimal | None  # seconds that the broker's clock is ahead of ours
    session: bool
    master: date | None  # of the list of contracts in use
    cash: Decimal | None  # rupees
    feed: bool
    overnight: tuple[Overnight, ...] | None
    overnight_of: date | None  # the evening that overnight was noted on; None: it was read now
    unauthorised: tuple[Unauthorised, ...]
    changes: tuple[ContractChange, ...] | None  # since the trading day before
    bases: tuple[NewBase, ...] | None
    findings: tuple[Finding, ...] = ()  # of the families of commands

    @property
    def unwatched(self) -> bool:
        """Whether there is something that nobody watches, because there is no session."""
        return not self.session and (bool(self.overnight) or any(each.waits for each in self.findings))

    @property
    def clock(self) -> Light:
        if self.skew is None:
            return Light.AMBER
        off = abs(self.skew)
        return Light.RED if off > MOST else Light.AMBER if off > LITTLE_SKEW else Light.GREEN

    @property
    def contracts(self) -> Light:
        if self.master is None:
            return Light.RED
        return Light.GREEN if self.master == self.day else Light.AMBER

    @property
    def money(self) -> Light:
        return Light.GREEN if self.cash is not None and self.cash > ZERO else Light.AMBER

    @property
    def carried(self) -> Light:
        if self.overnight is None or self.overnight_of is not None:
            return Light.AMBER if self.overnight != () else Light.GREEN
        sure = all(row.guarded is not None and not row.lacks_stop for row in self.overnight)
        return Light.GREEN if sure else Light.AMBER


@value
class ReadinessAlarm(Readiness):
    """The same on a morning without a session while positions are held or alerts are armed: nothing is being watched."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY


@value
class LoginReminder(Notice):
    """The market is about to open, there is no session, and something wants to be watched."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    at: datetime
    overnight: tuple[Overnight, ...]
    findings: tuple[Finding, ...] = ()  # those that nobody watches without a session


@value
class SharesDue:
    """Shares that a contract ends in, or several on one share together, as clearing nets them. None is "not known"."""

    shares: int | None  # to take, or below zero to give; 0: none
    money: Decimal | None  # rupees to pay, or below zero to get
    owned: int | None  # settled shares in the demat account, where they are to be given

    @property
    def lacking(self) -> int:
        """Shares to give that are not there, as far as that is known. They go to the settlement's auction."""
        return max(-self.shares - self.owned, 0) if self.shares is not None and self.owned is not None else 0


@value
class Settlement:
    """One stock contract that ends in shares within days, at the share's price of now. None is "not known"."""

    instrument: Instrument
    product: Product
    quantity: int  # signed, units
    left: int | None  # trading days; 0: today
    warned: date | None  # from here on new entries are warned about
    refused: date | None  # from here on new entries are refused
    squared_off: date | None  # mStock closes it itself, best effort
    spot: Decimal | None  # rupees, the share
    shares: int | None  # to take, or below zero to give; 0: it ends without shares
    money: Decimal | None  # rupees to pay, or below zero to get, for these shares
    owned: int | None  # settled shares in the demat account, where they are to be given
    close_now: Decimal | None  # rupees since entry after charges, if it is closed at the price of now
    settle: Decimal | None  # rupees since entry after charges, if it ends at the share's price of now

    @property
    def due(self) -> SharesDue:
        return SharesDue(shares=self.shares, money=self.money, owned=self.owned)

    @property
    def meets(self) -> tuple[str, date | None]:
        """The share and the day on which it meets other contracts of it."""
        return self.instrument.symbol, self.instrument.expiry


@value
class NearExpiry(Notice):
    """Stock contracts that are held and end in shares within days."""

    sound = Sound.SILENT
    about = NewsKind.MORNING

    day: date
    at: datetime
    rows: tuple[Settlement, ...]
    noted_of: date | None  # the evening that they were noted on; None: the book was read now

    @property
    def netted(self) -> dict[tuple[str, date | None], SharesDue]:
        """What several contracts on one share and day come to together, where each one's end is known."""
        groups: dict[tuple[str, date | None], list[Settlement]] = {}
        for row in self.rows:
            groups.setdefault(row.meets, []).append(row)
        found = {}
        for meets, rows in groups.items():
            shares = sum(row.shares or 0 for row in rows)
            money = [row.money for row in rows if row.money is not None]
            if len(rows) > 1 and all(row.shares is not None for row in rows):
                owned = next((row.owned for row in rows if row.owned is not None), None) if shares < 0 else None
                found[meets] = SharesDue(shares=shares, money=total(money) if len(money) == len(rows) else None, owned=owned)
        return found


@value
class ExpiryAlarm(NearExpiry):
    """The same once new entries are warned about: two trading days before the end, and nearer."""

    sound = Sound.ALWAYS


@value
class WeekAhead(Notice):
    """The holidays of the coming week, and what of that which is held ends in it."""

    sound = Sound.SILENT
    about = NewsKind.MORNING

    monday: date
    closed: tuple[ClosedDay, ...]
    covered: bool  # the calendar knows every day of the week
    expiring: tuple[Overnight, ...] | None  # held, soonest first; None: what is held is not known
    noted_of: date | None
