"""What the broker means by its refusals: a pattern, a plain sentence, a kind and a repair for each text that has been seen."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from enum import StrEnum

from bot.domain.money import exact, to_paise
from bot.domain.value import value

ORDER_ID = re.compile(r"RMS:\s*(\d+)\s*:")
LONGEST = 160  # characters of the broker's own words that are shown
REPAIR_FIGURES = frozenset({"needed", "lot", "tick", "freeze", "left"})  # captured for the repair; no sentence has to say them
MOST_SHAPES = 200  # unknown texts remembered; beyond that only the known shapes keep counting


class RejectionKind(StrEnum):
    """What a refusal is about."""

    FUNDS = "FUNDS"
    CLOSED = "CLOSED"  # the market, or this order kind in this session
    QUANTITY = "QUANTITY"  # lot, freeze, or the most that one order may carry
    FREEZE = "FREEZE"
    PRICE = "PRICE"  # outside a band or range
    TICK = "TICK"
    KIND = "KIND"  # this kind of order is not taken
    PRODUCT = "PRODUCT"
    HOLDINGS = "HOLDINGS"  # not enough shares to sell or convert
    BAN = "BAN"
    GONE = "GONE"  # the order is dead or unknown
    SYMBOL = "SYMBOL"
    REQUEST = "REQUEST"  # we asked wrongly: our own bug
    ADDRESS = "ADDRESS"
    KEY = "KEY"
    SESSION = "SESSION"
    LOGIN = "LOGIN"
    BROKER = "BROKER"  # mStock itself is in trouble
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class RepairKind(StrEnum):
    """What a button may offer."""

    FEWER = "FEWER"  # the largest quantity that the money covers
    NEAREST_LOT = "NEAREST_LOT"
    SLICE = "SLICE"
    NEAREST_TICK = "NEAREST_TICK"
    NEARER_PRICE = "NEARER_PRICE"
    LIMIT = "LIMIT"  # the same order as a limit
    AT_OPEN = "AT_OPEN"  # a card when orders are taken again
    OTHER_PRODUCT = "OTHER_PRODUCT"
    HOLDINGS = "HOLDINGS"  # look at what can be sold
    LOOK = "LOOK"  # read the book again
    LOG_IN = "LOG_IN"
    REGISTER_ADDRESS = "REGISTER_ADDRESS"
    RENEW_KEY = "RENEW_KEY"
    WAIT = "WAIT"
    NONE = "NONE"


@value
class RejectionRow:
    """One text of the broker as a pattern over its normal form (upper case, commas and runs of blanks as one blank)."""

    name: str
    pattern: re.Pattern[str]
    kind: RejectionKind
    says: str  # may hold {figures} that the pattern captures by name; what only a repair needs is captured besides
    repair: RepairKind
    source: str
    example: str
    codes: frozenset[str] = frozenset()  # decides only for texts that no pattern knows


@value
class Explanation:
    """A refusal in words for a person, beside the broker's own."""

    kind: RejectionKind
    template: str
    repair: RepairKind
    text: str  # the broker's own, as it came: to be escaped before it is shown
    figures: Mapping[str, Decimal] = field(default_factory=dict)
    broker_id: str | None = None  # the order that the text names
    name: str = ""  # which row knew it; empty: none did

    @property
    def known(self) -> bool:
        return bool(self.name)

    @property
    def says(self) -> str:
        """The sentence with its figures to the paisa, ungrouped."""
        return self.words(lambda amount: f"₹{to_paise(amount)}")

    def words(self, rupees: Callable[[Decimal], str]) -> str:
        """The sentence with its figures written by the caller's own hand.

        A text that no row knows stands in its own words, quoted.
        """
        if not self.known:
            return f"“{shortened(self.text)}”"
        return self.template.format_map({name: rupees(amount) for name, amount in self.figures.items()})


class Rejections:
    """The dictionary. It also counts the shapes of the texts that it does not know, so that someone can add them."""

    def __init__(self, rows: Sequence[RejectionRow]) -> None:
        self.rows = tuple(rows)
        self._unknown: Counter[str] = Counter()

    def explain(self, text: str, *, code: str = "") -> Explanation:
        """What the broker's text means, with the error code that it came with. An unknown one is handed through and counted."""
        normal = normal_form(text)
        order_id = ORDER_ID.search(text)
        broker_id = order_id.group(1) if order_id else None
        for row in self.rows:
            if (match := row.pattern.search(normal)) is not None and (figures := _figures(match)) is not None:
                return Explanation(
                    kind=row.kind,
                    template=row.says,
                    repair=row.repair,
                    text=text,
                    figures=figures,
                    broker_id=broker_id,
                    name=row.name,
                )
        for row in self.rows:
            if code and code in row.codes and "{" not in row.says:
                return Explanation(
                    kind=row.kind, template=row.says, repair=row.repair, text=text, broker_id=broker_id, name=row.name
                )
        shape = _shape(normal)
        if shape in self._unknown or len(self._unknown) < MOST_SHAPES:
            self._unknown[shape] += 1
        return Explanation(
            kind=RejectionKind.UNKNOWN,
            template="",
            repair=RepairKind.NONE,
            text=text,
            broker_id=broker_id,
        )

    def unknown(self) -> tuple[tuple[str, int], ...]:
        """Shapes of the texts that no row knew, most frequent first. Numbers, ids and client codes are replaced."""
        return tuple(self._unknown.most_common())


def shortened(text: str) -> str:
    """The broker's own words in one line of bounded length. What writes right to left or is no letter at all is gone."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def normal_form(text: str) -> str:
    """Upper case, commas and blanks as one blank: the book has commas where HTTP has blanks (mstock-type-b.md 5.2)."""
    return re.sub(r"[\s,]+", " ", text.upper()).strip()


def _figures(match: re.Match[str]) -> dict[str, Decimal] | None:
    """The captured figures as Decimals. None when one that the sentence needs is missing, so that a plainer row can answer."""
    figures = {}
    for name, text in match.groupdict().items():
        try:
            figures[name] = exact(text or "")
        except ValueError:
            if name not in REPAIR_FIGURES:
                return None
    return figures


def _shape(normal: str) -> str:
    """The text without what belongs to one order or one person: words that hold a digit or an @ become #."""
    return " ".join("#" if any(mark.isdigit() or mark == "@" for mark in word) else word for word in normal.split())[:200]
