"""Lists fit a narrow phone, keep their arguments when they are refreshed, and never sum what is not known in silence."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.orders.order import OrderStatus
from bot.domain.positions.portfolio import Funds, Holdings, Missing, PositionLine, Positions
from bot.domain.proposals.proposal import OrderList, TradeLine, TradeList
from bot.domain.terms import Product
from handlers.views.format import columns
from handlers.views.message import Table, View
from handlers.views.money import books as views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import ExitTap, Listing, ListingTap
from tests.handlers.samples import LINES, MAIN, NOW, PROTECTED, SHORT_CALL, a_detail, a_holding, a_position
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft, an_order


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def taps(view: View) -> list[object]:
    return [decode(item.data) for line in view.keyboard for item in line if item.data]


POSITIONS = ListingTap(Listing.POSITIONS, "main")


def test_positions_are_drawn_as_planned() -> None:
    assert rows(views.positions(Positions(lines=LINES, as_of=NOW), POSITIONS, "main", "PAPER")) == [
        "POSITIONS main           PAPER",
        " as of 14:02:11",
        "RELIANCE CNC   +25  +222.50 🟢",
        " 1,471.40 → 1,480.30",
        "NF 24500CE 23Nov NRML",
        "               −65  −357.50 🔴",
        " 92.90 → 98.40",
        "------------------------------",
        "Open                −135.00 🔴",
        "Booked today        +640.25 🟢",
        "Charges           not known",
        "Before charges      +505.25 🟢",
    ]


def test_a_carried_position_without_a_stop_says_so_and_delivery_does_not() -> None:
    bare = tuple(replace(line, guarded=False) for line in LINES)
    lines = rows(views.positions(Positions(lines=bare, as_of=NOW), POSITIONS, "main", "PAPER"))
    assert " 92.90 → 98.40   no stop" in lines
    assert " 1,471.40 → 1,480.30" in lines
    watched = tuple(replace(line, guarded=True) for line in LINES)
    assert "no stop" not in views.positions(Positions(lines=watched, as_of=NOW), POSITIONS, "main", "PAPER").plain


def test_the_sums_end_with_what_the_day_cost_and_what_is_left() -> None:
    lines = rows(views.positions(Positions(lines=LINES, as_of=NOW, charges=Decimal("81.30")), POSITIONS, "main", "PAPER"))
    assert lines[-3:] == [
        "Booked today        +640.25 🟢",
        "Charges ≈            −81.30",
        "Net                 +423.95 🟢",
    ]


def test_each_open_position_can_be_exited_from_the_list() -> None:
    sold = PositionLine(position=a_position(quantity=-10), price=None, booked=None, open=None)
    found = Positions(lines=(*LINES, sold), as_of=NOW)
    asked = views.positions(found, POSITIONS, "main", "PAPER")
    assert [item.label for item in asked.keyboard[0]] == ["Refresh", "Exit…"]
    tap = decode(asked.keyboard[0][1].data)
    assert isinstance(tap, ListingTap)
    shown = views.positions(found, tap, "main", "PAPER")
    assert [item.label for line in shown.keyboard for item in line] == [
        "Exit +25 RELIANCE CNC",
        "Exit −65 NF 24500CE 23Nov NRML",
        "Back",
    ]
    assert decode(shown.keyboard[1][0].data) == ExitTap(NIFTY_CALL.key, Product.NRML, "main")
    assert decode(shown.keyboard[2][0].data) == POSITIONS


def test_what_is_not_known_is_named_and_left_out_of_the_sums() -> None:
    blind = PositionLine(position=a_position(), price=None, booked=Decimal(0), open=None)
    view = views.positions(Positions(lines=(*LINES, blind), as_of=NOW), POSITIONS, "main", "PAPER")
    assert "RELIANCE CNC +25 P&L not known" not in view.plain
    assert "P&L not known" in view.plain
    assert "price unknown" in view.plain
    assert "Left out of the sums, because a price or a cost is not known: RELIANCE" in view.plain


def test_a_share_sold_from_holdings_is_not_called_a_short() -> None:
    sold = PositionLine(position=a_position(quantity=-10), price=None, booked=None, open=None)
    assert " sold from holdings" in rows(views.positions(Positions(lines=(sold,), as_of=NOW), POSITIONS, "main", "PAPER"))


def test_a_carried_position_shows_today_and_since_entry_beside_each_other() -> None:
    carried = replace(
        LINES[1], position=replace(SHORT_CALL, carried=-65), average=Decimal("95.10"), booked=Decimal(0), open=Decimal("-214.50"),
        since_entry=Decimal("-357.50"), guarded=False, adjustment=Decimal("-12.35"),
    )  # fmt: skip
    shown = rows(views.positions(Positions(lines=(LINES[0], carried), as_of=NOW), POSITIONS, "main", "PAPER"))
    assert shown[4:] == [
        "NF 24500CE 23Nov NRML",
        "        today  −65  −214.50 🔴",
        " 95.10 → 98.40   no stop",
        " since entry        −357.50",
        "------------------------------",
        "Open                  +8.00 🟢",
        "Booked today           0.00",
        "Close adjustment     −12.35 🔴",
        "Charges           not known",
        "Before charges        −4.35 🔴",
    ]


def test_what_is_left_out_says_which_figure_nobody_tells() -> None:
    line = replace(LINES[0], open=None, missing=(Missing.PREVIOUS_CLOSE,))
    view = views.positions(Positions(lines=(line,), as_of=NOW), POSITIONS, "main", "PAPER")
    assert "is not known: RELIANCE (previous close)" in view.plain


def test_a_closed_position_shows_what_it_booked() -> None:
    closed = PositionLine(
        position=replace(SHORT_CALL, quantity=0, average=None), price=None, booked=Decimal("640.25"), open=Decimal(0)
    )
    shown = rows(views.positions(Positions(lines=(closed,), as_of=NOW), POSITIONS, "main", "PAPER"))
    assert "NF 24500CE 23Nov NRML   closed" in shown
    assert " booked             +640.25 🟢" in shown


def test_orders_come_newest_first_with_what_they_wait_for() -> None:
    some = (
        an_order(number=1, status=OrderStatus.FILLED, filled=10, average=Decimal("1479.95")),
        an_order(
            number=2,
            status=OrderStatus.PARTIAL,
            filled=65,
            average=Decimal("101.20"),
            draft=a_draft(instrument=NIFTY_CALL, quantity=195, product=Product.NRML),
        ),
    )
    view = views.orders(OrderList(account=MAIN, orders=some, as_of=NOW), ListingTap(Listing.ORDERS, "main", "all"), "PAPER")
    assert rows(view)[2:] == [
        "#2 BUY 65/195           partly",
        " NF 24500CE 23Nov NRML  101.20",
        "#1 BUY 10               filled",
        " RELIANCE CNC         1,479.95",
    ]


def test_rejected_orders_say_why_each_was() -> None:
    some = (
        an_order(number=1, status=OrderStatus.REJECTED, reason="RMS:1: no funds"),
        an_order(number=2, status=OrderStatus.REJECTED, reason="mStock does not answer. Nothing was sent."),
        an_order(number=3, status=OrderStatus.REFUSED),
    )
    book = OrderList(account=MAIN, orders=some, as_of=NOW)
    view = views.orders(book, ListingTap(Listing.ORDERS, "main", "rejected"), "PAPER", lambda words: f"explained {words}")
    assert view.plain.splitlines()[-3:] == [
        "#3 mStock gave no reason.",
        "#2 mStock does not answer. Nothing was sent.",
        "#1 explained RMS:1: no funds",
    ]


def test_the_list_of_orders_names_the_pnl_exits_that_cover_it() -> None:
    book = OrderList(account=MAIN, orders=(an_order(),), as_of=NOW, plans=("All RELIANCE: under your P&L exit −5,000 · Exit",))
    view = views.orders(book, ListingTap(Listing.ORDERS, "main", "open"), "PAPER")
    assert view.plain.splitlines()[-1] == "All RELIANCE: under your P&L exit −5,000 · Exit"


def test_a_book_that_could_not_be_read_says_from_when_it_is() -> None:
    book = OrderList(account=MAIN, orders=(), as_of=NOW, stale="mStock does not answer: this is what I knew at 14:00:02.")
    view = views.orders(book, ListingTap(Listing.ORDERS, "main", "open"), "PAPER")
    assert rows(view)[0].startswith("OPEN ORDERS main")
    assert "⚠️ mStock does not answer" in view.plain


def test_pages_turn_and_keep_what_was_asked_for() -> None:
    many = OrderList(account=MAIN, orders=tuple(an_order(id=f"o{number}", number=number) for number in range(1, 21)), as_of=NOW)
    middle = views.orders(many, ListingTap(Listing.ORDERS, "papa", "open", 1), "PAPER")
    assert taps(middle)[:4] == [ListingTap(Listing.ORDERS, "papa", "open", page) for page in (0, 1, 2, 1)]
    assert [item.label for item in middle.keyboard[0]] == ["‹", "2/3", "›"]
    shown = [line.split()[0] for line in rows(middle)[2:] if line.startswith("#")]
    assert shown == [f"#{number}" for number in range(12, 4, -1)]
    last = views.orders(many, ListingTap(Listing.ORDERS, "papa", "open", 99), "PAPER")
    assert [item.label for item in last.keyboard[0]] == ["‹", "3/3"]
    assert any(line.startswith("#1 ") for line in rows(last)), "a page that no longer exists is the last one"


def test_holdings_name_what_cannot_be_sold() -> None:
    found = Holdings(lines=(a_holding(), a_holding(average=None)), as_of=NOW)
    view = views.holdings(found, ListingTap(Listing.HOLDINGS), "main", "PAPER")
    assert rows(view)[2:6] == ["RELIANCE 45       +3,613.50 🟢", " 1,400.00 → 1,480.30", " 5 not yet delivered", " 20 pledged"]
    assert "cost unknown" in view.plain
    assert "Left out of a sum" in view.plain


def test_holdings_sold_today_are_gone_and_an_unknown_cost_is_not_nought() -> None:
    sold = a_holding(quantity=20, t1=0, collateral=0, average=None, sold=5)
    shown = rows(views.holdings(Holdings(lines=(sold,), as_of=NOW), ListingTap(Listing.HOLDINGS), "main", "PAPER"))
    assert shown[2:5] == ["RELIANCE 15      P&L not known", " cost unknown → 1,480.30", " 5 sold today"]
    assert "Value             22,204.50" in shown
    assert "Invested          not known" in shown


def test_what_was_sold_whole_today_is_no_gap_and_no_more_is_on_its_way_than_is_left() -> None:
    gone = a_holding(quantity=20, t1=0, collateral=0, average=None, sold=20)
    few = a_holding(quantity=30, t1=10, collateral=0, sold=35)
    view = views.holdings(Holdings(lines=(gone, few), as_of=NOW), ListingTap(Listing.HOLDINGS), "main", "PAPER")
    shown = rows(view)
    assert shown[2:4] == ["RELIANCE 0", " 20 sold today"]
    assert shown[6:8] == [" 35 sold today", " 5 not yet delivered"]
    assert "Left out" not in view.plain
    assert "P&L not known" not in view.plain


FUNDS = Funds(
    available=Decimal(1), used=Decimal(0), start_of_day=Decimal(1), realised_loss=Decimal(0), collateral=None, as_of=NOW
)


def test_what_sales_brought_is_called_so_and_a_young_one_is_named() -> None:
    funds = replace(FUNDS, used=Decimal("-7660.50"), sold_at=NOW)
    view = views.funds(funds, ListingTap(Listing.FUNDS), "main", "PAPER")
    assert "Sales of today        7,660.50" in rows(view)
    assert "Used" not in view.plain
    assert "Sold at 14:02:11: mStock adds what it brought within a minute." in view.plain
    assert "Sold at" not in views.funds(FUNDS, ListingTap(Listing.FUNDS), "main", "PAPER").plain


def test_funds_that_the_broker_does_not_tell_are_not_zero() -> None:
    nothing = Funds(available=Decimal("245310.55"), used=None, start_of_day=None, realised_loss=None, collateral=None, as_of=NOW)
    shown = rows(views.funds(nothing, ListingTap(Listing.FUNDS), "main", "PAPER"))
    assert "Available          2,45,310.55" in shown
    assert "Used                 not known" in shown
    assert not any("0.00" in line for line in shown)


def test_empty_lists_say_none() -> None:
    for view in (
        views.positions(Positions(lines=(), as_of=NOW), POSITIONS, "main", "PAPER"),
        views.holdings(Holdings(lines=(), as_of=NOW), ListingTap(Listing.HOLDINGS), "main", "PAPER"),
        views.trades(TradeList(account=MAIN, trades=(), as_of=NOW), ListingTap(Listing.TRADES), "PAPER"),
        views.orders(OrderList(account=MAIN, orders=(), as_of=NOW), ListingTap(Listing.ORDERS), "PAPER"),
    ):
        assert "none" in rows(view)


def test_one_order_whole_has_its_fills_and_both_numbers() -> None:
    detail = views.order(a_detail(), "PAPER", NOW, str)
    assert "14:02:11  4           1,480.30" in rows(detail)
    assert "At mStock: 115126" in detail.plain
    assert [item.copy for line in detail.keyboard for item in line if item.copy] == ["115126"]


def test_an_order_that_never_left_says_so_once_and_in_no_words_of_mstock() -> None:
    never = an_order(status=OrderStatus.REJECTED, broker_id=None, reason="mStock cannot be reached. Nothing was sent.")
    whole = views.order(replace(a_detail(), order=never, fills=()), "PAPER", NOW, str).plain
    assert "not sent: mStock cannot be reached." in whole
    assert "It never reached mStock." in whole
    assert "Nothing was sent" not in whole
    assert "mStock's words" not in whole


WILD = st.text(st.characters(codec=None), min_size=1, max_size=40)
MONEY = st.decimals(-(10**10), 10**10, places=2, allow_nan=False)


@given(
    label=WILD,
    symbol=WILD,
    open_=st.none() | MONEY,
    booked=st.none() | MONEY,
    quantity=st.integers(-(10**8), 10**8),
    kind=st.sampled_from([RELIANCE, NIFTY_CALL]),
)
def test_no_name_and_no_figure_makes_a_row_wider_than_a_phone(
    *, label: str, symbol: str, open_: Decimal | None, booked: Decimal | None, quantity: int, kind: Instrument
) -> None:
    instrument = replace(kind, symbol=symbol)
    position = a_position(instrument=instrument, quantity=quantity, average=abs(open_ or Decimal(1)))
    line = PositionLine(position=position, price=Price(last=abs(booked or Decimal(1))), booked=booked, open=open_)
    held = Positions(lines=(line,), as_of=NOW)
    account = replace(MAIN, label=label)
    lot = abs(quantity) * instrument.lot or instrument.lot
    order = an_order(draft=a_draft(instrument=instrument, quantity=lot, price=Decimal("1480.30")), status=OrderStatus.OPEN)
    orders = OrderList(account=account, orders=(order,), as_of=NOW)
    trade = TradeLine(
        instrument=instrument, side=PROTECTED.side, quantity=lot, price=abs(booked or Decimal(1)), at=None, number=123456
    )
    for view in (
        views.positions(held, ListingTap(Listing.POSITIONS, label), label, "PAPER"),
        views.orders(orders, ListingTap(Listing.ORDERS, label, "all"), "PAPER"),
        views.trades(TradeList(account=account, trades=(trade,), as_of=NOW), ListingTap(Listing.TRADES, label), "PAPER"),
        views.holdings(
            Holdings(lines=(a_holding(instrument=instrument, average=open_, last=booked),), as_of=NOW),
            ListingTap(Listing.HOLDINGS, label),
            label,
            "PAPER",
        ),
        views.glance(orders, held, "🟢 Logged in until 00:00.", label, "PAPER"),
    ):
        assert all(columns(line) <= 30 for line in rows(view))
        view.html.encode()


def test_a_figure_made_of_an_old_price_says_how_old_and_a_fresh_one_says_nothing() -> None:
    def said(price: Price) -> str:
        line = PositionLine(position=a_position(), price=price, booked=Decimal(0), open=Decimal(1))
        return views.positions(Positions(lines=(line,), as_of=NOW), POSITIONS, "main", "PAPER").plain

    assert "Prices not" not in said(Price(last=Decimal(10), at=NOW - timedelta(seconds=59)))
    assert "Prices not of this minute: RELIANCE 5 min ago." in said(Price(last=Decimal(10), at=NOW - timedelta(minutes=5)))
    assert "Prices not of this minute: RELIANCE time unknown." in said(Price(last=Decimal(10)))
