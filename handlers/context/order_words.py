"""The words after a command -> typed requests, or a UsageError that carries one example that would have worked.

Nothing is guessed here: the words for the instrument are handed on as they came, a number has
one meaning or is refused, and what this version does not do is refused by name instead of being left out of the order.
"""

import re
import unicodedata
from collections.abc import Mapping
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
BARE = re.compile(_NUMBER)
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
LATER: Mapping[str, str] = {
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
MOST = 10**9  # shares; more than any order in India


@dataclass(slots=True)
class _Terms:
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
        terms = _read(side, words)
    except UsageError:
        return None
    spelled = any(word.lower() in _SPELLED for word in terms.symbol)
    if terms.sized or terms.bare or spelled or not terms.symbol:
        return None
    return Unsized(terms.is_contract)


def order(side: Side, words: str) -> OrderRequest:
    """A buy or a sell in words: `reliance 10 2900`, `10 reliance @2900 mis`, `nifty 24500 ce 1lot stop 80/74`."""
    terms = _read(side, words)
    _settle(terms)
    return OrderRequest(
        side=side,
        symbol=" ".join(terms.symbol).upper(),
        quantity=terms.quantity,
        lots=terms.lots,
        rupees=terms.rupees,
        price=terms.price,
        market=terms.market,
        trigger=terms.trigger,
        trigger_limit=terms.trigger_limit,
        product=terms.product,
        exchange=terms.exchange,
        validity=Validity.IOC if terms.ioc else Validity.DAY,
    )


def _read(side: Side, words: str) -> _Terms:
    terms = _Terms(side)
    parts = tokens(words)
    place = 0
    while place < len(parts):
        place = _take(terms, parts, place)
    _name_or_word(terms)
    return terms


def tokens(words: str) -> list[str]:
    """The words and figures of an order, each by itself."""
    text = _SLASH.sub("/", _GLUE.sub(r"\1", legible(words).replace("−", "-").replace("·", " ")))
    return [token for word in text.split() if (token := word.rstrip(",;"))]


def _name_or_word(terms: _Terms) -> None:
    """IOC and BSE are shares where nothing else names one (`ioc 10 ioc`, `bse 2800 ce 1lot`), else words of the order."""
    doubtful = [place for place, word in enumerate(terms.symbol) if word.lower() in _NAMES_TOO]
    if not doubtful:
        return
    has_name = any(_names(word) for place, word in enumerate(terms.symbol) if place not in doubtful)
    for place in reversed(doubtful if has_name else doubtful[1:]):
        if terms.symbol.pop(place).lower() == "ioc":
            terms.ioc = True
        else:
            _once(terms, terms.exchange, Exchange.BSE, "exchange")
            terms.exchange = Exchange.BSE


def _names(word: str) -> bool:
    """Whether a word of the instrument may be its name, and not only what a contract on it is called."""
    lower = word.lower()
    shapes = (_STRIKE, _DAY, _MONTH, BARE)
    return lower not in _RIGHTS | _FUTURES and not any(shape.fullmatch(lower) for shape in shapes)


def _take(terms: _Terms, parts: list[str], place: int) -> int:
    """Understands the word at that place with those that belong to it. Returns the place after them."""
    word = parts[place].lower().removesuffix("/-")
    following = parts[place + 1].lower() if place + 1 < len(parts) else ""
    if word in LATER or _LEG.fullmatch(word):
        _refuse(terms, _later(word))
    if word in _SIDES or word.startswith("/"):
        _refuse(terms, "One order in one message: this one names another side or command. Nothing was sent.")
    if word in ("at", "limit", "price"):
        if not following:
            _refuse(terms, "At which price?")
        _set_price(terms, following)
        return place + 2
    if word in ("stop", "trigger"):
        _set_stop(terms, following)
        return place + 2
    if _is_symbol_pair(word, following):
        year = place + 2 < len(parts) and following not in _RIGHTS and _YEAR.fullmatch(parts[place + 2]) is not None
        end = place + (3 if year else 2)
        terms.symbol += parts[place:end]
        return end
    if BARE.fullmatch(word) and following in _LOT_WORDS:
        _set_lots(terms, word)
        return place + 2
    if BARE.fullmatch(word) and following in _COUNTED:
        _set_quantity(terms, word)
        return place + 2
    if word in _COUNTED and BARE.fullmatch(following):
        _set_quantity(terms, following)
        return place + 2
    if not (_take_word(terms, word) or _take_figure(terms, word)):
        if not any(char.isalpha() for char in word):
            _refuse(terms, f'"{parts[place]}" is neither a quantity nor a price.')
        terms.symbol.append(parts[place])
    return place + 1


def _is_symbol_pair(word: str, following: str) -> bool:
    """A strike before its right, or a day before its month."""
    if not BARE.fullmatch(word):
        return False
    return following in _RIGHTS or (word.isdigit() and 1 <= int(word) <= 31 and _MONTH.fullmatch(following) is not None)


def _take_word(terms: _Terms, word: str) -> bool:
    """Words with one fixed meaning."""
    if word in ("mkt", "market"):
        terms.market = True
    elif word in _PRODUCTS:
        _once(terms, terms.product, _PRODUCTS[word], "product")
        terms.product = _PRODUCTS[word]
    elif word in _NAMES_TOO:
        terms.symbol.append(word)  # settled when all words are read
    elif word in _EXCHANGES:
        _once(terms, terms.exchange, _EXCHANGES[word], "exchange")
        terms.exchange = _EXCHANGES[word]
    else:
        return False
    return True


def _take_figure(terms: _Terms, word: str) -> bool:
    """Understands figures whose shape says what they are. A bare one is settled when all words are read."""
    if word.startswith("@"):
        _set_price(terms, word[1:])
    elif match := _RUPEES.fullmatch(word):
        _one_size(terms)
        terms.rupees = _positive(terms, match[1], "amount") * _TIMES[match[2]]
    elif match := _LOTS.fullmatch(word):
        _set_lots(terms, match[1])
    elif match := _SHORTHAND.fullmatch(word):
        _one_size(terms)
        terms.quantity = _whole(terms, figure(match[1]) * _TIMES[match[2]], word)
    elif _STRIKE.fullmatch(word) or _DAY.fullmatch(word):
        terms.symbol.append(word)
    elif BARE.fullmatch(word):
        terms.bare.append(word)
    else:
        return False
    return True


def _settle(terms: _Terms) -> None:
    """Gives the bare numbers their meaning: the quantity if none was named, then the price."""
    bare = list(terms.bare)
    if terms.rupees is not None and bare and terms.price is None and terms.trigger is None and not terms.market:
        at, size = f"{terms.rupees:f}", bare[0]
        say = f"Is {size} the quantity and ₹{at} the price, or the other way round? A price begins with @."
        raise UsageError(say, example=f"/{terms.side.lower()} {' '.join(terms.symbol) or 'RELIANCE'} {size} @{at}")
    if not terms.sized and bare:
        terms.quantity = _whole(terms, figure(bare[0]), bare[0])
        bare.pop(0)
    if bare and terms.price is None and terms.trigger is None and not terms.market:
        terms.price = _positive(terms, bare.pop(0), "price")
    if bare:
        _refuse(terms, f'What is "{bare[0]}"? One quantity and one price are enough.')
    if not terms.symbol:
        _refuse(terms, "Which share or contract?")
    if len(" ".join(terms.symbol)) > _LONGEST:
        _refuse(terms, "That is more than the name of a share or contract.")
    if not terms.sized:
        spelled = [word for word in terms.symbol if word.lower() in _SPELLED]
        _refuse(terms, f'"{spelled[-1]}" is not a quantity.' if spelled else "How many?")
    if terms.market and (terms.price is not None or terms.trigger is not None):
        _refuse(terms, "A market order (mkt) has no price and no stop.")
    if terms.trigger is not None and terms.price is not None:
        _refuse(terms, "The limit of a stop goes behind its trigger: stop 2880/2875.")


def _set_price(terms: _Terms, text: str) -> None:
    if terms.price is not None:
        _refuse(terms, "There are two prices.")
    terms.price = _positive(terms, text.removeprefix("@").removeprefix("₹").removesuffix("/-"), "price")


def _set_stop(terms: _Terms, text: str) -> None:
    if terms.trigger is not None:
        _refuse(terms, "There are two stops.")
    trigger, slash, limit = text.partition("/")
    terms.trigger = _positive(terms, trigger, "trigger")
    if slash:
        terms.trigger_limit = _positive(terms, limit, "limit")


def _set_quantity(terms: _Terms, text: str) -> None:
    _one_size(terms)
    terms.quantity = _whole(terms, figure(text), text)


def _set_lots(terms: _Terms, text: str) -> None:
    _one_size(terms)
    terms.lots = _whole(terms, figure(text) if BARE.fullmatch(text) else None, text)


def _one_size(terms: _Terms) -> None:
    if terms.sized:
        _refuse(terms, "There are two quantities.")


def _once(terms: _Terms, before: object, now: object, what: str) -> None:
    if before is not None and before is not now:
        _refuse(terms, f"There are two words for the {what}.")


def figure(text: str) -> Decimal:
    """A figure as it is typed in India, with or without commas."""
    return exact(text.replace(",", ""))


def _positive(terms: _Terms, text: str, what: str) -> Decimal:
    if not BARE.fullmatch(text) or (value := figure(text)) <= 0:
        _refuse(terms, f'"{text}" is not {"an" if what[0] in "aeiou" else "a"} {what}.')
    return value


def _whole(terms: _Terms, value: Decimal | None, text: str) -> int:
    if value is None or value != value.to_integral_value() or not 0 < value <= MOST:
        _refuse(terms, f'"{text}" is not a quantity.')
    return int(value)


def _later(word: str) -> str:
    sentence = LATER.get(word) or LATER["sl" if word.startswith("sl") else "t"]
    return f"{sentence} Nothing was sent."


def _refuse(terms: _Terms, say: str) -> NoReturn:
    raise UsageError(say, example=terms.example())
