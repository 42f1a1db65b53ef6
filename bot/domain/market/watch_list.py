"""A person's watch list as it is at one moment."""

from datetime import datetime

from bot.domain.market.instrument import Instrument
from bot.domain.market.prices import Price
from bot.domain.people.account import Account
from bot.domain.value import value


@value
class WatchRow:
    """One instrument and its newest price. None: nobody knows one."""

    instrument: Instrument
    price: Price | None


@value
class FollowedMessage:
    """The message of a chat that shows an account's list and is refreshed."""

    message_id: int
    account_id: str
    until: datetime  # UTC


@value
class WatchShown:
    """The list of one account."""

    account: Account
    rows: tuple[WatchRow, ...]
    as_of: datetime
    until: datetime | None = None  # the message is refreshed until then (UTC); None: it stands as it is
    over: bool = False  # it was refreshed, and is no more
