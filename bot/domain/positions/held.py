"""What an account held when a day ended, as the day's own facts had it: what the next morning is compared with."""

from datetime import date, datetime
from decimal import Decimal

from bot.domain.market.instrument import Instrument, InstrumentKind
from bot.domain.terms import Product
from bot.domain.value import value

MOST_APART = Decimal("0.05")  # of yesterday's close: further away than this, the exchange has set a new base price
GAP = Decimal("0.30")  # of the previous close: no share falls so far in a day but by a bonus, a split or a calamity


@value
class HeldRow:
    """One thing held, with its instrument as the master of that day described it."""

    instrument: Instrument
    product: Product  # delivery for what lies in the demat account
    quantity: int  # signed, shares or units
    close: Decimal | None  # rupees, the last price of that day; None: not known
    previous_close: Decimal | None  # of the day before, as the broker gave it on that day
    listed: bool = True  # whether that master had it; of what it had not, the book's row is all that is known

    @property
    def is_position(self) -> bool:
        """Whether it is a position, which a stop can guard, and no share of the demat account."""
        return self.product is not Product.CNC


@value
class Watched:
    """Something that a person watches on an account, by an alert or on the list, as the master of that day described it."""

    person: int  # Telegram id
    instrument: Instrument


@value
class HeldNote:
    """All that an account held at the end of one date in India, and what its people watched on it."""

    account_id: str
    day: date
    rows: tuple[HeldRow, ...]
    noted_at: datetime
    watched: tuple[Watched, ...] = ()


@value
class ContractChange:
    """What the exchange changed overnight in something that is held: "lot", from "65" to "75"."""

    instrument: Instrument  # as it was
    what: str
    before: str
    now: str  # empty: it is not listed any more


@value
class NewBase:
    """A share whose price lives on another base than yesterday: perhaps a bonus or a split."""

    instrument: Instrument
    before: Decimal  # rupees
    now: Decimal


def contract_changes(before: Instrument, now: Instrument | None, on: date) -> tuple[ContractChange, ...]:
    """How the contract or share of yesterday stands in today's master. One that has expired by then is no news."""
    if before.expiry is not None and before.expiry < on:
        return ()
    if now is None:
        return (ContractChange(instrument=before, what="listed", before=before.name, now=""),)
    facts = (
        ("lot", str(before.lot), str(now.lot), before.lot != now.lot),
        ("tick", f"{before.tick.normalize():f}", f"{now.tick.normalize():f}", before.tick != now.tick),
        ("expiry", _day(before.expiry), _day(now.expiry), before.expiry != now.expiry),
        ("name", before.name, now.name, before.name != now.name),
    )
    return tuple(
        ContractChange(instrument=before, what=what, before=was, now=is_now) for what, was, is_now, differs in facts if differs
    )


def new_base(
    instrument: Instrument, *, previous_close: Decimal | None, last: Decimal | None, noted: HeldRow | None
) -> NewBase | None:
    """Whether a share's day change says nothing, because its base has changed overnight. All prices are in rupees.

    previous_close and last are the broker's of now. noted is what was noted on the trading day before, None where nothing was.
    A previous close that the broker has not brought up to date yet is compared with nothing.
    """
    if instrument.kind is not InstrumentKind.EQUITY or previous_close is None:
        return None
    if noted is not None and noted.close is not None:
        is_of_the_day_before = previous_close == noted.previous_close
        if not is_of_the_day_before and abs(previous_close - noted.close) > MOST_APART * noted.close:
            return NewBase(instrument=instrument, before=noted.close, now=previous_close)
    if last is not None and abs(last - previous_close) > GAP * previous_close:
        return NewBase(instrument=instrument, before=previous_close, now=last)
    return None


def _day(expiry: date | None) -> str:
    return f"{expiry.day} {expiry:%b}" if expiry is not None else "none"
