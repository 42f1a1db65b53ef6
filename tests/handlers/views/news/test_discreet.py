"""What a locked phone shows of any news: no price and no amount, and a button that shows the whole."""

import re
from decimal import Decimal

import pytest

from bot.domain.news.notice import Notice
from bot.domain.news.plans.pnl_exits import PnlExitTold, PnlNews
from bot.domain.plans.pnl_exit import PnlExit, Scope, ScopeKind
from handlers.views.format import table
from handlers.views.message import detail, message, say
from handlers.views.news.discreet import discreet
from handlers.views.taps.tap import decode
from tests.handlers.samples import NOW
from tests.handlers.views.news.test_notices import DONE, draw, every_kind
from tests.handlers.views.news.test_order_notices import labels

A_FIGURE = re.compile(r"₹\s?[0-9]|[0-9]\.[0-9]{2}(?!\s?%)")


@pytest.mark.parametrize("news", every_kind(DONE, "RMS: short by Rs 1,234, ₹572.36"), ids=lambda news: type(news).__name__)
def test_no_kind_of_news_shows_rupees_and_each_has_the_button(news: Notice) -> None:
    whole, hidden = draw(news), draw(news, discreet=True)
    assert A_FIGURE.search(hidden.plain) is None, hidden.plain
    assert labels(hidden) == [*labels(whole), "Show"]
    assert decode(hidden.keyboard[-1][0].data) is not None
    assert len(hidden.plain.splitlines()) == len(whole.plain.splitlines())


def test_quantities_percentages_and_times_stand_and_a_table_keeps_its_columns() -> None:
    view = discreet(
        message(
            say("Filled #12 BUY 10 RELIANCE, avg 1,480.30 at 14:02:11, +0.68 % of ₹4,20,000"),
            table("Net            +3,412.70", "Moved            +1.25 %"),
            detail("margin 1.5L short, ₹12k"),
        )
    )
    assert view.plain.splitlines() == [
        "Filled #12 BUY 10 RELIANCE, avg ••• at 14:02:11, +0.68 % of •••",
        "Net                  •••",
        "Moved            +1.25 %",
        "margin 1.5L short, •••",
    ]


@pytest.mark.parametrize("told", PnlNews)
def test_the_levels_of_a_pnl_exit_are_hidden_as_its_result_is(told: PnlNews) -> None:
    watched = PnlExit(
        id="token", account_id="a1", by=1, name="Asha", scope=Scope(kind=ScopeKind.ALL), stop=Decimal(-5000),
        target=Decimal(8000), giveback=Decimal("3000.50"), until=NOW, created_at=NOW,
    )  # fmt: skip
    news = PnlExitTold.of(watched, told, NOW, value=Decimal("-5012.50"), since=NOW, missing=("24800 CE",))
    assert "5,000.00" in draw(news).plain
    assert re.search(r"[0-9],[0-9]{3}", draw(news, discreet=True).plain) is None
