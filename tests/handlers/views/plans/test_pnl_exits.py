"""The P&L exits of an account beside one another: which button is for which, on a narrow phone."""

from decimal import Decimal

from bot.domain.clock import next_midnight
from bot.domain.plans.pnl_card import PnlShown
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, PnlExitNow, Scope, ScopeKind
from bot.domain.terms import Product
from handlers.views.message import View
from handlers.views.plans.pnl_exits import listed
from tests.handlers.samples import MAIN, NOW
from tests.stage.floor import CALL


def an_exit(scope: Scope) -> PnlExitNow:
    exit_ = PnlExit(
        id="t", account_id=MAIN.id, by=1, name="Asha", scope=scope, stop=Decimal(-5000), target=None, giveback=None,
        action=PnlAction.EXIT, after_charges=True, blocks_until=None, until=next_midnight(NOW), created_at=NOW,
    )  # fmt: skip
    return PnlExitNow(exit=exit_, figure=None, as_of=NOW)


ALL = an_exit(Scope(kind=ScopeKind.ALL))
CONTRACT = an_exit(Scope(kind=ScopeKind.POSITION, instrument=CALL, product=Product.NRML))


def drawn(*exits: PnlExitNow) -> View:
    return listed(PnlShown(account=MAIN, exits=exits, blocked_until=None, as_of=NOW), "PAPER")


def test_several_are_numbered_and_each_has_its_buttons_under_its_number() -> None:
    view = drawn(ALL, CONTRACT)
    assert "P&L exit 1 main (PAPER) · all intraday and carry-forward" in view.plain
    assert "P&L exit 2 main (PAPER) · NF 24800CE" in view.plain
    assert [[item.label for item in line] for line in view.keyboard] == [
        ["Change 1", "Remove 1"],
        ["Change 2", "Remove 2"],
        ["Refresh"],
    ]


def test_one_alone_needs_no_number_and_names_account_and_mode_once() -> None:
    view = drawn(ALL)
    assert "P&L exit main (PAPER) · all intraday" in view.plain
    assert view.plain.count("PAPER") == 1
    assert [item.label for item in view.keyboard[0]] == ["Change", "Alert only", "Remove"]


def test_none_still_says_of_which_account() -> None:
    assert "No P&L exits." in drawn().plain
    assert "main · PAPER" in drawn().plain
