"""Tells the owners of a year that the calendar does not cover: sixty days ahead, and on the first of each month from then on."""

from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.clock import Clock
from bot.domain.market.market_days import MarketDays
from bot.domain.news.days.days import YearNotCovered
from bot.domain.ports.repositories import Store
from bot.runtime.scheduler import Occasion
from bot.trading.safety.announce import tell_owners

AHEAD = timedelta(days=60)


@dataclass(slots=True, kw_only=True)
class UncoveredYear:
    """The exchanges publish a year's holidays in December, so there are some weeks in which to lay the file beside."""

    store: Store
    calendar: MarketDays | None  # None: a practice market that never closes
    clock: Clock

    def is_day(self, day: date) -> bool:
        """Whether owners are told on that date."""
        if self.calendar is None:
            return False
        ahead = day + AHEAD
        begins = (ahead.month, ahead.day) == (1, 1)
        return (begins or day.day == 1) and ahead.year not in self.calendar.years

    async def tell(self, occasion: Occasion) -> None:
        """One notice to each owner."""
        now = self.clock.now()
        notice = YearNotCovered(year=(occasion.day + AHEAD).year)
        await self.store.transaction(lambda db: tell_owners(db, notice, now))
