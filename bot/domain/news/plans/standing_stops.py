"""News of stops that live over days."""

from bot.domain.news.notice import Notice, NoticePriority, Sound
from bot.domain.plans.standing_stop import StandingStop
from bot.domain.positions.held import NewBase
from bot.domain.value import value


@value
class StandingStopsDue(Notice):
    """The market is open: what is to be placed, what goes by itself, what opened beyond its stop."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    to_place: tuple[StandingStop, ...]
    beyond: tuple[StandingStop, ...] = ()  # opened beyond the stop
    gone: tuple[StandingStop, ...] = ()  # nothing of them is open any more, or their last day was before
    untraded: tuple[StandingStop, ...] = ()  # of those to place: nothing is known yet of a trade of today
    placing: tuple[StandingStop, ...] = ()  # go by themselves, as an owner of the account set
    session: bool = True  # False: nobody can place them before somebody logs in


@value
class StandingStopPaused(Notice):
    """A share may have had a bonus or a split, so that its standing stop means another price."""

    sound = Sound.ALWAYS
    priority = NoticePriority.SAFETY

    stop: StandingStop
    base: NewBase
