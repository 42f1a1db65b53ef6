"""Callback data: both ways, within 64 bytes, and harmless whatever a changed client sends."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Exchange, InstrumentKey
from bot.domain.terms import Product
from handlers.views.keyboards import button, markup, words
from handlers.views.message import Button, keyboard
from handlers.views.taps.tap import Tap, decode, encode
from handlers.views.taps.taps import (
    CardTap,
    CardVerb,
    ChangeTap,
    DoItNowTap,
    EntriesTap,
    ExitTap,
    LeaveTap,
    Listing,
    ListingTap,
    OrderTap,
    OrderVerb,
    PadTap,
    WordsTap,
)

TOKENS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=26)
LABELS = st.text("abcdefghijkl-_0", max_size=20)
PRICES = st.decimals(Decimal("0.01"), Decimal(10**8), places=2, allow_nan=False)
TAPS: st.SearchStrategy[Tap] = st.one_of(
    st.builds(CardTap, TOKENS, st.sampled_from(CardVerb), LABELS),
    st.builds(lambda token, size, label: ChangeTap(token, quantity=size, label=label), TOKENS, st.integers(1, 10**8), LABELS),
    st.builds(lambda token, price, label: ChangeTap(token, price=price, label=label), TOKENS, PRICES, LABELS),
    st.builds(
        lambda token, product, label: ChangeTap(token, product=product, label=label), TOKENS, st.sampled_from(Product), LABELS
    ),
    st.builds(lambda token, label: ChangeTap(token, protected=True, label=label), TOKENS, LABELS),
    st.builds(LeaveTap, st.sampled_from(["/buy", "/sell reliance nse cnc"]), LABELS),
    st.builds(WordsTap, st.just("/buy reliance nse"), st.booleans()),
    st.builds(
        ExitTap,
        st.builds(InstrumentKey, st.sampled_from(Exchange), st.integers(1, 10**9).map(str)),
        st.sampled_from(Product),
        LABELS,
    ),
    st.builds(OrderTap, TOKENS, st.sampled_from(OrderVerb), LABELS),
    st.builds(
        ListingTap,
        st.sampled_from(Listing),
        st.text("abcdefgh-", max_size=32),
        st.sampled_from(["", "open", "all", "rejected"]),
        st.integers(0, 999),
    ),
    st.builds(WordsTap, st.sampled_from(["/positions", "papa: /buy NIFTY 24500 CE 23 NOV 65 nrml"])),
    st.builds(EntriesTap, LABELS),
    st.just(DoItNowTap()),
    st.builds(PadTap, TOKENS, st.none() | st.integers(0, 10)),
)


@given(TAPS)
def test_a_tap_comes_back_as_it_was_sent(tap: Tap) -> None:
    data = encode(tap)
    assert 1 <= len(data.encode()) <= 64
    assert decode(data) == tap


@pytest.mark.parametrize(
    ("data", "tap"),
    [
        ("c:abc2:y", CardTap("abc2", CardVerb.CONFIRM)),
        ("c:abc2:k:papa", CardTap("abc2", CardVerb.YES, "papa")),
        ("v:abc2:q25:main", ChangeTap("abc2", quantity=25, label="main")),
        ("v:abc2:l2", ChangeTap("abc2", lots=2)),
        ("v:abc2:p2905.50", ChangeTap("abc2", price=Decimal("2905.50"))),
        ("v:abc2:tMIS", ChangeTap("abc2", product=Product.MIS)),
        ("v:abc2:m", ChangeTap("abc2", protected=True)),
        ("o:o1:x:main", OrderTap("o1", OrderVerb.CANCEL, "main")),
        ("b:o:2:open:main", ListingTap(Listing.ORDERS, "main", "open", 2)),
        ("x:NSE:2885:CNC:main", ExitTap(InstrumentKey(Exchange.NSE, "2885"), Product.CNC, "main")),
        ("w:main: /positions", WordsTap("main: /positions")),
        ("i:/buy reliance", WordsTap("/buy reliance", stays=True)),
        ("l:main:/buy", LeaveTap("/buy", "main")),
        ("e:main", EntriesTap("main")),
        ("e", EntriesTap()),
        ("n", DoItNowTap()),
        ("k:pad1:3", PadTap("pad1", 3)),
        ("k:pad1:x", PadTap("pad1", None)),
    ],
)
def test_a_button_that_an_earlier_version_drew_means_what_it_meant_then(data: str, tap: Tap) -> None:
    assert decode(data) == tap
    assert encode(tap) == data


@given(st.text(max_size=64) | st.builds("{}:{}".format, st.sampled_from("cvobwen"), st.text(max_size=40)))
def test_no_forged_data_crashes_or_smuggles_more_than_it_may(data: str) -> None:
    tap = decode(data)
    if isinstance(tap, CardTap | ChangeTap | OrderTap):
        name = tap.order_id if isinstance(tap, OrderTap) else tap.token
        assert name.replace("-", "").replace("_", "").isalnum()
        assert len(name) <= 40
    if isinstance(tap, ChangeTap):
        assert [tap.quantity, tap.price, tap.product].count(None) >= 2


def test_a_command_too_long_to_travel_is_a_text_to_copy() -> None:
    assert words("Buy", "/buy RELIANCE 10") == Button("Buy", data="w:/buy RELIANCE 10")
    long = words("Buy", "/buy " + "x" * 70, account="papa")
    assert long.data == ""
    assert long.copy.startswith("papa: /buy")


def test_a_label_too_long_to_travel_is_left_out_of_a_refresh_button() -> None:
    assert decode(button("Refresh", ListingTap(Listing.ORDERS, "ü" * 40, "open", 2)).data) == ListingTap(
        Listing.ORDERS, "", "open", 2
    )
    with pytest.raises(ValueError, match="bytes"):
        encode(ListingTap(Listing.ORDERS, "ü" * 40, "open", 2))


def test_telegrams_shape() -> None:
    rows = markup(keyboard([Button("A", data="n"), Button("B", copy="115126")], []))
    assert rows is not None
    assert [
        [(item.text, item.callback_data, item.copy_text.text if item.copy_text else None) for item in line]
        for line in rows.inline_keyboard
    ] == [[("A", "n", None), ("B", None, "115126")]]
    assert markup(()) is None
