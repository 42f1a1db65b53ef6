"""Builds what makes up for days that were missed."""

from bot.trading.account.account_views import AccountViews
from bot.trading.money.late_closes import LateCloses
from bot.trading.money.late_days import LateDays
from bot.trading.money.reports import Reports
from bot.wiring.ground import Ground


def build_late_days(ground: Ground, books: AccountViews, reports: Reports) -> LateDays:
    """Builds it over this ground."""
    times = ground.times
    return LateDays(
        store=ground.store,
        books=books,
        reports=reports,
        closes=LateCloses(
            books=books,
            day_before=times.day_before,
            is_trading=times.trading,
            has_begun=times.has_begun,
            clock=ground.clock,
        ),
        day_before=times.day_before,
        is_trading=times.trading,
        clock=ground.clock,
    )
