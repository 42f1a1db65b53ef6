"""The repositories of orders, of questions about them, and of plans.

A claim is a conditional update whose row count decides.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.domain.orders.conversion import Conversion
from bot.domain.orders.exit_list import ExitList
from bot.domain.orders.later_card import LaterCard, LaterState
from bot.domain.orders.order import Confirmation, ConfirmationState, Fill, Order, OrderDraft
from bot.domain.orders.plan import Plan, PlanLeg


class OrdersRepository(Protocol):
    """Orders and their fills."""

    def next_number(self, account_id: str, day: date) -> int:
        """The next day number of an account; each is given once."""
        ...

    def add(self, order: Order, day: date) -> None: ...

    def save(self, order: Order) -> None:
        """Writes a new version; StorageError when the stored version is not exactly one of the earlier ones read."""
        ...

    def find(self, order_id: str) -> Order | None: ...

    def by_tag(self, account_id: str, tag: str) -> Order | None: ...

    def by_broker_id(self, account_id: str, broker_id: str) -> Order | None: ...

    def by_number(self, account_id: str, day: date, number: int) -> Order | None: ...

    def of_day(self, account_id: str, day: date) -> Sequence[Order]:
        """All orders of a date in India, in the order of their numbers."""
        ...

    def versions(self, account_id: str, day: date) -> Mapping[str, int]:
        """By broker id, the version of each order of a date in India that the broker has a number for."""
        ...

    def lately(self, account_id: str, day: date, moment: datetime) -> Sequence[Order]:
        """Of that date in India: every order whose status is not final, and every one changed since the moment."""
        ...

    def unsettled(self, account_id: str | None = None) -> Sequence[Order]:
        """Every order whose status is not final, oldest first; all accounts when None."""
        ...

    def sent_since(self, account_id: str, *moments: datetime) -> Sequence[int]:
        """How many orders of ours were claimed since each of these moments."""
        ...

    def last_by(self, telegram_id: int, account_id: str) -> datetime | None:
        """When this person last confirmed an order on the account."""
        ...

    def placed_by(self, telegram_id: int, account_id: str, most: int) -> Sequence[Order]:
        """The newest orders that this person confirmed on the account, of whatever day, the newest first."""
        ...

    def add_fill(self, order: Order, fill: Fill) -> bool:
        """Stores one step; False when a fill with the same (account, broker id, filled after) is already there."""
        ...

    def fills_of(self, order_id: str) -> Sequence[Fill]: ...

    def priceless(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]:
        """Fills of that date in India whose price is not known yet, each with its order as it stands now."""
        ...

    def complete_fill(self, order: Order, fill: Fill) -> None:
        """Notes the price and average of a fill that had no price; a price that is known stays."""
        ...

    def fills_of_day(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]: ...


class ConfirmationsRepository(Protocol):
    """Open questions; a claim is one conditional update."""

    def add(self, confirmation: Confirmation) -> None: ...

    def find(self, token: str) -> Confirmation | None: ...

    def bind(self, token: str, message_id: int) -> bool:
        """Ties a still unbound question to its message; True when this call or an equal earlier one did it."""
        ...

    def claim(self, token: str, user_id: int, chat_id: int, message_id: int, now: datetime) -> bool:
        """OPEN to CLAIMED if person, chat and message agree and it has not expired; True for exactly one caller."""
        ...

    def close(self, token: str, state: ConfirmationState) -> bool:
        """OPEN (or CLAIMED, when REFUSED) to another state; False when it was not open."""
        ...

    def open_since(self, moment: datetime) -> Sequence[Confirmation]:
        """The open questions that have a message and end after the moment."""
        ...

    def refuse_of(self, user_id: int) -> int:
        """Closes every open question of a person, and says how many."""
        ...

    def refuse_on(self, account_id: str) -> int:
        """Closes every open question about an account, and says how many."""
        ...

    def forget_before(self, moment: datetime) -> int: ...


class PlansRepository(Protocol):
    """Plans and their legs; a leg is claimed by one conditional update, in the transaction that stores its order."""

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
        """ASKED to ALIVE; True for exactly one caller."""
        ...

    def claim(self, plan_id: str, leg: int, order_id: str) -> bool:
        """A leg from WAITING to CLAIMED by this order, while its plan is alive; True for exactly one caller."""
        ...

    def strike(self, plan_id: str, leg: int) -> bool:
        """A leg from WAITING to STRUCK: it will never be sent."""
        ...

    def owner(self, order_id: str) -> Plan | None:
        """The plan that is alive and has this order as one of its legs' own."""
        ...

    def widen(self, plan_id: str, leg: int, draft: OrderDraft) -> None:
        """Another licence for a leg, in the transaction that claims the Confirm which gives it."""
        ...

    def adopt(self, plan_id: str, leg: int, order_id: str, base: int) -> bool:
        """A leg from WAITING to CLAIMED by an order that rests already, and that no plan which is alive has.

        base: the shares or units of that order, in all.
        """
        ...

    def taking(self, plan_id: str, since: datetime | None) -> bool:
        """Notes since when the target is being taken. None: it is not."""
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
    """Lists of exits and panics, whole."""

    def add(self, exits: ExitList) -> None: ...

    def find(self, plan_id: str) -> ExitList | None: ...

    def alive(self) -> Sequence[ExitList]:
        """Every list whose plan is alive, of all accounts, oldest first."""
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
        """Out of waiting or due; True for the call that moved it."""
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
