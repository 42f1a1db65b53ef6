"""How instruments are written: whole, on buttons, in lists."""

from datetime import date
from decimal import Decimal

import pytest

from bot.domain.market.display_names import label, short, strike_words, title
from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right

MONDAY = date(2026, 11, 23)


def instrument(
    symbol: str,
    kind: InstrumentKind,
    *,
    exchange: Exchange = Exchange.NFO,
    series: str = "",
    expiry: date | None = None,
    strike: str | None = None,
    right: Right | None = None,
) -> Instrument:
    return Instrument(
        exchange=exchange,
        token="1",
        symbol=symbol,
        name="N",
        kind=kind,
        lot=1,
        tick=Decimal("0.05"),
        series=series,
        expiry=expiry,
        strike=Decimal(strike) if strike else None,
        right=right,
    )


CALL = instrument("NIFTY", InstrumentKind.INDEX_OPTION, expiry=MONDAY, strike="24500", right=Right.CE)
PUT = instrument("RELIANCE", InstrumentKind.STOCK_OPTION, expiry=MONDAY, strike="182.50", right=Right.PE)
FUTURE = instrument("BANKNIFTY", InstrumentKind.INDEX_FUTURE, expiry=MONDAY)
AT_BSE = instrument("RELIANCE", InstrumentKind.STOCK_FUTURE, exchange=Exchange.BFO, expiry=MONDAY)
SENSEX = instrument("SENSEX", InstrumentKind.INDEX_FUTURE, exchange=Exchange.BFO, expiry=date(2026, 11, 26))
SHARE = instrument("RELIANCE", InstrumentKind.EQUITY, exchange=Exchange.NSE, series="EQ")
TRADE_FOR_TRADE = instrument("ABC", InstrumentKind.EQUITY, exchange=Exchange.NSE, series="BE")
BSE_SHARE = instrument("RELIANCE", InstrumentKind.EQUITY, exchange=Exchange.BSE)
INDEX = instrument("SENSEX", InstrumentKind.INDEX, exchange=Exchange.BSE)


@pytest.mark.parametrize(
    ("of", "whole", "button", "in_lists"),
    [
        (CALL, "NIFTY 24500 CE · 23 Nov (Mon)", "NIFTY 24500 CE · 23 Nov", "NF 24500CE 23Nov"),
        (PUT, "RELIANCE 182.5 PE · 23 Nov (Mon)", "RELIANCE 182.5 PE · 23 Nov", "RELIANCE 182.5PE 23Nov"),
        (FUTURE, "BANKNIFTY FUT · 23 Nov (Mon)", "BANKNIFTY FUT · 23 Nov", "BNF FUT 23Nov"),
        (AT_BSE, "RELIANCE FUT BFO · 23 Nov (Mon)", "RELIANCE FUT BFO · 23 Nov", "RELIANCE FUT 23Nov BFO"),
        (SENSEX, "SENSEX FUT · 26 Nov (Thu)", "SENSEX FUT · 26 Nov", "SENSEX FUT 26Nov"),
        (SHARE, "RELIANCE", "RELIANCE", "RELIANCE"),
        (TRADE_FOR_TRADE, "ABC-BE", "ABC-BE", "ABC-BE"),
        (BSE_SHARE, "RELIANCE · BSE", "RELIANCE · BSE", "RELIANCE · BSE"),
        (INDEX, "SENSEX", "SENSEX", "SENSEX"),
    ],
)
def test_an_instrument_is_written_three_ways(of: Instrument, whole: str, button: str, in_lists: str) -> None:
    assert (title(of), label(of), short(of)) == (whole, button, in_lists)


def test_the_whole_title_says_what_sort_of_expiry_it_is_when_that_is_known() -> None:
    assert title(CALL, monthly=True) == "NIFTY 24500 CE · 23 Nov (Mon, monthly)"
    assert title(CALL, monthly=False) == "NIFTY 24500 CE · 23 Nov (Mon, weekly)"
    assert title(SHARE, monthly=True) == "RELIANCE"


def test_a_contract_of_next_year_is_not_taken_for_this_years() -> None:
    early = date(2025, 11, 25)
    assert title(CALL, today=early) == "NIFTY 24500 CE · 23 Nov 2026 (Mon)"
    assert short(CALL, today=early) == "NF 24500CE 23Nov2026"
    assert short(CALL, today=date(2026, 11, 20)) == "NF 24500CE 23Nov"


@pytest.mark.parametrize(
    ("strike", "words"), [("24500", "24500"), ("24500.00", "24500"), ("182.50", "182.5"), ("0.05", "0.05"), ("1E+3", "1000")]
)
def test_a_strike_has_no_needless_zeros(strike: str, words: str) -> None:
    assert strike_words(Decimal(strike)) == words


def test_no_strike_has_no_words() -> None:
    assert strike_words(None) == ""
