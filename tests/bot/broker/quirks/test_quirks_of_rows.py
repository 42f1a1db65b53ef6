"""The quirks of what its rows say, 14 to 32 of mstock-type-b.md section 16, each met by its number."""

import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bot.broker.feed import frames
from bot.broker.routes import SCRIP_MASTER
from bot.broker.wire import answers, bodies, research_rows, translate, vocabulary
from bot.broker.wire.bodies import StopSpelling
from bot.domain.errors import Refused, SessionExpired, Unreadable
from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.orders.order import OrderStatus
from bot.domain.orders.research import Interval
from bot.domain.terms import OrderKind
from bot.simulators.loop import LoopClock
from bot.trading.account.prices import of_quote
from tests.bot.broker.quirks.rows import (
    ACC,
    DRAFT,
    FUNDS,
    ID,
    NOW,
    ORDER,
    POSITION,
    Wire,
    a_client,
    act,
    an_order,
    bad,
    body,
    good,
)


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
    recorded = (Path(__file__).parents[3] / "fixtures" / "broker" / "nifty-25400-ce.bin").read_bytes()
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
