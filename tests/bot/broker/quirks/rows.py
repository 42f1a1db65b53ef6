"""Answers and rows in the shapes that mStock sends, and a client on a wire that replays them."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from bot.broker.client import MStock
from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.scrips.scrip_cache import ScripCache
from bot.broker.session import SessionKeeper
from bot.broker.transport import Transport, tls_context
from bot.broker.wire import answers
from bot.broker.wire.answers import Answer, envelope
from bot.domain.clock import Clock
from bot.domain.errors import BotError
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Session
from bot.domain.people.secret import Secret
from bot.domain.terms import OrderKind, Product, Side

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


ID = "128225101712667"


ACC = Instrument(
    exchange=Exchange.NSE, token="22", symbol="ACC", name="ACC-EQ", kind=InstrumentKind.EQUITY, lot=1, tick=Decimal("0.05")
)


DRAFT = OrderDraft(instrument=ACC, side=Side.BUY, quantity=75, kind=OrderKind.MARKET, product=Product.MIS)


ORDER: dict[str, Any] = {
    "variety": None, "ordertype": "MARKET", "producttype": "INTRADAY", "duration": "DAY", "price": "0.00",
    "triggerprice": "0", "quantity": "75", "disclosedquantity": "0", "squareoff": "0", "stoploss": "0",
    "trailingstoploss": "0", "tradingsymbol": "NIFTY-20Oct2025-25800-PE", "transactiontype": "BUY", "exchange": "NSE",
    "symboltoken": "45283", "instrumenttype": "OPTIDX", "strikeprice": "25800", "optiontype": "PE",
    "expirydate": "2025-Oct-20", "lotsize": "", "cancelsize": "0", "averageprice": "257.15", "filledshares": "75",
    "unfilledshares": "0", "orderid": "1142251017157", "text": "TRADE CONFIRMED", "status": "Traded",
    "orderstatus": "Traded", "updatetime": "2025-Oct-17 09:15:19", "exchtime": "2025-Oct-17 09:15:19",
    "exchorderupdatetime": "2025-Oct-17 09:15:19", "fillid": "", "filltime": "", "parentorderid": "",
    "uniqueorderid": "1142251017157", "exchangeorderid": "1500000000282131", "ordertag": "my_algo",
}  # fmt: skip


TRADE: dict[str, Any] = {
    "BUY_SELL": "Sell", "CLIENT_ID": "MA00001", "EXCHANGE": "NSE", "EXPIRY_DATE": "0", "FULL_SYMBOL": "VODAFONE IDEA LIMITED",
    "INSTRUMENT_NAME": "EQUITY", "ORDER_DATE_TIME": "10-06-2025 13:08:42", "ORDER_NUMBER": "21612506101476",
    "PAN_NO": "ABCDE1234F", "PRICE": 6.98, "PRODUCT": "CNC", "QUANTITY": 4, "SEC_ID": "14366", "SEGMENT": "E",
    "SYMBOL": "IDEA", "TRADE_NUMBER": "206465040",
}  # fmt: skip


POSITION: dict[str, Any] = {
    "exchange": "NSE", "symboltoken": "45283", "producttype": "INTRADAY", "tradingsymbol": "",
    "symbolname": "NIFTY-20Oct2025-25800-PE", "instrumenttype": "OPTIDX", "multiplier": "1", "buyqty": "75",
    "sellqty": "75", "buyamount": "257.15", "sellamount": "95.55", "strikeprice": "25800", "optiontype": "PE",
    "expirydate": "20-Oct-2025", "lotsize": "75", "cfbuyqty": "0", "cfsellqty": "0", "cfbuyamount": "",
    "buyavgprice": "257.15", "sellavgprice": "95.55", "avgnetprice": "0", "netvalue": "-12120", "netqty": "0",
    "totalbuyvalue": "19286.25", "totalsellvalue": "7166.25", "cfbuyavgprice": "0", "netprice": "0",
}  # fmt: skip


FUNDS: dict[str, Any] = {
    "AMOUNT_UTILIZED": "5221.25", "AVAILABLE_BALANCE": "32658.75", "LIMIT_SOD": "50000.0", "COLLATERALS": None,
    "OPT_BUY_PRIMIUM_UTILIZE": "12120.0", "MTM_COMBINED": None, "REALISED_PROFITS": None,
}  # fmt: skip


def body(told: object) -> bytes:
    return json.dumps(told).encode()


def good(data: object, status: object = True) -> dict[str, object]:
    return {"status": status, "message": "SUCCESS", "errorcode": "", "data": data}


def bad(message: str, code: str, *, key: str = "errorcode", status: object = False) -> dict[str, object]:
    return {"status": status, "message": message, key: code, "data": None}


class Wire(httpx.AsyncBaseTransport):
    """Answers each call from a list and remembers the calls."""

    def __init__(self, *told: object) -> None:
        self.told = list(told)
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.sent.append(request)
        told = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(told, httpx.Response):
            return told
        return httpx.Response(200, content=told if isinstance(told, bytes) else body(told))

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.sent]


TLS = tls_context()


def a_client(wire: httpx.AsyncBaseTransport, clock: Clock, directory: Path) -> tuple[MStock, SessionKeeper]:
    """A logged in client that meets this wire."""

    async def nobody(_account: str, _dead: Session | None) -> Session | None:
        return None

    transport = Transport(
        base_url="https://127.0.0.1:1",
        tls=TLS,
        clock=clock,
        chance=random.Random(1),
        rate_limits=BrokerRateLimits(),
        wire=wire,
    )
    keeper = SessionKeeper("main", clock, nobody, lambda: None)
    keeper.adopt(Session(token=Secret("jwt"), issued=clock.now(), expires=clock.now() + timedelta(hours=8)))
    cache = ScripCache(directory, source="s")
    client = MStock(
        transport=transport,
        keeper=keeper,
        scrip_cache=cache,
        clock=clock,
        key=lambda: Secret("key"),
        find=lambda _key: None,
    )
    return client, keeper


def act(told: object, http: int = 200) -> BotError | None:
    answer = Answer(http, told if isinstance(told, bytes) else body(told))
    return answers.failure_of_act(answer, envelope(answer.body), "order")


def read(told: object, http: int = 200) -> BotError | None:
    answer = Answer(http, told if isinstance(told, bytes) else body(told))
    return answers.failure_of_read(answer, envelope(answer.body))


def an_order(**changes: object) -> dict[str, Any]:
    return {**ORDER, **changes}
