"""Bodies and rows: what an order says on the wire, word by word, and rows that contradict themselves."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.broker.wire import answers, bodies, models, research_rows, translate, vocabulary
from bot.broker.wire.answers import Answer, envelope
from bot.broker.wire.bodies import StopSpelling
from bot.broker.wire.row_cache import Rows
from bot.domain.errors import Refused, Unclear, Unreadable
from bot.domain.orders.order import OrderFact, OrderStatus
from bot.domain.terms import OrderKind, Product, Side, Validity
from tests.bot.broker.quirks.rows import DRAFT, ID, ORDER, bad, body, good


@pytest.mark.parametrize(
    ("product", "word"),
    [(Product.CNC, "DELIVERY"), (Product.MIS, "INTRADAY"), (Product.NRML, "CARRYFORWARD"), (Product.MTF, "MARGIN")],
)
@pytest.mark.parametrize("side", list(Side))
def test_an_order_and_its_change_say_every_term_in_the_brokers_words(product: Product, word: str, side: Side) -> None:
    draft = replace(
        DRAFT, product=product, side=side, kind=OrderKind.SL, price=Decimal("1480.10"), trigger=Decimal("1480.05"),
        validity=Validity.IOC,
    )  # fmt: skip
    terms = {
        "variety": "STOPLOSS", "tradingsymbol": "ACC-EQ", "symboltoken": "22", "exchange": "NSE", "transactiontype": side.value,
        "ordertype": "STOPLOSS_LIMIT", "quantity": "75", "producttype": word, "price": "1480.10", "triggerprice": "1480.05",
        "disclosedquantity": "0", "duration": "IOC",
    }  # fmt: skip
    placed = {**terms, "squareoff": "0", "stoploss": "0", "trailingStopLoss": "", "ordertag": "TAG"}
    assert bodies.place_body(draft, "TAG", StopSpelling.JOINED) == placed
    assert bodies.modify_body(ID, draft, StopSpelling.JOINED) == {**terms, "orderid": ID, "modqty_remng": "0"}


def test_a_market_order_has_noughts_for_prices_and_no_exponents_ever() -> None:
    told = bodies.place_body(DRAFT, "", StopSpelling.JOINED)
    assert (told["variety"], told["ordertype"], told["price"], told["triggerprice"]) == ("NORMAL", "MARKET", "0", "0")
    large = replace(DRAFT, kind=OrderKind.LIMIT, price=Decimal("1E+5"))
    assert bodies.place_body(large, "", StopSpelling.JOINED)["price"] == "100000"


@pytest.mark.parametrize(
    "odd",
    [
        {"filledshares": "76"},
        {"filledshares": "-1"},
        {"quantity": "0"},
        {"quantity": "-75"},
        {"orderid": ""},
        {"symboltoken": ""},
    ],
)
def test_a_row_that_contradicts_itself_is_no_fact(odd: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        translate.order_fact({**ORDER, **odd})


@pytest.mark.parametrize(
    ("text", "reason"), [("TRADE CONFIRMED", ""), ("Confirmed", ""), ("Order cancelled by user", "Order cancelled by user")]
)
def test_what_a_row_says_of_its_fills_is_no_reason_for_its_end(text: str, reason: str) -> None:
    row = {**ORDER, "status": "Cancelled", "orderstatus": "Cancelled", "filledshares": "1", "unfilledshares": "0", "text": text}
    fact = translate.order_fact(row)
    assert fact is not None
    assert (fact.status, fact.reason) == (OrderStatus.CANCELLED, reason)


@pytest.mark.parametrize("http", [302, 400, 401, 429, 500, 502, 504])
def test_a_yes_under_a_status_that_says_no_is_unclear(http: int) -> None:
    raw = body([good({"orderid": ID})])
    assert isinstance(answers.failure_of_act(Answer(http, raw), envelope(raw), "order"), Unclear)
    assert answers.failure_of_act(Answer(200, raw), envelope(raw), "order") is None
    assert answers.failure_of_read(Answer(http, raw), envelope(raw)) is not None


def test_candles_of_noughts_are_left_out_and_impossible_ones_refused() -> None:
    at = "2026-11-19 09:15"
    assert research_rows.candles({"candles": [[at, 0, 0, 0, 0, 0], [at, 5, 5, 5, 0, 1]]}) == []
    with pytest.raises(Unreadable):
        research_rows.candles({"candles": [[at, 5, 4, 3, 5, 1]]})


@pytest.mark.parametrize(
    ("quantity", "realised", "t1", "settled"), [(10, 0, 0, 10), (15, 10, 5, 10), (5, 0, 5, 0), (10, 10, 5, 10), (10, 10, 0, 10)]
)
def test_shares_on_their_way_are_counted_once(quantity: int, realised: int, t1: int, settled: int) -> None:
    row = {"symboltoken": "22", "quantity": quantity, "realisedquantity": realised, "t1quantity": t1}
    told = translate.holding(row, lambda _key: None)
    assert (told.quantity, told.t1) == (settled, t1)


@pytest.mark.parametrize(
    ("quantity", "realised", "t1", "pledged", "settled"),
    [
        (0, 0, 0, 20, 20),  # all of it is pledged, and listed nowhere else
        (10, 10, 0, 20, 30),  # the pledged ones are listed apart
        (40, 40, 0, 20, 40),  # they are among those listed
        (35, 10, 5, 20, 30),  # they are in the sum, and not in what is free
    ],
)
def test_pledged_shares_are_still_owned(quantity: int, realised: int, t1: int, pledged: int, settled: int) -> None:
    row = {
        "symboltoken": "22", "quantity": quantity, "realisedquantity": realised, "t1quantity": t1, "collateralquantity": pledged,
        "ltp": 10,
    }  # fmt: skip
    told = translate.holding(row, lambda _key: None)
    assert (told.quantity, told.t1, told.collateral) == (settled, t1, pledged)
    assert told.value == 10 * (settled + t1)


@pytest.mark.parametrize(
    ("net", "own", "average"),
    [
        ("65", {"cfbuyqty": "65", "cfbuyavgprice": "120"}, "120"),
        ("-65", {"cfsellqty": "65", "cfsellavgprice": "120"}, "120"),
        ("130", {"cfbuyqty": "65", "cfbuyavgprice": "120", "buyqty": "65", "buyavgprice": "121.50"}, "120.75"),
        ("65", {"buyqty": "65", "buyavgprice": "121.50"}, "121.50"),
        ("65", {"cfbuyqty": "65"}, None),
    ],
)
def test_a_cost_that_stands_in_the_carry_forward_fields_alone_is_found(
    net: str, own: dict[str, str], average: str | None
) -> None:
    row = {
        "exchange": "NSE", "symboltoken": "22", "producttype": "CARRYFORWARD", "instrumenttype": "OPTIDX", "avgnetprice": "0",
        "netqty": net, **own,
    }  # fmt: skip
    told = translate.position(row, lambda _key: None)
    assert told is not None
    assert told.average == (Decimal(average) if average is not None else None)
    carried = own.get("cfbuyavgprice") or own.get("cfsellavgprice")
    assert told.carried_average == (Decimal(carried) if carried is not None else None)


def test_a_trade_without_a_number_of_its_own_is_still_a_trade() -> None:
    row = {
        "BUY_SELL": "Sell", "EXCHANGE": "NSE", "INSTRUMENT_NAME": "EQUITY", "ORDER_DATE_TIME": "10-06-2025 13:08:42",
        "ORDER_NUMBER": "21612506101476", "PRICE": "6.98", "PRODUCT": "CNC", "QUANTITY": 4, "SEC_ID": "14366", "SEGMENT": "E",
        "TRADE_NUMBER": "",
    }  # fmt: skip
    fact = translate.trade_fact(row)
    assert fact is not None
    assert (fact.trade_id, fact.quantity, fact.price) == ("", 4, Decimal("6.98"))


@pytest.mark.parametrize(
    ("total", "bought", "value"),
    [
        ("1500", 15, Decimal(1500)),  # the total holds what was carried over: 15 at 100
        ("1000", 15, Decimal(1500)),  # it does not: 10 of today at 100, 5 carried at 100
    ],
)
def test_what_was_carried_over_is_counted_once(total: str, bought: int, value: Decimal) -> None:
    row = {
        "exchange": "NSE", "symboltoken": "22", "producttype": "DELIVERY", "instrumenttype": "EQUITY", "netqty": "15",
        "buyqty": "10", "sellqty": "0", "cfbuyqty": "5", "cfsellqty": "0", "buyavgprice": "100", "cfbuyavgprice": "100",
        "avgnetprice": "100", "totalbuyvalue": total, "totalsellvalue": "0", "multiplier": "1",
    }  # fmt: skip
    told = translate.position(row, lambda _key: None)
    assert told is not None
    assert (told.bought, told.bought_value, told.carried, told.booked_profit()) == (bought, value, 5, Decimal(0))


@pytest.mark.parametrize("act", ["order", "change", "cancel", "conversion"])
def test_a_refusal_names_the_act_that_was_refused_and_not_the_order_itself(act: str) -> None:
    for told in (
        [bad(f"RMS:{ID}:NSE EQUITY 22 ACC FUND LIMIT INSUFFICIENT", "RS-0111")],
        bad("Enter valid trigger price.", "400"),
        bad("Incorrect auth. Please try again.", "IA401"),
        bad("Invalid order type.", "IA400"),
    ):
        raw = body(told)
        refused = answers.failure_of_act(Answer(200, raw), envelope(raw), act)
        assert isinstance(refused, Refused)
        assert f"the {act}" in refused.say
        assert act == "order" or "the order" not in refused.say


def order_facts(told: list[object]) -> list[OrderFact]:
    return Rows(translate.order_fact, translate.is_from_elsewhere).facts(told)


FROM_THE_APP = {**ORDER, "ordertag": "NA", "orderid": "2142251017158"}
ODD: list[dict[str, object]] = [
    {"ordertype": "BASKET-GTT"}, {"producttype": "PLEDGE"}, {"quantity": "x"}, {"symboltoken": ""}, {"filledshares": "99"},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_one_row_from_elsewhere_that_nobody_can_read_does_not_blind_us_to_our_own(odd: dict[str, object]) -> None:
    told = order_facts([FROM_THE_APP, {**FROM_THE_APP, **odd}, ORDER])
    assert [fact.broker_id for fact in told] == [FROM_THE_APP["orderid"], ORDER["orderid"]]
    for tag in ("", None, " na ", "NA"):
        assert len(order_facts([{**ORDER, **odd, "ordertag": tag}, ORDER])) == 1


@pytest.mark.parametrize("odd", ODD)
def test_a_row_that_may_be_ours_is_never_left_out_and_a_whole_book_neither(odd: dict[str, object]) -> None:
    books: list[list[object]] = [
        [{**ORDER, **odd}, ORDER],
        [{**FROM_THE_APP, **odd}],
        [ORDER, None],
        [ORDER, "text"],
        [ORDER, []],
    ]
    for book in books:
        with pytest.raises(Unreadable):
            order_facts(book)
    assert order_facts([]) == []
    assert order_facts([{**ORDER, "instrumenttype": "OPTCUR"}]) == [], "another segment is no matter of ours"


def test_an_unreadable_row_is_said_once_while_it_stands_and_never_its_content(caplog: pytest.LogCaptureFixture) -> None:
    rows = Rows(translate.order_fact, translate.is_from_elsewhere)
    book = [ORDER, {**FROM_THE_APP, "producttype": "CANARY"}]
    for _ in range(3):
        assert len(rows.facts(book)) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "CANARY" not in caplog.text


@pytest.mark.parametrize(
    ("written", "read"),
    [("1,23,456.50", "123456.50"), (" 12,345 ", "12345"), ("-1,00,00,000.05", "-10000000.05"), ("123,456.50", "123456.50")],
)
def test_a_figure_in_groups_is_read(written: str, read: str) -> None:
    assert models.exact(written) == Decimal(read)


@pytest.mark.parametrize("written", ["1,2", "1,23", ",123", "12,34,56", "1,234,", "1.5,000", "1,2345"])
def test_a_figure_whose_groups_are_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        models.exact(written)


@pytest.mark.parametrize(
    ("http", "page", "words"),
    [
        (403, b"Access denied", "Access denied (HTTP 403)"),
        (403, b"<html><head><title>x</title></head><body><h1>Access denied</h1></body></html>", "Access denied (HTTP 403)"),
        (403, b'{"message": "Access denied"}', "Access denied (HTTP 403)"),
        (403, b'{"status": false, "message": "Access denied"}', "Access denied"),
        (502, b"", ""),
        (200, b"<html>busy</html>", ""),
    ],
)
def test_what_the_broker_says_beside_a_status_that_proves_nothing_is_kept(http: int, page: bytes, words: str) -> None:
    failure = answers.failure_of_act(Answer(http, page), envelope(page), "order")
    assert isinstance(failure, Unclear)
    assert failure.words == words


@pytest.mark.parametrize(
    ("word", "stop", "meant"),
    [
        ("O-Modified", True, OrderStatus.TRIGGER_PENDING),
        ("Modified", True, OrderStatus.TRIGGER_PENDING),
        ("O-Modified", False, OrderStatus.OPEN),
        ("Triggered", True, OrderStatus.OPEN),
        ("Trigger Pending", True, OrderStatus.TRIGGER_PENDING),
    ],
)
def test_a_stop_that_was_changed_waits_until_it_is_triggered(word: str, stop: bool, meant: OrderStatus) -> None:
    assert vocabulary.order_status(word, quantity=10, filled=0, stop=stop) is meant
