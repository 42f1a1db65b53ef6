"""What the words of an order say one by one.

Figures and names whose meaning hangs on the others are left for the readings.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NoReturn

from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange
from bot.domain.orders.legs import Leg, Measure, Portion, TrailSaid
from bot.domain.terms import Product, Side
from handlers.context.words.figures import BARE, MONTHS, NUMBER, Figure, figure, figure_of, leg_of

MONTH = re.compile(MONTHS, re.IGNORECASE)  # whole words only: a share may begin like a month (MARUTI, SEPC, DECCANCE)
DATED = re.compile(rf"[0-3]?[0-9]?{MONTHS}(?:[0-9]{{2}}|[0-9]{{4}})?", re.IGNORECASE)
STRIKE = re.compile(rf"{NUMBER}(?:ce|pe)", re.IGNORECASE)
_TRADED_NAME = re.compile(r"[a-z&-]+[0-9][0-9a-z.]*(?:ce|pe|fut)", re.IGNORECASE)  # NIFTY26N2324500CE
RIGHTS = frozenset({"ce", "pe", "call", "put", "calls", "puts"})
FUTURES = frozenset({"fut", "future", "futs", "futures"})

SIDES = frozenset({"buy", "sell", "kharido", "kharid", "khareedo", "becho", "bech"})
SPELLED = frozenset({
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twenty", "fifty", "hundred", "thousand",
    "ek", "teen", "char", "paanch", "das",
})  # fmt: skip
_SILENT = frozenset({
    "please", "pls", "plz", "kindly", "now", "abhi", "jaldi",
    "with", "and", "aur", "my", "mera", "meri", "mere", "on", "in", "karo", "bhai", "bhaiya", "of", "ka", "ke", "ki", "ko", "par",
    "do", "de", "lo", "dena", "lena", "dijiye", "lijiye",  # bech do, kharid lo: beside the side, which is gone here
})  # fmt: skip
_LOT_WORDS = frozenset({"lot", "lots"})
SHARES = frozenset({"share", "shares"})
_COUNTED = SHARES | {"qty", "quantity", "nos", "unit", "units", "pcs"}  # said with a number
_MARKET = frozenset({"mkt", "market"})
_NOW = frozenset({"cmp", "ltp"})  # the price of now: an order without a price of its own
PORTIONS: Mapping[str, Portion] = {
    **dict.fromkeys(("all", "full", "sab", "sara", "saara", "poora", "pura"), Portion.ALL),
    **dict.fromkeys(("half", "aadha", "adha"), Portion.HALF),
}
_PRODUCTS: Mapping[str, Product] = {
    "cnc": Product.CNC, "del": Product.CNC, "delivery": Product.CNC,
    "mis": Product.MIS, "intra": Product.MIS, "intraday": Product.MIS,
    "nrml": Product.NRML, "co": Product.NRML, "mtf": Product.MTF,
}  # fmt: skip
NAMES_TOO = frozenset({"ioc", "bse"})  # words of an order that are shares as well: Indian Oil, and the BSE itself
_EXCHANGES: Mapping[str, Exchange] = {name.lower(): Exchange(name) for name in Exchange}
_STOPS, _TARGETS = frozenset({"sl"}), frozenset({"t", "tgt", "target", "tp"})
_TAKEN_LATER: Mapping[str, str] = {
    "gtt": "mStock has no GTT through its API.",
}
_GLUED = re.compile(r"(sl|tgt|target|tp|trail|step|t|stop|trigger|dq|risk)([-+@₹]?[.0-9].*)", re.IGNORECASE)
SHORT = 40  # characters of the words that are repeated in an example
EXAMPLE_SHARE = "RELIANCE"


@dataclass(slots=True)
class Terms:
    """What was understood so far. Items are the words for the instrument and the open figures, in their order."""

    side: Side
    items: list[str | Figure] = field(default_factory=list)
    quantity: int | None = None
    lots: int | None = None
    portion: Portion | None = None
    risk: Decimal | None = None
    price: Decimal | None = None
    market: bool = False
    now: bool = False  # the price of now was asked for by name
    trigger: Decimal | None = None
    trigger_limit: Decimal | None = None
    beyond: Decimal | None = None  # a price that is to be passed: a stop, or a limit
    product: Product | None = None
    exchange: Exchange | None = None
    ioc: bool = False
    stop: Leg | None = None
    target: Leg | None = None
    trail: TrailSaid | None = None
    disclosed: int | None = None
    after_market: bool = False

    @property
    def is_sized(self) -> bool:
        return any(size is not None for size in (self.quantity, self.lots, self.portion, self.risk))

    @property
    def is_priced(self) -> bool:
        priced = (self.price, self.trigger, self.beyond)
        return self.market or self.now or any(each is not None for each in priced)

    @property
    def symbol(self) -> list[str]:
        return [item for item in self.items if isinstance(item, str)]

    @property
    def is_contract(self) -> bool:
        return any(names_contract(word) for word in self.symbol)

    def _is_strike(self, place: int) -> bool:
        """Whether the figure at that place stands before CE or PE, or behind it with none before."""
        words = [item.lower() if isinstance(item, str) else "" for item in self.items]
        before = place + 1 < len(words) and words[place + 1] in RIGHTS
        behind = place > 0 and words[place - 1] in RIGHTS and (place < 2 or bool(words[place - 2]))
        return before or behind

    def refuse(self, say: str) -> NoReturn:
        """Raises UsageError with a whole command that would have worked, as near as possible to what was meant."""
        words = [word for word in self.symbol if word.lower() not in SPELLED | _LOT_WORDS and _is_plain(word)]
        if len(words) > 1 and not self.is_contract:  # which of them are not the name is not known here; the first mostly is
            words = words[:1]
        name = " ".join(words)
        if self.is_contract:
            strikes = {place for place, item in enumerate(self.items) if isinstance(item, Figure) and self._is_strike(place)}
            said = [item if isinstance(item, str) else item.text for item in self.items]
            if strikes:
                name = " ".join(
                    word
                    for place, word in enumerate(said)
                    if place in strikes or (isinstance(self.items[place], str) and word.lower() not in SPELLED)
                )
        symbol = name if words and len(name) <= SHORT and all(_is_plain(word) for word in name.split()) else EXAMPLE_SHARE
        size = "1lot" if any(names_contract(word) for word in symbol.split()) else "10"
        raise UsageError(say, example=f"/{self.side.lower()} {symbol} {size}")


def names_contract(word: str) -> bool:
    """Whether only a future or an option is called so."""
    return word.lower() in RIGHTS | FUTURES or any(shape.fullmatch(word) for shape in (STRIKE, _TRADED_NAME))


def _is_plain(word: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9&.-]+", word) is not None


def read(side: Side, tokens: Sequence[str]) -> Terms:
    """Takes word after word. UsageError for what has no meaning or two."""
    said = [token for token in tokens if token.lower() not in _SILENT]
    terms = _read(side, said)
    if not terms.symbol and len(said) < len(tokens):  # PAR is a share too
        terms = _read(side, tokens)
    return terms


def _read(side: Side, parts: Sequence[str]) -> Terms:
    terms = Terms(side)
    place = 0
    while place < len(parts):
        place += _take(terms, parts, place)
    return terms


def _take(terms: Terms, parts: Sequence[str], place: int) -> int:
    """Understands the word at that place with those that belong to it. Returns how many they are."""
    token = parts[place]
    word = token.lower()
    following = parts[place + 1] if place + 1 < len(parts) else ""
    if word in _TAKEN_LATER:
        terms.refuse(f"{_TAKEN_LATER[word]} Nothing was sent.")
    if word in SIDES or word.startswith("/"):
        terms.refuse("It names another side or command. Several orders go a line each, as a basket. Nothing was sent.")
    if word in _BEFORE_A_FIGURE:
        _BEFORE_A_FIGURE[word](terms, following)
        return 2
    glued = _GLUED.fullmatch(word)
    if glued is not None and leg_of(glued[2]) is not None:
        _BEFORE_A_FIGURE[glued[1]](terms, glued[2])
        return 1
    if word in ("at", "limit", "price"):
        if following.lower() not in _MARKET | _NOW:
            terms.refuse("At which price?" if not following else f'"{following}" is not a price.')
        return 1
    if (count := _counted(terms, word, following)) or _take_word(terms, word):
        return count or 1
    if word.startswith("@"):
        _set_price(terms, word.removeprefix("@"))
    elif (lots := re.fullmatch(rf"({NUMBER})lots?", word)) is not None:
        _set_size(terms, "lots", lots[1])
    elif (number := figure_of(token)) is not None:
        terms.items.append(number)
    elif any(char.isalpha() for char in word):
        terms.items.append(token)
    else:
        terms.refuse(f'"{token}" is neither a quantity nor a price.')
    return 1


def _counted(terms: Terms, word: str, following: str) -> int:
    """A number beside the word for what it counts: `2 lots`, `10 shares`, `qty 10`."""
    after = following.lower()
    number = figure_of(word)
    if number is not None and not number.money and after in _LOT_WORDS | _COUNTED:
        _set_size(terms, "lots" if after in _LOT_WORDS else "quantity", number.text, number)
        return 2
    counted = figure_of(following) if word in _COUNTED else None
    if counted is not None and not counted.money:
        _set_size(terms, "quantity", counted.text, counted)
        return 2
    return 0


def _take_word(terms: Terms, word: str) -> bool:
    """Words with one fixed meaning."""
    word = word.removeprefix("@") if word.removeprefix("@") in _MARKET | _NOW else word
    if word in _MARKET:
        terms.market = True
    elif word in _NOW:
        terms.now = True
    elif word == "amo":
        terms.after_market = True
    elif word in PORTIONS:
        _one_size(terms)
        terms.portion = PORTIONS[word]
    elif word in _PRODUCTS:
        _once(terms, terms.product, _PRODUCTS[word], "product")
        terms.product = _PRODUCTS[word]
    elif word in NAMES_TOO:
        terms.items.append(word)  # settled when all words are read
    elif word in _EXCHANGES:
        _once(terms, terms.exchange, _EXCHANGES[word], "exchange")
        terms.exchange = _EXCHANGES[word]
    else:
        return False
    return True


def _set_price(terms: Terms, text: str) -> None:
    number = figure_of(text)
    if number is None or number.value <= 0:
        terms.refuse(f'"{text}" is not a price.')
    if terms.price is not None:
        terms.refuse("There are two prices.")
    terms.price = number.value


def _set_stop(terms: Terms, text: str) -> None:
    """The order itself becomes a stop."""
    if terms.trigger is not None:
        terms.refuse("There are two stops.")
    said = leg_of(text)
    if said is None or said[1] not in ("", "@") or said[0] <= 0 or said[2] == 0:
        trigger, slash, limit = text.partition("/")
        wrong = (limit, "limit") if slash and BARE.fullmatch(trigger) else (text, "trigger")
        terms.refuse(f'"{wrong[0]}" is not a {wrong[1]}.' if text else "A stop at which price?")
    terms.trigger, _, terms.trigger_limit = said


def _set_above(terms: Terms, text: str) -> None:
    _set_side_of(terms, text, passed=terms.side is Side.BUY, word="above")


def _set_below(terms: Terms, text: str) -> None:
    _set_side_of(terms, text, passed=terms.side is Side.SELL, word="below")


def _set_side_of(terms: Terms, text: str, *, passed: bool, word: str) -> None:
    """A price that the market is to pass first, or one that the order keeps to, which is its limit."""
    number = figure_of(text)
    if number is None or number.value <= 0:
        terms.refuse(f'"{text}" is not a price.' if text else f"{word.capitalize()} which price?")
    if terms.is_priced:
        terms.refuse("There are two prices.")
    if passed:
        terms.beyond = number.value
    else:
        terms.price = number.value


def leg(text: str) -> Leg | None:
    """A stop or a target as it is said: `2880`, `2880/2875`, `20pts`, `-20`, `2%`. None for any other words."""
    said = leg_of("".join(text.split()))
    if said is None or said[0] <= 0 or said[2] == 0:
        return None
    return Leg(value=said[0], measure=Measure(said[1]), limit=said[2])


def _leg(terms: Terms, text: str, what: str) -> Leg:
    said = leg(text)
    if said is None or (said.limit is not None and what != "stop"):
        terms.refuse(f'"{text}" is no {what}.' if text else f"A {what} at which price?")
    return said


def _set_stop_leg(terms: Terms, text: str) -> None:
    if terms.stop is not None:
        terms.refuse("There are two stops.")
    terms.stop = _leg(terms, text, "stop")


def _set_target(terms: Terms, text: str) -> None:
    if terms.target is not None:
        terms.refuse("There are two targets.")
    terms.target = _leg(terms, text, "target")


def trail(text: str) -> TrailSaid | None:
    """A trail as it is said: `15`, `15pts`, `2%`. None for any other words."""
    said = leg_of("".join(text.split()))
    if said is None or said[0] <= 0 or said[2] is not None:
        return None
    return TrailSaid(every=said[0], measure=Measure.PERCENT if said[1] == "%" else Measure.POINTS)


def stepped(said: TrailSaid, text: str) -> TrailSaid | None:
    """The same in steps of so many points. None where that is no step of it."""
    number = figure_of(text)
    if number is None or not number.is_bare or said.measure is not Measure.POINTS or not 0 < number.value <= said.every:
        return None
    return replace(said, step=number.value)


def _set_trail(terms: Terms, text: str) -> None:
    if terms.trail is not None:
        terms.refuse("There are two trails.")
    terms.trail = trail(text)
    if terms.trail is None:
        terms.refuse(f'"{text}" is no trail: it is points or per cent, trail 15.' if text else "A trail of how many points?")


def _set_step(terms: Terms, text: str) -> None:
    if terms.trail is None or terms.trail.step is not None:
        terms.refuse("A step goes behind a trail: trail 15 step 10.")
    terms.trail = stepped(terms.trail, text)
    if terms.trail is None:
        terms.refuse("The step of a trail is in points, and no more than the trail: trail 15 step 10.")


def _refuse_lots(terms: Terms, _: str) -> NoReturn:
    terms.refuse("How many lots? Their number stands before the word: 2 lots.")


def _set_disclosed(terms: Terms, text: str) -> None:
    number = figure_of(text)
    if number is None or number.money or not number.is_count:
        terms.refuse(f'"{text}" is not a quantity to disclose.')
    terms.disclosed = int(number.value)


def _set_risk(terms: Terms, text: str) -> None:
    number = figure_of(text)
    if number is None or number.value <= 0:
        terms.refuse(f'"{text}" is not an amount to risk.')
    _one_size(terms)
    terms.risk = number.value


_BEFORE_A_FIGURE: Mapping[str, Callable[[Terms, str], None]] = {
    **dict.fromkeys(_STOPS, _set_stop_leg),
    **dict.fromkeys(_TARGETS, _set_target),
    **dict.fromkeys(("stop", "trigger"), _set_stop),
    "@": _set_price,  # what stands there instead of a figure: @ -5
    "above": _set_above,
    "below": _set_below,
    "trail": _set_trail,
    "step": _set_step,
    **dict.fromkeys(("dq", "disclose", "disclosed"), _set_disclosed),
    **dict.fromkeys(_LOT_WORDS, _refuse_lots),
    "risk": _set_risk,
}

SET_BY_WORD = frozenset({*_BEFORE_A_FIGURE, *_TAKEN_LATER, "amo"}) - {"@"}  # what only a new order can be given


def _set_size(terms: Terms, name: str, text: str, number: Figure | None = None) -> None:
    _one_size(terms)
    number = number or Figure(figure(text), text)
    if not number.is_count:
        terms.refuse(f'"{text}" is not a quantity.')
    setattr(terms, name, int(number.value))


def _one_size(terms: Terms) -> None:
    if terms.is_sized:
        terms.refuse("There are two quantities.")


def _once(terms: Terms, before: object, now: object, what: str) -> None:
    if before is not None and before is not now:
        terms.refuse(f"There are two words for the {what}.")
