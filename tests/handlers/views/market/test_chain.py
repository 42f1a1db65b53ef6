"""A page of an option chain fits a narrow phone, whatever the figures, and rounds only where it says so."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Exchange, Instrument, InstrumentKind, Right
from bot.domain.market.option_chain import ChainPage, ChainSide, ChainStrike, around, at_the_money
from bot.domain.market.prices import Price
from handlers.views.format import WIDTH, columns
from handlers.views.market import chain as views
from handlers.views.message import Table
from tests.handlers.samples import NOW
from tests.storage.samples import ACCOUNT

PRICES = st.decimals(Decimal("0.05"), Decimal(99_999), places=2)
SIDES = st.none() | st.tuples(st.none() | PRICES, st.none() | st.integers(0, 4_000_000_000))


def contract(strike: Decimal, right: Right) -> Instrument:
    return Instrument(
        exchange=Exchange.NFO, token=f"{strike}{right}", symbol="NIFTY", name=f"NIFTY26NOV{strike}{right}", lot=65,
        kind=InstrumentKind.INDEX_OPTION, tick=Decimal("0.05"), expiry=date(2026, 11, 23), strike=strike, right=right,
    )  # fmt: skip


def side(strike: Decimal, right: Right, figures: tuple[Decimal | None, int | None] | None) -> ChainSide | None:
    if figures is None:
        return None
    last, interest = figures
    known = Price(last=last, at=NOW) if last is not None else None
    return ChainSide(instrument=contract(strike, right), price=known, interest=interest)


def page(rows: list[tuple[tuple[Decimal | None, int | None] | None, tuple[Decimal | None, int | None] | None]]) -> ChainPage:
    strikes = [Decimal(24_000 + 50 * place) for place in range(len(rows))]
    return ChainPage(
        account=ACCOUNT, symbol="NIFTY", market=Exchange.NFO, expiry=date(2026, 11, 23), monthly=True, before=None,
        after=date(2026, 12, 1), spot=Price(last=Decimal("24012.35"), at=NOW), middle=strikes[0], as_of=NOW,
        strikes=tuple(
            ChainStrike(strike=strike, call=side(strike, Right.CE, call), put=side(strike, Right.PE, put))
            for strike, (call, put) in zip(strikes, rows, strict=True)
        ),
    )  # fmt: skip


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=11))
def test_every_row_fits_thirty_columns_and_a_rounded_price_is_told(
    rows: list[tuple[tuple[Decimal | None, int | None] | None, tuple[Decimal | None, int | None] | None]],
) -> None:
    view = views.chain(page(rows), NOW, "PAPER")
    (block,) = (part for part in view.parts if isinstance(part, Table))
    assert all(columns(line) <= WIDTH for line in block.rows)
    shown = page(rows)
    whole = all(f"{each.price.last:f}" in view.plain.replace(",", "") for each in shown.sides if each.price is not None)
    assert whole or "Prices are rounded here" in view.plain
    tickets = [item for line in view.keyboard[:-1] for item in line]
    assert len(tickets) == len(shown.sides)


@given(st.sets(st.integers(1, 400).map(lambda step: Decimal(step * 50)), min_size=1), PRICES)
def test_the_strikes_around_the_money_are_neighbours_and_none_is_nearer(strikes: set[Decimal], spot: Decimal) -> None:
    middle = at_the_money(strikes, spot)
    assert all(abs(middle - spot) <= abs(each - spot) for each in strikes)
    shown = around(strikes, middle)
    rising = sorted(strikes)
    first = rising.index(shown[0])
    assert list(shown) == rising[first : first + len(shown)]
    assert sum(each < middle for each in shown) == min(5, sum(each < middle for each in strikes))
    assert sum(each > middle for each in shown) == min(5, sum(each > middle for each in strikes))


def test_open_interest_is_rounded_down_to_thousands_lakhs_and_crores() -> None:
    said = [views.interest(units, tenths=True) for units in (0, 999, 1_999, 41_999, 410_000, 1_26_00_000)]
    assert said == ["0", "999", "1.9k", "41k", "4.1L", "1.2Cr"]


def test_an_underlying_in_its_closing_auction_is_called_so() -> None:
    shown = page([((Decimal("1.00"), 5), None)])
    assert "spot 0 s ago" in views.chain(shown, NOW, "PAPER").plain
    assert "auction 0 s ago" in views.chain(replace(shown, auction=True), NOW, "PAPER").plain
