"""What a way out may do: it is licensed by a card that named it, never crosses zero, and nothing works when its position is gone.

Like the checker it knows nothing of the bot's code: it reads the exchange's log and what stood on the cards that were tapped.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.campaign.record import Act, Deed, Record

LICENSED_BY = ("Confirm", "Close these", "Yes", "Exit", "Chase", "Limit at", "Try again", "Go on", "Limit")
ALL_OF_IT = re.compile(r"\b(EXIT|PANIC|CLOSES?)\b")
INTRADAY = "INTRADAY"
A_TICK = 0.01  # seconds; the log of the exchange rounds
STILL = 30.0  # seconds after the last trouble in which a stop of a position that is gone is taken away


@dataclass(slots=True)
class Row:
    """The position of one share and product through the session, and the orders from here that sell it."""

    open: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])  # when, and how much then

    def at(self, moment: float) -> int:
        return next(amount for at, amount in reversed(self.open) if at <= moment)


class Licences:
    """The rows of a session, from its deeds."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.placed = {deed.order: deed for deed in record.deeds if deed.what == "order"}
        self.rows: dict[tuple[str, str], Row] = defaultdict(Row)
        self.crossed: list[str] = []
        seen: dict[str, int] = defaultdict(int)
        for deed in record.deeds:
            if deed.what == "fill":
                self._fill(deed, int(str(deed.detail["filled"])) - seen[deed.order])
                seen[deed.order] = int(str(deed.detail["filled"]))

    def _fill(self, deed: Deed, quantity: int) -> None:
        order = self.placed[deed.order].detail
        row = self.rows[_share(order), str(order.get("product", ""))]
        before = row.open[-1][1]
        after = before + (quantity if order["side"] == "BUY" else -quantity)
        row.open.append((deed.at, after))
        if order["side"] == "SELL" and after < 0 and order.get("product", "") == INTRADAY:
            self.crossed.append(f"{_share(order)} went from {before} to {after} at {deed.at:.1f} by {deed.order}")

    def intraday_at(self, moment: float) -> dict[str, int]:
        """What was open of each share."""
        rows = ((share, row.at(moment)) for (share, product), row in self.rows.items() if product == INTRADAY)
        return {share: amount for share, amount in rows if amount}

    def license_of(self, order: Deed) -> Act | None:
        """The newest tap before a sale that a card with its name allowed: a plan's entry, an exit, a list, a panic."""
        share, when = _share(order.detail), order.at
        for act in reversed(self.record.acts):
            if act.what == "taps" and act.at <= when + A_TICK and act.text.startswith(LICENSED_BY) and _names(act.shown, share):
                return act
        return None

    def left_over(self) -> Iterator[str]:
        """Sales from here that still work at the end though nothing of theirs is open."""
        ended = {deed.order for deed in self.record.deeds if deed.what in ("cancelled", "rejected", "expired")}
        filled = {deed.order: int(str(deed.detail["filled"])) for deed in self.record.deeds if deed.what == "fill"}
        sizes = {deed.order: int(str(deed.detail["quantity"])) for deed in self.record.deeds if "quantity" in deed.detail
                 and deed.what in ("order", "modified")}  # fmt: skip
        working: dict[tuple[str, str], int] = defaultdict(int)
        for number, order in self.placed.items():
            detail = order.detail
            if detail["channel"] != "API" or detail["side"] != "SELL" or detail.get("product", "") != INTRADAY:
                continue
            if number not in ended and detail["status"] != "Rejected":
                working[_share(detail), INTRADAY] += sizes[number] - filled.get(number, 0)
        for (share, product), quantity in working.items():
            have = self.rows[share, product].at(float("inf"))
            if quantity > max(have, 0):
                yield f"{share}: {quantity} on sale at the end, and {have} open"


def _share(detail: dict[str, object]) -> str:
    return str(detail["name"]).removesuffix("-EQ")


def _names(shown: str, share: str) -> bool:
    return re.search(rf"(?<![A-Z&]){re.escape(share)}(?![A-Z&])", shown) is not None


def of_here(deeds: Sequence[Deed]) -> Iterator[Deed]:
    """Intraday sales that came from here."""
    for deed in deeds:
        if deed.what == "order" and (deed.detail["channel"], deed.detail["side"]) == ("API", "SELL"):
            yield deed
