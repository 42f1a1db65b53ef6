"""The proposal as it is drawn: all that matters, nothing wider than a phone, Confirm alone on its row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges.tariff import ChargeName, Loan
from bot.domain.exits.exit_figures import ExitFigures
from bot.domain.market.instrument import Exchange
from bot.domain.market.prices import Price
from bot.domain.orders.confirmation import Purpose
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.proposals.proposal import ChangeOptions, Proposal, Question, Remark
from bot.domain.terms import OrderKind, Product, Side, Validity
from handlers.views.format import amount, columns
from handlers.views.message import Table, View
from handlers.views.orders import order as views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import CardTap, CardVerb, ChangeTap
from tests.handlers.samples import A_STOP, MAIN, NOW, PROTECTED, TOKEN, a_confirmation, a_proposal
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft, an_order


def rows(view: View) -> list[str]:
    return [line for part in view.parts if isinstance(part, Table) for line in part.rows]


def labels(view: View) -> list[list[str]]:
    return [[item.label for item in line] for line in view.keyboard]


def test_the_proposal_is_drawn_as_planned() -> None:
    view = views.proposal(a_proposal(), "PAPER", NOW)
    assert rows(view) == [
        "BUY 10 RELIANCE          PAPER",
        "Delivery (CNC) · NSE · main",
        "",
        "Market          (max 1,487.70)",
        "Bid/Ask    1,480.20 / 1,480.30",
        "LTP 1,480.30           1 s ago",
        "Value                14,877.00",
        "Cash after         2,30,433.55",
        "Charges                ≈ 17.67",
        " with the exit         ≈ 54.35",
        "Break-even    +5.44 (55 ticks)",
        "                until 14:03:11",
    ]
    assert "⚠️ 4.1 % of the daily limit left" in view.plain
    assert "/buy RELIANCE 10 cnc nse" in view.plain


def test_an_exit_says_how_much_of_what_is_held_it_closes_and_nothing_of_margin_or_break_even() -> None:
    lines = rows(views.proposal(a_proposal(closes=25), "PAPER", NOW))
    assert "Closes                10 of 25" in lines
    assert any(line.startswith("Charges") for line in lines)
    assert not [line for line in lines if line.startswith(("Margin", "Cash after", " with the exit", "Break-even"))]


def test_confirm_stands_alone_and_what_cannot_hurt_stands_below() -> None:
    view = views.proposal(a_proposal(), "PAPER", NOW)
    assert labels(view) == [["Confirm buy"], ["Change", "Discard"]]
    assert [decode(item.data) for line in view.keyboard for item in line] == [
        CardTap(TOKEN, CardVerb.CONFIRM, "main"),
        CardTap(TOKEN, CardVerb.CHANGE, "main"),
        CardTap(TOKEN, CardVerb.DISCARD, "main"),
    ]


def test_a_contract_is_shown_whole_with_its_lots() -> None:
    draft = a_draft(instrument=NIFTY_CALL, side=Side.SELL, quantity=130, price=Decimal("101.20"), product=Product.NRML)
    lines = rows(views.proposal(a_proposal(draft=draft), "LIVE", NOW))
    assert lines[:4] == [
        "SELL 130 NIFTY 24500 CE   LIVE",
        " 23 Nov (Mon)              NFO",
        " 2 lots of 65",
        "Carry-forward (NRML) · main",
    ]
    assert "Limit                   101.20" in lines
    monthly = rows(views.proposal(a_proposal(draft=draft, monthly=True), "LIVE", NOW))
    assert monthly[1] == " 23 Nov (Mon, monthly)     NFO"


def test_no_row_of_the_card_ends_in_a_dot_where_a_label_is_long() -> None:
    account = replace(MAIN, label="grandmother-in-pune")
    lines = rows(views.proposal(a_proposal(account=account), "PAPER", NOW))
    assert lines[1:3] == ["Delivery (CNC) · NSE", "grandmother-in-pune"]


def test_a_sale_out_of_the_holdings_says_what_comes_in_and_nothing_that_stays_as_it_is() -> None:
    sale = a_proposal(
        draft=a_draft(side=Side.SELL, price=Decimal("1470.00"), protected=True),
        value=Decimal("14700.00"),
        margin=Decimal(0),
        cash_after=Decimal("245310.55"),
        charges=Decimal("38.13"),
        proceeds=Decimal("14661.87"),
        charges_both=None,
        break_even=None,
        break_even_ticks=None,
    )
    lines = rows(views.proposal(sale, "PAPER", NOW))
    assert lines[-4:-1] == ["Value                14,700.00", "Charges                ≈ 38.13", "You get            ≈ 14,661.87"]
    assert not any("Margin" in line or "Cash" in line for line in lines)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"kind": OrderKind.MARKET, "price": None}, ["Market            at any price"]),
        ({"price": Decimal("1480.30")}, ["Limit                 1,480.30"]),
        ({"price": Decimal("1470.00"), "protected": True, "side": Side.SELL}, ["Market          (min 1,470.00)"]),
        (
            {"kind": OrderKind.SL_M, "price": None, "trigger": Decimal(1490)},
            ["Stop                  1,490.00", " then                at market"],
        ),
        (
            {"kind": OrderKind.SL, "price": Decimal(1385), "trigger": Decimal(1390), "side": Side.SELL},
            ["Stop                  1,390.00", " then sells down to   1,385.00"],
        ),
        ({"validity": Validity.IOC}, ["IOC", "Fills what it can at once, the", " rest is cancelled"]),
    ],
)
def test_how_the_price_is_bound_is_said(changes: dict[str, object], shown: list[str]) -> None:
    lines = rows(views.proposal(a_proposal(draft=a_draft(**changes)), "PAPER", NOW))
    assert set(shown) <= set(lines)


def test_what_is_not_known_is_said_and_never_shown_as_zero() -> None:
    unknown = a_proposal(
        price=None,
        value=None,
        margin=None,
        cash=None,
        cash_after=None,
        charges=None,
        charges_unknown=("brokerage",),
        charges_both=None,
        break_even=None,
        break_even_ticks=None,
        warnings=(),
    )
    view = views.proposal(unknown, "PAPER", NOW)
    assert "LTP                  not known" in rows(view)
    assert "Value                not known" in rows(view)
    assert "Cash after           not known" in rows(view)
    assert " brokerage           not known" in rows(view)
    assert "0.00" not in view.plain


def test_a_price_without_a_time_says_so() -> None:
    view = views.proposal(a_proposal(price=Price(last=Decimal("1480.30"))), "PAPER", NOW)
    assert "LTP 1,480.30      time unknown" in rows(view)


def test_a_new_price_comes_first_and_says_why() -> None:
    view = views.proposal(a_proposal(redrawn="The ask is 1,491.00 now; your card would no longer fill."), "PAPER", NOW)
    assert view.plain.startswith("Asked again. The ask is 1,491.00 now")
    assert "Read, then tap." in view.plain


def test_a_change_shows_the_order_before_and_after() -> None:
    before = an_order(number=12, status=OrderStatus.OPEN)
    asked = a_proposal(
        confirmation=a_confirmation(purpose=Purpose.MODIFY),
        before=before,
        draft=a_draft(price=Decimal("1485.00")),
    )
    view = views.proposal(asked, "PAPER", NOW)
    assert rows(view)[:2] == ["CHANGE #12               PAPER", "BUY 10 RELIANCE"]
    assert "Was              10 @ 1,480.30" in rows(view)
    stop = a_draft(side=Side.SELL, kind=OrderKind.SL, price=Decimal(1435), trigger=Decimal(1450))
    moved = replace(asked, before=replace(before, draft=stop), draft=replace(stop, trigger=Decimal(1460)))
    assert "Was           10 stop 1,450.00" in rows(views.proposal(moved, "PAPER", NOW)), "what is moved, and not its limit"
    assert labels(view)[0] == ["Confirm change"]
    assert "/buy" not in view.plain, "typing it again would be a second order"


def test_the_change_keyboard_carries_the_values_that_its_labels_show() -> None:
    options = ChangeOptions(
        quantities=(5, 11),
        steps=(("Lower", Decimal("1486.20")),),
        seen=(("Bid", Decimal("1480.20")),),
        products=(Product.CNC, Product.MIS),
    )
    assert labels(View((), views.changes(TOKEN, options, "papa")))[1:3] == [["Lower 1,486.20"], ["Bid 1,480.20"]]
    taps = [[decode(item.data) for item in line] for line in views.changes(TOKEN, options, "papa")]
    assert taps == [
        [ChangeTap(TOKEN, quantity=5, label="papa"), ChangeTap(TOKEN, quantity=11, label="papa")],
        [ChangeTap(TOKEN, price=Decimal("1486.20"), label="papa")],
        [ChangeTap(TOKEN, price=Decimal("1480.20"), label="papa")],
        [ChangeTap(TOKEN, product=Product.CNC, label="papa"), ChangeTap(TOKEN, product=Product.MIS, label="papa")],
        [ChangeTap(TOKEN, protected=True, label="papa"), CardTap(TOKEN, CardVerb.BACK, "papa")],
    ]


def test_cancelling_the_only_stop_and_allowing_orders_are_asked_in_words() -> None:
    stop: Order = an_order(number=7, status=OrderStatus.TRIGGER_PENDING, draft=A_STOP)
    view = views.question(Question(confirmation=a_confirmation(purpose=Purpose.CANCEL), account=MAIN, order=stop), "LIVE", NOW)
    assert view.plain.startswith("Cancel the stop #7?\n")
    assert view.plain.endswith("\nmain · LIVE")
    assert "waiting for 80.00, then sells down to 74.00" in view.plain
    assert labels(view) == [["Yes, cancel the stop"], ["No, keep it"]]
    resume = views.question(Question(confirmation=a_confirmation(purpose=Purpose.RESUME), account=MAIN), "LIVE", NOW)
    assert labels(resume) == [["Yes, allow new orders"], ["No, stay stopped"]]


def test_an_exit_card_shows_what_was_paid_and_what_it_makes_of_it() -> None:
    figures = ExitFigures(entry=Decimal("691.03"), if_now=Decimal("-1283.10"), at_worst=Decimal("-2891.85"))
    sale = a_proposal(closes=195, figures=figures, draft=replace(PROTECTED, side=Side.SELL))
    text = " ".join(views.proposal(sale, "PAPER", NOW).plain.split())
    assert "Bought at 691.03 If filled now −1,283.10 🔴 At the worst −2,891.85 🔴" in text
    unknown = replace(figures, entry=None, if_now=None, at_worst=None)
    text = " ".join(views.proposal(replace(sale, figures=unknown), "PAPER", NOW).plain.split())
    assert "Bought at not known" in text
    assert "If filled now" not in text


def test_a_closed_market_shows_when_it_opens_and_no_confirm() -> None:
    opens = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    closed = Remark(name="market_hours", say="The market is closed. Orders are taken again on Mon 23 Nov 2026 at 09:00.")
    view = views.proposal(a_proposal(opens=opens, warnings=(closed,)), "LIVE", NOW)
    assert view.plain.endswith("NSE takes this again on Mon 23 Nov at 09:00.")
    assert "The market is closed" not in view.plain, "said once"
    assert labels(view) == [["Card at 09:16 on Mon 23 Nov"], ["Discard"]]


def test_a_heavy_order_is_a_question_whose_button_names_the_act() -> None:
    why = ("The limit 9,99,999.00 is 67,456 % above the ask 1,480.30.",)
    heavy = a_confirmation(draft=a_draft(price=Decimal(999_999)))
    view = views.in_words(heavy, why, "main", "LIVE", NOW)
    assert view.plain.splitlines() == ["BUY 10 RELIANCE?", *why, "main · LIVE"]
    assert labels(view) == [["Yes, buy 10 at 9,99,999.00"], ["No"]]
    assert [decode(item.data) for line in view.keyboard for item in line] == [
        CardTap(TOKEN, CardVerb.YES, "main"),
        CardTap(TOKEN, CardVerb.DISCARD, "main"),
    ]
    widened = a_confirmation(purpose=Purpose.MODIFY, draft=A_STOP)
    assert labels(views.in_words(widened, why, "main", "LIVE", NOW))[0] == ["Yes, move it to 80.00"]


WILD = st.text(st.characters(codec=None), min_size=1, max_size=40)
MONEY = st.none() | st.decimals(-(10**9), 10**9, places=2, allow_nan=False)


@given(
    symbol=WILD,
    label=WILD,
    warning=WILD,
    money=MONEY,
    cash=MONEY,
    product=st.sampled_from(Product),
    exchange=st.sampled_from(Exchange),
    size=st.integers(1, 10**9),
)
def test_no_name_and_no_figure_breaks_the_card(
    *,
    symbol: str,
    label: str,
    warning: str,
    money: Decimal | None,
    cash: Decimal | None,
    product: Product,
    exchange: Exchange,
    size: int,
) -> None:
    instrument = replace(RELIANCE, symbol=symbol, exchange=exchange)
    asked: Proposal = a_proposal(
        account=replace(MAIN, label=label),
        draft=a_draft(instrument=instrument, product=product, quantity=size),
        value=money,
        margin=cash,
        cash=cash,
        cash_after=cash,
        charges=money,
        charges_unknown=tuple(name.say for name in ChargeName),
        charges_both=money,
        break_even=money,
        loan=Loan(own=money, lent=money, interest=cash) if money is not None else None,
        warnings=(Remark(name="x", say=warning),),
    )
    view = views.proposal(asked, "PAPER", NOW + timedelta(seconds=5))
    assert all(columns(line) <= 30 for line in rows(view))
    assert view.html.count("<pre>") == view.html.count("</pre>") == 1
    if cash:
        assert any(line.endswith(amount(cash)) for line in rows(view)), "a figure is never cut"
