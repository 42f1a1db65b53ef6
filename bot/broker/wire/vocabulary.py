"""The broker's vocabulary and ours: exchanges, products, order kinds, statuses, dates in all the ways that mStock writes them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TypeVar

from bot.domain.clock import IST
from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import OrderKind, Product, Side

T = TypeVar("T")

PRODUCT_TO_WIRE = MappingProxyType(
    {Product.CNC: "DELIVERY", Product.MIS: "INTRADAY", Product.NRML: "CARRYFORWARD", Product.MTF: "MARGIN"}
)
PRODUCT_LETTERS = MappingProxyType({Product.CNC: "C", Product.MIS: "I", Product.NRML: "M", Product.MTF: "F"})  # section 12
# Books say one vocabulary, the trade book the other, the calculator letters (mstock-type-b.md 5.1, 6.1, 12).
_PRODUCTS = {
    "DELIVERY": Product.CNC, "CNC": Product.CNC, "C": Product.CNC,
    "INTRADAY": Product.MIS, "MIS": Product.MIS, "I": Product.MIS, "BO": Product.MIS, "CO": Product.MIS,
    "CARRYFORWARD": Product.NRML, "NRML": Product.NRML, "NORMAL": Product.NRML,
    "MARGIN": Product.MTF, "MTF": Product.MTF, "F": Product.MTF, "M": Product.NRML,
}  # fmt: skip
_SIDES = {"BUY": Side.BUY, "B": Side.BUY, "SELL": Side.SELL, "S": Side.SELL}
_KINDS = {
    "MARKET": OrderKind.MARKET, "MKT": OrderKind.MARKET,
    "LIMIT": OrderKind.LIMIT, "LMT": OrderKind.LIMIT, "L": OrderKind.LIMIT,
    "SL": OrderKind.SL, "STOPLOSS": OrderKind.SL, "STOPLOSSLIMIT": OrderKind.SL, "SLLIMIT": OrderKind.SL,
    "SLL": OrderKind.SL, "STOPLIMIT": OrderKind.SL,
    "SLM": OrderKind.SL_M, "SLMARKET": OrderKind.SL_M, "STOPLOSSMARKET": OrderKind.SL_M, "STOPMARKET": OrderKind.SL_M,
    "SLMKT": OrderKind.SL_M,
}  # fmt: skip
_INSTRUMENT_KINDS = {
    "EQ": InstrumentKind.EQUITY, "EQUITY": InstrumentKind.EQUITY,
    "OPTIDX": InstrumentKind.INDEX_OPTION, "OPTSTK": InstrumentKind.STOCK_OPTION,
    "FUTIDX": InstrumentKind.INDEX_FUTURE, "FUTSTK": InstrumentKind.STOCK_FUTURE,
    "INDEX": InstrumentKind.INDEX, "AMXIDX": InstrumentKind.INDEX, "IDX": InstrumentKind.INDEX,
}  # fmt: skip
_DERIVATIVES = {"NSE": Exchange.NFO, "NFO": Exchange.NFO, "BSE": Exchange.BFO, "BFO": Exchange.BFO}

STREAM_CODES: Mapping[Exchange, int] = MappingProxyType(
    {Exchange.NSE: 1, Exchange.NFO: 2, Exchange.BSE: 3, Exchange.BFO: 4}
)  # 14.3, map A
INTRADAY_CODES: Mapping[Exchange, str] = MappingProxyType(
    {Exchange.NSE: "1", Exchange.NFO: "2", Exchange.BSE: "4", Exchange.BFO: "5"}
)  # 9.3
EPOCH = datetime(1980, 1, 1, tzinfo=IST)  # frames count seconds of India's wall clock from here (14.4)

_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6, "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_DAY = re.compile(
    r"(?P<y1>\d{4})-(?P<m1>\d{1,2})-(?P<d1>\d{1,2})"  # 2025-02-01
    r"|(?P<y2>\d{4})[- ]?(?P<m2>[A-Za-z]{3})[- ]?(?P<d2>\d{1,2})"  # 2025-Oct-20
    r"|(?P<d3>\d{1,2})[- ]?(?P<m3>[A-Za-z]{3})[A-Za-z]*[- ]?(?P<y3>\d{4})"  # 20-Oct-2025, 20Oct2025
    r"|(?P<d4>\d{1,2})[-/](?P<m4>\d{1,2})[-/](?P<y4>\d{4})",  # 10-06-2025
    re.ASCII,
)
_TIME = re.compile(r"(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2}))?(?:\.\d+)?\s*([AaPp][Mm])?", re.ASCII)


def squeezed(text: str) -> str:
    """Upper case without blanks, underscores and hyphens: the form in which the broker's spellings are compared (5.7)."""
    return re.sub(r"[\s_\-]+", "", text).upper()


def product(text: str) -> Product:
    """ValueError for a word that is no product."""
    return _known(_PRODUCTS, text, "product")


def side(text: str) -> Side:
    """ValueError for a word that is no side."""
    return _known(_SIDES, text, "side")


def order_kind(text: str) -> OrderKind:
    """Any of the ten spellings of a stop, and the plain ones. ValueError for others."""
    return _known(_KINDS, text, "order type")


def instrument_kind(text: str) -> InstrumentKind | None:
    """None for a kind that we do not trade (currency, commodity)."""
    return _INSTRUMENT_KINDS.get(squeezed(text))


def exchange_of(exchange: str, instrumenttype: str) -> Exchange | None:
    """Our exchange. Books say NSE even for contracts (0.2, point 10). None for a segment that we do not trade."""
    word = squeezed(exchange)
    kind = squeezed(instrumenttype)
    if kind.endswith(("CUR", "IRC", "IRD", "COM", "IRT")) or kind == "OPTFUT":
        return None
    if kind.startswith(("OPT", "FUT")):
        return _DERIVATIVES.get(word)
    if word in ("NFO", "BFO"):
        return Exchange(word)
    if word in ("NSE", "BSE"):
        return Exchange(word)
    return None


def order_status(text: str, *, quantity: int, filled: int, stop: bool = False) -> OrderStatus:
    """What a status word means, decided in the order of mstock-type-b.md 5.7. stop: the order waits for a trigger.

    A stop that was changed is called modified until it is triggered, and waits all the while.

    A word that is not known counts as working: an order wrongly held open is looked at again, one wrongly closed is not.
    """
    word = squeezed(text)
    about_a_change = word.startswith(("CANCEL", "MODIFY", "MODIFICATION", "OCANCEL")) and word.endswith(
        ("REJECTED", "REJECT", "FAILED", "PENDING", "REQUESTED", "REQUEST", "SENT")
    )
    done = any(term in word for term in ("TRADED", "COMPLETE", "EXECUTED", "FILLED")) or ("CONFIRMED" in word and filled > 0)
    if not about_a_change and ("REJECT" in word or "FAIL" in word):
        return OrderStatus.REJECTED
    if not about_a_change and "CANCEL" in word:
        return OrderStatus.CANCELLED
    if done and filled >= quantity:
        return OrderStatus.FILLED
    if "EXPIRED" in word:
        return OrderStatus.EXPIRED
    if filled > 0:
        return OrderStatus.PARTIAL
    waits = word in ("TRIGGERPENDING", "OTRIGGERPENDING") or (stop and word in ("OMODIFIED", "MODIFIED"))
    return OrderStatus.TRIGGER_PENDING if waits else OrderStatus.OPEN


def is_known_status(text: str) -> bool:
    """Whether 5.7 lists the word. The others are worth a line in the log."""
    return squeezed(text) in _KNOWN_STATUSES


_KNOWN_STATUSES = frozenset({
    "TRANSIT", "PENDING", "OPENDING", "OMODIFIED", "MODIFIED", "TRIGGERPENDING", "TRIGGERED", "OPEN", "VALIDATED",
    "PARTIALLYTRADED", "PARTIALLYFILLED", "TRADED", "TRADECONFIRMED", "COMPLETE", "EXECUTED", "FULLYEXECUTED", "REJECTED",
    "CANCELLED", "OCANCELLED", "EXPIRED", "FAILED",
})  # fmt: skip


def day(text: str) -> date:
    """A date in any of the four styles (quirk 19). ValueError otherwise."""
    match = _DAY.match(text.strip())
    if match is None:
        raise ValueError("no date")
    return _date_of(match)


def _date_of(match: re.Match[str]) -> date:
    year, month, of_month = next(
        (match[f"y{style}"], match[f"m{style}"], match[f"d{style}"]) for style in "1234" if match[f"y{style}"] is not None
    )
    number = int(month) if month.isdigit() else _MONTHS.get(month.upper())
    if number is None:
        raise ValueError("no month")
    return date(int(year), number, int(of_month))


def moment(text: str) -> datetime:
    """A date and time of India's wall clock, as UTC. Offsets are cut off by the broker and ignored. ValueError otherwise."""
    match = _DAY.match(text.strip())
    if match is None:
        raise ValueError("no date")
    of_day = _TIME.search(text.strip(), match.end())
    if of_day is None:
        raise ValueError("no time of day")
    hour, minute, second = int(of_day[1]), int(of_day[2]), int(of_day[3] or 0)
    if of_day[4] and hour <= 12:
        hour = hour % 12 + (12 if of_day[4].upper() == "PM" else 0)
    when = _date_of(match)
    if not date(1990, 1, 1) <= when <= date(2200, 1, 1):
        raise ValueError("no year that anybody would write")
    return datetime(when.year, when.month, when.day, hour, minute, second, tzinfo=IST).astimezone(UTC)


def _known(table: Mapping[str, T], text: str, what: str) -> T:
    try:
        return table[squeezed(text)]
    except KeyError:
        raise ValueError(f"no {what}") from None
