"""The words after a command -> typed requests, or a UsageError that carries one example that would have worked.

Nothing is guessed here (product.md, "Words of an order"): the words for the instrument are handed on as they came, a number has
one meaning or is refused, and what this version does not do is refused by name instead of being left out of the order.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange
from bot.domain.money import exact
from bot.domain.orders.order import OrderRequest
from bot.domain.terms import Product, Side, Validity

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{2})*,[0-9]{3}|[0-9]{1,12})(?:\.[0-9]{1,6})?"
# Whole words only: a share may begin like a month (MARUTI, MARICO, SEPC, DECCANCE).
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|"
    "dec(?:ember)?"
)
_BARE = re.compile(_NUMBER)
_LOTS = re.compile(rf"({_NUMBER})lots?")
_SHORTHAND = re.compile(rf"({_NUMBER})([kl])")
_RUPEES = re.compile(rf"(?:₹|rs\.?|inr)({_NUMBER})([kl]?)")
_STRIKE = re.compile(rf"{_NUMBER}(?:ce|pe)")
_DAY = re.compile(rf"[0-3]?[0-9](?:{_MONTHS})(?:[0-9]{{2}}|[0-9]{{4}})?")
_MONTH = re.compile(rf"(?:{_MONTHS})(?:[0-9]{{2}}|[0-9]{{4}})?")
_YEAR = re.compile(r"20[2-9][0-9]")
_LEG = re.compile(rf"(?:sl|tgt|tp|t)[-+]?{_NUMBER}(?:%|pts?)?")
_GLUE = re.compile(r"(@|₹|\brs\.?|\binr)\s+(?=[0-9])", re.IGNORECASE)
_SLASH = re.compile(r"(?<=[0-9])\s*/\s*(?=[0-9])")
_LOT_WORDS = frozenset({"lot", "lots"})
_TIMES = {"": 1, "k": 1_000, "l": 100_000}  # a lakh; lots are spelled
_FUTURES = frozenset({"fut", "future"})
_RIGHTS = frozenset({"ce", "pe", "call", "put"})
_COUNTED = frozenset({"shares", "qty", "nos", "units"})  # said with a number, and saying nothing that it does not
_SIDES = frozenset({"buy", "sell", "kharido", "kharid", "khareedo", "becho", "bech", "खरीदो", "बेचो"})
_DIGIT_SIGNS = {0xFE0F: None, 0x20E3: None}  # the frame that a keyboard of emoji puts around a digit

_PRODUCTS: Mapping[str, Product] = {
    "cnc": Product.CNC, "del": Product.CNC, "delivery": Product.CNC,
    "mis": Product.MIS, "intra": Product.MIS, "intraday": Product.MIS,
    "nrml": Product.NRML, "co": Product.NRML, "mtf": Product.MTF,
}  # fmt: skip
_EXCHANGES: Mapping[str, Exchange] = {name.lower(): Exchange(name) for name in Exchange}
_LATER: Mapping[str, str] = {
    **dict.fromkeys(("sl", "stoploss"), "A stop attached to an order (sl) is not taken yet."),
    **dict.fromkeys(("t", "tgt", "target", "tp"), "A target attached to an order (t) is not taken yet."),
    "trail": "A trailing stop is not taken yet.",
    "amo": "After-market orders (amo) are not taken yet.",
    "dq": "A disclosed quantity (dq) is not taken yet.",
    "risk": "A size by risk is not taken yet.",
    "gtt": "mStock has no GTT through its API.",
}
_SPELLED = frozenset({
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twenty", "fifty", "hundred", "thousand",
    "ek", "do", "teen", "char", "paanch", "das", "half",
})  # fmt: skip
_NAMES_TOO = frozenset({"ioc", "bse"})  # words of an order that are shares as well: Indian Oil, and the BSE itself
_LONGEST = 80  # characters of the words for an instrument
_SHORT = 40  # characters of the words that are repeated in an example
_MOST = 10**9  # shares; more than any order in India


@dataclass(slots=True)
class _Said:
    """What was understood so far."""

    side: Side
    symbol: list[str] = field(default_factory=list)
    quantity: int | None = None
    lots: int | None = None
    rupees: Decimal | None = None
    price: Decimal | None = None
    market: bool = False
    trigger: Decimal | None = None
    trigger_limit: Decimal | None = None
    product: Product | None = None
    exchange: Exchange | None = None
    ioc: bool = False
    bare: list[str] = field(default_factory=list)

    @property
    def sized(self) -> bool:
        return self.quantity is not None or self.lots is not None or self.rupees is not None

    def example(self) -> str:
        """A whole command that would have worked, as near as possible to what was meant."""
        words = [word for word in self.symbol if word.lower() not in _SPELLED | _LOT_WORDS and _plain(word)]
        if len(words) > 1 and not self.is_contract:  # which of them are not the name is not known here; the first mostly is
            words = words[:1]
        symbol = " ".join(words) if words and len(" ".join(words)) <= _SHORT else "RELIANCE"
        return f"/{self.side.lower()} {symbol} {'1lot' if self.is_contract else '10'}"

    @property
    def is_contract(self) -> bool:
        return any(word.lower() in _RIGHTS | _FUTURES or _STRIKE.fullmatch(word.lower()) for word in self.symbol)


def _plain(word: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9&.-]+", word) is not None


def legible(text: str) -> str:
    """The same words in the signs that commands are made of: digits of any script (१०, １０, 1️⃣0️⃣), no invisible signs.

    Only digits that count in tens are read: 10² stays what it is, and is refused.
    """
    return "".join(_legible(char) for char in text.translate(_DIGIT_SIGNS))


def _legible(char: str) -> str:
    if char.isascii():
        return char
    if 0xFF01 <= ord(char) <= 0xFF5E:  # the wide forms of an East Asian keyboard
        return chr(ord(char) - 0xFEE0)
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.decimal(char))
    return "" if unicodedata.category(char) == "Cf" else char


@dataclass(frozen=True, slots=True)
class Unsized:
    """Words that name something and not how much of it."""

    is_contract: bool


def unsized(side: Side, words: str) -> Unsized | None:
    """What the words name, when only the quantity is missing; None when they say more, less, or nothing that can be read."""
    try:
        said = _read(side, words)
    except UsageError:
        return None
    spelled = any(word.lower() in _SPELLED for word in said.symbol)
    if said.sized or said.bare or spelled or not said.symbol:
        return None
    return Unsized(said.is_contract)


def order(side: Side, words: str) -> OrderRequest:
    """A buy or a sell in words: `reliance 10 2900`, `10 reliance @2900 mis`, `nifty 24500 ce 1lot stop 80/74`."""
    said = _read(side, words)
    _settle(said)
    return OrderRequest(
        side=side,
        symbol=" ".join(said.symbol).upper(),
        quantity=said.quantity,
        lots=said.lots,
        rupees=said.rupees,
        price=said.price,
        market=said.market,
        trigger=said.trigger,
        trigger_limit=said.trigger_limit,
        product=said.product,
        exchange=said.exchange,
        validity=Validity.IOC if said.ioc else Validity.DAY,
    )


def _read(side: Side, words: str) -> _Said:
    said = _Said(side)
    tokens = _tokens(words)
    place = 0
    while place < len(tokens):
        place = _take(said, tokens, place)
    _name_or_word(said)
    return said


def _tokens(words: str) -> list[str]:
    text = _SLASH.sub("/", _GLUE.sub(r"\1", legible(words).replace("−", "-").replace("·", " ")))
    return [token for each in text.split() if (token := each.rstrip(",;"))]


def _name_or_word(said: _Said) -> None:
    """IOC and BSE are shares where nothing else names one (`ioc 10 ioc`, `bse 2800 ce 1lot`), else words of the order."""
    doubtful = [place for place, word in enumerate(said.symbol) if word.lower() in _NAMES_TOO]
    if not doubtful:
        return
    named = any(_names(word) for place, word in enumerate(said.symbol) if place not in doubtful)
    for place in reversed(doubtful if named else doubtful[1:]):
        if said.symbol.pop(place).lower() == "ioc":
            said.ioc = True
        else:
            _once(said, said.exchange, Exchange.BSE, "exchange")
            said.exchange = Exchange.BSE


def _names(word: str) -> bool:
    """Whether a word of the instrument may be its name, and not only what a contract on it is called."""
    lower = word.lower()
    told = (_STRIKE, _DAY, _MONTH, _BARE)
    return lower not in _RIGHTS | _FUTURES and not any(shape.fullmatch(lower) for shape in told)


def _take(said: _Said, tokens: list[str], place: int) -> int:
    """Understands the token at that place, and what belongs to it; the place after it."""
    word = tokens[place].lower().removesuffix("/-")
    following = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
    if word in _LATER or _LEG.fullmatch(word):
        _refuse(said, _later(word))
    if word in _SIDES or word.startswith("/"):
        _refuse(said, "One order in one message: this one names another side or command. Nothing was sent.")
    if word in ("at", "limit", "price"):
        if not following:
            _refuse(said, "At which price?")
        _set_price(said, following)
        return place + 2
    if word in ("stop", "trigger"):
        _set_stop(said, following)
        return place + 2
    if _is_symbol_pair(word, following):
        year = place + 2 < len(tokens) and following not in _RIGHTS and _YEAR.fullmatch(tokens[place + 2]) is not None
        end = place + (3 if year else 2)
        said.symbol += tokens[place:end]
        return end
    if _BARE.fullmatch(word) and following in _LOT_WORDS:
        _set_lots(said, word)
        return place + 2
    if _BARE.fullmatch(word) and following in _COUNTED:
        _set_quantity(said, word)
        return place + 2
    if word in _COUNTED and _BARE.fullmatch(following):
        _set_quantity(said, following)
        return place + 2
    if not (_take_word(said, word) or _take_figure(said, word)):
        if not any(char.isalpha() for char in word):
            _refuse(said, f'"{tokens[place]}" is neither a quantity nor a price.')
        said.symbol.append(tokens[place])
    return place + 1


def _is_symbol_pair(word: str, following: str) -> bool:
    """A strike before its right, or a day before its month."""
    if not _BARE.fullmatch(word):
        return False
    return following in _RIGHTS or (word.isdigit() and 1 <= int(word) <= 31 and _MONTH.fullmatch(following) is not None)


def _take_word(said: _Said, word: str) -> bool:
    """Words with one fixed meaning."""
    if word in ("mkt", "market"):
        said.market = True
    elif word in _PRODUCTS:
        _once(said, said.product, _PRODUCTS[word], "product")
        said.product = _PRODUCTS[word]
    elif word in _NAMES_TOO:
        said.symbol.append(word)  # settled when all words are read
    elif word in _EXCHANGES:
        _once(said, said.exchange, _EXCHANGES[word], "exchange")
        said.exchange = _EXCHANGES[word]
    else:
        return False
    return True


def _take_figure(said: _Said, word: str) -> bool:
    """Figures whose shape says what they are; a bare one is settled when all words are read."""
    if word.startswith("@"):
        _set_price(said, word[1:])
    elif match := _RUPEES.fullmatch(word):
        _one_size(said)
        said.rupees = _positive(said, match[1], "amount") * _TIMES[match[2]]
    elif match := _LOTS.fullmatch(word):
        _set_lots(said, match[1])
    elif match := _SHORTHAND.fullmatch(word):
        _one_size(said)
        said.quantity = _whole(said, _number(match[1]) * _TIMES[match[2]], word)
    elif _STRIKE.fullmatch(word) or _DAY.fullmatch(word):
        said.symbol.append(word)
    elif _BARE.fullmatch(word):
        said.bare.append(word)
    else:
        return False
    return True


def _settle(said: _Said) -> None:
    """Gives the bare numbers their meaning: the quantity if none was named, then the price."""
    bare = list(said.bare)
    if said.rupees is not None and bare and said.price is None and said.trigger is None and not said.market:
        at, size = f"{said.rupees:f}", bare[0]
        say = f"Is {size} the quantity and ₹{at} the price, or the other way round? A price begins with @."
        raise UsageError(say, example=f"/{said.side.lower()} {' '.join(said.symbol) or 'RELIANCE'} {size} @{at}")
    if not said.sized and bare:
        said.quantity = _whole(said, _number(bare[0]), bare[0])
        bare.pop(0)
    if bare and said.price is None and said.trigger is None and not said.market:
        said.price = _positive(said, bare.pop(0), "price")
    if bare:
        _refuse(said, f'What is "{bare[0]}"? One quantity and one price are enough.')
    if not said.symbol:
        _refuse(said, "Which share or contract?")
    if len(" ".join(said.symbol)) > _LONGEST:
        _refuse(said, "That is more than the name of a share or contract.")
    if not said.sized:
        spelled = [word for word in said.symbol if word.lower() in _SPELLED]
        _refuse(said, f'"{spelled[-1]}" is not a quantity.' if spelled else "How many?")
    if said.market and (said.price is not None or said.trigger is not None):
        _refuse(said, "A market order (mkt) has no price and no stop.")
    if said.trigger is not None and said.price is not None:
        _refuse(said, "The limit of a stop goes behind its trigger: stop 2880/2875.")


def _set_price(said: _Said, text: str) -> None:
    if said.price is not None:
        _refuse(said, "There are two prices.")
    said.price = _positive(said, text.removeprefix("@").removeprefix("₹").removesuffix("/-"), "price")


def _set_stop(said: _Said, text: str) -> None:
    if said.trigger is not None:
        _refuse(said, "There are two stops.")
    trigger, slash, limit = text.partition("/")
    said.trigger = _positive(said, trigger, "trigger")
    if slash:
        said.trigger_limit = _positive(said, limit, "limit")


def _set_quantity(said: _Said, text: str) -> None:
    _one_size(said)
    said.quantity = _whole(said, _number(text), text)


def _set_lots(said: _Said, text: str) -> None:
    _one_size(said)
    said.lots = _whole(said, _number(text) if _BARE.fullmatch(text) else None, text)


def _one_size(said: _Said) -> None:
    if said.sized:
        _refuse(said, "There are two quantities.")


def _once(said: _Said, before: object, now: object, what: str) -> None:
    if before is not None and before is not now:
        _refuse(said, f"There are two words for the {what}.")


def _number(text: str) -> Decimal:
    return exact(text.replace(",", ""))


def _positive(said: _Said, text: str, what: str) -> Decimal:
    if not _BARE.fullmatch(text) or (value := _number(text)) <= 0:
        _refuse(said, f'"{text}" is not {"an" if what[0] in "aeiou" else "a"} {what}.')
    return value


def _whole(said: _Said, value: Decimal | None, text: str) -> int:
    if value is None or value != value.to_integral_value() or not 0 < value <= _MOST:
        _refuse(said, f'"{text}" is not a quantity.')
    return int(value)


def _later(word: str) -> str:
    found = _LATER.get(word) or _LATER["sl" if word.startswith("sl") else "t"]
    return f"{found} Nothing was sent."


def _refuse(said: _Said, say: str) -> NoReturn:
    raise UsageError(say, example=said.example())


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyWords:
    """New terms for the order with that day number; what is None stays."""

    number: int
    price: Decimal | None = None  # rupees
    quantity: int | None = None  # shares or units, the new total


def is_number(words: str) -> bool:
    """Whether the words are one day number and nothing else."""
    return re.fullmatch(r"#?[0-9]{1,6}", legible(words).strip()) is not None


def number(words: str, *, example: str) -> int:
    """One day number, with or without #."""
    text = legible(words).strip().removeprefix("#")
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) == 0:
        raise UsageError(f'"{words.strip()}" is not an order number.' if text else "Which order?", example=example)
    return int(text)


def modify(words: str) -> ModifyWords:
    """`12 2905`, `#12 @2905`, `12 q 20`, `12 2905 q 20`."""
    example = "/modify 12 2905"

    def refuse(say: str) -> NoReturn:
        raise UsageError(say, example=example)

    tokens = _tokens(words)
    if not tokens:
        refuse("Which order, and to what price?")
    which = number(tokens[0], example=example)
    price: Decimal | None = None
    quantity: int | None = None
    place = 1
    while place < len(tokens):
        word = tokens[place].lower()
        if word in ("q", "qty") and place + 1 < len(tokens) and quantity is None:
            quantity = _checked(tokens[place + 1], refuse, whole=True)
            place += 2
            continue
        if word in ("stop", "trigger") or word in _LATER:
            refuse("Only the price and the quantity of an order can be changed so far.")
        if price is not None:
            refuse(f'What is "{tokens[place]}"? The quantity goes behind q: modify {which} {price:f} q 20.')
        price = _limit(word.removeprefix("@").removesuffix("/-"), refuse)
        place += 1
    if price is None and quantity is None:
        refuse(f"#{which} to what price?")
    return ModifyWords(number=which, price=price, quantity=quantity)


def _limit(text: str, refuse: Callable[[str], NoReturn]) -> Decimal:
    if not _BARE.fullmatch(text) or (value := _number(text)) <= 0:
        refuse(f'"{text}" is not a price.')
    return value


def _checked(text: str, refuse: Callable[[str], NoReturn], *, whole: bool) -> int:
    value = _limit(text, refuse)
    if whole and (value != value.to_integral_value() or value > _MOST):
        refuse(f'"{text}" is not a quantity.')
    return int(value)
