"""Rows of charges: what cannot be a charge is refused, and no two shipped rows answer the same case."""

import tomllib
from decimal import Decimal
from itertools import product

import pytest

from bot.domain.charges.tariff import Asset, Case, ChargeName, TradeClass
from bot.domain.market.instrument import Exchange
from bot.domain.terms import Side
from bot.reference.charge_rows import ChargeTables, read_tariff
from bot.reference.schema import BadRow, tables_of
from tests.stage.values.market import REFERENCE_DATA

RATE = "[[rates]]\ncharge = 'STT'\nclasses = ['future']\nfrom = 2026-04-01\nsource = 's'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RATE + "percent = '500'", "500 % of the turnover cannot be a charge"),
        (RATE + "percent = '0.05'\nsides = ['LONG']", "sides must be one of BUY, SELL"),
        (RATE.replace("'future'", "'futures'") + "percent = '0.05'", "classes must be one of delivery"),
        ("[[gst]]\npercent = '18'\non = ['STT']\nfrom = 2026-01-01\nsource = 's'", "GST is counted on"),
        ("[[plans]]\nname = 'p'\ntitle = 't'\nsource = 's'\nfutures = '20'", "I do not know futures"),
        (
            "[[plans]]\nname = 'p'\ntitle = 't'\nsource = 's'\nfuture_percent = '0.03'",
            "future_percent is a cap on future, which is missing",
        ),
        *[
            (f"[[interest]]\n{said}\nfrom = 2026-01-01\nsource = 's'", words)
            for said, words in (
                ("slabs = [{ to = '5', percent = '1' }]", "the last slab must have no limit"),
                ("slabs = [{ to = '5', percent = '1' }, { to = '4', percent = '1' }, { percent = '2' }]", "the slabs must rise"),
                ("slabs = [{ percent = '1' }, { percent = '2' }]", "only the last has no limit"),
                ("percent = '9'\nslabs = [{ percent = '1' }]", "either percent or slabs"),
                ("", "either percent or slabs"),
            )
        ],
        ("[[fees]]\ncharge = 'TIP'\nrupees = '1'\ngst = true\nfrom = 2026-01-01\nsource = 's'", "charge must be one of"),
    ],
)
def test_a_row_that_cannot_be_a_charge_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadRow, match=words):
        read_tariff([tables_of(tomllib.loads(text), "host.toml", ChargeTables)])


def test_no_two_shipped_rates_of_one_date_answer_the_same_case() -> None:
    tariff = REFERENCE_DATA.tariff
    dates = sorted({rate.since for rate in tariff.rates})
    cases = product(TradeClass, Side, Exchange, Asset, ("SENSEX", "NIFTY"), ("", "XT"), dates)
    for trade_class, side, exchange, asset, symbol, series, day in cases:
        case = Case(trade_class=trade_class, side=side, exchange=exchange, asset=asset, symbol=symbol, series=series, day=day)
        for charge in ChargeName:
            rows = [
                row for row in tariff.rates if row.charge is charge and row.covers(case) and row.since == day and not row.series
            ]
            assert len(rows) <= 1, case


def test_a_host_may_say_one_percentage_for_every_loan() -> None:
    text = "[[interest]]\npercent = '9.99'\nfrom = 2026-01-01\nsource = 'my letter'"
    (row,) = read_tariff([tables_of(tomllib.loads(text), "host.toml", ChargeTables)]).interest
    assert row.percent(Decimal(1)) == row.percent(Decimal(10**9)) == Decimal("9.99")
