"""How an instrument is written for a person: whole on cards, short in lists.

Both can be typed back.
"""

from datetime import date
from decimal import Decimal

from bot.domain.market.instrument import Exchange, Instrument

# What people call the indices in lists.
SHORT_NAMES = {"NIFTY": "NF", "BANKNIFTY": "BNF", "FINNIFTY": "FNF", "MIDCPNIFTY": "MIDCP"}

_FAR = 300  # days; a contract further away than this is written with its year
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def title(instrument: Instrument, *, monthly: bool | None = None, today: date | None = None) -> str:
    """Whole: `NIFTY 24500 CE · 23 Nov (Mon, monthly)`, `RELIANCE FUT · 23 Nov (Mon, monthly)`, `RELIANCE`, `RELIANCE · BSE`.

    monthly: whether it is the last expiry of its month (None: not known, then only the weekday stands there).
    today, an IST date: a contract that is far from it is written with its year.
    """
    if instrument.expiry is None:
        return _cash(instrument)
    cycle = "" if monthly is None else (", monthly" if monthly else ", weekly")
    expiry = instrument.expiry
    return f"{_contract(instrument)} · {_day(expiry, today, ' ')} ({_DAYS[expiry.weekday()]}{cycle})"


def label(instrument: Instrument, *, today: date | None = None) -> str:
    """For a button: `NIFTY 24500 CE · 23 Nov`, `RELIANCE`."""
    if instrument.expiry is None:
        return _cash(instrument)
    return f"{_contract(instrument)} · {_day(instrument.expiry, today, ' ')}"


def short(instrument: Instrument, *, today: date | None = None) -> str:
    """For lists: `NF 24500CE 23Nov`, `BNF FUT 23Nov`, `RELIANCE`."""
    if instrument.expiry is None:
        return _cash(instrument)
    symbol = SHORT_NAMES.get(instrument.symbol, instrument.symbol)
    what = f"{strike_words(instrument.strike)}{instrument.right}" if instrument.right else "FUT"
    return f"{symbol} {what} {_day(instrument.expiry, today, '')}{_market(instrument)}"


def day_words(day: date) -> str:
    """`8 Dec`, as an expiry is said in words and on buttons."""
    return _day(day, None, " ")


def strike_words(strike: Decimal | None) -> str:
    """Rupees without needless zeros: 24500, 182.5. Empty for None."""
    if strike is None:
        return ""
    text = f"{strike:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _contract(instrument: Instrument) -> str:
    what = f"{strike_words(instrument.strike)} {instrument.right}" if instrument.right else "FUT"
    return f"{instrument.symbol} {what}{_market(instrument)}"


def _market(instrument: Instrument) -> str:
    """Share contracts are NSE's unless said otherwise. The BSE's own indices need no word."""
    at_bse = instrument.exchange is Exchange.BFO and not instrument.kind.startswith("INDEX")
    return " BFO" if at_bse else ""


def _cash(instrument: Instrument) -> str:
    if not instrument.is_tradable:
        return instrument.symbol
    if instrument.exchange is Exchange.BSE:
        return f"{instrument.symbol} · BSE"
    if instrument.series in ("", "EQ"):
        return instrument.symbol
    return f"{instrument.symbol}-{instrument.series}"


def _day(day: date, today: date | None, gap: str) -> str:
    year = ""
    if today is not None and (day - today).days > _FAR:
        year = f"{gap}{day.year}"
    return f"{day.day}{gap}{_MONTHS[day.month - 1]}{year}"
