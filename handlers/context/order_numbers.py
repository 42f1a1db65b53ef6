"""The day number of an order, alone or with new terms behind it."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

from bot.domain.errors import UsageError
from bot.domain.value import value
from handlers.context.words.figures import BARE, MOST, figure
from handlers.context.words.script import legible, tokens
from handlers.context.words.terms import SET_BY_WORD

_STOPS = frozenset({"sl", "stop", "trigger"})


@value
class ModifyWords:
    """New terms for the order with that day number. What is None stays."""

    number: int
    price: Decimal | None = None  # rupees; of a stop that waits its trigger
    limit: Decimal | None = None  # rupees, of a stop, behind its trigger
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
    """`12 2905`, `#12 @2905`, `12 q 20`, `12 2905 q 20`, and of a stop `12 110/104`."""
    example = "/modify 12 2905"

    def refuse(say: str) -> NoReturn:
        raise UsageError(say, example=example)

    parts = [part for part in tokens(words) if part.lower() != "to"]
    if not parts:
        refuse("Which order, and to what price?")
    which = number(parts[0], example=example)
    price: Decimal | None = None
    limit: Decimal | None = None
    quantity: int | None = None
    place = 1
    while place < len(parts):
        word = parts[place].lower()
        if word in ("q", "qty") and place + 1 < len(parts) and quantity is None:
            quantity = _quantity(parts[place + 1], refuse)
            place += 2
            continue
        if word in _STOPS and "/" in "".join(parts[place + 1 : place + 2]):  # sl 110 alone may be meant for an entry's stop
            place += 1
            continue
        if word in SET_BY_WORD:
            refuse("Only the price and the quantity of an order can be changed so far.")
        if price is not None:
            refuse(f'What is "{parts[place]}"? The quantity goes behind q: modify {which} {price:f} q 20.')
        trigger, slash, behind = word.lstrip("@₹").removesuffix("/-").partition("/")
        price = _limit(trigger, refuse)
        limit = _limit(behind, refuse) if slash else None
        place += 1
    if price is None and quantity is None:
        refuse(f"#{which} to what price?")
    return ModifyWords(number=which, price=price, limit=limit, quantity=quantity)


def _limit(text: str, refuse: Callable[[str], NoReturn]) -> Decimal:
    if not BARE.fullmatch(text) or (value := figure(text)) <= 0:
        refuse(f'"{text}" is not a price.')
    return value


def _quantity(text: str, refuse: Callable[[str], NoReturn]) -> int:
    if not BARE.fullmatch(text) or (value := figure(text)) != value.to_integral_value() or not 0 < value <= MOST:
        refuse(f'"{text}" is not a quantity.')
    return int(value)
