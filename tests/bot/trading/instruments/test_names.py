"""Names of the day: what is written, what words lead to it, and which of two likenesses people mean."""

from datetime import date
from decimal import Decimal

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind
from bot.domain.market.scrip_columns import columns_of
from bot.trading.instruments.names import Names


def share(symbol: str, exchange: Exchange = Exchange.NSE, series: str = "EQ") -> Instrument:
    return Instrument(
        exchange=exchange,
        token="1",
        symbol=symbol,
        name=f"{symbol}-{series}",
        kind=InstrumentKind.EQUITY,
        lot=1,
        tick=Decimal("0.05"),
        series=series,
    )


NIFTY = Instrument(
    exchange=Exchange.NSE, token="26000", symbol="NIFTY", name="NIFTY 50", kind=InstrumentKind.INDEX, lot=1, tick=Decimal("0.05")
)
FUTURE = Instrument(
    exchange=Exchange.NFO,
    token="9",
    symbol="TATASTEEL",
    name="TATASTEEL26DECFUT",
    kind=InstrumentKind.STOCK_FUTURE,
    lot=5500,
    tick=Decimal("0.05"),
    expiry=date(2026, 12, 29),
)
ROWS = [share("M&M"), share("MM", Exchange.BSE, ""), share("TATASTEEL"), share("TATASTEAL"), share("INFY"), FUTURE]
NAMES = Names(columns_of(ROWS), {"NIFTY": NIFTY}, {"TATASTEEL"}, frozenset({"TATASTEEL"}))


def test_letter_for_letter_goes_before_punctuation_left_out() -> None:
    assert NAMES.written("MM") == ["MM"]
    assert NAMES.written("M&M") == ["M&M"]
    assert NAMES.written("M & M") == ["M&M", "MM"]  # two readings: neither is written so


def test_index_names_are_readings_and_company_words_are_not() -> None:
    assert NAMES.written("NF") == ["NIFTY"]
    assert NAMES.written("BNF") == []  # that index is not in this master
    assert NAMES.written("INFOSYS") == []
    assert NAMES.near("INFOSYS", 5)[0] == "INFY"
    assert NAMES.is_name("INFOSYS")


def test_of_two_names_as_near_the_one_with_contracts_is_meant() -> None:
    assert NAMES.near("TATASTEUL", 5) == ["TATASTEEL", "TATASTEAL"]


def test_nothing_is_near_to_nothing() -> None:
    assert NAMES.near("", 5) == []
    assert NAMES.near("QQQQQQQQ", 5) == []
    assert not NAMES.is_name("QQQQQQQQ")
