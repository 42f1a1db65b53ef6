"""Which of the open positions the words of /exit mean, and how much of each."""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_FLOOR, Decimal

from bot.domain.errors import CheckFailed, UsageError
from bot.domain.market.display_names import SHORT_NAMES, strike_words
from bot.domain.money import exact, grouped
from bot.domain.positions.portfolio import PositionLine
from bot.domain.terms import Product
from bot.domain.value import value

EXAMPLE = "/exit NIFTY half"
_PRODUCTS = {
    Product.MIS: {"mis", "intra", "intraday"},
    Product.NRML: {"nrml", "carry", "co"},
    Product.CNC: {"cnc", "delivery", "del"},
    Product.MTF: {"mtf"},
}
_EVERY = ("all", "everything", "full", "sab", "sabhi", "sara", "saara", "sare", "saare", "poora", "pura")
_THINGS = frozenset({"position", "positions", "share", "shares", "stock", "stocks", "kuch"})
_SCOPES: dict[str, Callable[[PositionLine], bool]] = {
    **dict.fromkeys(_EVERY, lambda _: True),
    "longs": lambda line: line.position.quantity > 0,
    "shorts": lambda line: line.position.quantity < 0,
    "green": lambda line: (line.since_entry or Decimal(0)) > 0,
    "red": lambda line: (line.since_entry or Decimal(0)) < 0,
}
_OF_DEMAT = frozenset({"holdings", "holding", "demat"})
_ABOUT_DEMAT = frozenset({"my", "meri", "mera", "mere", "sari", "saari", "the", "of", "from", "se", "ka", "ke", "ki", "ko"})
_BESIDE = ("only", "both")
_COURTESY = frozenset({
    "do", "de", "kar", "karo", "please", "pls", "plz", "now", "abhi", "jaldi", "quickly", "immediately", "my", "mera", "mere",
    "meri", "the", "open", "out", "of", "ka", "ke", "ki", "ko",
})  # fmt: skip
_HALF = {"half", "aadha", "adha", "50%"}
_COUNT = re.compile(r"([0-9]{1,3}(?:,[0-9]{2})*,[0-9]{3}|[0-9]{1,9})(lots?)?")


@value
class ExitChoice:
    """The positions that are meant."""

    lines: tuple[PositionLine, ...]
    quantity: int | None = None  # shares or units of the one position
    lots: int | None = None
    part: Decimal | None = None  # of each, above 0 and below 1
    whole: bool = False  # said of several products of one symbol: all of them
    beside: str = ""  # of a cover: "only" it, or "both" it and what it covers

    @property
    def size(self) -> str:
        """The size of one position, as it is said. Empty: all of it, or a part of each."""
        if self.lots is not None:
            return f"{self.lots}lot"
        return str(self.quantity) if self.quantity is not None else ""

    def of(self, line: PositionLine) -> int:
        """Shares or units to close of a line, in whole lots rounded down. CheckFailed for more than is open."""
        held, lot = abs(line.position.quantity), line.position.instrument.lot
        if self.part is not None:
            return int((held * self.part / lot).to_integral_value(ROUND_FLOOR)) * lot
        wanted = self.lots * lot if self.lots is not None else self.quantity
        if wanted is None:
            return held // lot * lot
        if wanted > held:
            raise CheckFailed([f"Only {grouped(str(held))} of it are open, not {grouped(str(wanted))}. Nothing was sent."])
        return wanted


def demat_words(words: str) -> str | None:
    """What words say of the holdings that they name: all of them, and what is said to narrow that. None: they name none."""
    said = words.lower().split()
    if not _OF_DEMAT.intersection(said):
        return None
    return " ".join(("all", *(word for word in said if word not in _OF_DEMAT and word not in _ABOUT_DEMAT)))


def means_demat_alone(words: str) -> bool:
    """Whether words say the holdings, or a part of each, and name no share."""
    rest = (demat_words(words) or "?").split()
    return all(word in _SCOPES or word in _COURTESY or _is_part(word) for word in rest)


def means_everything(words: str) -> bool:
    """Whether words say all of it, or the positions or shares, and nothing that narrows that: `everything`, `all my shares`."""
    said = words.lower().split()
    every = [word for word in said if word in _EVERY or word in _THINGS]
    return bool(every) and all(word in _COURTESY for word in said if word not in every)


def means_nothing(words: str) -> bool:
    """Whether words are beside the point, each of them: `now please`."""
    return all(word in _COURTESY for word in words.lower().split())


def names_many(words: str) -> bool:
    """Whether words mean more than one name: all, the longs, what is red, what is in delivery."""
    every = _SCOPES.keys() | {word for mine in _PRODUCTS.values() for word in mine}
    return any(token in every for token in words.lower().split())


def chosen(words: str, lines: Sequence[PositionLine], *, what: str = "open position") -> ExitChoice:
    """What the words mean of these open positions. CheckFailed where nothing open answers to them, UsageError for no size.

    what: what one of the lines is.
    """
    beside = next((token for token in words.lower().split() if token in _BESIDE), "")
    open_lines = [line for line in lines if line.position.is_open]
    known = [_words_of(line) for line in open_lines]
    passed = {*_COURTESY, *_THINGS, *_BESIDE}.difference(*known)
    tokens = [token for token in words.lower().replace("₹", "").split() if token not in passed]
    tokens = _size_last(tokens, {*_SCOPES}.union(*known))
    names: list[str] = []
    choice = ExitChoice(lines=())
    whole = False
    for place, token in enumerate(tokens):
        named = token in _SCOPES or any(token in mine for mine in known)
        if token == "all" and names:  # noqa: S105 - a word of the person, no secret
            whole = True
        elif named:
            names.append(token)
        elif not _is_size(token):
            said = " ".join((*names, token))
            raise CheckFailed([f'There is no {what} that "{said}" names. Nothing was sent.'])
        else:
            choice = _sized(" ".join(tokens[place:]).replace(" lot", "lot"))
            break
    picked = tuple(
        line
        for line, mine in zip(open_lines, known, strict=True)
        if all(_SCOPES[name](line) if name in _SCOPES else name in mine for name in names)
    )
    if not picked:
        said = " ".join(name for name in names if name != "all")
        meant = f' that "{said}" names' if said else ""
        raise CheckFailed([f"There is no {what}{meant}. Nothing was sent."])
    return ExitChoice(lines=picked, quantity=choice.quantity, lots=choice.lots, part=choice.part, whole=whole, beside=beside)


def _size_last(tokens: list[str], names: set[str]) -> list[str]:
    """The words with a size that leads them behind the name: `half nifty`, `2 lots nifty`, `50% of itc`."""
    if not tokens or tokens[0] in names or not _is_size(tokens[0]):
        return tokens
    length = 2 if tokens[1:2] in (["lot"], ["lots"]) else 1
    return [*tokens[length:], *tokens[:length]]


def _is_part(token: str) -> bool:
    return token in _HALF or token.endswith("%")


def _is_size(token: str) -> bool:
    return token[:1].isdigit() or token in _HALF


def _sized(token: str) -> ExitChoice:
    if token in _HALF:
        return ExitChoice(lines=(), part=Decimal("0.5"))
    try:
        if token.endswith("%"):
            part = exact(token[:-1]) / 100
            if 0 < part < 1:
                return ExitChoice(lines=(), part=part)
            if part == 1:
                return ExitChoice(lines=())
        elif (counted := _COUNT.fullmatch(token)) is not None and (number := int(counted[1].replace(",", ""))) > 0:
            return ExitChoice(lines=(), lots=number) if counted[2] else ExitChoice(lines=(), quantity=number)
    except ValueError:
        pass
    raise UsageError(f'"{token}" is no part of a position.', example=EXAMPLE)


def _words_of(line: PositionLine) -> set[str]:
    """Every word by which this position can be named."""
    instrument = line.position.instrument
    found = {instrument.symbol.lower(), SHORT_NAMES.get(instrument.symbol, instrument.symbol).lower(), instrument.name.lower()}
    found |= _PRODUCTS[line.position.product] | {instrument.exchange.lower()}
    if instrument.expiry is not None:
        day = f"{instrument.expiry.day}{instrument.expiry:%b}".lower()
        found |= {day, f"{instrument.expiry:%b}".lower(), f"{instrument.expiry:%d%b}".lower()}
        found |= {"options", "option"} if instrument.right is not None else {"fut", "future", "futures"}
    if instrument.right is not None:
        strike, right = strike_words(instrument.strike), instrument.right.lower()
        found |= {right, {"ce": "call", "pe": "put"}[right], strike, f"{strike}{right}"}
    return found
