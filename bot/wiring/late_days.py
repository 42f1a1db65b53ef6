"""Builds what makes up for days that were missed."""

from functools import partial

from bot.trading.account.account_views import AccountViews
from bot.trading.money.late_closes import LateCloses
from bot.trading.money.late_days import LateDays
from bot.trading.money.reports import Reports
from bot.wiring.ground import Ground, day_before, has_begun
from bot.wiring.jobs import Days


def build_late_days(ground: Ground, books: AccountViews, reports: Reports, days: Days) -> LateDays:
    """Builds it over this ground."""
    before = partial(day_before, ground.calendar)
    return LateDays(
        store=ground.store,
        books=books,
        reports=reports,
        closes=LateCloses(
            books=books,
            day_before=before,
            is_trading=days.trading,
            has_begun=partial(has_begun, ground.calendar),
            clock=ground.clock,
        ),
        day_before=before,
        is_trading=days.trading,
        clock=ground.clock,
    )
