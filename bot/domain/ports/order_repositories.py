"""The repositories of orders and questions.

A claim is a conditional update whose row count decides.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.domain.orders.confirmation import Confirmation, ConfirmationState
from bot.domain.orders.order import Fill, Order
from bot.domain.proposals.ended_question import EndedQuestion


class OrdersRepository(Protocol):
    """Orders and their fills."""

    def next_number(self, account_id: str, day: date) -> int:
        """The next day number of an account. Each is given once."""
        ...

    def add(self, order: Order, day: date) -> None: ...

    def save(self, order: Order) -> None:
        """Writes a new version. StorageError when the stored version is not exactly one of the earlier ones read."""
        ...

    def find(self, order_id: str) -> Order | None: ...

    def by_tag(self, account_id: str, tag: str) -> Order | None: ...

    def by_broker_id(self, account_id: str, broker_id: str) -> Order | None: ...

    def by_number(self, account_id: str, day: date, number: int) -> Order | None: ...

    def of_day(self, account_id: str, day: date) -> Sequence[Order]:
        """All orders of a date in India, in the order of their numbers."""
        ...

    def versions(self, account_id: str, day: date) -> Mapping[str, int]:
        """The version of each order of a date in India that the broker has a number for, by that number."""
        ...

    def lately(self, account_id: str, day: date, moment: datetime) -> Sequence[Order]:
        """The orders of that date in India: every order whose status is not final, and every one changed since the moment."""
        ...

    def unsettled(self, account_id: str | None = None) -> Sequence[Order]:
        """Every order whose status is not final, oldest first. None: of all accounts."""
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
        """Stores one step. False when a fill with the same (account, broker id, filled after) is already there."""
        ...

    def fills_of(self, order_id: str) -> Sequence[Fill]: ...

    def priceless(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]:
        """Fills of that date in India whose price is not known yet, each with its order as it stands now."""
        ...

    def complete_fill(self, order: Order, fill: Fill) -> None:
        """Notes the price and average of a fill that had no price. A price that is known stays."""
        ...

    def fills_of_day(self, account_id: str, day: date) -> Sequence[tuple[Order, Fill]]: ...


class ConfirmationsRepository(Protocol):
    """Open questions. A claim is one conditional update."""

    def add(self, confirmation: Confirmation) -> None: ...

    def find(self, token: str) -> Confirmation | None: ...

    def bind(self, token: str, message_id: int) -> bool:
        """Ties a still unbound question to its message. True when this call or an equal earlier one did it."""
        ...

    def claim(self, token: str, user_id: int, chat_id: int, message_id: int, now: datetime) -> bool:
        """OPEN to CLAIMED if person, chat and message agree and it has not expired. True for exactly one caller."""
        ...

    def close(self, token: str, state: ConfirmationState, why: Sequence[str] = ()) -> bool:
        """OPEN (or CLAIMED, when REFUSED) to another state. False when it was not open.

        From then on its message is owed that answer, unless another question took its place. why: it was refused.
        """
        ...

    def owe_answer(self, token: str, why: Sequence[str] = ()) -> None:
        """Its message has to show what became of the question."""
        ...

    def answer_shown(self, token: str) -> None:
        """Its message shows what became of the question, or something newer."""
        ...

    def owed_answers(self) -> Sequence[EndedQuestion]:
        """What messages do not show yet, oldest question first. Not of one whose message asks a newer question."""
        ...

    def asking(self) -> Sequence[Confirmation]:
        """The open questions that have a message, those that end first before the others."""
        ...

    def refuse_of(self, user_id: int, why: str | None) -> int:
        """Closes every open question of a person, and says how many. None: nothing is known of what their messages show."""
        ...

    def refuse_on(self, account_id: str, why: str) -> int:
        """Closes every open question about an account, and says how many."""
        ...

    def forget_before(self, moment: datetime) -> int:
        """Forgets what ended before the moment and whose message shows what became of it."""
        ...
