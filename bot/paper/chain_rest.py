"""Candles, option chain, gainers and baskets: the routes a terminal would use (sections 9.2, 9.3, 11 to 13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from bot.paper import candles
from bot.paper.broker import PaperBroker
from bot.paper.errors import Refusal
from bot.paper.facts import Basket, Product
from bot.paper.frames import wall_seconds
from bot.paper.hours import IST, at_ist
from bot.paper.instruments import NUMERIC_CODES, Instrument, number, plain
from bot.paper.margin import required
from bot.paper.prices import Candle
from bot.paper.requests import bad, rupees, text, whole
from bot.paper.rest import Answer, Call, Route, good
from bot.paper.shapes import Row, candle_time, isin

UNIX = datetime(1970, 1, 1, tzinfo=UTC)
PRODUCT_LETTERS: dict[str, Product] = {"C": "DELIVERY", "I": "INTRADAY", "M": "CARRYFORWARD", "F": "MARGIN"}
EXPIRES_AT = time(14, 30)  # what the epochs of the chain point at (section 11)


def _interval(call: Call) -> str:
    interval = text(call.fields, "interval")
    if interval not in candles.INTERVALS:
        raise bad(f"Invalid interval. valid intervals allowed are {', '.join(candles.INTERVALS)}.")
    return interval


def _moment(call: Call, name: str, *, last: bool) -> datetime:
    """`YYYY-MM-DD HH:MM`, a date alone, or the SDK's dd-MM-yyyy; IST."""
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
    """Today's bars, newest first; the exchange is a number here (9.3)."""
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


# The option chain.


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
    moved: list[tuple[float, Instrument, int, int]] = []
    for one in broker.master.by_key.values():
        if one.exchange == exchange and one.kind == "EQ":
            last, close = broker.market.price(one, now), broker.market.previous_close(one, now)
            moved.append(((last - close) / close, one, last, close))
    moved.sort(key=lambda row: row[0], reverse=flag == "G")
    return good([_gainer(broker, call, *row) for row in moved[:10] if (row[0] > 0) == (flag == "G")])


def _gainer(broker: PaperBroker, call: Call, share: float, one: Instrument, last: int, close: int) -> Row:
    now = broker.clock.now()
    quote = broker.market.quote(one, now)
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


# Baskets: saved lists of orders, never sent together (section 12).


def _basket(broker: PaperBroker, call: Call, *names: str) -> Basket:
    number_text = text(call.fields, *names)
    basket = broker.ledger.baskets.get(int(number_text)) if number_text.isdigit() else None
    if basket is None or basket.client != call.owner.client:
        raise Refusal("Basket Not Found", code="MA408")
    return basket


def _mine(broker: PaperBroker, call: Call) -> list[Basket]:
    return [b for b in broker.ledger.baskets.values() if b.client == call.owner.client]


def create_basket(broker: PaperBroker, call: Call) -> Answer:
    name = text(call.fields, "BaskName")
    if not name:
        raise bad("Invalid BaskName.")
    if any(b.name == name for b in _mine(broker, call)):
        raise Refusal("Basket Already Added For This Name", code="MA408")
    created = broker.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with broker.ledger.change():
        broker.ledger.put(
            Basket(id=broker.ledger.next_number("basket", 101), client=call.owner.client, name=name,
                   description=text(call.fields, "BaskDesc"), created=created)
        )  # fmt: skip
    return Answer({"status": True, "message": None, "errorcode": "", "data": "Basket Created Successfully"})


def fetch_baskets(broker: PaperBroker, call: Call) -> Answer:
    rows = [
        {"BASKET_ID": b.id, "BASKET_NAME": b.name, "COUNT": len(b.rows), "CREATE_DATE": b.created, "DESCRIPTOR": b.description}
        for b in _mine(broker, call)
    ]
    return good(rows or None)


def rename_basket(broker: PaperBroker, call: Call) -> Answer:
    basket, name = _basket(broker, call, "BasketId"), text(call.fields, "basketName")
    if not name or any(b.name == name for b in _mine(broker, call)):
        raise Refusal("Basket Already Added For This Name", code="MA408")
    basket.name = name
    with broker.ledger.change():
        broker.ledger.put(basket)
    return good(None)


def delete_basket(broker: PaperBroker, call: Call) -> Answer:
    if call.body is None:
        raise Refusal("Something went wrong. Please try again.", http=500, code="IA500")
    with broker.ledger.change():
        broker.ledger.drop(_basket(broker, call, "BasketId"))
    return Answer({"status": True, "message": None, "errorcode": "", "data": "Basket Deleted Successfully"})


def calculate_basket(broker: PaperBroker, call: Call) -> Answer:
    """Adds one row to a basket and answers what the whole of it would need."""
    body = call.fields
    basket = _basket(broker, call, "basket_id")
    derivative = text(body, "segment").upper() in ("D", "2")
    exchanges = {"NSE": ("NSE", "NFO"), "1": ("NSE", "NFO"), "BSE": ("BSE", "BFO"), "4": ("BSE", "BFO")}
    pair = exchanges.get(text(body, "exch_id").upper())
    instrument = broker.lookup(pair[derivative], text(body, "scriptcode")) if pair else None
    if instrument is None:
        raise bad("security id not found")
    if any(row["SCRIPT_CODE"] == instrument.token for row in basket.rows):
        raise Refusal("Script Already Added", code="MA408")
    quantity, now = whole(body, "order_qty"), broker.clock.now()
    price = rupees(body, "order_price", blank=0) or broker.market.price(instrument, now)
    product = PRODUCT_LETTERS.get(text(body, "ord_product"))
    if product is None or quantity == 0:
        raise bad("Invalid product. valid product types allowed are DELIVERY, INTRADAY and CARRYFORWARD.", "400")
    side = "SELL" if text(body, "buy_sell_indi").upper() == "S" else "BUY"
    need = required(instrument, product, "SELL" if side == "SELL" else "BUY", quantity, price,
                    broker.portfolio.spot(instrument, now))  # fmt: skip
    basket.rows.append({
        "BASKET_ID": str(basket.id), "BASKET_NAME": basket.name, "BASKET_PRIORITY": len(basket.rows) + 1, "BROKERAGE": 0,
        "BUY_SELL_IND": side[0], "EQ_VARELM_MARGIN": number(need.var), "EXCH_ID": text(body, "exch_id"),
        "OPT_BUY_PREM": number(need.span) if instrument.is_option and side == "BUY" else 0,
        "ORD_DISC_QTY": text(body, "disc_qty") or "0", "ORD_PRICE": plain(price), "ORD_QTY": str(quantity),
        "ORD_SYMBOL": instrument.symbol, "ORD_SYM_NAME": instrument.company or instrument.book_symbol(),
        "ORD_TRIGG_PRICE": text(body, "trigger_price") or "0", "ORD_TYPE": text(body, "ord_type"),
        "ORD_VALIDITY": text(body, "order_validity"), "PRODUCT": text(body, "ord_product"),
        "REQ_EXP": number(need.exposure), "REQ_MARGIN": number(need.total), "REQ_SPAN": number(need.span),
        "SCRIPT_CODE": instrument.token, "SCRIPT_STATUS": "A", "SEGMENT": instrument.segment, "paise": need.total,
    })  # fmt: skip
    with broker.ledger.change():
        broker.ledger.put(basket)
    total = sum(int(str(row["paise"])) for row in basket.rows)
    details = [{name: value for name, value in row.items() if name != "paise"} for row in basket.rows]
    return good({"TOTAL_FINAL_MARGIN": number(total), "TOTAL_REQ_MARGIN": number(total), "BASKET_DETAILS": details})


ROUTES = [
    Route("historical", ("POST", "GET"), "instruments/historical", historical, "data"),
    Route("intraday", ("POST", "GET"), "instruments/intraday", intraday, "data"),
    Route("chainmaster", ("GET",), "getoptionchainmaster/{exchange}", chain_master, "data"),
    Route("chain", ("GET",), "GetOptionChain/{exchange}/{expiry}/{token}", chain, "data"),
    Route("gainers", ("POST",), "losergainer", gainers),
    Route("createbasket", ("POST",), "CreateBasket", create_basket),
    Route("baskets", ("GET",), "FetchBasket", fetch_baskets),
    Route("renamebasket", ("PUT",), "RenameBasket", rename_basket),
    Route("deletebasket", ("DELETE",), "DeleteBasket", delete_basket),
    Route("calculatebasket", ("POST",), "CalculateBasket", calculate_basket),
]
