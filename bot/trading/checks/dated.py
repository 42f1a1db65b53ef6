"""What the dates of contracts and of their list say about an order."""

from datetime import date

from bot.domain.market.calendar import Calendar
from bot.domain.market.instrument import Instrument
from bot.domain.market.rules import ExpiryStage, MarketRules


def stage_of(
    instrument: Instrument, today: date, rules: MarketRules, calendar: Calendar | None, *, settling: bool
) -> ExpiryStage | None:
    """How near a stock contract is to its settlement in shares. None: it is none, or the market never closes (practice).

    settling: the host lets it be opened on its last two days all the same.
    """
    stage = rules.stage(instrument, today, calendar) if calendar is not None else None
    return ExpiryStage.WARN if stage is ExpiryStage.REFUSE and settling else stage


def master_age(day: date | None, today: date, calendar: Calendar | None) -> int | None:
    """Trading days since the date of the list of contracts. Calendar days where no calendar says which of them traded."""
    if day is None:
        return None
    counted = calendar.trading_days_between(day, today) if calendar is not None else None
    return counted if counted is not None else (today - day).days
