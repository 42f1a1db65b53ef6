"""Option chain and gainers: lists over the whole master, cut for one underlying or by the day's change (11 and 13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bot.simulators.broker.broker import PaperBroker
from bot.simulators.broker.exchange.requests import bad, text
from bot.simulators.broker.market.frames import wall_seconds
from bot.simulators.broker.market.hours import at_ist
from bot.simulators.broker.market.instruments import NUMERIC_CODES, Instrument, number
from bot.simulators.broker.rest.order_routes import Answer, Call, Route, good
from bot.simulators.broker.rows import Row, isin

UNIX = datetime(1970, 1, 1, tzinfo=UTC)
EXPIRES_AT = time(14, 30)  # what the epochs of the chain point at (section 11)


def epoch(exchange: str, expiry: date) -> int:
    """NSE counts seconds from 1980 on an IST wall clock, BSE seems to count Unix seconds (section 11)."""
    at = at_ist(expiry, EXPIRES_AT)
    return wall_seconds(at) if exchange == "NFO" else int((at - UNIX).total_seconds())


def _contracts(broker: PaperBroker, call: Call) -> tuple[str, list[Instrument]]:
    exchange = NUMERIC_CODES.get(call.path["exchange"], "")
    if exchange not in ("NFO", "BFO"):
        raise bad("Invalid exchange.")
    return exchange, [i for i in broker.master.by_key.values() if i.exchange == exchange]


def chain_master(broker: PaperBroker, call: Call) -> Answer:
    exchange, contracts = _contracts(broker, call)
    expiries = sorted({i.expiry for i in contracts if i.expiry})
    number_of = {expiry: n for n, expiry in enumerate(expiries, start=1)}
    data: Row = {"dctExp": {str(n): epoch(exchange, expiry) for expiry, n in number_of.items()}}
    for field, kinds in (("FUTIDX", ("FUTIDX",)), ("OPTIDX", ("OPTIDX",)), ("OFSTK", ("FUTSTK", "OPTSTK"))):
        found: dict[tuple[str, str], set[int]] = {}
        for one in contracts:
            if one.kind in kinds and one.underlying and one.expiry:
                found.setdefault((one.symbol, one.underlying[1]), set()).add(number_of[one.expiry])
        data[field] = [",".join([s, token, *map(str, sorted(keys))]) for (s, token), keys in found.items()]
    return good(data)


def chain(broker: PaperBroker, call: Call) -> Answer:
    exchange, contracts = _contracts(broker, call)
    mine = [i for i in contracts if i.underlying and i.underlying[1] == call.path["token"]]
    expiry = next((i.expiry for i in mine if i.expiry and str(epoch(exchange, i.expiry)) == call.path["expiry"]), None)
    if expiry is None:
        raise bad("security id not found")
    now = broker.clock.now()

    def line(one: Instrument) -> str:
        interest = broker.market.quote(one, now).open_interest
        return f"{one.token},{one.strike if one.is_option else -1},{interest}"

    sides = {"CE": "call", "PE": "put", "": "future"}
    rows: Row = {name: [line(i) for i in mine if i.expiry == expiry and sides[i.option] == name] for name in sides.values()}
    first = mine[0]
    assert first.underlying is not None  # chosen by it above  # noqa: S101
    spot = broker.find(first.underlying)
    model = {
        "sym": first.symbol, "exid": call.path["exchange"], "instn": first.kind, "ultk": spot.token,
        "exp": epoch(exchange, expiry), "expd": expiry.strftime("%d-%b-%Y"),
    }  # fmt: skip
    return good({"contractModel": model, "contractMasterModel": None, **rows,
                 "spot": f"{spot.symbol},{spot.token},{spot.exchange}EQ"})  # fmt: skip


# Gainers and losers.


def gainers(broker: PaperBroker, call: Call) -> Answer:
    """The ten shares that rose (G) or fell (L) most since the previous close (section 13)."""
    flag = text(call.fields, "TypeFlag").upper()
    exchange = NUMERIC_CODES.get(text(call.fields, "Exchange"))
    if flag not in ("G", "L") or exchange not in ("NSE", "BSE"):
        raise bad("Invalid TypeFlag.")
    now = broker.clock.now()
    moved: list[tuple[float, Instrument]] = []
    for one in broker.master.by_key.values():
        if one.exchange == exchange and one.kind == "EQ":
            close = broker.market.previous_close(one, now)
            change = (broker.market.price(one, now) - close) / close
            if (change > 0) if flag == "G" else (change < 0):
                moved.append((change, one))
    moved.sort(key=lambda row: row[0], reverse=flag == "G")
    return good([_gainer(broker, call, change, one) for change, one in moved[:10]])


def _gainer(broker: PaperBroker, call: Call, share: float, one: Instrument) -> Row:
    now = broker.clock.now()
    quote = broker.market.quote(one, now)
    last, close = quote.ltp, quote.close
    month_ago = broker.market.price(one, now - timedelta(days=30))
    return {
        "exchange": text(call.fields, "Exchange"), "segment": text(call.fields, "segment") or "1",
        "security_id": int(one.token), "ltp": number(last), "Pclose": number(close), "Open": number(quote.open),
        "TickSize": number(one.tick), "Multiplier": 1, "per_month_change": round((last - month_ago) / month_ago * 100, 2),
        "month_change": number(last - month_ago), "Price1": 0, "volume": quote.volume, "per_change": round(share * 100, 2),
        "change": number(last - close), "Price": number(last), "symbol_name": one.company, "isin": isin(one),
        "instrument": "EQUITY", "series": one.series, "lot_size": 1, "expiry_date": "01-01-0001 00:00:00",
        "strike_price": 0, "option_type": "", "display_name": one.company, "symbol": one.symbol,
        "exchange_inst_name": one.name, "Message": "0",
    }  # fmt: skip


ROUTES = [
    Route("chainmaster", ("GET",), "getoptionchainmaster/{exchange}", chain_master, "data"),
    Route("chain", ("GET",), "GetOptionChain/{exchange}/{expiry}/{token}", chain, "data"),
    Route("gainers", ("POST",), "losergainer", gainers),
]
