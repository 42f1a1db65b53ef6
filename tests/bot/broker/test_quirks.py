"""The 35 quirks of mstock-type-b.md section 16, each met by its number."""

import asyncio
import base64
import gzip
import json
import random
import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.broker.client import MStock
from bot.broker.feed import frames
from bot.broker.feed.samples import Samples
from bot.broker.rate_limits import BrokerRateLimits
from bot.broker.routes import ROUTES, SCRIP_MASTER
from bot.broker.scrips.scrip_cache import ScripCache
from bot.broker.session import SessionKeeper, token_dies
from bot.broker.transport import Transport, tls_context
from bot.broker.wire import answers, bodies, research_rows, translate, vocabulary
from bot.broker.wire.answers import Answer, envelope
from bot.broker.wire.bodies import StopSpelling
from bot.domain.clock import next_midnight
from bot.domain.errors import AddressRefused, BotError, LoginRefused, NotSent, Refused, SessionExpired, Unclear, Unreadable
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKey, InstrumentKind
from bot.domain.orders.order import OrderDraft, OrderStatus
from bot.domain.orders.research import Interval
from bot.domain.people.account import CodeKind, Credentials, Session
from bot.domain.people.secret import Secret
from bot.domain.terms import OrderKind, Product, Side
from bot.simulators.loop import LoopClock
from bot.trading.account.prices import of_quote

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


def a_client(wire: Wire, clock: LoopClock, directory: Path) -> tuple[MStock, SessionKeeper]:
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


@pytest.mark.parametrize(
    ("status", "ok"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        ("success", True),
        ("Success", True),
        ("TRUE", True),
        ("ok", True),
        (False, False),
        ("false", False),
        ("False", False),
        ("error", False),
        (400, False),
        (None, False),
    ],
)
def test_quirk_01_status_in_every_spelling(status: object, ok: bool) -> None:
    told = envelope(body(good({"orderid": ID}, status)))
    assert told is not None
    assert told.ok is ok


@pytest.mark.parametrize("told", [[good({"orderid": ID})], good({"orderid": ID}), [good({"order_id": ID}, "success")]])
def test_quirk_02_a_place_answer_with_and_without_its_list(told: object) -> None:
    opened = envelope(body(told))
    assert opened is not None
    assert translate.placed_id(opened.data) == ID
    failed = act([bad(f"RMS:{ID}:NSE OPTIDX 45264 FUND LIMIT INSUFFICIENT", "MA200")])
    assert isinstance(failed, Refused)
    assert failed.final


@pytest.mark.parametrize("code", ["", None, "None", "absent"])
def test_quirk_03_no_code_in_every_spelling_and_error_type_instead(code: object) -> None:
    told = {"status": True, "message": None, "data": None} | ({} if code == "absent" else {"errorcode": code})
    opened = envelope(body(told))
    assert opened is not None
    assert (opened.code, opened.words, opened.ok) == ("", "", True)
    typed = envelope(body(bad("x", "MA400", key="error_type")))
    assert typed is not None
    assert typed.code == "MA400"


async def test_quirk_04_empty_books_in_every_spelling(clock: LoopClock, tmp_path: Path) -> None:
    nothings: tuple[object, ...] = (None, "None", "", [])
    for nothing in nothings:
        client, _ = a_client(Wire(good(nothing)), clock, tmp_path)
        assert await client.orders() == []
        assert await client.positions() == []
        assert await client.past_trades(date(2026, 11, 1), date(2026, 11, 2)) == []
    for one in ([FUNDS], FUNDS):
        assert translate.funds(one, NOW).available == Decimal("32658.75")
    missing = act({"status": "False", "message": "something went wrong", "errorcode": "MA500"})
    assert isinstance(missing, Unclear)
    created = envelope(body({"status": True, "message": None, "errorcode": "", "data": "Basket Created Successfully"}))
    assert created is not None
    assert created.data == "Basket Created Successfully"


@pytest.mark.parametrize("page", [b"<html>502 Bad Gateway</html>", b"", b"  ", b"<!DOCTYPE html><script>perfdrive</script>"])
async def test_quirk_05_pages_and_empty_bodies(clock: LoopClock, tmp_path: Path, page: bytes) -> None:
    for http in (200, 502, 503):
        assert isinstance(read(page, http), Unreadable)
        assert isinstance(act(page, http), Unclear)
    wire = Wire(httpx.Response(502, content=page), good([FUNDS]))
    client, _ = a_client(wire, clock, tmp_path)
    assert (await client.funds()).available
    zipped = httpx.Response(200, content=gzip.compress(body(good([FUNDS]))), headers={"Content-Encoding": "gzip"})
    client, _ = a_client(Wire(zipped), clock, tmp_path)
    assert (await client.funds()).available


def test_quirk_06_one_code_for_try_again_and_for_log_in_again() -> None:
    assert isinstance(read(bad("status code = 502", "MAInternalServerError")), Unreadable)
    assert isinstance(read(bad("invalid session. Kindly logout and login again", "MAInternalServerError")), SessionExpired)


async def test_quirk_07_the_first_token_is_never_used_as_a_session(clock: LoopClock, tmp_path: Path) -> None:
    step = good({"jwtToken": "short", "refreshToken": "short", "feedToken": "short", "state": "live"})
    wire = Wire(step, good({"jwtToken": "long.jwt.token", "refreshToken": "r"}))
    client, keeper = a_client(wire, clock, tmp_path)
    keeper.adopt(None)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    begun = await client.begin_login(credentials)
    assert keeper.session is None
    session = await client.finish_login(credentials, begun, "123456", CodeKind.TOTP)
    assert session.token.reveal() == "long.jwt.token"
    assert not any("Authorization" in request.headers for request in wire.sent)
    assert isinstance(read(bad("Invalid request. Please try again.", "IA401"), 401), SessionExpired)


@pytest.mark.parametrize(
    "data",
    [
        {"jwtToken": "uuid", "refreshToken": ""},
        {"jwtToken": "uuid", "refreshToken": "None"},
        {"jwtToken": "x", "refreshToken": "uuid"},
    ],
)
async def test_quirk_08_the_handle_is_found_in_either_field(clock: LoopClock, tmp_path: Path, data: dict[str, str]) -> None:
    client, _ = a_client(Wire(good(data)), clock, tmp_path)
    step = await client.begin_login(Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k")))
    assert step.handle.reveal() == "uuid"


@pytest.mark.parametrize(
    ("kind", "path", "field"), [(CodeKind.TOTP, "session/verifytotp", "totp"), (CodeKind.SMS, "session/token", "otp")]
)
async def test_quirk_09_each_code_has_its_own_route(
    clock: LoopClock, tmp_path: Path, kind: CodeKind, path: str, field: str
) -> None:
    wire = Wire(good({"jwtToken": "h"}), good({"jwtToken": "t"}))
    client, _ = a_client(wire, clock, tmp_path)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    await client.finish_login(credentials, await client.begin_login(credentials), "123", kind)
    assert wire.sent[1].url.path == f"/openapi/typeb/{path}"
    assert wire.bodies()[1] == {"refreshToken": "h", field: "123"}


def test_quirk_10_a_token_dies_at_midnight_whatever_else_it_says() -> None:
    for moment in (NOW, NOW.replace(hour=18, minute=29), NOW.replace(hour=18, minute=31)):
        assert token_dies("opaque", moment) == next_midnight(moment)
        thirty_days = base64.urlsafe_b64encode(body({"exp": (moment + timedelta(days=30)).timestamp()})).decode()
        assert token_dies(f"head.{thirty_days}.tail", moment) == next_midnight(moment), "as the refresh token's claim has it"
    assert not any("refresh" in route.path.lower() for route in ROUTES), "there is no way to renew it but a login"


def test_quirk_11_key_and_address_are_told_apart_by_their_words() -> None:
    key = "API is suspended/expired for use. Please check your API subscription and try again."
    address = "Primary and Secondary IP Address are not matching with current IP address."
    for name, code in (("errorcode", "IA403"), ("error_type", "APIKeyException")):
        for judge in (act, read):
            wrong_key, wrong_address = judge(bad(key, code, key=name), 403), judge(bad(address, code, key=name), 400)
            assert isinstance(wrong_key, Refused)
            assert not isinstance(wrong_key, AddressRefused)
            assert isinstance(wrong_address, AddressRefused)


async def test_quirk_12_bodies_travel_by_post(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire(good({"fetched": []}))
    client, _ = a_client(wire, clock, tmp_path)
    await client.quotes([ACC.key])
    wire.told = [good({"candles": []})]
    await client.research.candles(ACC, Interval.DAY, NOW - timedelta(days=9), NOW)
    wire.told = [good([])]
    await client.order_steps(ID, derivative=True)
    await client.past_trades(date(2026, 11, 1), date(2026, 11, 2))
    assert {request.method for request in wire.sent} == {"POST"}


async def test_quirk_13_delete_carries_a_body(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire(good({"orderid": ID}))
    client, _ = a_client(wire, clock, tmp_path)
    await client.cancel(ID)
    assert [request.method for request in wire.sent] == ["DELETE"]
    assert wire.bodies() == [{"variety": "NORMAL", "orderid": ID}]


@pytest.mark.parametrize("spelled", [f" {ID}", f"{ID} ", f"  {ID}\t"])
def test_quirk_14_blanks_around_an_order_id(spelled: str) -> None:
    assert translate.placed_id({"orderid": spelled}) == ID
    fact = translate.order_fact(an_order(orderid=spelled))
    assert fact is not None
    assert fact.broker_id == ID


@pytest.mark.parametrize("text", ["1142251017157", "21612506101476", "128225101712667"])
def test_quirk_15_order_ids_of_any_length_keep_every_digit(text: str) -> None:
    for told in (text, int(text)):
        assert translate.placed_id({"orderid": told}) == text
        fact = translate.order_fact(an_order(orderid=told))
        assert fact is not None
        assert fact.broker_id == text


def test_quirk_16_the_rejected_order_is_named_in_the_text_alone() -> None:
    text = (
        "RMS:1202251017107:NSE OPTIDX 45264 NIFTY-20Oct2025-25400-CE INTRADAY   MA00001 B 75 I 19582.5 "
        "MARKET IS CLOSE YOU CANNOT PLACE AN ORDER NOW"
    )
    refused = act([bad(text, "MA200")])
    assert isinstance(refused, Refused)
    assert (refused.broker_id, refused.final, refused.words) == ("1202251017107", True, text)
    assert refused.say.endswith("MARKET IS CLOSE YOU CANNOT PLACE AN ORDER NOW")
    row = translate.order_fact(an_order(status="Rejected", text=text.replace(" ", ","), filledshares="0", averageprice="0"))
    assert row is not None
    assert (row.status, row.reason) == (OrderStatus.REJECTED, text.replace(" ", ","))


def test_quirk_17_three_names_and_one_token() -> None:
    for name in ("NIFTY-10Feb2026-26000-CE", "NIFTY-10Feb2026-26000-CE-NA"):
        fact = translate.order_fact(an_order(tradingsymbol=name))
        assert fact is not None
        assert (fact.symbol, fact.key) == ("NIFTY-10Feb2026-26000-CE", InstrumentKey(Exchange.NFO, "45283"))
    position = translate.position(POSITION, lambda _key: None)
    assert position is not None
    assert (position.instrument.symbol, position.instrument.name) == ("NIFTY", "NIFTY-20Oct2025-25800-PE")
    quote = translate.quotes(
        {"fetched": [{"exchange": "NFO", "tradingSymbol": "NIFTY", "symbolToken": "45268", "ltp": 5}]},
        [InstrumentKey(Exchange.NFO, "45268")],
    )
    assert list(quote) == [InstrumentKey(Exchange.NFO, "45268")]
    holding = translate.holding(
        {"symboltoken": "11377", "tradingsymbol": "BANK OF MAHARASHTRA", "exchange": None, "quantity": 10}, lambda _key: None
    )
    assert holding.instrument.key == InstrumentKey(Exchange.NSE, "11377")
    past = {"tradingsymbol": "RASHTRIYA CHEMICALS & FER", "transactiontype": "BUY", "fillprice": "145.2", "fillsize": "3"}
    assert research_rows.past_trades([past])[0].name == "RASHTRIYA CHEMICALS & FER"


@pytest.mark.parametrize(
    ("exchange", "kind", "ours"),
    [
        ("NSE", "OPTIDX", Exchange.NFO), ("NSE", "FUTSTK", Exchange.NFO), ("BSE", "OPTIDX", Exchange.BFO),
        ("NFO", "OPTSTK", Exchange.NFO), ("NSE", "EQUITY", Exchange.NSE), ("BSE", "", Exchange.BSE), ("NSE", "OPTCUR", None),
        ("MCX", "FUTCOM", None),
    ],
)  # fmt: skip
def test_quirk_18_books_say_nse_for_contracts(exchange: str, kind: str, ours: Exchange | None) -> None:
    assert vocabulary.exchange_of(exchange, kind) is ours
    if ours is not None:  # and requests say which segment it is
        draft = replace(DRAFT, instrument=replace(ACC, exchange=ours))
        assert bodies.place_body(draft, "t", StopSpelling.JOINED)["exchange"] == ours.value
        assert bodies.modify_body(ID, draft, StopSpelling.JOINED)["exchange"] == ours.value
        assert list(bodies.quote_body([draft.instrument.key])["exchangeTokens"]) == [ours.value]  # type: ignore[call-overload]  # a dict there


def test_quirk_19_dates_in_every_style() -> None:
    wanted = date(2025, 10, 20)
    for text in ("2025-Oct-20", "20-Oct-2025", "20Oct2025", "20OCT2025", "20-10-2025", "2025-10-20"):
        assert vocabulary.day(text) == wanted, text
    moment = datetime(2025, 10, 20, 4, 50, 34, tzinfo=UTC)
    for text in (
        "2025-Oct-20 10:20:34",
        "20-10-2025 10: 20: 34",
        "20-10-2025 10:20:34 AM",
        "2025-10-20T10:20:34+05",
        "2025-10-20 10:20:34+0530",
    ):
        assert vocabulary.moment(text) == moment, text
    assert vocabulary.moment("23-01-2025 03:14:25 PM") == datetime(2025, 1, 23, 9, 44, 25, tzinfo=UTC)
    assert vocabulary.moment("23-01-2025 12:00:00 AM") == datetime(2025, 1, 22, 18, 30, tzinfo=UTC)
    for text in ("14:48:23", "", "0", "soon", "31-02-2025 10:00:00", "2025-Foo-20 10:00:00"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, it is refused
            vocabulary.moment(text)


def test_quirk_20_numbers_as_strings_and_strings_as_numbers_stay_exact() -> None:
    for text in ('"257.15"', "257.15", '"257.150"'):
        told = answers.decode(body(good([ORDER])).replace(b'"257.15"', text.encode()))
        fact = translate.order_fact(told["data"][0])
        assert fact is not None
        assert fact.average == Decimal("257.15")
    told = answers.decode(b'{"x": 0.1}')
    assert told["x"] == Decimal("0.1")
    odds: tuple[object, ...] = ("1,23.50", "12e40", "NaN", "Infinity", "1_000", "\u0661", True, [], {}, "0x10")
    for odd in odds:
        with pytest.raises(Unreadable):
            translate.order_fact(an_order(averageprice=odd))


def test_quirk_21_what_is_unfilled_is_reckoned_not_believed() -> None:
    fact = translate.order_fact(an_order(status="Pending", filledshares="0", unfilledshares="0", averageprice="0", fillid=""))
    assert fact is not None
    assert (fact.quantity, fact.filled, fact.status, fact.average) == (75, 0, OrderStatus.OPEN, None)
    partly = translate.order_fact(an_order(filledshares="25"))
    assert partly is not None
    assert partly.status is OrderStatus.PARTIAL, "Traded with fewer shares than asked for is not filled"


def test_quirk_22_amounts_that_are_prices_and_a_net_value_that_is_no_profit() -> None:
    flat = translate.position(POSITION, lambda _key: None)
    assert flat is not None
    assert (flat.bought_value, flat.sold_value, flat.average) == (Decimal("19286.25"), Decimal("7166.25"), None)
    assert flat.booked_profit() == Decimal(-12120)
    opened = {
        **POSITION, "buyqty": "225", "sellqty": "0", "netqty": "225", "avgnetprice": "21.65", "buyavgprice": "21.65",
        "sellavgprice": "0", "totalbuyvalue": "4871.25", "totalsellvalue": "0", "netvalue": "-4871.25",
    }  # fmt: skip
    held = translate.position(opened, lambda _key: None)
    assert held is not None
    assert (held.booked_profit(), held.open_profit(Decimal("22.65"))) == (Decimal(0), Decimal(225))


def test_quirk_23_the_realised_loss_is_found_where_it_hides() -> None:
    told = translate.funds([FUNDS], NOW)
    assert told.realised_loss == Decimal(12120)
    assert told.available == told.start_of_day - told.used - told.realised_loss  # type: ignore[operator]  # all are there
    assert translate.funds([{**FUNDS, "MTM_COMBINED": "1.0", "REALISED_PROFITS": "2.0"}], NOW) == told, "never used"


def test_quirk_24_a_block_of_seven_percent_is_shown_as_the_broker_has_it() -> None:
    early = {**FUNDS, "AMOUNT_UTILIZED": "20740.75", "AVAILABLE_BALANCE": "29259.25", "OPT_BUY_PRIMIUM_UTILIZE": "0.0"}
    told = translate.funds([early], NOW)
    assert (told.used, told.available) == (Decimal("20740.75"), Decimal("29259.25"))


def test_quirk_25_orders_from_elsewhere_have_no_tag() -> None:
    for tag in ("NA", "", None, "na"):
        fact = translate.order_fact(an_order(ordertag=tag))
        assert fact is not None
        assert fact.tag is None
    row = {key: value for key, value in ORDER.items() if key != "ordertag"}
    fact = translate.order_fact(row)
    assert fact is not None
    assert fact.tag is None


async def test_quirk_26_a_cancel_that_succeeded_returns_nothing_to_believe(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire({"status": "success", "data": {"order_id": "1161241001100"}})
    client, _ = a_client(wire, clock, tmp_path)
    assert await client.cancel(ID) is None  # type: ignore[func-returns-value]  # that is the point
    assert await client.cancel_all() is None  # type: ignore[func-returns-value]  # that is the point


def test_quirk_27_stops_in_every_spelling_both_ways() -> None:
    stop = replace(DRAFT, kind=OrderKind.SL, price=Decimal(100), trigger=Decimal(99))
    market = replace(DRAFT, kind=OrderKind.SL_M, trigger=Decimal(99))
    assert [bodies.place_body(each, "t", StopSpelling.JOINED)["ordertype"] for each in (stop, market)] == [
        "STOPLOSS_LIMIT",
        "STOPLOSS_MARKET",
    ]
    assert [bodies.place_body(each, "t", StopSpelling.SPLIT)["ordertype"] for each in (stop, market)] == [
        "STOP_LOSS",
        "STOP_LOSS_MARKET",
    ]
    assert bodies.place_body(stop, "t", StopSpelling.JOINED)["variety"] == "STOPLOSS"
    for text in ("SL", "STOP_LOSS", "STOPLOSS_LIMIT", "STOP_LOSS_LIMIT", "STOPLOSS", "SL-L"):
        assert vocabulary.order_kind(text) is OrderKind.SL, text
    for text in ("SL-M", "STOPLOSS_MARKET", "STOP_LOSS_MARKET", "SL_M", "SLM"):
        assert vocabulary.order_kind(text) is OrderKind.SL_M, text


def test_quirk_28_a_quote_has_no_time_and_a_price_of_nought_is_none() -> None:
    rows = [{"exchange": "NSE", "symbolToken": "22", "ltp": price} for price in (0, -1, None)]
    for row in rows:
        assert translate.quotes({"fetched": [row], "unfetched": []}, [ACC.key]) == {}
    yesterdays = {"exchange": "NSE", "symbolToken": "22", "ltp": 1480, "open": 1470, "high": 1490, "low": 1460, "close": 1465}
    quote = translate.quotes({"fetched": [yesterdays]}, [ACC.key])[ACC.key]
    assert of_quote(quote).at is None, "nobody can tell whether it is today's, so it is never shown with a time"


async def test_quirk_29_earlier_days_and_today_are_joined_without_gap_or_double(clock: LoopClock, tmp_path: Path) -> None:
    early = [["2026-11-19T09:15:00+05", 1, 2, 1, 2, 10], ["2026-11-19T09:16:00+05", 2, 3, 2, 3, 10]]
    today = [["2026-11-20 09:16", 4, 5, 4, 5, 7], ["2026-11-20 09:15", 3, 4, 3, 4, 7], ["2026-11-19 09:16", 2, 3, 2, 3, 10]]
    wire = Wire(good({"candles": early}), good({"candles": today}))
    client, _ = a_client(wire, clock, tmp_path)
    got = await client.research.candles(ACC, Interval.MINUTE, NOW - timedelta(days=1, hours=1), NOW + timedelta(hours=8))
    assert [candle.open for candle in got] == [1, 2, 3, 4]
    assert wire.bodies()[0]["exchange"] == "NSE"
    assert wire.bodies()[1] == {"exchange": "1", "symboltoken": "22", "interval": "ONE_MINUTE"}
    wire = Wire(good({"candles": None}))
    client, _ = a_client(wire, clock, tmp_path)
    assert await client.research.candles(ACC, Interval.MINUTES_3, NOW - timedelta(days=60), NOW - timedelta(days=1)) == []
    spans = [(datetime.fromisoformat(each["fromdate"]), datetime.fromisoformat(each["todate"])) for each in wire.bodies()]
    assert all((until - since) <= timedelta(days=7) for since, until in spans), "7 sessions of 385 minutes are below 1,000"
    assert all(later[0] - earlier[1] == timedelta(minutes=1) for earlier, later in pairwise(spans))


async def test_quirk_30_an_error_object_is_no_scrip_master(clock: LoopClock, tmp_path: Path) -> None:
    assert SCRIP_MASTER.seconds >= 60, "it takes 10 to 19 s on a good day"
    assert SCRIP_MASTER.limit >= 2 * 40_000_000
    for told, error in (
        (bad("Invalid request. Please try again.", "IA401"), SessionExpired),
        (bad("nothing", "IA400"), Refused),
        (b"<html>", Unreadable),
    ):
        client, _ = a_client(Wire(told), clock, tmp_path)
        with pytest.raises(error):
            await client.scrip_master()


def test_quirk_31_first_packets_are_old_sides_are_places_and_noughts_are_unknown() -> None:
    recorded = (Path(__file__).parents[2] / "fixtures" / "broker" / "nifty-25400-ce.bin").read_bytes()
    (tick,) = frames.ticks(recorded, NOW)
    assert tick.aged().stale
    assert not tick.stale
    assert tick.bids[0].price < tick.asks[0].price
    assert tick.at == datetime(2025, 10, 17, 4, 10, 46, tzinfo=UTC)
    flagged = bytearray(recorded)
    for level in range(10):
        flagged[147 + 20 * level] = 1  # what the documents promise for buyers, here on both sides
    flagged[139:147] = struct.pack("<d", 12.5)  # percent of open interest, as one SDK reads it
    flagged[347:379] = struct.pack("<4q", 28610, 23410, 50000, 100)  # limits and the year's extremes
    framed = struct.pack("<HH", 1, 379) + bytes(flagged)
    (other,) = frames.ticks(framed, NOW)
    assert (other.last, other.bids, other.asks, other.at) == (tick.last, tick.bids, tick.asks, tick.at)


def test_quirk_32_news_of_an_order_is_no_packet_and_no_crash() -> None:
    for size in (835, 875, 879, 896, 902):
        with pytest.raises(frames.NotPackets):
            frames.ticks(b'{"order_status":"trade","orderData":{' + b" " * (size - 39) + b"}}", NOW)


async def test_quirk_33_a_burst_of_pages_just_after_login_is_waited_out(clock: LoopClock, tmp_path: Path) -> None:
    page = httpx.Response(502, content=b"<html>Radware</html>")
    client, _ = a_client(Wire(page, page, good([FUNDS])), clock, tmp_path)
    began = clock.now()
    assert (await client.funds()).available
    assert clock.now() - began > timedelta(seconds=0.5)


async def test_quirk_34_a_password_failure_is_never_repeated(clock: LoopClock, tmp_path: Path) -> None:
    wire = Wire(bad("Invalid username or password. 9 attempts remaining ", "MA500"))
    client, _ = a_client(wire, clock, tmp_path)
    credentials = Credentials(client_code=Secret("c"), password=Secret("p"), api_key=Secret("k"))
    for _ in range(3):
        with pytest.raises(LoginRefused, match="9 attempts remaining"):
            await client.begin_login(credentials)
    assert len(wire.sent) == 1


async def test_quirk_35_pan_phone_mail_and_names_stay_out_of_errors_and_logs(
    clock: LoopClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="bot")
    for broken in ({**TRADE, "PRICE": "x"}, {**TRADE, "QUANTITY": None}, {**TRADE, "BUY_SELL": "?"}):
        with pytest.raises(Unreadable) as told:
            translate.trade_fact(broken)
        assert "ABCDE1234F" not in repr(told.value) + str(told.value.__cause__) + str(told.value.__context__)
    said = "Please enter OTP sent on XXXXXXX123 & XXXXAB@GMAIL.COM"
    client, _ = a_client(Wire({**good({"jwtToken": "h"}), "message": said}), clock, tmp_path)
    step = await client.begin_login(Credentials(client_code=Secret("MA00001"), password=Secret("p4ss"), api_key=Secret("k")))
    assert "123" not in repr(step)
    assert "GMAIL" not in repr(step)
    samples = Samples()
    samples.add(body({"orderData": TRADE}))
    logged = " ".join(record.getMessage() for record in caplog.records) + str(samples.looks)
    assert not any(secret in logged for secret in ("ABCDE1234F", "MA00001", "p4ss", "XXXXAB"))


def test_every_quirk_of_the_reference_has_its_test() -> None:
    numbers = sorted({int(name[11:13]) for name in globals() if name.startswith("test_quirk_")})
    assert numbers == list(range(1, 36))


async def test_one_post_for_each_act_whatever_is_answered(clock: LoopClock, tmp_path: Path) -> None:
    for told in (b"", b"<html>", bad("x", "MA500"), [bad(f"RMS:{ID}:x", "MA200")], httpx.Response(503), good(None)):
        wire = Wire(told)
        client, keeper = a_client(wire, clock, tmp_path)
        for call in (client.place(DRAFT, "TAG"), client.modify(ID, DRAFT), client.cancel(ID), client.cancel_all()):
            await asyncio.gather(call, return_exceptions=True)
        assert len(wire.sent) == 4
        keeper.adopt(None)
        with pytest.raises(NotSent):
            await client.place(DRAFT, "TAG")
        assert len(wire.sent) == 4


@pytest.mark.parametrize("read", [research_rows.candles, research_rows.past_trades, research_rows.order_steps])
def test_an_answer_that_is_no_list_is_never_an_empty_list(read: Any) -> None:
    for told in ("text", 5, True, {"what": 1}):
        if read is research_rows.candles and told == {"what": 1}:
            continue  # no candles at all is an answer there
        with pytest.raises(Unreadable):
            read(told)
