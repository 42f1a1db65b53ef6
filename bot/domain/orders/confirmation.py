"""Confirmations: one question to one person about one act, and what became of the question."""

from datetime import datetime
from enum import StrEnum

from bot.domain.orders.order import OrderDraft
from bot.domain.value import value


class Purpose(StrEnum):
    """What a confirmation would do when it is claimed."""

    PLACE = "PLACE"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"  # only where cancelling is asked again: the stop of a position
    RESUME = "RESUME"
    UNLINK = "UNLINK"
    EXIT = "EXIT"  # a list of exits
    PANIC = "PANIC"
    PNL_EXIT = "PNL_EXIT"
    TRAIL = "TRAIL"  # a stop of what is open, that follows the price
    KEEP = "KEEP"  # a stop is placed and kept over days
    KEEP_ONLY = "KEEP_ONLY"  # it is kept, and placed from the next morning on: the market takes none now
    STOPS = "STOPS"  # today's orders of stops that live over days
    BASKET = "BASKET"
    CONVERT = "CONVERT"  # another product for an open position; its draft has the new one
    REVERSE = "REVERSE"


# The message of these becomes the card of their order or of their list, which is drawn until it shows what is.
BECOMES_A_CARD = frozenset({
    Purpose.PLACE, Purpose.MODIFY, Purpose.EXIT, Purpose.PANIC, Purpose.REVERSE, Purpose.BASKET,
})  # fmt: skip


class ConfirmationState(StrEnum):
    """A confirmation leaves OPEN once, for good."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    DISCARDED = "DISCARDED"
    REPLACED = "REPLACED"  # an edit made a new one
    REFUSED = "REFUSED"  # the claim found a reason against it
    EXPIRED = "EXPIRED"  # its time is over, and its message says so


@value
class Confirmation:
    """One question, for one person, in one message, about one act. Its age runs from created_at, never from a tap."""

    token: str  # 128 random bits, base32
    user_id: int
    chat_id: int
    message_id: int | None  # None until the card was sent
    account_id: str
    purpose: Purpose
    digest: str  # of every field that the person was shown
    draft: OrderDraft | None = None  # PLACE and MODIFY
    order_id: str | None = None  # MODIFY and CANCEL
    created_at: datetime
    expires_at: datetime
    state: ConfirmationState = ConfirmationState.OPEN
    taps_from: datetime | None = None  # after a redraw, taps before this moment are ignored
    light: bool | None = None  # whether it is an entry that one tap may confirm, as far as was seen when it was asked
