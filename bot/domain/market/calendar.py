"""What may be done with an instrument, in a product, at a moment, and what happens next."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.domain.clock import IST, ist, ist_date
from bot.domain.market.instrument import Instrument, InstrumentKind
from bot.domain.market.market_days import CalendarDay, DayKind, MarketDays, SquareOff
from bot.domain.market.sessions import BandHours, Phase, PhaseKind, WindowKind, takes
from bot.domain.terms import OrderKind, Product
from bot.domain.value import value

SOON = timedelta(minutes=30)  # how long before an event a note speaks of it
DECIDES = "mStock's answer decides."


@value
class Window:
    """The answer of Calendar.may: what the market takes at that moment. It states facts. No exit is refused by us on its word."""

    day: CalendarDay
    phase: Phase
    known: bool  # False: the day, its hours, or this share's part in the auction are not in our data
    may_enter: bool
    may_exit: bool
    kinds: frozenset[OrderKind]
    ioc: bool
    disclosed: bool
    band: Decimal | None  # percent either side of the exchange's reference price; None: no band of this hour
    next: Phase | None  # what happens next, and when (its start)
    opens: datetime | None  # when a new order is taken again, UTC; None: it is taken now, or we do not know
    closes: datetime | None  # end of today's continuous trading, UTC; None: over, or none today
    square_off: SquareOff | None
    reasons: tuple[str, ...]  # why not
    notes: tuple[str, ...]  # what a careful trader would be told besides
    sources: tuple[str, ...]


@value
class Calendar(MarketDays):
    """The dated rows, asked by a person who wants to trade now."""

    def may(
        self, instrument: Instrument, product: Product, at: datetime, *, in_auction: bool | None = None, as_of: date | None = None
    ) -> Window:
        """What the market takes for this instrument in this product at this moment (aware, any zone), and what happens next.

        in_auction says whether a cash share has F&O contracts and so takes part in the closing auction. None (not known) answers
        for both and fails closed for entries where they differ. What our data does not cover takes no entry and leaves exits to
        the broker.
        """
        return _Look(self, instrument, product, at, in_auction=in_auction, as_of=as_of).window()


class _Look:
    """One question to the calendar while it is being answered."""

    def __init__(
        self,
        calendar: MarketDays,
        instrument: Instrument,
        product: Product,
        at: datetime,
        *,
        in_auction: bool | None,
        as_of: date | None,
    ) -> None:
        self.calendar = calendar
        self.instrument = instrument
        self.product = product
        self.at = at
        self.in_auction = in_auction is not False
        self.as_of = as_of
        self.today = ist_date(at)
        self.day = calendar.day(self.today, as_of=as_of)
        self.phase = next(self._ahead())
        self.square_off = calendar.square_off(instrument, product, self.today)
        self.reasons: list[str] = []
        self.notes: list[str] = []
        # A share whose part in the closing auction is not known has two possible days; where they differ now, we do not know.
        self.other: Phase | None = None
        if in_auction is None and instrument.kind is InstrumentKind.EQUITY:
            other = next(calendar.from_moment(instrument, at, in_auction=False, as_of=as_of))
            self.other = other if other.kind is not self.phase.kind else None

    def _ahead(self) -> Iterator[Phase]:
        return self.calendar.from_moment(self.instrument, self.at, in_auction=self.in_auction, as_of=self.as_of)

    def window(self) -> Window:
        known = self.phase.kind is not PhaseKind.UNKNOWN and self.other is None
        kinds = self._kinds()
        if not known:
            self.reasons.append(self._not_known())
        elif not kinds and not self.reasons:
            self.reasons.append(self._shut())
        may_enter = known and bool(kinds) and self._entries()
        unknown = self.phase.kind is PhaseKind.UNKNOWN
        rules = takes(self.phase.kind)
        band = self.calendar.band(self.instrument, self.at, in_auction=self.in_auction and self.other is None)
        self._tell(band)
        return Window(
            day=self.day,
            phase=self.phase,
            known=known,
            may_enter=may_enter,
            may_exit=bool(kinds),
            kinds=kinds,
            ioc=rules.special or unknown,
            disclosed=rules.special or unknown,
            band=band.percent if band is not None and kinds else None,
            next=self._next(),
            opens=self._opens(kinds),
            closes=self._closes(),
            square_off=self.square_off,
            reasons=tuple(self.reasons),
            notes=tuple(self.notes),
            sources=tuple(
                dict.fromkeys(text for text in (self.phase.source, self.day.source, band.source if band else "") if text)
            ),
        )

    def _kinds(self) -> frozenset[OrderKind]:
        if not self.instrument.is_tradable:
            self.reasons.append(f"{self.instrument.symbol} is an index: it has a price but takes no order.")
            return frozenset()
        if self._expired():
            self.reasons.append(f"{self.instrument.name} expired on {_day(self.instrument.expiry or self.today)}.")
            return frozenset()
        if self.phase.kind is PhaseKind.UNKNOWN:
            kinds = frozenset(OrderKind)  # nobody knows: the broker's answer to an exit is final
        else:
            rules = takes(self.phase.kind)
            if rules.delivery_only and self.product is not Product.CNC:
                self.reasons.append("The post-close session takes delivery (CNC) orders only, at the closing price.")
                return frozenset()
            kinds = rules.kinds | (takes(self.other.kind).kinds if self.other is not None else frozenset())
        return kinds - self.calendar.withdrawn(self.instrument, self.today)

    def _expired(self) -> bool:
        return self.instrument.expiry is not None and self.instrument.expiry < self.today

    def _entries(self) -> bool:
        if self.square_off is None or self.at < self.square_off.at:
            return True
        clock = f"{ist(self.square_off.at):%H:%M}"
        if self.square_off.proven:
            self.reasons.append(f"mStock closes intraday positions from {clock}; a new one would be closed at once, with a fee.")
            return False
        self.notes.append(f"mStock may close intraday positions in F&O from {clock} (not proven).")
        return True

    def _not_known(self) -> str:
        if self.other is not None:
            return f"I do not know whether {self.instrument.symbol} takes part in the closing auction, which is on now. {DECIDES}"
        if self.day.kind is DayKind.UNCOVERED:
            return f"I have no calendar for {self.today.year}, so I do not know whether the exchange is open. {DECIDES}"
        return f"{_day(self.today)} is a special session ({self.day.name}) whose hours I do not know. {DECIDES}"

    def _shut(self) -> str:
        opens = self._opens(frozenset())
        again = f" Orders are taken again {_moment(opens, self.today)}." if opens else ""
        words = {
            PhaseKind.SHUT: self._why_shut(),
            PhaseKind.PRE_OPEN_MATCH: "The exchange is matching the opening auction.",
            PhaseKind.PRE_OPEN_BUFFER: "The opening auction is over and trading has not begun.",
            PhaseKind.REFERENCE: "The exchange takes no orders while it works out the closing auction's reference price.",
            PhaseKind.AUCTION_MATCH: "The closing auction is being matched.",
            PhaseKind.BETWEEN: "Trading is over and the post-close session has not begun.",
        }
        return words.get(self.phase.kind, "The exchange takes no orders now.") + again

    def _why_shut(self) -> str:
        if self.day.kind is DayKind.HOLIDAY:
            return f"The exchange is closed today: {self.day.name}."
        if self.day.kind is DayKind.WEEKEND:
            return f"The exchange is closed on {self.day.name}."
        return "The market is closed."

    def _opens(self, kinds: frozenset[OrderKind]) -> datetime | None:
        if kinds or not self.instrument.is_tradable or self._expired():
            return None
        for phase in self._ahead():
            over = self.instrument.expiry is not None and ist_date(phase.start) > self.instrument.expiry
            if over or phase.kind is PhaseKind.UNKNOWN:
                return None
            rules = takes(phase.kind)
            if rules.kinds and phase.start > self.at and not (rules.delivery_only and self.product is not Product.CNC):
                return phase.start
        return None

    def _next(self) -> Phase | None:
        following = self._ahead()
        next(following)
        # A night and the shut morning after it are one thing for a reader.
        return next((phase for phase in following if (phase.kind, self.phase.kind) != (PhaseKind.SHUT, PhaseKind.SHUT)), None)

    def _closes(self) -> datetime | None:
        for phase in self._ahead():
            if ist_date(phase.start) != self.today:
                return None
            if phase.kind is PhaseKind.CONTINUOUS:
                return phase.end
        return None

    def _tell(self, band: BandHours | None) -> None:
        following = self._next()
        phase = self.phase
        if phase.random_from is not None:
            self.notes.append(f"The exchange may end this at any second from {ist(phase.random_from):%H:%M}.")
        if phase.kind is PhaseKind.CONTINUOUS and following is not None and following.start - self.at <= SOON:
            if following.kind is PhaseKind.REFERENCE:
                self.notes.append(
                    f"At {ist(following.start):%H:%M} the exchange cancels stop and disclosed-quantity orders in "
                    f"{self.instrument.symbol}; plain limit orders go into the closing auction."
                )
            else:
                self.notes.append(f"Trading ends at {ist(following.start):%H:%M}; day orders that are left then lapse.")
        if phase.kind in (PhaseKind.PRE_OPEN_LIMIT, PhaseKind.AUCTION_LIMIT):
            self.notes.append("Market orders can no longer be placed, changed or cancelled.")
        if phase.kind in (PhaseKind.REFERENCE, PhaseKind.AUCTION, PhaseKind.AUCTION_LIMIT, PhaseKind.AUCTION_MATCH):
            self.notes.append("What the closing auction does not fill, the exchange cancels.")
        if band is not None:
            self.notes.append(f"Prices more than {band.percent.normalize():f} % from the exchange's reference price are refused.")
        if phase.kind is PhaseKind.SHUT and (amo := self.calendar.amo(self.today)) is not None:
            self.notes.append(amo.says)
        self.notes.extend(window.says for window in self.calendar.broker_windows(self.at) if window.kind is not WindowKind.AMO)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _moment(at: datetime, today: date) -> str:
    local = at.astimezone(IST)
    return f"at {local:%H:%M}" if local.date() == today else f"on {_day(local.date())} at {local:%H:%M}"
