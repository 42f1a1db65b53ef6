"""Builds what rings by itself: by the afternoon's clock, about open positions, and about silent lines."""

from bot.domain.value import value
from bot.runtime.scheduler import Job
from bot.trading.account.account_views import AccountViews
from bot.trading.rings.afternoon import Afternoon
from bot.trading.rings.position_rings import PositionRings
from bot.trading.rings.silent_lines import SilentLines
from bot.wiring.ground import Ground


@value
class Rings:
    """The watchers, and what of them runs by the clock."""

    positions: PositionRings
    silent_lines: SilentLines
    jobs: tuple[Job, ...]


def build_rings(ground: Ground, views: AccountViews) -> Rings:
    """Builds them over this ground. Without a calendar nothing rings by the clock."""
    positions = PositionRings(
        store=ground.patient,
        reads=ground.reads,
        reconcile=ground.reconcile,
        rules=ground.reference.rules,
        background=ground.background,
        clock=ground.clock,
    )
    silent_lines = SilentLines(
        store=ground.patient,
        connections=ground.connections,
        watcher=ground.watcher,
        reconcile=ground.reconcile,
        clock=ground.clock,
        in_session=ground.times.in_session,
    )
    if ground.times.calendar is None:
        return Rings(positions=positions, silent_lines=silent_lines, jobs=())
    afternoon = Afternoon(telling=ground.telling, views=views, calendar=ground.times.calendar, clock=ground.clock)
    return Rings(positions=positions, silent_lines=silent_lines, jobs=afternoon.jobs(ground.times.trading))
