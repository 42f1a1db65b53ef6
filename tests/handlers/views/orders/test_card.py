"""The living card in every state: honest words, and only the buttons that make sense there."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import Refused, Unclear
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.orders.standing import Cancelled
from bot.domain.proposals.proposal import Change
from bot.domain.proposals.repairs import FUNDS, Repaired
from bot.domain.terms import OrderKind, Product, Side
from handlers.views.message import View
from handlers.views.orders import card as views
from handlers.views.taps.tap import MOST_BYTES, decode
from handlers.views.taps.taps import OrderTap, OrderVerb, WordsTap
from tests.handlers.samples import A_STOP, PROTECTED
from tests.stage.values.orders import NIFTY_CALL, NOW, RELIANCE, a_draft, an_order

LATER = NOW + timedelta(seconds=0.4)


def draw(order: Order, seconds: float = 1, explain: views.Explain = str) -> View:
    repairs = (Repaired(label="Ask again", change=Change(quantity=10)), FUNDS) if order.status is OrderStatus.REJECTED else ()
    now = NOW + timedelta(seconds=seconds)
    return views.card(order, label="main", mode="PAPER", now=now, explain=explain, repairs=repairs)


def labels(view: View) -> list[list[str]]:
    return [[item.label for item in line] for line in view.keyboard]


S = OrderStatus
WAITING = "waiting for 80.00, then sells down to 74.00"


@pytest.mark.parametrize(
    ("order", "first", "buttons"),
    [
        (an_order(), "⏳ #1 BUY 10 RELIANCE\nsending…", []),
        (an_order(status=S.OPEN), "#1 BUY 10 RELIANCE\nopen at 1,480.30 since 09:30:00", [["Modify", "Cancel"]]),
        (
            an_order(status=S.OPEN, draft=PROTECTED),
            "#1 BUY 10 RELIANCE\nopen at max 1,487.70 since 09:30:00",
            [["Modify", "Cancel"]],
        ),
        (
            an_order(status=S.TRIGGER_PENDING, draft=A_STOP),
            f"#1 SELL 65 NIFTY 24500 CE\n23 Nov (Mon)\n{WAITING} since 09:30:00",
            [["Modify", "Cancel"]],
        ),
        (
            an_order(status=S.OPEN, draft=A_STOP),
            "#1 SELL 65 NIFTY 24500 CE\n23 Nov (Mon)\ntriggered at 80.00, rests at 74.00 since 09:30:00",
            [["Modify", "Cancel"]],
        ),
        (
            an_order(status=S.PARTIAL, filled=65, average=Decimal("101.20"), draft=a_draft(instrument=NIFTY_CALL, quantity=195)),
            "#1 BUY 65/195 NIFTY 24500 CE\n23 Nov (Mon)\npartly filled, avg 101.20",
            [["Modify", "Cancel rest"]],
        ),
        (
            an_order(status=S.FILLED, filled=10, average=Decimal("1480.30"), draft=PROTECTED, updated_at=LATER),
            "✅ #1 BUY 10 RELIANCE\nfilled, avg 1,480.30 in 0.4 s",
            [["Same again", "Exit"]],
        ),
        (  # what it left open, if anything, is offered under its fill
            an_order(
                status=S.FILLED,
                filled=65,
                average=Decimal("98.40"),
                updated_at=LATER,
                closes=True,
                draft=a_draft(instrument=NIFTY_CALL, side=Side.SELL, quantity=65, product=Product.NRML),
            ),
            "✅ #1 SELL 65 NIFTY 24500 CE\n23 Nov (Mon)\nfilled, avg 98.40 in 0.4 s",
            [],
        ),
        (
            an_order(
                status=S.FILLED,
                filled=10,
                average=Decimal("1480.00"),
                closes=True,
                draft=a_draft(side=Side.SELL, product=Product.MIS),
            ),
            "✅ #1 SELL 10 RELIANCE\nfilled, avg 1,480.00 in 0.0 s",
            [],
        ),
        (
            an_order(status=S.REJECTED, reason="RMS:1:<margin & more>"),
            "✖️ #1 BUY 10 RELIANCE\nrejected by mStock: RMS:1:<margin & more>",
            [["Ask again", "Funds"]],
        ),
        (an_order(status=S.REFUSED, reason="no"), "✖️ #1 BUY 10 RELIANCE\nrejected by mStock: no", [["Look now"]]),
        (an_order(status=S.UNKNOWN), "❔ #1 BUY 10 RELIANCE\noutcome unknown", [["Look now"]]),
        (an_order(status=S.NOT_SEEN), "❔ #1 BUY 10 RELIANCE\nclosed by you: not in the mStock app", []),
        (an_order(status=S.CANCELLED), "#1 BUY 10 RELIANCE\ncancelled, nothing filled", [["Same again"]]),
        (
            an_order(status=S.CANCELLED, filled=4, average=Decimal("1480.30")),
            "#1 BUY 4/10 RELIANCE\ncancelled, 4 filled, avg 1,480.30",
            [["Same again", "Exit"]],
        ),
        (an_order(status=S.EXPIRED), "#1 BUY 10 RELIANCE\nexpired, nothing filled", [["Same again"]]),
    ],
)
def test_the_first_lines_say_which_order_it_is_and_where_it_stands(order: Order, first: str, buttons: list[list[str]]) -> None:
    view = draw(order)
    lines = view.plain.splitlines()
    assert "\n".join(lines[: first.count("\n") + 1]) == first
    assert lines[-1] == "main · PAPER"
    assert labels(view) == buttons


def test_every_status_can_be_drawn() -> None:
    for status in OrderStatus:
        assert "PAPER" in draw(an_order(status=status)).plain


def test_a_partial_fill_says_what_is_still_open() -> None:
    order = an_order(status=S.PARTIAL, filled=4, average=Decimal("1480.30"))
    assert draw(order).plain.splitlines()[2] == "6 open at 1,480.30 since 09:30:00"


@pytest.mark.parametrize(
    ("seen", "average", "said"),
    [
        ("1480.30", "1480.30", "at the ask seen"),
        ("1480.30", "1480.00", "0.30 better than the ask seen"),
        ("1480.30", "1481.10", "0.80 worse than the ask seen"),
        (None, "1480.30", None),
    ],
)
def test_a_fill_is_measured_against_the_ask_at_the_tap_and_never_against_the_cards_worst_price(
    seen: str | None, average: str, said: str | None
) -> None:
    order = an_order(draft=PROTECTED, status=S.FILLED, filled=10, average=Decimal(average))
    touch = Decimal(seen) if seen is not None else None
    lines = views.card(order, label="main", mode="PAPER", now=NOW, explain=str, touch=touch).plain.splitlines()
    assert (said in lines) if said is not None else not any("seen" in line or "better" in line for line in lines)


def test_a_sale_is_measured_against_the_bid_at_the_tap() -> None:
    sale = an_order(draft=replace(PROTECTED, side=Side.SELL), status=S.FILLED, filled=10, average=Decimal("1480.00"))
    view = views.card(sale, label="main", mode="PAPER", now=NOW, explain=str, touch=Decimal("1480.20"))
    assert "0.20 worse than the bid seen" in view.plain.splitlines()


def test_an_unknown_order_promises_not_to_send_again_and_tells_of_its_looks() -> None:
    order = an_order(status=S.UNKNOWN, looks=6, looked_at=NOW + timedelta(seconds=31))
    text = draw(order).plain
    assert "I sent this order at 09:30:00 and got no clear answer. I will not send it again." in text
    assert "(6 looks, last 09:30:31)" in text


@pytest.mark.parametrize(
    ("seconds", "looked", "offered"),
    [(179, 179, False), (200, None, False), (200, 170, False), (200, 181, True), (180, 180, True)],
)
def test_nobody_may_say_that_an_order_does_not_exist_before_three_minutes_and_a_look_after_them(
    seconds: int, looked: int | None, offered: bool
) -> None:
    looked_at = NOW + timedelta(seconds=looked) if looked is not None else None
    view = draw(an_order(status=S.UNKNOWN, looks=3, looked_at=looked_at), seconds=seconds)
    assert (["It is not in the mStock app"] in labels(view)) is offered


def test_a_cancel_that_was_asked_for_is_not_called_done() -> None:
    view = draw(an_order(status=S.OPEN, cancelled_by=4211))
    assert "Cancel sent; the book has not said so yet." in view.plain
    assert view.keyboard == ()


def test_the_brokers_reason_goes_through_the_dictionary_where_there_is_one() -> None:
    view = draw(an_order(status=S.REJECTED, reason="RMS:1:x"), explain=lambda words: f"not enough funds ({len(words)})")
    assert "rejected by mStock: not enough funds (7)" in view.plain


def test_prices_near_the_present_one_are_offered_on_the_tick() -> None:
    view = views.modify_prices(an_order(number=12, status=S.OPEN), "main", "PAPER", NOW)
    offered = [decode(item.data) for line in view.keyboard for item in line]
    assert offered == [
        WordsTap("main: /modify 12 1472.80"),
        WordsTap("main: /modify 12 1478.80"),
        WordsTap("main: /modify 12 1481.80"),
        WordsTap("main: /modify 12 1487.80"),
        OrderTap("o1", OrderVerb.CANCEL, "main"),  # by which a reply of a price finds the order
    ]
    cheap = an_order(draft=a_draft(price=Decimal("0.10")), status=S.OPEN)
    steps = [decode(item.data) for line in views.modify_prices(cheap, "", "PAPER", NOW).keyboard for item in line]
    assert steps[:-1] == [WordsTap("/modify 1 0.20")] * 2, "a price of zero or less is never offered"


def test_giving_up_an_unknown_order_takes_a_second_tap() -> None:
    view = views.not_there(an_order(status=S.UNKNOWN), "papa", "PAPER", NOW)
    assert [[decode(item.data) for item in line] for line in view.keyboard] == [
        [OrderTap("o1", OrderVerb.GIVE_UP, "papa")],
        [OrderTap("o1", OrderVerb.LOOK, "papa")],
    ]


def test_a_cancel_is_sent_and_the_book_decides() -> None:
    open_yet = tuple(Cancelled(order=an_order(number=number, status=S.OPEN)) for number in range(30))
    view = views.cancel_sent(open_yet, "main", "PAPER", NOW)
    assert view.plain.startswith("Cancel sent for 30 orders.\n")
    assert "and 10 more" in view.plain
    done = views.cancel_sent((Cancelled(order=an_order(number=3, status=S.CANCELLED)),), "main", "PAPER", NOW)
    assert done.plain.splitlines() == [
        "Cancelled 1 order.",
        "#3 BUY 10 RELIANCE: cancelled, nothing filled",
        "main · PAPER",
    ]
    assert "No open orders." in views.cancel_sent((), "main", "PAPER", NOW).plain


def test_a_refused_cancel_stands_before_those_that_were_taken_and_its_order_works_on() -> None:
    why = Refused("mStock refused the cancel: Trigger price is near", words="Trigger price is near")
    kept = Cancelled(order=an_order(number=4, status=S.OPEN, sent_at=NOW), error=why)
    done = Cancelled(order=an_order(number=5, status=S.CANCELLED))
    assert views.cancel_sent((done, kept), "main", "LIVE", NOW).plain.splitlines() == [
        "Not cancelled: 1 order. It works on.",
        "#4 BUY 10 RELIANCE: open at 1,480.30 since 09:30:00. mStock refused the cancel: Trigger price is near",
        "Cancelled 1 order.",
        "#5 BUY 10 RELIANCE: cancelled, nothing filled",
        "main · LIVE",
    ]


def test_a_cancel_whose_answer_was_lost_is_not_called_refused_while_no_look_has_told() -> None:
    why = Unclear("mStock's answer did not arrive. It may have happened; looking for it.")
    lost = Cancelled(order=an_order(number=4, status=S.OPEN, sent_at=NOW), error=why, shown=False)
    assert views.cancel_sent((lost,), "main", "LIVE", NOW).plain.splitlines() == [
        "Not known whether cancelled: 1 order. I keep looking, and tell what the book says.",
        (
            "#4 BUY 10 RELIANCE: open at 1,480.30 since 09:30:00. mStock's answer did not arrive. "
            "It may have happened; looking for it."
        ),
        "main · LIVE",
    ]
    seen = views.cancel_sent((replace(lost, shown=True),), "main", "LIVE", NOW).plain
    assert seen.startswith("Not cancelled: 1 order. It works on."), "a look has told"


@given(
    status=st.sampled_from(OrderStatus),
    kind=st.sampled_from(OrderKind),
    filled=st.integers(0, 10),
    symbol=st.text(max_size=50),
    reason=st.text(st.characters(codec=None), max_size=80),
    id_=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=26),
)
def test_any_order_in_any_state_can_be_drawn(
    *, status: OrderStatus, kind: OrderKind, filled: int, symbol: str, reason: str, id_: str
) -> None:
    draft = a_draft(
        instrument=replace(RELIANCE, symbol=symbol),
        kind=kind,
        price=Decimal(1480) if kind in (OrderKind.LIMIT, OrderKind.SL) else None,
        trigger=Decimal(1490) if kind in (OrderKind.SL, OrderKind.SL_M) else None,
    )
    order = an_order(
        id=id_, status=status, draft=draft, filled=filled, average=Decimal("1480.12345") if filled else None, reason=reason
    )
    view = draw(order, seconds=300)
    view.html.encode()
    assert all(len(item.data.encode()) <= MOST_BYTES for line in view.keyboard for item in line)
