"""Reads the words of an order that a person wants priced at the command line."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from bot.data.shelf import Shelf
from bot.domain.charges import Trade
from bot.domain.errors import UsageError
from bot.domain.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.money import exact
from bot.domain.order import Product, Side
from bot.domain.tariff import Plan

CHARGES_EXAMPLE = "python -m bot charges buy 10 RELIANCE 1480.30 delivery flat-5 on 2026-11-20"
PRODUCT_WORDS = {
    "cnc": Product.CNC,
    "del": Product.CNC,
    "delivery": Product.CNC,
    "mis": Product.MIS,
    "intra": Product.MIS,
    "intraday": Product.MIS,
    "nrml": Product.NRML,
    "co": Product.NRML,
    "mtf": Product.MTF,
}


@dataclass(slots=True)
class _Asked:
    """The words of an order while they are being read, in any order."""

    exchange: Exchange | None = None
    product: Product | None = None
    side: Side | None = None
    symbol: str = ""
    figures: list[Decimal] = field(default_factory=list)  # quantity, then the strike of an option, then the price
    future: bool = False
    right: Right | None = None
    plan: Plan | None = None
    day: date | None = None
    orders: int = 1


def read_order(words: Sequence[str], today: date, shelf: Shelf) -> tuple[Trade, Plan | None]:
    """The trade and the plan that the words name; UsageError with a whole command that would have worked.

    The words come in any order but for the figures (quantity, strike, price): side, symbol, `fut` or ce or pe for a contract, an
    exchange, a product, a plan's name, `on DATE`, `orders N`. Without a product word: delivery, or carry-forward for contracts.
    """
    asked, left = _Asked(), list(words)
    while left:
        word = left.pop(0).lower()
        if word in ("plan", "on", "orders"):
            _take_value(asked, word, left.pop(0) if left else "", shelf)
        else:
            _take(asked, word, shelf)
    figures = asked.figures
    wanted = 3 if asked.right is not None else 2
    if asked.side is None or not asked.symbol or len(figures) != wanted or figures[0] % 1 or min(figures) <= 0:
        msg = "That is no order: side, quantity, symbol, price."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    strike = figures[1] if asked.right is not None else None
    day, price = asked.day or today, figures[-1]
    instrument = _instrument(asked, strike, shelf)
    tick = shelf.rules.expected_tick(instrument.kind, price, day)
    trade = Trade(
        instrument=replace(instrument, tick=tick or instrument.tick),
        side=asked.side,
        product=asked.product or (Product.NRML if instrument.is_derivative else Product.CNC),
        quantity=int(figures[0]),
        price=price,
        day=day,
        orders=asked.orders,
    )
    return trade, asked.plan


def _take_value(asked: _Asked, word: str, value: str, shelf: Shelf) -> None:
    if word == "plan":
        asked.plan = _plan(value, shelf)
    elif word == "on":
        asked.day = read_date(value, CHARGES_EXAMPLE)
    else:
        asked.orders = _count(value)


def _take(asked: _Asked, word: str, shelf: Shelf) -> None:
    """Puts one word where it belongs; what is nothing else is the symbol."""
    if word in PRODUCT_WORDS:
        asked.product = PRODUCT_WORDS[word]
    elif word in ("buy", "sell"):
        asked.side = Side(word.upper())
    elif word.upper() in Exchange.__members__:
        asked.exchange = Exchange(word.upper())
    elif word == "fut":
        asked.future = True
    elif word in ("ce", "pe"):
        asked.right = Right(word.upper())
    elif (plan := shelf.tariff.plan(word)) is not None:
        asked.plan = plan
    elif (figure := _figure(word)) is not None:
        asked.figures.append(figure)
    elif asked.symbol:
        msg = f"I read {asked.symbol} as the symbol and do not know {word!r} beside it."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    else:
        asked.symbol = word.upper()


def _instrument(asked: _Asked, strike: Decimal | None, shelf: Shelf) -> Instrument:
    """A contract just good enough to price; lot and tick of the real one are in the scrip master, which is not here."""
    derivative = asked.future or asked.right is not None
    homes = {rule.underlying: rule.exchange for rule in shelf.calendar.expiry_rules}
    stock = asked.symbol not in homes
    exchange = asked.exchange or (homes.get(asked.symbol, Exchange.NFO) if derivative else Exchange.NSE)
    if derivative is not (exchange in (Exchange.NFO, Exchange.BFO)):
        msg = f"{exchange} has {'no contracts' if derivative else 'contracts only: add fut, or a strike with ce or pe'}."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    kind = InstrumentKind.EQUITY
    if asked.right is not None:
        kind = InstrumentKind.STOCK_OPTION if stock else InstrumentKind.INDEX_OPTION
    elif asked.future:
        kind = InstrumentKind.STOCK_FUTURE if stock else InstrumentKind.INDEX_FUTURE
    name = (
        asked.symbol if not derivative else f"{asked.symbol} fut" if strike is None else f"{asked.symbol} {strike} {asked.right}"
    )
    return Instrument(
        exchange=exchange,
        token=asked.symbol,
        symbol=asked.symbol,
        name=name,
        kind=kind,
        lot=1,
        tick=Decimal("0.05"),
        strike=strike,
        right=asked.right,
    )


def _figure(word: str) -> Decimal | None:
    try:
        return exact(word)
    except ValueError:
        return None


def _count(word: str) -> int:
    if not word.isdigit() or int(word) < 1:
        msg = f"{word!r} is no number of orders."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    return int(word)


def _plan(name: str, shelf: Shelf) -> Plan:
    found = shelf.tariff.plan(name)
    if found is None:
        msg = f"No plan {name!r}; there are {', '.join(plan.name for plan in shelf.tariff.plans)}."
        raise UsageError(msg, example=CHARGES_EXAMPLE)
    return found


def read_date(text: str, example: str) -> date:
    """A date written 2026-11-24; UsageError with the example otherwise."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no date such as 2026-11-24."
        raise UsageError(msg, example=example) from None
