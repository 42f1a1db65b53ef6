"""The kill switch says what it did and what it leaves."""

from bot.domain.orders.order import Order, OrderStatus
from bot.domain.people.account import Stop
from bot.domain.proposals.proposal import Killed, Resumed
from handlers.views.message import View
from handlers.views.people import safety as views
from handlers.views.taps.tap import decode
from handlers.views.taps.taps import EntriesTap, WordsTap
from tests.handlers.samples import A_STOP, ASHA, NOW, PAPA
from tests.stage.values.orders import an_order


def killed(
    *entries: Order,
    stops: tuple[Order, ...] = (),
    exits: tuple[Order, ...] = (),
    unknown: tuple[Order, ...] = (),
    already: bool = False,
) -> View:
    stop = Stop(account_id="a2", by=ASHA, at=NOW)
    left = Killed(account=PAPA, stop=stop, already=already, entries=entries, stops=stops, exits=exits, unknown=unknown)
    return views.killed(left, "LIVE", NOW)


def test_what_rests_is_named_and_can_be_cancelled_on_the_same_account() -> None:
    entries = tuple(an_order(id=f"o{number}", number=number, status=OrderStatus.OPEN) for number in (12, 13))
    view = killed(*entries, stops=(an_order(number=7, draft=A_STOP, status=OrderStatus.TRIGGER_PENDING),))
    assert view.plain.startswith("Stopped. New orders are blocked.\nExits and cancels work. Open cards are dead.\n")
    assert view.plain.endswith("\npapa · LIVE")
    assert "2 entry orders still rest:" in view.plain
    assert "#13 BUY 10 RELIANCE" in view.plain
    assert "1 stop stays:" in view.plain
    assert [decode(item.data) for line in view.keyboard for item in line] == [EntriesTap("papa"), WordsTap("papa: /resume")]
    assert view.keyboard[0][0].label == "Cancel both"


def test_an_exit_is_never_called_an_entry_and_an_unknown_outcome_is_named() -> None:
    stop = Stop(account_id="a2", by=ASHA, at=NOW)
    exits = (an_order(number=4, status=OrderStatus.OPEN, closes=True),)
    lost = (an_order(number=5, status=OrderStatus.UNKNOWN),)
    view = views.killed(
        Killed(account=PAPA, stop=stop, already=False, entries=(), stops=(), exits=exits, unknown=lost), "LIVE", NOW
    )
    assert "1 exit stays:" in view.plain
    assert "1 order's outcome is unknown:" in view.plain
    assert [item.label for line in view.keyboard for item in line] == ["Resume…"]


def test_nothing_resting_offers_nothing_to_cancel() -> None:
    view = killed(already=True)
    assert "No entry order rests." in view.plain
    assert "\nStopped since 14:02:11 already.\n" in view.plain
    assert [item.label for line in view.keyboard for item in line] == ["Resume…"]


def test_an_order_of_unknown_outcome_is_named_and_nobody_says_that_nothing_rests() -> None:
    view = killed(unknown=(an_order(number=9, status=OrderStatus.UNKNOWN),))
    assert "1 order's outcome is unknown:\n#9 BUY 10 RELIANCE" in view.plain
    assert "No entry order rests." not in view.plain
    assert "The outcome of 2 orders is unknown:" in killed(unknown=(an_order(number=8), an_order(number=9))).plain


def test_many_orders_are_counted_and_not_all_named() -> None:
    view = killed(*(an_order(number=number) for number in range(1, 31)))
    assert "30 entry orders still rest" in view.plain
    assert "and 20 more" in view.plain
    assert view.keyboard[0][0].label == "Cancel all 30"


def test_lifting_it_says_since_when() -> None:
    view = views.resumed(Resumed(account=PAPA, at=NOW), "LIVE")
    lines = view.plain.splitlines()
    assert lines == ["New orders are allowed again.", "Since 14:02:11. Cards from before stay dead.", "papa · LIVE"]
