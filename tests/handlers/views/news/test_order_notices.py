"""News of an order: what was filled, how it ended, whose words are told, and which way out stands below."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.news.orders.orders import (
    Filled,
    MarketUnfilled,
    OrderElsewhere,
    OrderEnded,
    OrderFound,
    OrderNotSeen,
    OrderRejected,
    OrdersElsewhere,
    OrderUnclear,
)
from bot.domain.orders.order import Fill, Order
from bot.domain.orders.position_after import PositionAfter
from bot.domain.terms import Product, Side
from handlers.views.format import rupees
from handlers.views.message import View
from handlers.views.orders.card import card
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import OrderTap, OrderVerb
from tests.handlers.samples import NOW, PROTECTED
from tests.handlers.views.news.test_notices import DONE, FILL, S, draw
from tests.stage.values.market import REFERENCE_DATA
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, a_draft, an_order

UNCLEAR = "I sent this order at 09:30:00 and got no clear answer"


def labels(view: View) -> list[str]:
    return [item.label for line in view.keyboard for item in line]


def test_an_order_found_in_the_book_names_account_and_mode_once() -> None:
    text = draw(OrderFound(order=replace(DONE, status=S.OPEN, filled=0))).plain
    assert text.splitlines() == [
        "Found in the order book.",
        "#12 BUY 10 RELIANCE",
        "open at 1,480.30 since 09:30:00",
        "main · LIVE",
    ]


@pytest.mark.parametrize(
    ("told", "status", "first", "button"),
    [
        (S.REFUSED, S.OPEN, "It exists after all. I told you that mStock refused it", ["Cancel"]),
        (S.REJECTED, S.FILLED, "It exists after all. I told you that mStock rejected it", ["Exit"]),
        (S.NOT_SEEN, S.OPEN, "It exists after all. You closed it as not in the mStock app", ["Cancel"]),
        (S.UNKNOWN, S.OPEN, "Found in the order book.", ["Cancel"]),
    ],
)
def test_what_was_told_wrongly_is_taken_back_with_the_way_out(told: S, status: S, first: str, button: list[str]) -> None:
    found = OrderFound(order=replace(DONE, status=status, filled=10 if status is S.FILLED else 0), told=told)
    view = draw(found)
    assert view.plain.startswith(first)
    assert labels(view) == button
    assert found.priority is NoticePriority.SAFETY


def test_a_refusal_that_is_no_proof_offers_a_look_and_no_second_order() -> None:
    view = draw(OrderRejected(order=replace(DONE, status=S.REFUSED, filled=0, reason="API key suspended")))
    assert view.plain.startswith("Refused #12 BUY 10 RELIANCE")
    assert "An answer is no proof" in view.plain
    assert labels(view) == ["Look now"]


def test_an_order_without_a_card_here_says_how_it_stands_and_what_can_be_done_about_it() -> None:
    view = draw(OrderElsewhere(order=replace(DONE, status=S.OPEN, filled=0, tag=None)))
    assert view.plain.splitlines()[:3] == ["Order from elsewhere.", "#12 BUY 10 RELIANCE", "open at 1,480.30 since 09:30:00"]
    assert labels(view) == ["Modify", "Cancel"]
    filled = draw(OrderElsewhere(order=DONE))
    assert "filled, avg 1,480.30" in filled.plain
    assert "Exit" in labels(filled)


def test_a_partial_fill_counts_up_and_names_its_step() -> None:
    order = an_order(
        number=13, status=S.PARTIAL, filled=65, average=Decimal("101.20"), draft=a_draft(instrument=NIFTY_CALL, quantity=195)
    )
    step = Fill(broker_id="1", filled_after=65, quantity=65, price=None, average=Decimal("101.20"), at=NOW)
    lines = draw(Filled(order=order, fill=step)).plain.splitlines()
    assert lines[:2] == ["Partly filled #13 BUY 65/195 NF 24500CE 23Nov", "avg 101.20"]
    assert lines[2] == "This step: 65, 14:02:11", "a price that is not known is not shown"


def test_a_step_whose_price_comes_when_the_order_is_whole_is_told_as_the_step_that_it_was() -> None:
    order = an_order(number=13, status=S.FILLED, filled=195, average=Decimal("101.20"), draft=a_draft(quantity=195))
    step = Fill(broker_id="1", filled_after=65, quantity=65, price=Decimal("101.20"), average=Decimal("101.20"), at=NOW)
    lines = draw(Filled(order=order, fill=step)).plain.splitlines()
    assert lines[:2] == ["Partly filled #13 BUY 65/195 RELIANCE, avg 101.20", "This step: 65 at 101.20, 14:02:11"]


def after(quantity: int | None, **changes: Any) -> PositionAfter:
    return PositionAfter(quantity=quantity, **changes)


@pytest.mark.parametrize(
    ("held", "said", "offered"),
    [
        (
            after(25, average=Decimal("1471.4033"), open=Decimal("222.50")),
            "Position +25, avg 1,471.40 🟢 +222.50",
            ["Set stop", "Exit", "Add"],
        ),
        (after(25, average=Decimal("1471.40")), "Position +25, avg 1,471.40", ["Set stop", "Exit", "Add"]),
        (after(0, booked=Decimal("517.50"), closes=True), "Booked +517.50 🟢 · position closed", []),
        (
            after(0, booked=Decimal("517.50"), charges=Decimal("66.30"), closes=True),
            "Booked +517.50 🟢 after charges ≈ +451.20 · position closed",
            [],
        ),
        (
            after(-5, average=Decimal(1490), booked=Decimal("-51.50"), closes=True),
            "Booked −51.50 🔴 · −5 left, avg 1,490.00",
            ["Exit"],
        ),
        (after(15, closes=True), "Booked: not known · +15 left", ["Exit"]),
        (after(None), "Position not known: mStock's books do not agree yet.", ["Exit", "Same again"]),
    ],
)
def test_a_fill_tells_what_is_held_or_booked_and_offers_no_way_out_of_nothing(
    held: PositionAfter, said: str, offered: list[str]
) -> None:
    view = draw(Filled(order=DONE, fill=FILL, after=held))
    assert said in view.plain.splitlines()
    assert labels(view) == offered
    intraday = replace(DONE, draft=replace(DONE.draft, product=Product.MIS))
    turns = labels(draw(Filled(order=intraday, fill=FILL, after=held)))
    known = held.quantity is not None or held.closes
    assert ("Reverse" in turns) is (bool(held.quantity) and not held.closes)
    assert [label for label in turns if label != "Reverse"] == (offered if known else ["Exit"]), (
        "the same again of what may have closed could open a short"
    )


def test_an_entry_that_ends_in_part_has_a_way_out_of_that_part() -> None:
    part = replace(DONE, status=S.CANCELLED, filled=4, closes=False)
    assert labels(draw(OrderEnded(order=part))) == ["Exit", "Same again"]
    assert labels(draw(OrderEnded(order=replace(part, filled=0)))) == ["Same again"]
    assert labels(draw(OrderEnded(order=replace(part, closes=True)))) == ["Same again"], "what it left is said where it is known"


@pytest.mark.parametrize(("held", "offered"), [(5, ["Exit"]), (0, []), (-5, [])])
def test_a_delivery_sale_has_a_way_out_of_what_it_left_and_none_of_what_came_out_of_holdings(
    held: int, offered: list[str]
) -> None:
    sale = replace(DONE, draft=replace(DONE.draft, side=Side.SELL), closes=True)
    assert labels(draw(Filled(order=sale, fill=FILL, after=after(held, closes=True)))) == offered
    ended = replace(sale, status=S.CANCELLED)
    assert labels(draw(OrderEnded(order=ended, after=after(held, closes=True)))) == [*offered, "Same again"]


def test_an_average_has_two_decimals_and_four_where_the_tick_is_finer() -> None:
    fine = replace(RELIANCE, tick=Decimal("0.0025"))
    for instrument, said in ((RELIANCE, "avg 691.03"), (fine, "avg 691.0333")):
        order = replace(DONE, draft=a_draft(instrument=instrument, price=Decimal(700)), average=Decimal("691.0333"))
        step = replace(FILL, average=Decimal("691.033333"))
        assert draw(Filled(order=order, fill=step)).plain.splitlines()[0].endswith(said)
        assert f"filled, {said} " in draw(OrderElsewhere(order=order)).plain


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            OrderEnded(order=replace(DONE, status=S.CANCELLED, filled=8, draft=a_draft(quantity=20)), after=after(8)),
            "8 of 20 filled, 12 cancelled.",
        ),
        (
            OrderRejected(order=replace(DONE, status=S.REJECTED, filled=8, draft=a_draft(quantity=20))),
            "8 of 20 filled before. mStock gave no reason.",
        ),
        (
            OrderEnded(
                order=replace(DONE, status=S.CANCELLED, filled=0, draft=a_draft(side=Side.SELL)),
                after=after(10, average=Decimal("1471.40")),
            ),
            "Nothing was filled. Still held: +10, avg 1,471.40; nothing guards it.",
        ),
        (
            OrderEnded(
                order=replace(DONE, status=S.EXPIRED, filled=0, draft=a_draft(side=Side.SELL)), after=after(10, guarded=True)
            ),
            "Nothing was filled. Still held: +10; another order still works on it.",
        ),
        (
            OrderRejected(
                order=replace(DONE, status=S.REJECTED, filled=0, broker_id="1", reason="no"), after=after(None, closes=True)
            ),
            "no What it was to close is still held; nothing guards it.",
        ),
        (
            OrderRejected(order=replace(DONE, status=S.REJECTED, reason="mStock cannot be reached. Nothing was sent.")),
            "mStock cannot be reached.",
        ),
        (
            OrderUnclear(order=replace(DONE, status=S.UNKNOWN, reason="no (HTTP 403)")),
            f"{UNCLEAR} (no (HTTP 403)). I will not send it again. I am looking for it.",
        ),
    ],
)
def test_an_end_says_what_was_filled_what_is_still_held_and_whose_words_they_are(kind: Notice, text: str) -> None:
    assert draw(kind).plain.splitlines()[1] == text


def test_an_answer_that_was_not_clear_is_told_in_mstocks_own_words_scrubbed_like_all_of_them() -> None:
    order = replace(DONE, status=S.UNKNOWN, reason="Access denied (HTTP 403) eyJ0eXAi")
    explain = lambda text: REFERENCE_DATA.rejections.explain(text).words(rupees).replace("eyJ0eXAi", "***")  # noqa: E731
    fast = replace(order, reason="Too many requests (Something went wrong)")
    assert "no clear answer (mStock says that the requests came too fast). I will not" in whole(fast, explain)
    for text in (draw(OrderUnclear(order=order), explain=explain).plain, whole(order, explain)):
        assert 'no clear answer (mStock\'s words: "Access denied (HTTP 403) ***"). I will not send it again.' in text


def whole(order: Order, explain: Callable[[str], str]) -> str:
    return card(order, label="main", mode="LIVE", now=NOW, explain=explain).plain


@pytest.mark.parametrize(
    ("side", "touch", "said", "chased"),
    [
        (Side.BUY, "1491.00", "4 of 10 filled: the ask is 1,491.00, beyond 1,487.70.", True),
        (Side.BUY, "1487.70", "4 of 10 filled: the ask is 1,487.70, within 1,487.70, and the exchange has not filled it.", False),
        (
            Side.SELL,
            "1491.00",
            "4 of 10 filled: the bid is 1,491.00, within 1,487.70, and the exchange has not filled it.",
            False,
        ),
        (Side.SELL, "1480.00", "4 of 10 filled: the bid is 1,480.00, beyond 1,487.70.", True),
        (Side.BUY, None, "4 of 10 filled.", True),
    ],
)
def test_an_unfilled_market_order_says_where_the_book_stands_and_is_chased_only_by_a_price_that_ran_away(
    side: Side, touch: str | None, said: str, chased: bool
) -> None:
    order = replace(DONE, status=S.PARTIAL, filled=4, draft=replace(PROTECTED, side=side))
    at = Decimal(touch) if touch is not None else None
    view = draw(MarketUnfilled(order=order, price=Decimal("1495.00"), touch=at))
    assert view.plain.splitlines()[1] == said
    assert labels(view) == [*(["Chase to 1,495.00"] if chased else []), "Cancel rest", "Leave"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("RMS:1:FUND LIMIT INSUFFICIENT,AVAILABLE FUND=1,ADDITIONAL REQUIRED FUND=2", "Not enough funds"),
        ("AB4036: Cautionary listing <b>{x}\u202e" + "z" * 300, "mStock's words: \"AB4036: Cautionary listing <b>{x} zzz"),
    ],
)
def test_only_the_brokers_own_words_are_called_so_and_they_are_kept_short(reason: str, said: str) -> None:
    explain = lambda text: REFERENCE_DATA.rejections.explain(text).words(rupees)  # noqa: E731
    order = replace(DONE, status=S.CANCELLED, filled=0, reason=reason)
    text = draw(OrderEnded(order=order), explain=explain).plain.splitlines()[1]
    assert said in text
    assert ("mStock's words" in text) is ("mStock's words" in said)
    assert len(text) < 220


def test_a_delivery_sale_leaves_nothing_to_exit() -> None:
    sale = replace(DONE, draft=replace(DONE.draft, side=Side.SELL, product=Product.CNC))
    assert labels(draw(Filled(order=sale, fill=FILL))) == []


def test_a_rejection_is_explained_and_its_own_words_are_escaped() -> None:
    order = replace(DONE, status=S.REJECTED, reason="RMS:1:<b>margin & more")
    assert "RMS:1:<b>margin & more" in draw(OrderRejected(order=order)).plain
    assert "&lt;b&gt;margin &amp; more" in draw(OrderRejected(order=order)).html
    assert "not enough funds" in draw(OrderRejected(order=order), explain=lambda _: "not enough funds").plain
    assert "mStock gave no reason." in draw(OrderRejected(order=replace(order, reason=""))).plain


def test_an_order_that_was_not_found_can_be_closed_from_its_news() -> None:
    view = draw(OrderNotSeen(order=DONE))
    taps = [decode(item.data) for line in view.keyboard for item in line]
    assert taps == [OrderTap("o1", OrderVerb.LOOK, "main"), OrderTap("o1", OrderVerb.NOT_THERE, "main")]


def test_what_mstock_squared_off_always_rings_with_its_fee_in_one_message_or_in_several() -> None:
    fee = Decimal("118.00")
    several = OrdersElsewhere(orders=(DONE, DONE), fee=2 * fee)
    for kind in (Filled(order=DONE, fill=FILL, fee=fee), OrderElsewhere(order=DONE, fee=fee), several):
        assert kind.loudness is Sound.ALWAYS
        assert "Squared off by mStock, fee ≈ ₹" in draw(kind).plain
    assert OrdersElsewhere(orders=(DONE, DONE)).loudness is Sound.RING
