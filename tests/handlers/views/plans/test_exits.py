"""What is said of a list of exits that is not flat, and which button each row carries."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.exits.exit_list import ExitList, ExitsShown, ListKind, RowState, RowTold
from bot.domain.news.plans.exits import ExitsTold, Told
from bot.domain.orders.order import Order, OrderStatus
from bot.domain.terms import Product, Side
from handlers.views.message import View
from handlers.views.orders.card import order_keyboard
from handlers.views.orders.order_news import Scene
from handlers.views.plans.exits import shown, told
from tests.handlers.samples import MAIN
from tests.stage.floor import ITC
from tests.stage.values.orders import NOW, a_draft, an_order

SCENE = Scene(label="main", mark="", mode="PAPER", now=NOW, explain=lambda words: f"<{words}>")


def exit_of(status: OrderStatus, *, entry: bool = False, reason: str = "") -> Order:
    draft = a_draft(side=Side.BUY if entry else Side.SELL, product=Product.MIS)
    return an_order(status=status, draft=draft, closes=not entry, reason=reason, sent_at=NOW)


def row(order: Order, state: RowState) -> RowTold:
    return RowTold(draft=order.draft, state=state, order=order)


def not_flat(*rows: RowTold) -> ExitsTold:
    return ExitsTold(plan_id="P1", kind=ListKind.PANIC, told=Told.NOT_FLAT, at=NOW, rows=rows, of=5, orders=4)


def labels(view: View) -> list[list[str]]:
    return [[item.label for item in line] for line in view.keyboard]


def test_beside_an_unknown_exit_another_is_the_persons_to_send_and_beside_an_unknown_entry_there_is_none() -> None:
    lost, entry = exit_of(OrderStatus.UNKNOWN), exit_of(OrderStatus.UNKNOWN, entry=True)
    assert labels(told(not_flat(row(lost, RowState.UNKNOWN)), SCENE))[0] == ["Look now: RELIANCE", "Exit RELIANCE"]
    assert labels(told(not_flat(row(entry, RowState.UNKNOWN)), SCENE))[0] == ["Look now: RELIANCE"]


def test_a_row_is_counted_once_however_many_orders_of_it_rest() -> None:
    resting = exit_of(OrderStatus.OPEN)
    other = RowTold(draft=replace(resting.draft, instrument=ITC), state=RowState.KEPT)
    text = told(not_flat(row(resting, RowState.SENT), row(resting, RowState.SENT), other), SCENE)
    assert "Not proven flat. 3 of 5 closed." in str(text)


def test_an_entry_that_works_on_is_no_row_and_is_cancelled_and_never_chased() -> None:
    resting = exit_of(OrderStatus.OPEN, entry=True)
    entry = replace(row(resting, RowState.SENT), is_entry=True)
    view = told(not_flat(entry), SCENE)
    assert "Not proven flat. 5 of 5 closed." in str(view)
    assert f"⏳ {resting.draft.side} {resting.draft.quantity} RELIANCE #{resting.number} rests" in str(view)
    assert labels(view)[0] == [f"Cancel #{resting.number}"]


def test_the_card_of_a_panic_that_is_over_does_not_say_what_resume_may_have_lifted() -> None:
    exits = ExitList(plan_id="P1", account_id=MAIN.id, kind=ListKind.PANIC, by=1, name="Asha", began_at=NOW, rows=())
    running = ExitsShown(account=MAIN, exits=exits, orders={}, as_of=NOW)
    assert "New orders are blocked: /resume." in shown(running, "PAPER", str).plain
    assert "blocked" not in shown(replace(running, over=True), "PAPER", str).plain


def test_a_refusal_is_told_in_plain_words() -> None:
    refused = exit_of(OrderStatus.REJECTED, reason="RMS:1")
    assert "ended unfilled: <RMS:1>" in str(told(not_flat(row(refused, RowState.REFUSED)), SCENE))


def test_what_a_panic_cost_against_the_price_at_the_tap_is_said_and_so_is_what_it_gained() -> None:
    flat = ExitsTold(plan_id="P1", kind=ListKind.PANIC, told=Told.FLAT, at=NOW, rows=(), of=2, orders=2, slippage=Decimal(184))
    assert "2 rows closed in 2 orders, slippage ₹184.00." in str(told(flat, SCENE))
    gained = replace(flat, slippage=Decimal(-1))
    assert "in 2 orders, ₹1.00 better than seen at the tap." in str(told(gained, SCENE))
    assert "₹1.00 better than seen when it struck." in str(told(replace(gained, kind=ListKind.PNL), SCENE)), "nobody tapped"


def test_a_pnl_exit_of_one_scope_names_it_and_calls_nothing_else_flat() -> None:
    flat = ExitsTold(plan_id="P1", kind=ListKind.PNL, told=Told.FLAT, at=NOW, rows=(), of=1, orders=1, scope="all INFY")
    assert "Flat: all INFY at 09:30:00." in str(told(flat, SCENE))
    assert "Flat at 09:30:00." in str(told(replace(flat, scope=""), SCENE))


def test_a_closing_fill_has_no_way_out_of_nothing_and_a_lost_exit_has_one_after_ten_seconds_and_two_looks() -> None:
    assert order_keyboard(exit_of(OrderStatus.FILLED), "main") == ()
    lost = exit_of(OrderStatus.UNKNOWN)
    looked = replace(lost, looks=2, looked_at=NOW + timedelta(seconds=10))
    assert [len(line) for line in order_keyboard(lost, "main")] == [1]
    assert [item.label for line in order_keyboard(looked, "main") for item in line] == ["Look now", "Exit"]
