"""Builds what sums up days, weeks and ranges, and what is noted of a day for the next one."""

from functools import partial

from bot.domain.market.coming_days import coming_days
from bot.domain.value import value
from bot.trading.account.account_views import AccountViews
from bot.trading.money.expiring import Expiring
from bot.trading.money.held_notes import HeldNotes
from bot.trading.money.late_closes import LateCloses
from bot.trading.money.late_days import LateDays
from bot.trading.money.range_pnl import RangePnl
from bot.trading.money.reports import Reports
from bot.trading.money.summaries import Summaries
from bot.wiring.ground import Ground


@value
class MoneyServices:
    """The final rows of days, their sums, and what the calendar tells of what is held."""

    summaries: Summaries
    range_pnl: RangePnl
    notes: HeldNotes
    expiring: Expiring


def build_money(ground: Ground, views: AccountViews) -> MoneyServices:
    """Builds them over this ground."""
    reports = Reports(store=ground.store, views=views, clock=ground.clock)
    range_pnl = RangePnl(store=ground.store, views=views, reports=reports, trading=ground.times.trading, clock=ground.clock)
    summaries = Summaries(
        store=ground.store,
        views=views,
        reports=reports,
        ranges=range_pnl,
        late_days=_late_days(ground, views, reports),
        weeks_last=ground.times.weeks_last,
        months_last=ground.times.months_last,
        coming=partial(coming_days, ground.times.calendar),
        mode=ground.mode,
        clock=ground.clock,
        started_at=ground.clock.now(),
    )
    notes = HeldNotes(store=ground.patient, views=views, clock=ground.clock)
    expiring = Expiring(
        telling=ground.telling,
        views=views,
        notes=notes,
        rules=ground.reference.rules,
        calendar=ground.times.calendar,
        tariff=ground.reference.tariff,
        plan=ground.plan,
        clock=ground.clock,
    )
    return MoneyServices(summaries=summaries, range_pnl=range_pnl, notes=notes, expiring=expiring)


def _late_days(ground: Ground, views: AccountViews, reports: Reports) -> LateDays:
    """What makes up for days that were missed."""
    times = ground.times
    return LateDays(
        store=ground.store,
        views=views,
        reports=reports,
        closes=LateCloses(
            views=views,
            day_before=times.day_before,
            is_trading=times.trading,
            has_begun=times.has_begun,
            clock=ground.clock,
        ),
        day_before=times.day_before,
        is_trading=times.trading,
        clock=ground.clock,
    )
