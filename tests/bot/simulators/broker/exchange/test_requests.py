"""Order bodies as anybody might send them: a value or a refusal in the broker's words, never anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulators.broker.accounts.records import Kind
from bot.simulators.broker.exchange.requests import OrderRequest, read_order
from bot.simulators.broker.faults.errors import Refusal

GOOD: dict[str, object] = {
    "variety": "NORMAL", "tradingsymbol": "ACC-EQ", "symboltoken": "22", "exchange": "NSE", "transactiontype": "BUY",
    "ordertype": "LIMIT", "quantity": "10", "producttype": "DELIVERY", "price": "1850.10", "triggerprice": "0.00",
    "disclosedquantity": "0", "duration": "DAY", "ordertag": "my_algo",
}  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=12), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.integers(), max_size=2),
    st.sampled_from(["", "0", "-1", "1e9", "NaN", "Infinity", "1.005", "0.05", "10", "LIMIT", "SL", "BUY"]),
)  # fmt: skip


def read_or_refusal(body: dict[str, object]) -> OrderRequest | Refusal:
    try:
        return read_order(body)
    except Refusal as refusal:
        return refusal


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), VALUES))
def test_any_body_is_read_or_refused(changes: dict[str, object]) -> None:
    found = read_or_refusal(GOOD | changes)
    if isinstance(found, Refusal):
        assert found.http == 400
        assert found.message
        return
    assert found.quantity > 0
    assert found.price >= 0
    assert found.trigger >= 0
    assert len(found.tag) < 20


@pytest.mark.parametrize(
    ("spelled", "kind"),
    [
        ("STOPLOSS_LIMIT", "STOPLOSS_LIMIT"), ("STOP_LOSS", "STOPLOSS_LIMIT"), ("STOP_LOSS_LIMIT", "STOPLOSS_LIMIT"),
        ("SL", "STOPLOSS_LIMIT"), ("STOPLOSS", "STOPLOSS_LIMIT"), ("STOPLOSS_MARKET", "STOPLOSS_MARKET"),
        ("STOP_LOSS_MARKET", "STOPLOSS_MARKET"), ("SL-M", "STOPLOSS_MARKET"), ("market", "MARKET"), ("Limit", "LIMIT"),
    ],
)  # fmt: skip
def test_every_known_spelling_of_a_kind_is_taken(spelled: str, kind: Kind) -> None:
    assert read_order(GOOD | {"ordertype": spelled, "triggerprice": "1840.00"}).kind == kind


def test_numbers_are_taken_where_texts_are_expected_and_prices_are_exact() -> None:
    found = read_order(GOOD | {"quantity": 10, "price": 1850.1, "disclosedquantity": 3})
    assert (found.quantity, found.price, found.disclosed) == (10, 185010, 3)
    with pytest.raises(Refusal, match="price"):
        read_order(GOOD | {"price": "1850.101"})
    with pytest.raises(Refusal, match="30%"):
        read_order(GOOD | {"disclosedquantity": "2"})
