"""What changed overnight in something held: the contract's own facts, and the base that a share's price lives on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.positions.held import HeldRow, NewBase, contract_changes, new_base
from bot.domain.terms import Product
from tests.stage.values.market import a_future
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

TODAY = date(2026, 11, 23)
FUTURE = a_future("RELIANCE", date(2026, 11, 30), lot=500, stock=True)
NOTED = HeldRow(
    instrument=RELIANCE, product=Product.CNC, quantity=40, close=Decimal("1502.10"), previous_close=Decimal("1480.30")
)


def test_each_fact_that_changed_is_named() -> None:
    now = replace(FUTURE, lot=550, tick=Decimal("0.05"), expiry=date(2026, 11, 27), name="RELIANCE26N27FUT")
    told = [(change.what, change.before, change.now) for change in contract_changes(FUTURE, now, TODAY)]
    assert told == [
        ("lot", "500", "550"),
        ("tick", "0.1", "0.05"),
        ("expiry", "30 Nov", "27 Nov"),
        ("name", "RELIANCE26NOVFUT", "RELIANCE26N27FUT"),
    ]


def test_a_contract_that_is_not_listed_any_more_is_told_unless_it_has_expired() -> None:
    (gone,) = contract_changes(FUTURE, None, TODAY)
    assert (gone.what, gone.now) == ("listed", "")
    assert contract_changes(FUTURE, None, date(2026, 12, 1)) == ()


@pytest.mark.parametrize("same", [FUTURE, RELIANCE, NIFTY_CALL])
def test_what_stayed_is_not_spoken_of(same: object) -> None:
    assert contract_changes(same, same, TODAY) == ()  # type: ignore[arg-type] # an instrument


@pytest.mark.parametrize(
    ("previous_close", "last", "told"),
    [
        ("751.05", "750.00", ("1502.10", "751.05")),  # the exchange has set the base of the split
        ("1427.00", "1430.00", None),  # 4.999 % below: an ordinary difference of closes
        ("1426.90", "1430.00", ("1502.10", "1426.90")),
        ("1577.30", "1580.00", ("1502.10", "1577.30")),
        ("1502.10", "751.00", ("1502.10", "751.00")),  # the broker has not set the base: the price alone halves
        ("1502.10", "1060.00", None),  # a bad day
        ("1480.30", "1502.10", None),  # still the close of the day before: nothing to compare
    ],
)
def test_a_base_that_lies_over_five_percent_off_or_a_price_that_halves_is_a_question(
    previous_close: str, last: str, told: tuple[str, str] | None
) -> None:
    base = new_base(RELIANCE, previous_close=Decimal(previous_close), last=Decimal(last), noted=NOTED)
    wanted = NewBase(instrument=RELIANCE, before=Decimal(told[0]), now=Decimal(told[1])) if told else None
    assert base == wanted


def test_a_close_of_five_percent_and_more_that_is_not_brought_up_to_date_is_no_split() -> None:
    noted = replace(NOTED, close=Decimal("1700.00"))
    assert new_base(RELIANCE, previous_close=Decimal("1480.30"), last=Decimal("1700.00"), noted=noted) is None


def test_what_is_not_known_is_no_split_and_contracts_have_none() -> None:
    assert new_base(RELIANCE, previous_close=None, last=Decimal(1), noted=NOTED) is None
    assert new_base(RELIANCE, previous_close=Decimal(1500), last=None, noted=None) is None
    assert new_base(RELIANCE, previous_close=Decimal(1500), last=None, noted=replace(NOTED, close=None)) is None
    assert new_base(FUTURE, previous_close=Decimal(1500), last=Decimal(700), noted=None) is None


@given(st.decimals(places=2, min_value="1", max_value="90000"), st.sampled_from(["2", "3", "5", "10", "1.5", "1.25", "0.5"]))
def test_every_usual_split_and_bonus_is_seen(close: Decimal, by: str) -> None:
    noted = replace(NOTED, close=close, previous_close=None)
    assert new_base(RELIANCE, previous_close=close / Decimal(by), last=None, noted=noted) is not None
