"""Shares on an exchange's lists: banned for a day, or under surveillance.

Source: dated data of the host. No route of mStock and no column of its scrip master names either.
"""

from bot.trading.checks.situation import Situation


def ban(at: Situation) -> str | None:
    """Warns of an entry in a contract of a share whose market-wide limit is reached. Source: as above."""
    if at.reduces or not at.banned:
        return None
    return f"{at.draft.instrument.symbol} is in the F&O ban of today: the exchange takes exits alone, and fines what opens"


def surveillance(at: Situation) -> str | None:
    """Warns of an entry in a share that an exchange watches. Source: as above."""
    if at.reduces or not at.measures:
        return None
    return f"{at.draft.instrument.symbol} is under surveillance ({', '.join(at.measures)}): more margin, perhaps no intraday"
