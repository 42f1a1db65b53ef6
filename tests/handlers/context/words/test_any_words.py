"""Any words at all, every share and every keyboard: never a crash and never half an order."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.errors import UsageError
from bot.domain.market.instrument import Exchange, InstrumentKind
from bot.domain.terms import Validity
from handlers.context import order_numbers
from handlers.registry import parse_command
from tests.handlers.context.words.test_readings import read
from tests.stage.values.master import MADE


@given(st.text(max_size=200))
def test_no_words_crash_the_reading_of_an_order(words: str) -> None:
    try:
        found = read(words)
    except UsageError as refused:
        spoken = parse_command(refused.example)
        assert spoken is not None
        assert read(spoken.words).is_sized
    else:
        assert found.symbol
        assert [found.quantity, found.lots, found.rupees, found.portion, found.risk].count(None) >= 4


_PIECES = st.sampled_from(
    [
        "reliance",
        "nifty",
        "24500",
        "ce",
        "pe",
        "23nov",
        "23",
        "nov",
        "dec",
        "fut",
        "10",
        "2lots",
        "2",
        "lot",
        "10k",
        "1L",
        "₹25000",
        "@2900",
        "2900",
        "mkt",
        "stop",
        "2880/2875",
        "cnc",
        "mis",
        "ioc",
        "nse",
        "bse",
        "/",
        "@",
        "₹",
        ",",
        "-",
        "0",
        "at",
        "limit",
        "sl",
        "t",
        "1e5",
        "٣",
        "²",
        "10.5",
    ]
)


@given(st.lists(_PIECES, max_size=10).map(" ".join))
def test_no_mixture_of_known_words_crashes_or_gives_half_an_order(words: str) -> None:
    try:
        found = read(words)
    except UsageError:
        return
    assert found.symbol
    assert [found.quantity, found.lots, found.rupees, found.portion, found.risk].count(None) >= 4
    assert not (found.market and (found.price or found.trigger_limit))  # a trigger and mkt are a stop to the market
    for figure in (found.quantity, found.lots, found.rupees, found.price, found.trigger, found.trigger_limit):
        assert figure is None or figure > 0


@given(st.text(max_size=60))
def test_no_words_crash_the_other_commands(words: str) -> None:
    example = ""
    for reading in (order_numbers.modify, lambda text: order_numbers.number(text, example="/order 12")):
        try:
            reading(words)
        except UsageError as refused:
            example = refused.example
    assert not example or parse_command(example) is not None


# "SHARES" is one of the names made up for the list, and a word that people say with a number.
SHARES = sorted({row.symbol for row in MADE.rows if row.kind is InstrumentKind.EQUITY} - {"SHARES"})


@given(st.sampled_from(SHARES), st.sampled_from(["{} 10", "10 {}", "{} 10 ioc", "10 {} @99.5 cnc nse", "{} 10 bse"]))
@example("IOC", "10 {}")
@example("BSE", "{} 10")
@example("BSE", "{} 10 bse")
@example("MARUTI", "10 {}")
@example("MARICO", "10 {} @99.5 cnc nse")
def test_every_share_is_ordered_by_its_own_name_wherever_the_number_stands(symbol: str, line: str) -> None:
    asked = read(line.format(symbol))
    assert (asked.symbol, asked.quantity) == (symbol, 10)
    assert (asked.validity is Validity.IOC) == line.endswith("ioc")
    assert asked.exchange == ({"bse": Exchange.BSE, "nse": Exchange.NSE}.get(line[-3:]))


@pytest.mark.parametrize(
    ("words", "symbol"),
    [("ioc 140 ce 1lot", "IOC 140 CE"), ("bse 2800 pe 1lot", "BSE 2800 PE"), ("ioc nov fut 1lot", "IOC NOV FUT")],
)
def test_contracts_on_shares_whose_names_are_words_of_an_order(words: str, symbol: str) -> None:
    asked = read(words)
    assert (asked.symbol, asked.exchange, asked.validity) == (symbol, None, Validity.DAY)


@pytest.mark.parametrize("ten", ["१०", "１０", "1️⃣0️⃣", "10 shares", "qty 10", "10 qty", "1\u200b0", "10,"])
def test_ten_is_ten_in_the_signs_of_any_keyboard(ten: str) -> None:
    assert read(f"reliance {ten}") == read("reliance 10")


@pytest.mark.parametrize("words", ["reliance 10²", "reliance ½", "reliance 10‰"])
def test_what_only_looks_like_a_number_is_none_and_the_example_is_whole(words: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(words)
    assert refused.value.example == "/buy reliance 10"
