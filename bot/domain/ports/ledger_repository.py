"""The repository of the ledger: every fill of an account, what was brought forward, marks of closed days, the day's curve."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from bot.domain.market.instrument import InstrumentKey
from bot.domain.pnl.range_report import CurvePoint
from bot.domain.pnl.trades import BroughtForward, DayMark, LedgerTrade, RowKey


class LedgerRepository(Protocol):
    """Fills are kept for good. Those of one order are replaced together, as the trade book completes them."""

    def of_order(self, account_id: str, broker_id: str) -> Sequence[LedgerTrade]:
        """The fills of one order, oldest first."""
        ...

    def replace(self, account_id: str, broker_id: str, trades: Sequence[LedgerTrade]) -> None:
        """Stores these as all fills of that order."""
        ...

    def between(self, account_id: str, first: date, last: date) -> Sequence[LedgerTrade]:
        """All fills of these trading days in India, both included, oldest first."""
        ...

    def count(self, account_id: str, day: date) -> int:
        """How many fills that trading day has."""
        ...

    def last_sale(self, account_id: str, day: date) -> datetime | None:
        """When something was last sold on that trading day, UTC."""
        ...

    def of_row(self, account_id: str, row: RowKey, since: date | None, *, before: date | None = None) -> Sequence[LedgerTrade]:
        """All fills of one row from that trading day on, or ever, and before another, or until now, oldest first."""
        ...

    def brought(self, account_id: str, row: RowKey, until: date) -> BroughtForward | None:
        """What the row last began with by the broker's word, on that day or before."""
        ...

    def bring(self, forward: BroughtForward) -> None:
        """Stores what a row began its day with. A later word about the same day wins."""
        ...

    def close_day(self, marks: Sequence[DayMark]) -> None:
        """Stores how rows stood when their day was closed. The first word about a day stays."""
        ...

    def correct_day(self, marks: Sequence[DayMark]) -> None:
        """The same of a day that had trades after it was closed. The last word stays."""
        ...

    def marks(self, account_id: str, day: date) -> Mapping[RowKey, DayMark]:
        """How the rows stood when that day was closed. Empty where it was not."""
        ...

    def marks_of_row(self, account_id: str, row: RowKey) -> Mapping[date, Decimal]:
        """The price in rupees that each day valued the row at, where something was open at its end."""
        ...

    def last_marked(self, account_id: str, before: date) -> date | None:
        """The last day before that one whose rows were closed with figures."""
        ...

    def note_point(self, account_id: str, point: CurvePoint) -> None:
        """Stores what the day had made at a moment. The first word about a moment stays."""
        ...

    def curve(self, account_id: str, day: date) -> Sequence[CurvePoint]:
        """The points of a date in India, oldest first."""
        ...

    def forget_curves_before(self, moment: datetime) -> None:
        """Drops points older than that (UTC)."""
        ...

    def planned(self, account_id: str, first: date, last: date) -> Collection[str]:
        """The orders of these days in India that are legs of a plan, by order id."""
        ...

    def note_touch(self, order_id: str, price: Decimal) -> None:
        """Stores the ask (of a purchase) or bid (of a sale) in rupees that stood when the order was tapped."""
        ...

    def touches(self, account_id: str, first: date, last: date) -> Mapping[str, Decimal]:
        """The same of the orders of these days in India, by order id."""
        ...


class LentRepository(Protocol):
    """What mStock lends of a purchase on margin, as its margin route said on the day."""

    def note(self, account_id: str, key: InstrumentKey, day: date, part: Decimal) -> None:
        """Stores the part of the value, 0 to 1, that purchases of that share borrow on that date in India. The last word wins."""
        ...

    def of(self, account_id: str) -> Mapping[tuple[InstrumentKey, date], Decimal]:
        """All parts that are on record, by share and date of purchase."""
        ...
