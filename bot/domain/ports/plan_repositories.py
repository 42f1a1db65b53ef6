"""The repositories of what a Confirm covers beyond one order: plans, lists of exits, cards for later, changes of product.

A leg's claim is a conditional update whose row count decides.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.exits.exit_list import ExitList
from bot.domain.orders.order import OrderDraft
from bot.domain.plans.plan import Plan, PlanLeg
from bot.domain.plans.pnl_exit import PnlExit
from bot.domain.plans.standing_stop import StandingState, StandingStop
from bot.domain.plans.trail import Trail
from bot.domain.positions.conversion import Conversion
from bot.domain.proposals.later_card import LaterCard, LaterState


class PlansRepository(Protocol):
    """Plans and their legs. A leg is claimed by one conditional update, in the transaction that stores its order."""

    def add(self, plan: Plan) -> None: ...

    def find(self, plan_id: str) -> Plan | None: ...

    def of_order(self, order_id: str) -> Plan | None:
        """The plan that an order is a leg of."""
        ...

    def alive(self) -> Sequence[Plan]:
        """Every plan that is alive, of all accounts, oldest first."""
        ...

    def extend(self, plan_id: str, leg: PlanLeg) -> None:
        """One more leg, for a plan that is licensed by its scope: a panic."""
        ...

    def begin(self, plan_id: str) -> bool:
        """ASKED to ALIVE. True for exactly one caller."""
        ...

    def claim(self, plan_id: str, leg: int, order_id: str) -> bool:
        """A leg from WAITING to CLAIMED by this order, while its plan is alive. True for exactly one caller."""
        ...

    def strike(self, plan_id: str, leg: int) -> bool:
        """A leg from WAITING to STRUCK: it will never be sent."""
        ...

    def widen(self, plan_id: str, leg: int, draft: OrderDraft) -> None:
        """Another licence for a leg, in the transaction that claims the Confirm which gives it."""
        ...

    def adopt(self, plan_id: str, leg: int, order_id: str, base: int) -> bool:
        """A leg from WAITING to CLAIMED by an order that rests already, and that no plan which is alive has.

        base: the shares or units of that order, in all.
        """
        ...

    def hand_on(self, order_id: str) -> None:
        """Takes an order from its leg, which stays claimed: a leg of another plan has it from now on."""
        ...

    def give_back(self, order_id: str) -> None:
        """Takes an order that never left from its leg, which may be sent again."""
        ...

    def halve(self, plan_id: str) -> bool:
        """Notes that the parts of a plan that is alive go in smaller ones. True for the one call that may cut them."""
        ...

    def taking(self, plan_id: str, since: datetime | None) -> bool:
        """Notes since when the target is being taken. None: it is not."""
        ...

    def note_trail(self, plan_id: str, trail: Trail) -> bool:
        """What a trail hangs on, while its plan is alive."""
        ...

    def end(self, plan_id: str, why: str) -> bool:
        """Over: nothing more of it is sent. True for the call that ended it."""
        ...

    def end_on(self, account_id: str, why: str) -> int:
        """Ends every plan of an account, and says how many."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Drops plans that were asked before this moment and never confirmed."""
        ...


class ExitListsRepository(Protocol):
    """Lists of exits, panics and baskets, whole."""

    def add(self, exits: ExitList) -> None: ...

    def find(self, plan_id: str) -> ExitList | None: ...

    def alive(self) -> Sequence[ExitList]:
        """Every list whose plan is alive, of all accounts, oldest first."""
        ...

    def begun_since(self, moment: datetime) -> Sequence[str]:
        """Ids of the lists that were asked about since the moment and confirmed, over or not, oldest first."""
        ...

    def save(self, exits: ExitList) -> None: ...


class LaterCardsRepository(Protocol):
    """Orders that are asked again when the market takes them."""

    def add(self, card: LaterCard) -> LaterCard:
        """The card with its number."""
        ...

    def find(self, card_id: int) -> LaterCard | None: ...

    def open(self, states: Collection[LaterState] = ...) -> Sequence[LaterCard]:
        """Those that wait or are due, of all accounts, the oldest first."""
        ...

    def move(self, card_id: int, to: LaterState) -> bool:
        """Out of waiting or due. True for the call that moved it."""
        ...

    def end_on(self, account_id: str) -> int: ...

    def forget_before(self, moment: datetime) -> int:
        """Drops those that were due before the moment."""
        ...


class ConversionsRepository(Protocol):
    """Changes of product, one row each."""

    def add(self, conversion: Conversion) -> None: ...

    def find(self, conversion_id: str) -> Conversion | None: ...

    def alive(self) -> Sequence[Conversion]:
        """Those whose end is not known, of all accounts."""
        ...

    def save(self, conversion: Conversion) -> None: ...


class PnlExitsRepository(Protocol):
    """P&L exits. One leaves ALIVE once, for good."""

    def add(self, exit_: PnlExit) -> None: ...

    def find(self, exit_id: str) -> PnlExit | None: ...

    def alive(self) -> Sequence[PnlExit]:
        """Every one that watches, of all accounts."""
        ...

    def begin(self, exit_id: str) -> bool:
        """ASKED to ALIVE. True for exactly one caller."""
        ...

    def note(self, exit_: PnlExit) -> bool:
        """Its best result or its action, while it is alive."""
        ...

    def strike(self, exit_: PnlExit) -> bool:
        """ALIVE to STRUCK. True for exactly one caller."""
        ...

    def end(self, exit_id: str) -> bool:
        """ALIVE to OVER, unstruck. True for exactly one caller."""
        ...

    def end_on(self, account_id: str) -> int:
        """Ends all of an account, and says how many."""
        ...

    def blocked_until(self, account_id: str, now: datetime) -> datetime | None:
        """Until when (UTC) those that struck block entries. None: they do not now."""
        ...

    def forget_asked(self) -> int:
        """Drops those that were asked about and never confirmed."""
        ...


class StandingStopsRepository(Protocol):
    """Stops that live over days."""

    def add(self, stop: StandingStop) -> StandingStop:
        """The stop with its number."""
        ...

    def of(self, account_id: str) -> Sequence[StandingStop]:
        """Those of an account that are kept or paused, the oldest first."""
        ...

    def asked(self, account_id: str) -> Sequence[StandingStop]:
        """Those of an account that stand on a card alone."""
        ...

    def save(self, stop: StandingStop, *, was: StandingState) -> bool:
        """New terms and state for one that was in this state. True for the call that wrote them."""
        ...

    def end_on(self, account_id: str) -> int:
        """Forgets those of an account."""
        ...
