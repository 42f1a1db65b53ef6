"""Words become the request that was meant, or a refusal that teaches, never a crash and never a guess."""

from decimal import Decimal

import pytest

from bench.master import TODAY
from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange
from bot.domain.orders.legs import Leg, Measure, Portion, TrailSaid
from bot.domain.orders.order import OrderRequest
from bot.domain.orders.order_text import request_line
from bot.domain.terms import Product, Side, Validity
from handlers.context import order_numbers
from handlers.context.words.readings import readings
from handlers.context.words.reply import stop_said
from handlers.registry import parse_command

BUY = Side.BUY


def read(words: str, side: Side = BUY) -> OrderRequest:
    """The first reading of the words as they were typed."""
    return readings(side, words, TODAY)[0][0].request


@pytest.mark.parametrize(
    "words",
    [
        "reliance 10 2900",
        "10 reliance 2900",
        "reliance 10 @2900",
        "@2900 reliance 10",
        "reliance 10 @ 2900",
        "reliance 10 at 2900",
        "reliance 10 limit 2,900",
        "reliance 10 2900/-",
    ],
)
def test_side_quantity_and_symbol_stand_in_any_order(words: str) -> None:
    assert read(words) == OrderRequest(side=BUY, symbol="RELIANCE", quantity=10, price=Decimal(2900))


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("sbin 10", {"quantity": 10}),
        ("sbin 10k", {"quantity": 10_000}),
        ("sbin 1.5k", {"quantity": 1_500}),
        ("sbin 1 lakh", {"quantity": 100_000}),
        ("sbin 50000/-", {"rupees": Decimal(50_000)}),
        ("sbin ₹50k", {"rupees": Decimal(50_000)}),
        ("sbin 50,000 rs", {"rupees": Decimal(50_000)}),
        ("sbin worth 25000", {"rupees": Decimal(25_000)}),
        ("sbin 1,00,000", {"quantity": 100_000}),
        ("sbin 2lots", {"lots": 2}),
        ("sbin 2 lots", {"lots": 2}),
        ("sbin 1lot", {"lots": 1}),
        ("1 lot sbin", {"lots": 1}),
        ("sbin ₹25000", {"rupees": Decimal(25000)}),
        ("sbin ₹ 25,000", {"rupees": Decimal(25000)}),
        ("sbin rs 25000", {"rupees": Decimal(25000)}),
        ("sbin rs.25000.50", {"rupees": Decimal("25000.50")}),
    ],
)
def test_sizes_are_told_apart_by_their_shape(words: str, size: dict[str, int | Decimal]) -> None:
    read_size = read(words)
    assert {"quantity": read_size.quantity, "lots": read_size.lots, "rupees": read_size.rupees} == {
        "quantity": None,
        "lots": None,
        "rupees": None,
    } | size
    assert read_size.symbol == "SBIN"


@pytest.mark.parametrize(
    ("words", "symbol"),
    [
        ("nifty 24500 ce 1lot", "NIFTY 24500 CE"),
        ("1lot nifty 24500 ce", "NIFTY 24500 CE"),
        ("nifty 24500ce 23nov 1lot", "NIFTY 24500CE 23NOV"),
        ("nifty 24500 ce 23 nov 1lot", "NIFTY 24500 CE 23 NOV"),
        ("nifty 24500 ce · 23 Nov 1lot", "NIFTY 24500 CE 23 NOV"),
        ("banknifty dec fut 2lots", "BANKNIFTY DEC FUT"),
        ("m&m 1lot", "M&M"),
        ("bajaj-auto 1lot", "BAJAJ-AUTO"),
        ("360one 1lot", "360ONE"),
        ("20microns 1lot", "20MICRONS"),
        ("nifty 24500 call 1lot", "NIFTY 24500 CALL"),
    ],
)
def test_words_for_an_instrument_are_handed_on(words: str, symbol: str) -> None:
    assert read(words).symbol == symbol
    assert read(words).quantity is None


def test_a_contract_takes_a_quantity_and_a_price_like_a_share() -> None:
    assert read("nifty 24500ce 23nov 65 101.20") == OrderRequest(
        side=BUY, symbol="NIFTY 24500CE 23NOV", quantity=65, price=Decimal("101.20")
    )
    assert read("nifty 24500 ce 1lot 101.20").price == Decimal("101.20")


@pytest.mark.parametrize(
    ("words", "trigger", "limit"),
    [("stop 2880", "2880", None), ("stop 2880/2875", "2880", "2875"), ("stop 2880 / 2875.5", "2880", "2875.5")],
)
def test_stop_makes_the_order_itself_a_stop(words: str, trigger: str, limit: str | None) -> None:
    order = read(f"reliance 10 {words} mis", Side.SELL)
    assert order.trigger == Decimal(trigger)
    assert order.trigger_limit == (Decimal(limit) if limit else None)
    assert order.price is None
    assert order.product is Product.MIS


def test_the_small_words() -> None:
    assert read("reliance 10 mkt del bse ioc") == OrderRequest(
        side=BUY, symbol="RELIANCE", quantity=10, market=True, product=Product.CNC, exchange=Exchange.BSE, validity=Validity.IOC
    )
    assert read("sbin 1 nrml").product is read("sbin 1 co").product is Product.NRML
    assert read("sbin 1 intra").product is Product.MIS
    assert read("sbin 1 mtf").product is Product.MTF


@pytest.mark.parametrize(
    ("words", "stop", "target"),
    [
        ("2900 sl 2880 t 2950", Leg(value=Decimal(2880)), Leg(value=Decimal(2950))),
        ("sl2880", Leg(value=Decimal(2880)), None),
        ("sl 2880/2875", Leg(value=Decimal(2880), limit=Decimal(2875)), None),
        ("sl -20", Leg(value=Decimal(20), measure=Measure.POINTS), None),
        ("stop loss 20 pts", Leg(value=Decimal(20), measure=Measure.POINTS), None),
        ("sl 2%", Leg(value=Decimal(2), measure=Measure.PERCENT), None),
        ("tgt 2 %", None, Leg(value=Decimal(2), measure=Measure.PERCENT)),
        ("target 2950", None, Leg(value=Decimal(2950))),
        ("tp2950", None, Leg(value=Decimal(2950))),
        ("स्टॉपलॉस 2880 टारगेट 2950", Leg(value=Decimal(2880)), Leg(value=Decimal(2950))),
    ],
)
def test_stops_and_targets_are_prices_points_or_per_cent(words: str, stop: Leg | None, target: Leg | None) -> None:
    request = read(f"reliance 10 {words}")
    assert (request.quantity, request.stop, request.target, request.trigger) == (10, stop, target, None)


@pytest.mark.parametrize(
    ("words", "trail"),
    [
        ("trail 15", TrailSaid(every=Decimal(15))),
        ("sl 2880 trail 15 pts", TrailSaid(every=Decimal(15))),
        ("trail2%", TrailSaid(every=Decimal(2), measure=Measure.PERCENT)),
        ("trail 15 step 10", TrailSaid(every=Decimal(15), step=Decimal(10))),
    ],
)
def test_a_trail_is_points_per_cent_or_steps(words: str, trail: TrailSaid) -> None:
    request = read(f"reliance 10 @2900 {words}")
    assert (request.quantity, request.price, request.trail) == (10, Decimal(2900), trail)
    assert read(request_line(request).removeprefix("/buy ")) == request


def test_the_other_words_of_an_order_are_taken_for_what_they_say() -> None:
    assert read("reliance 100 dq 10").disclosed == 10
    assert read("reliance 10 amo").after_market
    assert read("reliance risk 1k sl 2880").risk == 1000
    assert read("reliance all").portion is Portion.ALL
    assert read("reliance aadha").portion is read("reliance आधा").portion is Portion.HALF
    assert read("reliance 10 @cmp") == read("reliance 10 at cmp") == read("reliance 10")
    assert read("reliance 10 at market").market


@pytest.mark.parametrize(
    ("words", "said"),
    [("reliance 10 step 5", "behind a trail"), ("reliance 10 gtt", "GTT"), ("reliance risk 1000", "needs a stop")],
)
def test_what_cannot_be_taken_is_refused_by_name_and_never_left_out(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Which share"),
        ("10", "Which share"),
        ("reliance ten", '"ten" is not a quantity'),
        ("reliance 0", "not a quantity"),
        ("reliance 10.5", "not a quantity"),
        ("reliance 2900.50 10.5", "not a quantity"),
        ("reliance -5", "neither a quantity nor a price"),
        ("reliance 1.2.3", "neither"),
        ("reliance 10 2900 2950", "One quantity and one price"),
        ("reliance 10 @2900 @2950", "two prices"),
        ("reliance 10 @2900 2950", "One quantity and one price"),
        ("reliance all 20lots", "two quantities"),
        ("reliance qty 10 20lots", "two quantities"),
        ("reliance 1lot 10 2900", "One quantity"),
        ("reliance 10 0", "not a price"),
        ("reliance 10 mkt 2900", "One quantity"),
        ("reliance 10 mkt @2900", "no price"),
        ("reliance 10 mkt stop 2900/2890", "not both"),
        ("reliance 10 @2875 stop 2880", "behind its trigger"),
        ("reliance 10 stop", "A stop at which price"),
        ("reliance 10 stop x", "not a trigger"),
        ("reliance 10 stop 2880/x", "not a limit"),
        ("reliance 10 cnc mis", "two words for the product"),
        ("reliance 10 nse bse", "two words for the exchange"),
        ("reliance 5%", "neither"),
        ("reliance 1,0", "neither"),
        ("reliance 99999999999", "not a quantity"),
        ("abc " * 30 + "10", "more than the name"),
        ("10 " * 2000 + "ce", "too much for one order"),
    ],
)
def test_what_cannot_be_read_is_answered_with_one_example_that_works(words: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(words)
    assert said in refused.value.say
    spoken = parse_command(refused.value.example)
    assert spoken is not None
    assert read(spoken.words).is_sized


def test_a_silent_word_is_a_name_where_there_is_no_other() -> None:
    assert (read("par 10").symbol, read("itc 10 please").symbol, read("please 10").symbol) == ("PAR", "ITC", "PLEASE")


def test_the_example_keeps_the_share_that_was_meant() -> None:
    with pytest.raises(UsageError) as refused:
        read("infy ten")
    assert refused.value.example == "/buy infy 10"


def test_a_change_has_a_price_or_a_quantity_or_both() -> None:
    assert order_numbers.modify("12 2905") == order_numbers.ModifyWords(number=12, price=Decimal(2905))
    assert order_numbers.modify("#12 @2,905.50") == order_numbers.ModifyWords(number=12, price=Decimal("2905.50"))
    assert order_numbers.modify("12 to rs 2905") == order_numbers.ModifyWords(number=12, price=Decimal(2905))
    stop = order_numbers.ModifyWords(number=12, price=Decimal(110), limit=Decimal(104))
    assert order_numbers.modify("12 110/104") == stop
    assert order_numbers.modify("12 sl 110/104") == stop
    assert order_numbers.modify("12 q 20") == order_numbers.ModifyWords(number=12, quantity=20)
    assert order_numbers.modify("12 2905 qty 20") == order_numbers.ModifyWords(number=12, price=Decimal(2905), quantity=20)


@pytest.mark.parametrize(
    "words", ["", "x", "12", "12 x", "12 0", "12 2905 20", "12 q 1.5", "12 q", "12 stop 2880", "0 2905", "12 sl 2880"]
)
def test_a_change_that_cannot_be_read_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        order_numbers.modify(words)


def test_an_order_number_is_one_number() -> None:
    assert order_numbers.number("#12", example="/order 12") == order_numbers.number(" 12 ", example="/order 12") == 12
    for words in ("", "0", "12 13", "x", "-1", "1e3"):
        with pytest.raises(UsageError):
            order_numbers.number(words, example="/order 12")


@pytest.mark.parametrize(
    "words",
    [
        "reliance 10\n/sell infy 5",
        "reliance 10 sell infy 5",
        "reliance 10, sell infy 5",
        "reliance 10 becho infy 5",
        "reliance 10 /kill",
    ],
)
def test_two_orders_in_one_message_are_refused_whole(words: str) -> None:
    with pytest.raises(UsageError, match="Several orders go a line each"):
        read(words)


def test_an_amount_beside_a_bare_number_is_never_guessed_apart() -> None:
    """₹1500 may be the price of ten shares, or what to spend at a limit of ten."""
    (spent, paid), *_ = readings(BUY, "reliance ₹1500 10", TODAY)
    assert (spent.request.rupees, spent.request.price, spent.plain) == (Decimal(1500), Decimal(10), False)
    assert (paid.request.quantity, paid.request.price, paid.plain) == (10, Decimal(1500), False)
    assert read("reliance ₹25k @1500").rupees == 25_000


def test_a_stop_between_the_words_of_a_contract_is_none_of_its_strike() -> None:
    for words in ("nifty 50 24500 ce", "nifty 24500 ce 50", "50 nifty 24500 ce"):
        found = stop_said(words)
        assert found is not None
        said, name = found
        assert said.leg is not None
        assert (said.leg.value, name) == (Decimal(50), "nifty 24500 ce")
