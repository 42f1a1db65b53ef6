"""What a way out may do: it is licensed by a card that named it, never crosses zero, and nothing works when its position is gone.

Like the checker it knows nothing of the bot's code: it reads the exchange's log and what stood on the cards that were tapped.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.campaign.judging.absences import was_off
from tests.campaign.judging.readings import asked_of, names, share_of
from tests.campaign.record import Act, Deed, Record

LICENSED_BY = ("Confirm", "Close these", "Yes", "Exit", "Chase", "Limit at", "Try again", "Go on", "Limit", "Place today")
PLANNED = ("INTRADAY", "CARRYFORWARD")  # what plans may close, and what must not cross zero
A_TICK = 0.01  # seconds; the log of the exchange rounds
SEEN = 4.0  # seconds in which an order from elsewhere may not have been seen yet
SENT = 120.0  # seconds within which a card that was tapped has led to its order, or to none
STILL = 30.0  # seconds in which a stop follows what somebody else sold of its position
CLOSES = re.compile(r"^ ?[Cc]loses +[\d,]+(?: of|$)", re.MULTILINE)  # on the card of a way out
SEVERAL = ("REVERSE", "BASKET")  # their orders are told apart by what is open
Name = tuple[str, str]  # share, product


@dataclass(slots=True)
class Row:
    """The position of one share and product through the session, and when others had a hand in it."""

    open: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])  # when, and how much then
    elsewhere: list[float] = field(default_factory=list)  # orders and fills that did not come from here

    def at(self, moment: float) -> int:
        return next((amount for at, amount in reversed(self.open) if at <= moment), 0)

    def most(self, since: float, until: float, sign: int) -> int:
        """The most that was open on that side in these seconds."""
        return max([self.at(since) * sign, *(amount * sign for at, amount in self.open if since <= at <= until), 0])

    def is_shared(self, since: float, until: float) -> bool:
        return any(since <= at <= until for at in self.elsewhere)


class Licences:
    """The rows of a session, from its deeds."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.placed = {deed.order: deed for deed in record.deeds if deed.what == "order"}
        self.rows: dict[Name, Row] = defaultdict(Row)
        self.crossed: list[str] = []
        self.oversold: list[str] = []
        self.exits: set[str] = set()  # orders from here that close something
        self._asked = [(act, key) for act in record.acts for key in asked_of(act)]
        self._filled: dict[str, int] = defaultdict(int)
        self._left: dict[str, int] = {}  # what still works of each way out
        for deed in record.deeds:
            self._read(deed)

    def _read(self, deed: Deed) -> None:
        if deed.what == "fill":
            self._fill(deed, int(str(deed.detail["filled"])) - self._filled[deed.order])
        elif deed.what == "converted":
            self._converted(deed)
        elif deed.what == "order":
            self._order(deed)
        elif deed.what == "modified" and deed.order in self._left:
            self._left[deed.order] = int(str(deed.detail["quantity"])) - self._filled[deed.order]
            self._works(deed)
        elif deed.what in ("cancelled", "rejected", "expired"):
            self._left.pop(deed.order, None)

    def _order(self, deed: Deed) -> None:
        name, detail = self._name(deed.order), deed.detail
        if detail["channel"] != "API":
            self.rows[name].elsewhere.append(deed.at)
            return
        if not self._closes(deed):
            return
        self.exits.add(deed.order)
        if name[1] in PLANNED and detail["status"] != "Rejected":
            self._left[deed.order] = int(str(detail["quantity"]))
            self._works(deed)

    def _closes(self, deed: Deed) -> bool:
        """Whether an order is a way out: it is opposite to what is open, or it sells, and no card that was tapped opens by it."""
        share, product = self._name(deed.order)
        have = self.rows[share, product].at(deed.at)
        side, quantity = str(deed.detail["side"]), int(str(deed.detail["quantity"]))
        opposite = have if side == "SELL" else -have
        since, until = deed.at - SENT, deed.at + A_TICK
        cards = [act.shown for act, key in self._asked if since <= act.at <= until and key == (side, quantity, share)]
        if product in PLANNED and cards and not CLOSES.search(cards[-1]):
            return cards[-1].startswith(SEVERAL) and opposite >= quantity
        return opposite > 0 or side == "SELL"

    def _works(self, deed: Deed) -> None:
        """All ways out of a row together are never more than was open."""
        name, side = self._name(deed.order), str(self.placed[deed.order].detail["side"])
        row, sign = self.rows[name], 1 if side == "SELL" else -1
        together = sum(
            left for order, left in self._left.items()
            if self._name(order) == name and self.placed[order].detail["side"] == side
        )  # fmt: skip
        if together > row.most(deed.at - SEEN, deed.at, sign) and not row.is_shared(deed.at - STILL, deed.at):
            self.oversold.append(f"{name[0]}: {together} on the way out at {deed.at:.1f}, and {row.at(deed.at)} open")

    def _fill(self, deed: Deed, quantity: int) -> None:
        order, row = self.placed[deed.order], self.rows[self._name(deed.order)]
        before = row.at(float("inf"))
        after = before + (quantity if order.detail["side"] == "BUY" else -quantity)
        row.open.append((deed.at, after))
        self._filled[deed.order] += quantity
        if deed.order in self._left:
            self._left[deed.order] -= quantity
        if order.detail["channel"] != "API":
            row.elsewhere.append(deed.at)
            return
        (share, product), since = self._name(deed.order), min(order.at - SEEN, deed.at - STILL)
        crosses = deed.order in self.exits and product in PLANNED and before * after <= 0 and after
        if crosses and not row.is_shared(since, deed.at):
            self.crossed.append(f"{share} went from {before} to {after} at {deed.at:.1f} by {deed.order}")

    def _converted(self, deed: Deed) -> None:
        share, quantity = share_of(deed.detail), int(str(deed.detail["quantity"]))
        old, new = (self.rows[share, str(deed.detail[word])] for word in ("old", "new"))
        sign = 1 if old.at(float("inf")) > 0 else -1
        for row, way in ((old, -sign), (new, sign)):
            row.open.append((deed.at, row.at(float("inf")) + way * quantity))

    def _name(self, order: str) -> Name:
        detail = self.placed[order].detail
        return share_of(detail), str(detail.get("product", ""))

    def open_at(self, moment: float) -> dict[str, int]:
        """What was open of each share, but for delivery, and was not touched from elsewhere just then."""
        rows = (
            (share, row.at(moment)) for (share, product), row in self.rows.items()
            if product in PLANNED and not row.is_shared(moment - STILL, moment)
        )  # fmt: skip
        return {share: amount for share, amount in rows if amount}

    def license_of(self, order: Deed) -> Act | None:
        """The newest tap before a way out that a card with its name allowed: a plan's entry, an exit, a list, a panic."""
        share, when = share_of(order.detail), order.at
        for act in reversed(self.record.acts):
            fits = act.what == "taps" and act.at <= when + A_TICK and act.text.startswith(LICENSED_BY) and names(act.shown, share)
            if fits and not was_off(self.record, act):
                return act
        return None

    def ways_out(self) -> Iterator[Deed]:
        """Orders from here that close something."""
        for number in self.exits:
            yield self.placed[number]

    def left_over(self) -> Iterator[str]:
        """Ways out that still work at the end though nothing of theirs is open."""
        working: dict[tuple[Name, str], int] = defaultdict(int)
        for number, left in self._left.items():
            working[self._name(number), str(self.placed[number].detail["side"])] += left
        for (name, side), quantity in working.items():
            have = self.rows[name].at(float("inf")) * (1 if side == "SELL" else -1)
            if quantity > max(have, 0):
                yield f"{name[0]}: {quantity} on its way out at the end, and {have} open"
