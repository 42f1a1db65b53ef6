"""A P&L exit as a person says it, is asked about it, and finds it standing."""

from datetime import datetime, time
from decimal import Decimal

from bot.domain.orders.confirmation import Confirmation
from bot.domain.people.account import Account
from bot.domain.plans.pnl_exit import PnlAction, PnlExit, PnlExitNow, ScopeResult
from bot.domain.value import value


@value
class PnlSaid:
    """The words behind `if`: levels in rupees, and what is done at them."""

    stop: Decimal | None = None
    target: Decimal | None = None
    giveback: Decimal | None = None
    action: PnlAction = PnlAction.EXIT
    after_charges: bool | None = None  # None: nothing was said
    blocks: bool = False
    blocks_till: time | None = None  # India's wall clock; None: for the day


@value
class PnlCard:
    """A P&L exit before it is confirmed."""

    confirmation: Confirmation
    account: Account
    exit: PnlExit
    figure: ScopeResult  # of now
    rows: int  # open now
    uncharged: tuple[str, ...] = ()  # charges that nobody knows, in words
    replaces: PnlExit | None = None  # the one of the same scope that ends with the Confirm


@value
class PnlShown:
    """The P&L exits of an account as they stand."""

    account: Account
    exits: tuple[PnlExitNow, ...]
    blocked_until: datetime | None
    as_of: datetime
