"""The steps to an order: what is offered, in which words, and always a way out."""

from decimal import Decimal

from bot.domain.market.prices import Price
from bot.domain.orders.order import OrderStatus
from bot.domain.terms import Product, Side
from handlers.views.message import View
from handlers.views.orders import steps as views
from handlers.views.orders.steps import Candidate
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import LeaveTap, WordsTap
from tests.handlers.samples import A_STOP, NOW
from tests.stage.values.orders import NIFTY_CALL, RELIANCE, an_order

HELD = Candidate(RELIANCE, 25, Product.CNC)
SHORT = Candidate(NIFTY_CALL, -130, Product.NRML, NOW.date())


def labels(view: View) -> list[list[str]]:
    return [[item.label for item in line] for line in view.keyboard]


def test_what_is_held_is_named_with_its_size_and_its_product_travels_along() -> None:
    view = views.which(Side.SELL, (HELD, Candidate(NIFTY_CALL, 65)), "papa", "LIVE", NOW)
    assert labels(view) == [["RELIANCE · +25 CNC"], ["NIFTY 24500 CE · 23 Nov"], ["Leave"]]
    assert decode(view.keyboard[0][0].data) == WordsTap("papa: /sell reliance nse cnc", stays=True)
    assert decode(view.keyboard[2][0].data) == LeaveTap("/sell", "papa")
    assert view.plain == "Sell what? Tap one, or type a name.\npapa · LIVE"
    assert "Tap one" not in views.which(Side.BUY, (), "papa", "LIVE", NOW).plain


CALL = Candidate(NIFTY_CALL, 0, None, NOW.date())


def test_a_contract_is_sized_in_lots_and_never_beyond_what_is_held() -> None:
    named = Candidate(NIFTY_CALL, 0, Product.NRML, NOW.date())
    view = views.how_many(Side.BUY, SHORT.words, named, SHORT, label="main", mode="PAPER")
    assert labels(view) == [["1 lot = 65"], ["All 130", "Half 65"], ["Back", "Leave"]]
    assert decode(view.keyboard[0][0].data) == WordsTap("main: /buy nifty 24500 ce 23 nov nfo nrml 65", stays=True)
    assert decode(view.keyboard[2][0].data) == WordsTap("main: /buy nifty 24500 ce 23 nov nfo", stays=True), "to the product"
    unheld = views.how_many(Side.BUY, "nifty 24500 ce", CALL, None, label="main", mode="PAPER")
    assert labels(unheld) == [["1 lot = 65", "2 lots = 130", "5 lots = 325"], ["Back", "Leave"]]


def test_the_last_quantity_is_offered_once() -> None:
    def offered(last: int) -> list[list[str]]:
        return labels(
            views.how_many(Side.BUY, "reliance", Candidate(RELIANCE, 0), Candidate(RELIANCE, last), label="main", mode="PAPER")
        )

    assert offered(35) == [["1", "10", "50", "100"], ["As last time 35"], ["Back", "Leave"]]
    assert offered(10) == [["1", "10", "50", "100"], ["Back", "Leave"]]


def test_a_share_and_a_contract_have_their_own_products() -> None:
    share = views.product(Side.BUY, Candidate(RELIANCE, 0), "main", "PAPER")
    assert labels(share) == [["Delivery (CNC)"], ["Intraday (MIS)"], ["Margin funding (MTF)"], ["Back", "Leave"]]
    assert decode(share.keyboard[1][0].data) == WordsTap("main: /buy reliance nse mis", stays=True)
    assert labels(views.product(Side.BUY, CALL, "main", "PAPER"))[:2] == [["Carry-forward (NRML)"], ["Intraday (MIS)"]]


def test_a_price_is_the_market_or_what_is_seen_in_the_book() -> None:
    seen = Price(last=Decimal(1480), bid=Decimal("1480.20"), ask=Decimal("1480.40"))
    words = "reliance nse cnc 10"
    view = views.at_which_price(Side.BUY, words, HELD, seen, unsized="/buy reliance nse cnc", label="main", mode="PAPER")
    assert labels(view) == [
        ["Market, with a worst price"],
        ["Bid 1,480.20", "Mid 1,480.30", "Ask 1,480.40"],
        ["Back", "Leave"],
    ]
    assert decode(view.keyboard[0][0].data) == WordsTap("main: /buy reliance nse cnc 10 cmp", stays=True)
    assert decode(view.keyboard[1][0].data) == WordsTap("main: /buy reliance nse cnc 10 @1480.2", stays=True)
    assert decode(view.keyboard[2][0].data) == WordsTap("main: /buy reliance nse cnc", stays=True), "to the quantity"
    assert decode(view.keyboard[2][1].data) == LeaveTap("/buy reliance nse cnc 10", "main"), "a reply completes it"
    unseen = views.at_which_price(Side.BUY, words, HELD, None, unsized="/buy reliance nse cnc", label="main", mode="PAPER")
    assert labels(unseen) == [["Market, with a worst price"], ["Back", "Leave"]]


def test_words_too_long_for_a_button_can_still_be_left() -> None:
    view = views.how_many(Side.BUY, "a" * 60, Candidate(RELIANCE, 0), None, label="main", mode="PAPER")
    assert decode(view.keyboard[-1][-1].data) == LeaveTap("")
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
