"""A position turned round under one Confirm: what it closes, what it opens on the other side, and what that costs."""

from decimal import Decimal

from bot.domain.exits.exit_list import ExitList
from bot.domain.orders.confirmation import Confirmation
from bot.domain.orders.order import OrderDraft
from bot.domain.people.account import Account
from bot.domain.proposals.proposal import Remark
from bot.domain.value import value


@value
class ReversalCard:
    """A reversal as it is asked about. Nothing of it was sent. Rupees. None is "not known"."""

    confirmation: Confirmation
    account: Account
    exits: ExitList  # its one row closes, its opening follows
    opening: OrderDraft  # whole
    profit: Decimal | None  # of what is closed, since entry
    margin: Decimal | None  # that the broker would block for the opening alone
    cash: Decimal | None
    charges: Decimal | None  # of both, estimated
    monthly: bool | None = None
    warnings: tuple[Remark, ...] = ()
