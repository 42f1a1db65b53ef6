"""A basket's views: orders on more than one underlying are named whole, and what is over is not promised any more."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.exits.exit_list import ExitList, ExitRow, ExitsShown, ListKind, Slice
from bot.domain.orders.confirmation import Confirmation, Purpose
from bot.domain.orders.order import OrderDraft
from bot.domain.plans.basket import BasketCard, BasketMargins, WorstLoss
from bot.domain.terms import OrderKind, Product, Side, Validity
from handlers.views.format import WIDTH, columns
from handlers.views.message import Table
from handlers.views.plans import basket as views
from tests.handlers.samples import MAIN, NOW
from tests.stage.values.orders import NIFTY_CALL, RELIANCE

CALL = OrderDraft(
    instrument=NIFTY_CALL, side=Side.SELL, quantity=NIFTY_CALL.lot * 10, kind=OrderKind.LIMIT, product=Product.NRML,
    price=Decimal("1198.05"), protected=True,
)  # fmt: skip
SHARE = OrderDraft(
    instrument=RELIANCE, side=Side.BUY, quantity=10, kind=OrderKind.LIMIT, product=Product.CNC, price=Decimal("1480.10"),
    validity=Validity.IOC,
)  # fmt: skip
MARKET = OrderDraft(instrument=RELIANCE, side=Side.BUY, quantity=10, kind=OrderKind.MARKET, product=Product.CNC)


def a_list(*drafts: OrderDraft) -> ExitList:
    rows = tuple(
        ExitRow(
            number=number, draft=draft, slices=(Slice(leg=number, quantity=draft.quantity),), enters=draft is not MARKET,
            after=tuple(range(number)),
        )
        for number, draft in enumerate(drafts)
    )  # fmt: skip
    return ExitList(plan_id="P1", account_id=MAIN.id, kind=ListKind.BASKET, by=1, name="Asha", began_at=NOW, rows=rows)


def a_card(*drafts: OrderDraft) -> BasketCard:
    question = Confirmation(
        token="P1", user_id=1, chat_id=1, message_id=5, account_id=MAIN.id, purpose=Purpose.BASKET, digest="d", draft=None,
        order_id=None, created_at=NOW, expires_at=NOW,
    )  # fmt: skip
    return BasketCard(
        confirmation=question, account=MAIN, exits=a_list(*drafts), margin=None, cost=Decimal("-12345.50"),
        loss=WorstLoss(), charges=None, charges_unknown=("brokerage",),
    )  # fmt: skip


def test_every_row_fits_a_narrow_phone_and_what_differs_is_said_row_by_row() -> None:
    view = views.card(a_card(SHARE, CALL, MARKET), "PAPER", NOW)
    (block,) = (part for part in view.parts if isinstance(part, Table))
    assert all(columns(line) <= WIDTH for line in block.rows)
    text = " ".join(view.plain.split())
    for said in ("BASKET 3 orders", "IOC", "NRML", "CNC", "any price", "closes", "sent after 1, 2 are filled", "Confirm 3"):
        assert said in text or any(said == item.label for line in view.keyboard for item in line), said
    for said in ("Blocks not known", "Least taken in 12,345.50", "Loss at most not known", "brokerage not known"):
        assert said in text


def test_while_the_market_is_closed_there_is_no_confirm() -> None:
    view = views.card(replace(a_card(SHARE, CALL), opens=NOW), "LIVE", NOW)
    assert not any("Confirm" in item.label for line in view.keyboard for item in line)
    assert "takes all of this again" in view.plain
    assert [[item.label for item in line] for line in view.keyboard] == [["Discard"], ["Payoff", "Margin with hedge"]]


def test_shares_have_no_payoff_and_no_hedge_and_a_loss_that_is_not_told_is_not_explained() -> None:
    view = views.card(replace(a_card(SHARE, MARKET), cash=Decimal(50_000), loss=None), "PAPER", NOW)
    assert [[item.label for item in line] for line in view.keyboard] == [["Confirm both"], ["Change", "Discard"]]
    assert "The loss is" not in view.plain
    assert "hedge" not in view.plain
    assert "Cash now 50,000.00." in view.plain


def test_a_warning_that_is_a_sentence_ends_once() -> None:
    view = views.card(replace(a_card(SHARE), warnings=("Orders are taken again at 09:00.", "1: no stop")), "PAPER", NOW)
    assert "⚠️ Orders are taken again at 09:00.\n⚠️ 1: no stop.\n" in view.plain


def test_what_was_not_sent_when_the_basket_ended_is_not_promised_any_more() -> None:
    alive = ExitsShown(account=MAIN, exits=a_list(SHARE, CALL), orders={}, as_of=NOW)
    assert "waits for the fill of 1" in views.shown(alive, "PAPER", str).plain
    ended = views.shown(replace(alive, over=True), "PAPER", str)
    assert ended.plain.count("not sent, and will not be") == 2
    assert not any(item.label == "Go on" for line in ended.keyboard for item in line)


def test_a_hedge_that_is_seen_is_told_and_an_unknown_margin_is_called_so() -> None:
    seen = views.margins(BasketMargins(account=MAIN, plain=Decimal(90_000), basket=Decimal(40_000)), "PAPER")
    assert "50,000.00" in seen.plain
    unknown = views.margins(BasketMargins(account=MAIN, plain=Decimal(90_000), basket=None), "PAPER")
    assert "not known" in unknown.plain
    assert "no hedge" not in unknown.plain
