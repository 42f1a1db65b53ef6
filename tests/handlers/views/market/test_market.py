"""A price is shown with its real age, and only what is known of it."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import InstrumentKind
from bot.domain.market.prices import Level, Price
from bot.domain.proposals.proposal import Quoted
from handlers.registry import parse_command
from handlers.views.format import columns
from handlers.views.market import market as views
from handlers.views.message import Table, View
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import WordsTap
from tests.handlers.samples import A_PRICE, NOW
from tests.stage.values.market import an_index
from tests.stage.values.orders import NIFTY_CALL, RELIANCE


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def test_a_quote_is_drawn_with_its_depth() -> None:
    view = views.quote(Quoted(instrument=RELIANCE, price=A_PRICE, as_of=NOW), NOW)
    assert rows(view) == [
        "RELIANCE",
        " NSE            as of 14:02:11",
        "LTP 1,480.30           1 s ago",
        "Change       +10.30 +0.70 % 🟢",
        "Prev close            1,470.00",
        "Open                  1,472.00",
        "Day        1,465.10 – 1,490.00",
        "------------------------------",
        "Bid                        Ask",
        "120   1,480.20  1,480.30   500",
        "98k   1,480.10",
    ]
    taps = [decode(item.data) for line in view.keyboard for item in line]
    acts = ("/quote", "/buy", "/sell", "/chart")
    assert taps == [WordsTap(f"{act} reliance nse") for act in acts]


def test_a_price_without_a_time_or_depth_says_only_what_is_known() -> None:
    view = views.quote(Quoted(instrument=NIFTY_CALL, price=Price(last=Decimal("101.2")), as_of=NOW), NOW)
    assert rows(view) == ["NIFTY 24500 CE · 23 Nov (Mon)", " NFO            as of 14:02:11", "LTP 101.20        time unknown"]
    assert "Lot 65, tick 0.05" in view.plain
    assert "/buy nifty 24500 ce 23 nov nfo" in str(view.keyboard)


def test_an_index_offers_no_order() -> None:
    index = replace(RELIANCE, symbol="NIFTY", kind=InstrumentKind.INDEX)
    assert [
        item.label for line in views.quote(Quoted(instrument=index, price=A_PRICE, as_of=NOW), NOW).keyboard for item in line
    ] == ["Refresh", "Chart"]


def test_each_find_is_a_tap_for_its_price() -> None:
    view = views.search((RELIANCE, NIFTY_CALL), "rel", NOW)
    assert [item.label for line in view.keyboard for item in line] == ["RELIANCE · NSE", "NIFTY 24500 CE · 23 Nov · NFO"]
    for line in view.keyboard:
        tap = decode(line[0].data)
        assert isinstance(tap, WordsTap)
        spoken = parse_command(tap.words)
        assert spoken is not None
        assert spoken.command.name == "quote"
    assert "Nothing found" in views.search((), "<xyz>", NOW).plain


@given(
    st.decimals(Decimal("0.01"), 10**7, places=2),
    st.integers(1, 10**9),
    st.none() | st.decimals(Decimal("0.01"), 10**7, places=2),
    st.text(st.characters(codec=None), min_size=1, max_size=40),
)
def test_no_price_makes_a_row_wider_than_a_phone(last: Decimal, size: int, close: Decimal | None, symbol: str) -> None:
    level = (Level(price=last, quantity=size),)
    price = Price(last=last, bid=last, ask=last, previous_close=close, open=last, high=last, low=last, bids=level, asks=level)
    view = views.quote(Quoted(instrument=replace(RELIANCE, symbol=symbol), price=price, as_of=NOW), NOW)
    assert all(columns(line) <= 30 for line in rows(view))


def test_an_index_shows_its_future_and_the_vix_below_the_spot() -> None:
    beside = (("FUT 23 Nov", replace(A_PRICE, last=Decimal("24560.00"))), ("VIX", replace(A_PRICE, last=Decimal("12.84"))))
    text = views.quote(Quoted(instrument=an_index(), price=A_PRICE, as_of=NOW, beside=beside), NOW).plain
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("LTP", "FUT", "VIX"))] == ["LTP", "FUT", "VIX"]
    assert "24,560.00  1 s ago" in text


def test_the_sizes_of_a_book_are_spelled_in_one_way() -> None:
    wide = (Level(price=Decimal("24560.00"), quantity=9360), Level(price=Decimal("24559.00"), quantity=10_400))
    far = (Level(price=Decimal("1234567.00"), quantity=9_12_345),)
    short = views.quote(Quoted(instrument=RELIANCE, price=replace(A_PRICE, bids=wide, asks=far), as_of=NOW), NOW).plain
    assert ("9.3k" in short, "10k" in short, "9.1L" in short, "9,360" in short) == (True, True, True, False)
    plain = views.quote(Quoted(instrument=RELIANCE, price=replace(A_PRICE, bids=A_PRICE.bids[:1]), as_of=NOW), NOW).plain
    assert "k " not in plain
