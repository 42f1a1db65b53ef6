"""Which of the readings of an order's words is meant: what the day's instruments and the price leave over.

One that is left is taken. More than one are buttons, and so is every guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.domain.errors import ChoiceWanted, UnknownSymbol
from bot.domain.market.display_names import label
from bot.domain.market.instrument import Exchange, Instrument
from bot.domain.market.prices import Price
from bot.domain.money import grouped, in_figures
from bot.domain.orders.order import OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.orders.reading import Reading, Readings
from bot.domain.value import value
from bot.trading.instruments.finder import Found

BAND = 5  # times the last premium, either way: no figure beyond that is taken for a limit where it can be something else
DAY_BAND = Decimal("1.2")  # times the last price of a share or future: the widest band that an exchange gives one for a day

Find = Callable[[OrderRequest], Found]


@value
class Meant:
    """The one instrument that the words name, and what may be asked of it. A request without a size names only that."""

    instrument: Instrument
    readings: tuple[Reading, ...]

    @property
    def is_sized(self) -> bool:
        return any(reading.request.is_sized for reading in self.readings)


def meant(readings: Readings, read: Find, guess: Find, named: Callable[[Instrument], str]) -> Meant:
    """What the words name, with the readings of their figures that its lot allows.

    read: the instrument that a request's words name as they stand. guess: near ones to a mistyped name. named: an instrument
    as it stands on a button. UnknownSymbol or ChoiceWanted, with whole commands as buttons, where not one thing is named.
    """
    read, guess = _once(read), _once(guess)
    for level in readings:
        found: list[tuple[Reading, Instrument]] = []
        doubtful: list[tuple[Reading, Instrument]] = []  # the words fit more than one contract as they stand
        rivals: list[tuple[Reading, Instrument]] = []  # both figures beside one CE are strikes
        for reading in level:
            match = read(reading.request)
            if match.instrument is not None:
                (rivals if reading.rival else found).append((reading, match.instrument))
            elif match.exact and not reading.rival:
                doubtful += [(reading, instrument) for instrument in match.near]
        pool = _fitting(found)
        if pool and (also := _fitting(doubtful)):
            pool += also
        pool += rivals if pool else []
        instruments = {instrument.key: instrument for _, instrument in pool}
        if len(instruments) == 1:
            return Meant(instrument=next(iter(instruments.values())), readings=tuple(reading for reading, _ in pool))
        if instruments:
            near = [
                (
                    f"{named(instrument)}: {_terms(reading.request)}".removesuffix(": "),
                    request_line(_of(reading.request, instrument)),
                )
                for reading, instrument in pool
            ]
            raise ChoiceWanted("These words can be read in more than one way.", near=near)
    raise _unknown(readings, read, guess, named)


def _fitting(found: Sequence[tuple[Reading, Instrument]]) -> list[tuple[Reading, Instrument]]:
    """The readings whose size is whole lots. Where only a turned order of the figures is, the size as it was said stays."""
    sized = [one for one in found if one[0].request.is_sized]
    legal = [one for one in sized if _fits_lots(one[0].request, one[1])]
    if any(reading.plain for reading, _ in legal) or not any(reading.plain for reading, _ in sized):
        sized = legal or sized
    elif len(sized) < len(found):  # what looked like a size of no whole lot is a day: `reliance fut dec 29`
        return [one for one in found if one not in sized]
    return sized or list(found)


def _once(find: Find) -> Find:
    """Each name is looked for once, however many readings share it."""
    found: dict[tuple[str, Exchange | None], Found] = {}

    def finding(request: OrderRequest) -> Found:
        name = (request.symbol, request.exchange)
        if name not in found:
            found[name] = find(request)
        return found[name]

    return finding


def _unknown(readings: Readings, read: Find, guess: Find, named: Callable[[Instrument], str]) -> UnknownSymbol:
    """Near things for the likeliest reading: one that is understood, sized if any is, before a guess at a mistyped name."""
    every = [reading for level in readings for reading in level if not reading.rival]
    ranked = sorted(every, key=lambda reading: not reading.request.is_sized)  # stable: as typed before cut apart
    for find in (read, guess):
        for likeliest in ranked:
            match = find(likeliest.request)
            if match.near:
                level = next(level for level in readings if likeliest in level)
                same = [likeliest.request] if likeliest.plain else [each.request for each in level if not each.plain]
                near = [
                    (
                        named(instrument) if len(same) == 1 else f"{named(instrument)}: {_terms(request)}",
                        request_line(_of(request, instrument)),
                    )
                    for instrument in match.near
                    for request in same
                ]
                return UnknownSymbol(match.say, near=near)
    return UnknownSymbol(guess(ranked[0].request).say)


def _of(request: OrderRequest, instrument: Instrument) -> OrderRequest:
    exchange = Exchange.BSE if instrument.exchange is Exchange.BSE else None
    return replace(request, symbol=instrument.name, exchange=exchange)


def _fits_lots(request: OrderRequest, instrument: Instrument) -> bool:
    if request.lots is not None:
        return instrument.is_derivative
    return request.quantity is None or request.quantity % instrument.lot == 0


def priced(readings: Sequence[Reading], instrument: Instrument, price: Price | None) -> OrderRequest:
    """The one request whose limit lies where the instrument trades. ChoiceWanted with each where that leaves more than one.

    price: the price of now. None: not known, and then every limit may be meant.
    """
    band = BAND if instrument.is_option else DAY_BAND
    readings = [reading for reading in readings if _buys_one(reading.request, instrument)] or readings
    if len(readings) == 1:
        return readings[0].request
    plain = [reading for reading in readings if reading.plain]
    likely = [reading for reading in readings if _is_likely(reading.request.price, price, band)]
    likely_plain = [reading for reading in likely if reading.plain]
    if len(likely_plain) == 1 or (len(plain) == 1 and not likely):
        return (likely_plain or plain)[0].request
    if len(likely) == 1 and not plain:
        return likely[0].request
    offered = likely if len(likely) > 1 else readings
    raise ChoiceWanted(
        "Which of these do you mean?",
        near=[(f"{each.request.side.capitalize()} {_terms(each.request)}", request_line(each.request)) for each in offered],
    )


def _buys_one(request: OrderRequest, instrument: Instrument) -> bool:
    """Whether rupees, where they are the size, pay for a share or a lot at the limit."""
    return request.rupees is None or request.price is None or request.rupees >= request.price * instrument.lot


def _is_likely(limit: Decimal | None, price: Price | None, band: Decimal | int) -> bool:
    return limit is None or price is None or price.last / band <= limit <= price.last * band


def _terms(request: OrderRequest) -> str:
    """Size and price of a request on a button: `5 @ 3,500.00`, `₹50,000.00`, `1 lot`."""
    if request.lots is not None:
        size = f"{request.lots} lot{'s' if request.lots > 1 else ''}"
    elif request.rupees is not None:
        size = f"for ₹{in_figures(request.rupees)}"
    elif request.quantity is not None:
        size = grouped(str(request.quantity))
    else:
        size = str(request.portion or "")
    if request.trigger is not None:
        size = f"{size} stop {in_figures(request.trigger)}".strip()
    return f"{size} @ {in_figures(request.price)}".strip() if request.price is not None else size


def lots_of_a_share(request: OrderRequest, share: Instrument, future: Instrument | None) -> ChoiceWanted:
    """The question behind `tcs 2lots`: lots of the future, or that many shares."""
    lots = request.lots or 1
    near = []
    if future is not None:
        line = replace(request, symbol=future.name, exchange=None)
        size = f"{lots} lot{'s' if lots > 1 else ''}"
        near.append((f"{label(future)}: {size} = {grouped(str(lots * future.lot))}", request_line(line)))
    shares = replace(request, quantity=lots, lots=None)
    near.append((f"{grouped(str(lots))} share{'s' if lots > 1 else ''} of {share.symbol}", request_line(shares)))
    return ChoiceWanted(f"{share.symbol} is a share and has no lots.", near=near)
