"""The readings of an order's words: which figure is the strike, which the size and which the price, where more than one fits.

Nothing is chosen here. The words for the instrument are handed on as they came.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import NamedTuple

from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange
from bot.domain.orders.order import OrderRequest
from bot.domain.orders.reading import Reading, Readings
from bot.domain.terms import Side, Validity
from handlers.context.words import script
from handlers.context.words.figures import BARE, Figure, figure_of
from handlers.context.words.terms import (
    DATED,
    FUTURES,
    MONTH,
    NAMES_TOO,
    RIGHTS,
    SHARES,
    SPELLED,
    STRIKE,
    Terms,
    read,
)

_LONGEST = 80  # characters of the words for an instrument
_MOST = 40  # words of one order, more than any needs


class Size(NamedTuple):
    """One way to understand how much is ordered."""

    quantity: int | None = None
    lots: int | None = None
    rupees: Decimal | None = None


def readings(side: Side, words: str, today: date) -> Readings:
    """Every way to read a buy or a sell: `reliance 10 2900`, `10 reliance @2900 mis`, `nifty 24500 ce 1lot stop 80/74`.

    today: the IST date, which tells a year from a day. UsageError, with an example that works, where there is no way.
    """
    typed = script.tokens(words[: _LONGEST * _MOST])
    if not SHARES.isdisjoint(token.lower() for token in typed):
        typed = script.tokens(script.in_hindi(" ".join(typed)))
    if len(typed) > _MOST:
        raise UsageError(
            "That is too much for one order; several go a line each, as a basket. Nothing was sent.",
            example=f"/{side.lower()} RELIANCE 10",
        )
    levels: list[tuple[Reading, ...]] = []
    refusal: UsageError | None = None
    for tokens in _cuttings(typed):
        level: dict[Reading, None] = {}
        for words_read in script.put_or_at(tokens):
            try:
                terms = read(side, words_read)
                level |= dict.fromkeys(_of_terms(terms, today))
                level |= dict.fromkeys(_rivals(terms, today))
            except UsageError as error:
                refusal = refusal or error
        if level:
            levels.append(tuple(level))
    if len(levels) == 2 and levels[0] == levels[1]:
        levels.pop()
    if not levels:
        raise refusal or UsageError("Which share or contract?", example=f"/{side.lower()} RELIANCE 10")
    return tuple(levels)


def _cuttings(typed: Sequence[str]) -> Iterator[list[str]]:
    """The words as they were typed, then with what is glued cut apart."""
    yield list(typed)
    apart = [part for token in typed for part in (script.cut(token) if _is_glued(token) else [token])]
    if apart != list(typed):
        yield script.tokens(" ".join(apart))


def _is_glued(token: str) -> bool:
    return (
        token[0] not in "/#+"
        and any(char.isdigit() for char in token)
        and any(char.isalpha() for char in token)
        and not any(shape.fullmatch(token) for shape in (STRIKE, DATED))
    )


def _of_terms(terms: Terms, today: date) -> Iterator[Reading]:
    found = False
    refusal: UsageError | None = None
    for named in _named(terms):
        for in_name in _in_name(named.items, today):
            try:
                for reading in _of_figures(named, in_name):
                    found = True
                    yield reading
            except UsageError as error:
                refusal = refusal or error
    if not found and refusal is not None:
        raise refusal


def _rivals(terms: Terms, today: date) -> Iterator[Reading]:
    """Where two figures stand before one CE, or behind it, the readings with the other as the strike: `24500 24600 ce`."""
    for place, item in enumerate(terms.items):
        if not isinstance(item, str):
            continue
        glued = STRIKE.fullmatch(item)
        if glued is None and item.lower() not in RIGHTS:
            continue
        strike: str | Figure | None
        if glued is not None:
            near, far, strike = place, place - 1, figure_of(item[:-2])
        else:
            step = -1 if isinstance(_at(terms.items, place - 1), Figure) else 1
            near, far = place + step, place + 2 * step
            strike = _at(terms.items, near)
        other = _at(terms.items, far)
        if not isinstance(other, Figure) or not isinstance(strike, Figure) or not (other.is_count and other.is_bare):
            continue
        items = list(terms.items)
        items[near] = other.unscaled + item[-2:] if glued is not None else other
        del items[far]
        with suppress(UsageError):
            yield from (replace(each, rival=True) for each in _of_terms(replace(terms, items=items), today))


def _at(items: Sequence[str | Figure], place: int) -> str | Figure | None:
    return items[place] if 0 <= place < len(items) else None


def _named(terms: Terms) -> Iterator[Terms]:
    """IOC and BSE are shares where nothing else names one (`ioc 10 ioc`, `bse 2800 ce 1lot`), else words of the order."""
    doubtful = [place for place, item in enumerate(terms.items) if isinstance(item, str) and item.lower() in NAMES_TOO]
    names = [place for place, item in enumerate(terms.items) if isinstance(item, str) and _names(item)]
    if not doubtful:
        yield terms
        return
    if [place for place in names if place not in doubtful]:
        yield _without(terms, doubtful)
        return
    said = {str(terms.items[place]).lower() for place in doubtful}
    if len(said) == 2 and terms.exchange is None and doubtful[1] - doubtful[0] == 1:  # bse ioc 10: IOC on BSE, or BSE, IOC
        for share in doubtful[:2]:
            yield _without(terms, [place for place in doubtful if place != share])
        return
    yield _without(terms, doubtful[1:])


def _without(terms: Terms, places: Sequence[int]) -> Terms:
    """The words at those places are words of the order, not of the name."""
    left = replace(terms, items=[item for place, item in enumerate(terms.items) if place not in places])
    for place in places:
        if str(terms.items[place]).lower() == "ioc":
            left.ioc = True
        elif left.exchange not in (None, Exchange.BSE):
            left.refuse("There are two words for the exchange.")
        else:
            left.exchange = Exchange.BSE
    return left


def _names(word: str) -> bool:
    """Whether a word of the instrument may be its name, and not only what a contract on it is called."""
    lower = word.lower()
    return lower not in RIGHTS | FUTURES and not any(shape.fullmatch(lower) for shape in (STRIKE, DATED, BARE))


def _in_name(items: Sequence[str | Figure], today: date) -> Iterator[frozenset[int]]:
    """Each set of places whose figures belong to the words for the instrument: strike, day and year."""
    bare = [place for place, item in enumerate(items) if isinstance(item, Figure) and not item.money and item.scale in ("", "k")]
    fixed: set[int] = set()
    doubtful: list[tuple[int | None, ...]] = []
    for place, item in enumerate(items):
        if isinstance(item, str) and MONTH.fullmatch(item):
            before = _number(items, place - 1)
            if before is not None and 1 <= before <= 31:
                fixed.add(place - 1)
            doubtful += _after_month(items, place + 1, today, fixed, has_day=place - 1 in fixed)
    rights = [place for place, item in enumerate(items) if isinstance(item, str) and item.lower() in RIGHTS]
    for place in rights[:1]:
        beside = [at for at in (place - 1, place + 1) if at in bare and at not in fixed]
        strikes: list[int | None] = list(beside or (at for at in bare if at not in fixed))
        if fixed and not beside:
            strikes.append(None)  # `idea 8 nov ce`: a strike that looks like a day
        if strikes:
            doubtful.append(tuple(strikes))
    for chosen in product(*doubtful):
        yield frozenset(fixed | {place for place in chosen if place is not None})


def _after_month(
    items: Sequence[str | Figure], place: int, today: date, fixed: set[int], *, has_day: bool
) -> list[tuple[int | None, ...]]:
    """`nov 26` is this year or the next, or a day. Any other number there may be a day, a later year, or the size."""
    number = _number(items, place)
    if number is None:
        return []
    if number in (today.year, today.year + 1, today.year % 100, today.year % 100 + 1):
        fixed.add(place)
    elif 2000 < number < 2100:
        return [(place, None)]  # `26 jan 2040`: 2,040 of the contract, where none lives so long
    elif 1 <= number <= 31 and not has_day:
        year = _number(items, place + 1)
        if year is not None and 2000 < year < 2100:
            fixed |= {place, place + 1}
        else:
            return [(place, None)]
    return []


def _number(items: Sequence[str | Figure], place: int) -> int | None:
    item = _at(items, place)
    return int(item.text) if isinstance(item, Figure) and item.text.isdigit() and len(item.text) <= 4 else None


def _of_figures(terms: Terms, in_name: frozenset[int]) -> Iterator[Reading]:
    """Gives the figures that are left their meaning: one size and one price at most."""
    symbol = [
        item if isinstance(item, str) else item.unscaled
        for place, item in enumerate(terms.items)
        if isinstance(item, str) or place in in_name
    ]
    left = [item for place, item in enumerate(terms.items) if isinstance(item, Figure) and place not in in_name]
    _demand_one_order(terms, symbol)
    for size, price, plain in _places(terms, left):
        if price is not None and price.value <= 0:
            terms.refuse(f'"{price.text}" is not a price.')
        for sized in _sizes(terms, size):
            request = _request(terms, symbol, sized, price.value if price is not None else terms.price)
            is_plain = plain and (size is None or not (size.letter or size.scale == "c"))
            if terms.beyond is not None:  # the person says which
                yield Reading(request=replace(request, trigger=terms.beyond), plain=is_plain)
                request = replace(request, price=terms.beyond)
            yield Reading(request=request, plain=is_plain)


def _demand_one_order(terms: Terms, symbol: Sequence[str]) -> None:
    """UsageError where the words do not go together."""
    if not terms.symbol:
        terms.refuse("Which share or contract?")
    if len(" ".join(symbol)) > _LONGEST:
        terms.refuse("That is more than the name of a share or contract.")
    if terms.market and terms.price is not None:
        terms.refuse("A market order (mkt) has no price.")
    if terms.market and terms.trigger_limit is not None:
        terms.refuse("A stop goes to the market (mkt) or has a limit behind its trigger, not both.")
    if terms.trigger is not None and terms.price is not None:
        terms.refuse("The limit of a stop goes behind its trigger: stop 2880/2875.")
    if terms.now and terms.price is not None:
        terms.refuse("The price of now (cmp) and a price of its own do not go together.")
    if terms.risk is not None and terms.stop is None:
        terms.refuse("A size by risk needs a stop: risk 1000 sl 2880.")
    if terms.beyond is not None and terms.price is not None:
        terms.refuse("There are two prices.")
    if terms.beyond is not None and any(leg is not None for leg in (terms.stop, terms.target, terms.trail)):
        terms.refuse(
            f"An order that waits for {terms.beyond} takes no stop or target with it: stop {terms.beyond} first, and sl or t as a"
            f" reply to its fill. A limit, @{terms.beyond}, takes them."
        )


def _places(terms: Terms, left: Sequence[Figure]) -> list[tuple[Figure | None, Figure | None, bool]]:
    """(size, price, whether the order of the words says so) for each way that the figures fit."""
    room = (not terms.is_sized) + (not terms.is_priced)
    if len(left) > room:
        terms.refuse(f'What is "{left[-1].text}"? One quantity and one price are enough.')
    if not left:
        if not terms.is_sized and (spelled := [word for word in terms.symbol if word.lower() in SPELLED]):
            terms.refuse(f'"{spelled[-1]}" is not a quantity.')
        return [(None, None, True)]
    if terms.is_sized:
        return [(None, left[0], True)]
    if len(left) == 1:
        _need_size(terms, left[0])
        return [(left[0], None, True)]
    first, second = left
    ways = [way for way in ((first, second), (second, first)) if way[0].is_size]
    if not ways:
        _need_size(terms, first)
    in_order = first.is_bare and second.is_bare  # else the shape of a figure says more than its place
    return [(*way, len(ways) == 1 or (in_order and way[0] is first)) for way in ways]


def _need_size(terms: Terms, size: Figure) -> None:
    if not size.is_size:
        terms.refuse(f'"{size.text}" is not a quantity.')


def _sizes(terms: Terms, size: Figure | None) -> list[Size]:
    """The ways to understand a size: an L may be a lakh or a lot, a crore may be shares or rupees."""
    if size is None:
        return [Size(quantity=terms.quantity, lots=terms.lots)]
    if size.money:
        return [Size(rupees=size.value)]
    ways = [Size(quantity=int(size.value))]
    if size.letter and (lots := size.value / 100_000) == lots.to_integral_value():
        ways.insert(0, Size(lots=int(lots)))
    if size.scale == "c":
        ways.insert(0, Size(rupees=size.value))
    return ways


def _request(terms: Terms, symbol: Sequence[str], size: Size, price: Decimal | None) -> OrderRequest:
    return OrderRequest(
        side=terms.side,
        symbol=" ".join(symbol).upper(),
        quantity=size.quantity,
        lots=size.lots,
        rupees=size.rupees,
        portion=terms.portion,
        risk=terms.risk,
        price=price,
        market=terms.market,
        trigger=terms.trigger,
        trigger_limit=terms.trigger_limit,
        product=terms.product,
        exchange=terms.exchange,
        validity=Validity.IOC if terms.ioc else Validity.DAY,
        stop=terms.stop,
        target=terms.target,
        trail=terms.trail,
        disclosed=terms.disclosed,
        after_market=terms.after_market,
    )
