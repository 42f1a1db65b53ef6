"""The words beside a name: every reading of them, and none that they do not carry."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.expiries import Cycle
from bot.domain.market.instrument import Exchange, Right
from bot.trading.instruments.query import ContractQuery, TokenKind, When, asks_of, squash, tidy, tokens_of

TODAY = date(2026, 11, 20)
NAMES = {"NIFTY", "NIFTY50", "NF", "20MICRONS", "BAJAJAUTO", "MM", "SENSEX"}


def tokens(text: str) -> list[str]:
    return [token.text for token in tokens_of(tidy(text), NAMES.__contains__)]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("nifty 24500ce 23nov", ["NIFTY", "24500", "CE", "23", "NOV"]),
        ("nf24500ce", ["NF", "24500", "CE"]),
        ("NIFTY50 fut", ["NIFTY50", "FUT"]),
        ("20microns", ["20MICRONS"]),
        ("bajaj-auto", ["BAJAJ-AUTO"]),
        ("m & m", ["M", "M"]),
        ("NIFTY-20Oct2025-25800-PE-NA", ["NIFTY", "20", "OCT", "2025", "25800", "PE"]),
        ("NIFTY 24500 CE · 23 Nov (Mon, monthly)", ["NIFTY", "24500", "CE", "23", "NOV", "MONTHLY"]),
        ("24,500", ["24500"]),
        ("sensex,80000", ["SENSEX", "80000"]),
        ("ｎｉｆｔｙ fut", ["NIFTY", "FUT"]),  # full-width letters of an Asian keyboard
        ("nifty xy12ce", ["NIFTY", "XY12CE"]),
        ("  ", []),
        (" ".join("1234567890123"), []),  # more words than any instrument needs
    ],
)
def test_words_are_cut_where_a_reader_would(text: str, cut: list[str]) -> None:
    assert tokens(text) == cut


def asks(text: str) -> list[ContractQuery]:
    return asks_of(tokens_of(tidy(text), NAMES.__contains__), TODAY)


STRIKE = Decimal(24500)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("", [ContractQuery()]),
        ("eq", [ContractQuery(series="EQ")]),
        ("bse", [ContractQuery(exchange=Exchange.BSE)]),
        ("fut", [ContractQuery(future=True)]),
        ("dec fut", [ContractQuery(future=True, when=When(month=12))]),
        ("24500 c", [ContractQuery(strike=STRIKE, right=Right.CE)]),
        ("24500 put 23 nov", [ContractQuery(strike=STRIKE, right=Right.PE, when=When(day=23, month=11))]),
        (
            "24500 ce nov 23",
            [ContractQuery(strike=STRIKE, right=Right.CE, when=When(day=23, month=11))],
        ),  # the year 2023 has passed
        ("24500 ce 23 nov 26", [ContractQuery(strike=STRIKE, right=Right.CE, when=When(day=23, month=11, year=2026))]),
        ("24500 ce nov 2026", [ContractQuery(strike=STRIKE, right=Right.CE, when=When(month=11, year=2026))]),
        (
            "24500 ce nov 26",
            [
                ContractQuery(strike=STRIKE, right=Right.CE, when=When(day=26, month=11)),
                ContractQuery(strike=STRIKE, right=Right.CE, when=When(month=11, year=2026)),
            ],
        ),
        ("8 nov ce", [ContractQuery(strike=Decimal(8), right=Right.CE, when=When(month=11))]),
        ("182.50 pe", [ContractQuery(strike=Decimal("182.50"), right=Right.PE)]),
        ("24500 ce today", [ContractQuery(strike=STRIKE, right=Right.CE, when=When(today=True))]),
        ("24500 ce weekly", [ContractQuery(strike=STRIKE, right=Right.CE, when=When(cycle=Cycle.WEEKLY))]),
        ("24500", [ContractQuery(strike=STRIKE)]),
        ("ce", [ContractQuery(right=Right.CE)]),
        ("ce pe 24500", []),
        ("24500 25000 ce", []),
        ("24500 fut", []),
        ("eq fut", []),
        ("nov dec fut", []),
        ("hello", []),
    ],
)
def test_every_reading_is_there_and_no_other(text: str, readings: list[ContractQuery]) -> None:
    assert asks(text) == readings


@given(st.text(max_size=100))
def test_any_text_can_be_cut_and_read(text: str) -> None:
    cut = tokens_of(tidy(text), NAMES.__contains__)
    for ask in asks_of(cut, TODAY):
        assert ask.strike is None or ask.strike >= 0
    assert all(token.text for token in cut)
    if any(token.part is TokenKind.WORD for token in cut):
        assert asks_of(cut, TODAY) == []


@given(st.text(max_size=100))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert squash(squash(text)) == squash(text)
    assert len(tidy(text)) <= 80
