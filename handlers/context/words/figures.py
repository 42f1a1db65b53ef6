"""Figures as they are typed in India: 2,900.50, .5, 10k, 1L, 2 crore, ₹25000, 50000/-."""

import re
from decimal import Decimal

from bot.domain.money import exact
from bot.domain.value import positional

NUMBER = r"(?:(?:[0-9]{1,3}(?:,[0-9]{2})*,[0-9]{3}|[0-9]{1,12})(?:\.[0-9]{1,6})?|\.[0-9]{1,6})"
SCALE = r"(?:k|thousand|hazar|hajar|lakhs?|lacs?|l|crores?|cr)"
BARE = re.compile(NUMBER)
MONTHS = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|"
    "dec(?:ember)?)"
)
MOST = 10**9  # shares; more than any order in India

_FIGURE = re.compile(rf"(₹)?({NUMBER})({SCALE})?(/-|/=)?", re.IGNORECASE)
_TIMES = {"": 1, "k": 1_000, "t": 1_000, "h": 1_000, "l": 100_000, "c": 10_000_000}  # by its first letter


@positional
class Figure:
    """A number whose place in the order is not settled yet."""

    value: Decimal
    text: str
    scale: str = ""  # k, l, c: how it was scaled
    money: bool = False  # said as rupees
    letter: bool = False  # scaled by an L alone, which some write for lots

    @property
    def is_bare(self) -> bool:
        return not (self.scale or self.money)

    @property
    def unscaled(self) -> str:
        """The figure as it was typed, and a scaled one in full: 24.5k is the strike 24500."""
        return f"{self.value.normalize():f}" if self.scale else self.text

    @property
    def is_count(self) -> bool:
        """Whether it may be a number of shares or units."""
        return self.value == self.value.to_integral_value() and 0 < self.value <= MOST

    @property
    def is_size(self) -> bool:
        """Whether it may be how much is ordered, in shares or in rupees."""
        return self.value > 0 if self.money else self.is_count


def figure(text: str) -> Decimal:
    """A bare figure with or without commas."""
    return exact(text.replace(",", ""))


def figure_of(token: str) -> Figure | None:
    """The figure that a token is. None for any other word."""
    match = _FIGURE.fullmatch(token)
    if match is None:
        return None
    sign, number, scale, dash = match.groups(default="")
    scaled = scale.lower()
    value = figure(number) * _TIMES[scaled[:1]]
    return Figure(value, token, scaled[:1], bool(sign or dash), scaled == "l")


def leg_of(token: str) -> tuple[Decimal, str, Decimal | None] | None:
    """`2880`, `2880/2875`, `@20`, `20pts`, `-20`, `2%` -> value, measure (empty, @, pts, %), limit. None for any other word."""
    match = re.fullmatch(rf"([-+@])?₹?({NUMBER})(%|pts?|points?)?(?:/({NUMBER}))?(?:/-)?", token, re.IGNORECASE)
    if match is None:
        return None
    sign, number, unit, limit = match.groups(default="")
    measure = "%" if unit == "%" else "@" if sign == "@" and not unit else "pts" if sign or unit else ""
    if limit and measure not in ("", "@"):
        return None
    return figure(number), measure, figure(limit) if limit else None
