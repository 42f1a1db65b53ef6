"""The two candle routes, each with its own way of naming exchanges and ordering bars (sections 9.2 and 9.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.requests import bad, text
from bot.simulators.broker.faults.errors import Refusal
from bot.simulators.broker.market import candles
from bot.simulators.broker.market.hours import IST
from bot.simulators.broker.market.instruments import NUMERIC_CODES, number
from bot.simulators.broker.market.prices import Candle
from bot.simulators.broker.rest.order_routes import Answer, Call, Route, good
from bot.simulators.broker.rows import candle_time


def _interval(call: Call) -> str:
    interval = text(call.fields, "interval")
    if interval not in candles.INTERVALS:
        raise bad(f"Invalid interval. valid intervals allowed are {', '.join(candles.INTERVALS)}.")
    return interval


def _moment(call: Call, name: str, *, last: bool) -> datetime:
    """`YYYY-MM-DD HH:MM`, a date alone, or the SDK's dd-MM-yyyy. IST."""
    value = text(call.fields, name)
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d-%m-%Y"):
        try:
            found = datetime.strptime(value, form).replace(tzinfo=IST)
        except ValueError:
            continue
        return found + timedelta(hours=23, minutes=59) if last and len(value) == 10 else found
    raise bad(f"Invalid {name}.")


def _ohlc(candle: Candle, stamp: str) -> list[object]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [stamp, *(number(p) for p in prices), candle.volume]


def historical(broker: PaperBroker, call: Call) -> Answer:
    """Ascending, without today, at most 1000 bars over the window (9.2)."""
    exchange, token = text(call.fields, "exchange").upper(), text(call.fields, "symboltoken")
    interval = _interval(call)
    first, last = _moment(call, "fromdate", last=False), _moment(call, "todate", last=True)
    instrument = broker.lookup(exchange, token)
    if instrument is None:
        raise bad("security id not found")
    if candles.count(interval, first, last) > candles.MOST:
        raise bad("Requested data exceeds the maximum limit of 1000 candles")
    bars = broker.candles.past(instrument, interval, first, last, broker.clock.now())
    return good({"candles": [_ohlc(bar, f"{candle_time(bar.start).replace(' ', 'T')}:00+05") for bar in bars]})


def intraday(broker: PaperBroker, call: Call) -> Answer:
    """Today's bars, newest first. The exchange is a number here (9.3)."""
    exchange = NUMERIC_CODES.get(text(call.fields, "exchange"))
    interval = _interval(call)
    if interval == "ONE_DAY":
        raise Refusal("Something went wrong. Please try again", http=500, code="IA500")
    instrument = broker.lookup(exchange, text(call.fields, "symboltoken")) if exchange else None
    if instrument is None:
        raise bad("invalid symbol")
    now = broker.clock.now()
    bars = broker.candles.today(instrument, interval, now)
    return good({"candles": [_ohlc(bar, candle_time(bar.start)) for bar in reversed(bars)]})


ROUTES = [
    Route("historical", ("POST", "GET"), "instruments/historical", historical, "data"),
    Route("intraday", ("POST", "GET"), "instruments/intraday", intraday, "data"),
]
