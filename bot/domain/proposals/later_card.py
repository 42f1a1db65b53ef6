"""An order that a person wants asked again when the market takes it: a card at 09:16, of which nothing is sent by itself."""

from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.domain.clock import at_ist, ist_date
from bot.domain.orders.order import OrderDraft, OrderRequest
from bot.domain.orders.order_text import request_of
from bot.domain.plans.plan import Attached
from bot.domain.value import value

AFTER_OPEN = time(9, 16)  # IST; the first minute's prices have settled
SPECIAL = timedelta(minutes=1)  # from the opening of a session at another hour


class LaterState(StrEnum):
    """Where a card of later stands."""

    WAITING = "WAITING"
    DUE = "DUE"  # its time has come, and it was told
    SHOWN = "SHOWN"  # the question stands in the chat
    DROPPED = "DROPPED"
    STRUCK = "STRUCK"  # what strikes off unsent entries struck it


@value
class LaterCard:
    """One order to be asked again."""

    id: int = 0  # given by the store
    account_id: str
    by: int  # Telegram id of who is asked
    draft: OrderDraft  # as it was shown
    attached: Attached | None = None
    closes: bool  # it only made something smaller when it was asked
    due: datetime  # UTC
    made_at: datetime
    state: LaterState = LaterState.WAITING

    @property
    def request(self) -> OrderRequest:
        """What is asked then: a price that nobody named is the price of then."""
        return request_of(self.draft)


def due_at(opens: datetime) -> datetime:
    """When the card is shown, UTC, of a market that takes the order again at that moment."""
    usual = at_ist(ist_date(opens), AFTER_OPEN.hour, AFTER_OPEN.minute)
    return usual if opens <= usual else opens + SPECIAL
