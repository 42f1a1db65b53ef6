"""The steps to an order: what is offered, in which words, and always a way out."""

from bot.domain.orders.order import OrderStatus
from bot.domain.terms import Product, Side
from handlers.views import steps as views
from handlers.views.message import View
from handlers.views.steps import Candidate
from handlers.views.tap import decode
from handlers.views.taps import LeaveTap, WordsTap
from tests.handlers.samples import A_STOP, NOW
from tests.stage.orders import NIFTY_CALL, RELIANCE, an_order

HELD = Candidate(RELIANCE, 25, Product.CNC)
SHORT = Candidate(NIFTY_CALL, -130, Product.NRML, NOW.date())


def labels(view: View) -> list[list[str]]:
    return [[item.label for item in line] for line in view.keyboard]


def test_what_is_held_is_named_with_its_size_and_its_product_travels_along() -> None:
    view = views.which(Side.SELL, (HELD, Candidate(NIFTY_CALL, 65)), "papa", "LIVE", NOW)
    assert labels(view) == [["RELIANCE · +25 CNC"], ["NIFTY 24500 CE · 23 Nov"], ["Leave"]]
    assert decode(view.keyboard[0][0].data) == WordsTap("papa: /sell reliance nse cnc", stays=True)
    assert decode(view.keyboard[2][0].data) == LeaveTap("/sell", "papa")
    assert view.plain == "Sell what? Tap one, or reply with a name.\npapa · LIVE"
    assert "Tap one" not in views.which(Side.BUY, (), "papa", "LIVE", NOW).plain


def test_a_contract_is_sized_in_lots_and_never_beyond_what_is_held() -> None:
    view = views.how_many(Side.BUY, SHORT.words, SHORT, lots=True, label="main", mode="PAPER")
    assert labels(view) == [["1 lot"], ["All 130"], ["Leave"]]
    assert decode(view.keyboard[0][0].data) == WordsTap("main: /buy nifty 24500 ce 23 nov nfo nrml 65", stays=True)
    unknown = views.how_many(Side.BUY, "nifty 24500 ce", None, lots=True, label="main", mode="PAPER")
    assert labels(unknown) == [["1 lot", "2 lots", "5 lots"], ["Leave"]]
    assert decode(unknown.keyboard[0][1].data) == WordsTap("main: /buy nifty 24500 ce 2lots", stays=True)


def test_words_too_long_for_a_button_can_still_be_left() -> None:
    view = views.how_many(Side.BUY, "a" * 60, None, lots=False, label="main", mode="PAPER")
    assert decode(view.keyboard[-1][0].data) == LeaveTap("")
    assert view.keyboard[0][0].copy == "main: /buy " + "a" * 60 + " 1"


def test_an_order_is_picked_newest_first_and_none_is_said() -> None:
    orders = (
        an_order(number=1, status=OrderStatus.OPEN),
        an_order(id="o2", number=2, status=OrderStatus.TRIGGER_PENDING, draft=A_STOP),
    )
    view = views.pick(orders, "cancel_order", "main", "PAPER", NOW)
    assert labels(view) == [["#2 SELL 65 NF 24500CE 23Nov @ 80.00"], ["#1 BUY 10 RELIANCE @ 1,480.30"]]
    assert decode(view.keyboard[0][0].data) == WordsTap("main: /cancel_order 2")
    assert views.pick((), "modify", "main", "PAPER", NOW).plain == "No open orders.\nmain · PAPER"
