"""Reads the words for an instrument: which may be its name, and which say strike, right, expiry or exchange."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum, auto

from bot.domain.market.expiries import Cycle
from bot.domain.market.instrument import Exchange, Right
from bot.domain.value import positional, value
from bot.trading.instruments.devanagari import in_latin

LONGEST = 80  # characters; nothing that is traded needs more words than this
_MOST_TOKENS = 12

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH_WORDS: dict[str, int] = {name: number for number, name in enumerate(_MONTHS, 1)} | {
    "JANUARY": 1, "FEBRUARY": 2, "MARCH": 3, "APRIL": 4, "JUNE": 6, "JULY": 7, "AUGUST": 8, "SEPT": 9, "SEPTEMBER": 9,
    "OCTOBER": 10, "NOVEMBER": 11, "DECEMBER": 12,
}  # fmt: skip
_RIGHTS = {"CE": Right.CE, "CALL": Right.CE, "CALLS": Right.CE, "PE": Right.PE, "PUT": Right.PE, "PUTS": Right.PE}
_LETTER_RIGHTS = {"C": Right.CE, "P": Right.PE}  # only beside a number
_FUTURES = frozenset({"FUT", "FUTS", "FUTURE", "FUTURES"})
_SERIES = frozenset({"EQ", "BE", "BZ", "SM", "ST"})
_CYCLES = {"WEEKLY": Cycle.WEEKLY, "MONTHLY": Cycle.MONTHLY}
_TODAY = frozenset({"TODAY", "0DTE"})
# Written on our own cards, or in the broker's books (mstock-type-b.md 10), and saying nothing that the rest does not say.
_SILENT = frozenset({"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", "NA", "EXPIRY", "STRIKE"})

_GAPS = re.compile(r"[\s·,()/|]+")
_MONTH = "|".join(sorted(_MONTH_WORDS, key=len, reverse=True))
_GLUED = re.compile(rf"\d+(?:\.\d+)?|{_MONTH}|CALLS?|PUTS?|FUT(?:URE)?S?|CE|PE|C|P")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,4})?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{2,3}(?:\D|$))")
_NOT_KEY = re.compile(r"[\W_]+")  # letters of other scripts stay: a word that nobody knows must not vanish


class TokenKind(Enum):
    """What a token may say."""

    WORD = auto()  # only a name
    NUMBER = auto()
    RIGHT = auto()
    FUTURE = auto()
    MONTH = auto()
    EXCHANGE = auto()
    SERIES = auto()
    CYCLE = auto()
    TODAY = auto()


@positional
class Token:
    """One word or one part of a glued one. Every token may also be a part of the name."""

    text: str
    part: TokenKind


@value
class When:
    """What was said about the expiry. A day without a year is the next such day."""

    day: int | None = None
    month: int | None = None
    year: int | None = None
    cycle: Cycle | None = None
    today: bool = False


@value
class ContractQuery:
    """One reading of the words beside the name. The strike is in rupees."""

    right: Right | None = None
    strike: Decimal | None = None
    future: bool = False
    when: When | None = None
    exchange: Exchange | None = None
    series: str = ""

    @property
    def is_cash(self) -> bool:
        """Nothing was said that only a contract has."""
        return not (self.right or self.strike is not None or self.future or self.when)

    @property
    def is_complete(self) -> bool:
        """A share, a future, or an option with strike and right: nothing is left to guess but the nearest expiry."""
        if self.is_cash:
            return True
        if self.future:
            return self.right is None and self.strike is None
        return self.right is not None and self.strike is not None


def squash(text: str) -> str:
    """The letters and digits alone, in capitals and of any script: `Bajaj-Auto`, `bajaj auto` and `BAJAJAUTO` are one."""
    return _NOT_KEY.sub("", tidy(text))


def tidy(text: str) -> str:
    """One line in capitals, without the variants of letters that keyboards make, cut to LONGEST."""
    return " ".join(in_latin(unicodedata.normalize("NFKC", text[: LONGEST * 2])).upper().split())[:LONGEST]


def tokens_of(text: str, is_name: Callable[[str], bool]) -> list[Token]:
    """Cuts tidy text into tokens. is_name(squashed) keeps names such as 20MICRONS or NIFTY50 in one piece.

    More tokens than any instrument needs are none at all.
    """
    tokens: list[Token] = []
    for piece in _GAPS.split(_THOUSANDS.sub("", text)):
        for part in _pieces(piece, is_name):
            if squash(part) and part not in _SILENT:
                after_number = bool(tokens) and tokens[-1].part is TokenKind.NUMBER
                tokens.append(Token(part, _part(part, after_number=after_number)))
    return tokens if len(tokens) <= _MOST_TOKENS else []


def _pieces(piece: str, is_name: Callable[[str], bool]) -> Iterator[str]:
    if not piece or _part(piece) is not TokenKind.WORD or is_name(squash(piece)):
        yield piece
        return
    glued = _unglue(piece)
    if glued:
        yield from glued
        return
    if "-" in piece.strip("-"):
        for part in piece.split("-"):
            yield from _pieces(part, is_name)
        return
    for cut in range(len(piece) - 1, 0, -1):  # NF24500CE: the longest beginning that is a name, and a glued rest
        if is_name(squash(piece[:cut])) and (glued := _unglue(piece[cut:])):
            yield piece[:cut]
            yield from glued
            return
    yield piece


def _unglue(piece: str) -> list[str]:
    """`23NOV24500CE` -> 23, NOV, 24500, CE. Empty when some of it is none of these."""
    parts = _GLUED.findall(piece)
    if "".join(parts) != piece or not any(part[0].isdigit() or part in _FUTURES for part in parts):
        return []
    return parts


def _part(word: str, *, after_number: bool = False) -> TokenKind:
    if _NUMBER.fullmatch(word):
        return TokenKind.NUMBER
    if word in _RIGHTS or (after_number and word in _LETTER_RIGHTS):
        return TokenKind.RIGHT
    if word in _FUTURES:
        return TokenKind.FUTURE
    if word in _MONTH_WORDS:
        return TokenKind.MONTH
    if word in Exchange.__members__:
        return TokenKind.EXCHANGE
    if word in _SERIES:
        return TokenKind.SERIES
    if word in _CYCLES:
        return TokenKind.CYCLE
    return TokenKind.TODAY if word in _TODAY else TokenKind.WORD


def asks_of(tokens: Sequence[Token], today: date) -> list[ContractQuery]:
    """Every way to read the tokens beside a name. Complete readings push out incomplete ones. Empty: they say nothing known."""
    if any(token.part is TokenKind.WORD for token in tokens):
        return []
    kinds = [token.part for token in tokens]
    single = (
        TokenKind.RIGHT,
        TokenKind.FUTURE,
        TokenKind.MONTH,
        TokenKind.EXCHANGE,
        TokenKind.SERIES,
        TokenKind.CYCLE,
        TokenKind.TODAY,
    )
    if any(kinds.count(part) > 1 for part in single):
        return []
    asks: list[ContractQuery] = []
    for when, spent in _whens(tokens, today):
        strikes = [token.text for at, token in enumerate(tokens) if token.part is TokenKind.NUMBER and at not in spent]
        ask = _ask(tokens, when, strikes)
        if ask is not None and ask not in asks:
            asks.append(ask)
    return [ask for ask in asks if ask.is_complete] or asks


def _ask(tokens: Sequence[Token], when: When | None, strikes: Sequence[str]) -> ContractQuery | None:
    said = {token.part: token.text for token in tokens}
    future = TokenKind.FUTURE in said
    right = said.get(TokenKind.RIGHT)
    if len(strikes) > 1 or (future and (strikes or right)):
        return None
    series = said.get(TokenKind.SERIES, "")
    ask = ContractQuery(
        right=(_RIGHTS.get(right) or _LETTER_RIGHTS[right]) if right else None,
        strike=Decimal(strikes[0]) if strikes else None,
        future=future,
        when=when,
        exchange=Exchange(said[TokenKind.EXCHANGE]) if TokenKind.EXCHANGE in said else None,
        series=series,
    )
    return None if series and not ask.is_cash else ask


def _whens(tokens: Sequence[Token], today: date) -> Iterator[tuple[When | None, frozenset[int]]]:
    """Each reading of the expiry, with the places of the numbers that it uses up."""
    cycle = next((_CYCLES[token.text] for token in tokens if token.part is TokenKind.CYCLE), None)
    if any(token.part is TokenKind.TODAY for token in tokens):
        yield When(today=True, cycle=cycle), frozenset()
        return
    at = next((place for place, token in enumerate(tokens) if token.part is TokenKind.MONTH), None)
    if at is None:
        yield (When(cycle=cycle) if cycle else None), frozenset()
        return
    month = _MONTH_WORDS[tokens[at].text]
    before = _whole(tokens, at - 1)
    after = _whole(tokens, at + 1)
    beyond = _whole(tokens, at + 2)
    day_before = before if before and before <= 31 else None
    day_after = after if after and after <= 31 else None
    for day, day_at, year, year_at in (
        (None, None, None, None),
        (day_before, at - 1, None, None),
        (day_after, at + 1, None, None),
        (None, None, _year(after, today), at + 1),
        (day_before, at - 1, _year(after, today), at + 1),
        (day_after, at + 1, _year(beyond, today), at + 2),
    ):
        if (day is None) != (day_at is None) or (year is None) != (year_at is None):
            continue
        spent = frozenset(place for place in (day_at, year_at) if place is not None)
        yield When(day=day, month=month, year=year, cycle=cycle), spent


def _whole(tokens: Sequence[Token], place: int) -> int | None:
    if not 0 <= place < len(tokens) or tokens[place].part is not TokenKind.NUMBER:
        return None
    text = tokens[place].text
    return int(text) if text.isdigit() else None


def _year(number: int | None, today: date) -> int | None:
    """26 and 2026 alike. No contract lives longer than about five years, and none lies in the past."""
    if number is None:
        return None
    year = number if number >= 1000 else 2000 + number
    return year if today.year <= year <= today.year + 6 else None
